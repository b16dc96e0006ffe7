//! A host's own statements in a transaction of the library.

use std::error::Error as _;
use std::time::Duration;

use crm_core::{
    CustomerFilter, ErrorCode, NewCustomer, NewUser, Password, Repositories as _, Role, Validate as _,
};
use crm_postgres::{Crm, Tx};
use crm_tests::Database;
use futures_util::{FutureExt as _, StreamExt as _};
use sqlx::{Executor as _, PgExecutor, SqlSafeStr as _};

use crate::sessions::{kill_all, wait_for};

const INVOICES: &str = "create table public.invoices (number text primary key, \
    customer_id bigint not null references crm.customers on delete restrict)";

async fn database() -> Database {
    let database = Database::fresh().await;
    database.execute(INVOICES).await;
    database
}

async fn customer(tx: &Tx) -> i64 {
    let new = NewCustomer::new("Acme").validate().unwrap();
    tx.customers().create(new).await.unwrap().id.into()
}

/// Is a function of a host that knows nothing of the library.
async fn add_invoice(executor: impl PgExecutor<'_>, number: &str, customer: i64) -> sqlx::Result<()> {
    let query = sqlx::query("insert into public.invoices (number, customer_id) values ($1, $2)");
    query.bind(number).bind(customer).execute(executor).await.map(drop)
}

/// Counts invoices and customers.
async fn rows(database: &Database) -> (i64, i64) {
    let mut connection = database.connection().await;
    let query = "select (select count(*) from public.invoices), (select count(*) from crm.customers)";
    sqlx::query_as(query).fetch_one(&mut connection).await.unwrap()
}

/// Returns the code of the library's error behind one of the driver's, as a host finds it.
fn code(error: &sqlx::Error) -> Option<ErrorCode> {
    error.source().and_then(|error| error.downcast_ref::<crm_core::Error>()).map(crm_core::Error::code)
}

async fn is_finished(tx: Tx) {
    let again = sqlx::query("select 1").execute(&tx).await.unwrap_err();
    assert_eq!(code(&again), Some(ErrorCode::Closed));
    assert_eq!(tx.customers().count(&CustomerFilter::default()).await.unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Closed);
}

#[tokio::test]
async fn a_hosts_statement_is_committed_with_the_librarys() {
    let database = database().await;
    let tx = database.crm.begin().await.unwrap();
    let customer = customer(&tx).await;
    add_invoice(&tx, "1", customer).await.unwrap();
    let seen: Vec<(String, i64)> =
        sqlx::query_as("select number, customer_id from public.invoices").fetch_all(&tx).await.unwrap();
    assert_eq!(seen, [("1".to_owned(), customer)]);
    assert_eq!(rows(&database).await, (0, 0), "nothing is to be seen before the commit");
    tx.commit().await.unwrap();
    assert_eq!(rows(&database).await, (1, 1));
}

#[tokio::test]
async fn a_rollback_undoes_both() {
    let database = database().await;
    for explicit in [true, false] {
        let tx = database.crm.begin().await.unwrap();
        let customer = customer(&tx).await;
        add_invoice(&tx, "1", customer).await.unwrap();
        if explicit {
            tx.rollback().await.unwrap();
        } else {
            drop(tx);
        }
        assert_eq!(rows(&database).await, (0, 0));
    }
}

#[tokio::test]
async fn a_host_over_its_own_pool_shares_too() {
    let database = database().await;
    let pool = sqlx::PgPool::connect(&database.url).await.unwrap();
    let crm = Crm::from_pool(pool.clone());
    let tx = crm.begin().await.unwrap();
    let customer = customer(&tx).await;
    add_invoice(&tx, "1", customer).await.unwrap();
    tx.commit().await.unwrap();
    add_invoice(&pool, "2", customer).await.unwrap();
    assert_eq!(rows(&database).await, (2, 1));
}

