//! The conditions of a filter, each by itself until it is known which of them leads the page.

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{Assignee, DayRange, Email, Id, Range, SearchText, pairs, stored_text};
use sqlx::{Encode, Postgres, Type};

use crate::sql::Sql;

/// The expression of `idx_users_email` and `idx_customers_email`.
pub(crate) const FOLDED_EMAIL: &str = r#"lower(t.email collate "C")"#;

/// Is one condition. The values are parameters already; the texts say where.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// The column has the value that is written so.
    Is(&'static str, String),
    /// The column is null.
    IsNull(&'static str),
    /// The column has one of the values in the array that is written so; none of them repeats.
    IsAny(&'static str, String),
    /// A few rows fulfil it, or most, depending on the values.
    Depends(String),
    /// The row has the words searched for.
    Searches(String),
    /// It comes from the list itself, not from the filter.
    Fixed(String),
}

impl Condition {
    /// Writes the condition as SQL.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Is(column, value) => format!("{column} = {value}"),
            Self::IsNull(column) => format!("{column} is null"),
            Self::IsAny(column, values) => format!("{column} = any({values})"),
            Self::Depends(text) | Self::Searches(text) | Self::Fixed(text) => text.clone(),
        }
    }
}

/// Collects the conditions of a filter, while their values go into the statement.
pub(crate) struct Conditions<'s> {
    sql: &'s mut Sql,
    pub(crate) all: Vec<Condition>,
}

impl<'s> Conditions<'s> {
    pub(crate) const fn new(sql: &'s mut Sql) -> Self {
        Self { sql, all: Vec::new() }
    }

    fn add(&mut self, condition: Condition) -> &mut Self {
        self.all.push(condition);
        self
    }

