//! One value of Python's at a time. A value of the wrong type is a `TypeError` that names the field.

use std::borrow::Cow;

use crm_postgres::chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use crm_postgres::crm_core::{
    Cursor, Error, InteractionType, Order, OrderBy, Priority, Role, SearchText, Stage, TaskStatus, Violation,
    ViolationCode,
};
use crm_postgres::rust_decimal::Decimal;
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyBytes, PyDate, PyDateTime, PyFloat, PyInt, PyMapping, PyString, PyTzInfoAccess as _,
};

use crate::errors::raise;

/// Is a type of value that an input has.
pub(crate) trait Value: Sized {
    /// Reads it; `path` names the field for an error.
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> PyResult<Self>;
}

/// Reads the value of a parameter.
pub(crate) fn read<T: Value>(value: &Bound<'_, PyAny>, name: &str) -> PyResult<T> {
    T::read(value, || name.to_owned())
}

fn wrong(value: &Bound<'_, PyAny>, path: impl Fn() -> String, expected: &str) -> PyErr {
    let name = value.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string());
    PyTypeError::new_err(format!("{} must be {expected}, not {name}", path()))
}

fn invalid(py: Python<'_>, path: String, code: ViolationCode, message: &str) -> PyErr {
    raise(py, Error::validation([Violation::new(path, code, message)]))
}

/// Puts the field's name into a violation that speaks of the value alone.
fn named(py: Python<'_>, error: &Error, path: impl Fn() -> String) -> PyErr {
    let renamed = error.violations().iter().map(|violation| Violation { field: path(), ..violation.clone() });
    raise(py, Error::validation(renamed))
}

impl Value for String {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> PyResult<Self> {
        let Ok(text) = value.cast::<PyString>() else { return Err(wrong(value, path, "a str")) };
        // A surrogate that stands alone is no character.
        text.to_cow().map(Cow::into_owned).map_err(|_| {
            let message = "must not hold surrogates";
            invalid(value.py(), path(), ViolationCode::InvalidCharacters, message)
        })
    }
}

impl Value for i64 {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> PyResult<Self> {
        if value.is_instance_of::<PyBool>() {
            return Err(wrong(value, path, "an int"));
        }
        // Also what has `__index__`, as the integers of numpy do, but no float.
        value.extract().map_err(|error: PyErr| {
            if error.is_instance_of::<PyOverflowError>(value.py()) {
                let message = "must be a 64-bit integer";
                return invalid(value.py(), path(), ViolationCode::OutOfRange, message);
            }
            wrong(value, path, "an int")
        })
    }
}

impl Value for bool {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> PyResult<Self> {
        value.extract().map_err(|_| wrong(value, path, "a bool"))
    }
}

impl Value for u32 {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> PyResult<Self> {
        let number = i64::read(value, &path)?;
        // Whether it is in its range the domain says; what it could not even hold is not.
        number.try_into().map_err(|_| {
            let message = format!("must not be {number}");
            invalid(value.py(), path(), ViolationCode::OutOfRange, &message)
        })
    }
}

impl Value for Decimal {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> PyResult<Self> {
        let py = value.py();
        let decimal = py.import(intern!(py, "decimal"))?.getattr(intern!(py, "Decimal"))?;
        let whole = value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>();
        if !whole && !value.is_instance_of::<PyString>() && !value.is_instance(&decimal)? {
            let expected = "a decimal.Decimal, an int or a str such as \"12.50\"";
            return Err(wrong(value, path, expected));
        }
        // Written out, because a Decimal may stand in powers of ten.
        let text =
            if value.is_instance(&decimal)? && value.call_method0(intern!(py, "is_finite"))?.is_truthy()? {
                value.call_method1(intern!(py, "__format__"), ("f",))?
            } else {
                value.str()?.into_any()
            };
        let text: String = text.extract()?;
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        Self::from_str_exact(text.trim()).map_err(|_| {
            let numeric =
                digits > 0 && text.trim().bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
            if numeric && whole {
                return invalid(py, path(), ViolationCode::OutOfRange, "must be between 0 and 99999999.99");
            }
            if numeric {
                return invalid(py, path(), ViolationCode::TooPrecise, "must have at most 2 decimals");
            }
            invalid(py, path(), ViolationCode::InvalidType, "must be a number such as \"12.50\"")
        })
    }
}

