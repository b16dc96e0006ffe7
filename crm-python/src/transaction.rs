//! Transactions: a block that begins one, and commits or rolls back when it is left.

use std::sync::Arc;
use std::sync::atomic::Ordering;

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
    let tx = Store::Tx(Arc::new(SharedTx::new(of)));
    let base = PyClassInitializer::from(HandleBase::new(py, &tx, face)?);
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
        let face = handle.face;
        let work = async move {
            match step {
                Step::Begin => shared.begin(face).await,
                Step::Commit => shared.finish()?.commit_shared().await,
                Step::Rollback => shared.finish()?.rollback_shared().await,
            }
        };
        face.run(py, "transaction", work, move |_, ()| Ok(value))
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
    /// Prepares a nested transaction: `with tx.transaction() as nested:` hands its changes to this one at the end of the block and undoes
    /// them on an error.
    ///
    /// A refusal by the database (a constraint, a right, a deadlock) undoes only the nested transaction, and this one goes on. A call that
    /// is cancelled, times out or loses its connection finishes all of it, and so does a serialization failure. While a nested
    /// transaction is open, calls of this one raise ClosedError, and another nested one waits for its end: for the call timeout at most,
    /// or not at all where the same thread would wait for itself.
    fn transaction(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        slf.as_super().get().transaction(slf.py())
    }

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
/// on raises ClosedError. What may be refused goes into a nested transaction.
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
/// finish it, and going on raises ClosedError. What may be refused goes into a nested transaction. Concurrent calls queue.
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
