//! Streams: a task of the runtime reads ahead by one part, and Python takes row by row.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crm_postgres::crm_core::{Entity, Order};
use crm_postgres::futures_util::StreamExt as _;
use crm_postgres::{Error, Result};
use pyo3::exceptions::{PyRuntimeError, PyStopAsyncIteration};
use pyo3::prelude::*;

use crate::call::Call;
use crate::errors::raise;
use crate::guard::guarded;
use crate::handle::{Known, Store};
use crate::run::{Face, block};
use crate::runtime::{Owned, runtime};
use crm_postgres::background::{Incoming, incoming};

/// Is how many rows go from the task to Python at a time, as many as the library fetches; so no fetch is under way when a part is handed
/// on, which whoever leaves a stream of a transaction would break off, and the transaction with it.
const PART: usize = 1_000;

/// Makes Python's value of the next row.
type Next = Box<dyn FnMut(Python<'_>) -> Option<PyResult<Py<PyAny>>> + Send>;

/// Is the rows that came together.
struct Part {
    left: usize,
    next: Next,
}

struct Reading {
    parts: Incoming<Part>,
    part: Option<Part>,
}

/// Begins to read.
pub(crate) fn stream<E: Known>(
    py: Python<'_>,
    store: Store,
    face: Face,
    filter: E::Filter,
    order: Order<<E as Entity>::OrderBy>,
) -> PyResult<Py<PyAny>> {
    let (outgoing, parts) = incoming(1);
    let sender = outgoing.clone();
    let within = matches!(store, Store::Tx(_));
    let read = async move {
        let mut rows = E::repository(store.repositories()?).stream(filter, order).ready_chunks(PART);
        while let Some(rows) = rows.next().await {
            let left = rows.len();
            let mut rows = rows.into_iter();
            let next = Box::new(move |py: Python<'_>| {
                let row = rows.next()?;
                Some(row.map_err(|error| raise(py, error)).and_then(|row: E| row.wire(py)))
            });
            sender.hand_on(Part { left, next }).await?;
        }
        Ok(())
    };
    let runtime = runtime().map_err(|error| raise(py, error))?;
    if within {
        runtime.spawn(outgoing.end_with_whole(read));
    } else {
        runtime.spawn(outgoing.end_with(read));
    }
    let slot = Slot(Mutex::new(State::Idle(Owned::new(Reading { parts, part: None }))));
    Ok(match face {
        Face::Sync => Py::new(py, Rows(slot))?.into_any(),
        Face::Async => Py::new(py, AsyncRows(slot))?.into_any(),
    })
}

impl Reading {
    /// Returns the next row that is there already.
    fn at_hand(&mut self, py: Python<'_>) -> Option<PyResult<Py<PyAny>>> {
        let part = self.part.as_mut()?;
        part.left = part.left.checked_sub(1)?;
        (part.next)(py)
    }

    /// Waits for the next part, unless rows are left of this one, as where one call has waited for what another was to get; tells
    /// whether there is a row.
    async fn go_on(&mut self) -> Result<bool> {
        if self.part.as_ref().is_some_and(|part| part.left > 0) {
            return Ok(true);
        }
        self.part = self.parts.next().await?;
        Ok(self.part.is_some())
    }
}

enum State {
    /// Nobody is reading.
    Idle(Owned<Reading>),
    /// Somebody waits for the next row.
    Busy,
    /// A wait was cancelled, or has failed: what would have come is lost.
    Broken,
    /// Everything was read, or nobody wants more.
    Ended,
}

