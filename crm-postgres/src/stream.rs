//! Streams: any number of rows from one snapshot, in bounded memory.
//!
//! The rows come through a cursor of the server's, a part at a time, so that a slow reader holds up nothing but its own
//! connection and the statement timeout counts for each part.

use std::sync::atomic::{AtomicU64, Ordering};

use crm_core::{Entity, Order, Result};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use sqlx::postgres::PgRow;
use tracing::instrument;

use crate::fault::Intent;
use crate::list::{arrange_all, restrict, select};
use crate::session::Session;
use crate::sql::Sql;
use crate::table::{Table, read};
use crate::transaction::Tx;

/// Is how many rows are fetched at a time.
const PART: usize = 1_000;

/// Numbers the cursors, which share one space of names in a transaction.
static CURSORS: AtomicU64 = AtomicU64::new(0);

enum State<'s> {
    Begin(&'s Session, Sql),
    Fetch(Cursor),
    Done,
}

struct Cursor {
    name: String,
    /// Runs in the caller's transaction, or in `own`.
    session: Session,
    own: Option<Tx>,
}

pub(crate) fn stream<'s, E: Table>(
    session: &'s Session,
    filter: &E::Filter,
    order: Order<<E as Entity>::OrderBy>,
) -> BoxStream<'s, Result<E>> {
    let mut sql = select::<E>();
    restrict::<E>(&mut sql, filter);
    arrange_all::<E>(&mut sql, order);
    let parts = stream::try_unfold(State::Begin(session, sql), |state| async move {
        match state {
            State::Begin(session, sql) => Cursor::open(session, sql).await?.fetch().await.map(Some),
            State::Fetch(cursor) => cursor.fetch().await.map(Some),
            State::Done => Ok(None),
        }
    });
    parts.map_ok(|rows| stream::iter(rows.into_iter().map(|row| read::<E>(&row)))).try_flatten().boxed()
}

impl Cursor {
    #[instrument(name = "crm.stream", skip_all)]
    async fn open(session: &Session, select: Sql) -> Result<Self> {
        let name = format!("crm_stream_{}", CURSORS.fetch_add(1, Ordering::Relaxed));
        let own = match session.transaction {
            Some(_) => None,
            None => Some(Tx::begin(session, "begin isolation level repeatable read, read only").await?),
        };
        let session = own.as_ref().map_or(session, Tx::session).clone();
        let text = format!("declare {name} no scroll cursor for {}", select.text);
        session.rows(Intent::Read, Sql { text, passing: true, ..select }).await?;
        Ok(Self { name, session, own })
    }

    async fn fetch(self) -> Result<(Vec<PgRow>, State<'static>)> {
        let fetch = Sql { passing: true, ..Sql::new(format!("fetch forward {PART} from {}", self.name)) };
        let rows = self.session.rows(Intent::Read, fetch).await?;
        if rows.len() == PART {
            return Ok((rows, State::Fetch(self)));
        }
        if let Some(own) = self.own {
            own.commit().await?;
        } else {
            let close = Sql { passing: true, ..Sql::new(format!("close {}", self.name)) };
            self.session.rows(Intent::Read, close).await?;
        }
        Ok((rows, State::Done))
    }
}
