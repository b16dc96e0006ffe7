//! The decoding of rows by itself, without the call that brings them.

use crm_core::{Entity, Result};
use sqlx::postgres::PgRow;

use crate::statements::list;
use crate::statements::table::{self, Table};

/// Is an entity that can be read from a row. A trait of its own, so that what a repository knows of a table need not be seen.
pub trait Decoded: Entity {
    /// Returns the statement that reads all rows, with the columns that [`decode`](Self::decode) reads.
    #[must_use]
    fn select() -> String;

    /// Reads an entity from a row, as every call does.
    ///
    /// # Errors
    /// `internal` when the row has other columns.
    fn decode(row: &PgRow) -> Result<Self>;
}

impl<E: Table> Decoded for E {
    fn select() -> String {
        list::select::<E>().text
    }

    fn decode(row: &PgRow) -> Result<Self> {
        table::read(row)
    }
}
