//! Many rows at once, all or none: how they are sent, and which of them was refused.

mod arrays;
mod copy;

use std::collections::HashSet;

use crm_core::{Error, Result, Valid};
use sqlx::encode::IsNull;
use sqlx::postgres::PgArgumentBuffer;
use sqlx::{Encode, Postgres, Row as _};

use crate::connection::call::{Failure, within};
use crate::connection::error_mapping::Intent;
use crate::connection::pool::Lease;
use crate::connection::session::Session;
use crate::connection::transaction::Tx;
use crate::sql::Sql;
use crate::statements::table::{Reference, Table};

pub(crate) use copy::{HEADER as COPY_HEADER, TRAILER as COPY_TRAILER};

/// Up to so many rows go without a COPY. Over TCP its end waits some 40 ms for the server's acknowledgement of what was sent before, as the
/// driver leaves Nagle's algorithm on; behind many rows that goes unnoticed.
const FEW: usize = 500;

pub(crate) async fn create_many<E: Table>(session: &Session, new: Vec<Valid<E::New>>) -> Result<Vec<E::Id>> {
    for (row, new) in new.iter().enumerate() {
        session.refuse_reserved::<E>(new, |field| format!("[{row}].{field}"))?;
    }
    if new.is_empty() {
        return session.look_up_actor().await.map(|()| Vec::new());
    }
    let prepared = E::prepare(session, new.into_iter().map(Valid::into_inner).collect()).await?;
    if session.transaction.is_some() {
        return create_in_transaction::<E>(session, &prepared).await;
    }
    // One transaction, so that all its statements have the same present moment.
    let tx = Tx::begin_on_pool(session, "begin").await?;
    let ids = create_in_transaction::<E>(tx.session(), &prepared).await?;
    tx.commit().await?;
    Ok(ids)
}

async fn create_in_transaction<E: Table>(session: &Session, new: &[E::New]) -> Result<Vec<E::Id>> {
    let mut taken = session.taken().await?;
    let result = create_in_savepoint::<E>(session, taken.lease(), new).await;
    session.settle(taken, result).await
}

/// Loads the rows in a savepoint, to which it goes back for the questions that locate a refusal.
async fn create_in_savepoint<E: Table>(
    session: &Session,
    lease: &mut Lease,
    new: &[E::New],
) -> Result<Vec<E::Id>, Failure> {
    let timeout = session.pool.settings.call_timeout;
    let plain = async |statement: &'static str, lease: &mut Lease| {
        within(timeout, Intent::Read, sqlx::raw_sql(statement).execute(lease.connection())).await.map(drop)
    };
    plain("savepoint crm_bulk", lease).await?;
    // PostgreSQL has no COPY under row security.
    let loaded = if session.actor.is_some() || new.len() <= FEW {
        arrays::load::<E>(session, lease, new).await
    } else {
        copy::load::<E>(session, lease, new).await
    };
    match loaded {
        Ok(ids) => {
            plain("release savepoint crm_bulk", lease).await?;
            Ok(ids)
        }
        Err(failure) if failure.lost => Err(failure),
        Err(failure) => {
            plain("rollback to savepoint crm_bulk", lease).await?;
            Err(locate::<E>(session, lease, new, failure).await)
        }
    }
}

/// Appends a value in the server's binary format behind its length, with the encoders that the driver uses for parameters;
/// tells whether it is null.
fn put<'t, T: Encode<'t, Postgres>>(buffer: &mut PgArgumentBuffer, value: T) -> bool {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; 4]);
    let null = value.encode(buffer).expect("validated values can be encoded");
    let length = match null {
        IsNull::Yes => -1,
        IsNull::No => i32::try_from(buffer.len() - start - 4).expect("validated values are short"),
    };
    buffer[start..start + 4].copy_from_slice(&length.to_be_bytes());
    length == -1
}

/// Finds the row that the database has refused.
async fn locate<E: Table>(session: &Session, lease: &mut Lease, new: &[E::New], failure: Failure) -> Failure {
    let located = match &failure.error {
        Error::MissingReference { field } => first_missing::<E>(session, lease, new, field).await,
        Error::Taken { .. } => first_taken::<E>(session, lease, new).await,
        _ => return failure,
    };
    match located {
        Ok(None) => failure,
        Ok(Some(row)) => Failure { error: at(failure.error, row), ..failure },
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
    lease: &mut Lease,
    new: &[E::New],
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
    let rows = session.run(lease, Intent::Read, sql).await?;
    let found: HashSet<i64> = rows.iter().filter_map(|row| row.try_get(0).ok()).collect();
    let missing = |reference: &Reference| reference.id.is_some_and(|id| !found.contains(&id));
    Ok(references.iter().find(|(_, reference)| missing(reference)).map(|(row, _)| *row))
}

async fn first_taken<E: Table>(
    session: &Session,
    lease: &mut Lease,
    new: &[E::New],
) -> Result<Option<usize>, Failure> {
    let Some(expression) = E::UNIQUE else { return Ok(None) };
    let (rows, values): (Vec<_>, Vec<_>) =
        new.iter().enumerate().filter_map(|(row, new)| Some((row, E::unique(new)?))).unzip();
    let mut sql = Sql::new(format!("select {expression} from {} t where {expression} = any(", E::TABLE));
    sql.bind(values.as_slice()).push(")");
    let found = session.run(lease, Intent::Read, sql).await?;
    let mut taken: HashSet<String> = found.iter().filter_map(|row| row.try_get(0).ok()).collect();
    Ok(values.into_iter().position(|value| !taken.insert(value)).map(|at| rows[at]))
}
