//! Nested transactions on PostgreSQL: what ends one alone, what ends all, and who waits for whom.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crm_core::{
    Customer, CustomerFilter, CustomerId, CustomerPatch, Error, ErrorCode, NewCustomer, NewLead, NewUser,
    PasswordHash, Repositories, Result, Role, Transaction, UserId, Validate as _,
};
use crm_postgres::{Crm, Retry as _, Tx};
use crm_tests::{Database, amount};
use futures_util::future::{self, BoxFuture};
use futures_util::{FutureExt as _, TryStreamExt as _};

use crate::sessions::{kill, wait_for};

async fn create(crm: &dyn Repositories, name: &str) -> Result<CustomerId> {
    Ok(crm.customers().create(NewCustomer::new(name).validate()?).await?.id)
}

async fn rename(crm: &dyn Repositories, id: CustomerId, name: &str) -> Result<Customer> {
    let patch = CustomerPatch { name: name.into(), ..CustomerPatch::default() };
    crm.customers().update(id, patch.validate()?, None).await
}

/// Creates a lead that a foreign key refuses.
async fn refused(crm: &dyn Repositories) -> Error {
    let lead = NewLead { customer_id: Some(CustomerId(0)), ..NewLead::new("Deal") };
    crm.leads().create(lead.validate().unwrap()).await.unwrap_err()
}

async fn count(crm: &dyn Repositories) -> Result<i64> {
    crm.customers().count(&CustomerFilter::default()).await
}

async fn is_closed(crm: &dyn Repositories) -> bool {
    count(crm).await.is_err_and(|error| error.code() == ErrorCode::Closed)
}

async fn admin(crm: &Crm) -> UserId {
    let hash = PasswordHash::new(format!("$2b$10${}", ".".repeat(53)));
    let admin = NewUser { role: Role::Admin, ..NewUser::new("Ada", "ada@example.com", hash) };
    crm.users().create(admin.validate().unwrap()).await.unwrap().id
}

#[tokio::test]
async fn a_deadlock_undoes_only_the_nested_transaction() {
    let database = Database::fresh().await;
    let (a, b) = (create(&database.crm, "a").await.unwrap(), create(&database.crm, "b").await.unwrap());
    let mut other = database.connection().await;
    // So that it is not the other one that the server breaks off.
    let lock =
        format!("set deadlock_timeout = '1min'; begin; select from crm.customers where id = {b} for update");
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut other).await.unwrap();
    let tx = database.crm.begin().await.unwrap();
    create(&tx, "outer").await.unwrap();
    let nested = tx.begin().await.unwrap();
    rename(&nested, a, "nested").await.unwrap();
    let theirs = tokio::spawn(async move {
        let lock = format!("select from crm.customers where id = {a} for update; commit");
        sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut other).await.unwrap();
    });
    wait_for(&database, "wait_event_type = 'Lock'", 1).await;
    assert_eq!(rename(&nested, b, "nested").await.unwrap_err().code(), ErrorCode::Serialization);
    // The savepoint let go of the row that they wait for.
    theirs.await.unwrap();
    assert!(is_closed(&nested).await);
    assert_eq!(count(&tx).await.unwrap(), 3);
    tx.commit().await.unwrap();
    let names = database.crm.customers().stream(CustomerFilter::default(), crm_core::Order::default());
    let mut names: Vec<_> = names.map_ok(|customer| customer.name).try_collect().await.unwrap();
    names.sort();
    assert_eq!(names, ["a", "b", "outer"]);
}

#[tokio::test]
async fn a_serialization_failure_finishes_all_of_it() {
    let database = Database::fresh().await;
    let id = create(&database.crm, "Acme").await.unwrap();
    let url = format!("{}&options[default_transaction_isolation]=serializable", database.url);
    let crm = Crm::connect(url).await.unwrap();
    let tx = crm.begin().await.unwrap();
    create(&tx, "outer").await.unwrap();
    rename(&database.crm, id, "theirs").await.unwrap();
    let nested = tx.begin().await.unwrap();
    assert_eq!(rename(&nested, id, "mine").await.unwrap_err().code(), ErrorCode::Serialization);
    assert!(is_closed(&nested).await && is_closed(&tx).await);
    assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(count(&database.crm).await.unwrap(), 1);
}

