//! A server that is killed with SIGKILL again and again while sixteen writers write.

use std::collections::HashMap;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crm_core::{CustomerId, ErrorCode, NewCustomer, Repositories as _, Validate as _};
use crm_postgres::Crm;
use crm_tests::{Cluster, Stop, amount};
use futures_util::future;
use sqlx::{Connection as _, PgConnection};
use tokio::task::JoinHandle;

use super::exchange::Call;
use super::server::Small;

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

/// Starts sixteen writers on a server.
async fn begin(cluster: &Cluster) -> (Vec<JoinHandle<Seen>>, Arc<AtomicBool>) {
    let crm = Crm::builder(cluster.url("postgres")).acquire_timeout(ACQUIRE).call_timeout(CALL);
    let crm = crm.connect().await.unwrap();
    let customer = crm.customers().create(NewCustomer::new("Seen").validate().unwrap()).await.unwrap().id;
    let stop = Arc::new(AtomicBool::new(false));
    let writers = (0..WRITERS).map(|writer| tokio::spawn(write(crm.clone(), customer, writer, stop.clone())));
    (writers.collect(), stop)
}

/// Compares what the writers know with what is there; returns how many calls failed.
async fn check(cluster: &Cluster, writers: Vec<JoinHandle<Seen>>, what: &str) -> usize {
    let writers = future::join_all(writers).await;
    let (mut acknowledged, mut unknown, mut applied, mut failures) = (0, 0, 0, 0);
    let mut stored = stored(&cluster.url("postgres")).await;
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
    // A transaction waits for a connection and then for each of its five statements.
    assert!(longest < ACQUIRE + 5 * CALL, "a call took {longest:?}");
    println!(
        "{what}: {acknowledged} writes acknowledged and stored, {unknown} unknown of which {applied} were done, \
         {failures} failed calls, the longest call {longest:?}"
    );
    failures
}

async fn kill_again_and_again(cycles: usize) {
    let mut cluster = Cluster::migrated(&["max_connections = 40"]).await;
    let (writers, stop) = begin(&cluster).await;
    for _ in 0..cycles {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(50..600))).await;
        cluster.kill();
        cluster.launch().await;
    }
    stop.store(true, Ordering::Relaxed);
    let failures = check(&cluster, writers, &format!("{cycles} kills")).await;
    assert!(
        failures >= cycles,
        "{failures} failures in {cycles} cycles: the server was not killed under load"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_room_for_its_log_breaks_down_and_what_was_acknowledged_is_there() {
    // Commits that wait for one another are written together, of which the log may have some when it fails.
    let settings =
        ["max_connections = 40", "max_wal_size = 1GB", "commit_delay = 5000", "commit_siblings = 2"];
    let mut cluster = Cluster::migrated(&settings).await;
    cluster.stop(Stop::Fast).await;
    let path = cluster.directory("log-disk");
    let Some(disk) = Small::mount(&path, 40) else {
        println!("this user cannot mount a file system: a full log was not tried");
        return;
    };
    let log = cluster.file("data/pg_wal/moved", "");
    let log = log.parent().unwrap();
    let moved = format!("mv {0}/* {1}/ && rmdir {0} && ln -s {1} {0}", log.display(), path.display());
    assert!(Command::new("sh").args(["-c", &moved]).status().unwrap().success());
    cluster.launch().await;
    // The writers need not fill the two segments that there is room for.
    cluster.execute("select pg_logical_emit_message(false, '', repeat('x', 15000000))").await;
    let (writers, stop) = begin(&cluster).await;
    cluster.ends_by_itself().await;
    assert!(cluster.log().contains("PANIC:"), "{}", cluster.log());
    disk.grow();
    cluster.launch().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop.store(true, Ordering::Relaxed);
    check(&cluster, writers, "a full log").await;
    drop(cluster);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_survives_kills_and_nothing_is_halved_or_doubled() {
    kill_again_and_again(amount(2, 100)).await;
}