#[tokio::test]
async fn a_refused_statement_finishes_the_transaction_even_when_swallowed() {
    let database = database().await;
    for statement in [
        "insert into public.invoices (number, customer_id) values ('1', 0)",
        "select 1 / 0",
        "this is no SQL",
    ] {
        let tx = database.crm.begin().await.unwrap();
        customer(&tx).await;
        // First by the protocol that has no parameters, then by the one that has.
        (&tx).execute(statement).await.unwrap_err();
        is_finished(tx).await;
        let tx = database.crm.begin().await.unwrap();
        customer(&tx).await;
        sqlx::query(statement).fetch_optional(&tx).await.unwrap_err();
        is_finished(tx).await;
    }
    assert_eq!(rows(&database).await, (0, 0));
}

#[tokio::test]
async fn a_refused_statement_tells_its_constraint() {
    let database = database().await;
    let tx = database.crm.begin().await.unwrap();
    let error = add_invoice(&tx, "1", 0).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().constraint(), Some("invoices_customer_id_fkey"));
}

#[tokio::test]
async fn a_statement_dropped_midway_finishes_the_transaction() {
    let database = database().await;
    let tx = database.crm.begin().await.unwrap();
    let customer = customer(&tx).await;
    add_invoice(&tx, "1", customer).await.unwrap();
    assert!(sqlx::query("select pg_sleep(60)").execute(&tx).now_or_never().is_none());
    is_finished(tx).await;
    assert_eq!(rows(&database).await, (0, 0));
}

#[tokio::test]
async fn a_statement_that_is_not_answered_in_time_finishes_the_transaction() {
    let database = database().await;
    let crm = database.builder().call_timeout(Duration::from_millis(300)).connect().await.unwrap();
    let tx = crm.begin().await.unwrap();
    let late = sqlx::query("select pg_sleep(60)").execute(&tx).await.unwrap_err();
    assert_eq!(code(&late), Some(ErrorCode::Timeout));
    is_finished(tx).await;
    // The connection is closed, and with it the server ends the work.
    wait_for(&database, "query like '%pg_sleep(60)%'", 0).await;
}

#[tokio::test]
async fn a_statement_that_finds_its_connection_dead_spares_the_next_call_the_others() {
    let database = database().await;
    let crm = database.builder().connect().await.unwrap();
    let (tx, other) = (crm.begin().await.unwrap(), crm.begin().await.unwrap());
    other.rollback().await.unwrap();
    kill_all(&database).await;
    let lost = sqlx::query("select 1").execute(&tx).await.unwrap_err();
    assert_eq!(code(&lost), Some(ErrorCode::Unavailable), "{lost}");
    is_finished(tx).await;
    // A write is not repeated, so it would fail on the idle connection, which is as dead.
    crm.customers().create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap();
    assert_eq!(rows(&database).await, (0, 1));
}

#[tokio::test]
async fn where_there_are_no_names_what_needs_one_is_refused_and_the_transaction_goes_on() {
    let database = database().await;
    let crm = database.builder().prepared_statements(false).connect().await.unwrap();
    let tx = crm.begin().await.unwrap();
    let refused = [
        (&tx).prepare("select 1".into_sql_str()).await.map(drop).unwrap_err(),
        (&tx).describe("select 1".into_sql_str()).await.map(drop).unwrap_err(),
    ];
    assert!(refused.iter().all(|error| matches!(error, sqlx::Error::Configuration(_))), "{refused:?}");
    let customer = customer(&tx).await;
    add_invoice(&tx, "1", customer).await.unwrap();
    let names: i64 =
        sqlx::query_scalar("select count(*) from pg_prepared_statements").fetch_one(&tx).await.unwrap();
    assert_eq!(names, 0);
    tx.commit().await.unwrap();
    assert_eq!(rows(&database).await, (1, 1));
}

