//! A server that is gone without a word: nothing is closed, nothing is answered.

use std::time::{Duration, Instant};

use crm_core::{ErrorCode, Repositories as _};
use crm_tests::{Cut, End, Way, amount};
use futures_util::future;

use super::cuts::check_truth;
use super::exchange::{Call, Ground};
use crate::sessions::wait_for;

/// Is long enough for a call on a machine that does much else, and short enough to wait for.
const LIMIT: Duration = Duration::from_millis(750);

/// Is when a call that ought to end by itself is given up: it hangs.
const HANGS: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_whose_packets_are_lost_ends_by_its_timeout_and_tells_whether_its_outcome_is_known() {
    let lost = Call::ALL.map(|call| async move {
        let ground = Ground::new().await;
        let crm = ground.builder().call_timeout(LIMIT).connect().await.unwrap();
        for acting in [false, true] {
            let exchange = ground.record(&crm, call, acting).await;
            for way in Way::ALL {
                let places = exchange.places(way);
                // Behind the last byte of an answer nothing is missed.
                let all = places.len() - 1;
                for after in places.into_iter().take(all).step_by(all.div_ceil(amount(2, 5))) {
                    let name = format!("{way:?} {after}");
                    let what = format!("{call:?}, acting: {acting}, {name}");
                    call.make(&*ground.store(&crm, acting), ground.seen, "warm").await.unwrap();
                    ground.stored("warm").await;
                    ground.proxy.cut(Cut { way, after, end: End::Silence });
                    let store = ground.store(&crm, acting);
                    let made = call.make(&*store, ground.seen, &name);
                    let result = tokio::time::timeout(HANGS, made).await.expect(&what);
                    // The server still has the connection, and what it was doing; it learns of the end now.
                    ground.proxy.close_all();
                    ground.proxy.record();
                    check_truth(call, &result, ground.stored(&name).await, &what);
                    if let Err(error) = result {
                        assert_eq!(error.code(), ErrorCode::Timeout, "{what}: {error}");
                        let known = exchange.is_before_commit(way, after);
                        assert!(!(known && error.outcome_unknown()), "{what}: nothing was committed yet");
                    }
                    ground.check_works(&crm).await;
                }
            }
        }
    });
    future::join_all(lost).await;
}

#[tokio::test]
async fn while_a_server_is_silent_every_call_ends_by_a_timeout_and_afterwards_all_works() {
    let ground = Ground::new().await;
    let crm = ground.builder().max_connections(3).call_timeout(LIMIT).acquire_timeout(LIMIT);
    let crm = crm.connect().await.unwrap();
    ground.check_works(&crm).await;
    ground.proxy.silence(true);
    for _ in 0..2 {
        // More calls than connections: the rest wait for one that does not come.
        let calls = (0..9).map(|_| tokio::time::timeout(HANGS, crm.customers().get(ground.seen)));
        for result in future::join_all(calls).await {
            let error = result.expect("no call hangs").unwrap_err();
            assert_eq!((error.code(), error.outcome_unknown()), (ErrorCode::Timeout, false), "{error}");
        }
    }
    let connecting = ground.builder().acquire_timeout(LIMIT).connect();
    let error = tokio::time::timeout(HANGS, connecting).await.expect("connecting does not hang").unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    ground.proxy.silence(false);
    ground.check_works(&crm).await;
}

#[tokio::test]
async fn an_idle_connection_that_went_silent_is_replaced_before_a_write() {
    let ground = Ground::new().await;
    let crm = ground.builder().connect().await.unwrap();
    ground.check_works(&crm).await;
    // Nothing more is answered on this connection; a new one works.
    ground.proxy.cut(Cut { way: Way::ToServer, after: 0, end: End::Silence });
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    ground.check_works(&crm).await;
    assert!(ground.proxy.has_cut());
}

#[tokio::test]
async fn the_work_of_a_call_that_is_dropped_stops_within_a_second() {
    let ground = Ground::new().await;
    let crm = ground.builder().connect().await.unwrap();
    ground
        .database
        .execute(
            "create function public.sleep() returns trigger language plpgsql as
               'begin perform pg_catalog.pg_sleep(60); return new; end';
             create trigger sleep before insert on crm.customers for each row execute function public.sleep()",
        )
        .await;
    let mut longest = Duration::ZERO;
    for acting in [false, true] {
        for call in [Call::Write, Call::Transaction, Call::Copy] {
            let store = ground.store(&crm, acting);
            let made = call.make(&*store, ground.seen, "dropped");
            let dropped = async {
                wait_for(&ground.database, "wait_event = 'PgSleep'", 1).await;
            };
            tokio::select! {
                _ = made => panic!("it sleeps for a minute"),
                () = dropped => {}
            }
            let begun = Instant::now();
            wait_for(&ground.database, "wait_event = 'PgSleep'", 0).await;
            longest = longest.max(begun.elapsed());
            assert_eq!(ground.stored("dropped").await, 0);
        }
    }
    // wait_for gives up after ten seconds; sleeping on would take sixty.
    println!("a dropped call's work went on for {longest:?} at the most");
    assert_eq!(crm.customers().get(ground.seen).await.unwrap().name, "Seen");
}
