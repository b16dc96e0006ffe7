//! One value of Python's at a time. A value of the wrong type is a `TypeError` that names the field.

use std::borrow::Cow;

use crm_core::calls::Compared;
use crm_postgres::chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use crm_postgres::crm_core::{
    Cursor, CustomerId, Error, InteractionId, InteractionType, LeadId, Order, OrderBy, Priority, Role,
    SearchText, Stage, TaskId, TaskStatus, UserId, Violation, ViolationCode, parse_money,
};
use crm_postgres::rust_decimal::Decimal;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyBytes, PyDate, PyDateAccess as _, PyDateTime, PyFloat, PyIterator, PyMapping, PyString,
    PyTimeAccess as _,
};

use super::MAX_ROWS;
use crate::errors::raise;
use crate::guard::guarded;

/// Is a type of value that an input has.
pub(crate) trait Value: Sized {
    /// Reads it; `path` names the field for an error.
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> Result<Self, Wrong>;

    /// Tells whether a value is the empty text that stands for none in a table.
    fn is_empty_cell(value: &Bound<'_, PyAny>) -> bool {
        let text = value.cast::<PyString>().ok().and_then(|text| text.to_cow().ok());
        text.is_some_and(|text| text.trim().is_empty())
    }
}

/// Reads the value of a parameter.
pub(crate) fn read<T: Value>(value: &Bound<'_, PyAny>, name: &str) -> PyResult<T> {
    let read = guarded(value.py(), || Ok(T::read(value, || name.to_owned())))?;
    read.map_err(|wrong| match wrong {
        Wrong::Type(error) => error,
        Wrong::Rule(violation) => raise(value.py(), Error::validation([violation])),
    })
}

/// Is why a value is refused.
pub(crate) enum Wrong {
    /// It is of another type: there is nothing to go on with.
    Type(PyErr),
    /// It breaks a rule, as other values of the same input may.
    Rule(Violation),
}

impl From<PyErr> for Wrong {
    fn from(error: PyErr) -> Self {
        Self::Type(error)
    }
}

fn wrong(value: &Bound<'_, PyAny>, path: impl Fn() -> String, expected: &str) -> Wrong {
    let name = value.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string());
    Wrong::Type(PyTypeError::new_err(format!("{} must be {expected}, not {name}", path())))
}

fn invalid(path: impl Fn() -> String, code: ViolationCode, message: impl Into<String>) -> Wrong {
    Wrong::Rule(Violation::new(path(), code, message))
}

/// Puts the field's name into a violation that speaks of the value alone.
fn named(error: &Error, path: impl Fn() -> String) -> Wrong {
    let [violation, ..] = error.violations() else {
        return Wrong::Type(PyTypeError::new_err(error.to_string()));
    };
    Wrong::Rule(Violation { field: path(), ..violation.clone() })
}

impl Value for String {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> Result<Self, Wrong> {
        let Ok(text) = value.cast::<PyString>() else { return Err(wrong(value, path, "a str")) };
        // A surrogate that stands alone is no character.
        text.to_cow().map(Cow::into_owned).map_err(|_| {
            let message = "must not hold surrogates";
            invalid(path, ViolationCode::InvalidCharacters, message)
        })
    }

    /// White space is the domain's to judge: a password may be made of it.
    fn is_empty_cell(value: &Bound<'_, PyAny>) -> bool {
        value.cast::<PyString>().is_ok_and(|text| text.to_cow().is_ok_and(|text| text.is_empty()))
    }
}

impl Value for Compared {
    /// Reads a text, or nothing for one that equals none because a surrogate stands alone in it.
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> Result<Self, Wrong> {
        match String::read(value, path) {
            Ok(text) => Ok(Self(Some(text))),
            Err(Wrong::Rule(_)) => Ok(Self(None)),
            Err(wrong) => Err(wrong),
        }
    }
}

