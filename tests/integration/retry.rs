//! Transactions that are run again: what lost against others is, to the limit, and nothing else.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crm_core::testing::MemoryStore;
use crm_core::{
    CustomerFilter, Error, ErrorCode, LeadId, LeadPatch, NewCustomer, NewLead, NewUser, Password,
    Repositories, Result, Store, Validate,
};
use crm_postgres::{Attempt, Crm, Retry};
use crm_tests::Database;
use futures_util::FutureExt as _;
use rust_decimal::Decimal;
use tokio::sync::{Barrier, Notify};

use crate::sessions::count;

async fn lead(crm: &dyn Repositories) -> LeadId {
    let new = NewLead { value: Some(Decimal::ZERO), ..NewLead::new("Deal") };
    crm.leads().create(new.validate().unwrap()).await.unwrap().id
}

async fn value(crm: &dyn Repositories, id: LeadId) -> Result<Decimal> {
    Ok(crm.leads().get(id).await?.value.unwrap_or_default())
}

async fn set(crm: &dyn Repositories, id: LeadId, value: Decimal) -> Result<()> {
    let patch = LeadPatch { value: Some(value).into(), ..LeadPatch::default() };
    crm.leads().update(id, patch.validate()?, None).await.map(drop)
}

async fn add_one(tx: &dyn Repositories, id: LeadId) -> Result<Decimal> {
    let new = value(tx, id).await? + Decimal::ONE;
    set(tx, id, new).await?;
    Ok(new)
}

/// Connects so that every transaction is serializable.
async fn serializable(database: &Database) -> Crm {
    let url = format!("{}&options[default_transaction_isolation]=serializable", database.url);
    Crm::connect(url).await.unwrap()
}

/// Reads, lets somebody else be faster, and writes, which then is refused.
async fn too_late(tx: &dyn Repositories, faster: &Crm, id: LeadId) -> Result<()> {
    let read = value(tx, id).await?;
    set(faster, id, read + Decimal::ONE).await?;
    set(tx, id, read).await
}

