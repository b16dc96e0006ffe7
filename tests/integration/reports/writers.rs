//! While others write: what a snapshot says is of one moment, and is what the seed's queries say at that moment.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use crm_core::{
    ActivityQuery, CustomerId, DueTasksQuery, InteractionId, InteractionType, Lead, LeadId, LeadPatch,
    NewCustomer, NewInteraction, NewLead, NewTask, Repositories, Result, Snapshot, Stage, TaskId,
};
use crm_postgres::{Crm, Tx};
use crm_tests::{Database, amount};
use fastrand::Rng;
use rust_decimal::Decimal;
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgConnection, PgPoolOptions};
use tokio::task::JoinSet;

use super::{Plain, all_pages, day};
use crate::seed::valid;

const WRITERS: usize = 3;

/// Is what one writer's two leads are worth together.
const WORTH: i64 = 1_000_000;

fn today() -> NaiveDate {
    day("2026-03-01")
}

/// Writes without an end, and keeps with each transaction that its two leads are worth the same together, that its two
/// customers were contacted as often and last at the same moment, and that there is a task due for each further lead.
struct Writer {
    crm: Crm,
    random: Rng,
    leads: [LeadId; 2],
    twins: [CustomerId; 2],
    contacts: Vec<[InteractionId; 2]>,
    pairs: Vec<(LeadId, TaskId)>,
}

impl Writer {
    async fn new(crm: &Crm, seed: u64) -> Self {
        let lead =
            || valid(NewLead { value: Some(Decimal::new(WORTH * 100 / 2, 2)), ..NewLead::new("Kept") });
        let leads = [crm.leads().create(lead()).await, crm.leads().create(lead()).await];
        let customer = || valid(NewCustomer::new(format!("twin {seed}")));
        let twins = [crm.customers().create(customer()).await, crm.customers().create(customer()).await];
        Self {
            crm: crm.clone(),
            random: Rng::with_seed(seed),
            leads: leads.map(|lead| lead.unwrap().id),
            twins: twins.map(|twin| twin.unwrap().id),
            contacts: Vec::new(),
            pairs: Vec::new(),
        }
    }

    /// Draws a moment out of few, so that writers share them.
    fn moment(&mut self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(self.random.i64(0..20))
    }

    /// Runs a transaction, which now and then is taken back.
    async fn transaction(&mut self) -> Result<()> {
        let tx = self.crm.begin().await?;
        let (contacts, pairs) = (self.contacts.clone(), self.pairs.clone());
        self.value(&tx).await?;
        self.contact(&tx).await?;
        self.pair(&tx).await?;
        if self.random.u8(0..8) == 0 {
            (self.contacts, self.pairs) = (contacts, pairs);
            return tx.rollback().await;
        }
        tx.commit().await
    }

    async fn value(&mut self, tx: &Tx) -> Result<()> {
        let first = Decimal::new(self.random.i64(0..=WORTH * 100), 2);
        for (lead, value) in self.leads.into_iter().zip([first, Decimal::from(WORTH) - first]) {
            let patch = LeadPatch { value: value.into(), ..LeadPatch::default() };
            tx.leads().update(lead, valid(patch), None).await?;
            tx.leads().move_to(lead, Stage::ALL[self.random.usize(0..4)]).await?;
        }
        Ok(())
    }

    async fn contact(&mut self, tx: &Tx) -> Result<()> {
        if self.contacts.len() > 4 && self.random.bool() {
            let last = self.contacts.swap_remove(self.random.usize(0..self.contacts.len()));
            for id in last {
                tx.interactions().delete(id).await?;
            }
            return Ok(());
        }
        let (date, mut made) = (self.moment(), Vec::new());
        for twin in self.twins {
            let new = NewInteraction { date: Some(date), ..NewInteraction::new(twin, InteractionType::Call) };
            made.push(tx.interactions().create(valid(new)).await?.id);
        }
        self.contacts.push([made[0], made[1]]);
        Ok(())
    }

    async fn pair(&mut self, tx: &Tx) -> Result<()> {
        if self.pairs.len() > 9 && self.random.bool() {
            let (lead, task) = self.pairs.swap_remove(self.random.usize(0..self.pairs.len()));
            tx.tasks().delete(task).await?;
            return tx.leads().delete(lead).await;
        }
        let lead: Lead = tx.leads().create(valid(NewLead::new("Paired"))).await?;
        let task = NewTask { due_date: Some(today()), ..NewTask::new("Paired") };
        self.pairs.push((lead.id, tx.tasks().create(valid(task)).await?.id));
        Ok(())
    }
}

/// Is a database in which others write as long as this is there.
struct Busy {
    database: Database,
    twins: Vec<[CustomerId; 2]>,
    stop: Arc<AtomicBool>,
    written: Arc<AtomicUsize>,
    writers: JoinSet<()>,
}

