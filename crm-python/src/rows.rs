//! Streams: a task of the runtime reads ahead by one part, and Python takes row by row.

use std::sync::{Mutex, PoisonError};

use crm_postgres::Result;
use crm_postgres::crm_core::{Entity, Order};
use crm_postgres::futures_util::StreamExt as _;
use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::prelude::*;
use tokio::sync::mpsc;

use crate::call::Call;
use crate::errors::raise;
use crate::handle::{Store, Stored};
use crate::run::{Face, block};
use crate::runtime::{Owned, runtime};

/// Is how many rows go from the task to Python at a time, as many as the library fetches.
const PART: usize = 1_000;

/// Makes Python's value of the next row of a part.
type Part = Box<dyn FnMut(Python<'_>) -> Option<PyResult<Py<PyAny>>> + Send>;

struct Reading {
    parts: mpsc::Receiver<Result<Part>>,
    part: Option<Part>,
}

/// Begins to read.
pub(crate) fn stream<E: Stored>(
    py: Python<'_>,
    store: Store,
    face: Face,
    filter: E::Filter,
    order: Order<<E as Entity>::OrderBy>,
) -> PyResult<Py<PyAny>> {
    let (sender, parts) = mpsc::channel(1);
    let task = async move {
        let rows = match store.repositories() {
            Ok(repositories) => E::repository(repositories).stream(filter, order),
            Err(error) => return drop(sender.send(Err(error)).await),
        };
        let mut rows = rows.ready_chunks(PART);
        loop {
            let chunk = tokio::select! {
                chunk = rows.next() => chunk,
                // Nobody reads on: the connection is closed, by which the server stops.
                () = sender.closed() => return,
            };
            let Some(chunk) = chunk else { return };
            let mut chunk = chunk.into_iter();
            let part: Part = Box::new(move |py| {
                let row = chunk.next()?;
                Some(row.map_err(|error| raise(py, error)).and_then(|row: E| row.wire(py)))
            });
            if sender.send(Ok(part)).await.is_err() {
                return;
            }
        }
    };
    runtime().map_err(|error| raise(py, error))?.spawn(task);
    let reading = Mutex::new(Some(Owned::new(Reading { parts, part: None })));
    Ok(match face {
        Face::Sync => Py::new(py, Rows { reading })?.into_any(),
        Face::Async => Py::new(py, AsyncRows { reading })?.into_any(),
    })
}

impl Reading {
    /// Returns the next row that is there already.
    fn at_hand(&mut self, py: Python<'_>) -> Option<PyResult<Py<PyAny>>> {
        self.part.as_mut()?(py)
    }

    /// Waits for the next part; tells whether there is one.
    async fn go_on(&mut self) -> Result<bool> {
        self.part = self.parts.recv().await.transpose()?;
        Ok(self.part.is_some())
    }
}

type Slot = Mutex<Option<Owned<Reading>>>;

/// Takes the reading out of its slot while it is used; there is none at the end, or while somebody else uses it.
fn take(slot: &Slot) -> Option<Owned<Reading>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn put_back(slot: &Slot, reading: Owned<Reading>) {
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
}

/// Is the rows of a stream, one by one, all from one snapshot. It holds a connection until it ends, is closed or is
/// forgotten.
#[pyclass(frozen, generic, module = "crm")]
pub(crate) struct Rows {
    reading: Slot,
}

#[pymethods]
impl Rows {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let Some(mut owned) = take(&self.reading) else { return Ok(None) };
        let reading = owned.get_mut().map_err(|error| raise(py, error))?;
        let mut row = reading.at_hand(py);
        if row.is_none() && block(py, reading.go_on())? {
            row = reading.at_hand(py);
        }
        // At the end, and after an error, the reading is dropped.
        if let Some(Ok(_)) = row {
            put_back(&self.reading, owned);
        }
        row.transpose()
    }

    /// Ends the stream and gives its connection back.
    fn close(&self) {
        drop(take(&self.reading));
    }
}

/// Is the rows of a stream, for `async for`, all from one snapshot. It holds a connection until it ends, is closed or is
/// forgotten.
#[pyclass(frozen, generic, module = "crm")]
pub(crate) struct AsyncRows {
    reading: Slot,
}

#[pymethods]
impl AsyncRows {
    fn __aiter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __anext__(slf: &Bound<'_, Self>) -> PyResult<Call> {
        let py = slf.py();
        let Some(mut owned) = take(&slf.get().reading) else {
            return Err(PyStopAsyncIteration::new_err(()));
        };
        let reading = owned.get_mut().map_err(|error| raise(py, error))?;
        if let Some(row) = reading.at_hand(py) {
            let row = row?;
            put_back(&slf.get().reading, owned);
            return Ok(Call::ready(row));
        }
        let rows = slf.clone().unbind();
        let next = async move {
            let more = owned.get_mut()?.go_on().await?;
            Ok((owned, more))
        };
        Ok(Call::new("stream", next, move |py, (mut owned, more): (Owned<Reading>, bool)| {
            let row = owned.get_mut().map_err(|error| raise(py, error))?.at_hand(py).filter(|_| more);
            let row = row.ok_or_else(|| PyStopAsyncIteration::new_err(()))??;
            put_back(&rows.get().reading, owned);
            Ok(row)
        }))
    }

    /// Ends the stream and gives its connection back.
    fn aclose(&self, py: Python<'_>) -> Call {
        drop(take(&self.reading));
        Call::ready(py.None())
    }
}
