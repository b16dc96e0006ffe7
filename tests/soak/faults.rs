//! What goes wrong: one fault after the other, all kinds in turn, with quiet in between.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crm_tests::{Cluster, Cut, End, Proxy, Stop, Way};
use fastrand::Rng;
use futures_util::future;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::ground::{CALL, Ground, SESSIONS};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Kill,
    StopFast,
    StopImmediate,
    TerminateSome,
    TerminateAll,
    CloseAll,
    Cut,
    CutSilently,
    Silence,
    Freeze,
    Lock,
    Deadlock,
    Exhaust,
}

impl Fault {
    const ALL: [Self; 13] = [
        Self::Kill,
        Self::Lock,
        Self::CloseAll,
        Self::Deadlock,
        Self::Silence,
        Self::TerminateAll,
        Self::Exhaust,
        Self::Cut,
        Self::StopFast,
        Self::Freeze,
        Self::TerminateSome,
        Self::StopImmediate,
        Self::CutSilently,
    ];

    const fn what(self) -> &'static str {
        match self {
            Self::Kill => "the server killed with SIGKILL and started again",
            Self::StopFast => "the server stopped (fast) and started again",
            Self::StopImmediate => "the server stopped (immediate) and started again",
            Self::TerminateSome => "half of the sessions terminated",
            Self::TerminateAll => "all sessions terminated",
            Self::CloseAll => "all connections closed",
            Self::Cut => "a connection cut at some byte, closed or reset",
            Self::CutSilently => "a connection silent from some byte on",
            Self::Silence => "the network silent for seconds",
            Self::Freeze => "the server frozen for seconds",
            Self::Lock => "a table locked for seconds",
            Self::Deadlock => "rows locked crosswise, for deadlocks",
            Self::Exhaust => "all connections of the server taken",
        }
    }
}

/// Counts the faults by what they were.
pub(crate) type Faults = BTreeMap<&'static str, u32>;

/// Is how long it stays quiet between two faults, at the most, in milliseconds.
const QUIET: u64 = 3_000;

/// Lets faults loose until the time is over, and leaves a server that works.
pub(crate) async fn let_loose(ground: &mut Ground, until: Instant) -> Faults {
    let mut random = Rng::with_seed(ground.shared.seed);
    let mut faults = Faults::new();
    let url = ground.direct();
    let mut turn = Vec::new();
    loop {
        let quiet = Duration::from_millis(random.u64(QUIET / 6..QUIET));
        if Instant::now() + quiet >= until {
            tokio::time::sleep_until(until.into()).await;
            return faults;
        }
        tokio::time::sleep(quiet).await;
        if turn.is_empty() {
            turn = Fault::ALL.to_vec();
            // A run that is too short for all of them has others each time.
            random.shuffle(&mut turn);
        }
        let fault = turn.pop().expect("it was filled");
        cause(fault, &mut ground.cluster, &ground.proxy, &url, &mut random).await;
        *faults.entry(fault.what()).or_default() += 1;
    }
}

async fn cause(fault: Fault, cluster: &mut Cluster, proxy: &Proxy, url: &str, random: &mut Rng) {
    let away = Duration::from_millis(random.u64(0..800));
    let some = Duration::from_millis(random.u64(500..2_500));
    // Now and then for longer than any call waits.
    let silent = if random.u8(0..3) == 0 { CALL + Duration::from_secs(2) } else { some };
    match fault {
        Fault::Kill => {
            cluster.kill();
            start(cluster, away).await;
        }
        Fault::StopFast => {
            cluster.stop(Stop::Fast).await;
            start(cluster, away).await;
        }
        Fault::StopImmediate => {
            cluster.stop(Stop::Immediate).await;
            start(cluster, away).await;
        }
        Fault::TerminateSome => terminate(url, "and random() < 0.5").await,
        Fault::TerminateAll => terminate(url, "").await,
        Fault::CloseAll => proxy.close_all(),
        Fault::Cut => {
            for end in [End::Close, End::Reset] {
                cut(proxy, end, random, some / 2).await;
            }
        }
        Fault::CutSilently => {
            cut(proxy, End::Silence, random, silent).await;
            // The server still has the session, as it does when a cable is pulled; that is not the library's to end.
            proxy.close_all();
        }
        Fault::Silence => {
            proxy.silence(true);
            tokio::time::sleep(silent).await;
            proxy.silence(false);
        }
        Fault::Freeze => {
            cluster.freeze(true);
            tokio::time::sleep(silent).await;
            cluster.freeze(false);
        }
        Fault::Lock => {
            let tables = ["users", "customers", "leads", "tasks", "interactions"];
            let table = tables[random.usize(0..tables.len())];
            lock(url, &format!("lock table crm.{table} in access exclusive mode"), silent).await;
        }
        Fault::Deadlock => cross(url, some).await,
        Fault::Exhaust => {
            let connections = (0..SESSIONS).map(|_| PgConnection::connect(url));
            let taken = future::join_all(connections).await;
            tokio::time::sleep(some).await;
            for connection in taken.into_iter().flatten() {
                drop(connection.close().await);
            }
        }
    }
}

async fn start(cluster: &mut Cluster, away: Duration) {
    tokio::time::sleep(away).await;
    cluster.launch().await;
}

async fn cut(proxy: &Proxy, end: End, random: &mut Rng, wait: Duration) {
    let way = Way::ALL[random.usize(0..2)];
    proxy.cut(Cut { way, after: random.usize(0..100_000), end });
    tokio::time::sleep(wait).await;
    proxy.heal();
}

/// Connects past the proxy. Right after a fault the server may have no place yet for one more.
async fn connect(url: &str) -> PgConnection {
    let begun = Instant::now();
    loop {
        match PgConnection::connect(url).await {
            Ok(connection) => return connection,
            Err(error) => assert!(begun.elapsed() < Duration::from_mins(1), "the server is away: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn terminate(url: &str, which: &str) {
    let statement = format!(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'soak%' {which}"
    );
    let mut connection = connect(url).await;
    connection.execute(AssertSqlSafe(statement)).await.expect("a superuser may");
    drop(connection.close().await);
}

async fn lock(url: &str, statement: &str, time: Duration) {
    let mut connection = connect(url).await;
    connection.execute("begin; set local deadlock_timeout = '1min'").await.expect("the server is there");
    // It may itself be chosen to end a deadlock, and then has no lock.
    if connection.execute(AssertSqlSafe(statement)).await.is_ok() {
        tokio::time::sleep(time).await;
    }
    drop(connection.close().await);
}

/// Locks the customers that all clients share one by one, from the last to the first, so that whoever takes two of them in another
/// order meets a deadlock.
async fn cross(url: &str, time: Duration) {
    let begun = Instant::now();
    let mut connection = connect(url).await;
    while begun.elapsed() < time {
        let locked = async {
            connection.execute("begin").await?;
            for offset in 0..4 {
                let anchors = "select id from crm.customers where name like 'Anchor %'";
                let lock = format!("{anchors} order by id desc offset {offset} limit 1 for update");
                connection.execute(AssertSqlSafe(lock)).await?;
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
            connection.execute("commit").await
        };
        if locked.await.is_err() {
            drop(connection.execute("rollback").await);
        }
    }
    drop(connection.close().await);
}
