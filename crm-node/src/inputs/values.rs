//! One value of JavaScript's at a time. What is of the wrong type breaks a rule like any other, and names the field.

use crm_core::calls::Compared;
use crm_postgres::PgSslMode;
use crm_postgres::chrono::{DateTime, NaiveDate, Utc};
use crm_postgres::crm_core::{
    Cursor, CustomerId, Error, InteractionId, InteractionType, LeadId, Order, OrderBy, Priority, Role,
    SearchText, Stage, TaskId, TaskStatus, UserId, Violation, ViolationCode, parse_money,
};
use crm_postgres::rust_decimal::Decimal;

use crate::wire::{Given, MAX_SAFE, camel};

/// Is a type of value that an input has.
pub(crate) trait Value: Sized {
    /// Reads it; `path` names the field for a violation.
    fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation>;

    /// Tells whether a text is the cell of a table that holds no value.
    fn is_empty_cell(text: &str) -> bool {
        text.trim().is_empty()
    }
}

fn violation(path: &dyn Fn() -> String, code: ViolationCode, message: impl Into<String>) -> Violation {
    Violation::new(path(), code, message)
}

/// Says what was expected instead of what.
fn wrong(given: &Given, path: &dyn Fn() -> String, expected: &str) -> Violation {
    let kind = match given {
        Given::Null => "null",
        Given::Bool(_) => "a boolean",
        Given::Number(_) => "a number",
        Given::Text(_) => "a string",
        Given::Moment(_) => "a Date",
        Given::List(_) => "an array",
        Given::Object(_) => "an object",
        Given::Other(kind) => kind,
    };
    violation(path, ViolationCode::InvalidType, format!("must be {expected}, not {kind}"))
}

/// Puts the field's name into a violation that speaks of the value alone.
fn named(error: &Error, path: &dyn Fn() -> String) -> Violation {
    match error.violations() {
        [first, ..] => Violation { field: path(), ..first.clone() },
        [] => violation(path, ViolationCode::InvalidType, error.to_string()),
    }
}

impl Value for String {
    fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
        match given {
            Given::Text(Some(text)) => Ok(text),
            Given::Text(None) => {
                Err(violation(path, ViolationCode::InvalidCharacters, "must not hold lone surrogates"))
            }
            other => Err(wrong(&other, path, "a string")),
        }
    }

    /// Leaves white space to the domain: a password may be made of it.
    fn is_empty_cell(text: &str) -> bool {
        text.is_empty()
    }
}

impl Value for Compared {
    /// Reads a text, or nothing for one that equals none because a surrogate stands alone in it.
    fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
        match given {
            Given::Text(text) => Ok(Self(text)),
            other => Err(wrong(&other, path, "a string")),
        }
    }
}

impl Value for f64 {
    fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
        match given {
            Given::Number(number) => Ok(number),
            other => Err(wrong(&other, path, "a number")),
        }
    }
}

/// Shows a number as JavaScript does.
fn shown(number: f64) -> String {
    if number.is_infinite() {
        format!("{}Infinity", if number < 0.0 { "-" } else { "" })
    } else {
        number.to_string()
    }
}

/// Reads a whole number of which JavaScript is certain.
fn whole(number: f64, path: &dyn Fn() -> String) -> Result<i64, Violation> {
    if number.fract() != 0.0 || !number.is_finite() {
        return Err(violation(
            path,
            ViolationCode::InvalidType,
            format!("must be a whole number, not {}", shown(number)),
        ));
    }
    #[expect(clippy::cast_possible_truncation, reason = "a number that is too large becomes the largest")]
    let whole = number as i64;
    if whole.unsigned_abs() > MAX_SAFE {
        return Err(violation(path, ViolationCode::OutOfRange, "must be a safe integer"));
    }
    Ok(whole)
}

impl Value for i64 {
    fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
        whole(f64::read(given, path)?, path)
    }
}

macro_rules! ids {
    ($($id:ident),+) => {$(
        impl Value for $id {
            fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
                i64::read(given, path).map(Self)
            }
        }
    )+};
}

ids!(CustomerId, InteractionId, LeadId, TaskId, UserId);

impl Value for u32 {
    fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
        let number = i64::read(given, path)?;
        // Whether it is in its range the domain says; what it could not even hold is not.
        number.try_into().map_err(|_| {
            violation(path, ViolationCode::OutOfRange, format!("must be a number from 0 on, not {number}"))
        })
    }
}

