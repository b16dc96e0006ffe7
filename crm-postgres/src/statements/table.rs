//! What a repository needs to know of its table.

use crm_core::{Entity, Result, UserId};
use sqlx::postgres::{PgHasArrayType, PgRow};
use sqlx::{Encode, Postgres, Type};

use crate::connection::error_mapping::Intent;
use crate::connection::session::Session;
use crate::sql::Sql;
use crate::sql::column::Column;
use crate::sql::row::Columns;
use crate::statements::filter::Conditions;

/// Ties an entity to its table. What is written here is all the SQL that the entity has of its own.
pub(crate) trait Table: Entity {
    /// The table, schema-qualified.
    const TABLE: &'static str;
    /// The columns in the order in which [`read`](Self::read) reads them; the macro `columns!` writes both.
    const COLUMNS: &'static [Column];

    /// Reads the entity from its columns.
    fn read(columns: &mut Columns<'_>) -> sqlx::Result<Self>;

    /// Does what new rows take that is no SQL.
    fn prepare(
        _session: &Session,
        new: Vec<Self::New>,
    ) -> impl Future<Output = Result<Vec<Self::New>>> + Send {
        std::future::ready(Ok(new))
    }

    /// Names the fields of a new row.
    fn fields<F: Fields>(new: &Self::New, fields: &mut F);

    /// Names the columns of a new row that refer to other tables.
    fn references(new: &Self::New) -> Vec<Reference>;

    /// Is the expression that is unique beside the key, where there is one.
    const UNIQUE: Option<&'static str> = None;

    /// Returns the value that a new row has for [`UNIQUE`](Self::UNIQUE).
    fn unique(_new: &Self::New) -> Option<String> {
        None
    }

    /// Adds the assignments of a patch.
    fn assign(patch: &Self::Patch, sql: &mut Sql);

    /// Adds the conditions of a filter.
    fn condition(filter: &Self::Filter, conditions: &mut Conditions<'_>);

    /// Returns what a list is ordered by.
    fn order(by: Self::OrderBy) -> Ordering;

    /// Lists the columns that have an index together with an order, first the column and then the order, the most telling
    /// column first.
    fn indexed_with(by: Self::OrderBy) -> &'static [&'static str];
}

/// Is a column of a new row that refers to another table.
#[derive(Debug)]
pub(crate) struct Reference {
    pub(crate) column: &'static str,
    pub(crate) table: &'static str,
    pub(crate) id: Option<i64>,
}

impl Reference {
    pub(crate) fn new(column: &'static str, table: &'static str, id: Option<impl Into<i64>>) -> Self {
        Self { column, table, id: id.map(Into::into) }
    }
}

/// Is the expression that a list is ordered by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ordering {
    pub(crate) expression: &'static str,
    pub(crate) nullable: bool,
    /// The labels behind the ranks of the order's keys, where it has ranks.
    pub(crate) ranks: Option<Ranks>,
}

/// An enum type of the database whose labels are ordered by their rank.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ranks {
    pub(crate) enum_type: &'static str,
    /// Returns the label of a rank.
    pub(crate) label: fn(i32) -> &'static str,
}

impl Ordering {
    pub(crate) const fn by(expression: &'static str) -> Self {
        Self { expression, nullable: false, ranks: None }
    }

    pub(crate) const fn by_nullable(expression: &'static str) -> Self {
        Self { expression, nullable: true, ranks: None }
    }

    pub(crate) const fn by_rank(expression: &'static str, ranks: Ranks) -> Self {
        Self { expression, nullable: false, ranks: Some(ranks) }
    }
}

/// Takes the fields of a new row, for an INSERT or for a COPY.
pub(crate) trait Fields {
    /// Takes a value.
    fn value<'t, T: Encode<'t, Postgres> + PgHasArrayType + Type<Postgres>>(
        &mut self,
        column: &'static str,
        value: T,
    );
    /// Takes a label of an enum type.
    fn label(&mut self, column: &'static str, label: &'static str, enum_type: &'static str);
    /// Takes tags.
    fn tags(&mut self, column: &'static str, tags: &[String]);
    /// Takes who made the row, where the trusted system says so; otherwise the database does.
    fn creator(&mut self, creator: Option<UserId>);
    /// Takes a moment, or the server's present one.
    fn moment_or_now(&mut self, column: &'static str, moment: Option<chrono::DateTime<chrono::Utc>>);
}

/// Lists the columns behind an alias of the table.
pub(crate) fn columns<E: Table>(alias: &str) -> String {
    let columns: Vec<_> = E::COLUMNS.iter().map(|column| column.selected(alias)).collect();
    columns.join(", ")
}

/// Reads an entity from a row of its columns.
pub(crate) fn read<E: Table>(row: &PgRow) -> Result<E> {
    part(&mut Columns::new(row))
        .map_err(|error| crate::connection::error_mapping::of_statement(error, Intent::Read))
}

/// Reads an entity from its columns, which may be a part of a row; an error names the entity's table and id.
pub(crate) fn part<E: Table>(columns: &mut Columns<'_>) -> sqlx::Result<E> {
    let key = columns.at();
    E::read(columns).map_err(|error| columns.of_row(E::TABLE, key, error))
}
