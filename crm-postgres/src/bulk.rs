//! Many rows at once, by COPY in its binary format, with ids that are taken from the sequence beforehand.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use crm_core::{Error, Result, Valid};
use sqlx::encode::IsNull;
use sqlx::postgres::{PgArgumentBuffer, PgRow};
use sqlx::{Encode, PgConnection, Postgres, Row as _, Type};

use crate::fault::Intent;
use crate::row::Columns;
use crate::session::{FINISHED, Failure, Session, within};
use crate::sql::Sql;
use crate::table::{Fields, Table};
use crate::transaction::Tx;

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

/// Sends what has gathered when it is larger than this.
const CHUNK: usize = 128 * 1024;

/// COPY's signature, flags and the length of its header extension (PostgreSQL docs, COPY, "Binary Format").
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Stands where a row's number of fields would stand when there is no further row.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

pub(crate) async fn create_many<E: Table>(session: &Session, new: Vec<Valid<E::New>>) -> Result<Vec<E::Id>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let Some(open) = &session.transaction else {
        // One transaction, so that all its statements have the same present moment.
        let tx = Tx::begin(session, "begin").await?;
        let ids = Box::pin(create_many::<E>(tx.session(), new)).await?;
        tx.commit().await?;
        return Ok(ids);
    };
    let mut slot = open.0.lock().await;
    let mut lease = slot.take().ok_or(FINISHED)?;
    let result = create_in_savepoint::<E>(session, lease.connection(), &new).await;
    session.settle(&mut slot, lease, result).await
}

/// Loads the rows in a savepoint, to which it goes back for the questions that locate a refusal.
async fn create_in_savepoint<E: Table>(
    session: &Session,
    connection: &mut PgConnection,
    new: &[Valid<E::New>],
) -> Result<Vec<E::Id>, Failure> {
    let timeout = session.pool.settings.call_timeout;
    let plain = async |statement: &'static str, connection: &mut PgConnection| {
        within(timeout, Intent::Read, sqlx::raw_sql(statement).execute(connection)).await.map(drop)
    };
    plain("savepoint crm_bulk", connection).await?;
    match load::<E>(session, connection, new).await {
        Ok(ids) => {
            plain("release savepoint crm_bulk", connection).await?;
            Ok(ids)
        }
        Err(failure) if failure.lost => Err(failure),
        Err(failure) => {
            plain("rollback to savepoint crm_bulk", connection).await?;
            Err(locate::<E>(session, connection, new, failure).await)
        }
    }
}