struct Slot(Mutex<State>);

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the reading for as long as somebody waits; none at the end.
    fn take(&self, py: Python<'_>) -> PyResult<Option<Owned<Reading>>> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Busy) {
            State::Idle(reading) => Ok(Some(reading)),
            State::Busy => {
                Err(PyRuntimeError::new_err("somebody else waits for the stream's next row already"))
            }
            State::Broken => {
                *state = State::Broken;
                Err(raise(
                    py,
                    Error::Closed("the stream is closed: an error or a cancelled call broke it off"),
                ))
            }
            State::Ended => {
                *state = State::Ended;
                Ok(None)
            }
        }
    }

    /// Leaves it in a state, unless it was closed meanwhile.
    fn leave(&self, next: State) {
        let mut state = self.state();
        if matches!(*state, State::Busy) {
            *state = next;
        }
    }

    fn close(&self) {
        let closed = std::mem::replace(&mut *self.state(), State::Ended);
        drop(closed);
    }
}

/// Puts a reading back when it was read well; dropped before that, as a cancelled call is, it leaves the stream broken.
struct Turn(Py<AsyncRows>, Option<Owned<Reading>>);

impl Drop for Turn {
    fn drop(&mut self) {
        if self.1.take().is_some() {
            self.0.get().0.leave(State::Broken);
        }
    }
}

/// Is the rows of a stream, one by one, all from one snapshot. It holds a connection until it ends, is closed or is
/// forgotten.
#[pyclass(frozen, generic, module = "crm")]
pub(crate) struct Rows(Slot);

#[pymethods]
impl Rows {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let Some(mut owned) = self.0.take(py)? else { return Ok(None) };
        let next = guarded(py, || {
            let reading = owned.get_mut().map_err(|error| raise(py, error))?;
            let at_hand = reading.at_hand(py);
            if at_hand.is_some() || !block(py, reading.go_on())? {
                return at_hand.transpose();
            }
            reading.at_hand(py).transpose()
        });
        self.0.leave(match &next {
            Ok(Some(_)) => State::Idle(owned),
            Ok(None) => State::Ended,
            Err(_) => State::Broken,
        });
        next
    }

    /// Ends the stream and gives its connection back.
    fn close(&self) {
        self.0.close();
    }
}

/// Is the rows of a stream, for `async for`, all from one snapshot. It holds a connection until it ends, is closed or is
/// forgotten.
#[pyclass(frozen, generic, module = "crm")]
pub(crate) struct AsyncRows(Slot);

#[pymethods]
impl AsyncRows {
    fn __aiter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __anext__(slf: &Bound<'_, Self>) -> PyResult<Call> {
        let py = slf.py();
        let rows = slf.clone().unbind();
        let slot = &slf.get().0;
        // What is at hand is given at once; the wait for more begins when it is awaited, as all calls do.
        if let State::Idle(owned) = &mut *slot.state()
            && let Ok(reading) = owned.get_mut()
            && let Some(row) = guarded(py, || reading.at_hand(py).transpose()).transpose()
        {
            return row.map(Call::ready);
        }
        let next = async move {
            let taken = Python::attach(|py| rows.get().0.take(py));
            let mut turn = match taken {
                Ok(Some(owned)) => Turn(rows, Some(owned)),
                Ok(None) => return Ok(Err(PyStopAsyncIteration::new_err(()))),
                Err(error) => return Ok(Err(error)),
            };
            let more = match &mut turn.1 {
                Some(owned) => owned.get_mut()?.go_on().await?,
                None => false,
            };
            Ok(Ok((turn, more)))
        };
        Ok(Call::new("stream", next, |py, next: PyResult<(Turn, bool)>| {
            let (mut turn, more) = next?;
            let Some(mut owned) = turn.1.take() else { return Err(PyStopAsyncIteration::new_err(())) };
            let row = owned.get_mut().map_err(|error| raise(py, error))?.at_hand(py).filter(|_| more);
            turn.0.get().0.leave(match &row {
                Some(Ok(_)) => State::Idle(owned),
                Some(Err(_)) => State::Broken,
                None => State::Ended,
            });
            row.unwrap_or_else(|| Err(PyStopAsyncIteration::new_err(())))
        }))
    }

    /// Ends the stream and gives its connection back.
    fn aclose(&self, py: Python<'_>) -> Call {
        self.0.close();
        Call::ready(py.None())
    }
}
