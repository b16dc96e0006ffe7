//! Columns: what the fields of an entity are in SQL. The type of a field says it all, so one list of fields writes the column list,
//! how a row is read, and what an export says of itself.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    CustomerId, Email, InteractionId, InteractionType, LeadId, Priority, Role, Stage, TaskId, TaskStatus,
    UserId,
};
use rust_decimal::Decimal;

use super::row::Columns;

/// The type of a column, and so the binary format of its values (PostgreSQL's own; labels come as text).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// A 64-bit integer (`int8`).
    Integer,
    /// A text.
    Text,
    /// One of these labels, as text.
    Label(&'static [&'static str]),
    /// A list of texts (`text[]`).
    Texts,
    /// An amount of money (`numeric`) of so many digits, two of them decimals.
    Money {
        /// How many digits there are.
        digits: u8,
    },
    /// A moment (`timestamptz`): microseconds since 2000 UTC.
    Moment,
    /// A day (`date`): days since 2000.
    Day,
    /// A truth value (`bool`).
    Flag,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name.
    pub name: &'static str,
    /// What it holds.
    pub column_type: ColumnType,
    /// Whether there may be nulls.
    pub nullable: bool,
}

impl Column {
    /// Describes the column of a field.
    pub(crate) const fn of<E, T: Value>(name: &'static str, _field: fn(&E) -> &T) -> Self {
        Self { name, column_type: T::TYPE, nullable: T::NULLABLE }
    }

    /// Returns the expression that selects the column behind an alias. A label is cast, so that the driver need not look its type up.
    pub(crate) fn selected(&self, alias: &str) -> String {
        let cast = if matches!(self.column_type, ColumnType::Label(_)) { "::text" } else { "" };
        format!("{alias}.{}{cast}", self.name)
    }
}

/// The labels of an enum as an array that lives as long as the program.
macro_rules! label_type {
    ($name:ident) => {
        ColumnType::Label({
            const LABELS: [&str; $name::ALL.len()] = {
                let mut labels = [""; $name::ALL.len()];
                let mut at = 0;
                while at < labels.len() {
                    labels[at] = $name::ALL[at].as_str();
                    at += 1;
                }
                labels
            };
            &LABELS
        })
    };
}

pub(crate) use label_type;

/// A type that a column can have.
pub(crate) trait Value: Sized {
    const TYPE: ColumnType;
    const NULLABLE: bool = false;

    /// Reads the next column.
    fn read(columns: &mut Columns<'_>) -> sqlx::Result<Self>;
}

/// Writes an entity's column list and how it is read from a row, both in the order of one list of its fields. A column has the name of
/// its field, unless another one is given: `kind as "type"`.
macro_rules! columns {
    ($($field:ident $(as $name:literal)?),+ $(,)?) => {
        const COLUMNS: &'static [$crate::sql::column::Column] = &[$(
            $crate::sql::column::Column::of(
                $crate::sql::column::columns!(@name $field $($name)?),
                |entity: &Self| &entity.$field,
            ),
        )+];

        fn read(columns: &mut $crate::sql::row::Columns<'_>) -> sqlx::Result<Self> {
            Ok(Self { $($field: $crate::sql::column::Value::read(columns)?),+ })
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
}
pub(crate) use columns;

impl<T: Value> Value for Option<T> {
    const TYPE: ColumnType = T::TYPE;
    const NULLABLE: bool = true;

    fn read(columns: &mut Columns<'_>) -> sqlx::Result<Self> {
        if columns.is_null()? {
            columns.skip(1);
            return Ok(None);
        }
        T::read(columns).map(Some)
    }
}

macro_rules! values {
    ($($value:ty: $column_type:expr, $read:expr;)+) => {$(
        impl Value for $value {
            const TYPE: ColumnType = $column_type;

            fn read(columns: &mut Columns<'_>) -> sqlx::Result<Self> {
                $read(columns)
            }
        }
    )+};
}

values! {
    i64: ColumnType::Integer, Columns::next;
    String: ColumnType::Text, Columns::next;
    UserId: ColumnType::Integer, Columns::id;
    CustomerId: ColumnType::Integer, Columns::id;
    LeadId: ColumnType::Integer, Columns::id;
    TaskId: ColumnType::Integer, Columns::id;
    InteractionId: ColumnType::Integer, Columns::id;
    Email: ColumnType::Text, |columns: &mut Columns<'_>| columns.next().map(Email::from_stored);
    Vec<String>: ColumnType::Texts, Columns::next;
    Decimal: ColumnType::Money { digits: 10 }, Columns::money;
    DateTime<Utc>: ColumnType::Moment, Columns::moment;
    NaiveDate: ColumnType::Day, Columns::day;
    Role: label_type!(Role), Columns::label;
    Stage: label_type!(Stage), Columns::label;
    TaskStatus: label_type!(TaskStatus), Columns::label;
    Priority: label_type!(Priority), Columns::label;
    InteractionType: label_type!(InteractionType), Columns::label;
}
