//! Reading a row, column by column, in the order of the column list.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use crm_core::Id;
use rust_decimal::Decimal;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgRow;
use sqlx::{Column as _, Decode, Postgres, Row as _, Type, ValueRef as _};

/// Reads the columns of a row from left to right.
///
/// The types are not compared with the server's on each value: the migrations fix them, and the schema check of a
/// handle's first operation asks that they ran.
pub(crate) struct Columns<'r> {
    row: &'r PgRow,
    at: usize,
}

impl<'r> Columns<'r> {
    pub(crate) const fn new(row: &'r PgRow) -> Self {
        Self { row, at: 0 }
    }

    pub(crate) const fn skip(&mut self, columns: usize) {
        self.at += columns;
    }

    pub(crate) fn is_null(&self) -> sqlx::Result<bool> {
        Ok(self.row.try_get_raw(self.at)?.is_null())
    }

    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn next<T: Decode<'r, Postgres> + Type<Postgres>>(&mut self) -> sqlx::Result<T> {
        self.read(Ok)
    }

    /// Reads a value and makes something of it; an error names the column.
    fn read<V: Decode<'r, Postgres> + Type<Postgres>, T>(
        &mut self,
        make: impl FnOnce(V) -> Result<T, BoxDynError>,
    ) -> sqlx::Result<T> {
        let value = self.row.try_get_unchecked(self.at).map_err(BoxDynError::from).and_then(make);
        let value = value.map_err(|source| {
            let column = self.row.columns().get(self.at).map_or("?", |column| column.name()).to_owned();
            sqlx::Error::Decode(Box::new(Unreadable { row: None, column, source }))
        })?;
        self.at += 1;
        Ok(value)
    }

    /// Adds to an error which row it is: one of this table, whose key stands at this column.
    pub(crate) fn of_row(&self, table: &'static str, key: usize, error: sqlx::Error) -> sqlx::Error {
        let sqlx::Error::Decode(cause) = error else { return error };
        sqlx::Error::Decode(match cause.downcast::<Unreadable>() {
            Ok(unreadable) => {
                let row = Some((table, self.row.try_get_unchecked(key).ok()));
                Box::new(Unreadable { row, ..*unreadable }) as BoxDynError
            }
            Err(cause) => cause,
        })
    }

    pub(crate) fn id<I: Id>(&mut self) -> sqlx::Result<I> {
        self.next::<i64>().map(I::from)
    }

    /// Reads the label of an enum type. The columns cast it to text, so that the driver need not look the type up.
    pub(crate) fn label<L: FromStr<Err = crm_core::Error>>(&mut self) -> sqlx::Result<L> {
        self.read(|label: &'r str| Ok(label.parse::<L>()?))
    }

    /// Reads an amount and gives it the two decimals of its column, which the wire leaves out where they are zero.
    pub(crate) fn money(&mut self) -> sqlx::Result<Decimal> {
        let mut amount = self.next::<Decimal>()?;
        amount.rescale(2);
        Ok(amount)
    }

    /// Reads microseconds since 2000. sqlx's own decoder panics where another program has stored `infinity`.
    pub(crate) fn moment(&mut self) -> sqlx::Result<DateTime<Utc>> {
        self.read(moment)
    }

    /// Reads days since 2000; see [`moment`](Self::moment).
    pub(crate) fn day(&mut self) -> sqlx::Result<NaiveDate> {
        self.read(day)
    }
}

fn moment(micros: i64) -> Result<DateTime<Utc>, BoxDynError> {
    let epoch = EPOCH.and_time(chrono::NaiveTime::MIN).and_utc();
    let moment = epoch.checked_add_signed(TimeDelta::microseconds(micros));
    moment.ok_or_else(|| "the moment is beyond the calendar".into())
}

fn day(days: i32) -> Result<NaiveDate, BoxDynError> {
    let distance = Days::new(days.unsigned_abs().into());
    let day = if days < 0 { EPOCH.checked_sub_days(distance) } else { EPOCH.checked_add_days(distance) };
    day.ok_or_else(|| "the day is beyond the calendar".into())
}

/// A value that the server sent and the library cannot hold, and where it stands as far as that is known.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// The table and the row's id.
    row: Option<(&'static str, Option<i64>)>,
    column: String,
    source: BoxDynError,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Some((table, Some(id))) => write!(f, "the row of {table} with the id {id} cannot be read")?,
            Some((table, None)) => write!(f, "a row of {table} cannot be read")?,
            None => f.write_str("a row cannot be read")?,
        }
        write!(f, ": its column {} does not hold what it should", self.column)
    }
}

impl std::error::Error for Unreadable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}

/// Is PostgreSQL's day zero.
const EPOCH: NaiveDate = match NaiveDate::from_ymd_opt(2000, 1, 1) {
    Some(day) => day,
    None => panic!("2000 has a first day"),
};
