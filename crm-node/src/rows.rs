//! Streams: a task of the runtime reads ahead by some parts, and JavaScript takes part by part.

use std::sync::Arc;

use crm_postgres::background::{Incoming, incoming};
use crm_postgres::crm_core::{Entity, Order};
use crm_postgres::futures_util::StreamExt as _;
use crm_postgres::{Error, Result};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::bridge::{Job, job};
use crate::handle::Store;
use crate::repositories::Known;
use crate::runtime::runtime;
use crate::wire::{Out, Wire};

/// Is how many rows go over at a time. The text of a row in JavaScript is a slice of its part's, so a row that is kept keeps the part's.
/// It divides what the library fetches at a time, so that no fetch is under way when a part is handed on: whoever leaves a stream of a
/// transaction would break it off, and the transaction with it.
const PART: usize = 250;

/// Is how many parts wait for JavaScript, as many rows together as the library fetches.
const AHEAD: usize = 4;

/// Is a part that a thread of the runtime writes while the next one is read.
pub(crate) type Part = JoinHandle<Out>;

/// Begins to read; the rows go out of it as `next` asks for them.
pub(crate) fn stream<E: Known>(
    store: Store,
    filter: E::Filter,
    order: Order<<E as Entity>::OrderBy>,
) -> Result<Store> {
    let (outgoing, parts) = incoming(AHEAD);
    let sender = outgoing.clone();
    let of = store.clone();
    let read = async move {
        let mut rows = E::repository(store.repositories()?).stream(filter, order).ready_chunks(PART);
        while let Some(rows) = rows.next().await {
            let mut part = Vec::with_capacity(rows.len());
            let mut failed = None;
            for row in rows {
                match row {
                    Ok(row) => part.push(row),
                    Err(error) => failed = Some(error),
                }
            }
            if !part.is_empty() {
                sender.hand_on(tokio::spawn(async { written(part) })).await?;
            }
            if let Some(error) = failed {
                return Err(error);
            }
        }
        Ok(())
    };
    match of {
        Store::Tx(open) => {
            runtime()?.spawn(async move { outgoing.end_with_whole(open.within(read)).await });
        }
        _ => {
            runtime()?.spawn(outgoing.end_with(read));
        }
    }
    Ok(Store::Rows(Arc::new(Mutex::new(parts))))
}

fn written<E: Known>(rows: Vec<E>) -> Out {
    let mut out = Out::default();
    rows.put(&mut out);
    out
}

/// Waits for the next part: an array of rows, empty at the end.
pub(crate) fn next(rows: Arc<Mutex<Incoming<Part>>>) -> Job {
    job(async move {
        let Some(part) = rows.lock().await.next().await? else { return Ok(Written(None)) };
        let part = part.await;
        part.map(|part| Written(Some(part)))
            .map_err(|error| Error::internal("a part of the stream is lost", Some(error.into())))
    })
}

/// Is a part that is written already.
struct Written(Option<Out>);

impl Wire for Written {
    fn put(self, out: &mut Out) {
        match self.0 {
            Some(part) => out.append(&part),
            None => out.count(0),
        }
    }
}
