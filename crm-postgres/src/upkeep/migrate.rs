//! The schema: bringing it up and down, and telling whether it fits.

use crm_core::{Error, Result, Violation, ViolationCode};
use sqlx::PgConnection;
use sqlx::migrate::{Migrate as _, MigrateError};

use crate::connection::call::within;
use crate::connection::error_mapping::{self as fault, Intent};
use crate::connection::migrations::{HISTORY, known, latest, migrator};
use crate::connection::pool::Pool;
use crate::connection::schema;

/// Is the migration that makes the roles.
#[cfg(unix)]
const ACCESS: i64 = 20_261_124_000_001;

pub(crate) async fn migrate(pool: &Pool) -> Result<()> {
    migrate_to(pool, latest()).await
}

pub(crate) async fn migrate_to(pool: &Pool, version: i64) -> Result<()> {
    if version != 0 && !known().iter().any(|migration| migration.version == version) {
        let message = "must be 0 or the version of a migration";
        return Err(Error::validation([Violation::new("version", ViolationCode::OutOfRange, message)]));
    }
    let mut lease = pool.lease(Intent::Write).await?;
    let connection = lease.connection();
    let timeout = pool.settings.call_timeout;
    let settings = sqlx::raw_sql(SETTINGS).execute(&mut *connection);
    within(timeout, Intent::Read, settings).await.map_err(|failure| failure.error)?;
    schema::state(connection, timeout).await?.refuse_encoding()?;
    make_schema(connection).await.map_err(of_migrate)?;
    // Looked at once the schema is there, so that nobody else can make it in between.
    let state = schema::state(connection, timeout).await?;
    state.refuse_strangers()?;
    state.refuse_too_new()?;
    step_to(connection, version).await.map_err(of_migrate)?;
    pool.forget_schema();
    // The lease is dropped, and with it the connection's settings and its lock.
    Ok(())
}

/// Settings of the session in which the steps run. An index may take longer to build than a statement of an application should. Each step
/// finds PostgreSQL's own operators and functions and nobody else's, also over a host's connection; a step may set the path for itself, and
/// the one after it has this one again. And a text in a step means what it says.
const SETTINGS: &str = "set statement_timeout = 0; set search_path = pg_catalog, pg_temp; \
                        set standard_conforming_strings = on";

/// Takes the lock that keeps other migrating processes waiting, and makes the schema.
async fn make_schema(connection: &mut PgConnection) -> Result<(), MigrateError> {
    connection.lock().await?;
    // Only where it is not there: an owner of the schema need not be allowed to create any.
    let missing = "select to_regnamespace('crm') is null";
    if sqlx::query_scalar(missing).persistent(false).fetch_one(&mut *connection).await? {
        sqlx::raw_sql("create schema crm").execute(&mut *connection).await?;
    }
    Ok(())
}

/// Goes up or down, under the lock.
async fn step_to(connection: &mut PgConnection, version: i64) -> Result<(), MigrateError> {
    let mut migrator = migrator();
    migrator.set_locking(false);
    migrator.run_direct(Some(version), connection, false).await?;
    let applied = connection.list_applied_migrations(HISTORY).await?;
    let is_applied = |version: i64| applied.iter().any(|migration| migration.version == version);
    let downs = migrator.iter().rev().filter(|migration| migration.migration_type.is_down_migration());
    let downs: Vec<_> = downs.filter(|down| down.version > version && is_applied(down.version)).collect();
    // What a newer library has added stands on what would be taken away, and only that library can take it back first.
    let newer =
        applied.iter().map(|migration| migration.version).find(|&version| !migrator.version_exists(version));
    if let (Some(newer), false) = (newer, downs.is_empty()) {
        return Err(MigrateError::VersionMissing(newer));
    }
    for down in downs {
        connection.revert(HISTORY, down).await?;
    }
    Ok(())
}

/// Returns the statement by which a migration makes the roles and grants them to the owner of `crm.users`.
#[cfg(unix)]
pub(crate) fn roles() -> String {
    let ups = migrator();
    let access = ups.iter().find(|step| step.version == ACCESS && step.migration_type.is_up_migration());
    let text = access.expect("the migration is embedded").sql.as_str();
    let (begin, end) = (text.find("do $$"), text.find("\n$$;\n"));
    let (begin, end) =
        begin.zip(end).expect("the migration has it, and a test restores on a server without roles");
    format!("{}\n$$;", &text[begin..end])
}

/// The code `object_not_in_prerequisite_state`.
const NOT_READY: &str = "55000";

fn of_migrate(error: MigrateError) -> Error {
    match error {
        MigrateError::Execute(error) => fault::of_statement(error, Intent::Write),
        // So a step says what stands in its way.
        MigrateError::ExecuteMigration(sqlx::Error::Database(error), version)
            if error.code().as_deref() == Some(NOT_READY) =>
        {
            Error::Schema(format!("migration {version} cannot run: {}", error.message()))
        }
        MigrateError::ExecuteMigration(error, version) => match fault::of_statement(error, Intent::Write) {
            Error::Internal { message, source } => {
                Error::internal(format!("migration {version} failed: {message}"), source)
            }
            error => error,
        },
        error => Error::Schema(error.to_string()),
    }
}
