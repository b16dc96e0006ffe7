//! From PostgreSQL's binary COPY to Arrow's columns.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Int8Builder, Int64Builder, ListBuilder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, DictionaryArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use crm_postgres::{Column, ColumnType, Error, Result};

/// From 1970, Arrow's beginning, to 2000, PostgreSQL's.
const DAYS: i32 = 10_957;
const MICROS: i64 = DAYS as i64 * 86_400_000_000;

/// COPY's signature (PostgreSQL docs, COPY, "Binary Format"), after which come flags and the length of an extension.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// Limits a batch, which Python holds a few of at a time; and a column of text has no room for more than 2 GiB.
const BATCH_ROWS: usize = 8_192;
const BATCH_BYTES: usize = 32 * 1024 * 1024;

fn malformed() -> Error {
    Error::internal("the server's copy is malformed", None)
}

/// Returns the schema of an export's batches.
pub(crate) fn schema(columns: &[Column]) -> SchemaRef {
    let fields = columns.iter().map(|Column { name, column_type, nullable }| {
        let data_type = match column_type {
            ColumnType::Integer => DataType::Int64,
            ColumnType::Text => DataType::Utf8,
            ColumnType::Label(_) => DataType::Dictionary(DataType::Int8.into(), DataType::Utf8.into()),
            ColumnType::Texts => DataType::List(Field::new_list_field(DataType::Utf8, true).into()),
            ColumnType::Money { digits } => DataType::Decimal128(*digits, 2),
            ColumnType::Moment => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            ColumnType::Day => DataType::Date32,
            ColumnType::Flag => DataType::Boolean,
        };
        Field::new(*name, data_type, *nullable)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Gathers rows until somebody takes them as a batch.
pub(crate) struct Decoder {
    schema: SchemaRef,
    columns: Vec<Builder>,
    rows: usize,
    bytes: usize,
    begun: bool,
}

impl Decoder {
    pub(crate) fn new(columns: &[Column]) -> Self {
        let builders = columns.iter().map(|column| Builder::new(column.column_type)).collect();
        Self { schema: schema(columns), columns: builders, rows: 0, bytes: 0, begun: false }
    }

    /// Tells whether enough has gathered for a batch.
    pub(crate) const fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    /// Takes the next piece of a copy, which ends where a row does.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<()> {
        let mut rest = Bytes(piece);
        self.bytes += piece.len();
        if !self.begun {
            if rest.take(SIGNATURE.len())? != SIGNATURE {
                return Err(malformed());
            }
            rest.take(4)?;
            let extension = rest.length()?.ok_or_else(malformed)?;
            rest.take(extension)?;
            self.begun = true;
        }
        while !rest.0.is_empty() {
            let fields = i16::from_be_bytes(rest.array()?);
            if fields == -1 {
                break;
            }
            if usize::try_from(fields).ok() != Some(self.columns.len()) {
                return Err(malformed());
            }
            for column in &mut self.columns {
                let value = match rest.length()? {
                    Some(length) => Some(rest.take(length)?),
                    None => None,
                };
                column.push(value)?;
            }
            self.rows += 1;
        }
        Ok(())
    }

    /// Takes the rows that have gathered.
    pub(crate) fn finish(&mut self) -> Result<RecordBatch> {
        (self.rows, self.bytes) = (0, 0);
        let columns = self.columns.iter_mut().map(Builder::finish).collect::<Result<_>>()?;
        RecordBatch::try_new(self.schema.clone(), columns).map_err(|error| {
            Error::internal("the server's rows do not fit their columns", Some(error.into()))
        })
    }
}

/// Is what is left of a piece.
struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn take(&mut self, length: usize) -> Result<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(malformed)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn int16(&mut self) -> Result<i16> {
        self.array().map(i16::from_be_bytes)
    }

    fn int32(&mut self) -> Result<i32> {
        self.array().map(i32::from_be_bytes)
    }

    /// Reads a length; -1 stands for null.
    fn length(&mut self) -> Result<Option<usize>> {
        match self.int32()? {
            -1 => Ok(None),
            length => usize::try_from(length).map(Some).map_err(|_| malformed()),
        }
    }
}

fn fixed<const N: usize>(value: &[u8]) -> Result<[u8; N]> {
    value.try_into().map_err(|_| malformed())
}

fn text(value: &[u8]) -> Result<&str> {
    std::str::from_utf8(value).map_err(|_| malformed())
}

/// Builds one column.
enum Builder {
    Integer(Int64Builder),
    Text(StringBuilder),
    Label(Int8Builder, &'static [&'static str]),
    Texts(ListBuilder<StringBuilder>),
    Money(Decimal128Builder, u8),
    Moment(TimestampMicrosecondBuilder),
    Day(Date32Builder),
    Flag(BooleanBuilder),
}

