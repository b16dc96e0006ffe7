//! Statements under a role of the database, as an acting handle would run them.

use sqlx::{AssertSqlSafe, PgConnection};

/// Begins a transaction, runs statements in it in a user's name and leaves it open, as the trusted system again. Returns how
/// many rows came back, or the SQLSTATE of the error, whose changes are undone.
pub(super) async fn attempt(
    connection: &mut PgConnection,
    role: &str,
    actor: i64,
    statements: &str,
) -> Result<usize, String> {
    run(
        connection,
        &format!("begin; set local role {role}; set local crm.actor = '{actor}'; savepoint before"),
    )
    .await
    .unwrap();
    let result = run(connection, statements).await;
    if result.is_err() {
        run(connection, "rollback to savepoint before").await.unwrap();
    }
    run(connection, "set local role none; set local crm.actor = ''").await.unwrap();
    result.map_err(|error| sqlstate(&error))
}

/// Does the same and rolls back.
pub(super) async fn try_out(
    connection: &mut PgConnection,
    role: &str,
    actor: i64,
    statements: &str,
) -> Result<usize, String> {
    let result = attempt(connection, role, actor, statements).await;
    run(connection, "rollback").await.unwrap();
    result
}

async fn run(connection: &mut PgConnection, statements: &str) -> sqlx::Result<usize> {
    Ok(sqlx::raw_sql(AssertSqlSafe(statements)).fetch_all(connection).await?.len())
}

/// Returns the code of an error of the server.
pub(super) fn sqlstate(error: &sqlx::Error) -> String {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.expect("the server has refused it").into_owned()
}
