//! The pool and what becomes of a call that fails, is dropped or takes too long.

use std::time::Duration;

use crm_core::{
    Customer, CustomerFilter, CustomerPatch, ErrorCode, List, NewCustomer, Order, Patch, Repositories,
    Validate,
};
use crm_postgres::{Crm, PgPool};
use crm_tests::{Database, Proxy};
use futures_util::{StreamExt as _, future};
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::sessions::{count, kill_all, wait_for};

const SHORT: Duration = Duration::from_millis(100);

/// Is long enough for a call on a machine that does much else, and short enough to wait for.
const LIMIT: Duration = Duration::from_millis(750);

async fn customer(crm: &Crm) -> Customer {
    crm.customers().create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap()
}

fn rename(name: &str) -> crm_core::Valid<CustomerPatch> {
    CustomerPatch { name: Patch::Set(name.to_owned()), ..Default::default() }.validate().unwrap()
}

/// Holds the table of customers, so that every call on it waits.
async fn lock_customers(database: &Database) -> PgConnection {
    let mut connection = database.connection().await;
    connection.execute("begin; lock table crm.customers in access exclusive mode").await.unwrap();
    connection
}

#[tokio::test]
async fn a_pool_of_two_serves_two_hundred_concurrent_calls() {
    let database = Database::fresh().await;
    let crm = database.builder().max_connections(2).connect().await.unwrap();
    let id = customer(&crm).await.id;
    let calls = (0..200).map(|n| {
        let crm = crm.clone();
        tokio::spawn(async move {
            match n % 4 {
                0 => crm.customers().update(id, rename(&format!("Acme {n}")), None).await.map(drop),
                1 => crm.customers().list(&List::new()).await.map(drop),
                2 => crm.customers().create(NewCustomer::new("More").validate().unwrap()).await.map(drop),
                _ => crm.customers().get(id).await.map(drop),
            }
        })
    });
    for call in future::join_all(calls).await {
        call.unwrap().unwrap();
    }
    assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 51);
    assert_eq!(crm.customers().get(id).await.unwrap().version, 51);
}

#[tokio::test]
async fn a_call_that_gets_no_connection_times_out() {
    let database = Database::fresh().await;
    let crm = database.builder().max_connections(2).acquire_timeout(LIMIT).connect().await.unwrap();
    let held = (crm.begin().await.unwrap(), crm.begin().await.unwrap());
    let error = crm.customers().list(&List::new()).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    assert!(error.retryable() && !error.outcome_unknown());
    held.0.rollback().await.unwrap();
    crm.customers().list(&List::new()).await.unwrap();
}

#[tokio::test]
async fn a_dropped_call_leaves_no_connection_behind_and_its_work_stops() {
    let database = Database::fresh().await;
    let crm = database.builder().max_connections(1).connect().await.unwrap();
    let id = customer(&crm).await.id;
    let lock = lock_customers(&database).await;
    let write = crm.customers().update(id, rename("Dropped"), None);
    tokio::time::timeout(SHORT, write).await.unwrap_err();
    // The lock is still held: the server gives up because the client is gone, not because the call has come through.
    wait_for(&database, "wait_event_type = 'Lock'", 0).await;
    lock.close().await.unwrap();
    assert_eq!(crm.customers().get(id).await.unwrap().name, "Acme");
    assert_eq!(count(&database, "state <> 'idle'").await, 0);
}

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back_and_its_connection_serves_on() {
    let database = Database::fresh().await;
    let crm = database.builder().max_connections(1).connect().await.unwrap();
    for _ in 0..3 {
        let tx = crm.begin().await.unwrap();
        tx.customers().create(NewCustomer::new("Nobody").validate().unwrap()).await.unwrap();
        drop(tx);
        assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 0);
    }
    assert_eq!(count(&database, "state <> 'idle'").await, 0);
}

