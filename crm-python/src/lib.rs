//! The CRM library for Python. So far only the module and its version exist; its operations come with the Python issue.

use pyo3::prelude::*;

/// Is the native half of the Python package `crm`.
#[pymodule]
fn _crm(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))
}
