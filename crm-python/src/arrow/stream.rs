//! Somebody's Arrow stream, checked before it is used as far as the interface allows.
//!
//! The C interface hands over pointers without the sizes of what they point to (Arrow docs, "The Arrow C data
//! interface"). So a buffer that is shorter than its array needs cannot be told from a good one; everything else can.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi_and_data_type};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{ArrayRef, make_array};
use arrow_schema::{ArrowError, DataType, Field, Fields};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::inputs::MAX_ROWS;

/// Limits how deep a schema may be. Reading one calls itself for each level.
const MAX_DEPTH: usize = 64;

/// Limits how many columns a schema may have, nested ones included.
const MAX_FIELDS: usize = 10_000;

/// Limits the length and the offset of an array, so that no computation of a buffer's size overflows.
const MAX_LENGTH: usize = 1 << 40;

/// Why a stream cannot be read on.
pub(super) enum Unread {
    /// The stream is broken, or its producer has failed.
    Broken(ArrowError),
    /// The column of this name has a type that no field takes.
    Type(String, DataType),
    /// The stream has more rows than a call takes.
    TooMany,
}

impl From<ArrowError> for Unread {
    fn from(error: ArrowError) -> Self {
        Self::Broken(error)
    }
}

fn broken(message: impl Into<String>) -> Unread {
    Unread::Broken(ArrowError::CDataInterface(message.into()))
}

/// Names the column in which something is wrong.
pub(super) fn of_column(field: &Field, error: &ArrowError) -> Unread {
    broken(format!("column '{}': {error}", field.name().escape_debug()))
}

/// Turns a panic of the Arrow crates, which meets what the checks here do not know, into an error.
pub(super) fn caught<T>(work: impl FnOnce() -> Result<T, Unread>) -> Result<T, Unread> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(broken("it is malformed")))
}

/// A stream and its schema.
pub(super) struct Stream {
    producer: FFI_ArrowArrayStream,
    /// The columns as the producer declares them.
    pub(super) fields: Fields,
    batches: usize,
}

impl Stream {
    /// Takes the stream out of its capsule.
    pub(super) fn open(capsule: &Bound<'_, PyCapsule>) -> PyResult<Result<Self, Unread>> {
        let stream = capsule.pointer_checked(Some(c"arrow_array_stream"))?.cast::<FFI_ArrowArrayStream>();
        #[expect(unsafe_code, reason = "the Arrow C stream interface is a pointer to a struct")]
        // SAFETY: a capsule of this name holds such a struct (Arrow docs, "The Arrow PyCapsule Interface"), which is moved
        // out of it, so that the capsule has nothing left to release.
        let mut stream = unsafe { FFI_ArrowArrayStream::from_raw(stream.as_ptr()) };
        Ok(caught(|| {
            let fields = fields(&mut stream)?;
            Ok(Self { producer: stream, fields, batches: 0 })
        }))
    }

    /// Reads the next batch's columns with the types of `raw`, and how many rows they have; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<(Vec<ArrayRef>, usize)>, Unread> {
        caught(|| {
            let mut array = FFI_ArrowArray::empty();
            let get_next = self.producer.get_next().ok_or_else(|| broken("it has no get_next"))?;
            #[expect(unsafe_code, reason = "the callbacks of the Arrow C stream interface are C functions")]
            // SAFETY: the stream was not released, and the callback gets the stream it belongs to.
            let code = unsafe { get_next(&raw mut self.producer, &raw mut array) };
            if code != 0 {
                return Err(failure(&mut self.producer, code));
            }
            if array.is_released() {
                return Ok(None);
            }
            self.batches += 1;
            // Empty batches may follow each other without an end.
            if self.batches > MAX_ROWS || (array.len() > MAX_ROWS && array.len() <= MAX_LENGTH) {
                return Err(Unread::TooMany);
            }
            self.columns(array).map(Some)
        })
    }

    fn columns(&self, array: FFI_ArrowArray) -> Result<(Vec<ArrayRef>, usize), Unread> {
        let raw = self.fields.iter().map(|field| {
            let data_type = raw(field.data_type());
            let data_type =
                data_type.ok_or_else(|| Unread::Type(field.name().clone(), field.data_type().clone()))?;
            Ok::<_, Unread>(Arc::new(field.as_ref().clone().with_data_type(data_type)))
        });
        let data_type = DataType::Struct(raw.collect::<Result<_, _>>()?);
        sound(&array, &data_type)?;
        #[expect(unsafe_code, reason = "the Arrow C data interface hands over pointers")]
        // SAFETY: the producer vouches for its pointers; counts and lengths were checked above, and the rest is below.
        let data = unsafe { from_ffi_and_data_type(array, data_type) }?;
        data.validate_data()?;
        for (field, child) in self.fields.iter().zip(data.child_data()) {
            child.validate_full().map_err(|error| of_column(field, &error))?;
        }
        let columns =
            data.child_data().iter().map(|child| make_array(child.slice(data.offset(), data.len())));
        Ok((columns.collect(), data.len()))
    }
}

