//! Validation: pure, before any SQL, and all violations of an input at once.
//!
//! An input such as [`NewCustomer`](crate::NewCustomer) has public fields and is built freely; only
//! [`validate`](Validate::validate) turns it into the [`Valid`] value that a repository takes.

use std::collections::HashSet;
use std::ops::Deref;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use rust_decimal::Decimal;

use crate::errors::Broken;
use crate::values::range::whole_millis;
use crate::values::text::{self, Lines};
use crate::values::{money, phone, tags};
use crate::{Email, Error, Password, PasswordHash, Patch, Result, Violation, ViolationCode};

/// An input that has been validated and normalised, made by `input.validate()?`. There is no other way, and so none for an input that
/// was not validated to reach a repository:
///
/// ```compile_fail,E0308
/// # use crm_core::{Customer, CustomerRepository, NewCustomer, Result};
/// async fn create(customers: &dyn CustomerRepository) -> Result<Customer> {
///     customers.create(NewCustomer::new("Acme")).await
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Valid<T>(T);

impl<T> Valid<T> {
    /// Returns the input.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Valid<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// The most violations of a batch that are listed.
pub const MAX_VIOLATIONS: usize = 1_000;

impl<T: Validate> Valid<T> {
    /// Validates a batch; each violation names its row, `[50].name` for the 51st. To keep the good rows of a batch that has
    /// bad ones, validate each by itself.
    ///
    /// # Errors
    /// `validation` with the first 1,000 violations.
    pub fn all(inputs: impl IntoIterator<Item = T>) -> Result<Vec<Self>> {
        let inputs = inputs.into_iter();
        let mut valid = Vec::with_capacity(inputs.size_hint().0);
        let mut violations = Vec::new();
        for (row, mut input) in inputs.enumerate() {
            let mut check = Check::default();
            input.check(&mut check);
            violations.extend(
                check.violations.into_iter().map(|violation| Violation {
                    field: format!("[{row}].{}", violation.field),
                    ..violation
                }),
            );
            if violations.len() >= MAX_VIOLATIONS {
                violations.truncate(MAX_VIOLATIONS);
                break;
            }
            valid.push(Self(input));
        }
        if violations.is_empty() { Ok(valid) } else { Err(Error::validation(violations)) }
    }
}

/// Adds to the check of an input, or of a batch, what could not even be read of it in another language: those violations come first, row
/// by row, and nothing more is said of their fields, which stand in the input as if they had been left out.
///
/// # Errors
/// `validation` with the first 1,000 violations.
pub fn beside<T>(noted: Vec<Violation>, checked: Result<T>) -> Result<T> {
    if noted.is_empty() {
        return checked;
    }
    let fields: HashSet<_> = noted.iter().map(|violation| violation.field.clone()).collect();
    // A row that could not be read at all is noted as `[50]`.
    let known = |field: &str| {
        fields.contains(field) || field.split_once('.').is_some_and(|(row, _)| fields.contains(row))
    };
    let more = checked.as_ref().err().map_or(&[][..], Error::violations).iter();
    let more = more.filter(|violation| !known(&violation.field)).cloned();
    let mut all: Vec<_> = noted.into_iter().chain(more).collect();
    all.sort_by_key(|violation| row(&violation.field));
    all.truncate(MAX_VIOLATIONS);
    Err(Error::validation(all))
}

/// Puts two checks of one input together, so that the violations of both are told.
pub(crate) fn both<A, B>(one: Result<A>, two: Result<B>) -> Result<(A, B)> {
    match (one, two) {
        (Ok(one), Ok(two)) => Ok((one, two)),
        (Err(one), Err(two)) => {
            Err(Error::validation(one.violations().iter().chain(two.violations()).cloned()))
        }
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
    }
}

/// Returns the number in `[50].name`.
fn row(field: &str) -> Option<usize> {
    field.strip_prefix('[')?.split_once(']')?.0.parse().ok()
}

/// An input with rules.
pub trait Validate: Sized {
    /// Normalises the fields in place and notes every rule that they break.
    fn check(&mut self, check: &mut Check);

    /// Validates and normalises the input.
    ///
    /// # Errors
    /// `validation` with all violations.
    fn validate(mut self) -> Result<Valid<Self>> {
        let mut check = Check::default();
        self.check(&mut check);
        if check.violations.is_empty() { Ok(Valid(self)) } else { Err(Error::validation(check.violations)) }
    }
}

impl Validate for Password {
    fn check(&mut self, check: &mut Check) {
        check.password("new_password", self);
    }
}

/// Collects the violations of one input while it is normalised.
#[derive(Debug, Default)]
pub struct Check {
    violations: Vec<Violation>,
}

impl Check {
    /// Notes a violation.
    pub fn violation(&mut self, field: &str, code: ViolationCode, message: impl Into<String>) {
        self.violations.push(Violation::new(field, code, message));
    }

    fn note<T>(&mut self, field: &str, result: Result<T, Broken>) -> Option<T> {
        result.map_err(|Broken(code, message)| self.violation(field, code, message)).ok()
    }

    pub(crate) fn required(&mut self, field: &str) {
        self.violation(field, ViolationCode::Required, "must have a value");
    }

    /// Checks a text of one line that must not be empty.
    pub(crate) fn title(&mut self, field: &str, value: &mut String) {
        let checked = text::normalise(value, Lines::One, text::MAX_LINE);
        self.note(field, checked);
        if value.is_empty() {
            self.required(field);
        }
    }

