//! Ranges of moments and days, and what a filter asks of a single value.

use chrono::{DateTime, NaiveDate, Utc};

use crate::stored_text;

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

/// Cuts a moment to whole milliseconds, as every stored one is.
pub(crate) fn whole_millis(moment: DateTime<Utc>) -> DateTime<Utc> {
    // By way of the number, which also carries a leap second over into the next.
    DateTime::from_timestamp_millis(moment.timestamp_millis()).unwrap_or(moment)
}
