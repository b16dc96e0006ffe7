//! Whatever breaks off, at whatever moment: no file that looks whole, no half a database, and the next one works.

use std::future::poll_fn;
use std::path::Path;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use crm_postgres::{Crm, ErrorCode, Progress};
use crm_tests::{Database, Proxy, amount};
use sqlx::{Connection as _, PgConnection};
use tokio::sync::Notify;

use super::{Directory, backed_up, count, filled, is_empty, manifest_of, state, until};
use crate::schema::catalogue::texts;

/// Polls a future so many times at the most; then drops it.
async fn polled<T>(times: usize, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut left) = (pin!(future), times);
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Tells whether the directory has nothing in it, or a whole backup.
fn nothing_or_whole(directory: &Directory) -> bool {
    let names = directory.names();
    names.is_empty() || names == ["crm.dump", "crm.dump.json"]
}

/// Makes `pg_dump` wait, and nobody else: it locks the table, in which the library's count has no interest. Ends with the connection.
async fn hold_up_dumps(db: &Database) -> PgConnection {
    db.execute("create table if not exists crm.parts (part int) partition by list (part)").await;
    let mut holding = db.connection().await;
    sqlx::raw_sql("begin; lock table crm.parts").execute(&mut holding).await.unwrap();
    holding
}

/// Makes a restore wait when it has loaded everything and makes the first index. Ends with the connection.
async fn hold_up_restores(db: &Database) -> PgConnection {
    db.execute(
        "create function public.hold_up() returns event_trigger language plpgsql as
           'begin perform pg_catalog.pg_advisory_xact_lock(42); end';
         create event trigger hold_up on ddl_command_end when tag in ('CREATE INDEX') execute function public.hold_up()",
    )
    .await;
    let mut holding = db.connection().await;
    sqlx::raw_sql("select pg_advisory_lock(42)").execute(&mut holding).await.unwrap();
    holding
}

/// Waits until some backend waits for a lock, or none any more.
async fn until_waiting(db: &Database, waits: bool) {
    let waiting = "select count(*) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock'";
    let mut connection = db.connection().await;
    until(async || (count(&mut connection, waiting).await > 0) == waits).await;
}

async fn terminate(db: &Database, which: &str) {
    let killed = texts(
        db,
        &format!(
            "select pg_terminate_backend(pid)::text from pg_stat_activity
         where pid <> pg_backend_pid() and datname = current_database() and {which}"
        ),
    )
    .await;
    assert_eq!(killed.len(), 1, "{which}");
}

const PG_DUMP: &str = "application_name = 'pg_dump'";

#[tokio::test]
async fn a_backup_that_is_dropped_at_any_moment_leaves_nothing_or_is_whole() {
    let directory = Directory::new();
    let db = filled().await;
    let (path, mut times) = (directory.file("crm.dump"), 0);
    loop {
        let done = polled(times, db.crm.backup(&path)).await;
        // What was on its way to another thread is tidied up there.
        until(async || nothing_or_whole(&directory)).await;
        if directory.names().is_empty() {
            assert!(done.is_none());
        } else {
            let other = Database::bare().await;
            other.crm.restore(&path).await.unwrap();
            std::fs::remove_file(&path).unwrap();
            std::fs::remove_file(manifest_of(&path)).unwrap();
        }
        if done.is_some() {
            break;
        }
        times += 1 + times / amount(3, 8);
    }
    assert!(times > 10, "it was dropped after {times} polls at the most");
    let children = || std::fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
    until(async || !children().split_whitespace().any(|child| name_of(child).contains("pg_dump"))).await;
}

/// Names the program of a process that runs, or has ended without having been waited for.
fn name_of(process: &str) -> String {
    std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default()
}

#[tokio::test]
async fn a_backup_that_is_dropped_when_it_tells_its_progress_leaves_nothing_at_once() {
    let directory = Directory::new();
    let db = filled().await;
    let path = directory.file("crm.dump");
    let mut heard = 0;
    for n in (1..).step_by(amount(3, 1)) {
        let (stop, mut told) = (Notify::new(), 0);
        let backup = db.crm.backup_with(&path, |_| {
            told += 1;
            if told == n {
                stop.notify_one();
            }
        });
        let done = tokio::select! {
            () = stop.notified() => None,
            done = backup => Some(done),
        };
        match done {
            None => assert_eq!(directory.names(), [""; 0]),
            Some(done) => {
                done.unwrap();
                break;
            }
        }
        heard = n;
    }
    assert!(heard > 5, "{heard}");
}