    /// Checks a text of one line; one that is empty after trimming is none.
    pub(crate) fn line(&mut self, field: &str, value: &mut Option<String>, max: usize) {
        self.optional_text(field, value, Lines::One, max);
    }

    /// Checks a text of many lines; one that is empty after trimming is none.
    pub(crate) fn prose(&mut self, field: &str, value: &mut Option<String>) {
        self.optional_text(field, value, Lines::Many, text::MAX_PROSE);
    }

    fn optional_text(&mut self, field: &str, value: &mut Option<String>, lines: Lines, max: usize) {
        if let Some(text) = value {
            let checked = text::normalise(text, lines, max);
            self.note(field, checked);
            if text.is_empty() {
                *value = None;
            }
        }
    }

    /// Checks an email that must be given.
    pub(crate) fn email(&mut self, field: &str, value: &mut String) {
        match Email::normalise(value) {
            Ok(()) if value.is_empty() => self.required(field),
            checked => drop(self.note(field, checked)),
        }
    }

    /// Checks an email; one that is empty after trimming is none.
    pub(crate) fn optional_email(&mut self, field: &str, value: &mut Option<String>) {
        if let Some(email) = value {
            let checked = Email::normalise(email);
            self.note(field, checked);
            if email.is_empty() {
                *value = None;
            }
        }
    }

    /// Checks a new password.
    pub(crate) fn password(&mut self, field: &str, value: &Password) {
        self.violations.extend(value.violation(field));
    }

    /// Checks the form of a password's hash.
    pub(crate) fn password_hash(&mut self, field: &str, value: &PasswordHash) {
        self.note(field, value.check());
    }

    /// Checks a phone number; one that is empty after trimming is none.
    pub(crate) fn phone(&mut self, field: &str, value: &mut Option<String>) {
        if let Some(number) = value {
            let normalised = phone::normalise(number);
            self.note(field, normalised);
            if number.is_empty() {
                *value = None;
            } else {
                self.note(field, phone::check(number));
            }
        }
    }

    /// Checks an amount of money.
    pub(crate) fn money(&mut self, field: &str, value: Option<&mut Decimal>) {
        if let Some(value) = value {
            let checked = money::normalise(value);
            self.note(field, checked);
        }
    }

    /// Checks a list of tags.
    pub(crate) fn tags(&mut self, field: &str, value: &mut Vec<String>) {
        for broken in tags::normalise(value) {
            self.note::<()>(field, Err(broken));
        }
    }

    /// Checks a moment and cuts it to whole milliseconds, which is what all three languages can hold.
    pub(crate) fn moment(&mut self, field: &str, value: Option<&mut DateTime<Utc>>) {
        if let Some(value) = value {
            *value = whole_millis(*value);
            self.year(field, value.year());
        }
    }

    /// Checks a day.
    pub(crate) fn day(&mut self, field: &str, value: Option<&NaiveDate>) {
        if let Some(value) = value {
            self.year(field, value.year());
        }
    }

    fn year(&mut self, field: &str, year: i32) {
        if !(1..=9999).contains(&year) {
            self.violation(field, ViolationCode::OutOfRange, "must be in the years 0001 to 9999");
        }
    }

    /// Checks the change of a field by the rule of the field itself.
    pub(crate) fn patch<T>(&mut self, value: &mut Patch<T>, rule: impl FnOnce(&mut Self, &mut Option<T>)) {
        if let Patch::Set(_) = value {
            let Patch::Set(inner) = std::mem::take(value) else { return };
            let mut inner = Some(inner);
            rule(self, &mut inner);
            *value = inner.into();
        }
    }

    /// Checks the change of a field that cannot be null.
    pub(crate) fn patch_required<T>(
        &mut self,
        field: &str,
        value: &mut Patch<T>,
        rule: impl FnOnce(&mut Self, &mut T),
    ) {
        match value {
            Patch::Keep => {}
            Patch::Clear => self.required(field),
            Patch::Set(value) => rule(self, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NewCustomer;

    #[test]
    fn what_could_not_be_read_comes_first_in_its_row_and_nothing_more_is_said_of_it() {
        let noted = |field: &str| Violation::new(field, ViolationCode::InvalidType, "must be a text");
        let fields = |error: Error| {
            let fields = error.violations().iter().map(|violation| violation.field.clone());
            fields.collect::<Vec<_>>()
        };
        let rows = || Valid::all([NewCustomer::new(""), NewCustomer::new("Acme"), NewCustomer::new(" ")]);
        let error =
            beside(vec![noted("[1].phone"), noted("[2].name"), noted("[2].email")], rows()).unwrap_err();
        assert_eq!(fields(error), ["[0].name", "[1].phone", "[2].name", "[2].email"]);
        assert_eq!(
            fields(beside(vec![noted("name")], NewCustomer::new("").validate()).unwrap_err()),
            ["name"]
        );
        assert!(beside(Vec::new(), NewCustomer::new("Acme").validate()).is_ok());
        assert_eq!(fields(beside(vec![noted("[0]"), noted("[2]")], rows()).unwrap_err()), ["[0]", "[2]"]);
        let many = (0..=MAX_VIOLATIONS).map(|n| noted(&format!("[{n}].name"))).collect();
        assert_eq!(beside(many, Ok(())).unwrap_err().violations().len(), MAX_VIOLATIONS);
    }
}
