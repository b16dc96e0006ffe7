//! The native half of `retry`; the other is Python's (`crm/retry.py`).

use crm_postgres::retry::{ATTEMPTS, check_attempts, pause};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;

use crate::errors::raise;
use crate::inputs::read;
use crate::run::Face;

// The signatures in Python say so.
const _: () = assert!(ATTEMPTS == 10);

/// Runs a transaction again while it loses, which is Python's own work (`crm/retry.py`).
pub(crate) fn retry<'py>(
    handle: &Bound<'py, PyAny>,
    face: Face,
    work: &Bound<'py, PyAny>,
    attempts: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = handle.py();
    let attempts = attempts.map_or(Ok(ATTEMPTS), |attempts| read::<u32>(attempts, "attempts"))?;
    check_attempts(attempts).map_err(|error| raise(py, error))?;
    if !work.is_callable() {
        let name = work.get_type().name()?;
        return Err(PyTypeError::new_err(format!("work must be a function, not {name}")));
    }
    let run = match face {
        Face::Sync => intern!(py, "run"),
        Face::Async => intern!(py, "run_async"),
    };
    py.import(intern!(py, "crm.retry"))?.call_method1(run, (handle, work, attempts))
}

/// Returns for how many seconds to wait after so many runs of a transaction.
#[pyfunction(name = "_pause")]
pub(crate) fn pause_after(attempts: u32) -> f64 {
    pause(attempts).as_secs_f64()
}