#[tokio::test]
async fn what_finds_nothing_or_is_left_early_keeps_the_transaction() {
    let database = database().await;
    let tx = database.crm.begin().await.unwrap();
    let none = sqlx::query("select 1 where false").fetch_one(&tx).await.unwrap_err();
    assert!(matches!(none, sqlx::Error::RowNotFound));
    let first = sqlx::query("select generate_series(1, 5000)").fetch(&tx).next().await;
    assert!(first.unwrap().is_ok());
    let described = (&tx).describe("select 1".into_sql_str()).await;
    assert_eq!(described.unwrap().columns().len(), 1);
    (&tx).prepare("select 1".into_sql_str()).await.unwrap();
    let customer = customer(&tx).await;
    add_invoice(&tx, "1", customer).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(rows(&database).await, (1, 1));
}

#[tokio::test]
async fn statements_of_both_queue() {
    let database = database().await;
    let tx = database.crm.begin().await.unwrap();
    let customer = customer(&tx).await;
    let numbers: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let hosts =
        futures_util::future::join_all(numbers.iter().map(|number| add_invoice(&tx, number, customer)));
    let ours = futures_util::future::join_all(numbers.iter().map(|number| {
        let new = NewCustomer::new(number).validate().unwrap();
        tx.customers().create(new)
    }));
    let (hosts, ours) = tokio::join!(hosts, ours);
    assert!(hosts.iter().all(Result::is_ok) && ours.iter().all(Result::is_ok));
    tx.commit().await.unwrap();
    assert_eq!(rows(&database).await, (20, 21));
}

#[tokio::test]
async fn an_actors_transaction_has_the_actors_rights_on_the_hosts_tables() {
    let database = database().await;
    let new = NewUser {
        role: Role::User,
        ..NewUser::new("Ann", "ann@example.com", Password::new("correct horse"))
    };
    let ann = database.crm.users().create(new.validate().unwrap()).await.unwrap().id;
    let acting = database.crm.acting_as(ann);

    let tx = acting.begin().await.unwrap();
    let acme = customer(&tx).await;
    let refused = add_invoice(&tx, "1", acme).await.unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("42501"));
    is_finished(tx).await;

    database.execute("grant select, insert on public.invoices to crm_user").await;
    let tx = acting.begin().await.unwrap();
    let acme = customer(&tx).await;
    add_invoice(&tx, "1", acme).await.unwrap();
    let actor: (String, String) = sqlx::query_as("select current_user::text, current_setting('crm.actor')")
        .fetch_one(&tx)
        .await
        .unwrap();
    assert_eq!(actor, ("crm_user".to_owned(), ann.to_string()));
    tx.commit().await.unwrap();
    assert_eq!(rows(&database).await, (1, 1));
}

#[tokio::test]
async fn transaction_control_is_refused_and_the_transaction_goes_on() {
    let database = database().await;
    let tx = database.crm.begin().await.unwrap();
    let customer = customer(&tx).await;
    for statement in [
        "commit",
        "END",
        "rollback",
        "abort",
        "begin",
        "start transaction",
        "savepoint s",
        "release savepoint s",
        "rollback to savepoint s",
        "prepare transaction 's'",
        "commit and chain",
        "/* see */ select 1; commit",
    ] {
        let refused = [
            (&tx).execute(statement).await.map(drop).unwrap_err(),
            sqlx::query(statement).fetch_optional(&tx).await.map(drop).unwrap_err(),
            (&tx).prepare(statement.into_sql_str()).await.map(drop).unwrap_err(),
        ];
        assert!(refused.iter().all(|error| code(error) == Some(ErrorCode::Validation)), "{refused:?}");
    }
    add_invoice(&tx, "1", customer).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(rows(&database).await, (1, 1));
}

async fn acting(database: &Database) -> crm_postgres::Acting {
    let new = NewUser::new("Ann", "ann@example.com", Password::new("correct horse"));
    let ann = database.crm.users().create(new.validate().unwrap()).await.unwrap().id;
    database.crm.acting_as(ann)
}

