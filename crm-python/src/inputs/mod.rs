//! From Python's values to the library's inputs: wire → input.
//!
//! An input is read from keywords, from a dict or a dataclass of `create_many`, or from a row of somebody's frame, by the
//! same code: it asks for each field by name, and what nobody asked for is refused.

mod entities;
mod rows;
mod values;

pub(crate) use entities::Input;
pub(crate) use rows::{MAX_ROWS, many, too_many};
pub(crate) use values::{Compared, OneOrMany, Value, Wrong, read};

use std::cell::RefCell;

use crm_postgres::Result;
use crm_postgres::chrono::{DateTime, Utc};
use crm_postgres::crm_core::{Id, Patch, Range, Valid, Validate, Violation, ViolationCode, beside};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::errors::raise;

/// Is where the fields of an input come from.
pub(crate) trait Fields<'py> {
    /// Returns a field that was given, be it `None`.
    fn given(&self, name: &'static str) -> PyResult<Option<Bound<'py, PyAny>>>;

    /// Names the field in an error.
    fn path(&self, name: &'static str) -> String;

    /// Keeps the rules that were found broken while the other fields are read.
    fn broken(&self) -> &RefCell<Vec<Violation>>;

    /// Refuses fields that nobody has asked for.
    fn refuse_unknown(&self, function: &str) -> PyResult<()>;

    /// Tells whether the fields are the cells of a table, such as a CSV file, in which a missing value is an empty text.
    fn are_cells(&self) -> bool;

    /// Notes a broken rule.
    fn note(&self, name: &'static str, code: ViolationCode, message: &str) {
        self.broken().borrow_mut().push(Violation::new(self.path(name), code, message));
    }

    /// Reads a value; one that breaks a rule is noted, and missing from then on.
    fn read<T: Value>(&self, name: &'static str, value: &Bound<'py, PyAny>) -> PyResult<Option<T>> {
        match T::read(value, || self.path(name)) {
            Ok(value) => Ok(Some(value)),
            Err(Wrong::Type(error)) => Err(error),
            Err(Wrong::Rule(violation)) => {
                self.broken().borrow_mut().push(violation);
                Ok(None)
            }
        }
    }

    /// Raises what was noted, and what the rest of the input breaks.
    fn check<T: Validate>(&self, py: Python<'py>, input: T) -> PyResult<Valid<T>> {
        beside(self.broken().take(), input.validate()).map_err(|error| raise(py, error))
    }

    /// Reads a field that may be left out or `None`, or an empty cell.
    fn optional<T: Value>(&self, name: &'static str) -> PyResult<Option<T>> {
        match self.given(name)? {
            Some(value) if !(value.is_none() || self.are_cells() && T::is_empty_cell(&value)) => {
                self.read(name, &value)
            }
            _ => Ok(None),
        }
    }

    /// Reads a field whose absence the domain judges.
    fn or_default<T: Value + Default>(&self, name: &'static str) -> PyResult<T> {
        self.optional(name).map(Option::unwrap_or_default)
    }

    /// Reads the key of another table's row.
    fn id<I: Id>(&self, name: &'static str) -> PyResult<Option<I>> {
        Ok(self.optional::<i64>(name)?.map(I::from))
    }

    /// Reads a change: a field left out stays, `None` clears it.
    fn patch<T: Value>(&self, name: &'static str) -> PyResult<Patch<T>> {
        Ok(match self.given(name)? {
            None => Patch::Keep,
            Some(value) if value.is_none() => Patch::Clear,
            Some(value) => self.read(name, &value)?.map_or(Patch::Keep, Patch::Set),
        })
    }

    /// Reads a change of a reference.
    fn patch_id<I: Id>(&self, name: &'static str) -> PyResult<Patch<I>> {
        Ok(match self.patch::<i64>(name)? {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(id) => Patch::Set(I::from(id)),
        })
    }

    /// Reads a filter's value: one or any of several.
    fn any_of<T: Value>(&self, name: &'static str) -> PyResult<Option<Vec<T>>> {
        Ok(self.optional::<OneOrMany<T>>(name)?.map(|OneOrMany(values)| values))
    }

    /// Reads a filter of keys.
    fn any_id<I: Id>(&self, name: &'static str) -> PyResult<Option<Vec<I>>> {
        Ok(self.any_of::<i64>(name)?.map(|ids| ids.into_iter().map(I::from).collect()))
    }

    /// Reads the two ends of a range of moments.
    fn moments(&self, since: &'static str, until: &'static str) -> PyResult<Range<DateTime<Utc>>> {
        Ok(Range { since: self.optional(since)?, until: self.optional(until)? })
    }
}

/// Is the keywords of a call, or the items of a dict.
pub(crate) struct Keywords<'a, 'py> {
    given: Option<&'a Bound<'py, PyDict>>,
    asked: RefCell<Vec<&'static str>>,
    broken: RefCell<Vec<Violation>>,
    /// The number of the row of which this is a dict.
    row: Option<usize>,
}

impl<'a, 'py> Keywords<'a, 'py> {
    pub(crate) fn new(given: Option<&'a Bound<'py, PyDict>>) -> Self {
        Self { given, asked: RefCell::default(), broken: RefCell::default(), row: None }
    }

    fn of_row(given: &'a Bound<'py, PyDict>, row: usize) -> Self {
        Self { row: Some(row), ..Self::new(Some(given)) }
    }

    /// Refuses keywords that nobody has asked for, and values that break a rule.
    pub(crate) fn finish(&self, py: Python<'py>, function: &str) -> PyResult<()> {
        self.finish_with(py, function, Ok(()))
    }

    /// Refuses keywords that nobody has asked for, values that break a rule, and what the check of the whole has found.
    pub(crate) fn finish_with<T>(&self, py: Python<'py>, function: &str, checked: Result<T>) -> PyResult<()> {
        self.refuse_unknown(function)?;
        beside(self.broken.take(), checked).map(drop).map_err(|error| raise(py, error))
    }
}

/// Shows a name as Python writes it, invisible characters escaped.
pub(crate) fn shown(py: Python<'_>, name: &str) -> String {
    PyString::new(py, name).repr().map_or_else(|_| "?".to_owned(), |name| name.to_string())
}

/// Says what is wrong with a key of a dict that no field has.
fn unknown(key: &Bound<'_, PyAny>, row: usize) -> PyResult<String> {
    if key.is_none() {
        // What `csv.DictReader` does with them.
        return Ok(format!("[{row}] has more cells than the header has names"));
    }
    let Ok(name) = key.cast::<PyString>() else {
        return Ok(format!(
            "[{row}] has a field whose name is not a str but of type {}",
            key.get_type().name()?
        ));
    };
    let mut message = format!("[{row}] has an unknown field {}", name.repr()?);
    if name.to_cow().is_ok_and(|name| name.starts_with('\u{feff}')) {
        message.push_str(": the file begins with a byte order mark, open it with encoding='utf-8-sig'");
    }
    Ok(message)
}

impl<'py> Fields<'py> for Keywords<'_, 'py> {
    fn given(&self, name: &'static str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(given) = self.given else { return Ok(None) };
        self.asked.borrow_mut().push(name);
        given.get_item(PyString::intern(given.py(), name))
    }

    fn refuse_unknown(&self, function: &str) -> PyResult<()> {
        let Some(given) = self.given else { return Ok(()) };
        let asked = self.asked.borrow();
        let known = |key: &Bound<'_, PyAny>| {
            let name = key.cast::<PyString>().ok().and_then(|name| name.to_cow().ok());
            name.is_some_and(|name| asked.contains(&name.as_ref()))
        };
        let Some(key) = given.keys().iter().find(|key| !known(key)) else { return Ok(()) };
        Err(PyTypeError::new_err(match self.row {
            None => format!("{function}() got an unexpected keyword argument {}", key.repr()?),
            Some(row) => unknown(&key, row)?,
        }))
    }

    fn are_cells(&self) -> bool {
        self.row.is_some()
    }

    fn broken(&self) -> &RefCell<Vec<Violation>> {
        &self.broken
    }

    fn path(&self, name: &'static str) -> String {
        self.row.map_or_else(|| name.to_owned(), |row| format!("[{row}].{name}"))
    }
}
