//! Somebody's frame as rows of `create_many`.

use std::cell::RefCell;

use arrow_array::cast::AsArray as _;
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array as _, ArrayRef, RecordBatch, RecordBatchReader as _};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, TimeUnit};
use crm_postgres::chrono::{DateTime, NaiveDate};
use crm_postgres::crm_core::Violation;
use crm_postgres::rust_decimal::Decimal;
use pyo3::IntoPyObjectExt as _;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::frames::Reading;
use crate::inputs::Fields;

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
    /// No field takes floats, but the error speaks of the value as it does elsewhere.
    Float(ArrayRef),
    Flag(ArrayRef),
    Money(ArrayRef, i8),
    Moment(ArrayRef),
    /// Moments without a time zone, for which the same holds.
    Naive(ArrayRef),
    Day(ArrayRef),
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
    let batches = batches.map_err(|error| {
        // A frame of this library knows better what has happened.
        if let Some(own) = own_failure(frame) {
            return own;
        }
        // Polars hands a buffer on with such a column, which the format does not allow.
        let untyped = schema.fields().iter().find(|field| only_nulls(field.data_type()));
        match (untyped, &error) {
            (Some(field), ArrowError::CDataInterface(_)) => {
                let message = "must have a type, but holds only nulls: cast the column or leave it out";
                PyTypeError::new_err(format!("{} {message}", field.name()))
            }
            _ => unread(error),
        }
    })?;
    batches.iter().map(Table::new).collect()
}

fn own_failure(frame: &Bound<'_, PyAny>) -> Option<PyErr> {
    let reading = frame.getattr(intern!(frame.py(), "_reading")).ok()?;
    let reading = reading.cast::<Reading>().ok()?;
    reading.get().failure().map(|failure| PyErr::from_value(failure.into_bound(frame.py())))
}

impl Table {
    fn new(batch: &RecordBatch) -> PyResult<Self> {
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
            let column = Column::new(column);
            let unfit = |error| PyValueError::new_err(format!("{} cannot be read: {error}", field.name()));
            Ok((field.name().clone(), column.map_err(unfit)?))
        });
        Ok(Self { columns: columns.collect::<PyResult<_>>()?, rows: batch.num_rows() })
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
        // What does not fit is an error, not a null.
        let options = CastOptions { safe: false, ..CastOptions::default() };
        let to = |data_type: DataType| cast_with_options(array, &data_type, &options);
        Ok(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text(to(DataType::Utf8)?),
            DataType::Dictionary(_, value) => Self::new(&to((**value).clone())?)?,
            DataType::Boolean => Self::Flag(array.clone()),
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Float(to(DataType::Float64)?),
            DataType::Timestamp(_, None) => {
                Self::Naive(to(DataType::Timestamp(TimeUnit::Microsecond, None))?)
            }
            integer if integer.is_integer() => Self::Integer(to(DataType::Int64)?),
            DataType::Decimal32(_, scale)
            | DataType::Decimal64(_, scale)
            | DataType::Decimal128(_, scale)
            | DataType::Decimal256(_, scale)
                if (0..=28).contains(scale) =>
            {
                Self::Money(to(DataType::Decimal128(38, *scale))?, *scale)
            }
            DataType::Timestamp(_, Some(_)) => {
                Self::Moment(to(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))?)
            }
            DataType::Date32 | DataType::Date64 => Self::Day(to(DataType::Date32)?),
            DataType::List(item) | DataType::LargeList(item) if texts(item.data_type()) => {
                Self::Texts(to(DataType::new_list(DataType::Utf8, true))?)
            }
            other => Self::Other(other.to_string()),
        })
    }

    /// Makes Python's value, so that a frame's values are read by the rules of all others.
    fn value<'py>(&self, py: Python<'py>, row: usize) -> PyResult<Option<Bound<'py, PyAny>>> {
        let array = match self {
            Self::Null => return Ok(None),
            Self::Other(data_type) => {
                let unfit = format!("a column of type {data_type} is none that a field takes");
                return Err(PyTypeError::new_err(unfit));
            }
            Self::Text(array)
            | Self::Integer(array)
            | Self::Float(array)
            | Self::Naive(array)
            | Self::Flag(array)
            | Self::Money(array, _)
            | Self::Moment(array)
            | Self::Day(array)
            | Self::Texts(array) => array,
        };
        if array.is_null(row) {
            return Ok(None);
        }
        let value = match self {
            Self::Null | Self::Other(_) => return Ok(None),
            Self::Text(array) => array.as_string::<i32>().value(row).into_bound_py_any(py)?,
            Self::Integer(array) => array.as_primitive::<Int64Type>().value(row).into_bound_py_any(py)?,
            Self::Float(array) => array.as_primitive::<Float64Type>().value(row).into_bound_py_any(py)?,
            Self::Flag(array) => array.as_boolean().value(row).into_bound_py_any(py)?,
            Self::Money(array, scale) => {
                let mut amount = array.as_primitive::<Decimal128Type>().value(row);
                let mut scale = u32::from(scale.unsigned_abs());
                // A column's scale may have more zeros than a Decimal has room for.
                while scale > 0 && amount % 10 == 0 {
                    (amount, scale) = (amount / 10, scale - 1);
                }
                let amount = Decimal::try_from_i128_with_scale(amount, scale);
                amount.map_err(|error| PyValueError::new_err(error.to_string()))?.into_bound_py_any(py)?
            }
            Self::Moment(array) => {
                let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
                let moment = DateTime::from_timestamp_micros(micros);
                moment
                    .ok_or_else(|| PyValueError::new_err("a moment is out of range"))?
                    .into_bound_py_any(py)?
            }
            Self::Naive(array) => {
                let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
                let moment = DateTime::from_timestamp_micros(micros).map(|moment| moment.naive_utc());
                moment
                    .ok_or_else(|| PyValueError::new_err("a moment is out of range"))?
                    .into_bound_py_any(py)?
            }
            Self::Day(array) => {
                let day = array.as_primitive::<Date32Type>().value(row);
                let day = NaiveDate::from_epoch_days(day);
                day.ok_or_else(|| PyValueError::new_err("a day is out of range"))?.into_bound_py_any(py)?
            }
            Self::Texts(array) => {
                let texts = array.as_list::<i32>().value(row);
                texts.as_string::<i32>().iter().collect::<Vec<_>>().into_bound_py_any(py)?
            }
        };
        Ok(Some(value))
    }
}

/// Tells whether a column, or the lists in it, hold only nulls.
fn only_nulls(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) => only_nulls(item.data_type()),
        other => other.is_null(),
    }
}

fn texts(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null)
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
        let value = column.value(self.py, self.at);
        value.map_err(|error| {
            let message = format!("{}: {}", self.path(name), error.value(self.py));
            PyErr::from_type(error.get_type(self.py), message)
        })
    }

    fn broken(&self) -> &RefCell<Vec<Violation>> {
        &self.broken
    }

    fn path(&self, name: &'static str) -> String {
        format!("[{}].{name}", self.number)
    }
}
