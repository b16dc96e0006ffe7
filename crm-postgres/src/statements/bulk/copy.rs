//! Many rows of the trusted system: COPY in its binary format, with ids that are taken from the sequence beforehand.

use chrono::{DateTime, Utc};
use crm_core::UserId;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgRow};
use sqlx::{Encode, Postgres, Row as _, Type};

use super::put;
use crate::connection::call::{Failure, within};
use crate::connection::error_mapping::Intent;
use crate::connection::pool::Lease;
use crate::connection::session::Session;
use crate::sql::Sql;
use crate::sql::row::Columns;
use crate::statements::table::{Fields, Table};

/// Sends what has gathered when it is larger than this.
const CHUNK: usize = 128 * 1024;

/// COPY's signature, flags and the length of its header extension (PostgreSQL docs, COPY, "Binary Format").
pub(crate) const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Stands where a row's number of fields would stand when there is no further row.
pub(crate) const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// Loads the rows.
pub(super) async fn load<E: Table>(
    session: &Session,
    lease: &mut Lease,
    new: &[E::New],
) -> Result<Vec<E::Id>, Failure> {
    let timeout = session.pool.settings.call_timeout;
    let (ids, now) = reserve::<E>(session, lease, new.len()).await?;
    let mut names = Names(vec!["id"]);
    E::fields(&new[0], &mut names);
    let statement = format!("copy {} ({}) from stdin (format binary)", E::TABLE, names.0.join(", "));
    // Before the transaction is committed, a lost connection undoes all of it: nothing is unknown.
    let mut copy = within(timeout, Intent::Read, lease.connection().copy_in_raw(&statement)).await?;
    let mut rows = Rows { now, ..Rows::default() };
    rows.buffer.extend_from_slice(HEADER);
    let fields = i16::try_from(names.0.len()).expect("a table has few columns").to_be_bytes();
    for (&id, new) in ids.iter().zip(new) {
        rows.buffer.extend_from_slice(&fields);
        put(&mut rows.buffer, id);
        E::fields(new, &mut rows);
        if rows.buffer.len() > CHUNK {
            within(timeout, Intent::Read, copy.send(rows.buffer.as_slice())).await?;
            rows.buffer.clear();
        }
    }
    rows.buffer.extend_from_slice(&TRAILER);
    within(timeout, Intent::Read, copy.send(rows.buffer.as_slice())).await?;
    within(timeout, Intent::Read, copy.finish()).await?;
    Ok(ids.into_iter().map(E::Id::from).collect())
}

/// Takes ids from the table's sequence, and the server's time.
async fn reserve<E: Table>(
    session: &Session,
    lease: &mut Lease,
    count: usize,
) -> Result<(Vec<i64>, DateTime<Utc>), Failure> {
    let count = i64::try_from(count).expect("memory holds fewer rows than i64 counts");
    let mut sql = Sql::new("select array_agg(nextval(");
    sql.bind(format!("{}_id_seq", E::TABLE))
        .push("::text::regclass)), current_timestamp from generate_series(1, ");
    sql.bind(count).push(")");
    let rows = session.run(lease, Intent::Read, sql).await?;
    let read = |row: &PgRow| {
        let ids = row.try_get(0)?;
        let mut columns = Columns::new(row);
        columns.skip(1);
        Ok((ids, columns.moment()?))
    };
    rows.first()
        .ok_or(sqlx::Error::RowNotFound)
        .and_then(read)
        .map_err(|error| Failure::of(crate::connection::error_mapping::of_statement(error, Intent::Read)))
}

/// Collects the names of the columns.
struct Names(Vec<&'static str>);

impl Fields for Names {
    fn value<'t, T: Encode<'t, Postgres> + PgHasArrayType + Type<Postgres>>(
        &mut self,
        column: &'static str,
        _value: T,
    ) {
        self.0.push(column);
    }

    fn label(&mut self, column: &'static str, _label: &'static str, _enum_type: &'static str) {
        self.0.push(column);
    }

    fn tags(&mut self, column: &'static str, _tags: &[String]) {
        self.0.push(column);
    }

    fn creator(&mut self, _creator: Option<UserId>) {
        self.0.push("created_by");
    }

    fn moment_or_now(&mut self, column: &'static str, _moment: Option<DateTime<Utc>>) {
        self.0.push(column);
    }
}

/// Encodes rows for COPY, with the encoders that the driver uses for parameters.
#[derive(Default)]
struct Rows {
    buffer: PgArgumentBuffer,
    now: DateTime<Utc>,
}

impl Fields for Rows {
    fn value<'t, T: Encode<'t, Postgres> + PgHasArrayType + Type<Postgres>>(
        &mut self,
        _column: &'static str,
        value: T,
    ) {
        put(&mut self.buffer, value);
    }

    fn label(&mut self, _column: &'static str, label: &'static str, _enum_type: &'static str) {
        put(&mut self.buffer, label);
    }

    fn tags(&mut self, _column: &'static str, tags: &[String]) {
        put(&mut self.buffer, tags);
    }

    fn creator(&mut self, creator: Option<UserId>) {
        put(&mut self.buffer, creator.map(i64::from));
    }

    fn moment_or_now(&mut self, _column: &'static str, moment: Option<DateTime<Utc>>) {
        put(&mut self.buffer, moment.unwrap_or(self.now));
    }
}
