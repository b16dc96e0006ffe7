//! The border to Python, which no panic passes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crm_postgres::Error;
use pyo3::prelude::*;

use crate::errors::raise;

/// Does something that may panic, which is a bug and becomes an InternalError. pyo3 would raise a PanicException, which
/// no `except Exception` catches.
pub(crate) fn guarded<T>(py: Python<'_>, work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    let done = catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err(raise(py, Error::internal("the library has panicked", None))))
}
