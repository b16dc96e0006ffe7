//! Transactions: a block that begins one, and commits or rolls back when it is left.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crm_postgres::{Error, Result};
use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::call::Call;
use crate::crm::HandleBase;
use crate::errors::raise;
use crate::handle::{SharedTx, Store};
use crate::run::Face;

/// Prepares a transaction of a handle, which begins when its block is entered.
pub(crate) fn prepare(py: Python<'_>, of: Store, face: Face) -> PyResult<Py<PyAny>> {
    let tx = SharedTx { of: Box::new(of), tx: OnceLock::new(), finished: AtomicBool::new(false) };
    let base = PyClassInitializer::from(HandleBase::new(py, &Store::Tx(Arc::new(tx)), face)?);
    let base = base.add_subclass(TransactionBase);
    Ok(match face {
        Face::Sync => Py::new(py, base.add_subclass(Transaction))?.into_any(),
        Face::Async => Py::new(py, base.add_subclass(AsyncTransaction))?.into_any(),
    })
}

/// Is what the transactions of both faces have.
#[pyclass(frozen, subclass, extends = HandleBase, name = "Transaction", module = "crm")]
pub(crate) struct TransactionBase;

fn shared(store: Store) -> Result<Arc<SharedTx>> {
    match store {
        Store::Tx(shared) => Ok(shared),
        Store::Crm(_) | Store::Acting(_) => Err(Error::internal("this handle is not a transaction", None)),
    }
}

/// Is the beginning or the end of a transaction.
#[derive(Clone, Copy)]
enum Step {
    Begin,
    Commit,
    Rollback,
}

impl TransactionBase {
    /// Takes a step and returns the value.
    fn take(slf: &Bound<'_, Self>, step: Step, value: Py<PyAny>) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        let handle = &slf.as_super().get().handle;
        let shared = shared(handle.store(py)?).map_err(|error| raise(py, error))?;
        let work = async move {
            match step {
                Step::Begin => shared.begin().await,
                Step::Commit => shared.finish()?.commit_shared().await,
                Step::Rollback => shared.finish()?.rollback_shared().await,
            }
        };
        handle.face.run(py, "transaction", work, move |_, ()| Ok(value))
    }

    /// Ends the block: commits, or rolls back where it ends by an exception. One that was ended by hand stays ended.
    fn leave(slf: &Bound<'_, Self>, exception: &Bound<'_, PyTuple>) -> PyResult<Option<Py<PyAny>>> {
        let py = slf.py();
        let failed = exception.get_item(0).is_ok_and(|class| !class.is_none());
        let handle = &slf.as_super().get().handle;
        if failed && handle.store.get().is_err() {
            // A fork leaves its parent's block.
            return Ok(None);
        }
        let shared = shared(handle.store(py)?).map_err(|error| raise(py, error))?;
        if shared.finished.load(Ordering::Relaxed) {
            return Ok(None);
        }
        Self::take(slf, if failed { Step::Rollback } else { Step::Commit }, py.None()).map(Some)
    }
}

#[pymethods]
impl TransactionBase {
    /// Makes the changes permanent now; the block has nothing left to do.
    fn commit(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        Self::take(slf, Step::Commit, slf.py().None())
    }

    /// Undoes the changes now; the block has nothing left to do.
    fn rollback(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        Self::take(slf, Step::Rollback, slf.py().None())
    }
}

/// Is a transaction: the same repositories, all or nothing.
///
/// A ValidationError, a NotFoundError and a stale version leave it usable; any error of the database finishes it, and going
/// on raises ClosedError.
#[pyclass(frozen, extends = TransactionBase, module = "crm")]
pub(crate) struct Transaction;

#[pymethods]
impl Transaction {
    fn __enter__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        TransactionBase::take(slf.as_super(), Step::Begin, slf.clone().into_any().unbind())
    }

    #[pyo3(signature = (*exception))]
    fn __exit__(slf: &Bound<'_, Self>, exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        TransactionBase::leave(slf.as_super(), exception).map(drop)
    }
}

/// Is a transaction for asyncio: the same repositories, all or nothing.
///
/// A ValidationError, a NotFoundError and a stale version leave it usable; any error of the database and a cancelled call
/// finish it, and going on raises ClosedError. Concurrent calls queue.
#[pyclass(frozen, extends = TransactionBase, module = "crm")]
pub(crate) struct AsyncTransaction;

#[pymethods]
impl AsyncTransaction {
    fn __aenter__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        TransactionBase::take(slf.as_super(), Step::Begin, slf.clone().into_any().unbind())
    }

    #[pyo3(signature = (*exception))]
    fn __aexit__(slf: &Bound<'_, Self>, exception: &Bound<'_, PyTuple>) -> PyResult<Py<PyAny>> {
        match TransactionBase::leave(slf.as_super(), exception)? {
            Some(call) => Ok(call),
            None => Call::ready(slf.py().None()).into_py_any(slf.py()),
        }
    }
}
