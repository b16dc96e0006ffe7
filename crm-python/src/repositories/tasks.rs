//! Tasks, as Python has them.

use crm_postgres::crm_core::{Task as Entity, TaskId};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::handle::Handle;
use crate::inputs::read;

/// Stores tasks: what somebody has to do, perhaps by a day.
#[pyclass(frozen, subclass, name = "Tasks", module = "crm")]
pub(crate) struct TasksBase(pub(crate) Handle);

#[pymethods]
impl TasksBase {
    /// Creates a task and returns it as stored.
    #[pyo3(signature = (title, **fields), text_signature = "($self, title, *, description=None, status='pending', priority='medium', due_date=None, assigned_to=None, customer_id=None, created_by=None)")]
    fn create(
        &self,
        py: Python<'_>,
        title: &Bound<'_, PyAny>,
        fields: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.create::<Entity>(py, &[("title", title)], fields)
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
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, status=None, priority=None, assigned_to=None, unassigned=False, customer_id=None, due_since=None, due_until=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order='-id', limit=50, cursor=None)")]
    fn list(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.list::<Entity>(py, options)
    }

    /// Reads any number of rows from one snapshot, in bounded memory.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, status=None, priority=None, assigned_to=None, unassigned=False, customer_id=None, due_since=None, due_until=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order='-id')")]
    fn stream(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.stream::<Entity>(py, options)
    }

    /// Counts the rows that a filter selects.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, status=None, priority=None, assigned_to=None, unassigned=False, customer_id=None, due_since=None, due_until=None, text=None, created_since=None, created_until=None, updated_since=None, updated_until=None)")]
    fn count(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.count::<Entity>(py, options)
    }

    /// Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
    /// not the row's it raises ConflictError.
    #[pyo3(signature = (id, **fields), text_signature = "($self, id, *, expected_version=None, title=..., description=..., status=..., priority=..., due_date=..., assigned_to=..., customer_id=...)")]
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

    /// Begins a task: its status becomes 'in-progress'.
    fn start(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let id = TaskId(read(id, "id")?);
        self.0.call(py, "tasks.start", move |crm| crm.tasks().start(id))
    }

    /// Finishes a task: its status becomes 'completed'.
    fn complete(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let id = TaskId(read(id, "id")?);
        self.0.call(py, "tasks.complete", move |crm| crm.tasks().complete(id))
    }

    /// Puts a task back: its status becomes 'pending'.
    fn reopen(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let id = TaskId(read(id, "id")?);
        self.0.call(py, "tasks.reopen", move |crm| crm.tasks().reopen(id))
    }
}