#[tokio::test]
async fn a_call_that_is_dropped_times_out_or_loses_its_connection_finishes_all_of_it() {
    let database = Database::fresh().await;
    let id = create(&database.crm, "Acme").await.unwrap();
    let mut locker = database.connection().await;
    sqlx::raw_sql("begin; select from crm.customers for update").execute(&mut locker).await.unwrap();
    let late = database.builder().call_timeout(Duration::from_millis(300)).connect().await.unwrap();
    let slow = database.builder().statement_timeout(Duration::from_millis(300)).connect().await.unwrap();
    for (crm, expected) in [
        (&database.crm, None),
        (&late, Some(ErrorCode::Timeout)),
        (&slow, Some(ErrorCode::Timeout)),
        (&database.crm, Some(ErrorCode::Unavailable)),
    ] {
        let tx = crm.begin().await.unwrap();
        create(&tx, "outer").await.unwrap();
        let nested = tx.begin().await.unwrap();
        let innermost = nested.begin().await.unwrap();
        create(&innermost, "innermost").await.unwrap();
        let call = rename(&innermost, id, "mine");
        match expected {
            None => assert!(call.now_or_never().is_none()),
            Some(ErrorCode::Unavailable) => {
                let end = async {
                    wait_for(&database, "wait_event_type = 'Lock'", 1).await;
                    let kill = "select pg_terminate_backend(pid) from pg_stat_activity
                                where datname = current_database() and wait_event_type = 'Lock'";
                    database.execute(kill).await;
                };
                assert_eq!(tokio::join!(call, end).0.unwrap_err().code(), ErrorCode::Unavailable);
            }
            Some(code) => assert_eq!(call.await.unwrap_err().code(), code),
        }
        assert!(is_closed(&innermost).await && is_closed(&nested).await && is_closed(&tx).await);
        assert_eq!(tx.begin().await.unwrap_err().code(), ErrorCode::Closed);
        assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Closed);
        assert_eq!(count(&database.crm).await.unwrap(), 1);
    }
    // The locker is the only one that is left in a transaction.
    wait_for(&database, "xact_start is not null", 1).await;
}

#[tokio::test]
async fn what_is_dropped_is_undone_before_the_next_statement() {
    let database = Database::fresh().await;
    for next in 0..5 {
        let tx = database.crm.begin().await.unwrap();
        create(&tx, "outer").await.unwrap();
        let nested = tx.begin().await.unwrap();
        create(&nested, "nested").await.unwrap();
        let innermost = nested.begin().await.unwrap();
        create(&innermost, "innermost").await.unwrap();
        if next % 2 == 0 {
            drop((nested, innermost));
        } else {
            drop((innermost, nested));
        }
        match next {
            0 => assert_eq!(count(&tx).await.unwrap(), 1),
            1 => assert_eq!(count(&tx.begin().await.unwrap()).await.unwrap(), 1),
            2 => {
                let seen: i64 =
                    sqlx::query_scalar("select count(*) from crm.customers").fetch_one(&tx).await.unwrap();
                assert_eq!(seen, 1);
            }
            3 => tx.begin().await.unwrap().commit().await.unwrap(),
            _ => {}
        }
        tx.commit().await.unwrap();
        assert_eq!(count(&database.crm).await.unwrap(), 1, "after {next}");
        database.execute("delete from crm.customers").await;
    }
}

#[tokio::test]
async fn of_a_dropped_one_the_nested_one_inside_can_do_nothing_more() {
    let database = Database::fresh().await;
    let tx = database.crm.begin().await.unwrap();
    let nested = tx.begin().await.unwrap();
    let innermost = nested.begin().await.unwrap();
    create(&innermost, "innermost").await.unwrap();
    drop(nested);
    assert!(is_closed(&innermost).await);
    assert_eq!(innermost.commit().await.unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(count(&tx).await.unwrap(), 0);
    let nested = tx.begin().await.unwrap();
    create(&nested, "nested").await.unwrap();
    drop(tx);
    assert!(is_closed(&nested).await);
    assert_eq!(nested.begin().await.unwrap_err().code(), ErrorCode::Closed);
    wait_for(&database, "xact_start is not null", 0).await;
    assert_eq!(count(&database.crm).await.unwrap(), 0);
}

#[tokio::test]
async fn siblings_wait_for_their_turn() {
    let database = Database::fresh().await;
    let tx = database.crm.begin().await.unwrap();
    let siblings = (0..20).map(|n| {
        let tx = &tx;
        async move {
            let nested = tx.begin().await?;
            create(&nested, &n.to_string()).await?;
            tokio::task::yield_now().await;
            match n % 4 {
                0 => nested.rollback().await,
                1 => {
                    drop(nested);
                    Ok(())
                }
                2 => {
                    assert_eq!(refused(&nested).await.code(), ErrorCode::MissingReference);
                    Ok(())
                }
                _ => nested.commit().await,
            }
        }
    });
    future::try_join_all(siblings).await.unwrap();
    assert_eq!(count(&tx).await.unwrap(), 5);
    tx.commit().await.unwrap();
    assert_eq!(count(&database.crm).await.unwrap(), 5);
}

#[tokio::test]
async fn a_sibling_waits_no_longer_than_the_call_timeout_and_nothing_is_finished() {
    let database = Database::fresh().await;
    let crm = database.builder().call_timeout(Duration::from_millis(300)).connect().await.unwrap();
    let tx = crm.begin().await.unwrap();
    let nested = tx.begin().await.unwrap();
    assert_eq!(tx.begin().await.unwrap_err().code(), ErrorCode::Timeout);
    // Nor is anything finished by one that does not wait so long.
    assert!(tx.begin().now_or_never().is_none());
    create(&nested, "nested").await.unwrap();
    nested.commit().await.unwrap();
    let next = tx.begin().await.unwrap();
    create(&next, "next").await.unwrap();
    next.commit().await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&database.crm).await.unwrap(), 2);
}

