//! A statement under construction: its text, always from this crate's own constants, and its parameters.

use std::fmt::Write as _;

use crm_core::Patch;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments as _, Encode, Postgres, Type};

/// Is a statement with its parameters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) arguments: PgArguments,
    /// Whether the statement has no name on the server, because it will not come again, or because the best way to run it
    /// depends on its values: of a named statement the server soon keeps one plan for all values.
    pub(crate) passing: bool,
}

impl Sql {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a parameter and its placeholder.
    pub(crate) fn bind<'t, T: Encode<'t, Postgres> + Type<Postgres>>(&mut self, value: T) -> &mut Self {
        self.argument(value);
        write!(self.text, "${}", self.arguments.len()).expect("a String takes all text");
        self
    }

    /// Adds a parameter to which the text refers by number.
    pub(crate) fn argument<'t, T: Encode<'t, Postgres> + Type<Postgres>>(&mut self, value: T) -> &mut Self {
        let added: Result<(), BoxDynError> = self.arguments.add(value);
        added.expect("numbers, moments in range and texts below 1 GiB can be encoded");
        self
    }

    /// Adds a parameter that is a label of an enum type.
    pub(crate) fn label(&mut self, label: &str, enum_type: &str) -> &mut Self {
        self.bind(label).push("::text::").push(enum_type)
    }

    /// Writes something that is to stand elsewhere.
    pub(crate) fn aside(&mut self, write: impl FnOnce(&mut Self) -> &mut Self) -> String {
        let begin = self.text.len();
        write(self);
        self.text.split_off(begin)
    }

    /// Adds an assignment for a patched field, with a comma before it unless it is the first.
    pub(crate) fn set<T>(
        &mut self,
        column: &str,
        patch: &Patch<T>,
        value: impl for<'s> FnOnce(&'s mut Self, &T) -> &'s mut Self,
    ) -> &mut Self {
        if patch.is_keep() {
            return self;
        }
        let separator = if self.text.ends_with(" set ") { "" } else { ", " };
        self.push(separator).push(column).push(" = ");
        match patch.value() {
            Some(new) => value(self, new),
            None => self.push("null"),
        }
    }
}
