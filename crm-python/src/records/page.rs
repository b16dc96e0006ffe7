//! Pages.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// Is one page of a list: iterate over it, or take `items`; `next_cursor` leads to the next page and is None on the last.
#[pyclass(frozen, generic, get_all, new = "from_fields", sequence, module = "crm")]
pub(crate) struct Page {
    /// The rows, in order.
    pub(crate) items: Py<PyAny>,
    /// Where the next page begins; None on the last one.
    pub(crate) next_cursor: Option<String>,
}

#[pymethods]
impl Page {
    #[classattr]
    fn __match_args__() -> (&'static str, &'static str) {
        ("items", "next_cursor")
    }

    fn __iter__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(self.items.bind(py).try_iter()?.into_any().unbind())
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.items.bind(py).len()
    }

    fn __getitem__(&self, py: Python<'_>, index: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        Ok(self.items.bind(py).get_item(index)?.unbind())
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Self>() else { return Ok(false) };
        let other = other.get();
        super::nested(|| Ok(self.next_cursor == other.next_cursor && self.items.bind(py).eq(&other.items)?))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let items = super::nested(|| self.items.bind(py).repr())?;
        Ok(match &self.next_cursor {
            Some(cursor) => format!("Page(items={items}, next_cursor='{cursor}')"),
            None => format!("Page(items={items}, next_cursor=None)"),
        })
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        super::reduce(slf.as_any(), &["items", "next_cursor"])
    }

    /// Returns the items as dicts, beside the cursor.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("items", super::plainly(self.items.bind(py).cast::<PyList>()?.clone().into_any())?)?;
        dict.set_item("next_cursor", &self.next_cursor)?;
        Ok(dict)
    }
}
