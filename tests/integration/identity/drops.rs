//! Calls and transactions that are left in the middle, and the ends of reads that nobody waits for.

use crm_core::{ErrorCode, LeadFilter, LeadPatch, Order, Password, Repositories, Stage, Store, Validate};
use crm_postgres::{Crm, PgPool};
use futures_util::StreamExt as _;
use sqlx::postgres::PgPoolOptions;

use super::ground::{Ground, Who, give_up_after, lead, leads, store};
use crate::sessions::wait_for;

/// Returns handles with one connection: of a pool of their own, and of a host's.
async fn narrow(ground: &Ground) -> [Crm; 2] {
    let own = ground.database.builder().max_connections(1).connect().await.unwrap();
    let host: PgPool = PgPoolOptions::new().max_connections(1).connect(&ground.database.url).await.unwrap();
    [own, Crm::from_pool(host)]
}

/// Leaves a call at its first await, at its second, and so on until it has time to end; each time the next calls on the same
/// connection are others'.
pub(crate) async fn leave_anywhere(ground: &Ground, crm: &Crm, call: impl AsyncFn(&dyn Store, Who)) {
    for (polls, &who) in (1..=12).zip(ground.everybody.iter().cycle().skip(1)) {
        let others = ground.everybody.iter().filter(|&&other| other != who);
        give_up_after(polls, call(&*store(crm, who), who)).await;
        for &other in others.cycle().skip(polls).take(2) {
            ground.check_leads(other, &leads(&*store(crm, other)).await);
            let written = store(crm, other).leads().create(lead(other, "another's")).await.unwrap();
            assert_eq!((written.created_by, written.updated_by), (other, other));
        }
    }
}

#[tokio::test]
async fn a_call_left_at_any_await_leaves_its_identity_nowhere() {
    let ground = Ground::new().await;
    for crm in narrow(&ground).await {
        let own = |who| ground.leads_of(who).next().unwrap();
        leave_anywhere(&ground, &crm, async |store, who| ground.check_leads(who, &leads(store).await)).await;
        leave_anywhere(&ground, &crm, async |store, who| {
            store.leads().create(lead(who, "left")).await.unwrap();
        })
        .await;
        leave_anywhere(&ground, &crm, async |store, who| {
            let patch = LeadPatch { title: "left".into(), ..LeadPatch::default() };
            store.leads().update(own(who), patch.validate().unwrap(), None).await.unwrap();
        })
        .await;
        leave_anywhere(&ground, &crm, async |store, who| {
            store.leads().move_to(own(who), Stage::Proposal).await.unwrap();
        })
        .await;
        leave_anywhere(&ground, &crm, async |store, who| {
            let batch = vec![lead(who, "left"), lead(who, "left")];
            let ids = store.leads().create_many(batch).await.unwrap();
            store.leads().delete(ids[0]).await.unwrap();
        })
        .await;
        leave_anywhere(&ground, &crm, async |store, _| {
            let mut stream = store.leads().stream(LeadFilter::default(), Order::default());
            while let Some(lead) = stream.next().await {
                lead.unwrap();
            }
        })
        .await;
        leave_anywhere(&ground, &crm, async |store, who| {
            let tx = store.begin().await.unwrap();
            tx.leads().create(lead(who, "left")).await.unwrap();
            tx.commit().await.unwrap();
        })
        .await;
        ground.check_serves(&crm).await;
    }
}

/// Reads the hash as the trusted system in between.
#[tokio::test]
async fn a_change_of_password_left_at_any_await_leaves_the_trusted_system_to_nobody() {
    let ground = Ground::new().await;
    let crm = ground.database.builder().max_connections(1).connect().await.unwrap();
    let password = || Password::new("correct horse");
    for actor in ground.everybody.iter().flatten() {
        crm.users().set_password(*actor, password().validate().unwrap()).await.unwrap();
    }
    leave_anywhere(&ground, &crm, async |store, who| {
        let Some(actor) = who else { return };
        let new = password().validate().unwrap();
        store.users().change_password(actor, password(), new).await.unwrap();
    })
    .await;
    leave_anywhere(&ground, &crm, async |store, who| {
        let tx = store.begin().await.unwrap();
        if let Some(actor) = who {
            let wrong = Password::new("wrong horse");
            let new = password().validate().unwrap();
            let error = tx.users().change_password(actor, wrong, new).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidCredentials);
        }
        let written = tx.leads().create(lead(who, "still the actor's")).await.unwrap();
        assert_eq!(written.created_by, who);
        tx.commit().await.unwrap();
    })
    .await;
    ground.check_serves(&crm).await;
}

