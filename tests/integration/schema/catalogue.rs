//! What PostgreSQL's own catalogue says of the schema.

use crm_tests::Database;
use sqlx::AssertSqlSafe;

/// Reads the first column of a statement.
pub(crate) async fn texts(db: &Database, statement: &str) -> Vec<String> {
    let mut connection = db.connection().await;
    // The catalogue leaves the schema out of a name that the search path finds; the embedded role is called crm.
    sqlx::raw_sql("set search_path = pg_catalog").execute(&mut connection).await.expect("it is a schema");
    sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&mut connection).await.expect(statement)
}

/// Dumps the schema crm: two dumps are equal exactly when the schemas are.
pub(crate) async fn dump(db: &Database) -> Vec<String> {
    texts(db, include_str!("catalogue.sql")).await
}

/// Names what there is of a kind, from the dump.
pub(crate) fn named<'d>(dump: &'d [String], kind: &str) -> Vec<&'d str> {
    let of_kind = dump.iter().filter_map(|line| line.strip_prefix(kind)?.strip_prefix(' '));
    of_kind.filter_map(|line| Some(line.split_once(':')?.0)).collect()
}
