//! One handle in several runtimes, as a static one is in the tests of a host, each of which has a runtime of its own.

use std::time::Duration;

use crm_core::{CustomerFilter, NewCustomer, Repositories as _, Validate as _};
use crm_postgres::Crm;
use crm_tests::Database;
use tokio::runtime::{Builder, Runtime};

use crate::sessions::{count, wait_for};

/// The time limit of a call: long enough on a busy machine, and short enough to wait for.
const LIMIT: Duration = Duration::from_secs(5);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Makes a call of every kind.
async fn check_works(crm: &Crm) {
    let new = || NewCustomer::new("Acme").validate().unwrap();
    let id = crm.customers().create(new()).await.unwrap().id;
    crm.customers().get(id).await.unwrap();
    let tx = crm.begin().await.unwrap();
    tx.customers().create(new()).await.unwrap();
    tx.commit().await.unwrap();
    crm.customers().count(&CustomerFilter::default()).await.unwrap();
}

/// Makes a database whose own handle has no connection any more, and a handle with so many connections.
async fn ground(connections: u32) -> (Database, Crm) {
    let database = Database::fresh().await;
    database.crm.close().await;
    let crm = database.builder().max_connections(connections).call_timeout(LIMIT).acquire_timeout(LIMIT);
    // Longer than a test.
    let crm = crm.idle_timeout(Duration::from_mins(5)).connect().await.unwrap();
    (database, crm)
}

#[test]
fn a_handle_outlives_the_runtimes_in_which_it_is_used() {
    let (database, crm) = runtime().block_on(ground(2));
    for _ in 0..3 {
        runtime().block_on(check_works(&crm));
        // The connections of a runtime go with it.
        runtime().block_on(wait_for(&database, "true", 0));
    }
    // Idle connections are closed in whichever runtime is left.
    runtime().block_on(async {
        let short = database.builder().idle_timeout(Duration::from_millis(50)).connect().await.unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| runtime().block_on(check_works(&short)));
        });
        check_works(&short).await;
        wait_for(&database, "true", 0).await;
    });
}

#[test]
fn a_connection_of_a_runtime_that_nobody_drives_is_left_alone() {
    let first = runtime();
    let (database, crm) = first.block_on(ground(2));
    first.block_on(check_works(&crm));
    let second = runtime();
    second.block_on(check_works(&crm));
    // Each keeps its own, and none is opened anew.
    let sessions = "select array_agg(pid order by pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";
    let sessions = || {
        runtime().block_on(async {
            let mut connection = database.connection().await;
            let pids: Vec<i32> = sqlx::query_scalar(sessions).fetch_one(&mut connection).await.unwrap();
            pids
        })
    };
    let before = sessions();
    assert_eq!(before.len(), 2);
    for _ in 0..3 {
        first.block_on(check_works(&crm));
        second.block_on(check_works(&crm));
    }
    assert_eq!(sessions(), before);
}

#[test]
fn runtimes_share_the_limit_of_connections() {
    let runtimes = [runtime(), runtime(), runtime()];
    let (database, crm) = runtimes[0].block_on(ground(2));
    for _ in 0..3 {
        for runtime in &runtimes {
            runtime.block_on(async {
                check_works(&crm).await;
                assert!(count(&database, "true").await <= 2);
            });
        }
    }
    // A transaction of one runtime leaves the others what is left of the limit.
    let tx = runtimes[0].block_on(crm.begin()).unwrap();
    runtimes[1].block_on(check_works(&crm));
    runtimes[2].block_on(check_works(&crm));
    runtimes[0].block_on(tx.commit()).unwrap();
    runtimes[0].block_on(async {
        assert!(count(&database, "true").await <= 2);
        crm.close().await;
        assert_eq!(count(&database, "true").await, 0);
    });
}
