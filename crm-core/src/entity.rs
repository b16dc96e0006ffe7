//! What the five entities have in common.

use std::fmt::Debug;

use chrono::{DateTime, NaiveDate, Utc};

use crate::label::labels;
use crate::page::{OrderBy, Position, SortKey};
use crate::validation::whole_millis;
use crate::{Id, Validate, stored_text};

labels! {
    /// Names an entity.
    pub enum EntityKind ("entity") {
        /// A [`User`](crate::User).
        User = "user",
        /// A [`Customer`](crate::Customer).
        Customer = "customer",
        /// A [`Lead`](crate::Lead).
        Lead = "lead",
        /// A [`Task`](crate::Task).
        Task = "task",
        /// An [`Interaction`](crate::Interaction).
        Interaction = "interaction",
    }
}

impl EntityKind {
    /// Returns the name of the table and of the list.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::User => "users",
            Self::Customer => "customers",
            Self::Lead => "leads",
            Self::Task => "tasks",
            Self::Interaction => "interactions",
        }
    }
}

/// Is a row of one of the five tables, with the types that belong to it.
pub trait Entity: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// Which entity this is.
    const KIND: EntityKind;
    /// Its key.
    type Id: Id;
    /// What creates one.
    type New: Validate + Clone + Debug + Send + Sync + 'static;
    /// What changes one.
    type Patch: Changes + Validate + Clone + Debug + Default + Send + Sync + 'static;
    /// What selects some.
    type Filter: Filter<Self> + Clone + Debug + Default + Send + Sync + 'static;
    /// What a list of them can be ordered by.
    type OrderBy: OrderBy;

    /// Returns the key.
    fn id(&self) -> Self::Id;

    /// Returns the version, which every change raises by one.
    fn version(&self) -> i64;

    /// Returns the value by which the row takes its place in an order.
    fn sort_key(&self, by: Self::OrderBy) -> SortKey;

    /// Names the field of an input that only the trusted system may give, where it is given.
    fn reserved(new: &Self::New) -> Option<&'static str>;

    /// Returns the row's place in an order.
    fn position(&self, by: Self::OrderBy) -> Position {
        Position { key: self.sort_key(by), id: self.id().into() }
    }
}

/// Is a set of changes.
pub trait Changes {
    /// Tells whether nothing is changed.
    fn is_empty(&self) -> bool;
}

/// Selects rows: all the conditions that are given must hold. The values are typed, not validated: no match is no error.
/// What was stored is found by what was given: a text matches as given and as validation would have stored it, and a
/// moment counts to the millisecond.
pub trait Filter<E> {
    /// Tells whether the filter selects the row. This is the meaning that every store has to give it.
    fn matches(&self, row: &E) -> bool;
}

/// Is a half-open range: `since` ≤ x < `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Range<T> {
    /// The first value inside.
    pub since: Option<T>,
    /// The first value outside.
    pub until: Option<T>,
}

impl<T> Default for Range<T> {
    fn default() -> Self {
        Self { since: None, until: None }
    }
}

impl Range<DateTime<Utc>> {
    /// Returns the range with both ends cut to whole milliseconds, as every stored moment is.
    #[must_use]
    pub fn in_millis(&self) -> Self {
        Self { since: self.since.map(whole_millis), until: self.until.map(whole_millis) }
    }

    /// Tells whether the moment is in the range, its end excluded. The ends count to the millisecond.
    #[must_use]
    pub fn holds(&self, moment: &DateTime<Utc>) -> bool {
        let Self { since, until } = self.in_millis();
        since.is_none_or(|since| since <= *moment) && until.is_none_or(|until| *moment < until)
    }
}

/// Is a range of days, both ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DayRange {
    /// The first day inside.
    pub since: Option<NaiveDate>,
    /// The last day inside.
    pub until: Option<NaiveDate>,
}

impl DayRange {
    /// Tells whether there is a day and it is in the range; an empty range holds no day as well.
    #[must_use]
    pub fn holds(&self, day: Option<NaiveDate>) -> bool {
        within(self.since, self.until, day)
    }
}

/// Tells whether there is a value and it is within the bounds, both included; without bounds null is too.
pub(crate) fn within<T: PartialOrd>(least: Option<T>, most: Option<T>, value: Option<T>) -> bool {
    match value {
        None => least.is_none() && most.is_none(),
        Some(value) => least.is_none_or(|least| least <= value) && most.is_none_or(|most| value <= most),
    }
}

/// Tells whether a list of choices allows the value; no list allows every value, an empty one allows none.
pub(crate) fn any_of<T: PartialEq>(choices: Option<&Vec<T>>, value: &T) -> bool {
    choices.is_none_or(|choices| choices.contains(value))
}

/// Does the same for a field that may be null, which no choice equals.
pub(crate) fn any_of_some<T: PartialEq>(choices: Option<&Vec<T>>, value: Option<&T>) -> bool {
    choices.is_none_or(|choices| value.is_some_and(|value| choices.contains(value)))
}

/// Tells whether a filter's text is the one that is stored: as given, or as validation would have stored it.
pub(crate) fn is_sought(given: &str, stored: &str) -> bool {
    given == stored || stored_text(given) == stored
}
