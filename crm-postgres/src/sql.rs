//! A statement under construction: its text, always from this crate's own constants, and its parameters.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{Assignee, Id, Patch, Range};
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments as _, Encode, Postgres, Type};

/// Is a statement with its parameters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) arguments: PgArguments,
    /// Whether the statement is not worth a name on the server, because it will not come again.
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

    /// Adds ` and column = …` for any of the ids; a single one is an equation, which keeps an index's order.
    pub(crate) fn any_id<I: Id>(&mut self, column: &str, ids: Option<&Vec<I>>) -> &mut Self {
        let ids = ids.map(|ids| ids.iter().map(|&id| id.into()).collect::<Vec<i64>>());
        match ids.as_deref() {
            None => self,
            Some([id]) => self.push(" and ").push(column).push(" = ").bind(*id),
            Some(ids) => self.push(" and ").push(column).push(" = any(").bind(ids).push(")"),
        }
    }

    /// Adds ` and column = …` for any of the texts.
    pub(crate) fn any_text(&mut self, column: &str, texts: Option<&Vec<String>>) -> &mut Self {
        match texts.map(|texts| storable(texts)).as_deref() {
            None => self,
            Some([text]) => self.push(" and ").push(column).push(" = ").bind(*text),
            Some(texts) => self.push(" and ").push(column).push(" = any(").bind(texts).push(")"),
        }
    }

    /// Adds the condition that an array has any of the texts.
    pub(crate) fn has_any(&mut self, column: &str, texts: Option<&Vec<String>>) -> &mut Self {
        let Some(texts) = texts else { return self };
        self.push(" and ").push(column).push(" && ").bind(storable(texts))
    }

    /// Adds the condition that an array has all of the texts.
    pub(crate) fn has_all(&mut self, column: &str, texts: Option<&Vec<String>>) -> &mut Self {
        let Some(texts) = texts else { return self };
        let possible = storable(texts);
        if possible.len() < texts.len() {
            return self.push(" and false");
        }
        self.push(" and ").push(column).push(" @> ").bind(possible)
    }

    /// Adds ` and column = …` for any of the labels of an enum type.
    pub(crate) fn any_label<L: ToString>(
        &mut self,
        column: &str,
        enum_type: &str,
        labels: Option<&Vec<L>>,
    ) -> &mut Self {
        let labels = labels.map(|labels| labels.iter().map(L::to_string).collect::<Vec<_>>());
        match labels.as_deref() {
            None => self,
            Some([label]) => self.push(" and ").push(column).push(" = ").label(label, enum_type),
            Some(labels) => {
                self.push(" and ").push(column).push(" = any(").bind(labels);
                self.push("::text[]::").push(enum_type).push("[])")
            }
        }
    }

    /// Adds the condition on who a lead or a task is assigned to.
    pub(crate) fn assigned(&mut self, assignee: Option<&Assignee>) -> &mut Self {
        match assignee {
            None => self,
            Some(Assignee::AnyOf(users)) => self.any_id("t.assigned_to", Some(users)),
            Some(Assignee::Unassigned) => self.push(" and t.assigned_to is null"),
        }
    }

    /// Adds ` and since <= column and column < until`.
    pub(crate) fn moments(&mut self, column: &str, range: &Range<DateTime<Utc>>) -> &mut Self {
        if let Some(since) = range.since {
            self.push(" and ").push(column).push(" >= ").bind(clamp_moment(since));
        }
        if let Some(until) = range.until {
            self.push(" and ").push(column).push(" < ").bind(clamp_moment(until));
        }
        self
    }

    /// Adds ` and since <= column and column <= until`.
    pub(crate) fn days(&mut self, column: &str, range: Range<NaiveDate>) -> &mut Self {
        if let Some(since) = range.since {
            self.push(" and ").push(column).push(" >= ").bind(clamp_day(since));
        }
        if let Some(until) = range.until {
            self.push(" and ").push(column).push(" <= ").bind(clamp_day(until));
        }
        self
    }

    /// Adds the full-text condition over `words`, the expression of the table's index.
    pub(crate) fn text(&mut self, words: &str, text: Option<&crm_core::SearchText>) -> &mut Self {
        let Some(text) = text else { return self };
        // The words hold no quote, backslash or colon: all of ASCII but letters and digits separates words.
        let query: Vec<_> = text.words().iter().map(|word| format!("'{word}':*")).collect();
        self.push(" and ").push(words).push(" @@ ").bind(query.join(" & ")).push("::text::tsquery")
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

/// Leaves out the texts with a NUL, which PostgreSQL cannot hold and would refuse even to compare with.
fn storable(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).filter(|text| !text.contains('\0')).collect()
}

/// Brings a moment into the years that PostgreSQL knows; nothing stored lies beyond them.
pub(crate) fn clamp_moment(moment: DateTime<Utc>) -> DateTime<Utc> {
    let day = moment.date_naive();
    let clamped = clamp_day(day);
    if day == clamped { moment } else { clamped.and_time(moment.time()).and_utc() }
}

/// Brings a day into the years that PostgreSQL knows; nothing stored lies beyond them.
pub(crate) fn clamp_day(day: NaiveDate) -> NaiveDate {
    let bound = |year| NaiveDate::from_ymd_opt(year, 1, 1).expect("a year of four digits has a first day");
    day.clamp(bound(-4000), bound(10_001))
}