/// Polls so seldom that a lot is ready each time; what has told something must do nothing more in that poll, nor in the next one.
async fn rests_when_it_has_told<T>(told: &AtomicUsize, work: impl Future<Output = T>) -> T {
    let (mut work, mut rests) = (pin!(work), false);
    loop {
        let before = told.load(Ordering::Relaxed);
        let polled = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
        let now = told.load(Ordering::Relaxed) - before;
        assert!(now <= usize::from(!rests), "it has told {now} things and gone on between them");
        if let Poll::Ready(done) = polled {
            assert!(now == 0 && !rests, "it has told something and ended");
            return done;
        }
        rests = now > 0;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn what_tells_its_progress_rests_in_that_poll_and_the_next() {
    let directory = Directory::new();
    let (db, bare) = (filled().await, Database::bare().await);
    let (path, told) = (directory.file("crm.dump"), AtomicUsize::new(0));
    let tell = |_: &Progress| {
        told.fetch_add(1, Ordering::Relaxed);
    };
    rests_when_it_has_told(&told, db.crm.backup_with(&path, tell)).await.unwrap();
    rests_when_it_has_told(&told, bare.crm.restore_with(&path, tell)).await.unwrap();
    assert!(told.into_inner() > 20);
}

#[tokio::test]
async fn a_dropped_backup_ends_pg_dump() {
    let directory = Directory::new();
    let db = filled().await;
    let holding = hold_up_dumps(&db).await;
    let path = directory.file("crm.dump");
    {
        let mut backup = pin!(db.crm.backup(&path));
        tokio::select! {
            _ = &mut backup => panic!("it waits"),
            () = until_waiting(&db, true) => {}
        }
    }
    assert_eq!(directory.names(), [""; 0]);
    // Its backend goes although what it waits for does not come.
    let there = format!("select 'x' from pg_stat_activity where datname = current_database() and {PG_DUMP}");
    terminate(&db, PG_DUMP).await;
    until(async || texts(&db, &there).await.is_empty()).await;
    drop(holding);
    db.crm.backup(&path).await.unwrap();
}

#[tokio::test]
async fn a_backup_whose_server_process_is_killed_is_unavailable_and_the_next_one_works() {
    let directory = Directory::new();
    let db = filled().await;
    let holding = hold_up_dumps(&db).await;
    let path = directory.file("crm.dump");
    let kill = async {
        until_waiting(&db, true).await;
        terminate(&db, PG_DUMP).await;
    };
    let (done, ()) = tokio::join!(db.crm.backup(&path), kill);
    let error = done.unwrap_err();
    assert_eq!((error.code(), error.retryable()), (ErrorCode::Unavailable, true), "{error}");
    assert_eq!(directory.names(), [""; 0]);
    drop(holding);
    db.crm.backup(&path).await.unwrap();
}

#[tokio::test]
async fn a_backup_does_without_the_librarys_connection_once_pg_dump_has_the_snapshot() {
    let directory = Directory::new();
    let db = filled().await;
    let holding = hold_up_dumps(&db).await;
    let path = directory.file("crm.dump");
    let kill = async {
        until_waiting(&db, true).await;
        terminate(
            &db,
            "state = 'idle in transaction' and query like '%count(%' and application_name = 'crm'",
        )
        .await;
        drop(holding);
    };
    let (done, ()) = tokio::join!(db.crm.backup(&path), kill);
    done.unwrap();
    Database::bare().await.crm.restore(&path).await.unwrap();
}

#[tokio::test]
async fn a_restore_that_is_dropped_at_any_moment_leaves_an_empty_database_or_has_ended() {
    let directory = Directory::new();
    let (db, path, _) = backed_up(&directory).await;
    let (mut times, mut dropped) = (0, 0);
    let whole = state(&db).await;
    let mut target = Database::bare().await;
    loop {
        let done = polled(times, target.crm.restore(&path)).await;
        // The server notices that its client is gone, and undoes everything.
        let others = "select count(*) from pg_locks l where l.locktype = 'advisory'
                      and l.database = (select oid from pg_database where datname = current_database())";
        let mut connection = target.connection().await;
        until(async || count(&mut connection, others).await == 0).await;
        connection.close().await.unwrap();
        match done {
            Some(done) => {
                done.unwrap();
                break;
            }
            None if is_empty(&target).await => dropped += 1,
            // The commit was on its way.
            None => {
                assert_eq!(state(&target).await, whole);
                target = Database::bare().await;
            }
        }
        times += 1 + times / amount(3, 8);
    }
    assert!(dropped > amount(5, 10), "it was dropped {dropped} times");
    assert_eq!(state(&target).await, whole);
}

#[tokio::test]
async fn a_restore_whose_server_process_is_killed_leaves_an_empty_database() {
    let directory = Directory::new();
    let (_, path, _) = backed_up(&directory).await;
    let db = Database::bare().await;
    let mut holding = hold_up_restores(&db).await;
    let kill = async {
        until_waiting(&db, true).await;
        terminate(&db, "wait_event_type = 'Lock'").await;
    };
    let (done, ()) = tokio::join!(db.crm.restore(&path), kill);
    let error = done.unwrap_err();
    assert_eq!((error.code(), error.retryable()), (ErrorCode::Unavailable, true), "{error}");
    assert!(is_empty(&db).await);
    sqlx::raw_sql("select pg_advisory_unlock(42)").execute(&mut holding).await.unwrap();
    db.crm.restore(&path).await.unwrap();
}

#[tokio::test]
async fn a_restore_whose_program_is_killed_leaves_an_empty_database() {
    let directory = Directory::new();
    let (_, path, _) = backed_up(&directory).await;
    let db = Database::bare().await;
    let mut holding = hold_up_restores(&db).await;
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--include-ignored", "backup::interrupted::restores_for_another_process"])
        .env("CRM_TEST_RESTORE", &path)
        .env("CRM_TEST_URL", &db.url)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until_waiting(&db, true).await;
    child.kill().unwrap();
    child.wait().unwrap();
    until_waiting(&db, false).await;
    assert!(is_empty(&db).await);
    sqlx::raw_sql("select pg_advisory_unlock(42)").execute(&mut holding).await.unwrap();
    db.crm.restore(&path).await.unwrap();
    assert!(!is_empty(&db).await);
}

/// Is started and killed by the test above.
#[tokio::test]
#[ignore = "is run by another test, in a process of its own"]
async fn restores_for_another_process() {
    let (Ok(path), Ok(url)) = (std::env::var("CRM_TEST_RESTORE"), std::env::var("CRM_TEST_URL")) else {
        return;
    };
    Crm::connect(url).await.unwrap().restore(Path::new(&path)).await.unwrap();
}

#[tokio::test]
async fn a_second_restore_waits_for_the_first_and_is_refused() {
    let directory = Directory::new();
    let (_, path, _) = backed_up(&directory).await;
    let db = Database::bare().await;
    let mut holding = hold_up_restores(&db).await;
    let other = db.builder().connect().await.unwrap();
    let both = async {
        let waiting = "select 'x' from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        until(async || texts(&db, waiting).await.len() == 2).await;
        sqlx::raw_sql("select pg_advisory_unlock(42)").execute(&mut holding).await.unwrap();
    };
    let (one, two, ()) = tokio::join!(db.crm.restore(&path), other.restore(&path), both);
    let codes = [one, two].map(|done| done.map(drop).map_err(|error| error.code()));
    assert!(codes.contains(&Ok(())) && codes.contains(&Err(ErrorCode::Schema)), "{codes:?}");
}

/// Is when a call that ought to end by itself is given up: it hangs.
const HANGS: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_backup_and_a_restore_whose_packets_are_lost_time_out() {
    const LIMIT: Duration = Duration::from_millis(750);
    let directory = Directory::new();
    let (db, path, _) = backed_up(&directory).await;
    let bare = Database::bare().await;
    for n in 1..=6 {
        let proxies = [Proxy::before(&db.url).await, Proxy::before(&bare.url).await];
        let silent_from = |proxy: &Proxy, n: usize| {
            let silence = proxy.silencer();
            let mut told = 0;
            move |_: &Progress| {
                told += 1;
                if told == n {
                    silence.send_replace(true);
                }
            }
        };
        let [from, to] = &proxies;
        let crm =
            Crm::builder(from.url()).call_timeout(LIMIT).acquire_timeout(LIMIT).connect().await.unwrap();
        let again = directory.file("again");
        let done = crm.backup_with(&again, silent_from(from, n));
        match tokio::time::timeout(HANGS, done).await.expect("a backup does not hang") {
            // What comes after the last row needs no server.
            Ok(_) => assert!(n > 2),
            Err(error) => {
                assert!([ErrorCode::Timeout, ErrorCode::Unavailable].contains(&error.code()), "{error}");
            }
        }
        for name in ["again", "again.json"] {
            drop(std::fs::remove_file(directory.file(name)));
        }
        assert_eq!(directory.names(), ["crm.dump", "crm.dump.json"]);
        let crm = Crm::builder(to.url()).call_timeout(LIMIT).acquire_timeout(LIMIT).connect().await.unwrap();
        let done = crm.restore_with(&path, silent_from(to, n));
        let error = tokio::time::timeout(HANGS, done).await.expect("a restore does not hang").unwrap_err();
        assert_eq!(error.code(), ErrorCode::Timeout, "{error}");
        assert!(is_empty(&bare).await);
    }
}
