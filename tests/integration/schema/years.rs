//! Every moment and day lies in the years that all languages can read, whoever writes.

use chrono::NaiveDate;
use crm_core::{
    ActivityQuery, DueTasksQuery, Entity, Error, ErrorCode, List, Repositories as _, Repository, Result,
};
use crm_tests::Database;
use sqlx::{AssertSqlSafe, PgConnection};

use super::catalogue::{dump, texts};

/// The version before the checks.
const BEFORE: i64 = 20_261_125_000_003;

/// Lists the columns of moments and days, and which of them is a day. The driver's own history is read by no language.
const COLUMNS: &str = "
    select concat_ws(' ', c.relname, a.attname, case when a.atttypid = 'date'::regtype then 'day' end)
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'crm'::regnamespace and c.relkind = 'r' and c.relname <> '_migrations'
      and a.atttypid in ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype)
    order by 1";

const ROWS: &str = "
    insert into crm.users (id, name, email, password) values (1, 'Ann', 'ann@example.com', 'x');
    insert into crm.customers (id, name) values (1, 'Acme');
    insert into crm.leads (id, title) values (1, 'Deal');
    insert into crm.tasks (id, title) values (1, 'Call');
    insert into crm.interactions (id, customer_id, type) values (1, 1, 'call');";

const MOMENTS: [&str; 3] =
    ["0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999+00", "2026-02-03 04:05:06.789+05:45"];
const NO_MOMENTS: [&str; 6] = [
    "0001-01-01 00:00:00+00:01",
    "0001-12-31 23:59:59.999+00 BC",
    "10000-01-01 00:00:00+00",
    "9999-12-31 23:59:59.9996+00",
    "infinity",
    "-infinity",
];
const DAYS: [&str; 2] = ["0001-01-01", "9999-12-31"];
const NO_DAYS: [&str; 5] = ["0001-12-31 BC", "10000-01-01", "20240-05-01", "infinity", "-infinity"];

async fn set(connection: &mut PgConnection, table: &str, column: &str, value: &str) -> sqlx::Result<()> {
    let update = format!("update crm.{table} set {column} = '{value}'");
    sqlx::raw_sql(AssertSqlSafe(update)).execute(connection).await.map(drop)
}

async fn read<E: Entity>(repository: &dyn Repository<E>) -> Result<()> {
    repository.list(&List::new()).await.map(drop)
}

#[tokio::test]
async fn sql_stores_the_first_and_the_last_moment_of_the_years_and_none_beyond() {
    let db = Database::fresh().await;
    db.execute(ROWS).await;
    let mut connection = db.connection().await;
    // Without the triggers, which would set updated_at.
    sqlx::raw_sql("set session_replication_role = replica").execute(&mut connection).await.unwrap();
    let columns = texts(&db, COLUMNS).await;
    assert!(columns.len() >= 12, "{columns:?}");
    for column in &columns {
        let parts: Vec<_> = column.split(' ').collect();
        let (table, column, is_day) = (parts[0], parts[1], parts.len() > 2);
        for value in if is_day { &DAYS[..] } else { &MOMENTS } {
            set(&mut connection, table, column, value).await.unwrap();
        }
        for value in if is_day { &NO_DAYS[..] } else { &NO_MOMENTS } {
            let error = set(&mut connection, table, column, value).await.unwrap_err();
            let error = error.as_database_error().unwrap();
            let constraint = format!("chk_{table}_{column}");
            assert_eq!(
                (error.code().as_deref(), error.constraint()),
                (Some("23514"), Some(&*constraint)),
                "{value}"
            );
        }
    }
    read(db.crm.users()).await.unwrap();
    read(db.crm.customers()).await.unwrap();
    read(db.crm.leads()).await.unwrap();
    read(db.crm.tasks()).await.unwrap();
    read(db.crm.interactions()).await.unwrap();
}

#[tokio::test]
async fn a_migration_names_the_rows_that_it_cannot_take_and_changes_nothing() {
    let db = Database::bare().await;
    db.crm.migrate_to(BEFORE).await.unwrap();
    db.execute(ROWS).await;
    db.execute(
        "insert into crm.tasks (id, title, due_date) select n, 'Call', '20240-05-01' from generate_series(11, 17) n;
         insert into crm.customers (id, name, created_at) values (4, 'Bolt', 'infinity'), (5, 'Cubus', '0001-01-01 BC');
         insert into crm.users (id, name, email, password, deactivated_at) values (7, 'Bob', 'bob@example.com', 'x', '-infinity');
         update crm.compatibility set seeded_at = 'infinity'",
    )
    .await;
    let before = dump(&db).await;
    for _ in 0..2 {
        let error = db.crm.migrate().await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Schema);
        for named in [
            "crm.tasks.due_date of the rows with the ids 11, 12, 13, 14, 15 and 2 more",
            "crm.customers.created_at of the rows with the ids 4, 5",
            "crm.users.deactivated_at of the rows with the ids 7",
            "crm.compatibility.seeded_at",
        ] {
            assert!(error.to_string().contains(named), "{named} is not in {error}");
        }
        assert!(!error.to_string().contains("crm.leads"), "{error}");
        assert_eq!(dump(&db).await, before);
        assert_eq!(db.crm.schema_version().await.unwrap(), Some(BEFORE));
    }
    db.execute(
        "update crm.tasks set due_date = '2024-05-01' where id > 10;
         update crm.customers set created_at = now() where id > 1;
         update crm.users set deactivated_at = now() where id = 7;
         update crm.compatibility set seeded_at = null",
    )
    .await;
    db.crm.migrate().await.unwrap();
    assert_eq!(dump(&db).await, dump(&Database::fresh().await).await);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named() {
    let db = Database::fresh().await;
    db.execute(ROWS).await;
    // As a host could, or a disk.
    db.execute(
        "alter table crm.customers drop constraint chk_customers_created_at;
         alter table crm.tasks drop constraint chk_tasks_due_date;
         set session_replication_role = replica;
         insert into crm.customers (id, name, created_at) values (42, 'Acme', 'infinity');
         insert into crm.tasks (id, title, due_date, customer_id) values (43, 'Call', '-infinity', 1)",
    )
    .await;
    let named = |error: Error, row: &str, column: &str| {
        assert_eq!(error.code(), ErrorCode::Internal);
        let text = error.to_string();
        assert!(text.contains(row) && text.contains(&format!("column {column} ")), "{text}");
    };
    let customer = "crm.customers with the id 42";
    named(read(db.crm.customers()).await.unwrap_err(), customer, "created_at");
    named(db.crm.customers().get(42.into()).await.unwrap_err(), customer, "created_at");
    let activity = db.crm.reports().customer_activity(&ActivityQuery::default()).await;
    named(activity.unwrap_err(), customer, "created_at");
    let task = "crm.tasks with the id 43";
    named(read(db.crm.tasks()).await.unwrap_err(), task, "due_date");
    named(db.crm.customers().overview(1.into(), 10).await.unwrap_err(), task, "due_date");
    let today = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    named(db.crm.reports().due_tasks(&DueTasksQuery::new(today)).await.unwrap_err(), task, "due_date");
}
