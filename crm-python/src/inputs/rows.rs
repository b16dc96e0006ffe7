//! The rows of `create_many`: dicts, dataclasses, or somebody's frame.

use crm_core::calls::Input;
use crm_postgres::crm_core::{Error, MAX_VIOLATIONS, Valid, Violation, ViolationCode, beside};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyType};

use super::{Dict, Fields, Given};
use crate::arrow::Frame;
use crate::errors::raise;

/// Reads and validates the rows.
pub(crate) fn many<E: Input>(rows: &Bound<'_, PyAny>) -> PyResult<Vec<Valid<E::New>>> {
    let py = rows.py();
    let Read { new, broken } = read_all::<E>(rows)?;
    py.detach(|| beside(broken, Valid::all(new))).map_err(|error| raise(py, error))
}

/// Limits how many rows, or how many items of any list, a call takes: what is given may have no end.
pub(crate) const MAX_ROWS: usize = 10_000_000;

/// After so many rows a signal such as Ctrl-C is looked for.
const ROWS_A_LOOK: usize = 4_096;

/// Says that there are more rows than a call takes.
pub(crate) fn too_many(py: Python<'_>) -> PyErr {
    let message = format!("must be at most {MAX_ROWS}: make several calls");
    raise(py, Error::validation([Violation::new("rows", ViolationCode::TooLong, message)]))
}

/// The rows read so far and the rules that they break.
struct Read<E: Input> {
    new: Vec<E::New>,
    broken: Vec<Violation>,
}

impl<E: Input> Read<E> {
    /// Reads a row. Tells whether to go on: where more violations were found than are told, nothing else matters.
    fn add<'py>(&mut self, py: Python<'py>, fields: &Fields<'py, impl Given<'py>>) -> PyResult<bool> {
        if self.new.len() == MAX_ROWS {
            return Err(too_many(py));
        }
        if self.new.len().is_multiple_of(ROWS_A_LOOK) {
            py.check_signals()?;
        }
        self.new.push(E::new_row(fields)?);
        fields.refuse_unknown("create_many")?;
        self.broken.append(&mut fields.broken.borrow_mut());
        Ok(self.broken.len() < MAX_VIOLATIONS)
    }
}

fn read_all<E: Input>(rows: &Bound<'_, PyAny>) -> PyResult<Read<E>> {
    let py = rows.py();
    if rows.is_instance_of::<PyDict>() {
        return Err(PyTypeError::new_err("rows must be a list of dicts, not a dict"));
    }
    let mut read = Read::<E> { new: Vec::new(), broken: Vec::new() };
    if rows.hasattr(intern!(py, "__arrow_c_stream__"))? {
        let mut frame = Frame::open(rows)?;
        while let Some(table) = frame.next()? {
            for row in 0..table.rows() {
                if !read.add(py, &table.row(py, row, read.new.len()))? {
                    return Ok(read);
                }
            }
        }
        return Ok(read);
    }
    if rows.hasattr(intern!(py, "collect"))? {
        return Err(PyTypeError::new_err("rows must be a frame that was collected: call .collect() before"));
    }
    // Without asking how many there are: what `__len__` says need not be true.
    for (row, given) in rows.try_iter()?.enumerate() {
        let dict = match given?.cast_into::<PyDict>() {
            Ok(dict) => dict,
            Err(other) => of_dataclass(py, &other.into_inner(), row)?,
        };
        if !read.add(py, &Fields::of_row(Dict(Some(&dict)), row))? {
            break;
        }
    }
    Ok(read)
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
