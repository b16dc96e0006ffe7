//! Interactions, as Python has them.

use crm_postgres::crm_core::Interaction as Entity;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::handle::Handle;

/// Stores interactions: calls, emails, meetings and notes about a customer.
#[pyclass(frozen, subclass, name = "Interactions", module = "crm")]
pub(crate) struct InteractionsBase(pub(crate) Handle);

#[pymethods]
impl InteractionsBase {
    /// Creates an interaction and returns it as stored; without a date it is now.
    #[pyo3(signature = (customer_id, r#type, **fields), text_signature = "($self, customer_id, type, *, notes=None, date=None, created_by=None)")]
    fn create(
        &self,
        py: Python<'_>,
        customer_id: &Bound<'_, PyAny>,
        r#type: &Bound<'_, PyAny>,
        fields: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.create::<Entity>(py, &[("customer_id", customer_id), ("type", r#type)], fields)
    }

    /// Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
    /// `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
    /// `[50].name` for the 51st.
    fn create_many(&self, py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.create_many::<Entity>(py, rows)
    }

    /// Reads a row, or raises NotFoundError.
    fn get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.get::<Entity>(py, id)
    }

    /// Reads a row, or returns None.
    fn find(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.find::<Entity>(py, id)
    }

    /// Reads rows in the order asked: repeats are repeated, missing ones left out.
    fn get_many(&self, py: Python<'_>, ids: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.get_many::<Entity>(py, ids)
    }

    /// Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
    /// when it descends; the limit is 1 to 1,000.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, customer_id=None, type=None, created_by=None, date_since=None, date_until=None, text=None, created_since=None, created_until=None, order='-id', limit=50, cursor=None)")]
    fn list(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.list::<Entity>(py, options)
    }

    /// Reads any number of rows from one snapshot, in bounded memory.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, customer_id=None, type=None, created_by=None, date_since=None, date_until=None, text=None, created_since=None, created_until=None, order='-id')")]
    fn stream(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.stream::<Entity>(py, options)
    }

    /// Counts the rows that a filter selects.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, customer_id=None, type=None, created_by=None, date_since=None, date_until=None, text=None, created_since=None, created_until=None)")]
    fn count(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.count::<Entity>(py, options)
    }

    /// Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
    /// not the row's it raises ConflictError.
    #[pyo3(signature = (id, **fields), text_signature = "($self, id, *, expected_version=None, customer_id=..., type=..., notes=..., date=...)")]
    fn update(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.update::<Entity>(py, id, fields)
    }

    /// Deletes a row, or raises NotFoundError.
    fn delete(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.delete::<Entity>(py, id)
    }
}
