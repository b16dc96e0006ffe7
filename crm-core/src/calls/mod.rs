//! What the bindings share: how inputs are read from the values of another language, and how operations are
//! called by their names.
//!
//! The keywords of a Python call, an object of JavaScript and the JSON of a contract case are each a [`Source`]. One
//! reader, [`Input`], takes the inputs of every entity from any of them. `cargo xtask generate` writes the readers from
//! the inputs' own fields.

mod generated;
mod operations;

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    Assignee, Credential, DayRange, Entity, Password, PasswordHash, Patch, Range, Result, UserId,
    ViolationCode,
};

pub use generated::Source;
pub use operations::{AnyCall, Call, Gives, Options, Returns, Serves, begin};

/// The fields of an input as a caller gave them.
///
/// A value that breaks a rule is noted. From then on the field counts as left out, so that the other fields are read
/// and all violations are reported together.
pub trait Fields {
    /// The error that ends the reading at once, such as Python's `TypeError`.
    type Error;

    /// Spells a field's name as the caller's language does.
    fn spelt(&self, name: &'static str) -> Cow<'static, str>;

    /// Notes that a field breaks a rule.
    fn note(&self, name: &'static str, code: ViolationCode, message: &str);

    /// Tells whether a violation of the field was noted.
    fn refused(&self, name: &'static str) -> bool;
}

/// Fields of which some hold values of the type `T`.
pub trait Takes<T>: Fields {
    /// Takes a field that may be left out or null. In a batch an empty cell is left out too.
    fn optional(&self, name: &'static str) -> Result<Option<T>, Self::Error>;

    /// Takes a change: a field left out stays, null clears it.
    fn patch(&self, name: &'static str) -> Result<Patch<T>, Self::Error>;

    /// Takes a condition of a filter.
    fn condition(&self, name: &'static str) -> Result<Option<T>, Self::Error>;

    /// Takes a condition of a filter that is one value or any of several.
    fn any_of(&self, name: &'static str) -> Result<Option<Vec<T>>, Self::Error>;

    /// Takes a field with a default. Whether the default is valid is for validation to say.
    fn or_default(&self, name: &'static str) -> Result<T, Self::Error>
    where
        T: Default,
    {
        self.optional(name).map(Option::unwrap_or_default)
    }

    /// Takes a field that must be given. Without one it notes `required` and returns `instead`, which nobody gets to
    /// see because the input is refused.
    fn required(&self, name: &'static str, instead: T) -> Result<T, Self::Error> {
        let value = self.optional(name)?;
        if value.is_none() && !self.refused(name) {
            self.note(name, ViolationCode::Required, "must have a value");
        }
        Ok(value.unwrap_or(instead))
    }
}

/// An entity whose inputs can be read from another language.
pub trait Input: Entity {
    /// Reads a new row.
    ///
    /// # Errors
    /// Those of the source.
    fn new_row<S: Source>(from: &S) -> Result<Self::New, S::Error>;

    /// Reads a change.
    ///
    /// # Errors
    /// Those of the source.
    fn patch_row<S: Source>(from: &S) -> Result<Self::Patch, S::Error>;

    /// Reads a filter.
    ///
    /// # Errors
    /// Those of the source.
    fn filter<S: Source>(from: &S) -> Result<Self::Filter, S::Error>;
}

/// Takes the two ends of a range of moments.
fn moments<S: Takes<DateTime<Utc>>>(
    from: &S,
    since: &'static str,
    until: &'static str,
) -> Result<Range<DateTime<Utc>>, S::Error> {
    Ok(Range { since: from.condition(since)?, until: from.condition(until)? })
}

/// Takes the two ends of a range of days.
fn days<S: Takes<NaiveDate>>(
    from: &S,
    since: &'static str,
    until: &'static str,
) -> Result<DayRange, S::Error> {
    Ok(DayRange { since: from.condition(since)?, until: from.condition(until)? })
}

/// Takes a filter on who works on a lead or a task: some users, or `unassigned`.
fn assignee<S: Takes<UserId> + Takes<bool>>(
    from: &S,
    name: &'static str,
) -> Result<Option<Assignee>, S::Error> {
    let users: Option<Vec<UserId>> = from.any_of(name)?;
    let unassigned: Option<bool> = from.condition("unassigned")?;
    match (users, unassigned.unwrap_or_default()) {
        (None, false) => Ok(None),
        (None, true) => Ok(Some(Assignee::Unassigned)),
        (Some(users), false) => Ok(Some(Assignee::AnyOf(users))),
        (Some(_), true) => {
            let message = format!("must not be given beside {}", from.spelt(name));
            from.note("unassigned", ViolationCode::InvalidChoice, &message);
            Ok(None)
        }
    }
}

/// Takes the credential of a new user: one of `password` and `password_hash`.
fn credential<S: Takes<String>>(from: &S) -> Result<Credential, S::Error> {
    const PASSWORD: &str = "password";
    const HASH: &str = "password_hash";
    Ok(match (from.optional(PASSWORD)?, from.optional(HASH)?) {
        (Some(password), None) => Credential::Password(Password::new(password)),
        (None, Some(hash)) => Credential::Hash(PasswordHash::new(hash)),
        (Some(password), Some(_)) => {
            from.note(HASH, ViolationCode::InvalidChoice, "must not be given beside password");
            Credential::Password(Password::new(password))
        }
        (None, None) => {
            if !from.refused(PASSWORD) && !from.refused(HASH) {
                let message = format!("must have a value, or {}", from.spelt(HASH));
                from.note(PASSWORD, ViolationCode::Required, &message);
            }
            // A valid one, about which validation has nothing to add.
            Credential::Password(Password::new("the input is refused"))
        }
    })
}

/// A text that is only compared, such as a password to log in with. `None` is a text that equals no other because it
/// holds a lone surrogate.
pub struct Compared(pub Option<String>);

/// An email that no user has, because PostgreSQL stores no NUL.
const NOBODY: &str = "\0";

impl Compared {
    /// Returns an email to look up.
    #[must_use]
    pub fn email(self) -> String {
        self.0.unwrap_or_else(|| NOBODY.to_owned())
    }

    /// Returns a password to compare. In place of a text that equals no other it is a random one.
    ///
    /// # Errors
    /// `internal` when the system has no random numbers.
    pub fn password(self) -> Result<Password> {
        self.0.map_or_else(Password::random, |text| Ok(Password::new(text)))
    }
}
