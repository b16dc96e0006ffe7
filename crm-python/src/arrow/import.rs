//! Somebody's frame as rows of `create_many`.

use std::collections::HashSet;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Decimal128Type, Float64Type, Int64Type, UInt64Type};
use arrow_array::{Array as _, ArrayRef};
use arrow_cast::display::array_value_to_string;
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, Field, Fields as ArrowFields, TimeUnit};
use crm_postgres::chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use crm_postgres::crm_core::{Violation, ViolationCode};
use crm_postgres::rust_decimal::Decimal;
use pyo3::IntoPyObjectExt as _;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};

use super::stream::{Stream, Unread, caught, of_column};
use crate::frames::Reading;
use crate::inputs::{Fields, Given, Wrong, shown, too_many};

/// Is a batch of a frame, its columns brought to the few types that inputs are read from.
pub(crate) struct Table {
    columns: Vec<(String, Column)>,
    rows: usize,
}

/// Is a column by what its values become in Python.
enum Column {
    Null,
    Text(ArrayRef),
    Integer(ArrayRef),
    /// Those of 64 bits without a sign go further than others.
    Unsigned(ArrayRef),
    /// No field takes floats, but the error speaks of the value as it does elsewhere.
    Float(ArrayRef),
    Flag(ArrayRef),
    /// Amounts of up to 38 digits, or of more.
    Money(ArrayRef),
    /// Moments as numbers of such units, and whether they are without a time zone, for which the same holds as for floats.
    Moment(ArrayRef, TimeUnit, bool),
    /// Days as numbers, one of which is so many days long.
    Day(ArrayRef, i64),
    Texts(ArrayRef),
}

/// The batches of anything that has `__arrow_c_stream__`, one after the other.
pub(crate) struct Frame<'py> {
    frame: Bound<'py, PyAny>,
    /// None once it is dropped.
    stream: Option<Stream>,
}

impl Drop for Frame<'_> {
    /// Releases the stream without the GIL, which a thread of its producer may be waiting for.
    fn drop(&mut self) {
        let stream = self.stream.take();
        self.frame.py().detach(move || drop(stream));
    }
}

impl<'py> Frame<'py> {
    pub(crate) fn open(frame: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = frame.py();
        let capsule = frame.call_method0(intern!(py, "__arrow_c_stream__"))?.cast_into::<PyCapsule>()?;
        let stream = Stream::open(&capsule)?.map_err(|unread| refused(frame, unread))?;
        check_sizes(frame)?;
        let twice = {
            let mut names = HashSet::new();
            stream.fields.iter().find(|field| !names.insert(field.name()))
        };
        if let Some(twice) = twice {
            let message = format!("the frame has two columns {}", shown(py, twice.name()));
            return Err(PyTypeError::new_err(message));
        }
        let untyped = stream.fields.iter().filter(|field| only_nulls(field.data_type()));
        match typed(frame, untyped)? {
            Some(typed) => Self::open(&typed),
            None => Ok(Self { frame: frame.clone(), stream: Some(stream) }),
        }
    }

    /// Reads the next batch; nothing at the end.
    pub(crate) fn next(&mut self) -> PyResult<Option<Table>> {
        let Some(stream) = &mut self.stream else { return Ok(None) };
        // Whoever makes the batches may need the GIL in a thread of its own.
        let table = self.frame.py().detach(move || {
            let Some((columns, rows)) = stream.next()? else { return Ok(None) };
            Table::new(&stream.fields, &columns, rows).map(Some)
        });
        table.map_err(|unread| refused(&self.frame, unread))
    }
}

/// Lets pyarrow compare the sizes of the buffers with what the arrays need, which only it knows.
fn check_sizes(frame: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = frame.py();
    if frame.get_type().module()?.to_cow()?.starts_with("pyarrow.")
        && let Some(validate) = frame.getattr_opt(intern!(py, "validate"))?
    {
        validate.call0().map_err(|error| {
            if error.is_instance_of::<PyValueError>(py) { unreadable(error.value(py)) } else { error }
        })?;
    }
    Ok(())
}

fn unreadable(why: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(format!("the frame cannot be read: {why}"))
}

fn refused(frame: &Bound<'_, PyAny>, unread: Unread) -> PyErr {
    match unread {
        // A frame of this library knows better what has happened.
        Unread::Broken(error) => own_failure(frame).unwrap_or_else(|| unreadable(error)),
        Unread::Type(name, data_type) => {
            let unfit = format!("a column of type {data_type} is none that a field takes");
            PyTypeError::new_err(format!("[0].{}: {unfit}", name.escape_debug()))
        }
        Unread::TooMany => too_many(frame.py()),
    }
}