impl Builder {
    fn new(column_type: ColumnType) -> Self {
        match column_type {
            ColumnType::Integer => Self::Integer(Int64Builder::new()),
            ColumnType::Text => Self::Text(StringBuilder::new()),
            ColumnType::Label(labels) => Self::Label(Int8Builder::new(), labels),
            ColumnType::Texts => Self::Texts(ListBuilder::new(StringBuilder::new())),
            ColumnType::Money { digits } => Self::Money(Decimal128Builder::new(), digits),
            ColumnType::Moment => Self::Moment(TimestampMicrosecondBuilder::new()),
            ColumnType::Day => Self::Day(Date32Builder::new()),
            ColumnType::Flag => Self::Flag(BooleanBuilder::new()),
        }
    }

    fn push(&mut self, value: Option<&[u8]>) -> Result<()> {
        match self {
            Self::Integer(column) => {
                column.append_option(value.map(fixed).transpose()?.map(i64::from_be_bytes));
            }
            Self::Text(column) => column.append_option(value.map(text).transpose()?),
            Self::Label(column, labels) => {
                let place = |value: &[u8]| {
                    let place = labels.iter().position(|label| label.as_bytes() == value);
                    place.and_then(|place| i8::try_from(place).ok()).ok_or_else(malformed)
                };
                column.append_option(value.map(place).transpose()?);
            }
            Self::Texts(column) => match value {
                None => column.append_null(),
                Some(value) => {
                    texts(value, column.values())?;
                    column.append(true);
                }
            },
            Self::Money(column, _) => column.append_option(value.map(hundredths).transpose()?),
            Self::Moment(column) => {
                let since_1970 = |value| match i64::from_be_bytes(value) {
                    i64::MIN | i64::MAX => Err(beyond()),
                    micros => micros.checked_add(MICROS).ok_or_else(beyond),
                };
                column.append_option(value.map(fixed).transpose()?.map(since_1970).transpose()?);
            }
            Self::Day(column) => {
                let since_1970 = |value| match i32::from_be_bytes(value) {
                    i32::MIN | i32::MAX => Err(beyond()),
                    days => days.checked_add(DAYS).ok_or_else(beyond),
                };
                column.append_option(value.map(fixed).transpose()?.map(since_1970).transpose()?);
            }
            Self::Flag(column) => {
                column.append_option(value.map(fixed).transpose()?.map(|[flag]: [u8; 1]| flag != 0));
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        let unfit = |error| {
            Error::internal("the server's values do not fit their column", Some(Box::new(error) as _))
        };
        Ok(match self {
            Self::Integer(column) => Arc::new(column.finish()),
            Self::Text(column) => Arc::new(column.finish()),
            Self::Label(column, labels) => {
                let labels = Arc::new(StringArray::from_iter_values(labels.iter()));
                Arc::new(DictionaryArray::try_new(column.finish(), labels).map_err(unfit)?)
            }
            Self::Texts(column) => Arc::new(column.finish()),
            Self::Money(column, digits) => {
                Arc::new(column.finish().with_precision_and_scale(*digits, 2).map_err(unfit)?)
            }
            Self::Moment(column) => Arc::new(column.finish().with_timezone("UTC")),
            Self::Day(column) => Arc::new(column.finish()),
            Self::Flag(column) => Arc::new(column.finish()),
        })
    }
}

fn beyond() -> Error {
    Error::internal("a moment or a day is infinite, which a column cannot hold", None)
}

/// Reads a list of texts: dimensions, flags, type, then for the one dimension its length and first index, and the elements.
fn texts(value: &[u8], column: &mut StringBuilder) -> Result<()> {
    let mut rest = Bytes(value);
    let dimensions = rest.int32()?;
    rest.take(8)?;
    if dimensions == 0 {
        return Ok(());
    }
    if dimensions != 1 {
        return Err(malformed());
    }
    let count = rest.int32()?;
    rest.take(4)?;
    for _ in 0..count {
        match rest.length()? {
            Some(length) => column.append_value(text(rest.take(length)?)?),
            None => column.append_null(),
        }
    }
    Ok(())
}

/// Reads a `numeric` as a number of hundredths: how many digits of base 10,000, the power of the first, sign, scale, digits.
fn hundredths(value: &[u8]) -> Result<i128> {
    const POSITIVE: u16 = 0;
    const NEGATIVE: u16 = 0x4000;
    let mut rest = Bytes(value);
    let count = rest.int16()?;
    let weight = i32::from(rest.int16()?);
    let sign = u16::from_be_bytes(rest.array()?);
    rest.take(2)?;
    if sign != POSITIVE && sign != NEGATIVE {
        return Err(Error::internal("an amount is no number", None));
    }
    let mut amount = 0_i128;
    for at in 0..i32::from(count) {
        let digit = i128::from(rest.int16()?);
        // The digit counts 10,000 to the power of its place, and a hundred times as many hundredths.
        amount = match weight - at {
            power @ 0..=8 => {
                let scale = 10_000_i128.pow(power.unsigned_abs()) * 100;
                digit.checked_mul(scale).and_then(|part| amount.checked_add(part)).ok_or_else(malformed)?
            }
            -1 => amount + digit / 100,
            power if power < -1 => amount,
            _ => return Err(malformed()),
        };
    }
    Ok(if sign == NEGATIVE { -amount } else { amount })
}
