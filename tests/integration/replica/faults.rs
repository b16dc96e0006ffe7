//! A replica that fails: the primary answers, and the replica is asked again when it is back.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crm_core::{ActivityQuery, DueTasksQuery, ErrorCode, InteractionFilter, Repositories as _, Result};
use crm_postgres::{Crm, Export, ExportSink};
use crm_tests::{Cluster, Database, Stop};
use futures_util::future;
use sqlx::Executor as _;

use super::{DATABASE, Pair, Rows, add, connection, known, leads, one, wait_for};
use crate::secrets::Collector;

/// Waits until the replica answers again, which knows of fewer leads than the primary.
async fn answers_again(crm: &Crm, known: i64) {
    for _ in 0..600 {
        if leads(crm).await.unwrap() == known {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the replica is not asked any more");
}

#[test]
fn a_replica_that_dies_fails_no_call_and_its_going_and_coming_is_said_once() {
    let (runtime, collector) = Collector::runtime();
    let run = async move {
        let mut pair = Pair::start(&[]).await;
        let crm = pair.builder().connect().await.unwrap();
        assert_eq!(known(&crm, None).await, 1);
        pair.replica.kill();
        add(&crm).await;
        for _ in 0..3 {
            assert_eq!(known(&crm, None).await, 2, "the primary answers");
        }
        pair.replica.launch().await;
        pair.pause().await;
        add(&crm).await;
        answers_again(&crm, 2).await;
        assert_eq!(known(&crm, None).await, 2);
    };
    runtime.block_on(async { tokio::spawn(run).await.unwrap() });
    let said = collector.take();
    let count = |part: &str| said.iter().filter(|line| line.contains(part)).count();
    assert_eq!((count("in place of the replica"), count("the replica answers")), (1, 1), "{said:#?}");
}

#[tokio::test]
async fn a_replica_that_is_away_at_the_start_is_used_when_it_has_come() {
    let mut pair = Pair::start(&[]).await;
    pair.replica.stop(Stop::Fast).await;
    let crm = pair.builder().connect().await.unwrap();
    assert_eq!(known(&crm, None).await, 1);
    pair.replica.launch().await;
    pair.pause().await;
    add(&crm).await;
    answers_again(&crm, 1).await;
}

#[tokio::test]
async fn a_replica_that_swallows_everything_is_waited_for_once_and_not_by_each_call() {
    let database = Database::fresh().await;
    add(&database.crm).await;
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://postgres@{}/{DATABASE}", silent.local_addr().unwrap());
    let callers = Arc::new(AtomicUsize::new(0));
    let counting = callers.clone();
    // It ends with the process.
    std::thread::spawn(move || {
        let mut held = Vec::new();
        while let Ok(connection) = silent.accept() {
            held.push(connection);
            counting.fetch_add(1, Ordering::SeqCst);
        }
    });
    let crm = database.builder().replica(url).connect().await.unwrap();
    for _ in 0..50 {
        assert_eq!(leads(&crm).await.unwrap(), 1);
    }
    let tried = callers.load(Ordering::SeqCst);
    assert!((1..25).contains(&tried), "{tried} of 50 calls have waited");
}

#[tokio::test]
async fn a_replica_that_freezes_under_open_connections_is_left() {
    let pair = Pair::start(&[]).await;
    let crm = pair.builder().connect().await.unwrap();
    future::join_all((0..5).map(|_| leads(&crm))).await;
    pair.replica.freeze(true);
    add(&crm).await;
    assert_eq!(leads(&crm).await.unwrap(), 2, "long before the minute that a call has");
    pair.replica.freeze(false);
    pair.pause().await;
    add(&crm).await;
    answers_again(&crm, 2).await;
}

#[tokio::test]
async fn a_read_that_is_in_the_way_of_recovery_is_the_primarys() {
    let pair = Pair::start(&["hot_standby_feedback = off", "max_standby_streaming_delay = 0"]).await;
    let crm = pair.builder().application_name("in_the_way").connect().await.unwrap();
    let mut locker = connection(&pair.primary).await;
    locker.execute("begin; lock table crm.pipeline_totals in access exclusive mode").await.unwrap();
    let held = "select exists (
        select from pg_locks where relation = 'crm.pipeline_totals'::regclass and mode = 'AccessExclusiveLock'
    )";
    wait_for(&pair.replica, held).await;
    let today = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let (activity, due) = (ActivityQuery::default(), DueTasksQuery::new(today));
    let (snapshot, ()) = tokio::join!(crm.reports().snapshot(&activity, &due), async {
        // It has read the customers, and waits for the totals.
        let waits = "select count(*) = 1 from pg_stat_activity
                     where application_name = 'in_the_way' and wait_event_type = 'Lock'";
        wait_for(&pair.replica, waits).await;
        pair.primary.execute("begin; lock table crm.customers in access exclusive mode; commit").await;
        // And does so at the primary, when the replica has cancelled it.
        wait_for(&pair.primary, waits).await;
        locker.execute("rollback").await.unwrap();
    });
    assert_eq!(snapshot.unwrap().customer_activity.items.len(), 1);
    assert_eq!(conflicts(&pair.replica).await, 1);
}

/// Locks the table at the primary when the first rows are there, and goes on when the replica has cancelled the copy for it, or
/// waits for it, as the copy only looks when it can send.
struct Locking<'p> {
    pair: &'p Pair,
    begun: bool,
}

impl ExportSink for Locking<'_> {
    async fn take(&mut self, _: &[u8]) -> Result<()> {
        if !std::mem::replace(&mut self.begun, true) {
            self.pair
                .primary
                .execute("begin; lock table crm.interactions in access exclusive mode; commit")
                .await;
            let waits =
                "select exists (select from pg_stat_activity where state = 'idle in transaction (aborted)')
                or exists (select from pg_locks where mode = 'AccessExclusiveLock' and not granted)";
            wait_for(&self.pair.replica, waits).await;
        }
        Ok(())
    }
}

#[tokio::test]
async fn an_export_of_which_something_has_arrived_fails_and_the_next_one_is_the_primarys() {
    let pair = Pair::start(&["max_standby_streaming_delay = 0"]).await;
    pair.primary
        .execute(
            "insert into crm.interactions (customer_id, type, notes)
             select 1, 'note', repeat('-', 1600) from generate_series(1, 20000)",
        )
        .await;
    pair.catch_up().await;
    let crm = pair.builder().connect().await.unwrap();
    let export = Export::Interactions(InteractionFilter::default(), None);
    let error = crm.export(&export, &mut Locking { pair: &pair, begun: false }).await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), (ErrorCode::Serialization, true));
    let mut rows = Rows::default();
    crm.export(&export, &mut rows).await.unwrap();
    assert_eq!(rows.0, 20_000);
}

async fn conflicts(replica: &Cluster) -> i64 {
    wait_for(replica, "select sum(confl_lock) > 0 from pg_stat_database_conflicts").await;
    one(replica, "select sum(confl_lock)::bigint from pg_stat_database_conflicts").await
}