/// Gives types to the columns of a frame of Polars that hold only nulls; nothing where there are none, or they were of another
/// library's. Polars hands a buffer on with such a column, which the format does not allow.
fn typed<'a, 'py>(
    frame: &Bound<'py, PyAny>,
    untyped: impl Iterator<Item = &'a std::sync::Arc<Field>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = frame.py();
    let of_polars = frame.get_type().module()?.to_cow()?.starts_with("polars.");
    let mut untyped = untyped.filter(|_| of_polars).peekable();
    if untyped.peek().is_none() {
        return Ok(None);
    }
    let polars = py.import(intern!(py, "polars"))?;
    let text = polars.getattr(intern!(py, "String"))?;
    let types = PyDict::new(py);
    for field in untyped {
        let mut data_type = text.clone();
        let mut nested = field.data_type();
        while let DataType::List(item) | DataType::LargeList(item) = nested {
            data_type = polars.call_method1(intern!(py, "List"), (data_type,))?;
            nested = item.data_type();
        }
        types.set_item(field.name(), data_type)?;
    }
    frame.call_method1(intern!(py, "cast"), (types,)).map(Some)
}

fn own_failure(frame: &Bound<'_, PyAny>) -> Option<PyErr> {
    let reading = frame.getattr(intern!(frame.py(), "_reading")).ok()?;
    let reading = reading.cast::<Reading>().ok()?;
    reading.get().failure().map(|failure| PyErr::from_value(failure.into_bound(frame.py())))
}

impl Table {
    fn new(fields: &ArrowFields, columns: &[ArrayRef], rows: usize) -> Result<Self, Unread> {
        let columns = fields.iter().zip(columns).map(|(field, column)| {
            // What the Arrow crates cannot cast they may also panic on.
            let column = caught(|| Column::new(column).map_err(|error| of_column(field, &error)))?;
            Ok::<_, Unread>((field.name().clone(), column))
        });
        Ok(Self { columns: columns.collect::<Result<_, _>>()?, rows })
    }

    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }

    /// Returns a row; `number` is its place in the whole frame.
    pub(crate) fn row<'t, 'py>(
        &'t self,
        py: Python<'py>,
        row: usize,
        number: usize,
    ) -> Fields<'py, Row<'t, 'py>> {
        Fields::of_row(Row { py, table: self, at: row, number }, number)
    }
}

impl Column {
    fn new(array: &ArrayRef) -> Result<Self, ArrowError> {
        // None of these loses anything.
        let options = CastOptions { safe: false, ..CastOptions::default() };
        let to = |data_type: DataType| cast_with_options(array, &data_type, &options);
        Ok(match array.data_type() {
            DataType::Null => Self::Null,
            // What was declared a text comes as bytes, and what was declared bytes not at all (`Stream::next`).
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
                Self::Text(to(DataType::LargeBinary)?)
            }
            DataType::Dictionary(_, value) => Self::new(&to((**value).clone())?)?,
            DataType::Boolean => Self::Flag(array.clone()),
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Float(to(DataType::Float64)?),
            DataType::UInt64 => Self::Unsigned(array.clone()),
            integer if integer.is_integer() => Self::Integer(to(DataType::Int64)?),
            DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) => {
                Self::Money(to(DataType::Decimal128(38, *scale))?)
            }
            DataType::Decimal128(..) | DataType::Decimal256(..) => Self::Money(array.clone()),
            DataType::Timestamp(unit, zone) => Self::Moment(to(DataType::Int64)?, *unit, zone.is_none()),
            DataType::Date32 => Self::Day(to(DataType::Int64)?, 1),
            DataType::Date64 => Self::Day(to(DataType::Int64)?, MILLIS_A_DAY),
            DataType::List(_) | DataType::LargeList(_) => {
                let item = Field::new_list_field(DataType::LargeBinary, true);
                Self::Texts(to(DataType::LargeList(item.into()))?)
            }
            other => return Err(ArrowError::CastError(format!("no field takes a column of type {other}"))),
        })
    }

    /// Makes Python's value, so that a frame's values are read by the rules of all others.
    fn value<'py>(&self, py: Python<'py>, row: usize) -> Result<Option<Bound<'py, PyAny>>, Wrong> {
        let array = match self {
            Self::Null => return Ok(None),
            Self::Text(array)
            | Self::Integer(array)
            | Self::Unsigned(array)
            | Self::Float(array)
            | Self::Flag(array)
            | Self::Money(array)
            | Self::Moment(array, ..)
            | Self::Day(array, _)
            | Self::Texts(array) => array,
        };
        if array.is_null(row) {
            return Ok(None);
        }
        let whole = || array.as_primitive::<Int64Type>().value(row);
        let value = match self {
            Self::Null => return Ok(None),
            Self::Text(array) => text(array.as_binary::<i64>().value(row))?.into_bound_py_any(py)?,
            Self::Integer(_) => whole().into_bound_py_any(py)?,
            Self::Unsigned(array) => array.as_primitive::<UInt64Type>().value(row).into_bound_py_any(py)?,
            Self::Float(array) => array.as_primitive::<Float64Type>().value(row).into_bound_py_any(py)?,
            Self::Flag(array) => array.as_boolean().value(row).into_bound_py_any(py)?,
            Self::Money(array) => amount(py, array, row)?,
            Self::Moment(_, unit, naive) => {
                let moment = moment(whole(), *unit).ok_or_else(out_of_range)?;
                if *naive {
                    moment.naive_utc().into_bound_py_any(py)?
                } else {
                    moment.into_bound_py_any(py)?
                }
            }
            Self::Day(_, length) => {
                let day =
                    i32::try_from(whole().div_euclid(*length)).ok().and_then(NaiveDate::from_epoch_days);
                let day = day.filter(|day| has_year(day.year()));
                day.ok_or_else(out_of_range)?.into_bound_py_any(py)?
            }
            Self::Texts(array) => {
                let items = array.as_list::<i64>().value(row);
                let items = items.as_binary::<i64>().iter();
                let texts = items.map(|item| item.map(text).transpose()).collect::<Result<Vec<_>, _>>()?;
                texts.into_bound_py_any(py)?
            }
        };
        Ok(Some(value))
    }
}

