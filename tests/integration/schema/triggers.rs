//! `version` and `updated_at` are the database's own, whoever writes.

use crm_tests::Database;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

const TABLES: [&str; 5] = ["users", "customers", "leads", "tasks", "interactions"];

/// Has a row of each table that refers to whatever it can, all of long ago.
const ROWS: &str = "
    insert into crm.users (name, email, password, updated_at) values
      ('Ann', 'ann@example.com', 'x', '2001-01-01'), ('Bob', 'bob@example.com', 'x', '2001-01-01');
    insert into crm.customers (name, created_by, updated_by, updated_at) values ('Acme', 1, 1, '2001-01-01');
    insert into crm.leads (title, customer_id, assigned_to, updated_at) values ('Deal', 1, 1, '2001-01-01');
    insert into crm.tasks (title, customer_id, created_by, updated_at) values ('Call', 1, 1, '2001-01-01');
    insert into crm.interactions (customer_id, type, created_by) values (1, 'call', 1);";

/// Runs a statement that returns whether something holds of its one row, which is told as the version.
async fn version(connection: &mut PgConnection, statement: String) -> i64 {
    let row = sqlx::raw_sql(AssertSqlSafe(statement)).fetch_one(connection).await.unwrap();
    assert!(row.get::<bool, _>(1), "updated_at is not the moment of the change");
    row.get(0)
}

/// Returns the expression that tells whether `updated_at` is the moment of the present transaction.
fn is_now(table: &str) -> &'static str {
    match table {
        "interactions" => "true",
        _ => "updated_at = current_timestamp::timestamptz(3)",
    }
}

#[tokio::test]
async fn every_raw_update_raises_the_version_by_one_and_sets_updated_at() {
    let db = Database::fresh().await;
    db.execute(ROWS).await;
    let mut connection = db.connection().await;
    for table in TABLES {
        let is_now = is_now(table);
        let stamp = if table == "interactions" { "" } else { ", updated_at = '2001-01-01'" };
        for (change, expected) in [
            ("id = id", 2),
            // What the writer says of the two columns does not count.
            ("version = 99", 3),
            ("version = 1", 4),
            ("version = default", 5),
            (&*format!("version = 0{stamp}"), 6),
        ] {
            let update = format!("update crm.{table} set {change} where id = 1 returning version, {is_now}");
            assert_eq!(version(&mut connection, update).await, expected, "{change} in {table}");
        }
    }
    let upsert = "insert into crm.customers (id, name, version) values (1, 'Other', 50)
                  on conflict (id) do update set name = excluded.name, version = excluded.version
                  returning version, updated_at = current_timestamp::timestamptz(3)";
    assert_eq!(version(&mut connection, upsert.to_owned()).await, 7);
}

#[tokio::test]
async fn a_raw_insert_begins_at_version_one_at_the_present_moment() {
    let db = Database::fresh().await;
    let mut connection = db.connection().await;
    for (table, row) in [
        ("users", "(name, email, password) values ('Ann', 'ann@example.com', 'x')"),
        ("customers", "(name) values ('Acme')"),
        ("leads", "(title) values ('Deal')"),
        ("tasks", "(title) values ('Call')"),
        ("interactions", "(customer_id, type) values (1, 'call')"),
    ] {
        let is_now = is_now(table);
        let insert = format!(
            "insert into crm.{table} {row}
             returning version, {is_now} and created_at = current_timestamp::timestamptz(3)"
        );
        assert_eq!(version(&mut connection, insert).await, 1, "{table}");
    }
}

#[tokio::test]
async fn clearing_a_reference_to_a_deleted_user_counts_as_a_change() {
    let db = Database::fresh().await;
    db.execute(ROWS).await;
    // Two references of one row are cleared one after the other; the other rows have one each.
    let raised = [("customers", 3), ("leads", 2), ("tasks", 2), ("interactions", 2)];
    let mut connection = db.connection().await;
    sqlx::raw_sql("begin; delete from crm.users where id = 1").execute(&mut connection).await.unwrap();
    for (table, expected) in raised {
        let cleared = match table {
            "customers" => "created_by is null and updated_by is null",
            "leads" => "assigned_to is null and customer_id = 1",
            _ => "created_by is null and customer_id = 1",
        };
        let is_now = is_now(table);
        let select = format!("select version, {is_now} and {cleared} from crm.{table}");
        assert_eq!(version(&mut connection, select).await, expected, "{table}");
    }
    sqlx::raw_sql("commit").execute(&mut connection).await.unwrap();
    let bob = "select version, updated_at = '2001-01-01' from crm.users".to_owned();
    assert_eq!(version(&mut connection, bob).await, 1, "a row that nothing happened to");
}

#[tokio::test]
async fn deleting_a_customer_deletes_what_belongs_to_it_and_no_other_row() {
    let db = Database::fresh().await;
    db.execute(ROWS).await;
    db.execute(
        "insert into crm.customers (name) values ('Other');
         insert into crm.leads (title, customer_id) values ('Other', 2), ('of nobody', null);
         insert into crm.tasks (title, customer_id) values ('Other', 2), ('of nobody', null);
         insert into crm.interactions (customer_id, type) values (2, 'note');
         delete from crm.customers where id = 1;",
    )
    .await;
    let left = super::catalogue::texts(
        &db,
        "select 'leads ' || string_agg(title || ' ' || version, ', ' order by id) from crm.leads
         union all select 'tasks ' || string_agg(title || ' ' || version, ', ' order by id) from crm.tasks
         union all select 'interactions ' || string_agg(customer_id::text, ', ') from crm.interactions
         union all select 'users ' || string_agg(name || ' ' || version, ', ' order by id) from crm.users",
    )
    .await;
    assert_eq!(
        left,
        ["leads Other 1, of nobody 1", "tasks Other 1, of nobody 1", "interactions 2", "users Ann 1, Bob 1"]
    );
}
