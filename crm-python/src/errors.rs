//! From the library's error to Python's exceptions, which `crm/errors.py` declares.

use crm_postgres::Error;
use crm_postgres::crm_core::{ErrorCode, Violations};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use crate::records::Violation;

/// Raises an error as the exception of its code.
pub(crate) fn raise(py: Python<'_>, error: Error) -> PyErr {
    build(py, error).unwrap_or_else(|error| error)
}

/// Returns the HTTP status of an error's code; 500 for a code of somebody else's.
#[pyfunction(name = "_status")]
pub(crate) fn status(code: &str) -> u16 {
    code.parse().unwrap_or(ErrorCode::Internal).status()
}

fn build(py: Python<'_>, error: Error) -> PyResult<PyErr> {
    let message = error.to_string();
    let fields = PyDict::new(py);
    let (mut cause, refused) = (None, matches!(error, Error::Refused { .. }));
    let class = match error {
        Error::Validation(violations) => {
            fields.set_item("violations", wire(py, &violations)?)?;
            "ValidationError"
        }
        Error::NotFound { entity, id } => {
            fields.set_item("entity", entity.as_str())?;
            fields.set_item("id", id)?;
            "NotFoundError"
        }
        Error::Taken { entity: _, field } => {
            fields.set_item("field", field)?;
            "ConflictError"
        }
        Error::StaleVersion { entity: _, id: _, current_version } => {
            fields.set_item("current_version", current_version)?;
            "ConflictError"
        }
        Error::MissingReference { field } => {
            fields.set_item("field", field)?;
            "MissingReferenceError"
        }
        Error::PermissionDenied { reason, field, message: _ } => {
            fields.set_item("reason", reason.as_str())?;
            fields.set_item("field", field)?;
            "PermissionDeniedError"
        }
        Error::InvalidCredentials => "InvalidCredentialsError",
        Error::Timeout { message: _, outcome_unknown } => {
            fields.set_item("outcome_unknown", outcome_unknown)?;
            "CrmTimeoutError"
        }
        Error::Unavailable { message: _, outcome_unknown, source } => {
            fields.set_item("outcome_unknown", outcome_unknown)?;
            cause = source;
            "UnavailableError"
        }
        Error::Refused { message: _, source } => {
            cause = source;
            "UnavailableError"
        }
        Error::Serialization(_) => "SerializationError",
        Error::Schema(_) => "SchemaError",
        Error::Closed(_) => "ClosedError",
        Error::Internal { message: _, source } => {
            cause = source;
            "InternalError"
        }
        // The library's next version may know more.
        _ => "InternalError",
    };
    let raised = errors(py)?.getattr(class)?.call((message,), Some(&fields))?;
    if refused {
        raised.setattr("_refused", true)?;
    }
    let raised = PyErr::from_value(raised);
    raised.set_cause(py, cause.map(|cause| PyRuntimeError::new_err(cause.to_string())));
    Ok(raised)
}

fn errors(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    Ok(MODULE.get_or_try_init(py, || py.import("crm.errors").map(Bound::unbind))?.bind(py))
}

fn wire<'py>(py: Python<'py>, violations: &Violations) -> PyResult<Bound<'py, PyTuple>> {
    let violations: Vec<_> = violations.iter().cloned().map(Violation::from).collect();
    PyTuple::new(py, violations)
}