fn text(bytes: &[u8]) -> Result<&str, Wrong> {
    std::str::from_utf8(bytes).map_err(|_| {
        Wrong::Rule(Violation::new("", ViolationCode::InvalidCharacters, "must be UTF-8, which it is not"))
    })
}

const MILLIS_A_DAY: i64 = 86_400_000;

fn amount<'py>(py: Python<'py>, array: &ArrayRef, row: usize) -> PyResult<Bound<'py, PyAny>> {
    if let Some(amount) = short(array, row) {
        return amount.into_bound_py_any(py);
    }
    // Far too much or too precise, which the domain has to hear to say so.
    let text = array_value_to_string(array, row).map_err(|error| PyTypeError::new_err(error.to_string()))?;
    py.import(intern!(py, "decimal"))?.call_method1(intern!(py, "Decimal"), (text,))
}

/// Returns an amount that a `Decimal` of this library's has room for.
fn short(array: &ArrayRef, row: usize) -> Option<Decimal> {
    let DataType::Decimal128(_, scale) = array.data_type() else { return None };
    let mut amount = array.as_primitive::<Decimal128Type>().value(row);
    let mut scale = u32::try_from(*scale).ok()?;
    // A column's scale may have more zeros than a Decimal has room for.
    while scale > 0 && amount % 10 == 0 {
        (amount, scale) = (amount / 10, scale - 1);
    }
    Decimal::try_from_i128_with_scale(amount, scale).ok()
}

/// Returns a moment that Python has too; what is less than a microsecond is cut off.
fn moment(count: i64, unit: TimeUnit) -> Option<DateTime<Utc>> {
    let micros = match unit {
        TimeUnit::Second => count.checked_mul(1_000_000)?,
        TimeUnit::Millisecond => count.checked_mul(1_000)?,
        TimeUnit::Microsecond => count,
        TimeUnit::Nanosecond => count.div_euclid(1_000),
    };
    DateTime::from_timestamp_micros(micros).filter(|moment| has_year(moment.year()))
}

fn has_year(year: i32) -> bool {
    (1..=9999).contains(&year)
}

fn out_of_range() -> Wrong {
    Wrong::Rule(Violation::new("", ViolationCode::OutOfRange, "must be in the years 0001 to 9999"))
}

/// Tells whether a column, or the lists in it, hold only nulls.
fn only_nulls(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) => only_nulls(item.data_type()),
        other => other.is_null(),
    }
}

/// Is one row, with the fields of an input.
pub(crate) struct Row<'t, 'py> {
    py: Python<'py>,
    table: &'t Table,
    at: usize,
    number: usize,
}

impl<'py> Given<'py> for Row<'_, 'py> {
    fn value(&self, name: &'static str) -> Result<Option<Bound<'py, PyAny>>, Wrong> {
        let Some((_, column)) = self.table.columns.iter().find(|(known, _)| known == name) else {
            return Ok(None);
        };
        column.value(self.py, self.at).map_err(|wrong| match wrong {
            Wrong::Type(error) => {
                let message = format!("[{}].{name}: {}", self.number, error.value(self.py));
                Wrong::Type(PyErr::from_type(error.get_type(self.py), message))
            }
            Wrong::Rule(violation) => Wrong::Rule(violation),
        })
    }

    fn unknown(&self, asked: &[&'static str], _: &str, _: Option<usize>) -> PyResult<Option<PyErr>> {
        let unknown = self.table.columns.iter().find(|(name, _)| !asked.contains(&name.as_str()));
        Ok(unknown.map(|(name, _)| {
            let message = format!("the frame has an unknown column {}", shown(self.py, name));
            PyTypeError::new_err(message)
        }))
    }
}
