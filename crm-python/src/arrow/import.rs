//! Somebody's frame as rows of `create_many`.

use std::cell::RefCell;

use arrow_array::cast::AsArray as _;
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::types::{Date32Type, Decimal128Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array as _, ArrayRef, RecordBatch, RecordBatchReader as _};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, TimeUnit};
use crm_postgres::chrono::{DateTime, NaiveDate};
use crm_postgres::rust_decimal::Decimal;
use pyo3::IntoPyObjectExt as _;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

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
    Flag(ArrayRef),
    Money(ArrayRef, i8),
    Moment(ArrayRef),
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
    let tables: Result<_, _> = reader.map(|batch| Table::new(&batch?)).collect();
    tables.map_err(|error| {
        // Polars hands a buffer on with such a column, which the format does not allow.
        let untyped = schema.fields().iter().find(|field| field.data_type().is_null());
        untyped.map_or_else(
            || unread(error),
            |field| {
                let message = "must have a type, but holds only nulls: cast the column or leave it out";
                PyTypeError::new_err(format!("{} {message}", field.name()))
            },
        )
    })
}

impl Table {
    fn new(batch: &RecordBatch) -> Result<Self, ArrowError> {
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns());
        let columns = columns.map(|(field, column)| Ok((field.name().clone(), Column::new(column)?)));
        Ok(Self { columns: columns.collect::<Result<_, ArrowError>>()?, rows: batch.num_rows() })
    }

    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }

    /// Returns a row; `number` is its place in the whole frame.
    pub(crate) fn row<'t, 'py>(&'t self, py: Python<'py>, row: usize, number: usize) -> Row<'t, 'py> {
        Row { py, table: self, at: row, number, asked: RefCell::default() }
    }
}

impl Column {
    fn new(array: &ArrayRef) -> Result<Self, ArrowError> {
        let to = |data_type: DataType| cast(array, &data_type);
        Ok(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text(to(DataType::Utf8)?),
            DataType::Dictionary(_, value) => Self::new(&to((**value).clone())?)?,
            DataType::Boolean => Self::Flag(array.clone()),
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
            DataType::Date32 => Self::Day(array.clone()),
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
            Self::Flag(array) => array.as_boolean().value(row).into_bound_py_any(py)?,
            Self::Money(array, scale) => {
                let amount = array.as_primitive::<Decimal128Type>().value(row);
                let amount = Decimal::try_from_i128_with_scale(amount, scale.unsigned_abs().into());
                amount.map_err(|error| PyValueError::new_err(error.to_string()))?.into_bound_py_any(py)?
            }
            Self::Moment(array) => {
                let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
                let moment = DateTime::from_timestamp_micros(micros);
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
        value.map_err(|error| PyTypeError::new_err(format!("{}: {}", self.path(name), error.value(self.py))))
    }

    fn path(&self, name: &'static str) -> String {
        format!("[{}].{name}", self.number)
    }
}
