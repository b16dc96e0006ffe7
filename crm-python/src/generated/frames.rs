//! Generated from crm-core's sources by `cargo xtask generate`. Do not edit.
//! Frames: the lists of each entity, as Python reads them.

use crm_postgres::{Export, crm_core};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::handle::Handle;

/// Reads lists as frames.
#[pyclass(frozen, subclass, name = "Frames", module = "crm")]
pub(crate) struct ListFrames(pub(crate) Handle);

#[pymethods]
impl ListFrames {
    /// Reads users as a frame: those that the filter selects, without an order in no particular
    /// one. `progress` is called with the number of rows read so far.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, role=None, email=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order=None, progress=None)")]
    fn users(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.list::<crm_core::User>(py, options, Export::Users)
    }

    /// Reads customers as a frame: those that the filter selects, without an order in no particular
    /// one. `progress` is called with the number of rows read so far.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, tags_any=None, tags_all=None, company=None, email=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order=None, progress=None)")]
    fn customers(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.list::<crm_core::Customer>(py, options, Export::Customers)
    }

    /// Reads leads as a frame: those that the filter selects, without an order in no particular
    /// one. `progress` is called with the number of rows read so far.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, stage=None, customer_id=None, assigned_to=None, unassigned=False, min_value=None, max_value=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order=None, progress=None)")]
    fn leads(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.list::<crm_core::Lead>(py, options, Export::Leads)
    }

    /// Reads tasks as a frame: those that the filter selects, without an order in no particular
    /// one. `progress` is called with the number of rows read so far.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, status=None, priority=None, assigned_to=None, unassigned=False, customer_id=None, due_since=None, due_until=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order=None, progress=None)")]
    fn tasks(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.list::<crm_core::Task>(py, options, Export::Tasks)
    }

    /// Reads interactions as a frame: those that the filter selects, without an order in no
    /// particular one. `progress` is called with the number of rows read so far.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, customer_id=None, type=None, created_by=None, date_since=None, date_until=None, text=None, created_since=None, created_until=None, order=None, progress=None)")]
    fn interactions(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.list::<crm_core::Interaction>(py, options, Export::Interactions)
    }
}
