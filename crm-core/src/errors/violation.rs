//! Violations: which field breaks which rule.

use std::fmt;
use std::ops::Deref;

use serde::Serialize;

use crate::Error;
use crate::label::labels;

labels! {
    /// Names the rule that an input breaks, the same in every language.
    #[non_exhaustive]
    pub enum ViolationCode ("code") {
        /// The field must have a value.
        Required = "required",
        /// The text, or the list, is longer than allowed.
        TooLong = "too_long",
        /// The text is shorter than allowed.
        TooShort = "too_short",
        /// The text holds NUL or a control character.
        InvalidCharacters = "invalid_characters",
        /// The text is no email address.
        InvalidEmail = "invalid_email",
        /// The text has fewer digits than a phone number.
        InvalidPhone = "invalid_phone",
        /// The text is neither a PHC string nor a bcrypt hash.
        InvalidHash = "invalid_hash",
        /// The number, moment or day is outside its range.
        OutOfRange = "out_of_range",
        /// The amount has more than two decimals.
        TooPrecise = "too_precise",
        /// The label is not one of the enum's.
        InvalidChoice = "invalid_choice",
        /// The cursor is malformed, or of another list, order or format.
        InvalidCursor = "invalid_cursor",
        /// The search text has no word in it.
        NoWord = "no_word",
        /// The input has a field that is not known.
        UnknownField = "unknown_field",
        /// The value is of the wrong type.
        InvalidType = "invalid_type",
        /// The connection URL, a path or an option cannot be used.
        InvalidOption = "invalid_option",
        /// The backup has no manifest, or is not what its manifest says.
        InvalidBackup = "invalid_backup",
    }
}

/// Says that one field breaks one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The field, `[50].name` for the 51st row of a batch.
    pub field: String,
    /// The rule.
    pub code: ViolationCode,
    /// The rule in words, without the field's name.
    pub message: String,
}

impl Violation {
    /// Makes a violation.
    pub fn new(field: impl Into<String>, code: ViolationCode, message: impl Into<String>) -> Self {
        Self { field: field.into(), code, message: message.into() }
    }
}

/// Lists the violations of one input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Violations(Vec<Violation>);

impl Deref for Violations {
    type Target = [Violation];

    fn deref(&self) -> &[Violation] {
        &self.0
    }
}

impl FromIterator<Violation> for Violations {
    fn from_iter<I: IntoIterator<Item = Violation>>(violations: I) -> Self {
        Self(violations.into_iter().collect())
    }
}

/// The most violations that a message shows; the list has them all.
const SHOWN: usize = 10;

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, Violation { field, code: _, message }) in self.0.iter().take(SHOWN).enumerate() {
            let separator = if n == 0 { "" } else { "; " };
            write!(f, "{separator}{field} {message}")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// The rule that a single value breaks, before the field is known.
#[derive(Debug, PartialEq)]
pub(crate) struct Broken(pub(crate) ViolationCode, pub(crate) String);

impl Broken {
    pub(crate) fn new(code: ViolationCode, message: impl Into<String>) -> Self {
        Self(code, message.into())
    }

    pub(crate) fn on(self, field: &str) -> Error {
        Error::validation([Violation::new(field, self.0, self.1)])
    }
}

pub(crate) fn unknown_label(field: &str, label: &str, known: &[&str]) -> Error {
    let message = format!("{label:?} is not one of {}", known.join(", "));
    Error::validation([Violation::new(field, ViolationCode::InvalidChoice, message)])
}
