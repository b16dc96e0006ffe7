//! The migrations that this library knows.

use crm_core::{Error, Result};
use sqlx::migrate::Migrator;

/// Is the library's own history, beside which the host application keeps its own.
pub(crate) const HISTORY: &str = "crm._migrations";

/// Is a step of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The version, by which the steps are ordered: a date and a number.
    pub version: i64,
    /// What it does, in a word.
    pub description: String,
}

pub(crate) fn migrator() -> Migrator {
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

pub(crate) fn latest() -> i64 {
    known().last().map_or(0, |migration| migration.version)
}

pub(crate) fn not_migrated() -> Error {
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
