//! Somebody's frame as rows of `create_many`.

use std::cell::RefCell;

use arrow_array::cast::AsArray as _;
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::types::{Decimal128Type, Float64Type, Int64Type, UInt64Type};
use arrow_array::{Array as _, ArrayRef, RecordBatch, RecordBatchReader as _};
use arrow_cast::display::array_value_to_string;
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, Field, TimeUnit};
use crm_postgres::chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use crm_postgres::crm_core::{Violation, ViolationCode};
use crm_postgres::rust_decimal::Decimal;
use pyo3::IntoPyObjectExt as _;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};

use crate::frames::Reading;
use crate::inputs::{Fields, Wrong};

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
    /// No input takes such a column; its name says for which the error is, should one be asked for.
    Other(String),
}

/// Reads all batches of anything that has `__arrow_c_stream__`.
pub(crate) fn import(frame: &Bound<'_, PyAny>) -> PyResult<Vec<Table>> {
    let capsule = frame.call_method0(intern!(frame.py(), "__arrow_c_stream__"))?.cast_into::<PyCapsule>()?;
    let stream = capsule.pointer_checked(Some(c"arrow_array_stream"))?.cast::<FFI_ArrowArrayStream>();
    #[expect(unsafe_code, reason = "the Arrow C stream interface is a pointer to a struct")]
    // SAFETY: a capsule of this name holds such a struct (Arrow docs, "The Arrow PyCapsule Interface"), which is moved out of
    // it, so that the capsule has nothing left to release.
    let reader = unsafe { RecordBatchStreamReader::from_raw(stream.as_ptr()) };
    let unread = |error: ArrowError| PyValueError::new_err(format!("the frame cannot be read: {error}"));
    let reader = reader.map_err(unread)?;
    let schema = reader.schema();
    // Whoever makes the batches may need the GIL in a thread of its own.
    let batches: Result<Vec<_>, _> = frame.py().detach(|| reader.collect());
    let untyped = schema.fields().iter().filter(|field| only_nulls(field.data_type()));
    if let (Err(ArrowError::CDataInterface(_)), Some(typed)) = (&batches, typed(frame, untyped)?) {
        return import(&typed);
    }
    let batches = batches.map_err(|error| {
        // A frame of this library knows better what has happened.
        if let Some(own) = own_failure(frame) {
            return own;
        }
        unread(error)
    })?;
    batches.iter().map(Table::new).collect()
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
    fn new(batch: &RecordBatch) -> PyResult<Self> {
        let schema = batch.schema();
        let mut columns: Vec<(String, Column)> = Vec::with_capacity(batch.num_columns());
        for (field, column) in schema.fields().iter().zip(batch.columns()) {
            let name = field.name();
            if columns.iter().any(|(known, _)| known == name) {
                return Err(PyTypeError::new_err(format!("the frame has two columns '{name}'")));
            }
            let column = Column::new(column);
            let column =
                column.map_err(|error| PyTypeError::new_err(format!("{name} cannot be read: {error}")))?;
            columns.push((name.clone(), column));
        }
        Ok(Self { columns, rows: batch.num_rows() })
    }

    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }

    /// Returns a row; `number` is its place in the whole frame.
    pub(crate) fn row<'t, 'py>(&'t self, py: Python<'py>, row: usize, number: usize) -> Row<'t, 'py> {
        Row { py, table: self, at: row, number, asked: RefCell::default(), broken: RefCell::default() }
    }
}

impl Column {
    fn new(array: &ArrayRef) -> Result<Self, ArrowError> {
        // None of these loses anything.
        let options = CastOptions { safe: false, ..CastOptions::default() };
        let to = |data_type: DataType| cast_with_options(array, &data_type, &options);
        Ok(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text(to(DataType::LargeUtf8)?),
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
            DataType::List(item) | DataType::LargeList(item) if texts(item.data_type()) => {
                let item = Field::new_list_field(DataType::LargeUtf8, true);
                Self::Texts(to(DataType::LargeList(item.into()))?)
            }
            other => Self::Other(other.to_string()),
        })
    }

    /// Makes Python's value, so that a frame's values are read by the rules of all others.
    fn value<'py>(&self, py: Python<'py>, row: usize) -> Result<Option<Bound<'py, PyAny>>, Wrong> {
        let array = match self {
            Self::Null => return Ok(None),
            Self::Other(data_type) => {
                let unfit = format!("a column of type {data_type} is none that a field takes");
                return Err(Wrong::Type(PyTypeError::new_err(unfit)));
            }
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
            Self::Null | Self::Other(_) => return Ok(None),
            Self::Text(array) => array.as_string::<i64>().value(row).into_bound_py_any(py)?,
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
                let texts = array.as_list::<i64>().value(row);
                texts.as_string::<i64>().iter().collect::<Vec<_>>().into_bound_py_any(py)?
            }
        };
        Ok(Some(value))
    }
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

fn texts(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, value) => texts(value),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => true,
        _ => false,
    }
}

/// Is one row, with the fields of an input.
pub(crate) struct Row<'t, 'py> {
    py: Python<'py>,
    table: &'t Table,
    at: usize,
    number: usize,
    asked: RefCell<Vec<&'static str>>,
    broken: RefCell<Vec<Violation>>,
}

impl Row<'_, '_> {
    /// Refuses columns that nobody has asked for.
    pub(crate) fn finish(&self) -> PyResult<()> {
        let asked = self.asked.borrow();
        match self.table.columns.iter().find(|(name, _)| !asked.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => Err(PyTypeError::new_err(format!("the frame has an unknown column '{name}'"))),
        }
    }
}

impl<'py> Fields<'py> for Row<'_, 'py> {
    fn given(&self, name: &'static str) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.asked.borrow_mut().push(name);
        let Some((_, column)) = self.table.columns.iter().find(|(known, _)| known == name) else {
            return Ok(None);
        };
        match column.value(self.py, self.at) {
            Ok(value) => Ok(value),
            Err(Wrong::Rule(violation)) => {
                self.broken.borrow_mut().push(Violation { field: self.path(name), ..violation });
                Ok(None)
            }
            Err(Wrong::Type(error)) => {
                let message = format!("{}: {}", self.path(name), error.value(self.py));
                Err(PyErr::from_type(error.get_type(self.py), message))
            }
        }
    }

    fn broken(&self) -> &RefCell<Vec<Violation>> {
        &self.broken
    }

    fn path(&self, name: &'static str) -> String {
        format!("[{}].{name}", self.number)
    }
}