#[tokio::test]
async fn a_call_dropped_in_a_transaction_finishes_it() {
    let database = Database::fresh().await;
    let crm = database.builder().max_connections(1).connect().await.unwrap();
    let id = customer(&crm).await.id;
    let tx = crm.begin().await.unwrap();
    let lock = lock_customers(&database).await;
    tokio::time::timeout(SHORT, tx.customers().get(id)).await.unwrap_err();
    lock.close().await.unwrap();
    assert_eq!(tx.customers().get(id).await.unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(crm.customers().get(id).await.unwrap().name, "Acme");
}

#[tokio::test]
async fn a_stream_that_is_left_early_frees_its_connection() {
    let database = Database::fresh().await;
    let crm = database.builder().max_connections(1).connect().await.unwrap();
    let many = (0..2_500).map(|n| NewCustomer::new(format!("Customer {n}")));
    crm.customers().create_many(crm_core::Valid::all(many).unwrap()).await.unwrap();
    let mut stream = crm.customers().stream(CustomerFilter::default(), Order::default());
    assert_eq!(stream.next().await.unwrap().unwrap().name, "Customer 2499");
    drop(stream);
    assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 2_500);
    let all: Vec<_> = crm.customers().stream(CustomerFilter::default(), Order::default()).collect().await;
    assert_eq!(all.len(), 2_500);
    assert_eq!(count(&database, "state <> 'idle'").await, 0);
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_a_timeout_and_says_whether_the_outcome_is_known() {
    let database = Database::fresh().await;
    let id = customer(&database.crm).await.id;
    let crm = database.builder().call_timeout(LIMIT).connect().await.unwrap();
    let lock = lock_customers(&database).await;
    let read = crm.customers().get(id).await.unwrap_err();
    assert_eq!((read.code(), read.outcome_unknown(), read.retryable()), (ErrorCode::Timeout, false, true));
    let write = crm.customers().update(id, rename("Late"), None).await.unwrap_err();
    assert_eq!((write.code(), write.outcome_unknown(), write.retryable()), (ErrorCode::Timeout, true, false));
    lock.close().await.unwrap();
    crm.customers().get(id).await.unwrap();
}

#[tokio::test]
async fn a_statement_timeout_is_a_timeout_whose_outcome_is_known() {
    let database = Database::fresh().await;
    let id = customer(&database.crm).await.id;
    let crm = database.builder().max_connections(1).statement_timeout(LIMIT).connect().await.unwrap();
    let lock = lock_customers(&database).await;
    let error = crm.customers().update(id, rename("Late"), None).await.unwrap_err();
    assert_eq!((error.code(), error.outcome_unknown()), (ErrorCode::Timeout, false));
    lock.close().await.unwrap();
    assert_eq!(crm.customers().get(id).await.unwrap().name, "Acme");
}

#[tokio::test]
async fn a_call_over_connections_that_the_server_has_closed_is_made_on_another() {
    let database = Database::fresh().await;
    let crm = database.builder().connect().await.unwrap();
    let id = customer(&crm).await.id;
    let held = (crm.begin().await.unwrap(), crm.begin().await.unwrap());
    held.0.commit().await.unwrap();
    held.1.commit().await.unwrap();
    kill_all(&database).await;
    assert_eq!(crm.customers().get(id).await.unwrap().name, "Acme");
    kill_all(&database).await;
    crm.begin().await.unwrap().rollback().await.unwrap();
    for version in 2..=21 {
        kill_all(&database).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(crm.customers().update(id, rename("Written"), None).await.unwrap().version, version);
    }
}

/// Makes a statement that the session does not know, or whose name it has already.
const SPOILED: [(&str, &str); 2] = [
    ("deallocate", "deallocate all"),
    (
        "take",
        "do $$ begin
           for n in 1..200 loop
             if not exists (select from pg_catalog.pg_prepared_statements where name = 'sqlx_s_' || n) then
               execute 'prepare sqlx_s_' || n || ' as select 1';
             end if;
           end loop;
         end $$",
    ),
];

#[tokio::test]
async fn a_statement_whose_name_is_gone_or_taken_closes_the_connection_and_was_not_done() {
    let database = Database::fresh().await;
    for (what, spoil) in SPOILED {
        let crm = database.builder().max_connections(1).connect().await.unwrap();
        let id = customer(&crm).await.id;
        let spoiled = async || {
            let tx = crm.begin().await.unwrap();
            (&tx).execute(spoil).await.unwrap();
            tx
        };
        // A statement that the connection knows finds no name, and one that it does not know finds its name taken.
        let write = async |name: &str| match what {
            "deallocate" => customer_named(&crm, name).await.map(drop),
            _ => crm.customers().update(id, rename(name), None).await.map(drop),
        };
        spoiled().await.commit().await.unwrap();
        let error = write("Refused").await.unwrap_err();
        assert_eq!((error.code(), error.retryable()), (ErrorCode::Unavailable, true), "{what}: {error}");
        write("Again").await.unwrap();

        // A read is repeated.
        if what == "deallocate" {
            crm.customers().get(id).await.unwrap();
        }
        spoiled().await.commit().await.unwrap();
        assert_eq!(crm.customers().get(id).await.unwrap().id, id, "{what}");

        customer(&crm).await;
        let tx = spoiled().await;
        let error = match what {
            "deallocate" => {
                tx.customers().create(NewCustomer::new("Lost").validate().unwrap()).await.map(drop)
            }
            _ => tx.customers().delete(id).await,
        };
        assert_eq!(error.unwrap_err().code(), ErrorCode::Unavailable, "{what}");
        assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Closed);
        let names = crm.customers().list(&List::new()).await.unwrap().items;
        assert!(names.iter().all(|row| row.name != "Lost" && row.name != "Refused"), "{what}");
        crm.close().await;
    }
}

