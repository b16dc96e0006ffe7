//! The CRM library for Python: the native half of the package `crm`.
//!
//! A call comes in as Python's values (`inputs`), runs on the handle's face (`run` for the synchronous one, `call` for
//! asyncio) and goes out as records (`records`) or as an exception (`errors`). What repeats an entity's fields or
//! operations is in `generated`.

#![expect(clippy::doc_markdown, reason = "docstrings name Python's classes as Python does")]
#![expect(clippy::too_many_arguments, reason = "a record's constructor takes all its fields")]

mod arrow;
mod backup;
mod call;
mod connect;
mod crm;
mod errors;
mod frames;
mod generated;
mod guard;
mod handle;
mod inputs;
mod programs;
mod records;
mod repositories;
mod retry;
mod rows;
mod run;
mod runtime;
mod transaction;

use pyo3::prelude::*;

/// Is the native half of the Python package `crm`.
#[pymodule]
fn _crm(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(connect::connect, module)?)?;
    module.add_function(wrap_pyfunction!(connect::embedded, module)?)?;
    module.add_function(wrap_pyfunction!(runtime::forked, module)?)?;
    module.add_function(wrap_pyfunction!(retry::pause_after, module)?)?;
    module.add_function(wrap_pyfunction!(errors::status, module)?)?;
    module.add_class::<crm::Crm>()?;
    module.add_class::<crm::AsyncCrm>()?;
    module.add_class::<crm::Acting>()?;
    module.add_class::<crm::AsyncActing>()?;
    module.add_class::<transaction::Transaction>()?;
    module.add_class::<transaction::AsyncTransaction>()?;
    module.add_class::<connect::Connecting>()?;
    module.add_class::<call::Call>()?;
    module.add_class::<frames::Reading>()?;
    module.add_class::<rows::Rows>()?;
    module.add_class::<rows::AsyncRows>()?;
    repositories::add_to(module)?;
    generated::records::add_to(module)?;
    records::add_to(module)
}
