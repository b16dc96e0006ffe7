//! Keeping a database: its migrations and its sample rows.

pub(crate) mod migrate;
pub(crate) mod seed;
