//! From a case's arguments to the domain's inputs: the JSON that the one reader of inputs takes its fields from.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::calls::{self, Compared, Input, Options, Source, Takes};
use crm_core::{
    Cursor, CustomerId, Error, InteractionId, InteractionType, LeadId, Order, OrderBy, Patch, Priority, Role,
    SearchText, Stage, TaskId, TaskStatus, UserId, Valid, Violation, ViolationCode, beside, parse_money,
};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

/// Is why a call fails.
pub(super) enum Refused {
    /// The library says so.
    ByLibrary(Error),
    /// The arguments cannot even be said: serde refuses them, or Rust has no type for them.
    Unsayable(String),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::ByLibrary(error)
    }
}

pub(super) type Outcome<T> = Result<T, Refused>;

/// A type of value that a case writes as JSON. An error of the library's is a rule that the value breaks.
pub(super) trait Json: Sized {
    fn read(value: Value) -> Outcome<Self>;
}

macro_rules! by_serde {
    ($($kind:ty),+) => {$(
        impl Json for $kind {
            fn read(value: Value) -> Outcome<Self> {
                serde_json::from_value(value).map_err(|error| Refused::Unsayable(error.to_string()))
            }
        }
    )+};
}

by_serde!(bool, i64, u32, String, Vec<i64>, Vec<String>, Vec<Value>, DateTime<Utc>, NaiveDate, Cursor);
by_serde!(CustomerId, InteractionId, LeadId, TaskId, UserId);

macro_rules! by_label {
    ($($kind:ty),+) => {$(
        impl Json for $kind {
            fn read(value: Value) -> Outcome<Self> {
                Ok(String::read(value)?.parse::<Self>()?)
            }
        }
    )+};
}

by_label!(InteractionType, Priority, Role, SearchText, Stage, TaskStatus);

impl<B: OrderBy> Json for Order<B> {
    fn read(value: Value) -> Outcome<Self> {
        Ok(String::read(value)?.parse::<Self>()?)
    }
}

impl Json for Compared {
    fn read(value: Value) -> Outcome<Self> {
        String::read(value).map(|text| Self(Some(text)))
    }
}

impl Json for Decimal {
    fn read(value: Value) -> Outcome<Self> {
        match value {
            Value::String(text) => Ok(parse_money(&text)?),
            Value::Number(number) if number.is_i64() => Ok(number.as_i64().unwrap().into()),
            other => Err(Refused::Unsayable(format!("{other} is no amount"))),
        }
    }
}

/// The arguments of a call, or a row of them, from which one is taken after the other. Clones take from the same.
#[derive(Clone, Default)]
pub(super) struct Args(Rc<State>);

#[derive(Default)]
struct State {
    given: RefCell<Map<String, Value>>,
    /// The rules that were broken by what has been read.
    noted: RefCell<Vec<Violation>>,
    /// The number of the row of a batch that this is.
    row: Option<usize>,
}

impl Args {
    pub(super) fn new(given: Value) -> Self {
        Self::of(given, None)
    }

    fn of(given: Value, row: Option<usize>) -> Self {
        let given = match given {
            Value::Object(given) => RefCell::new(given),
            Value::Null => RefCell::default(),
            other => panic!("arguments are an object, not {other}"),
        };
        Self(Rc::new(State { given, noted: RefCell::default(), row }))
    }

    fn path(&self, name: &str) -> String {
        self.0.row.map_or_else(|| name.to_owned(), |row| format!("[{row}].{name}"))
    }

    pub(super) fn remove(&self, name: &str) -> Option<Value> {
        self.0.given.borrow_mut().remove(name)
    }

    /// Reads a value; one that breaks a rule is noted under this name.
    pub(super) fn read<T: Json>(&self, name: &str, value: Value) -> Outcome<Option<T>> {
        match T::read(value) {
            Ok(value) => Ok(Some(value)),
            Err(Refused::Unsayable(what)) => Err(Refused::Unsayable(format!("{name}: {what}"))),
            Err(Refused::ByLibrary(error)) => {
                let field = self.path(name);
                let violations = error.violations().iter();
                let noted = violations.map(|one| Violation { field: field.clone(), ..one.clone() });
                self.0.noted.borrow_mut().extend(noted);
                Ok(None)
            }
        }
    }

    /// Reads an argument that may be left out.
    pub(super) fn optional<T: Json>(&self, name: &str) -> Outcome<Option<T>> {
        match self.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => self.read(name, value),
        }
    }

    /// Ends the reading: refuses what nobody has asked for, what was noted, and what the check of the whole has found.
    pub(super) fn finish<T>(&self, checked: Result<T, Error>) -> Outcome<T> {
        Ok(beside(self.noted()?, checked)?)
    }

    /// Returns the rules that were broken; fails with an argument that nobody has asked for.
    fn noted(&self) -> Outcome<Vec<Violation>> {
        match self.0.given.borrow().keys().next() {
            Some(name) => Err(Refused::Unsayable(format!("{name} is not known"))),
            None => Ok(self.0.noted.take()),
        }
    }
}

impl calls::Fields for Args {
    type Error = Refused;

    fn spelt(&self, name: &'static str) -> Cow<'static, str> {
        name.into()
    }

    fn note(&self, name: &'static str, code: ViolationCode, message: &str) {
        self.0.noted.borrow_mut().push(Violation::new(self.path(name), code, message));
    }

    fn refused(&self, name: &'static str) -> bool {
        let path = self.path(name);
        self.0.noted.borrow().iter().any(|violation| violation.field == path)
    }
}

impl<T: Json> Takes<T> for Args {
    fn optional(&self, name: &'static str) -> Outcome<Option<T>> {
        self.optional(name)
    }

    fn patch(&self, name: &'static str) -> Outcome<Patch<T>> {
        Ok(match self.remove(name) {
            None => Patch::Keep,
            Some(Value::Null) => Patch::Clear,
            Some(value) => self.read(name, value)?.map_or(Patch::Keep, Patch::Set),
        })
    }

    fn condition(&self, name: &'static str) -> Outcome<Option<T>> {
        self.optional(name)
    }

    fn any_of(&self, name: &'static str) -> Outcome<Option<Vec<T>>> {
        let values = match self.remove(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(values)) => values,
            Some(one) => return Ok(self.read(name, one)?.map(|one| vec![one])),
        };
        let mut read = Vec::new();
        for (n, value) in values.into_iter().enumerate() {
            read.extend(self.read(&format!("{name}[{n}]"), value)?);
        }
        Ok(Some(read))
    }
}

impl Source for Args {}

impl Options for Args {
    fn order<B: OrderBy>(&self, name: &'static str) -> Outcome<Option<Order<B>>> {
        self.optional(name)
    }
}

/// Reads the rows of a batch.
pub(super) fn rows<E: Input>(given: Vec<Value>) -> Outcome<Vec<Valid<E::New>>> {
    let (mut noted, mut read) = (Vec::new(), Vec::new());
    for (n, row) in given.into_iter().enumerate() {
        let row = Args::of(row, Some(n));
        read.push(E::new_row(&row)?);
        noted.append(&mut row.noted()?);
    }
    Ok(beside(noted, Valid::all(read))?)
}
