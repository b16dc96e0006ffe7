//! The schema: bringing it up and down, and telling whether it fits.

use std::time::Duration;

use crm_core::{Error, Result, Violation, ViolationCode};
use sqlx::migrate::{Migrate as _, MigrateError, Migrator};
use sqlx::{PgConnection, Row as _};

use crate::fault::{self, Intent};
use crate::pool::Pool;
use crate::session::within;

/// Is the library's own history, beside which the host application keeps its own.
const HISTORY: &str = "crm._migrations";

/// Is the migration that makes the roles.
#[cfg(unix)]
const ACCESS: i64 = 20_261_124_000_001;

/// Is a step of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The version, by which the steps are ordered: a date and a number.
    pub version: i64,
    /// What it does, in a word.
    pub description: String,
}

fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("./migrations");
    migrator.dangerous_set_table_name(HISTORY);
    // A newer library may have gone ahead; whether this one can live with that, the database itself says.
    migrator.set_ignore_missing(true);
    migrator
}

/// Lists the steps that this library knows, in order.
pub(crate) fn known() -> Vec<Migration> {
    let ups = migrator();
    let ups = ups.iter().filter(|migration| migration.migration_type.is_up_migration());
    ups.map(|up| Migration { version: up.version, description: up.description.clone().into_owned() })
        .collect()
}

fn latest() -> i64 {
    known().last().map_or(0, |migration| migration.version)
}

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
    // Building an index may take longer than a statement of an application should.
    let unlimited = sqlx::raw_sql("set statement_timeout = 0").execute(&mut *connection);
    within(pool.settings.call_timeout, Intent::Read, unlimited).await.map_err(|failure| failure.error)?;
    state(connection, pool.settings.call_timeout).await?.refuse_too_new()?;
    step_to(connection, version).await.map_err(of_migrate)?;
    pool.forget_schema();
    // The lease is dropped, and with it the connection's settings and its lock.
    Ok(())
}

/// Goes up or down under the lock that keeps other migrating processes waiting.
async fn step_to(connection: &mut PgConnection, version: i64) -> Result<(), MigrateError> {
    let mut migrator = migrator();
    migrator.set_locking(false);
    connection.lock().await?;
    // Only where it is not there: an owner of the schema need not be allowed to create any.
    let missing = "select to_regnamespace('crm') is null";
    if sqlx::query_scalar(missing).persistent(false).fetch_one(&mut *connection).await? {
        sqlx::raw_sql("create schema crm").execute(&mut *connection).await?;
    }
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

/// Is what a database says of its schema.
#[derive(Debug, Default)]
pub(crate) struct State {
    applied: Vec<i64>,
    oldest_library: Option<i64>,
    /// Whether row security binds the login, which would then see rows missing where there are some.
    bound: bool,
}

/// Reads what the database says of its schema; nothing where the library's schema was never there.
pub(crate) async fn state(connection: &mut PgConnection, timeout: Duration) -> Result<State> {
    within(timeout, Intent::Read, read_state(connection)).await.map_err(|failure| failure.error)
}

/// Asks in one message each, which stay whole behind `PgBouncer`.
async fn read_state(connection: &mut PgConnection) -> sqlx::Result<State> {
    let tables =
        "select to_regclass('crm._migrations') is not null, to_regclass('crm.compatibility') is not null,
                row_security_active(to_regclass('crm.users'))";
    let row = sqlx::raw_sql(tables).fetch_one(&mut *connection).await?;
    let (history, compatibility): (bool, bool) = (row.try_get(0)?, row.try_get(1)?);
    let mut state = State { bound: row.try_get::<Option<bool>, _>(2)?.unwrap_or(false), ..State::default() };
    if history {
        let text = "select version from crm._migrations where success order by version";
        let rows = sqlx::raw_sql(text).fetch_all(&mut *connection).await?;
        state.applied = rows.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?;
    }
    if compatibility {
        let text = "select max(oldest_library) from crm.compatibility";
        state.oldest_library = sqlx::raw_sql(text).fetch_one(connection).await?.try_get(0)?;
    }
    Ok(state)
}

impl State {
    /// Returns the version of the newest step that the database has, if it has any.
    pub(crate) fn version(&self) -> Option<i64> {
        self.applied.last().copied()
    }

    /// Returns the version, and the oldest library that may use it, of what is to be dumped: also one that this library could not use.
    #[cfg(unix)]
    pub(crate) fn dumpable(&self) -> Result<(i64, i64)> {
        self.refuse_bound()?;
        match self.version() {
            Some(version) => Ok((version, self.oldest_library.unwrap_or(0))),
            None => Err(not_migrated()),
        }
    }

    /// Lists the steps that the database does not have.
    pub(crate) fn pending(&self) -> Vec<Migration> {
        known().into_iter().filter(|step| !self.applied.contains(&step.version)).collect()
    }

    fn refuse_too_new(&self) -> Result<()> {
        refuse_newer("the database", self.oldest_library.unwrap_or(0))
    }

    fn refuse_bound(&self) -> Result<()> {
        if self.bound {
            let message = "the login is not the schema's owner: connect as the owner or as a member of it";
            return Err(Error::Schema(message.to_owned()));
        }
        Ok(())
    }

    /// Refuses a database that is behind this library, or too far ahead.
    pub(crate) fn check(&self) -> Result<()> {
        self.refuse_too_new()?;
        self.refuse_bound()?;
        match self.pending().first() {
            None => Ok(()),
            Some(_) if self.applied.is_empty() => Err(not_migrated()),
            Some(Migration { version, description }) => Err(Error::Schema(format!(
                "the database lacks migration {version} ({description}); run migrate()"
            ))),
        }
    }
}

fn not_migrated() -> Error {
    Error::Schema("the database is not migrated; run migrate()".to_owned())
}

/// Refuses what says that only a newer library may use it.
pub(crate) fn refuse_newer(what: &str, oldest_library: i64) -> Result<()> {
    let latest = latest();
    if oldest_library > latest {
        return Err(Error::Schema(format!(
            "{what} needs a library that knows migration {oldest_library}, and this one knows {latest}: upgrade the library"
        )));
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

fn of_migrate(error: MigrateError) -> Error {
    match error {
        MigrateError::Execute(error) => fault::of_statement(error, Intent::Write),
        MigrateError::ExecuteMigration(error, version) => match fault::of_statement(error, Intent::Write) {
            Error::Internal { message, source } => {
                Error::internal(format!("migration {version} failed: {message}"), source)
            }
            error => error,
        },
        error => Error::Schema(error.to_string()),
    }
}
