//! Streams: a task of the runtime reads ahead by one part, and JavaScript takes part by part.

use std::sync::Arc;

use crm_postgres::Result;
use crm_postgres::background::incoming;
use crm_postgres::crm_core::{Entity, Order};
use crm_postgres::futures_util::StreamExt as _;
use tokio::sync::Mutex;

use crate::bridge::Job;
use crate::bridge::job;
use crate::handle::Store;
use crate::repositories::Stored;
use crate::runtime::runtime;
use crate::wire::{Out, Wire};

/// Is how many rows go over at a time. The text of a row in JavaScript is a slice of its part's, so a row that is kept keeps the part's.
const PART: usize = 256;

/// Begins to read; the rows go out of it as `next` asks for them.
pub(crate) fn stream<E: Stored>(
    store: Store,
    filter: E::Filter,
    order: Order<<E as Entity>::OrderBy>,
) -> Result<Store> {
    let (outgoing, parts) = incoming(2);
    let sender = outgoing.clone();
    let read = async move {
        let mut rows = E::repository(store.repositories()?).stream(filter, order).ready_chunks(PART);
        while let Some(rows) = rows.next().await {
            let mut part = Vec::with_capacity(rows.len());
            for row in rows {
                match row {
                    Ok(row) => part.push(row),
                    Err(error) => {
                        hand_on(&sender, part).await?;
                        return Err(error);
                    }
                }
            }
            hand_on(&sender, part).await?;
        }
        Ok(())
    };
    runtime()?.spawn(outgoing.end_with(read));
    Ok(Store::Rows(Arc::new(Mutex::new(parts))))
}

async fn hand_on<E: Stored>(sender: &crm_postgres::background::Outgoing<Out>, part: Vec<E>) -> Result<()> {
    if part.is_empty() {
        return Ok(());
    }
    let mut out = Out::default();
    part.put(&mut out);
    sender.hand_on(out).await
}

/// Waits for the next part: an array of rows, empty at the end.
pub(crate) fn next(rows: Arc<Mutex<crm_postgres::background::Incoming<Out>>>) -> Job {
    job(async move { rows.lock().await.next().await.map(Part) })
}

/// Is a part that is written already.
struct Part(Option<Out>);

impl Wire for Part {
    fn put(self, out: &mut Out) {
        match self.0 {
            Some(part) => out.append(&part),
            None => out.count(0),
        }
    }
}