#[tokio::test]
async fn after_sql_that_ends_the_transaction_all_the_same_nothing_runs_and_nothing_is_said_to_be_committed() {
    let database = database().await;
    let acting = acting(&database).await;
    // Where a backslash escapes a quote, the statements end elsewhere.
    for (statement, kept) in [("select 'a\\'' ; commit --'", 1), ("select 'a\\'' ; rollback --'", 0)] {
        for commits in [true, false] {
            for tx in [database.crm.begin().await.unwrap(), acting.begin().await.unwrap()] {
                customer(&tx).await;
                (&tx).execute("set local standard_conforming_strings = off").await.unwrap();
                (&tx).execute(statement).await.unwrap();
                assert_eq!(rows(&database).await.1, kept, "{statement} is not what this is about");
                if commits {
                    assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Closed);
                } else {
                    let new = NewCustomer::new("as the owner").validate().unwrap();
                    assert_eq!(tx.customers().create(new).await.unwrap_err().code(), ErrorCode::Closed);
                    is_finished(tx).await;
                }
                assert_eq!(rows(&database).await.1, kept);
                database.execute("delete from crm.customers").await;
            }
        }
    }
    wait_for(&database, "xact_start is not null", 0).await;
}

#[tokio::test]
async fn a_role_or_an_actor_that_is_not_put_back_ends_the_transaction() {
    let database = database().await;
    let acting = acting(&database).await;
    for statement in [
        "reset role",
        "set role none",
        "set local role crm_admin",
        "set session authorization default; set role crm_admin",
        "select set_config('role', 'crm_admin', false)",
        "select set_config('crm.actor', '0', true)",
        "set local crm.actor = ''",
    ] {
        for commits in [true, false] {
            let tx = acting.begin().await.unwrap();
            customer(&tx).await;
            (&tx).execute(statement).await.unwrap();
            if commits {
                assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Closed, "{statement}");
            } else {
                let next = tx.customers().count(&CustomerFilter::default()).await;
                assert_eq!(next.unwrap_err().code(), ErrorCode::Closed, "{statement}");
                is_finished(tx).await;
            }
        }
    }
    assert_eq!(rows(&database).await.1, 0);

    let tx = acting.begin().await.unwrap();
    (&tx).execute("set local role crm_reporter").await.unwrap();
    (&tx).execute("set local role crm_user").await.unwrap();
    customer(&tx).await;
    tx.commit().await.unwrap();
    assert_eq!(rows(&database).await.1, 1);
}

#[tokio::test]
async fn a_refused_statement_undoes_only_the_nested_transaction() {
    let database = database().await;
    for acts in [false, true] {
        let tx = if acts {
            acting(&database).await.begin().await.unwrap()
        } else {
            database.crm.begin().await.unwrap()
        };
        let customer = customer(&tx).await;
        let nested = tx.begin().await.unwrap();
        // With the nested transaction the role goes back, too.
        (&nested).execute("set local role none").await.unwrap();
        add_invoice(&nested, "1", customer).await.unwrap();
        add_invoice(&nested, "2", 0).await.unwrap_err();
        assert_eq!(code(&add_invoice(&nested, "3", customer).await.unwrap_err()), Some(ErrorCode::Closed));
        assert_eq!(tx.customers().count(&CustomerFilter::default()).await.unwrap(), 1);
        (&tx).execute("set local role none").await.unwrap();
        add_invoice(&tx, "1", customer).await.unwrap();
        (&tx).execute(if acts { "set local role crm_user" } else { "select 1" }).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(rows(&database).await, (1, 1));
        database.execute("delete from public.invoices; delete from crm.customers").await;
    }
}

#[tokio::test]
async fn a_statement_dropped_midway_in_a_nested_transaction_finishes_all_of_it() {
    let database = database().await;
    let tx = database.crm.begin().await.unwrap();
    customer(&tx).await;
    let nested = tx.begin().await.unwrap();
    assert!(sqlx::query("select pg_sleep(60)").execute(&nested).now_or_never().is_none());
    is_finished(nested).await;
    is_finished(tx).await;
    assert_eq!(rows(&database).await, (0, 0));
}
