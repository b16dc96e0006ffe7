//! Many tasks in several names over few connections, while calls are dropped, tasks aborted and connections killed.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crm_core::{
    CustomerPatch, ErrorCode, InteractionType, LeadFilter, LeadPatch, List, NewInteraction, Order,
    Repositories, Result, Stage, Store, Transaction, Validate,
};
use crm_postgres::{Crm, PgPool};
use crm_tests::amount;
use futures_util::{TryStreamExt as _, future};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::time::{sleep, timeout};

use super::ground::{Ground, Who, give_up_after, lead, mark, store};
use crate::sessions::wait_for;

const STEPS: usize = 6;

/// Is how the calls of a storm ended, and of each created lead whether it must be there.
#[derive(Debug, Default)]
struct Log {
    done: usize,
    dropped: usize,
    lost: usize,
    there: HashSet<String>,
    not_there: HashSet<String>,
}

/// Is one of the tasks.
struct Task {
    ground: Arc<Ground>,
    log: Arc<Mutex<Log>>,
    store: Box<dyn Store>,
    who: Who,
    name: String,
    random: fastrand::Rng,
}

impl Task {
    async fn work(mut self) {
        for step in 0..STEPS {
            let random = &mut self.random;
            let (kind, own, shared) = (random.u8(..10), random.usize(..3), random.usize(..));
            let (ending, polls) = (random.u8(..12), random.usize(1..12));
            let limit = Duration::from_micros(random.u64(..=3_000));
            let call = self.step(step, kind, own, shared);
            let result = match ending {
                0 => timeout(limit, call).await.ok(),
                1 => give_up_after(polls, call).await,
                2 => tokio::select! {
                    result = call => Some(result),
                    () = sleep(limit) => None,
                },
                _ => Some(call.await),
            };
            if let Some(Err(error)) = &result {
                assert_eq!(error.code(), ErrorCode::Unavailable, "{error:?} in step {kind} of {}", self.name);
            }
            let mut log = self.log.lock().unwrap();
            match result {
                None => log.dropped += 1,
                Some(Ok(())) => log.done += 1,
                Some(Err(_)) => log.lost += 1,
            }
        }
    }

    /// Does one thing; what it reads and what it gets back it checks at once.
    async fn step(&self, step: usize, kind: u8, own: usize, shared: usize) -> Result<()> {
        let (who, ground) = (self.who, &*self.ground);
        let leads = self.store.leads();
        let title = format!("{} {step}", self.name);
        let id = ground.leads_of(who).nth(own).unwrap();
        match kind {
            0 => ground.check_leads(who, &leads.list(&List::new().limit(1_000)).await?.items),
            1 => {
                let stream = leads.stream(LeadFilter::default(), Order::default());
                ground.check_leads(who, &stream.try_collect::<Vec<_>>().await?);
            }
            2 => {
                let (whose, other) = ground.leads[shared % ground.leads.len()];
                assert_eq!(leads.find(other).await?.is_some(), who.is_none() || whose == who);
            }
            3 => self.create(title).await?,
            4 => {
                let patch = LeadPatch { title: title.into(), ..LeadPatch::default() };
                self.is_own(&leads.update(id, patch.validate()?, None).await?);
            }
            5 => self.is_own(&leads.move_to(id, Stage::ALL[shared % Stage::ALL.len()]).await?),
            6 => {
                let new = (0..3).map(|_| lead(who, "one of three")).collect();
                let ids = leads.create_many(new).await?;
                let found = leads.get_many(&ids).await?;
                assert_eq!(found.len(), 3);
                for lead in &found {
                    self.is_own(lead);
                }
                leads.delete(ids[1]).await?;
            }
            7 => self.share(&*self.store, shared).await?,
            8 => {
                let tx = self.store.begin().await?;
                self.in_transaction(&*tx, shared).await?;
                tx.commit().await?;
            }
            _ => {
                let tx = self.store.begin().await?;
                self.in_transaction(&*tx, shared).await?;
                if own > 0 {
                    tx.rollback().await?;
                }
            }
        }
        Ok(())
    }

    /// Creates a lead and notes whether it must be there afterwards, must not, or may.
    async fn create(&self, title: String) -> Result<()> {
        let result = self.store.leads().create(lead(self.who, &*title)).await;
        let mut log = self.log.lock().unwrap();
        match &result {
            Ok(_) => log.there.insert(title),
            Err(error) => !error.outcome_unknown() && log.not_there.insert(title),
        };
        drop(log);
        self.is_own(&result?);
        Ok(())
    }

    async fn in_transaction(&self, tx: &dyn Transaction, shared: usize) -> Result<()> {
        self.is_own(&tx.leads().create(lead(self.who, "in a transaction")).await?);
        self.ground.check_leads(self.who, &tx.leads().list(&List::new().limit(1_000)).await?.items);
        self.share(tx, shared).await
    }

