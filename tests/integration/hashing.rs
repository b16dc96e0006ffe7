//! Hashing passwords leaves the async threads to others, takes its turn, and is in nobody's way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use crm_core::{ErrorCode, Hashing, NewUser, Password, Repositories as _, User, UserId, Validate};
use crm_postgres::Crm;
use crm_tests::{Database, amount, quick};
use futures_util::future::{join_all, select_all};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinError, JoinHandle};

const EMAIL: &str = "ann@example.com";

/// Is long enough for a call on a machine that does much else, and short enough to wait for.
const LIMIT: Duration = Duration::from_millis(750);

/// Ends a test that would wait for a hash that cannot begin.
const FOREVER: Duration = Duration::from_mins(1);

async fn user(crm: &Crm) -> UserId {
    let new = NewUser::new("Ann", EMAIL, Password::new("correct horse"));
    crm.users().create(new.validate().unwrap()).await.unwrap().id
}

fn log_in(crm: &Crm) -> JoinHandle<crm_core::Result<User>> {
    let crm = crm.clone();
    tokio::spawn(async move { crm.users().authenticate(EMAIL, Password::new("correct horse")).await })
}

/// Makes a runtime of one thread, and one more for blocking work, which waits for the sender before it does any.
fn blocked() -> (Runtime, mpsc::Sender<()>) {
    let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
    let (begin, wait) = mpsc::channel::<()>();
    runtime.spawn_blocking(move || wait.recv());
    (runtime, begin)
}

/// Makes a database with a user, whose connections live on a runtime of their own.
fn prepare(hashing: Hashing) -> (Runtime, Database, UserId) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (database, id) = runtime.block_on(async {
        let database = Database::fresh().await;
        let crm = database.builder().password_hashing(hashing).connect().await.unwrap();
        let id = user(&crm).await;
        (database, id)
    });
    (runtime, database, id)
}

#[test]
fn a_runtime_of_one_thread_answers_others_while_64_logins_are_hashed() {
    let (_setup, database, id) = prepare(quick());
    let (runtime, begin) = blocked();
    runtime.block_on(async {
        let crm = database.builder().acquire_timeout(FOREVER).connect().await.unwrap();
        let logins: Vec<_> = (0..64).map(|_| log_in(&crm)).collect();
        // No hash can begin before the sender says so: whatever is answered now is answered while the logins wait.
        for _ in 0..200 {
            assert_eq!(crm.users().get(id).await.unwrap().id, id);
        }
        assert!(logins.iter().all(|login| !login.is_finished()));
        begin.send(()).unwrap();
        for login in join_all(logins).await {
            assert_eq!(login.unwrap().unwrap().id, id);
        }
    });
}

#[test]
fn a_storm_of_logins_starts_no_more_threads_than_its_turns() {
    for turns in [1, 3] {
        let (_setup, database, _) = prepare(Hashing::default());
        let threads = Arc::new(AtomicUsize::new(0));
        let count = threads.clone();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .on_thread_start(move || {
                count.fetch_add(1, Ordering::SeqCst);
            })
            .build()
            .unwrap();
        runtime.block_on(async {
            // A hash takes long beside what a thread does to hand its turn on.
            let builder = database.builder().password_hashing(Hashing::default()).concurrent_hashings(turns);
            let crm = builder.acquire_timeout(FOREVER).connect().await.unwrap();
            for login in join_all((0..amount(16, 64)).map(|_| log_in(&crm))).await {
                login.unwrap().unwrap();
            }
        });
        // A thread that has handed its turn on may not have come back to its pool yet when the next one begins.
        let threads = threads.load(Ordering::SeqCst);
        assert!((1..=2 * turns).contains(&threads), "{threads} threads for {turns} turns");
    }
}

#[test]
fn a_dropped_login_keeps_its_turn_until_its_hash_is_done_and_others_time_out() {
    let (_setup, database, id) = prepare(quick());
    let (runtime, begin) = blocked();
    runtime.block_on(async {
        let builder = database.builder().concurrent_hashings(1).acquire_timeout(LIMIT);
        let crm = builder.connect().await.unwrap();
        let timed_out = |refused: Result<crm_core::Result<User>, JoinError>| {
            let error = refused.unwrap().unwrap_err();
            assert_eq!((error.code(), error.outcome_unknown()), (ErrorCode::Timeout, false));
        };
        // One of two has the turn, whichever came first, and is dropped in the midst of it.
        let two = select_all([log_in(&crm), log_in(&crm)]);
        let (refused, _, login) = tokio::time::timeout(FOREVER, two).await.expect("there is one turn");
        timed_out(refused);
        login[0].abort();
        assert!(join_all(login).await[0].as_ref().unwrap_err().is_cancelled());
        timed_out(tokio::time::timeout(FOREVER, log_in(&crm)).await.expect("there is no turn"));
        // Nothing but passwords waits.
        crm.users().get(id).await.unwrap();
        begin.send(()).unwrap();
        assert_eq!(log_in(&crm).await.unwrap().unwrap().id, id);
    });
}

#[test]
fn a_handle_is_closed_while_passwords_are_hashed_and_those_calls_end() {
    let (_setup, database, id) = prepare(quick());
    let (runtime, begin) = blocked();
    runtime.block_on(async {
        let crm = database.builder().concurrent_hashings(2).max_connections(1).connect().await.unwrap();
        let logins: Vec<_> = (0..8).map(|_| log_in(&crm)).collect();
        let writer = crm.clone();
        let change = tokio::spawn(async move {
            let new = Password::new("battery staple").validate().unwrap();
            writer.users().set_password(id, new).await
        });
        for _ in 0..50 {
            crm.users().get(id).await.unwrap();
        }
        // The blocking thread is still held: closing waits for calls that have a connection, not for hashes.
        tokio::time::timeout(FOREVER, crm.close()).await.expect("closing waits for no hash");
        begin.send(()).unwrap();
        assert_eq!(change.await.unwrap().unwrap_err().code(), ErrorCode::Closed);
        for login in join_all(logins).await {
            let login = login.unwrap();
            assert!(login.is_ok() || login.is_err_and(|error| error.code() == ErrorCode::Closed));
        }
    });
}
