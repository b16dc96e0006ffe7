//! Connections that are cut throughout a call: before and in the middle of what is sent, before and in the middle of the answer.

use crm_core::{Error, ErrorCode, Repositories as _, Result};
use crm_postgres::Crm;
use crm_tests::{Cut, End, Way, amount, is_turn};
use sqlx::postgres::PgPoolOptions;

use super::exchange::{Call, Ground};
use crate::sessions::wait_for;

/// Checks that a result says what is true of the rows.
pub(super) fn check_truth(call: Call, result: &Result<()>, stored: i64, what: &str) {
    match result {
        Ok(()) => assert_eq!(stored, call.rows(), "{what}: what is acknowledged is there"),
        Err(error) => {
            assert_eq!(error.retryable(), !error.outcome_unknown(), "{what}");
            assert!(stored == 0 || stored == call.rows(), "{what}: {stored} rows are neither all nor none");
            assert!(stored == 0 || error.outcome_unknown(), "{what}: {error} is not true, it was done");
        }
    }
}

fn is_lost(error: &Error) -> bool {
    error.code() == ErrorCode::Unavailable
}

/// Cuts a kind of call everywhere.
async fn cut_everywhere(call: Call, acting: bool) {
    let ground = Ground::new().await;
    let crm = ground.builder().connect().await.unwrap();
    cut_everywhere_on(&ground, crm, call, acting).await;
}

async fn cut_everywhere_on(ground: &Ground, crm: Crm, call: Call, acting: bool) {
    let exchange = ground.record(&crm, call, acting).await;
    for way in Way::ALL {
        let places = exchange.places(way).into_iter().enumerate();
        // From the commit on, each place has its turn.
        for (n, after) in
            places.filter(|&(n, place)| !exchange.is_before_commit(way, place) || is_turn(n / 2, 2))
        {
            let end = if n % 2 == 0 { End::Close } else { End::Reset };
            let name = format!("{way:?} {after}");
            let what = format!("{call:?} {} {name}", if acting { "acting" } else { "trusted" });
            // So that the connection is open and knows the statements.
            call.make(&*ground.store(&crm, acting), ground.seen, "warm").await.unwrap();
            ground.stored("warm").await;
            ground.proxy.cut(Cut { way, after, end });
            let result = call.make(&*ground.store(&crm, acting), ground.seen, &name).await;
            // A shorter number than was recorded ends the call before the last place.
            ground.proxy.record();
            check_truth(call, &result, ground.stored(&name).await, &what);
            match &result {
                Ok(()) => {}
                Err(error) => {
                    assert!(is_lost(error), "{what}: {error}");
                    assert!(call != Call::Read, "{what}: a read is repeated, not {error}");
                    let known = exchange.is_before_commit(way, after);
                    assert!(!(known && error.outcome_unknown()), "{what}: nothing was committed yet");
                }
            }
            ground.check_works(&crm).await;
        }
    }
}

macro_rules! cuts {
    ($($name:ident, $call:ident, $acting:literal;)+) => {$(
        #[tokio::test]
        async fn $name() {
            cut_everywhere(Call::$call, $acting).await;
        }
    )+};
}

cuts! {
    a_read_cut_anywhere_is_repeated, Read, false;
    a_write_cut_anywhere_is_whole_or_absent_and_its_error_is_true, Write, false;
    a_transaction_cut_anywhere_is_whole_or_absent_and_its_error_is_true, Transaction, false;
    a_nested_transaction_cut_anywhere_is_whole_or_absent_with_the_outer_one, Nested, false;
    a_few_rows_cut_anywhere_are_whole_or_absent_and_the_error_is_true, Arrays, false;
    a_copy_cut_anywhere_is_whole_or_absent_and_its_error_is_true, Copy, false;
    a_stream_cut_anywhere_ends_with_an_error_or_with_all_rows, Stream, false;
    a_snapshot_cut_anywhere_fails_or_is_whole, Snapshot, false;
    a_users_read_cut_anywhere_is_repeated, Read, true;
    a_users_write_cut_anywhere_is_whole_or_absent_and_its_error_is_true, Write, true;
    a_users_transaction_cut_anywhere_is_whole_or_absent_and_its_error_is_true, Transaction, true;
    a_users_nested_transaction_cut_anywhere_is_whole_or_absent_with_the_outer_one, Nested, true;
}

#[tokio::test]
async fn over_a_hosts_pool_the_same_holds() {
    let ground = Ground::new().await;
    for call in [Call::Read, Call::Write, Call::Transaction] {
        // Without sqlx's ping before each call, which is a message of its own.
        let host = PgPoolOptions::new().max_connections(1).test_before_acquire(false);
        let crm = Crm::from_pool_prepared(host.connect(&ground.proxy.url()).await.unwrap());
        cut_everywhere_on(&ground, crm, call, false).await;
    }
}

#[tokio::test]
async fn calls_over_a_connection_that_died_idle_are_made_on_another() {
    let ground = Ground::new().await;
    let crm = ground.builder().connect().await.unwrap();
    for acting in [false, true] {
        for call in Call::ALL {
            call.make(&*ground.store(&crm, acting), ground.seen, "warm").await.unwrap();
            ground.stored("warm").await;
            ground.proxy.close_all();
            wait_for(&ground.database, "application_name = 'crm'", 0).await;
            let result = call.make(&*ground.store(&crm, acting), ground.seen, "idle").await;
            let what = format!("{call:?}, acting: {acting}");
            check_truth(call, &result, ground.stored("idle").await, &what);
            assert!(result.is_ok(), "{what}: {result:?}");
            ground.check_works(&crm).await;
        }
    }
}

#[tokio::test]
async fn a_connection_cut_while_it_is_opened_is_unavailable_and_the_next_one_works() {
    let ground = Ground::new().await;
    ground.proxy.record();
    ground.check_works(&ground.builder().connect().await.unwrap()).await;
    for way in Way::ALL {
        let all = ground.proxy.recorded(way).len();
        for after in (0..all).step_by(all / amount(15, 40)) {
            ground.proxy.cut(Cut { way, after, end: End::Close });
            let connected = ground.builder().connect().await;
            let result = match &connected {
                Ok(crm) => crm.customers().get(ground.seen).await.map(drop),
                Err(_) => Ok(()),
            };
            for error in connected.as_ref().err().into_iter().chain(result.as_ref().err()) {
                assert!(is_lost(error) && error.retryable(), "{way:?} {after}: {error}");
            }
            ground.proxy.record();
            let crm: Crm = ground.builder().connect().await.unwrap();
            assert_eq!(crm.customers().get(ground.seen).await.unwrap().name, "Seen");
        }
    }
}
