//! The rows of `create_many`: dicts, dataclasses, or somebody's frame.

use crm_postgres::crm_core::{Valid, Violation, beside};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyType};

use super::{Fields as _, Input, Keywords};
use crate::arrow::{Table, import};
use crate::errors::raise;

/// Reads and validates the rows.
pub(crate) fn many<E: Input>(rows: &Bound<'_, PyAny>) -> PyResult<Vec<Valid<E::New>>> {
    let py = rows.py();
    let mut broken = Vec::new();
    let new = read_all::<E>(rows, &mut broken)?;
    py.detach(|| beside(broken, Valid::all(new))).map_err(|error| raise(py, error))
}

fn read_all<E: Input>(rows: &Bound<'_, PyAny>, broken: &mut Vec<Violation>) -> PyResult<Vec<E::New>> {
    let py = rows.py();
    if rows.is_instance_of::<PyDict>() {
        return Err(PyTypeError::new_err("rows must be a list of dicts, not a dict"));
    }
    if rows.hasattr(intern!(py, "__arrow_c_stream__"))? {
        return of_frame::<E>(rows, broken);
    }
    if rows.hasattr(intern!(py, "collect"))? {
        return Err(PyTypeError::new_err("rows must be a frame that was collected: call .collect() before"));
    }
    let mut new = Vec::with_capacity(rows.len().unwrap_or_default());
    for (row, given) in rows.try_iter()?.enumerate() {
        let given = given?;
        let dict = match given.cast_into::<PyDict>() {
            Ok(dict) => dict,
            Err(other) => of_dataclass(py, &other.into_inner(), row)?,
        };
        let fields = Keywords::of_row(&dict, row);
        let read = E::new_row(&fields)?;
        fields.refuse_unknown("create_many")?;
        broken.append(&mut fields.broken().borrow_mut());
        new.push(read);
    }
    Ok(new)
}

fn of_frame<E: Input>(frame: &Bound<'_, PyAny>, broken: &mut Vec<Violation>) -> PyResult<Vec<E::New>> {
    let tables = import(frame)?;
    let mut new = Vec::with_capacity(tables.iter().map(Table::rows).sum());
    for table in &tables {
        for row in 0..table.rows() {
            let fields = table.row(frame.py(), row, new.len());
            let read = E::new_row(&fields)?;
            fields.finish()?;
            broken.append(&mut fields.broken().borrow_mut());
            new.push(read);
        }
    }
    Ok(new)
}

/// Reads the fields of a dataclass into a dict.
fn of_dataclass<'py>(py: Python<'py>, value: &Bound<'py, PyAny>, row: usize) -> PyResult<Bound<'py, PyDict>> {
    let declared = value.hasattr(intern!(py, "__dataclass_fields__"))?;
    if !declared || value.is_instance_of::<PyType>() {
        let name = value.get_type().name()?;
        return Err(PyTypeError::new_err(format!("[{row}] must be a dict or a dataclass, not {name}")));
    }
    let dict = PyDict::new(py);
    // Not all that is declared is a field: a ClassVar is none.
    for field in
        py.import(intern!(py, "dataclasses"))?.call_method1(intern!(py, "fields"), (value,))?.try_iter()?
    {
        let name = field?.getattr(intern!(py, "name"))?.cast_into::<PyString>()?;
        dict.set_item(&name, value.getattr(&name)?)?;
    }
    Ok(dict)
}
