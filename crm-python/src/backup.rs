//! Backup and restore, which tell Python how far they are.

use std::future::{Future, poll_fn};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use crm_postgres::{Crm, Manifest, Result};
use pyo3::IntoPyObjectExt as _;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::guard::guarded;
use crate::programs;
use crate::records::Progress;

/// Is what is done with a file.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    Backup,
    Restore,
}

/// Is a file, and the function that hears of the progress.
pub(crate) struct Job {
    work: Work,
    path: PathBuf,
    progress: Option<Py<PyAny>>,
}

impl Job {
    pub(crate) fn new(
        work: Work,
        path: &Bound<'_, PyAny>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        if progress.is_some_and(|progress| !progress.is_callable()) {
            return Err(PyTypeError::new_err("progress must be a function that takes a Progress"));
        }
        programs::offer(path.py())?;
        let path = guarded(path.py(), || path.extract())?;
        Ok(Self { work, path, progress: progress.map(|progress| progress.clone().unbind()) })
    }

    /// Does it. What the function raises ends the work, as whatever else drops it.
    pub(crate) async fn run(self, crm: Crm) -> Result<PyResult<Manifest>> {
        let Self { work, path, progress } = self;
        let raised = Mutex::new(None);
        let take = || raised.lock().unwrap_or_else(PoisonError::into_inner).take();
        let tell = |now: &crm_postgres::Progress| {
            if let Some(error) = progress.as_ref().and_then(|progress| call(progress, now).err()) {
                *raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
        };
        match work {
            Work::Backup => unless(take, crm.backup_with(path, tell)).await,
            Work::Restore => unless(take, crm.restore_with(path, tell)).await,
        }
    }
}

/// Calls the function. This runs in the thread that made the call.
fn call(progress: &Py<PyAny>, now: &crm_postgres::Progress) -> PyResult<()> {
    Python::attach(|py| {
        let now = Progress::from(now).into_py_any(py)?;
        let returned = progress.call1(py, (now,))?.into_bound(py);
        if !returned.hasattr("__await__")? {
            return Ok(());
        }
        // A coroutine that is never begun would warn of it.
        returned.call_method0("close")?;
        Err(PyTypeError::new_err("progress must be a plain function: it returned something to await"))
    })
}

/// Waits for the work, unless something was raised meanwhile.
async fn unless(
    raised: impl Fn() -> Option<PyErr>,
    work: impl Future<Output = Result<Manifest>>,
) -> Result<PyResult<Manifest>> {
    let mut work = pin!(work);
    poll_fn(|context| {
        let polled = work.as_mut().poll(context);
        match raised() {
            Some(error) => Poll::Ready(Ok(Err(error))),
            None => polled.map_ok(Ok),
        }
    })
    .await
}