impl Busy {
    async fn begin() -> Self {
        let database = Database::fresh().await;
        let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (mut twins, mut writers) = (Vec::new(), JoinSet::new());
        for seed in 0..WRITERS {
            let mut writer = Writer::new(&database.crm, seed as u64).await;
            twins.push(writer.twins);
            let (stop, written) = (stop.clone(), written.clone());
            writers.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    writer.transaction().await.unwrap();
                    written.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        Self { database, twins, stop, written, writers }
    }

    /// Waits until so many more transactions have been run.
    async fn writes(&self, more: usize) {
        let before = self.written.load(Ordering::Relaxed);
        while self.written.load(Ordering::Relaxed) < before + more {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Stops the writers, none of whom may have failed, and returns how many transactions they have run.
    async fn end(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.writers.join_all().await;
        self.written.load(Ordering::Relaxed)
    }
}

fn due() -> DueTasksQuery {
    DueTasksQuery { limit: 1_000, ..DueTasksQuery::new(today()) }
}

/// Asserts that what each writer keeps holds, within a report and between them.
fn assert_of_one_moment(snapshot: &Snapshot, twins: &[[CustomerId; 2]]) {
    let rows = &snapshot.customer_activity.items;
    for pair in twins {
        let contacts = pair.map(|twin| {
            let row = rows.iter().find(|row| row.customer.id == twin).expect("the report has all customers");
            (row.interaction_count, row.last_interaction)
        });
        assert_eq!(contacts[0], contacts[1]);
    }
    let worth: Decimal = snapshot.pipeline.iter().map(|stage| stage.total_value).sum();
    assert_eq!(worth, Decimal::from(WORTH * i64::try_from(WRITERS).unwrap()));
    let leads: i64 = snapshot.pipeline.iter().map(|stage| stage.count).sum();
    let kept = 2 * twins.len();
    assert_eq!(usize::try_from(leads).unwrap(), kept + snapshot.due_tasks.items.len());
    assert!(snapshot.due_tasks.next_cursor.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_of_one_moment_while_others_write() {
    let busy = Busy::begin().await;
    let reports = busy.database.crm.reports();
    let (mut seen, mut changed) = (None, 0);
    for n in 0..amount(80, 1_000) {
        // Writers who do not get a turn would prove nothing.
        if n % 2 == 0 {
            busy.writes(1).await;
        }
        let snapshot = reports.snapshot(&ActivityQuery::default(), &due()).await.unwrap();
        assert_of_one_moment(&snapshot, &busy.twins);
        changed += usize::from(seen.as_ref() != Some(&snapshot));
        seen = Some(snapshot);
    }
    let written = busy.end().await;
    assert!(changed > 20 && written > 20, "{changed} snapshots of {written} transactions");
}

/// Makes a handle each of whose snapshots is of the moment that the cell names.
async fn at_a_given_moment(database: &Database) -> (Crm, Arc<Mutex<String>>) {
    let moment = Arc::new(Mutex::new(String::new()));
    let given = moment.clone();
    let pool =
        PgPoolOptions::new().max_connections(1).before_acquire(move |connection: &mut PgConnection, _| {
            let given = given.lock().unwrap().clone();
            Box::pin(async move {
                // The library begins the same once more, of which the server only warns.
                let begin = format!(
                    "begin isolation level repeatable read, read only; set transaction snapshot '{given}'"
                );
                sqlx::raw_sql(AssertSqlSafe(begin)).execute(connection).await.map(|_| true)
            })
        });
    let crm = Crm::from_pool(pool.connect(&database.url).await.unwrap());
    (crm, moment)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_a_snapshot_equals_the_seeds_queries_at_its_moment() {
    let busy = Busy::begin().await;
    let mut plain = Plain::connect(&busy.database.url).await;
    let (crm, moment) = at_a_given_moment(&busy.database).await;
    let (reports, random) = (crm.reports(), &mut Rng::with_seed(5));
    for _ in 0..amount(8, 50) {
        let begin = "begin isolation level repeatable read, read only";
        sqlx::raw_sql(begin).execute(&mut plain.0).await.unwrap();
        let exported = sqlx::query_scalar("select pg_export_snapshot()").fetch_one(&mut plain.0).await;
        *moment.lock().unwrap() = exported.unwrap();
        busy.writes(WRITERS).await;

        let (limit, include_inactive) = (random.u32(1..9), random.bool());
        let expected = plain.activity(include_inactive).await;
        let (pipeline, tasks) = (plain.pipeline().await, plain.due_tasks(&due()).await);
        let rows = all_pages(limit, async |cursor| {
            let query = ActivityQuery { limit, cursor, include_inactive };
            let snapshot = reports.snapshot(&query, &due()).await.unwrap();
            assert_eq!((&snapshot.pipeline, &snapshot.due_tasks.items), (&pipeline, &tasks));
            snapshot.customer_activity
        })
        .await;
        assert_eq!(rows, expected, "pages of {limit}");
        let rows = all_pages(limit, async |cursor| {
            let query = DueTasksQuery { limit, cursor, ..due() };
            reports.snapshot(&ActivityQuery::default(), &query).await.unwrap().due_tasks
        })
        .await;
        assert_eq!(rows, tasks, "pages of {limit}");
        sqlx::raw_sql("commit").execute(&mut plain.0).await.unwrap();
    }
    busy.end().await;
}