async fn customer_named(crm: &Crm, name: &str) -> crm_core::Result<Customer> {
    crm.customers().create(NewCustomer::new(name).validate().unwrap()).await
}

#[tokio::test]
async fn a_transaction_that_the_server_ends_because_it_was_idle_is_a_timeout_that_names_the_setting() {
    let database = Database::fresh().await;
    let limit = "do $$ begin execute pg_catalog.format(
        'alter database %I set idle_in_transaction_session_timeout = 500', current_database()); end $$";
    database.execute(limit).await;
    database.crm.close().await;
    let proxy = Proxy::before(&database.url).await;
    for url in [database.url.clone(), proxy.url()] {
        let crm = Crm::builder(url).max_connections(1).connect().await.unwrap();
        let idle_after = async |last: &str| {
            let tx = crm.begin().await.unwrap();
            tx.customers().create(NewCustomer::new("Idle").validate().unwrap()).await.unwrap();
            match last {
                "host" => drop(sqlx::query("select 1").execute(&tx).await.unwrap()),
                "nested" => drop(tx.begin().await.unwrap()),
                _ => {}
            }
            wait_for(&database, "true", 0).await;
            tx
        };
        let is_named = |error: &crm_core::Error| {
            assert_eq!((error.code(), error.outcome_unknown()), (ErrorCode::Timeout, false), "{error}");
            let message = error.to_string();
            assert!(message.contains("idle_in_transaction_session_timeout"), "{message}");
        };
        let tx = idle_after("call").await;
        is_named(&tx.customers().list(&List::new()).await.unwrap_err());
        assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Closed);
        is_named(&idle_after("call").await.commit().await.unwrap_err());
        // The first message may be the check after SQL of the host, or the end of a nested transaction that was dropped.
        let tx = idle_after("host").await;
        is_named(&tx.customers().list(&List::new()).await.unwrap_err());
        let tx = idle_after("nested").await;
        is_named(&tx.commit().await.unwrap_err());
        assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_first_call_that_finds_its_connection_dead_takes_another() {
    let database = Database::fresh().await;
    for writes in [false, true] {
        let crm = database.builder().connect().await.unwrap();
        kill_all(&database).await;
        if writes {
            customer(&crm).await;
        } else {
            crm.customers().count(&CustomerFilter::default()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_connection_lost_in_a_transaction_finishes_it() {
    let database = Database::fresh().await;
    let crm = database.builder().connect().await.unwrap();
    let tx = crm.begin().await.unwrap();
    tx.customers().create(NewCustomer::new("Lost").validate().unwrap()).await.unwrap();
    kill_all(&database).await;
    // Nothing of a transaction that was not committed can have been applied.
    let error = tx.customers().create(NewCustomer::new("Lost").validate().unwrap()).await.unwrap_err();
    assert_eq!((error.code(), error.outcome_unknown()), (ErrorCode::Unavailable, false));
    assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_deadlock_is_a_serialization_error_for_one_and_finishes_its_transaction() {
    let database = Database::fresh().await;
    let crm = &database.crm;
    let (a, b) = (customer(crm).await.id, customer(crm).await.id);
    let (one, two) = (crm.begin().await.unwrap(), crm.begin().await.unwrap());
    one.customers().update(a, rename("one"), None).await.unwrap();
    two.customers().update(b, rename("two"), None).await.unwrap();
    let (first, second) = tokio::join!(one.customers().update(b, rename("one"), None), async {
        let result = two.customers().update(a, rename("two"), None).await;
        match result {
            Ok(_) => two.commit().await.map(|()| None),
            Err(error) => Ok(Some((error, two.commit().await))),
        }
    });
    let (error, commit) = match (first, second.unwrap()) {
        (Err(error), None) => (error, one.commit().await),
        (Ok(_), Some(failed)) => failed,
        both => panic!("exactly one loses: {both:?}"),
    };
    assert_eq!((error.code(), error.retryable()), (ErrorCode::Serialization, true));
    assert_eq!(commit.unwrap_err().code(), ErrorCode::Closed);
}

#[tokio::test]
async fn a_closed_handle_says_so_and_closing_again_changes_nothing() {
    let database = Database::fresh().await;
    let clone = database.crm.clone();
    database.crm.close().await;
    database.crm.close().await;
    assert_eq!(clone.customers().list(&List::new()).await.unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(clone.begin().await.map(drop).unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(count(&database, "true").await, 0);
}

#[tokio::test]
async fn idle_connections_are_closed_down_to_the_minimum() {
    let database = Database::fresh().await;
    database.crm.close().await;
    let crm = database.builder().min_connections(2).idle_timeout(SHORT).connect().await.unwrap();
    let tx = future::join_all((0..5).map(|_| crm.begin())).await;
    assert_eq!(count(&database, "true").await, 5);
    for tx in tx {
        tx.unwrap().rollback().await.unwrap();
    }
    wait_for(&database, "true", 2).await;
    crm.close().await;
    drop(crm);
    let crm = database.builder().idle_timeout(SHORT).connect().await.unwrap();
    wait_for(&database, "true", 0).await;
    crm.customers().list(&List::new()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let database = Database::fresh().await;
    let nowhere = database.url.replace("host=", "host=/nowhere");
    let missing = database.url.replacen("/test_", "/no_test_", 1);
    let refused = "postgres://crm:secret@127.0.0.1:1/crm".to_owned();
    for (url, retryable) in [(nowhere, true), (missing, false), (refused, true)] {
        let error = Crm::connect(url).await.unwrap_err();
        assert_eq!((error.code(), error.retryable()), (ErrorCode::Unavailable, retryable), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}

#[tokio::test]
async fn a_refused_login_is_not_retryable_and_a_server_without_room_is() {
    let database = Database::fresh().await;
    let roles = "create role pool_no_login; create role pool_not_here login; create role pool_limited login connection limit 0;
        do $$ begin
          execute pg_catalog.format('revoke connect on database %I from public', current_database());
          execute pg_catalog.format('grant connect on database %I to pool_limited', current_database());
        end $$";
    database.execute(roles).await;
    let logins =
        [("pool_nobody", false), ("pool_no_login", false), ("pool_not_here", false), ("pool_limited", true)];
    for (login, retryable) in logins {
        let url = database.url.replacen("postgres@", &format!("{login}@"), 1);
        let error = Crm::connect(url).await.unwrap_err();
        assert_eq!((error.code(), error.retryable()), (ErrorCode::Unavailable, retryable), "{error}");
    }
    database
        .execute(
            "do $$ begin
               execute pg_catalog.format('grant connect on database %I to public', current_database());
               execute pg_catalog.format('revoke connect on database %I from pool_limited', current_database());
             end $$;
             drop role pool_no_login, pool_not_here, pool_limited",
        )
        .await;
}

#[tokio::test]
async fn a_hosts_pool_can_be_shared() {
    let database = Database::fresh().await;
    let pool = PgPool::connect(&database.url).await.unwrap();
    let crm = Crm::from_pool(pool.clone());
    let id = customer(&crm).await.id;
    let tx = crm.begin().await.unwrap();
    tx.customers().delete(id).await.unwrap();
    drop(tx);
    let lock = lock_customers(&database).await;
    tokio::time::timeout(SHORT, crm.customers().get(id)).await.unwrap_err();
    lock.close().await.unwrap();
    assert_eq!(crm.customers().get(id).await.unwrap().name, "Acme");
    crm.close().await;
    assert_eq!(crm.customers().get(id).await.unwrap_err().code(), ErrorCode::Closed);
    let name: String = sqlx::query_scalar("select name from crm.customers").fetch_one(&pool).await.unwrap();
    assert_eq!(name, "Acme");
}

/// Has the server refuse a new customer where a statement of the session has a name.
const NO_NAMES: &str = "create function public.no_names() returns trigger language plpgsql as $$
     begin
       if exists (select from pg_prepared_statements) then raise exception 'a statement has a name'; end if;
       return new;
     end $$;
     create trigger no_names before insert on crm.customers for each row execute function public.no_names()";

#[tokio::test]
async fn statements_on_a_hosts_pool_have_names_only_where_the_host_says_so() {
    let database = Database::fresh().await;
    database.crm.close().await;
    database.execute(NO_NAMES).await;
    // sqlx itself prepares nothing here, so every name is the library's.
    let pool = async || {
        let options = sqlx::postgres::PgPoolOptions::new().max_connections(1);
        options.connect(&database.url).await.unwrap()
    };
    let crm = Crm::from_pool(pool().await);
    let id = customer(&crm).await.id;
    crm.customers().get(id).await.unwrap();
    customer(&crm).await;
    let tx = crm.begin().await.unwrap();
    tx.customers().get(id).await.unwrap();
    tx.customers().create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    let named = Crm::from_pool_prepared(pool().await);
    named.customers().get(id).await.unwrap();
    let new = NewCustomer::new("Named").validate().unwrap();
    assert_eq!(named.customers().create(new).await.unwrap_err().code(), ErrorCode::Internal);
}

#[tokio::test]
async fn everything_works_without_named_prepared_statements() {
    let database = Database::fresh().await;
    database.crm.close().await;
    database.execute(NO_NAMES).await;
    // With names, the second call of a kind finds the first one's statement.
    let named = database.builder().max_connections(1).connect().await.unwrap();
    let new = || NewCustomer::new("Named").validate().unwrap();
    named.customers().get(crm_core::CustomerId(1)).await.unwrap_err();
    assert_eq!(named.customers().create(new()).await.unwrap_err().code(), ErrorCode::Internal);
    let crm = database.builder().prepared_statements(false).max_connections(1).connect().await.unwrap();
    let id = customer(&crm).await.id;
    customer(&crm).await;
    let batch = crm_core::Valid::all([NewCustomer::new("b"), NewCustomer::new("c")]).unwrap();
    crm.customers().create_many(batch).await.unwrap();
    let all: Vec<_> = crm.customers().stream(CustomerFilter::default(), Order::default()).collect().await;
    assert_eq!(all.len(), 4);
    crm.customers().overview(id, 1).await.unwrap();
    let tx = crm.begin().await.unwrap();
    assert_eq!(tx.customers().get(id).await.unwrap().name, "Acme");
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn no_password_shows_in_debug() {
    let database = Database::fresh().await;
    let url = database.url.replacen("postgres@", "postgres:s3cret@", 1);
    let crm = Crm::connect(url).await.unwrap();
    let tx = crm.begin().await.unwrap();
    assert!(!format!("{crm:?} {tx:?}").contains("s3cret"));
}
