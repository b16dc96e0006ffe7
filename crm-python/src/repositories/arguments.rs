//! What the repositories' own calls are given, where reading it takes more than its type.

use crm_core::calls::Compared;
use crm_postgres::crm_core::{Password, Tags, Valid, Validate as _};
use pyo3::prelude::*;

use crate::errors::raise;
use crate::inputs::read;

/// Reads a password to be stored.
pub(crate) fn password(py: Python<'_>, given: &Bound<'_, PyAny>, name: &str) -> PyResult<Valid<Password>> {
    Password::new(read::<String>(given, name)?).validate().map_err(|error| raise(py, error))
}

/// Reads a password that is only compared: anything wrong with it is a wrong password.
pub(crate) fn compared(py: Python<'_>, given: &Bound<'_, PyAny>, name: &str) -> PyResult<Password> {
    read::<Compared>(given, name)?.password().map_err(|error| raise(py, error))
}

/// Reads tags to add or to remove.
pub(crate) fn tags(py: Python<'_>, given: &Bound<'_, PyAny>, name: &str) -> PyResult<Valid<Tags>> {
    Tags(read(given, name)?).validate().map_err(|error| raise(py, error))
}
