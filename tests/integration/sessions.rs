//! What the tests look up in `pg_stat_activity`.

use std::time::Duration;

use crm_tests::Database;
use sqlx::{Connection as _, PgConnection};

async fn count_on(connection: &mut PgConnection, condition: &'static str) -> i64 {
    // The server's own workers, such as those of autovacuum, come and go.
    let sql =
        "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
               and backend_type = 'client backend'";
    let count = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("{sql} and {condition}")));
    count.fetch_one(connection).await.unwrap()
}

/// Counts the sessions of a database that a condition selects, its own aside.
pub(crate) async fn count(database: &Database, condition: &'static str) -> i64 {
    let mut connection = database.connection().await;
    let count = count_on(&mut connection, condition).await;
    connection.close().await.unwrap();
    count
}

/// Waits until so many sessions are as the condition says.
pub(crate) async fn wait_for(database: &Database, condition: &'static str, expected: i64) {
    let mut connection = database.connection().await;
    for _ in 0..500 {
        if count_on(&mut connection, condition).await == expected {
            return connection.close().await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("there are {} sessions, not {expected}, where {condition}", count(database, condition).await);
}

/// Tells all sessions of a database but its own to end, as an administrator does.
pub(crate) async fn kill(database: &Database) {
    database
        .execute(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()",
        )
        .await;
}

/// Ends all sessions of a database but its own, while nobody begins one.
pub(crate) async fn kill_all(database: &Database) {
    kill(database).await;
    wait_for(database, "true", 0).await;
}