impl Value for i64 {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> Result<Self, Wrong> {
        if value.is_instance_of::<PyBool>() {
            return Err(wrong(value, path, "an int"));
        }
        // Also what has `__index__`, as the integers of numpy do, but no float.
        value.extract().map_err(|error: PyErr| {
            if error.is_instance_of::<PyOverflowError>(value.py()) {
                let message = "must be a 64-bit integer";
                return invalid(path, ViolationCode::OutOfRange, message);
            }
            if error.is_instance_of::<PyTypeError>(value.py()) {
                return wrong(value, path, "an int");
            }
            // What its `__index__` has raised.
            error.into()
        })
    }
}

macro_rules! ids {
    ($($id:ident),+) => {$(
        impl Value for $id {
            fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> Result<Self, Wrong> {
                i64::read(value, path).map(Self)
            }
        }
    )+};
}

ids!(CustomerId, InteractionId, LeadId, TaskId, UserId);

impl Value for bool {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> Result<Self, Wrong> {
        value.extract().map_err(|_| wrong(value, path, "a bool"))
    }
}

impl Value for u32 {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> Result<Self, Wrong> {
        let number = i64::read(value, &path)?;
        // Whether it is in its range the domain says; what it could not even hold is not.
        number.try_into().map_err(|_| {
            let message = format!("must not be {number}");
            invalid(path, ViolationCode::OutOfRange, message)
        })
    }
}

const TOO_LARGE: &str = "must be between 0 and 99999999.99";

/// Has far more digits than an amount, and few enough to be written out.
const MANY_DIGITS: i64 = 10_000;

impl Value for Decimal {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> Result<Self, Wrong> {
        let py = value.py();
        let refuse = |code, message: &str| invalid(&path, code, message);
        let parse = |text: &str| parse_money(text).map_err(|error| named(&error, &path));
        if let Ok(text) = value.cast::<PyString>() {
            return parse(&text.to_cow().unwrap_or_default());
        }
        let decimal = py.import(intern!(py, "decimal"))?.getattr(intern!(py, "Decimal"))?;
        if value.is_instance(&decimal)? {
            // A subclass may say of itself what it likes.
            let value = decimal.call1((value,))?;
            if !value.call_method0(intern!(py, "is_finite"))?.is_truthy()? {
                return Err(refuse(ViolationCode::InvalidType, "must be a number such as \"12.50\""));
            }
            // Before it is written out: what stands in powers of ten may have any number of digits.
            if value.call_method0(intern!(py, "adjusted"))?.extract::<i64>()? > 20 {
                return Err(refuse(ViolationCode::OutOfRange, TOO_LARGE));
            }
            let parts = value.call_method0(intern!(py, "as_tuple"))?;
            if parts.getattr(intern!(py, "exponent"))?.extract::<i64>()? < -MANY_DIGITS {
                return Err(refuse(ViolationCode::TooPrecise, "must have at most 2 decimals"));
            }
            let text = value.call_method1(intern!(py, "__format__"), ("f",))?.extract::<String>()?;
            return parse(&text);
        }
        if value.is_instance_of::<PyBool>() || !value.hasattr(intern!(py, "__index__"))? {
            return Err(wrong(value, &path, "a decimal.Decimal, an int or a str such as \"12.50\""));
        }
        value.extract::<i64>().map(Self::from).map_err(|error| {
            if error.is_instance_of::<PyOverflowError>(py) {
                refuse(ViolationCode::OutOfRange, TOO_LARGE)
            } else {
                error.into()
            }
        })
    }
}

