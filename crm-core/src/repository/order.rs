//! Orders: what decides, the place of a row, and the cursor that marks it.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::errors::Broken;
use crate::{Error, Result, ViolationCode};

/// What lists of an entity can be ordered by.
pub trait OrderBy:
    Copy + Eq + fmt::Debug + fmt::Display + FromStr<Err = Error> + Send + Sync + 'static
{
    /// Lists every order.
    const ALL: &'static [Self];
    /// The order by id, which every entity has.
    const ID: Self;

    /// Tells whether a row's key in this order can be of this type.
    fn takes(self, key: &SortKey) -> bool;
}

/// An order and its direction; by default newest first, which is by descending id.
///
/// Nulls come last in both directions, ties are broken by id in the order's direction. As text an order is its name,
/// with a `-` before it when it descends: `"name"`, `"-created_at"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order<B> {
    /// What decides.
    pub by: B,
    /// Whether the largest comes first.
    pub descending: bool,
}

impl<B: OrderBy> Order<B> {
    /// Puts the smallest first.
    pub const fn ascending(by: B) -> Self {
        Self { by, descending: false }
    }

    /// Puts the largest first.
    pub const fn descending(by: B) -> Self {
        Self { by, descending: true }
    }
}

impl<B: OrderBy> Default for Order<B> {
    fn default() -> Self {
        Self::descending(B::ID)
    }
}

impl<B: OrderBy> fmt::Display for Order<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.descending { "-" } else { "" };
        write!(f, "{sign}{}", self.by)
    }
}

impl<B: OrderBy> FromStr for Order<B> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        text.strip_prefix('-')
            .map_or_else(|| text.parse().map(Self::ascending), |by| by.parse().map(Self::descending))
    }
}

/// The value by which a row takes its place in an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// The id alone decides.
    Id,
    /// The value is null: last, whatever the direction.
    Null,
    /// By code points, as PostgreSQL's collation "C" does.
    Text(String),
    /// By time.
    Moment(DateTime<Utc>),
    /// By day.
    Day(NaiveDate),
    /// By amount.
    Money(Decimal),
    /// By the position of the label in its enum.
    Rank(i32),
}

impl SortKey {
    /// Makes the key of a field that may be null.
    pub fn or_null<T>(value: Option<T>, key: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Null, key)
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Moment(a), Self::Moment(b)) => a.cmp(b),
            (Self::Day(a), Self::Day(b)) => a.cmp(b),
            (Self::Money(a), Self::Money(b)) => a.cmp(b),
            (Self::Rank(a), Self::Rank(b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }
}

/// The place of a row in an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The value that decides.
    pub key: SortKey,
    /// The row's id, which breaks ties.
    pub id: i64,
}

impl Position {
    /// Compares two places of the same order: nulls last both ways, ties by id in the order's direction.
    #[must_use]
    pub fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let nulls = (self.key == SortKey::Null).cmp(&(other.key == SortKey::Null));
        let values = self.key.compare(&other.key).then(self.id.cmp(&other.id));
        nulls.then(if descending { values.reverse() } else { values })
    }
}

/// Marks where a page ended, to go on from there. It is a position, not a right, and the same text in every language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// Writes down a position in a list (`customers`) and its order (`-name`).
    #[must_use]
    pub fn encode(list: &str, order: &str, position: &Position) -> Self {
        let key = match &position.key {
            SortKey::Id => "i".to_owned(),
            SortKey::Null => "0".to_owned(),
            SortKey::Text(text) => format!("t{text}"),
            SortKey::Moment(moment) => format!("m{}", moment.timestamp_micros()),
            SortKey::Day(day) => format!("d{day}"),
            SortKey::Money(amount) => format!("n{amount}"),
            SortKey::Rank(rank) => format!("r{rank}"),
        };
        let plain = format!("1 {list} {order} {} {key}", position.id);
        Self(URL_SAFE_NO_PAD.encode(plain))
    }

    /// Reads the position back; `takes` tells whether a key is of the order's type.
    ///
    /// # Errors
    /// `validation` when the cursor is malformed, or of another list, order or format.
    pub fn decode(&self, list: &str, order: &str, takes: impl FnOnce(&SortKey) -> bool) -> Result<Position> {
        self.try_decode(list, order).filter(|position| takes(&position.key)).ok_or_else(|| {
            let message = format!("is not a cursor of the list {list} ordered by {order}");
            Broken::new(ViolationCode::InvalidCursor, message).on("cursor")
        })
    }

    fn try_decode(&self, list: &str, order: &str) -> Option<Position> {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(&self.0).ok()?).ok()?;
        let mut parts = plain.splitn(5, ' ');
        if (parts.next()?, parts.next()?, parts.next()?) != ("1", list, order) {
            return None;
        }
        let id = parts.next()?.parse().ok()?;
        let key = parts.next()?;
        let value = key.get(1..)?;
        let key = match key.as_bytes().first()? {
            b'i' if value.is_empty() => SortKey::Id,
            b'0' if value.is_empty() => SortKey::Null,
            b't' if !value.contains('\0') => SortKey::Text(value.to_owned()),
            b'm' => SortKey::Moment(DateTime::from_timestamp_micros(value.parse().ok()?)?),
            b'd' => SortKey::Day(value.parse().ok()?),
            b'n' => SortKey::Money(value.parse().ok()?),
            b'r' => SortKey::Rank(value.parse().ok()?),
            _ => return None,
        };
        let year = match &key {
            SortKey::Moment(moment) => moment.year(),
            SortKey::Day(day) => day.year(),
            _ => 1,
        };
        (1..=9999).contains(&year).then_some(Position { key, id })
    }

    /// Returns the text to hand on.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Cursor {
    /// Takes a text for a cursor; whether it is one turns out when it is used.
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_belong_to_one_list_and_order() {
        let keys = [
            SortKey::Id,
            SortKey::Null,
            SortKey::Text("Z\u{e9} x".into()),
            SortKey::Moment("2026-01-02T03:04:05.678Z".parse().unwrap()),
            SortKey::Day("2026-01-02".parse().unwrap()),
            SortKey::Money("1.50".parse().unwrap()),
            SortKey::Rank(2),
        ];
        for key in keys {
            let position = Position { key, id: 7 };
            let cursor = Cursor::encode("leads", "-value", &position);
            assert_eq!(cursor.decode("leads", "-value", |_| true).unwrap(), position);
            for (list, order) in [("leads", "value"), ("tasks", "-value")] {
                let error = cursor.decode(list, order, |_| true).unwrap_err();
                assert_eq!(error.violations()[0].code, ViolationCode::InvalidCursor);
            }
            assert!(cursor.decode("leads", "-value", |_| false).is_err());
        }
        for text in ["", "x", "!!", "MSBsZWFkcw", "2J3vv70"] {
            assert!(Cursor::from(text).decode("leads", "-value", |_| true).is_err(), "{text}");
        }
    }

    #[test]
    fn nulls_come_last_in_both_directions() {
        let null = Position { key: SortKey::Null, id: 1 };
        let value = Position { key: SortKey::Rank(0), id: 2 };
        for descending in [false, true] {
            assert_eq!(value.compare(&null, descending), Ordering::Less);
            assert_eq!(null.compare(&value, descending), Ordering::Greater);
        }
    }
}