/// Reads the schema.
fn fields(stream: &mut FFI_ArrowArrayStream) -> Result<Fields, Unread> {
    if stream.release().is_none() {
        return Err(broken("it was read already"));
    }
    let mut schema = FFI_ArrowSchema::empty();
    let get_schema = stream.get_schema().ok_or_else(|| broken("it has no get_schema"))?;
    #[expect(unsafe_code, reason = "the callbacks of the Arrow C stream interface are C functions")]
    // SAFETY: the stream was not released, and the callback gets the stream it belongs to.
    let code = unsafe { get_schema(&raw mut *stream, &raw mut schema) };
    if code != 0 {
        return Err(failure(stream, code));
    }
    if schema.release().is_none() {
        return Err(broken("it has no schema"));
    }
    let mut left = MAX_FIELDS;
    if !shallow(&schema, MAX_DEPTH, &mut left) {
        return Err(broken(format!(
            "its schema is deeper than {MAX_DEPTH} or has more than {MAX_FIELDS} columns"
        )));
    }
    match Field::try_from(&schema)?.data_type() {
        DataType::Struct(fields) => Ok(fields.clone()),
        other => Err(broken(format!("it has values of type {other}, not rows"))),
    }
}

/// Tells whether a schema is within the limits.
fn shallow(schema: &FFI_ArrowSchema, depth: usize, left: &mut usize) -> bool {
    // A number of children below none is more than any limit.
    if depth == 0 || schema.children().size_hint().0 >= *left {
        return false;
    }
    *left -= 1;
    schema.children().chain(schema.dictionary()).all(|child| shallow(child, depth - 1, left))
}

/// Asks the producer what has failed.
fn failure(stream: &mut FFI_ArrowArrayStream, code: i32) -> Unread {
    let told = stream.get_last_error().map(|get_last_error| {
        #[expect(unsafe_code, reason = "the callbacks of the Arrow C stream interface are C functions")]
        // SAFETY: the callback gets the stream it belongs to, whose last operation has failed.
        let message = unsafe { get_last_error(&raw mut *stream) };
        if message.is_null() {
            return String::new();
        }
        #[expect(unsafe_code, reason = "the message is a C string")]
        // SAFETY: what is not null is a C string that lives until the next call on the stream.
        let message = unsafe { std::ffi::CStr::from_ptr(message) };
        message.to_string_lossy().into_owned()
    });
    broken(match told.filter(|told| !told.is_empty()) {
        Some(told) => told,
        None => format!("its producer has failed with code {code}"),
    })
}

/// Tells as what a column is read: texts as bytes, of which nobody knows yet whether they are texts. None for a type that
/// no field takes.
fn raw(data_type: &DataType) -> Option<DataType> {
    Some(match data_type {
        DataType::Utf8 => DataType::Binary,
        DataType::LargeUtf8 => DataType::LargeBinary,
        DataType::Utf8View => DataType::BinaryView,
        DataType::Dictionary(key, value) if !value.is_nested() => {
            DataType::Dictionary(key.clone(), Box::new(raw(value)?))
        }
        DataType::List(item) if is_text(item.data_type()) => DataType::List(raw_item(item)?),
        DataType::LargeList(item) if is_text(item.data_type()) => DataType::LargeList(raw_item(item)?),
        DataType::Null
        | DataType::Boolean
        | DataType::Timestamp(..)
        | DataType::Date32
        | DataType::Date64
        | DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => data_type.clone(),
        number if number.is_integer() || number.is_floating() => number.clone(),
        _ => return None,
    })
}

fn raw_item(item: &Field) -> Option<Arc<Field>> {
    Some(Arc::new(item.clone().with_data_type(raw(item.data_type())?)))
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, value) => is_text(value),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => true,
        _ => false,
    }
}

/// Checks that an array has the buffers and the children of its type, whose number the Arrow crates rely on.
fn sound(array: &FFI_ArrowArray, data_type: &DataType) -> Result<(), Unread> {
    if array.len() > MAX_LENGTH || array.offset() > MAX_LENGTH {
        return Err(broken("an array has a length or an offset that cannot be"));
    }
    let buffers = array.num_buffers();
    let fitting = match data_type {
        DataType::Null => buffers == 0,
        DataType::Struct(_) => buffers == 1,
        DataType::Binary | DataType::LargeBinary => buffers == 3,
        DataType::BinaryView => (3..=MAX_LENGTH).contains(&buffers),
        _ => buffers == 2,
    };
    if !fitting {
        return Err(broken(format!("an array of type {data_type} has {buffers} buffers")));
    }
    let children: Vec<_> = match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| field.data_type()).collect(),
        DataType::List(item) | DataType::LargeList(item) => vec![item.data_type()],
        _ => Vec::new(),
    };
    if array.num_children() != children.len() {
        return Err(broken(format!("an array of type {data_type} has {} children", array.num_children())));
    }
    for (n, child) in children.into_iter().enumerate() {
        sound(array.child(n), child)?;
    }
    match (data_type, array.dictionary()) {
        (DataType::Dictionary(_, value), Some(values)) => sound(values, value),
        (DataType::Dictionary(..), None) => Err(broken("a dictionary has no values")),
        (_, _) => Ok(()),
    }
}
