//! Customers, as Python has them.

use crm_postgres::crm_core::{Customer as Entity, CustomerId, Tags, Valid, Validate as _};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::raise;
use crate::handle::Handle;
use crate::inputs::read;

/// Stores customers. Deleting one deletes its leads, tasks and interactions.
#[pyclass(frozen, subclass, name = "Customers", module = "crm")]
pub(crate) struct CustomersBase(pub(crate) Handle);

fn given_tags(py: Python<'_>, given: &Bound<'_, PyAny>) -> PyResult<Valid<Tags>> {
    Tags(read(given, "tags")?).validate().map_err(|error| raise(py, error))
}

#[pymethods]
impl CustomersBase {
    /// Creates a customer and returns it as stored.
    #[pyo3(signature = (name, **fields), text_signature = "($self, name, *, email=None, phone=None, company=None, tags=(), notes=None, created_by=None)")]
    fn create(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        fields: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.create::<Entity>(py, &[("name", name)], fields)
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
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, tags_any=None, tags_all=None, company=None, email=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order='-id', limit=50, cursor=None)")]
    fn list(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.list::<Entity>(py, options)
    }

    /// Reads any number of rows from one snapshot, in bounded memory.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, tags_any=None, tags_all=None, company=None, email=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order='-id')")]
    fn stream(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.stream::<Entity>(py, options)
    }

    /// Counts the rows that a filter selects.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, tags_any=None, tags_all=None, company=None, email=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None)")]
    fn count(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.count::<Entity>(py, options)
    }

    /// Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
    /// not the row's it raises ConflictError.
    #[pyo3(signature = (id, **fields), text_signature = "($self, id, *, expected_version=None, name=..., email=..., phone=..., company=..., tags=..., notes=...)")]
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

    /// Adds tags, leaving out those that are there already without regard to case. No concurrent change is lost.
    fn add_tags(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        tags: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let (id, tags) = (CustomerId(read(id, "id")?), given_tags(py, tags)?);
        self.0.call(py, "customers.add_tags", move |crm| crm.customers().add_tags(id, tags))
    }

    /// Removes tags, compared without regard to case. No concurrent change is lost.
    fn remove_tags(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        tags: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let (id, tags) = (CustomerId(read(id, "id")?), given_tags(py, tags)?);
        self.0.call(py, "customers.remove_tags", move |crm| crm.customers().remove_tags(id, tags))
    }

    /// Counts the customers of each tag, most used first. It reads every customer.
    fn tag_counts(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.0.call(py, "customers.tag_counts", |crm| crm.customers().tag_counts())
    }

    /// Reads a customer with its open leads and tasks and its latest `recent` interactions (0 to 1,000).
    #[pyo3(signature = (id, recent = None), text_signature = "($self, id, recent=10)")]
    fn overview(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        recent: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let id = CustomerId(read(id, "id")?);
        let recent = recent.map_or(Ok(10), |recent| read(recent, "recent"))?;
        self.0.call(py, "customers.overview", move |crm| crm.customers().overview(id, recent))
    }
}
