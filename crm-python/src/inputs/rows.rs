//! The rows of `create_many`: dicts, dataclasses, or somebody's frame.

use crm_postgres::crm_core::Valid;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::{Input, Keywords};
use crate::arrow::{Table, import};
use crate::errors::raise;

/// Reads and validates the rows.
pub(crate) fn many<E: Input>(rows: &Bound<'_, PyAny>) -> PyResult<Vec<Valid<E::New>>> {
    let py = rows.py();
    let new = read_all::<E>(rows)?;
    py.detach(|| Valid::all(new)).map_err(|error| raise(py, error))
}

fn read_all<E: Input>(rows: &Bound<'_, PyAny>) -> PyResult<Vec<E::New>> {
    let py = rows.py();
    if rows.is_instance_of::<PyDict>() {
        return Err(PyTypeError::new_err("rows must be a list of dicts, not a dict"));
    }
    if rows.hasattr(intern!(py, "__arrow_c_stream__"))? {
        return of_frame::<E>(rows);
    }
    let mut new = Vec::with_capacity(rows.len().unwrap_or_default());
    for (row, given) in rows.try_iter()?.enumerate() {
        let given = given?;
        let dict = match given.cast_into::<PyDict>() {
            Ok(dict) => dict,
            Err(other) => of_dataclass(py, &other.into_inner(), row)?,
        };
        let fields = Keywords::of_row(&dict, row);
        let read = E::new_row(py, &fields)?;
        fields.finish("create_many")?;
        new.push(read);
    }
    Ok(new)
}

fn of_frame<E: Input>(frame: &Bound<'_, PyAny>) -> PyResult<Vec<E::New>> {
    let tables = import(frame)?;
    let mut new = Vec::with_capacity(tables.iter().map(Table::rows).sum());
    for table in &tables {
        for row in 0..table.rows() {
            let fields = table.row(frame.py(), row, new.len());
            let read = E::new_row(frame.py(), &fields)?;
            fields.finish()?;
            new.push(read);
        }
    }
    Ok(new)
}

/// Reads the fields of a dataclass into a dict.
fn of_dataclass<'py>(py: Python<'py>, value: &Bound<'py, PyAny>, row: usize) -> PyResult<Bound<'py, PyDict>> {
    let fields = value.getattr_opt(intern!(py, "__dataclass_fields__"))?;
    let Some(fields) = fields.filter(|_| !value.is_instance_of::<pyo3::types::PyType>()) else {
        let name = value.get_type().name()?;
        return Err(PyTypeError::new_err(format!("[{row}] must be a dict or a dataclass, not {name}")));
    };
    let dict = PyDict::new(py);
    for name in fields.try_iter()? {
        let name = name?.cast_into::<pyo3::types::PyString>()?;
        dict.set_item(&name, value.getattr(&name)?)?;
    }
    Ok(dict)
}
