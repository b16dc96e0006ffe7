//! What the tests look up in `pg_stat_activity`.

use std::time::Duration;

use crm_tests::Database;
use sqlx::{Connection as _, PgConnection};

/// Counts the sessions of a database that a condition selects, its own aside.
pub(crate) async fn count(database: &Database, condition: &'static str) -> i64 {
    let mut connection: PgConnection = database.connection().await;
    // The server's own workers, such as those of autovacuum, come and go.
    let sql =
        "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
               and backend_type = 'client backend'";
    let count = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("{sql} and {condition}")));
    let count = count.fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    count
}

/// Waits until so many sessions are as the condition says.
pub(crate) async fn wait_for(database: &Database, condition: &'static str, expected: i64) {
    for _ in 0..500 {
        if count(database, condition).await == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("there are {} sessions, not {expected}, where {condition}", count(database, condition).await);
}

/// Ends all sessions of a database but its own, as an administrator does.
pub(crate) async fn kill_all(database: &Database) {
    database
        .execute(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()",
        )
        .await;
    wait_for(database, "true", 0).await;
}