impl Value for DateTime<Utc> {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> Result<Self, Wrong> {
        let Ok(moment) = value.cast::<PyDateTime>() else {
            return Err(wrong(value, path, "a datetime with a time zone"));
        };
        let py = value.py();
        let offset = match value.call_method0(intern!(py, "utcoffset")) {
            Ok(offset) => offset,
            // Pandas' NaT is a datetime too, and has no offset; and a time zone may give none that can be.
            Err(error)
                if error.is_instance_of::<PyValueError>(py) || error.is_instance_of::<PyTypeError>(py) =>
            {
                return Err(wrong(value, path, "a datetime with a time zone"));
            }
            Err(error) => return Err(error.into()),
        };
        if offset.is_none() {
            let message = "must be a datetime with a time zone, not a naive one: add tzinfo=timezone.utc";
            return Err(PyTypeError::new_err(format!("{} {message}", path())).into());
        }
        let Ok(offset) = offset.extract::<TimeDelta>() else {
            return Err(wrong(value, path, "a datetime with a time zone"));
        };
        // By way of the parts, because the offset may have microseconds, which a time zone of chrono's has not.
        NaiveDate::from_ymd_opt(moment.get_year(), moment.get_month().into(), moment.get_day().into())
            .and_then(|day| {
                let (hour, minute) = (moment.get_hour().into(), moment.get_minute().into());
                day.and_hms_micro_opt(hour, minute, moment.get_second().into(), moment.get_microsecond())
            })
            .zip(Some(offset))
            .and_then(|(local, offset)| local.and_utc().checked_sub_signed(offset))
            .ok_or_else(|| invalid(path, ViolationCode::OutOfRange, "must be in the years 0001 to 9999"))
    }
}

impl Value for NaiveDate {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> Result<Self, Wrong> {
        if value.is_instance_of::<PyDateTime>() || !value.is_instance_of::<PyDate>() {
            return Err(wrong(value, path, "a date"));
        }
        Ok(value.extract()?)
    }
}

macro_rules! labels {
    ($($label:ty),+) => {$(
        impl Value for $label {
            fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> Result<Self, Wrong> {
                let label = String::read(value, &path)?;
                label.parse().map_err(|error: Error| named(&error, path))
            }
        }
    )+};
}

labels!(InteractionType, Priority, Role, SearchText, Stage, TaskStatus);

impl<B: OrderBy> Value for Order<B> {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> Result<Self, Wrong> {
        let order = String::read(value, &path)?;
        order.parse().map_err(|error: Error| named(&error, path))
    }
}

impl Value for Cursor {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> Result<Self, Wrong> {
        String::read(value, path).map(Self::from)
    }
}

/// Iterates over a value; none where it is of a type that cannot be.
fn iterated<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyIterator>>> {
    match value.try_iter() {
        Ok(items) => Ok(Some(items)),
        Err(error) if error.is_instance_of::<PyTypeError>(value.py()) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a list from anything that can be iterated over, but a text, bytes or a mapping.
fn items<T: Value>(
    value: &Bound<'_, PyAny>,
    path: impl Fn() -> String,
    expected: &str,
) -> Result<Vec<T>, Wrong> {
    let unfit = value.is_instance_of::<PyString>()
        || value.is_instance_of::<PyBytes>()
        || value.is_instance_of::<PyMapping>()
        || value.is_instance_of::<PyFloat>();
    let items = if unfit { None } else { iterated(value)? };
    let Some(items) = items else { return Err(wrong(value, path, expected)) };
    let mut read = Vec::new();
    // Without asking how many there are: what `__len__` says need not be true.
    for (n, item) in items.enumerate() {
        if n == MAX_ROWS {
            let message = format!("must have at most {MAX_ROWS} items");
            return Err(invalid(path, ViolationCode::TooLong, message));
        }
        read.push(T::read(&item?, || format!("{}[{n}]", path()))?);
    }
    Ok(read)
}

impl<T: Value> Value for Vec<T> {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> Result<Self, Wrong> {
        items(value, path, "a list")
    }
}

/// Is one value or several of a filter.
pub(crate) struct OneOrMany<T>(pub(crate) Vec<T>);

impl<T: Value> Value for OneOrMany<T> {
    fn read(value: &Bound<'_, PyAny>, path: impl Fn() -> String) -> Result<Self, Wrong> {
        if value.is_instance_of::<PyString>() || iterated(value)?.is_none() {
            return T::read(value, path).map(|value| Self(vec![value]));
        }
        items(value, path, "a value or a list of them").map(Self)
    }
}
