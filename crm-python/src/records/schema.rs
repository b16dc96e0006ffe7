//! What the calls on the schema return.

use pyo3::prelude::*;

use super::record;

record! {
    /// A step of the schema.
    Migration {
        /// The version, by which the steps are ordered: a date and a number.
        version: i64,
        /// What it does, in a word.
        description: String,
    }
}

/// Tells the passwords of the two sample users. Nobody tells them again.
#[pyclass(frozen, get_all, module = "crm")]
pub(crate) struct Seeded {
    /// Of admin@crm.com.
    admin: String,
    /// Of user@crm.com.
    user: String,
}

#[pymethods]
impl Seeded {
    #[classattr]
    fn __match_args__() -> (&'static str, &'static str) {
        ("admin", "user")
    }

    /// Shows no password.
    #[expect(clippy::unused_self, reason = "Python calls it on an object")]
    fn __repr__(&self) -> &'static str {
        "Seeded(admin=…, user=…)"
    }
}

impl From<crm_postgres::Migration> for Migration {
    fn from(migration: crm_postgres::Migration) -> Self {
        let crm_postgres::Migration { version, description } = migration;
        Self { version, description }
    }
}

impl From<crm_postgres::Seeded> for Seeded {
    fn from(seeded: crm_postgres::Seeded) -> Self {
        let crm_postgres::Seeded { admin, user } = seeded;
        Self { admin: admin.reveal().to_owned(), user: user.reveal().to_owned() }
    }
}
