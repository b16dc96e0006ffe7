//! Reading a row, column by column, in the order of the column list.

use std::str::FromStr;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use crm_core::Id;
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row as _, Type};

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
        Ok(self.row.try_get_unchecked::<Option<i64>, _>(self.at)?.is_none())
    }

    pub(crate) fn next<T: Decode<'r, Postgres> + Type<Postgres>>(&mut self) -> sqlx::Result<T> {
        let value = self.row.try_get_unchecked(self.at)?;
        self.at += 1;
        Ok(value)
    }

    pub(crate) fn id<I: Id>(&mut self) -> sqlx::Result<I> {
        self.next::<i64>().map(I::from)
    }

    pub(crate) fn optional_id<I: Id>(&mut self) -> sqlx::Result<Option<I>> {
        Ok(self.next::<Option<i64>>()?.map(I::from))
    }

    /// Reads the label of an enum type. The columns cast it to text, so that the driver need not look the type up.
    pub(crate) fn label<L: FromStr<Err = crm_core::Error>>(&mut self) -> sqlx::Result<L> {
        self.next::<&str>()?.parse().map_err(|error: crm_core::Error| sqlx::Error::Decode(error.into()))
    }

    /// Reads an amount and gives it the two decimals of its column, which the wire leaves out where they are zero.
    pub(crate) fn optional_money(&mut self) -> sqlx::Result<Option<Decimal>> {
        let mut amount = self.next::<Option<Decimal>>()?;
        if let Some(amount) = &mut amount {
            amount.rescale(2);
        }
        Ok(amount)
    }

    pub(crate) fn moment(&mut self) -> sqlx::Result<DateTime<Utc>> {
        self.optional_moment()?.ok_or_else(|| sqlx::Error::Decode("a moment is null".into()))
    }

    /// Reads microseconds since 2000. sqlx's own decoder panics where another program has stored `infinity`.
    pub(crate) fn optional_moment(&mut self) -> sqlx::Result<Option<DateTime<Utc>>> {
        let Some(micros) = self.next::<Option<i64>>()? else { return Ok(None) };
        let moment = EPOCH
            .and_hms_opt(0, 0, 0)
            .and_then(|epoch| epoch.and_utc().checked_add_signed(TimeDelta::microseconds(micros)));
        moment.map(Some).ok_or_else(|| sqlx::Error::Decode("a moment is beyond the calendar".into()))
    }

    /// Reads days since 2000; see [`optional_moment`](Self::optional_moment).
    pub(crate) fn optional_day(&mut self) -> sqlx::Result<Option<NaiveDate>> {
        let Some(days) = self.next::<Option<i32>>()? else { return Ok(None) };
        let distance = Days::new(days.unsigned_abs().into());
        let day = if days < 0 { EPOCH.checked_sub_days(distance) } else { EPOCH.checked_add_days(distance) };
        day.map(Some).ok_or_else(|| sqlx::Error::Decode("a day is beyond the calendar".into()))
    }
}

/// Is PostgreSQL's day zero.
const EPOCH: NaiveDate = match NaiveDate::from_ymd_opt(2000, 1, 1) {
    Some(day) => day,
    None => panic!("2000 has a first day"),
};
