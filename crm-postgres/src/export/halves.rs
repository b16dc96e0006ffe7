//! A large table in two halves at once, over two connections with one snapshot: nearly all of a copy's time is the server's, which
//! works for a connection with one process.

use std::pin::pin;

use crm_core::Result;
use futures_util::{TryStreamExt as _, stream};

use super::{ExportSink, hand_on};
use crate::connection::call::{Failure, within};
use crate::connection::error_mapping::Intent;
use crate::connection::pool::Lease;
use crate::connection::session::Session;
use crate::connection::transaction::Tx;
use crate::sql::Sql;
use crate::statements::bulk::{COPY_HEADER, COPY_TRAILER};

/// Is how many of the server's blocks, of 8 KiB each as a rule, a table has at least for which a second connection is worth its while.
const LARGE: i64 = 1_000;

/// Is a transaction's session, another transaction that sees the same, and the block before which the first one's half ends.
pub(super) struct Halves<'s> {
    first: &'s Session,
    second: Tx,
    middle: i64,
}

impl<'s> Halves<'s> {
    /// Splits a table, unless it is small or no other connection can be had: whoever has one must not wait for another, or exports
    /// could wait for each other for ever. Where statements have no names there may be a pooler; a second one takes another of the
    /// pooler's connections, and nothing tells whether there is one.
    pub(super) async fn of(first: &'s Session, table: &str) -> Result<Option<Self>> {
        if !first.is_named().await? {
            return Ok(None);
        }
        let mut size = Sql::new("select pg_catalog.pg_relation_size(");
        size.bind(table).push("::text::regclass) / current_setting('block_size')::bigint");
        let blocks: i64 = first.value(size).await?;
        if blocks < LARGE {
            return Ok(None);
        }
        let Some(lease) = first.pool.try_lease().await else { return Ok(None) };
        let snapshot: String = first.value(Sql::new("select pg_catalog.pg_export_snapshot()")).await?;
        let begin = format!(
            "begin isolation level repeatable read, read only; set transaction snapshot '{snapshot}'"
        );
        // A connection that turns out to be dead, or to lead to another server, is not needed.
        let second = Tx::begin_on(lease, first, &begin).await.ok();
        Ok(second.map(|second| Self { first, second, middle: blocks / 2 }))
    }

    /// Copies both halves, by turns as they arrive. A failure closes both connections.
    pub(super) async fn export(self, sql: Sql, sink: &mut impl ExportSink) -> Result<()> {
        let Self { first, second, middle } = self;
        {
            let (mut one, mut other) = (first.taken().await?, second.session().taken().await?);
            copy_both(first, [one.lease(), other.lease()], sql, middle, sink)
                .await
                .map_err(|failure| failure.error)?;
            one.put_back();
            other.put_back();
        }
        second.end().await
    }
}

async fn copy_both(
    session: &Session,
    [first, second]: [&mut Lease; 2],
    sql: Sql,
    middle: i64,
    sink: &mut impl ExportSink,
) -> Result<(), Failure> {
    // A scan of a range of places, from PostgreSQL 14 on.
    let half =
        |side: &str| Sql { text: format!("{} and t.ctid {side} '({middle},0)'", sql.text), ..sql.clone() };
    let first = session.begin_copy(first, half("<")).await?;
    let second = session.begin_copy(second, half(">=")).await?;
    let mut pieces = pin!(stream::select(first, second));
    hand_on(&[COPY_HEADER], sink).await?;
    while let Some(pieces) =
        within(session.pool.settings.call_timeout, Intent::Read, pieces.try_next()).await?
    {
        // Of an empty half, header and trailer are one piece.
        let rows =
            pieces.iter().map(|piece| piece.as_ref().strip_prefix(COPY_HEADER).unwrap_or(piece.as_ref()));
        let rows: Vec<_> = rows.filter(|row| !row.is_empty() && *row != COPY_TRAILER).collect();
        hand_on(&rows, sink).await?;
    }
    hand_on(&[&COPY_TRAILER], sink).await
}
