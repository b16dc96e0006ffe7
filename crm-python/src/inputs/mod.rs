//! From Python's values to the library's inputs: wire → input.
//!
//! An input is read from keywords, from a dict or a dataclass of `create_many`, or from a row of somebody's frame, by the
//! same code: it asks for each field by name, and what nobody asked for is refused.

mod rows;
mod values;

pub(crate) use rows::{MAX_ROWS, many, too_many};
use values::OneOrMany;
pub(crate) use values::{Value, Wrong, read};

use std::borrow::Cow;
use std::cell::RefCell;
use std::marker::PhantomData;

use crm_core::calls::{self, Source, Takes};
use crm_postgres::crm_core::{Patch, Valid, Validate, Violation, ViolationCode, beside};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::errors::raise;

/// Where the values of fields come from.
pub(crate) trait Given<'py> {
    /// Returns the value that was given for a field, be it `None`.
    fn value(&self, name: &'static str) -> Result<Option<Bound<'py, PyAny>>, Wrong>;

    /// Returns the error for a value that nobody has asked for, if there is one.
    fn unknown(&self, asked: &[&'static str], function: &str, row: Option<usize>) -> PyResult<Option<PyErr>>;
}

/// The fields of an input.
pub(crate) struct Fields<'py, G> {
    given: G,
    asked: RefCell<Vec<&'static str>>,
    broken: RefCell<Vec<Violation>>,
    /// The number of the row of a table that this is, such as a CSV file, in which a missing value is an empty text.
    row: Option<usize>,
    python: PhantomData<&'py ()>,
}

impl<'py, G: Given<'py>> Fields<'py, G> {
    /// Makes the fields of a row.
    pub(crate) fn of_row(given: G, row: usize) -> Self {
        Self { row: Some(row), ..Self::of(given) }
    }

    fn of(given: G) -> Self {
        Self { given, asked: RefCell::default(), broken: RefCell::default(), row: None, python: PhantomData }
    }

    fn path(&self, name: &'static str) -> String {
        self.row.map_or_else(|| name.to_owned(), |row| format!("[{row}].{name}"))
    }

    /// Returns a field that was given, be it `None`.
    pub(crate) fn given(&self, name: &'static str) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.asked.borrow_mut().push(name);
        match self.given.value(name) {
            Ok(value) => Ok(value),
            Err(Wrong::Type(error)) => Err(error),
            Err(Wrong::Rule(violation)) => {
                self.broken.borrow_mut().push(Violation { field: self.path(name), ..violation });
                Ok(None)
            }
        }
    }

    /// Reads a value; one that breaks a rule is noted, and missing from then on.
    fn read<T: Value>(&self, name: &'static str, value: &Bound<'py, PyAny>) -> PyResult<Option<T>> {
        match T::read(value, || self.path(name)) {
            Ok(value) => Ok(Some(value)),
            Err(Wrong::Type(error)) => Err(error),
            Err(Wrong::Rule(violation)) => {
                self.broken.borrow_mut().push(violation);
                Ok(None)
            }
        }
    }

    /// Reads a field that may be left out or `None`, or an empty cell.
    pub(crate) fn optional<T: Value>(&self, name: &'static str) -> PyResult<Option<T>> {
        match self.given(name)? {
            Some(value) if !(value.is_none() || self.row.is_some() && T::is_empty_cell(&value)) => {
                self.read(name, &value)
            }
            _ => Ok(None),
        }
    }

    /// Refuses fields that nobody has asked for.
    pub(crate) fn refuse_unknown(&self, function: &str) -> PyResult<()> {
        self.given.unknown(&self.asked.borrow(), function, self.row)?.map_or(Ok(()), Err)
    }

    /// Raises what was noted, and what the rest of the input breaks.
    pub(crate) fn check<T: Validate>(&self, py: Python<'py>, input: T) -> PyResult<Valid<T>> {
        beside(self.broken.take(), input.validate()).map_err(|error| raise(py, error))
    }

    /// Refuses keywords that nobody has asked for, and values that break a rule.
    pub(crate) fn finish(&self, py: Python<'py>, function: &str) -> PyResult<()> {
        self.finish_with(py, function, Ok(()))
    }

    /// Refuses keywords that nobody has asked for, values that break a rule, and what the check of the whole has found.
    pub(crate) fn finish_with<T>(
        &self,
        py: Python<'py>,
        function: &str,
        checked: crm_postgres::Result<T>,
    ) -> PyResult<()> {
        self.refuse_unknown(function)?;
        beside(self.broken.take(), checked).map(drop).map_err(|error| raise(py, error))
    }
}

impl<'py, G: Given<'py>> calls::Fields for Fields<'py, G> {
    type Error = PyErr;

    fn spelt(&self, name: &'static str) -> Cow<'static, str> {
        name.into()
    }

    fn note(&self, name: &'static str, code: ViolationCode, message: &str) {
        self.broken.borrow_mut().push(Violation::new(self.path(name), code, message));
    }

    fn refused(&self, name: &'static str) -> bool {
        let path = self.path(name);
        self.broken.borrow().iter().any(|violation| violation.field == path)
    }
}

impl<'py, G: Given<'py>, T: Value> Takes<T> for Fields<'py, G> {
    fn optional(&self, name: &'static str) -> PyResult<Option<T>> {
        self.optional(name)
    }

    fn patch(&self, name: &'static str) -> PyResult<Patch<T>> {
        Ok(match self.given(name)? {
            None => Patch::Keep,
            Some(value) if value.is_none() => Patch::Clear,
            Some(value) => self.read(name, &value)?.map_or(Patch::Keep, Patch::Set),
        })
    }

    /// A `None` is no condition.
    fn condition(&self, name: &'static str) -> PyResult<Option<T>> {
        self.optional(name)
    }

    fn any_of(&self, name: &'static str) -> PyResult<Option<Vec<T>>> {
        Ok(self.optional::<OneOrMany<T>>(name)?.map(|OneOrMany(values)| values))
    }
}

impl<'py, G: Given<'py>> Source for Fields<'py, G> {}

/// The keywords of a call, or the items of a dict.
pub(crate) struct Dict<'a, 'py>(Option<&'a Bound<'py, PyDict>>);

/// The keywords of a call.
pub(crate) type Keywords<'a, 'py> = Fields<'py, Dict<'a, 'py>>;

impl<'a, 'py> Keywords<'a, 'py> {
    pub(crate) fn new(given: Option<&'a Bound<'py, PyDict>>) -> Self {
        Self::of(Dict(given))
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

impl<'py> Given<'py> for Dict<'_, 'py> {
    fn value(&self, name: &'static str) -> Result<Option<Bound<'py, PyAny>>, Wrong> {
        let Some(given) = self.0 else { return Ok(None) };
        Ok(given.get_item(PyString::intern(given.py(), name))?)
    }

    fn unknown(&self, asked: &[&'static str], function: &str, row: Option<usize>) -> PyResult<Option<PyErr>> {
        let Some(given) = self.0 else { return Ok(None) };
        let known = |key: &Bound<'_, PyAny>| {
            let name = key.cast::<PyString>().ok().and_then(|name| name.to_cow().ok());
            name.is_some_and(|name| asked.contains(&name.as_ref()))
        };
        let Some(key) = given.keys().iter().find(|key| !known(key)) else { return Ok(None) };
        Ok(Some(PyTypeError::new_err(match row {
            None => format!("{function}() got an unexpected keyword argument {}", key.repr()?),
            Some(row) => unknown(&key, row)?,
        })))
    }
}