impl Value for DateTime<Utc> {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> PyResult<Self> {
        let Ok(moment) = value.cast::<PyDateTime>() else {
            return Err(wrong(value, path, "a datetime with a time zone"));
        };
        if moment.get_tzinfo().is_none() {
            let message = "must be a datetime with a time zone, not a naive one: add tzinfo=timezone.utc";
            return Err(PyTypeError::new_err(format!("{} {message}", path())));
        }
        let py = value.py();
        let offset = value.call_method0(intern!(py, "utcoffset"))?;
        let seconds: f64 = offset.call_method0(intern!(py, "total_seconds"))?.extract()?;
        let naive =
            value.call_method1(intern!(py, "isoformat"), ("T", "microseconds"))?.extract::<String>()?;
        let naive = naive.get(..26).and_then(|text| text.parse::<crm_postgres::chrono::NaiveDateTime>().ok());
        #[expect(clippy::cast_possible_truncation, reason = "an offset is less than a day")]
        let offset = FixedOffset::east_opt(seconds as i32);
        naive
            .zip(offset)
            .and_then(|(naive, offset)| naive.and_local_timezone(offset).single())
            .map(|moment| moment.to_utc())
            .ok_or_else(|| {
                invalid(py, path(), ViolationCode::OutOfRange, "must be in the years 0001 to 9999")
            })
    }
}

impl Value for NaiveDate {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> PyResult<Self> {
        if value.is_instance_of::<PyDateTime>() || !value.is_instance_of::<PyDate>() {
            return Err(wrong(value, path, "a date"));
        }
        value.extract()
    }
}

macro_rules! labels {
    ($($label:ty),+) => {$(
        impl Value for $label {
            fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> PyResult<Self> {
                let label = String::read(value, &path)?;
                label.parse().map_err(|error: Error| named(value.py(), &error, path))
            }
        }
    )+};
}

labels!(InteractionType, Priority, Role, SearchText, Stage, TaskStatus);

impl<B: OrderBy> Value for Order<B> {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> PyResult<Self> {
        let order = String::read(value, &path)?;
        order.parse().map_err(|error: Error| named(value.py(), &error, path))
    }
}

impl Value for Cursor {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> PyResult<Self> {
        String::read(value, path).map(Self::from)
    }
}

/// Reads a list from anything that can be iterated over, but a text, bytes or a mapping.
fn items<T: Value>(value: &Bound<'_, PyAny>, path: impl Fn() -> String, expected: &str) -> PyResult<Vec<T>> {
    let unfit = value.is_instance_of::<PyString>()
        || value.is_instance_of::<PyBytes>()
        || value.is_instance_of::<PyMapping>()
        || value.is_instance_of::<PyFloat>();
    let items = value.try_iter().ok().filter(|_| !unfit);
    let Some(items) = items else { return Err(wrong(value, path, expected)) };
    items.enumerate().map(|(n, item)| T::read(&item?, || format!("{}[{n}]", path()))).collect()
}

impl<T: Value> Value for Vec<T> {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> PyResult<Self> {
        items(value, path, "a list")
    }
}

/// Is one value or several of a filter.
pub(crate) struct OneOrMany<T>(pub(crate) Vec<T>);

impl<T: Value> Value for OneOrMany<T> {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> PyResult<Self> {
        if value.is_instance_of::<PyString>() || value.try_iter().is_err() {
            return T::read(value, path).map(|value| Self(vec![value]));
        }
        items(value, path, "a value or a list of them").map(Self)
    }
}
