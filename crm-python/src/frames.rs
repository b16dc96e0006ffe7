//! Frames: whole lists and reports as Arrow columns.

use pyo3::prelude::*;

use crate::handle::Handle;

/// Reads lists and reports as frames for pandas, Polars and Arrow.
#[pyclass(frozen, subclass, module = "crm")]
pub(crate) struct _Frames(pub(crate) Handle);