#[tokio::test]
async fn a_sibling_that_waits_finds_the_outer_one_finished() {
    let database = Database::fresh().await;
    for commits in [true, false] {
        let tx = Arc::new(database.crm.begin().await.unwrap());
        let nested = tx.begin().await.unwrap();
        create(&nested, "nested").await.unwrap();
        let waiting = tokio::spawn({
            let tx = tx.clone();
            async move { tx.begin().await.map(drop) }
        });
        tokio::task::yield_now().await;
        if commits {
            assert_eq!(tx.commit_shared().await.unwrap_err().code(), ErrorCode::Closed);
        } else {
            tx.rollback_shared().await.unwrap();
        }
        assert_eq!(waiting.await.unwrap().unwrap_err().code(), ErrorCode::Closed);
        assert!(is_closed(&nested).await);
        assert_eq!(count(&database.crm).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn committing_around_an_open_one_is_refused_and_undoes_everything() {
    let database = Database::fresh().await;
    let tx = database.crm.begin().await.unwrap();
    let nested = tx.begin().await.unwrap();
    let innermost = nested.begin().await.unwrap();
    create(&innermost, "innermost").await.unwrap();
    assert_eq!(nested.commit().await.unwrap_err().code(), ErrorCode::Closed);
    assert!(is_closed(&innermost).await);
    assert_eq!(count(&tx).await.unwrap(), 0);
    create(&tx, "outer").await.unwrap();
    let nested = tx.begin().await.unwrap();
    assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Closed);
    assert!(is_closed(&nested).await);
    assert_eq!(nested.commit().await.unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(count(&database.crm).await.unwrap(), 0);
    wait_for(&database, "xact_start is not null", 0).await;
}

#[tokio::test]
async fn undoing_leaves_role_and_actor_as_they_were() {
    let database = Database::fresh().await;
    let ada = admin(&database.crm).await;
    let tx = database.crm.acting_as(ada).begin().await.unwrap();
    let who = async |tx: &Tx| -> (String, String) {
        let who = sqlx::query_as("select current_user::text, current_setting('crm.actor')");
        who.fetch_one(tx).await.unwrap()
    };
    let expected = ("crm_admin".to_owned(), ada.to_string());
    for _ in 0..2 {
        let nested = tx.begin().await.unwrap();
        assert_eq!(who(&nested).await, expected);
        assert_eq!(refused(&nested).await.code(), ErrorCode::MissingReference);
        assert_eq!(who(&tx).await, expected);
        tx.begin().await.unwrap().commit().await.unwrap();
        assert_eq!(who(&tx).await, expected);
    }
    let id = create(&tx, "Acme").await.unwrap();
    assert_eq!(tx.customers().get(id).await.unwrap().created_by, Some(ada));
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_batch_names_its_refused_row_and_undoes_only_the_nested_transaction() {
    let database = Database::fresh().await;
    let tx = database.crm.begin().await.unwrap();
    for rows in [2, 1_000] {
        create(&tx, "outer").await.unwrap();
        let nested = tx.begin().await.unwrap();
        create(&nested, "nested").await.unwrap();
        let leads = (0..rows).map(|n| NewLead {
            customer_id: (n == rows - 1).then_some(CustomerId(0)),
            ..NewLead::new("Deal")
        });
        let error = nested.leads().create_many(crm_core::Valid::all(leads).unwrap()).await.unwrap_err();
        assert_eq!(error.field(), Some(&*format!("[{}].customer_id", rows - 1)));
        assert!(is_closed(&nested).await);
    }
    assert_eq!(count(&tx).await.unwrap(), 2);
    tx.commit().await.unwrap();
    assert_eq!(count(&database.crm).await.unwrap(), 2);
}

#[tokio::test]
async fn an_attempt_nests_and_is_run_again_after_a_deadlock_that_comes_out_of_it() {
    let database = Database::fresh().await;
    let runs = AtomicUsize::new(0);
    let result = database.crm.retry(async |tx| {
        let nested = tx.begin().await?;
        create(&*nested, "undone").await?;
        assert_eq!(refused(&*nested).await.code(), ErrorCode::MissingReference);
        let nested = tx.begin().await?;
        create(&*nested, "kept").await?;
        if runs.fetch_add(1, Ordering::SeqCst) == 0 {
            return Err(Error::Serialization("somebody was faster".to_owned()));
        }
        nested.commit().await
    });
    result.await.unwrap();
    assert_eq!((runs.load(Ordering::SeqCst), count(&database.crm).await.unwrap()), (2, 1));
}

/// Takes some steps at random in a transaction, nested ones among them; returns the names of the customers that are there afterwards.
fn steps<'t>(
    tx: &'t dyn Transaction,
    depth: u8,
    prefix: &'t str,
    random: &'t mut fastrand::Rng,
) -> BoxFuture<'t, Result<Vec<String>>> {
    Box::pin(async move {
        let mut kept = Vec::new();
        for _ in 0..random.usize(1..4) {
            match random.u8(..6) {
                0 | 1 if depth < 4 => {
                    let nested = tx.begin().await?;
                    match steps(&*nested, depth + 1, prefix, random).await {
                        Ok(names) => match random.u8(..4) {
                            0 => drop(nested),
                            1 => nested.rollback().await?,
                            _ => {
                                nested.commit().await?;
                                kept.extend(names);
                            }
                        },
                        // It was undone, and this one goes on.
                        Err(error) if error.code() == ErrorCode::MissingReference => {}
                        Err(error) => return Err(error),
                    }
                }
                2 if depth > 0 => return Err(refused(tx).await),
                _ => {
                    let name = format!("{prefix} {}", random.u64(..));
                    create(tx, &name).await?;
                    kept.push(name);
                }
            }
        }
        Ok(kept)
    })
}

/// Takes all steps of a transaction; returns what must be there, or nothing where that is not known.
async fn whole(
    crm: &Crm,
    actor: Option<UserId>,
    prefix: &str,
    mut random: fastrand::Rng,
) -> Option<Vec<String>> {
    let limit = random.bool().then(|| Duration::from_micros(random.u64(..20_000)));
    let work = async {
        let tx = match actor {
            Some(actor) => crm_core::Store::begin(&crm.acting_as(actor)).await?,
            None => crm_core::Store::begin(crm).await?,
        };
        let kept = steps(&*tx, 0, prefix, &mut random).await?;
        tx.commit().await.map(|()| kept)
    };
    let ended = match limit {
        None => work.await,
        Some(limit) => tokio::time::timeout(limit, work).await.ok()?,
    };
    match ended {
        Ok(kept) => Some(kept),
        Err(error) => {
            // A nested one that could not be undone has finished all of it, of which the next call hears.
            assert!([ErrorCode::Unavailable, ErrorCode::Closed].contains(&error.code()), "{error}");
            (!error.outcome_unknown()).then(Vec::new)
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_storm_of_nested_transactions_keeps_all_that_was_committed_and_nothing_else() {
    let seed = std::env::var("CRM_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("to let the same calls loose: CRM_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let database = Arc::new(Database::fresh().await);
    let ada = admin(&database.crm).await;
    let crm = database.builder().application_name("storm").max_connections(4).connect().await.unwrap();
    let killer = tokio::spawn({
        let (database, mut random) = (database.clone(), random.fork());
        async move {
            let mut connection = database.connection().await;
            loop {
                tokio::time::sleep(Duration::from_millis(random.u64(5..40))).await;
                let kill = "select pg_terminate_backend(pid) from pg_stat_activity
                            where datname = current_database() and application_name = 'storm' order by random() limit 1";
                sqlx::query(kill).execute(&mut connection).await.unwrap();
            }
        }
    });
    let tasks = (0..amount(200, 3_000)).map(|n| {
        let (crm, random) = (crm.clone(), random.fork());
        tokio::spawn(async move {
            let prefix = format!("task {n}");
            let kept = whole(&crm, (n % 2 == 0).then_some(ada), &prefix, random).await;
            (prefix, kept)
        })
    });
    let ended = future::try_join_all(tasks.collect::<Vec<_>>()).await.unwrap();
    killer.abort();
    drop(killer.await);
    wait_for(&database, "application_name = 'storm' and state <> 'idle'", 0).await;
    let mut connection = database.connection().await;
    let (mut done, mut undone) = (0, 0);
    for (prefix, kept) in ended {
        let Some(mut kept) = kept else { continue };
        let stored = sqlx::query_scalar("select name from crm.customers where name like $1 || ' %'");
        let mut stored: Vec<String> = stored.bind(&prefix).fetch_all(&mut connection).await.unwrap();
        kept.sort();
        stored.sort();
        assert_eq!(stored, kept, "{prefix}");
        *(if kept.is_empty() { &mut undone } else { &mut done }) += 1;
    }
    println!("{done} done, {undone} undone");
    assert!(done > 0, "this was no storm");
    kill(&database).await;
}