/// Loads the rows.
async fn load<E: Table>(
    session: &Session,
    connection: &mut PgConnection,
    new: &[Valid<E::New>],
) -> Result<Vec<E::Id>, Failure> {
    let timeout = session.pool.settings.call_timeout;
    let (ids, now) = reserve::<E>(session, connection, new.len()).await?;
    let mut names = Names(vec!["id"]);
    E::fields(&new[0], &mut names);
    let statement = format!("copy {} ({}) from stdin (format binary)", E::TABLE, names.0.join(", "));
    // Before the transaction is committed, a lost connection undoes all of it: nothing is unknown.
    let mut copy = within(timeout, Intent::Read, connection.copy_in_raw(&statement)).await?;
    let mut rows = Rows { now, ..Rows::default() };
    rows.buffer.extend_from_slice(HEADER);
    let fields = i16::try_from(names.0.len()).expect("a table has few columns").to_be_bytes();
    for (&id, new) in ids.iter().zip(new) {
        rows.buffer.extend_from_slice(&fields);
        rows.put(id);
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
    connection: &mut PgConnection,
    count: usize,
) -> Result<(Vec<i64>, DateTime<Utc>), Failure> {
    let count = i64::try_from(count).expect("memory holds fewer rows than i64 counts");
    let mut sql = Sql::new("select array_agg(nextval(");
    sql.bind(format!("{}_id_seq", E::TABLE))
        .push("::text::regclass)), current_timestamp from generate_series(1, ");
    sql.bind(count).push(")");
    let rows = session.run(connection, Intent::Read, sql).await?;
    let read = |row: &PgRow| {
        let ids = row.try_get(0)?;
        let mut columns = Columns::new(row);
        columns.skip(1);
        Ok((ids, columns.moment()?))
    };
    rows.first()
        .ok_or(sqlx::Error::RowNotFound)
        .and_then(read)
        .map_err(|error| Failure { error: crate::fault::of_statement(error, Intent::Read), lost: false })
}

/// Collects the names of the columns.
struct Names(Vec<&'static str>);

impl Fields for Names {
    fn value<'t, T: Encode<'t, Postgres> + Type<Postgres>>(&mut self, column: &'static str, _value: T) {
        self.0.push(column);
    }

    fn label(&mut self, column: &'static str, _label: &'static str, _enum_type: &'static str) {
        self.0.push(column);
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

impl Rows {
    fn put<'t, T: Encode<'t, Postgres>>(&mut self, value: T) {
        let start = self.buffer.len();
        self.buffer.extend_from_slice(&[0; 4]);
        let null = value.encode(&mut self.buffer).expect("validated values can be encoded");
        let length = match null {
            IsNull::Yes => -1,
            IsNull::No => i32::try_from(self.buffer.len() - start - 4).expect("validated values are short"),
        };
        self.buffer[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
}

impl Fields for Rows {
    fn value<'t, T: Encode<'t, Postgres> + Type<Postgres>>(&mut self, _column: &'static str, value: T) {
        self.put(value);
    }

    fn label(&mut self, _column: &'static str, label: &'static str, _enum_type: &'static str) {
        self.put(label);
    }

    fn moment_or_now(&mut self, _column: &'static str, moment: Option<DateTime<Utc>>) {
        self.put(moment.unwrap_or(self.now));
    }
}

/// Finds the row that the database has refused.
async fn locate<E: Table>(
    session: &Session,
    connection: &mut PgConnection,
    new: &[Valid<E::New>],
    failure: Failure,
) -> Failure {
    let located = match &failure.error {
        Error::MissingReference { field } => first_missing::<E>(session, connection, new, field).await,
        Error::Taken { .. } => first_taken::<E>(session, connection, new).await,
        _ => return failure,
    };
    match located {
        Ok(None) => failure,
        Ok(Some(row)) => Failure { error: at(failure.error, row), lost: false },
        Err(failure) => failure,
    }
}

/// Puts the row's number before the field.
fn at(error: Error, row: usize) -> Error {
    match error {
        Error::MissingReference { field } => Error::MissingReference { field: format!("[{row}].{field}") },
        Error::Taken { entity, field } => Error::Taken { entity, field: format!("[{row}].{field}") },
        error => error,
    }
}

async fn first_missing<E: Table>(
    session: &Session,
    connection: &mut PgConnection,
    new: &[Valid<E::New>],
    column: &str,
) -> Result<Option<usize>, Failure> {
    let references: Vec<_> = new
        .iter()
        .enumerate()
        .flat_map(|(row, new)| E::references(new).into_iter().map(move |reference| (row, reference)))
        .filter(|(_, reference)| reference.column == column)
        .collect();
    let Some((_, Reference { table, .. })) = references.first() else { return Ok(None) };
    let sought: HashSet<i64> = references.iter().filter_map(|(_, reference)| reference.id).collect();
    let mut sql = Sql::new(format!("select id from {table} where id = any("));
    sql.bind(sought.into_iter().collect::<Vec<_>>()).push(")");
    let rows = session.run(connection, Intent::Read, sql).await?;
    let found: HashSet<i64> = rows.iter().filter_map(|row| row.try_get(0).ok()).collect();
    let missing = |reference: &Reference| reference.id.is_some_and(|id| !found.contains(&id));
    Ok(references.iter().find(|(_, reference)| missing(reference)).map(|(row, _)| *row))
}

async fn first_taken<E: Table>(
    session: &Session,
    connection: &mut PgConnection,
    new: &[Valid<E::New>],
) -> Result<Option<usize>, Failure> {
    let Some(expression) = E::UNIQUE else { return Ok(None) };
    let values: Vec<_> = new.iter().map(|new| E::unique(new).unwrap_or_default()).collect();
    let mut sql = Sql::new(format!("select {expression} from {} t where {expression} = any(", E::TABLE));
    sql.bind(values.as_slice()).push(")");
    let rows = session.run(connection, Intent::Read, sql).await?;
    let mut taken: HashSet<String> = rows.iter().filter_map(|row| row.try_get(0).ok()).collect();
    Ok(values.into_iter().position(|value| !taken.insert(value)))
}