#[tokio::test]
async fn whoever_asks_at_once_for_the_connection_of_a_read_gets_it_after_the_reads_end() {
    let ground = Ground::new().await;
    for crm in narrow(&ground).await {
        for _ in 0..5 {
            for (one, &reader) in ground.everybody.iter().enumerate() {
                let writer = ground.everybody[(one + 1) % ground.everybody.len()];
                ground.check_leads(reader, &leads(&*store(&crm, reader)).await);
                let written = store(&crm, writer).leads().create(lead(writer, "at once")).await.unwrap();
                assert_eq!(written.created_by, writer);
            }
        }
        ground.check_serves(&crm).await;
    }
}

#[test]
fn a_read_ends_its_transaction_although_nobody_drives_the_runtime_afterwards() {
    let other = tokio::runtime::Runtime::new().unwrap();
    let ground = other.block_on(Ground::new());
    let driver = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for crm in driver.block_on(narrow(&ground)) {
        for &who in &ground.everybody {
            let found = driver.block_on(async { leads(&*store(&crm, who)).await });
            ground.check_leads(who, &found);
            other.block_on(wait_for(&ground.database, "state <> 'idle'", 0));
        }
        driver.block_on(ground.check_serves(&crm));
    }
}

#[tokio::test]
async fn a_dropped_transaction_leaves_neither_its_rows_nor_its_actor() {
    let ground = Ground::new().await;
    for crm in narrow(&ground).await {
        for &who in &ground.everybody {
            let tx = store(&crm, who).begin().await.unwrap();
            tx.leads().create(lead(who, "undone")).await.unwrap();
            drop(tx);
            let next = store(&crm, ground.everybody[1]);
            ground.check_leads(ground.everybody[1], &leads(&*next).await);
            let tx = store(&crm, who).begin().await.unwrap();
            tx.leads().create(lead(who, "undone")).await.unwrap();
            std::thread::spawn(|| drop(tx)).join().unwrap();
        }
        ground.check_serves(&crm).await;
    }
    assert!(!titles(&ground).await.contains(&"undone".to_owned()));
}

#[tokio::test]
async fn a_panic_in_a_transaction_leaves_neither_its_rows_nor_its_actor() {
    let ground = Ground::new().await;
    for crm in narrow(&ground).await {
        for &who in &ground.everybody {
            let store = store(&crm, who);
            let panicking = tokio::spawn(async move {
                let tx = store.begin().await.unwrap();
                tx.leads().create(lead(who, "undone")).await.unwrap();
                let _stream = tx.leads().stream(LeadFilter::default(), Order::default()).next().await;
                std::panic::resume_unwind(Box::new("the host's own mistake"));
            });
            assert!(panicking.await.unwrap_err().is_panic());
        }
        ground.check_serves(&crm).await;
    }
    assert!(!titles(&ground).await.contains(&"undone".to_owned()));
}

#[tokio::test]
async fn a_call_aborted_while_it_waits_for_a_lock_does_nothing() {
    let ground = Ground::new().await;
    let who = ground.everybody[1];
    for crm in narrow(&ground).await {
        let mut lock = ground.database.connection().await;
        let held = "begin; lock table crm.leads in exclusive mode";
        sqlx::raw_sql(held).execute(&mut lock).await.unwrap();
        let acting = store(&crm, who);
        let call = tokio::spawn(async move { acting.leads().create(lead(who, "aborted")).await.map(drop) });
        wait_for(&ground.database, "wait_event_type = 'Lock'", 1).await;
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        drop(lock);
        ground.check_serves(&crm).await;
    }
    wait_for(&ground.database, "state <> 'idle'", 0).await;
    assert!(!titles(&ground).await.contains(&"aborted".to_owned()));
}

async fn titles(ground: &Ground) -> Vec<String> {
    let mut connection = ground.database.connection().await;
    sqlx::query_scalar("select title from crm.leads").fetch_all(&mut connection).await.unwrap()
}
