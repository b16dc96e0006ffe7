//! From JavaScript's values to the library's inputs: wire → input.
//!
//! An input asks for each field by name; what nobody asked for is refused. All that is wrong with it is told at once.

mod values;

use values::OneOrMany;
pub(crate) use values::Value;

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use crm_core::calls::{self, Input, Options, Source, Takes};
use crm_postgres::Result;
use crm_postgres::crm_core::{Error, Order, OrderBy, Patch, Valid, Violation, ViolationCode, beside};

use crate::wire::{Given, Key, Reader, camel};

/// Is the values of a call, of which parameters are read. All that is wrong with them is told together.
pub(crate) struct Values<'a> {
    reader: Reader<'a>,
    broken: Vec<Violation>,
    /// Whether what should be an object is none.
    unfit: bool,
}

impl<'a> Values<'a> {
    pub(crate) fn new(numbers: &'a [f64], text: &'a [u16]) -> Self {
        Self { reader: Reader::new(numbers, text), broken: Vec::new(), unfit: false }
    }

    /// Returns the next value as it is; `null` after the last one.
    pub(crate) fn given(&mut self) -> Given {
        self.reader.value()
    }

    /// Reads a parameter; none when it breaks a rule, which is noted.
    pub(crate) fn read<T: Value>(&mut self, name: &'static str) -> Option<T> {
        let read = match self.given() {
            Given::Null => Err(Violation::new(name, ViolationCode::Required, "must have a value")),
            given => T::read(given, &|| name.to_owned()),
        };
        read.map_err(|violation| self.broken.push(violation)).ok()
    }

    /// Reads a parameter that may be left out.
    pub(crate) fn optional<T: Value>(&mut self, name: &'static str) -> Option<T> {
        let given = self.given();
        if matches!(given, Given::Null) {
            return None;
        }
        let read = T::read(given, &|| name.to_owned());
        read.map_err(|violation| self.broken.push(violation)).ok()
    }

    /// Takes the fields of an object apart that must be given.
    pub(crate) fn input(&mut self, name: &'static str) -> Fields {
        match self.given() {
            Given::Null => {
                let fields = Fields { unfit: true, ..Fields::default() };
                fields.note(name, ViolationCode::Required, "must have a value");
                fields
            }
            given => Fields::of(given, name),
        }
    }

    /// Takes the fields of an object apart; none is an empty one.
    pub(crate) fn fields(&mut self, name: &'static str) -> Fields {
        Fields::of(self.given(), name)
    }

    /// Notes what is wrong with an object.
    pub(crate) fn also(&mut self, fields: Fields) {
        self.unfit |= fields.unfit;
        self.broken.append(&mut fields.noted());
    }

    /// Ends the reading: refuses what was noted, and what the check of the whole has found.
    pub(crate) fn finish<T>(&mut self, checked: Result<T>) -> Result<T> {
        let broken = std::mem::take(&mut self.broken);
        // Of what is no object at all nothing more is said.
        if self.unfit {
            return Err(Error::validation(broken));
        }
        beside(broken, checked)
    }

    /// Ends the reading of a parameter, which is not missing then.
    pub(crate) fn all<T>(&mut self, read: Option<T>) -> Result<T> {
        self.finish(read.ok_or_else(|| Error::validation([])))
    }
}

/// Is the properties of an object of which fields are read.
#[derive(Default)]
pub(crate) struct Fields {
    given: RefCell<Vec<(Arc<Key>, Given)>>,
    broken: RefCell<Vec<Violation>>,
    /// The number of the row of a batch that this is.
    row: Option<usize>,
    /// Whether it is no object.
    unfit: bool,
}

impl Fields {
    /// Takes an object apart; `name` is what it is called when it is none. Nothing at all is an empty one.
    pub(crate) fn of(given: Given, name: &'static str) -> Self {
        Self::default().fill(given, name)
    }

    fn of_row(given: Given, row: usize) -> Self {
        // A row that is nothing is not an empty one.
        let given = if matches!(given, Given::Null) { Given::Other("null".to_owned()) } else { given };
        Self { row: Some(row), ..Self::default() }.fill(given, "")
    }

    fn fill(mut self, given: Given, name: &'static str) -> Self {
        match given {
            Given::Null => {}
            Given::Object(given) => *self.given.get_mut() = given,
            _ => {
                self.unfit = true;
                self.note(name, ViolationCode::InvalidType, "must be an object");
            }
        }
        self
    }