impl Value for bool {
    fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
        match given {
            Given::Bool(flag) => Ok(flag),
            other => Err(wrong(&other, path, "a boolean")),
        }
    }
}

impl Value for Decimal {
    fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
        match given {
            Given::Text(text) => parse_money(&text.unwrap_or_default()).map_err(|error| named(&error, path)),
            // A fraction is refused because it is seldom the amount that was meant: 0.1 + 0.2.
            Given::Number(number) => whole(number, path).map(Self::from).map_err(|_| {
                let message =
                    format!("must be a string such as \"12.50\" or a safe integer, not {}", shown(number));
                violation(path, ViolationCode::InvalidType, message)
            }),
            other => Err(wrong(&other, path, "a string such as \"12.50\" or a safe integer")),
        }
    }
}

impl Value for DateTime<Utc> {
    fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
        match given {
            Given::Moment(millis) if millis.is_nan() => {
                Err(violation(path, ViolationCode::InvalidType, "must be a valid Date"))
            }
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a Date has whole milliseconds, at most 8.64e15"
            )]
            Given::Moment(millis) => Self::from_timestamp_millis(millis as i64).ok_or_else(|| {
                violation(path, ViolationCode::OutOfRange, "must be in the years 0001 to 9999")
            }),
            other => Err(wrong(&other, path, "a Date")),
        }
    }
}

impl Value for NaiveDate {
    fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
        match given {
            Given::Text(Some(text)) => {
                // chrono would also take `2026-1-2` and `+2026-01-2`.
                let digits = text.bytes().filter(u8::is_ascii_digit).count();
                let written = text.len() == 10 && digits == 8;
                let day = Self::parse_from_str(&text, "%Y-%m-%d").ok().filter(|_| written);
                day.ok_or_else(|| {
                    let message = format!("must be a day such as '2026-11-25', not {text:?}");
                    violation(path, ViolationCode::InvalidType, message)
                })
            }
            other => Err(wrong(&other, path, "a day such as '2026-11-25'")),
        }
    }
}

macro_rules! parsed {
    ($($label:ty),+) => {$(
        impl Value for $label {
            fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
                String::read(given, path)?.parse().map_err(|error: Error| named(&error, path))
            }
        }
    )+};
}

parsed!(InteractionType, Priority, Role, SearchText, Stage, TaskStatus);

impl<B: OrderBy> Value for Order<B> {
    fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
        let order = String::read(given, path)?;
        let (name, descending) = order.strip_prefix('-').map_or((&*order, false), |name| (name, true));
        let names = || B::ALL.iter().map(|by| (*by, camel(&by.to_string())));
        let by = names().find(|(_, known)| known == name);
        by.map(|(by, _)| Self { by, descending }).ok_or_else(|| {
            let known: Vec<_> = names().map(|(_, known)| known).collect();
            let message = format!("{name:?} is not one of {}", known.join(", "));
            violation(path, ViolationCode::InvalidChoice, message)
        })
    }
}

impl Value for Cursor {
    fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
        String::read(given, path).map(Self::from)
    }
}

impl Value for PgSslMode {
    fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
        let message = "must be disable, allow, prefer, require, verify-ca or verify-full";
        String::read(given, path)?.parse().map_err(|_| violation(path, ViolationCode::InvalidOption, message))
    }
}

impl Value for std::time::Duration {
    fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
        let millis = f64::read(given, path)?;
        Self::try_from_secs_f64(millis / 1_000.0).map_err(|_| {
            let message = "must be a finite number of milliseconds, not negative";
            violation(path, ViolationCode::InvalidOption, message)
        })
    }
}

impl<T: Value> Value for Vec<T> {
    fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
        match given {
            Given::List(items) => {
                let items = items.into_iter().enumerate();
                items.map(|(n, item)| T::read(item, &|| format!("{}[{n}]", path()))).collect()
            }
            other => Err(wrong(&other, path, "an array")),
        }
    }
}

/// Is one value or several of a filter.
pub(crate) struct OneOrMany<T>(pub(crate) Vec<T>);

impl<T: Value> Value for OneOrMany<T> {
    fn read(given: Given, path: &dyn Fn() -> String) -> Result<Self, Violation> {
        match given {
            Given::List(_) => Vec::read(given, path).map(Self),
            one => T::read(one, path).map(|value| Self(vec![value])),
        }
    }
}
