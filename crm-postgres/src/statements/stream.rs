//! Streams: any number of rows from one snapshot, in bounded memory.
//!
//! The rows come through a cursor of the server's, a part at a time, so that a slow reader holds up nothing but its own
//! connection and the statement timeout counts for each part.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};

use crm_core::{Entity, Order, Result};
use futures_core::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use sqlx::postgres::PgRow;
use tracing::instrument;

use crate::connection::error_mapping::Intent;
use crate::connection::session::Session;
use crate::connection::transaction::{SNAPSHOT, Tx};
use crate::sql::Sql;
use crate::statements::list::{arrange_all, restrict, select};
use crate::statements::table::{Table, read};

/// Is how many rows are fetched at a time.
const PART: usize = 1_000;

/// Numbers the cursors of callers' transactions, in which they share one space of names.
static CURSORS: AtomicU64 = AtomicU64::new(0);

/// Begins one for a stream of selected rows. A cursor is planned for its first tenth, for which the planner would walk the whole table in
/// the order and look for the few rows that fit; all rows are wanted. In a caller's transaction the setting is the caller's.
const BEGIN_SELECTING: &str =
    "begin isolation level repeatable read, read only; set local cursor_tuple_fraction = 1";

enum State<'s> {
    Begin(&'s Session, &'static str, Sql),
    /// Holds what the cursor has given last.
    Read(Cursor, Result<Vec<PgRow>>),
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
    let unfiltered = sql.text.len();
    restrict::<E>(&mut sql, filter);
    let begin = if sql.text.len() > unfiltered { BEGIN_SELECTING } else { SNAPSHOT };
    arrange_all::<E>(&mut sql, order);
    let parts = stream::try_unfold(State::Begin(session, begin, sql), |state| async move {
        let (cursor, rows) = match state {
            State::Begin(session, begin, sql) => {
                let cursor = Cursor::open::<E>(session, begin, sql).await?;
                let rows = cursor.fetch().await;
                (cursor, rows)
            }
            State::Read(cursor, rows) => (cursor, rows),
            State::Done => return Ok(None),
        };
        next_part::<E>(cursor, rows?).await.map(Some)
    });
    parts.map_ok(stream::iter).try_flatten().boxed()
}

/// Reads the entities of a part, for which the server is asked for the next one meanwhile. That is waited for, and not left
/// under way: a server that cannot send, because its reader is slow, would run into the statement timeout.
async fn next_part<E: Table>(cursor: Cursor, rows: Vec<PgRow>) -> Result<(Vec<Result<E>>, State<'static>)> {
    let decode = || rows.iter().map(read::<E>).collect();
    if rows.len() < PART {
        cursor.close().await?;
        return Ok((decode(), State::Done));
    }
    let (entities, next) = {
        let mut fetch = pin!(cursor.fetch());
        let at_once = fetch.as_mut().now_or_never();
        let entities = decode();
        match at_once {
            Some(next) => (entities, next),
            None => (entities, fetch.await),
        }
    };
    Ok((entities, State::Read(cursor, next)))
}

impl Cursor {
    #[instrument(name = "crm.stream", skip_all)]
    async fn open<E: Table>(session: &Session, begin: &'static str, select: Sql) -> Result<Self> {
        if session.transaction.is_some() {
            let name = format!("crm_stream_{}", CURSORS.fetch_add(1, Ordering::Relaxed));
            let cursor = Self { name, session: session.clone(), own: None };
            session.rows(Intent::Read, Sql { passing: true, ..cursor.declare(select) }).await?;
            return Ok(cursor);
        }
        // One name an entity, so that the statements are the same each time and can be prepared.
        let name = format!("crm_stream_{}", E::KIND.plural());
        let own = Tx::begin_on_pool(session, begin).await?;
        let cursor = Self { name, session: own.session().clone(), own: Some(own) };
        // What selects has many texts, and shall not drive others out of the driver's cache.
        let passing = begin == BEGIN_SELECTING;
        cursor.session.rows(Intent::Read, Sql { passing, ..cursor.declare(select) }).await?;
        Ok(cursor)
    }

    fn declare(&self, select: Sql) -> Sql {
        Sql { text: format!("declare {} no scroll cursor for {}", self.name, select.text), ..select }
    }

    async fn fetch(&self) -> Result<Vec<PgRow>> {
        let fetch = Sql::new(format!("fetch forward {PART} from {}", self.name));
        self.session.rows(Intent::Read, Sql { passing: self.own.is_none(), ..fetch }).await
    }

    async fn close(self) -> Result<()> {
        if let Some(own) = self.own {
            return own.end().await;
        }
        let close = Sql { passing: true, ..Sql::new(format!("close {}", self.name)) };
        self.session.rows(Intent::Read, close).await.map(drop)
    }
}