    fn path(&self, name: &str) -> String {
        match self.row {
            None => name.to_owned(),
            Some(row) if name.is_empty() => format!("[{row}]"),
            Some(row) => format!("[{row}].{name}"),
        }
    }

    /// Notes a broken rule.
    pub(crate) fn note(&self, name: &'static str, code: ViolationCode, message: &str) {
        self.broken.borrow_mut().push(Violation::new(self.path(name), code, message));
    }

    fn take(&self, name: &'static str) -> Option<Given> {
        let mut given = self.given.borrow_mut();
        let place = given.iter().position(|(key, _)| key.name == name)?;
        Some(given.swap_remove(place).1)
    }

    /// Reads a value; one that breaks a rule is noted, and missing from then on.
    fn read<T: Value>(&self, name: &'static str, given: Given) -> Option<T> {
        let read = T::read(given, &|| self.path(name));
        read.map_err(|violation| self.broken.borrow_mut().push(violation)).ok()
    }

    /// Reads a field that may be left out or `null`. In a batch an empty cell is left out too: a row of a CSV file has a blank
    /// text there.
    pub(crate) fn optional<T: Value>(&self, name: &'static str) -> Option<T> {
        match self.take(name)? {
            Given::Null => None,
            Given::Text(Some(text)) if self.row.is_some() && T::is_empty_cell(&text) => None,
            given => self.read(name, given),
        }
    }

    /// Reads a condition of a filter. `null` is refused: as no condition it would select all rows.
    fn condition<T: Value>(&self, name: &'static str) -> Option<T> {
        match self.take(name)? {
            Given::Null => {
                let message = "must not be null: leave it out to select any value";
                self.note(name, ViolationCode::InvalidType, message);
                None
            }
            given => self.read(name, given),
        }
    }

    /// Returns what was noted, the fields that nobody has asked for among it.
    fn noted(self) -> Vec<Violation> {
        let mut noted = self.broken.take();
        for (key, _) in self.given.take() {
            let field = self.row.map_or_else(|| key.given.clone(), |row| format!("[{row}].{}", key.given));
            noted.push(Violation::new(field, ViolationCode::UnknownField, "is not known here"));
        }
        noted
    }

    /// Ends the reading: refuses what was noted, and what the check of the whole has found.
    pub(crate) fn finish<T>(self, checked: Result<T>) -> Result<T> {
        // Of what is no object at all nothing more is said.
        if self.unfit {
            return Err(Error::validation(self.noted()));
        }
        beside(self.noted(), checked)
    }
}

impl calls::Fields for Fields {
    /// What cannot be read is noted, so nothing ends the reading.
    type Error = Error;

    fn spelt(&self, name: &'static str) -> Cow<'static, str> {
        camel(name).into()
    }

    fn note(&self, name: &'static str, code: ViolationCode, message: &str) {
        self.note(name, code, message);
    }

    fn refused(&self, name: &'static str) -> bool {
        let path = self.path(name);
        self.broken.borrow().iter().any(|violation| violation.field == path)
    }
}

impl<T: Value> Takes<T> for Fields {
    fn optional(&self, name: &'static str) -> Result<Option<T>> {
        Ok(self.optional(name))
    }

    fn patch(&self, name: &'static str) -> Result<Patch<T>> {
        Ok(match self.take(name) {
            None => Patch::Keep,
            Some(Given::Null) => Patch::Clear,
            Some(given) => self.read(name, given).map_or(Patch::Keep, Patch::Set),
        })
    }

    fn condition(&self, name: &'static str) -> Result<Option<T>> {
        Ok(self.condition(name))
    }

    fn any_of(&self, name: &'static str) -> Result<Option<Vec<T>>> {
        Ok(self.condition::<OneOrMany<T>>(name).map(|OneOrMany(values)| values))
    }
}

impl Source for Fields {}

impl Options for Fields {
    fn order<B: OrderBy>(&self, name: &'static str) -> Result<Option<Order<B>>> {
        Ok(self.optional(name))
    }
}

/// Reads and validates the rows of a batch.
pub(crate) fn many<E: Input>(given: Given) -> Result<Vec<Valid<E::New>>> {
    let Given::List(rows) = given else {
        let message = "must be an array of objects";
        return Err(Error::validation([Violation::new("rows", ViolationCode::InvalidType, message)]));
    };
    let mut broken = Vec::new();
    let mut new = Vec::with_capacity(rows.len());
    for (row, given) in rows.into_iter().enumerate() {
        let fields = Fields::of_row(given, row);
        new.push(E::new_row(&fields)?);
        broken.append(&mut fields.noted());
    }
    beside(broken, Valid::all(new))
}