    /// Takes one value as an equation, and any other number of them as an array.
    fn any_of<T: Ord>(
        &mut self,
        column: &'static str,
        values: Option<BTreeSet<T>>,
        array_type: &str,
        one: impl for<'q> FnOnce(&'q mut Sql, T) -> &'q mut Sql,
    ) -> &mut Self
    where
        Vec<T>: for<'t> Encode<'t, Postgres> + Type<Postgres>,
    {
        let Some(mut values) = values else { return self };
        let condition = match values.pop_first() {
            Some(value) if values.is_empty() => Condition::Is(column, self.sql.aside(|sql| one(sql, value))),
            first => {
                let values: Vec<T> = first.into_iter().chain(values).collect();
                Condition::IsAny(column, self.sql.aside(|sql| sql.bind(values).push(array_type)))
            }
        };
        self.add(condition)
    }

    /// Adds the condition that the column has any of the ids.
    pub(crate) fn any_id<I: Id>(&mut self, column: &'static str, ids: Option<&Vec<I>>) -> &mut Self {
        let ids = ids.map(|ids| ids.iter().map(|&id| id.into()).collect::<BTreeSet<i64>>());
        self.any_of(column, ids, "", |sql, id| sql.bind(id))
    }

    /// Adds the condition that the column has any of the texts, as given or as validation stores them.
    pub(crate) fn any_text(&mut self, column: &'static str, texts: Option<&Vec<String>>) -> &mut Self {
        let texts = texts.map(|texts| storable(texts, stored_text).collect());
        self.any_of(column, texts, "", |sql, text: String| sql.bind(text))
    }

    /// Adds the condition on [`FOLDED_EMAIL`] that the row has any of the emails, without regard to ASCII case.
    pub(crate) fn any_email(&mut self, emails: Option<&Vec<String>>) -> &mut Self {
        let folded = |email: String| email.to_ascii_lowercase();
        let emails = emails.map(|emails| storable(emails, Email::stored_form).map(folded).collect());
        self.any_of(FOLDED_EMAIL, emails, "", |sql, email: String| sql.bind(email))
    }

    /// Adds the condition that the column has any of the labels of an enum type.
    pub(crate) fn any_label<L: ToString>(
        &mut self,
        column: &'static str,
        enum_type: &str,
        labels: Option<&Vec<L>>,
    ) -> &mut Self {
        let labels = labels.map(|labels| labels.iter().map(L::to_string).collect());
        let array_type = format!("::text[]::{enum_type}[]");
        self.any_of(column, labels, &array_type, |sql, label: String| sql.label(&label, enum_type))
    }

    /// Adds the condition on who a lead or a task is assigned to.
    pub(crate) fn assigned(&mut self, assignee: Option<&Assignee>) -> &mut Self {
        const COLUMN: &str = "t.assigned_to";
        match assignee {
            None => self,
            Some(Assignee::AnyOf(users)) => self.any_id(COLUMN, Some(users)),
            Some(Assignee::Unassigned) => self.add(Condition::IsNull(COLUMN)),
        }
    }

    /// Adds the condition that an array has any of the texts, as given or as validation stores them.
    pub(crate) fn has_any(&mut self, column: &str, texts: Option<&Vec<String>>) -> &mut Self {
        self.compare(column, "&&", texts.map(|texts| storable(texts, stored_text).collect::<Vec<_>>()))
    }

    /// Adds the condition that an array has all of the texts, each as given or as validation stores it.
    pub(crate) fn has_all(&mut self, column: &str, texts: Option<&Vec<String>>) -> &mut Self {
        let Some(texts) = texts else { return self };
        let mut needed = Vec::with_capacity(texts.len());
        for text in texts {
            let forms: Vec<String> = storable([text], stored_text).collect();
            match <[String; 1]>::try_from(forms) {
                Ok([form]) => needed.push(form),
                Err(none) if none.is_empty() => return self.add(Condition::Fixed("false".to_owned())),
                Err(forms) => {
                    self.compare(column, "&&", Some(forms));
                }
            }
        }
        self.compare(column, "@>", Some(needed))
    }

    /// Adds a comparison with a value, such as `column @> …`.
    pub(crate) fn compare<'t, T: Encode<'t, Postgres> + Type<Postgres>>(
        &mut self,
        column: &str,
        operator: &str,
        value: Option<T>,
    ) -> &mut Self {
        let Some(value) = value else { return self };
        let value = self.sql.aside(|sql| sql.bind(value));
        self.add(Condition::Depends(format!("{column} {operator} {value}")))
    }

    /// Adds the condition that since ≤ column < until.
    pub(crate) fn moments(&mut self, column: &str, range: &Range<DateTime<Utc>>) -> &mut Self {
        let Range { since, until } = range.in_millis();
        self.compare(column, ">=", since.map(clamp_moment));
        self.compare(column, "<", until.map(clamp_moment))
    }

    /// Adds the condition that since ≤ column ≤ until.
    pub(crate) fn days(&mut self, column: &str, range: DayRange) -> &mut Self {
        self.compare(column, ">=", range.since.map(clamp_day));
        self.compare(column, "<=", range.until.map(clamp_day))
    }

    /// Adds the full-text condition over `words`, the expression of the table's index.
    ///
    /// The planner takes the beginning of a word to be in at least one row of fifty, however rare it is, and would rather
    /// walk the table in the order of the list until it has met a page of them. The subselect hides the words from it.
    pub(crate) fn text(&mut self, words: &str, text: Option<&SearchText>) -> &mut Self {
        let Some(text) = text else { return self };
        // The words hold no quote, backslash or colon: all of ASCII but letters and digits separates words.
        // Whole pairs, so that the index can begin with the rarest of them.
        let term = |word: &String| match pairs(word) {
            Some(pairs) => {
                format!("({})", pairs.map(|pair| format!("'{pair}'")).collect::<Vec<_>>().join(" & "))
            }
            None => format!("'{word}':*"),
        };
        let query: Vec<_> = text.words().iter().map(term).collect();
        let query = self.sql.aside(|sql| sql.bind(query.join(" & ")));
        self.add(Condition::Searches(format!("{words} @@ (select {query}::text::tsquery)")))
    }
}

/// Returns each text as given and, where that differs, in the form in which validation stores it. A text with a NUL is
/// left out: PostgreSQL cannot hold it and would refuse even to compare with it.
fn storable<'t>(
    texts: impl IntoIterator<Item = &'t String>,
    stored: impl Fn(&str) -> Cow<'_, str>,
) -> impl Iterator<Item = String> {
    let forms = move |given: &String| {
        let stored = stored(given).into_owned();
        let other = (stored != *given).then_some(stored);
        std::iter::once(given.clone()).chain(other)
    };
    texts.into_iter().filter(|text| !text.contains('\0')).flat_map(forms)
}

/// Brings a moment into the years that PostgreSQL knows; nothing stored lies beyond them.
fn clamp_moment(moment: DateTime<Utc>) -> DateTime<Utc> {
    let day = moment.date_naive();
    let clamped = clamp_day(day);
    if day == clamped { moment } else { clamped.and_time(moment.time()).and_utc() }
}

/// Brings a day into the years that PostgreSQL knows; nothing stored lies beyond them.
pub(crate) fn clamp_day(day: NaiveDate) -> NaiveDate {
    let bound = |year| NaiveDate::from_ymd_opt(year, 1, 1).expect("a year of four digits has a first day");
    day.clamp(bound(-4000), bound(10_001))
}