    /// Changes a customer that others change too, and notes that somebody has called it.
    async fn share(&self, store: &(impl Repositories + ?Sized), shared: usize) -> Result<()> {
        let id = self.ground.customers[shared % self.ground.customers.len()];
        let mut call = NewInteraction::new(id, InteractionType::Call);
        call.notes = Some(mark(self.who));
        assert_eq!(store.interactions().create(call.validate()?).await?.created_by, self.who);
        let patch = CustomerPatch { notes: mark(self.who).into(), ..CustomerPatch::default() };
        assert_eq!(store.customers().update(id, patch.validate()?, None).await?.updated_by, self.who);
        Ok(())
    }

    fn is_own(&self, lead: &crm_core::Lead) {
        assert_eq!((lead.created_by, lead.updated_by), (self.who, self.who));
        assert_eq!(lead.description, Some(mark(self.who)));
    }
}

/// Kills a connection of the storm's every few milliseconds, whatever it is doing, until the storm is over. A task that is
/// aborted instead can leave a kill behind that the server has yet to read.
async fn kill_connections(ground: Arc<Ground>, mut random: fastrand::Rng, over: Arc<AtomicBool>) {
    let mut connection = ground.database.connection().await;
    while !over.load(Ordering::Relaxed) {
        sqlx::query(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and application_name = 'storm' order by random() limit 1",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        sleep(Duration::from_millis(random.u64(5..25))).await;
    }
    connection.close().await.unwrap();
}

/// Lets so many tasks loose on a handle, some of which are aborted, and looks at what is left.
pub(crate) async fn storm(ground: Ground, crm: Crm, tasks: usize) {
    let seed = std::env::var("CRM_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("to let the same calls loose: CRM_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let (ground, log) = (Arc::new(ground), Arc::<Mutex<Log>>::default());
    let over = Arc::<AtomicBool>::default();
    let killer = tokio::spawn(kill_connections(ground.clone(), random.fork(), over.clone()));
    let tasks = (0..tasks).map(|n| {
        let who = ground.everybody[n % ground.everybody.len()];
        let task = Task {
            ground: ground.clone(),
            log: log.clone(),
            store: store(&crm, who),
            who,
            name: format!("task {n}"),
            random: random.fork(),
        };
        let task = tokio::spawn(task.work());
        if random.u8(..8) == 0 {
            let (abort, after) = (task.abort_handle(), Duration::from_millis(random.u64(..500)));
            tokio::spawn(async move {
                sleep(after).await;
                abort.abort();
            });
        }
        task
    });
    for ended in future::join_all(tasks).await {
        if let Err(error) = ended {
            assert!(error.is_cancelled(), "{error}");
        }
    }
    over.store(true, Ordering::Relaxed);
    killer.await.unwrap();
    wait_for(&ground.database, "state <> 'idle'", 0).await;

    ground.check_writes().await;
    let mut connection = ground.database.connection().await;
    let titles = sqlx::query_scalar("select title from crm.leads").fetch_all(&mut connection).await.unwrap();
    log.lock().unwrap().check(&titles.into_iter().collect());
    // A write of the trusted system would be lost with an idle connection that was killed; a begin takes another.
    let trusted = store(&crm, None);
    for tx in future::join_all((0..2).map(|_| trusted.begin())).await {
        tx.unwrap().rollback().await.unwrap();
    }
    ground.check_serves(&crm).await;
}

impl Log {
    fn check(&self, titles: &HashSet<String>) {
        let Self { done, dropped, lost, there, not_there } = self;
        println!("{done} done, {dropped} dropped, {lost} lost");
        let (missing, denied) = (there - titles, not_there & titles);
        assert!(missing.is_empty(), "said to be there: {missing:?}");
        assert!(denied.is_empty(), "said not to be there: {denied:?}");
        assert!(*done > 0 && *dropped > 0 && *lost > 0, "this was no storm");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_done_in_anothers_name_whatever_fails_in_between() {
    let ground = Ground::new().await;
    let builder = ground.database.builder().application_name("storm").max_connections(2);
    let crm = builder.connect().await.unwrap();
    storm(ground, crm, amount(60, 500)).await;
}

#[tokio::test]
async fn nothing_is_done_in_anothers_name_over_a_hosts_pool_and_one_thread() {
    let ground = Ground::new().await;
    let options: PgConnectOptions = ground.database.url.parse().unwrap();
    let options = options.application_name("storm").options([("client_connection_check_interval", "500ms")]);
    let pool: PgPool = PgPoolOptions::new().max_connections(2).connect_with(options).await.unwrap();
    storm(ground, Crm::from_pool(pool), amount(40, 300)).await;
}
