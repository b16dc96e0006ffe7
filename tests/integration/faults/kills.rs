//! A server that is killed with SIGKILL again and again while sixteen writers write.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crm_core::{CustomerId, ErrorCode, NewCustomer, Repositories as _, Validate as _};
use crm_postgres::Crm;
use crm_tests::Cluster;
use futures_util::future;
use sqlx::{Connection as _, PgConnection};

use super::exchange::Call;

const WRITERS: usize = 16;
const ACQUIRE: Duration = Duration::from_secs(5);
const CALL: Duration = Duration::from_secs(10);

/// Is what a writer knows of what it wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// The library has said that it is done.
    Acknowledged,
    /// The library has said that it cannot tell.
    Unknown,
}

/// Is what a writer has seen.
#[derive(Default)]
struct Seen {
    written: HashMap<String, (Call, Known)>,
    failures: usize,
    longest: Duration,
}

/// Writes until it is to stop: what certainly was not done is done again under the same name.
async fn write(crm: Crm, customer: CustomerId, writer: usize, stop: Arc<AtomicBool>) -> Seen {
    let calls =
        [[Call::Write; 4], [Call::Transaction; 4], [Call::Write, Call::Arrays, Call::Write, Call::Copy]]
            .concat();
    let mut seen = Seen::default();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let (call, name) = (calls[number % calls.len()], format!("{writer}-{number}"));
        let begun = Instant::now();
        let result = call.make(&crm, customer, &name).await;
        seen.longest = seen.longest.max(begun.elapsed());
        let Err(error) = result else {
            seen.written.insert(name, (call, Known::Acknowledged));
            number += 1;
            continue;
        };
        seen.failures += 1;
        assert!(matches!(error.code(), ErrorCode::Unavailable | ErrorCode::Timeout), "{error}");
        assert_eq!(error.retryable(), !error.outcome_unknown());
        if error.outcome_unknown() {
            seen.written.insert(name, (call, Known::Unknown));
            number += 1;
        }
        // The server is away, and need not be asked a thousand times a second whether it still is.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    seen
}

/// Counts the rows of each name.
async fn stored(url: &str) -> HashMap<String, i64> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let names = sqlx::query_as(
        "select name, count(*) from (
           select name from crm.customers union all select title from crm.leads
           union all select notes from crm.interactions
         ) names group by name",
    );
    let names: Vec<(String, i64)> = names.fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    names.into_iter().collect()
}

async fn kill_again_and_again(cycles: usize) {
    let mut cluster = Cluster::start(&["max_connections = 40"]).await;
    let url = cluster.url("postgres");
    let crm = Crm::builder(&*url).acquire_timeout(ACQUIRE).call_timeout(CALL).connect().await.unwrap();
    crm.migrate().await.unwrap();
    let customer = crm.customers().create(NewCustomer::new("Seen").validate().unwrap()).await.unwrap().id;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> =
        (0..WRITERS).map(|writer| tokio::spawn(write(crm.clone(), customer, writer, stop.clone()))).collect();
    for _ in 0..cycles {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(50..600))).await;
        cluster.kill();
        cluster.launch().await;
    }
    stop.store(true, Ordering::Relaxed);
    let writers = future::join_all(writers).await;
    let (mut acknowledged, mut unknown, mut applied, mut failures) = (0, 0, 0, 0);
    let mut stored = stored(&url).await;
    assert_eq!(stored.remove("Seen"), Some(1));
    let mut longest = Duration::ZERO;
    for seen in writers {
        let seen = seen.unwrap();
        failures += seen.failures;
        longest = longest.max(seen.longest);
        for (name, (call, known)) in seen.written {
            let rows = stored.remove(&name).unwrap_or(0);
            match known {
                Known::Acknowledged => {
                    assert_eq!(rows, call.rows(), "{name} was acknowledged");
                    acknowledged += 1;
                }
                Known::Unknown => {
                    assert!(rows == 0 || rows == call.rows(), "{name}: {rows} rows are neither all nor none");
                    unknown += 1;
                    applied += usize::from(rows > 0);
                }
            }
        }
    }
    assert!(stored.is_empty(), "nobody has written {stored:?}");
    assert!(
        failures >= cycles,
        "{failures} failures in {cycles} cycles: the server was not killed under load"
    );
    // A transaction waits for a connection and then for each of its five statements.
    assert!(longest < ACQUIRE + 5 * CALL, "a call took {longest:?}");
    println!(
        "{cycles} kills: {acknowledged} writes acknowledged and stored, {unknown} unknown of which {applied} were done, \
         {failures} failed calls, the longest call {longest:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_survives_kills_and_nothing_is_halved_or_doubled() {
    kill_again_and_again(5).await;
}

/// `cargo test -p crm-tests --test integration a_hundred -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn what_is_acknowledged_survives_a_hundred_kills() {
    kill_again_and_again(100).await;
}
