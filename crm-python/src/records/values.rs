//! Values of records that Python may give as anything, and the limit of how deep records hold each other.

use std::cell::Cell;
use std::collections::BTreeMap;

use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::{PyRecursionError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use pyo3::{Borrowed, IntoPyObject};

use crate::inputs::MAX_ROWS;

/// A list of a record. It is read item by item: what `__len__` says need not be true, and pyo3's own conversion makes
/// room for so many.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Listed<T>(Vec<T>);

impl<T> From<Vec<T>> for Listed<T> {
    fn from(items: Vec<T>) -> Self {
        Self(items)
    }
}

impl<T> FromIterator<T> for Listed<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<'py, T: FromPyObjectOwned<'py>> FromPyObject<'_, 'py> for Listed<T> {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if value.is_instance_of::<PyString>() {
            return Err(PyTypeError::new_err("must be a list, not str"));
        }
        let mut items = Vec::new();
        for item in value.try_iter()? {
            if items.len() == MAX_ROWS {
                return Err(PyTypeError::new_err(format!("must have at most {MAX_ROWS} items")));
            }
            items.push(item?.extract().map_err(Into::into)?);
        }
        Ok(Self(items))
    }
}

impl<'py, T: IntoPyObject<'py>> IntoPyObject<'py> for Listed<T> {
    type Target = PyList;
    type Output = Bound<'py, PyList>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        PyList::new(py, self.0)
    }
}

/// Numbers of rows by table. They are read from a copy, because what is asked for its number may change the dict.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Counts(BTreeMap<String, i64>);

impl From<BTreeMap<String, i64>> for Counts {
    fn from(counts: BTreeMap<String, i64>) -> Self {
        Self(counts)
    }
}

impl FromPyObject<'_, '_> for Counts {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let items = value.cast::<PyDict>()?.items();
        items.iter().map(|item| item.extract::<(String, i64)>()).collect::<PyResult<_>>().map(Self)
    }
}

impl<'py> IntoPyObject<'py> for Counts {
    type Target = PyDict;
    type Output = Bound<'py, PyDict>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        self.0.into_pyobject(py)
    }
}

/// Limits how deep records hold each other. Those of the library do three deep, but a list can hold itself.
const MAX_DEPTH: usize = 64;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Does what calls itself for what a record holds.
pub(super) fn nested<T>(work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    struct Level;

    impl Drop for Level {
        fn drop(&mut self) {
            DEPTH.set(DEPTH.get() - 1);
        }
    }

    if DEPTH.get() == MAX_DEPTH {
        return Err(PyRecursionError::new_err("the record holds itself"));
    }
    DEPTH.set(DEPTH.get() + 1);
    let _level = Level;
    work()
}