/// Counts the sessions that have a transaction open.
async fn in_transaction(database: &Database) -> i64 {
    count(database, "state <> 'idle'").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_addition_of_many_at_once_is_lost_in_spawned_tasks_that_borrow_and_own() {
    let database = Database::fresh().await;
    let crm = serializable(&database).await;
    let (id, runs) = (lead(&crm).await, Arc::new(AtomicU32::new(0)));
    let tasks = (0..20_u32).map(|n| {
        let (crm, runs, mine) = (crm.clone(), runs.clone(), format!("task {n}"));
        tokio::spawn(async move {
            // As many runs as it takes: that none is lost is the promise here.
            let added = crm.retry_up_to(u32::MAX, async |tx| {
                runs.fetch_add(1, Ordering::SeqCst);
                let added = add_one(&tx, id).await?;
                tx.customers().create(NewCustomer::new(&*mine).validate()?).await?;
                Ok((added, mine.clone()))
            });
            added.await
        })
    });
    let mut seen = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        seen.push(task.await.unwrap().unwrap().0);
    }
    seen.sort();
    assert_eq!(seen, (1..=20).map(Decimal::from).collect::<Vec<_>>(), "each saw what the others have added");
    assert_eq!(value(&crm, id).await.unwrap(), Decimal::from(20));
    assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 20);
    assert!(runs.load(Ordering::SeqCst) >= 20);
    assert_eq!(in_transaction(&database).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn closures_of_every_kind_can_be_spawned() {
    let database = Database::fresh().await;
    let (crm, acting) = (database.crm.clone(), database.crm.acting_as(admin(&database.crm).await));
    let boxed: Box<dyn Store> = Box::new(crm.clone());
    // Each has its own, for read committed would lose what they add at once.
    let (a, b, c, name) = (lead(&crm).await, lead(&crm).await, lead(&crm).await, "Acme".to_owned());
    let borrowing = tokio::spawn({
        let (crm, name) = (crm.clone(), name.clone());
        async move { crm.retry(async |tx| Ok((add_one(&tx, a).await?, name.len()))).await }
    });
    let copying = tokio::spawn(async move {
        let work = move |tx| async move { add_one(&tx, b).await };
        acting.retry(work).await
    });
    let owning = tokio::spawn(async move {
        let mut runs = 0;
        let work = |tx| {
            runs += 1;
            let name = name.clone();
            async move { add_one(&tx, c).await.map(|_| name) }
        };
        let result = boxed.retry(work).await;
        (runs, result)
    });
    assert_eq!(borrowing.await.unwrap().unwrap(), (Decimal::ONE, 4));
    assert_eq!(copying.await.unwrap().unwrap(), Decimal::ONE);
    let (runs, name) = owning.await.unwrap();
    assert_eq!((runs, name.unwrap()), (1, "Acme".to_owned()));
    assert_eq!(value(&crm, c).await.unwrap(), Decimal::ONE);
}

#[tokio::test]
async fn the_victim_of_a_deadlock_is_run_again() {
    let database = Database::fresh().await;
    let crm = &serializable(&database).await;
    let (a, b) = (lead(crm).await, lead(crm).await);
    let (both, runs) = (Barrier::new(2), Cell::new(0));
    let twice = async |first, second| {
        let met = Cell::new(false);
        let adding = crm.retry(async |tx| {
            runs.set(runs.get() + 1);
            add_one(&tx, first).await?;
            if !met.replace(true) {
                both.wait().await;
            }
            add_one(&tx, second).await
        });
        adding.await
    };
    let (one, two) = tokio::join!(twice(a, b), twice(b, a));
    one.unwrap();
    two.unwrap();
    // And once more where the second run began before the other had committed.
    assert!(runs.get() >= 3);
    for id in [a, b] {
        assert_eq!(value(crm, id).await.unwrap(), Decimal::from(2));
    }
}

#[tokio::test]
async fn a_commit_that_is_refused_is_run_again() {
    let database = Database::fresh().await;
    let crm = serializable(&database).await;
    let (a, b, runs) = (lead(&crm).await, lead(&crm).await, Cell::new(0));
    // Each writes what the other has read, which no order of the two explains.
    let skewed = crm.retry(async |tx| {
        runs.set(runs.get() + 1);
        let sum = value(&tx, a).await? + value(&tx, b).await?;
        set(&tx, a, sum + Decimal::ONE).await?;
        if runs.get() == 1 {
            let other = crm.begin().await?;
            let sum = value(&other, a).await? + value(&other, b).await?;
            set(&other, b, sum + Decimal::TEN).await?;
            other.commit().await?;
        }
        Ok(())
    });
    skewed.await.unwrap();
    assert_eq!(runs.get(), 2);
    assert_eq!(value(&crm, a).await.unwrap(), Decimal::from(11));
}

#[tokio::test]
async fn after_ten_runs_or_the_limit_given_the_last_error_is_returned() {
    let database = Database::fresh().await;
    let crm = serializable(&database).await;
    let (id, runs) = (lead(&crm).await, Cell::new(0_u32));
    let work = async |tx: Attempt| {
        runs.set(runs.get() + 1);
        too_late(&tx, &database.crm, id).await
    };
    for (limit, expected) in [(None, 10), (Some(3), 3), (Some(1), 1)] {
        runs.set(0);
        let error = match limit {
            None => crm.retry(work).await.unwrap_err(),
            Some(limit) => crm.retry_up_to(limit, work).await.unwrap_err(),
        };
        assert_eq!((error.code(), runs.get()), (ErrorCode::Serialization, expected));
    }
    runs.set(0);
    let error = crm.retry_up_to(0, work).await.unwrap_err();
    assert_eq!((error.violations()[0].field.as_str(), runs.get()), ("attempts", 0));
    assert_eq!(value(&crm, id).await.unwrap(), Decimal::from(14), "what somebody else has added");
    assert_eq!(in_transaction(&database).await, 0);
}

#[tokio::test]
async fn any_other_error_rolls_back_and_is_returned_at_once() {
    let database = Database::fresh().await;
    let crm = database.builder().max_connections(1).connect().await.unwrap();
    let (id, runs) = (lead(&crm).await, Cell::new(0));
    let missing = LeadId(id.0 + 1);
    let errors = [
        (Error::internal("mine", None), ErrorCode::Internal),
        (Error::NotFound { entity: crm_core::EntityKind::Lead, id: 7 }, ErrorCode::NotFound),
    ];
    for (error, code) in errors {
        let error = Cell::new(Some(error));
        let failing = crm.retry(async |tx| {
            runs.set(runs.get() + 1);
            add_one(&tx, id).await?;
            Err::<(), _>(error.take().unwrap())
        });
        assert_eq!(failing.await.unwrap_err().code(), code);
    }
    let refused = crm.retry(async |tx| {
        runs.set(runs.get() + 1);
        add_one(&tx, id).await?;
        value(&tx, missing).await
    });
    assert_eq!(refused.await.unwrap_err().code(), ErrorCode::NotFound);
    assert_eq!(runs.get(), 3);
    // The pool's one connection is free again.
    assert_eq!(value(&crm, id).await.unwrap(), Decimal::ZERO);
    assert_eq!(in_transaction(&database).await, 0);
}

#[tokio::test]
async fn a_loss_that_was_swallowed_says_closed_and_is_not_run_again() {
    let database = Database::fresh().await;
    let crm = serializable(&database).await;
    let (id, runs) = (lead(&crm).await, Cell::new(0));
    let swallowing = crm.retry(async |tx| {
        runs.set(runs.get() + 1);
        drop(too_late(&tx, &database.crm, id).await);
        Ok(())
    });
    assert_eq!(swallowing.await.unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(runs.get(), 1);
}

#[tokio::test]
async fn a_transaction_that_is_kept_is_not_committed() {
    let database = Database::fresh().await;
    let crm = database.builder().max_connections(1).connect().await.unwrap();
    let (id, kept) = (lead(&crm).await, Cell::new(None));
    let keeping = crm.retry(async |tx| {
        add_one(&tx, id).await?;
        kept.set(Some(tx));
        Ok(())
    });
    assert_eq!(keeping.await.unwrap_err().code(), ErrorCode::Closed);
    drop(kept.take());
    assert_eq!(value(&crm, id).await.unwrap(), Decimal::ZERO);
}

#[tokio::test]
async fn dropped_in_a_run_or_between_two_it_is_rolled_back_and_the_pool_is_clean() {
    let database = Database::fresh().await;
    let url = format!("{}&options[default_transaction_isolation]=serializable", database.url);
    let crm = Crm::builder(url).max_connections(1).connect().await.unwrap();
    let (id, reached) = (lead(&crm).await, Notify::new());
    let waiting = crm.retry(async |tx| {
        add_one(&tx, id).await?;
        reached.notify_one();
        std::future::pending::<Result<()>>().await
    });
    tokio::select! {
        biased;
        _ = waiting => panic!("it waits for ever"),
        () = reached.notified() => {}
    }
    // The one connection comes back, rolled back or closed.
    assert_eq!(value(&crm, id).await.unwrap(), Decimal::ZERO);

    let mut losing = Box::pin(crm.retry_up_to(u32::MAX, async |tx| {
        let lost = too_late(&tx, &database.crm, id).await;
        reached.notify_one();
        lost
    }));
    for _ in 0..5 {
        tokio::select! {
            biased;
            _ = &mut losing => panic!("it never wins"),
            () = reached.notified() => {}
        }
    }
    // Rolled back it is in the pause: the connection is there for others.
    let free = tokio::time::timeout(Duration::from_mins(1), async {
        loop {
            assert!(losing.as_mut().now_or_never().is_none(), "it never wins");
            if in_transaction(&database).await == 0 {
                break;
            }
        }
    });
    free.await.unwrap();
    drop(losing);
    assert_eq!(crm.retry(async |tx| value(&tx, id).await).await.unwrap(), value(&crm, id).await.unwrap());
    assert_eq!(in_transaction(&database).await, 0);
}

async fn admin(crm: &Crm) -> crm_core::UserId {
    let role = crm_core::Role::Admin;
    let new = NewUser::new("Ann", "ann@example.com", Password::new("correct horse"));
    crm.users().create(NewUser { role, ..new }.validate().unwrap()).await.unwrap().id
}

#[tokio::test]
async fn a_user_runs_again_in_the_own_name_and_what_is_forbidden_is_not_tried_twice() {
    let database = Database::fresh().await;
    let trusted = serializable(&database).await;
    let ann = admin(&trusted).await;
    let crm = trusted.acting_as(ann);
    let (id, runs) = (lead(&crm).await, Cell::new(0));
    let late_once = crm.retry(async |tx| {
        runs.set(runs.get() + 1);
        if runs.get() == 1 {
            too_late(&tx, &database.crm, id).await
        } else {
            set(&tx, id, Decimal::TEN).await
        }
    });
    late_once.await.unwrap();
    let lead = crm.leads().get(id).await.unwrap();
    assert_eq!((runs.get(), lead.updated_by, lead.value), (2, Some(ann), Some(Decimal::TEN)));

    let gone = trusted.acting_as(crm_core::UserId(ann.0 + 1));
    let refused = gone.retry(async |tx| {
        runs.set(99);
        value(&tx, id).await
    });
    assert_eq!(refused.await.unwrap_err().code(), ErrorCode::PermissionDenied);
    assert_eq!(runs.get(), 2);
}

#[tokio::test]
async fn a_function_over_any_store_is_run_again_on_the_one_in_memory_too() {
    async fn add_one_late(crm: &dyn Store, id: LeadId, runs: &Cell<u32>) -> Result<Decimal> {
        crm.retry(async |tx| {
            runs.set(runs.get() + 1);
            let added = add_one(&tx, id).await?;
            if runs.get() == 1 {
                add_one(crm, id).await?;
            }
            Ok(added)
        })
        .await
    }
    let crm = MemoryStore::default();
    let (id, runs) = (lead(&crm).await, Cell::new(0));
    assert_eq!(add_one_late(&crm, id, &runs).await.unwrap(), Decimal::TWO);
    assert_eq!(runs.get(), 2);
}
