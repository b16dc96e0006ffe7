//! A statement under construction: its text, always from this crate's own constants, and its parameters.

use std::collections::BTreeSet;
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
    /// Whether the statement has no name on the server, because it will not come again, or because the best way to run it
    /// depends on its values: of a named statement the server soon keeps one plan for all values.
    pub(crate) passing: bool,
    /// The columns of which a condition may lead the page.
    pub(crate) leading: &'static [&'static str],
    /// The condition that leads the page.
    pub(crate) lead: Option<Lead>,
    /// Whether there is a full-text condition. See [`text`](Self::text).
    pub(crate) searches: bool,
    /// How many conditions there are.
    pub(crate) conditions: usize,
}

/// Is the condition by which a page finds its rows: there is an index of its column together with the order of the page.
/// Written as an equation, the planner would drop the column from the order and might then walk the whole table in the
/// order alone, looking for the few rows that fit. So it is kept back for [`arrange`](crate::table::arrange).
#[derive(Clone, Debug)]
pub(crate) enum Lead {
    /// The column has the value that is written so.
    One(&'static str, String),
    /// The column is null.
    Null(&'static str),
    /// The column has one of the values in the array that is written so; none of them repeats.
    Any(&'static str, String),
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

    /// Adds ` and column = …` for any of the ids.
    pub(crate) fn any_id<I: Id>(&mut self, column: &'static str, ids: Option<&Vec<I>>) -> &mut Self {
        let ids = ids.map(|ids| ids.iter().map(|&id| id.into()).collect::<BTreeSet<i64>>());
        let ids = ids.map(Vec::from_iter);
        match ids.as_deref() {
            None => self,
            Some([id]) => self.equals(column, |sql| sql.bind(*id)),
            Some(ids) => self.equals_any(column, |sql| sql.bind(ids)),
        }
    }

    /// Adds ` and column = …` for any of the texts.
    pub(crate) fn any_text(&mut self, column: &'static str, texts: Option<&Vec<String>>) -> &mut Self {
        let texts = texts.map(|texts| Vec::from_iter(BTreeSet::from_iter(storable(texts))));
        match texts.as_deref() {
            None => self,
            Some([text]) => self.equals(column, |sql| sql.bind(*text)),
            Some(texts) => self.equals_any(column, |sql| sql.bind(texts)),
        }
    }

    /// Adds the condition that an array has any of the texts.
    pub(crate) fn has_any(&mut self, column: &str, texts: Option<&Vec<String>>) -> &mut Self {
        self.compare(column, "&&", texts.map(|texts| storable(texts)))
    }

    /// Adds the condition that an array has all of the texts.
    pub(crate) fn has_all(&mut self, column: &str, texts: Option<&Vec<String>>) -> &mut Self {
        let Some(texts) = texts else { return self };
        let possible = storable(texts);
        if possible.len() < texts.len() {
            return self.push(" and false");
        }
        self.compare(column, "@>", Some(possible))
    }

    /// Adds ` and column = …` for any of the labels of an enum type.
    pub(crate) fn any_label<L: ToString>(
        &mut self,
        column: &'static str,
        enum_type: &str,
        labels: Option<&Vec<L>>,
    ) -> &mut Self {
        let labels = labels.map(|labels| labels.iter().map(L::to_string).collect::<BTreeSet<_>>());
        let labels = labels.map(Vec::from_iter);
        match labels.as_deref() {
            None => self,
            Some([label]) => self.equals(column, |sql| sql.label(label, enum_type)),
            Some(labels) => {
                self.equals_any(column, |sql| sql.bind(labels).push("::text[]::").push(enum_type).push("[]"))
            }
        }
    }

    /// Adds the condition on who a lead or a task is assigned to.
    pub(crate) fn assigned(&mut self, assignee: Option<&Assignee>) -> &mut Self {
        const COLUMN: &str = "t.assigned_to";
        match assignee {
            None => self,
            Some(Assignee::AnyOf(users)) => self.any_id(COLUMN, Some(users)),
            Some(Assignee::Unassigned) => {
                if self.counts().takes_lead(COLUMN) {
                    self.lead = Some(Lead::Null(COLUMN));
                    return self;
                }
                self.push(" and ").push(COLUMN).push(" is null")
            }
        }
    }

    fn equals(&mut self, column: &'static str, value: impl FnOnce(&mut Self) -> &mut Self) -> &mut Self {
        if self.counts().takes_lead(column) {
            self.lead = Some(Lead::One(column, self.aside(value)));
            return self;
        }
        self.push(" and ").push(column).push(" = ");
        value(self)
    }

    fn equals_any(&mut self, column: &'static str, values: impl FnOnce(&mut Self) -> &mut Self) -> &mut Self {
        if self.counts().lead.is_none() && self.leading.contains(&column) {
            self.lead = Some(Lead::Any(column, self.aside(values)));
            return self;
        }
        self.push(" and ").push(column).push(" = any(");
        values(self).push(")")
    }

    /// Tells whether the column leads from now on; one value leads better than several.
    fn takes_lead(&mut self, column: &str) -> bool {
        let leads =
            self.leading.contains(&column) && !matches!(self.lead, Some(Lead::One(..) | Lead::Null(_)));
        if leads {
            self.follow();
        }
        leads
    }

    /// Writes the condition that was to lead as any other.
    pub(crate) fn follow(&mut self) -> &mut Self {
        match self.lead.take() {
            Some(Lead::One(column, value)) => self.push(&format!(" and {column} = {value}")),
            Some(Lead::Null(column)) => self.push(&format!(" and {column} is null")),
            Some(Lead::Any(column, values)) => self.push(&format!(" and {column} = any({values})")),
            None => self,
        }
    }

    /// Returns the column and its several values where they are the only condition. With another one it depends on the
    /// values whether it pays to look for each of them.
    pub(crate) fn take_any(&mut self) -> Option<(&'static str, String)> {
        let any = self.lead.take_if(|lead| matches!(lead, Lead::Any(..)));
        match any {
            Some(Lead::Any(column, values)) if self.conditions == 1 => return Some((column, values)),
            Some(_) => {
                self.lead = any;
                self.follow();
            }
            None => {}
        }
        None
    }

    /// Counts a condition. With two of them which one is better served by its index depends on the values.
    fn counts(&mut self) -> &mut Self {
        self.conditions += 1;
        self.passing |= self.conditions > 1;
        self
    }

    /// Counts a condition that a few rows fulfil, or most, depending on the values.
    fn depends(&mut self) -> &mut Self {
        self.passing = true;
        self.counts()
    }

    /// Writes something that is to stand elsewhere.
    pub(crate) fn aside(&mut self, write: impl FnOnce(&mut Self) -> &mut Self) -> String {
        let begin = self.text.len();
        write(self);
        self.text.split_off(begin)
    }

    /// Adds a condition of a value, such as ` and column @> …`.
    pub(crate) fn compare<'t, T: Encode<'t, Postgres> + Type<Postgres>>(
        &mut self,
        column: &str,
        operator: &str,
        value: Option<T>,
    ) -> &mut Self {
        let Some(value) = value else { return self };
        self.depends().push(" and ").push(column).push(" ").push(operator).push(" ").bind(value)
    }

    /// Adds ` and since <= column and column < until`.
    pub(crate) fn moments(&mut self, column: &str, range: &Range<DateTime<Utc>>) -> &mut Self {
        self.compare(column, ">=", range.since.map(clamp_moment)).compare(
            column,
            "<",
            range.until.map(clamp_moment),
        )
    }

    /// Adds ` and since <= column and column <= until`.
    pub(crate) fn days(&mut self, column: &str, range: Range<NaiveDate>) -> &mut Self {
        self.compare(column, ">=", range.since.map(clamp_day)).compare(
            column,
            "<=",
            range.until.map(clamp_day),
        )
    }

    /// Adds the full-text condition over `words`, the expression of the table's index.
    ///
    /// For the planner the beginning of a word is in at least one row of fifty, however rare it is, so that it would
    /// rather walk the table in the order of the list until it has met a page of them. It is kept from that in two ways:
    /// the subselect hides the words, of which it then expects few, and the statement has to collect the rows before it
    /// puts them in order.
    pub(crate) fn text(&mut self, words: &str, text: Option<&crm_core::SearchText>) -> &mut Self {
        let Some(text) = text else { return self };
        // The words hold no quote, backslash or colon: all of ASCII but letters and digits separates words.
        let query: Vec<_> = text.words().iter().map(|word| format!("'{word}':*")).collect();
        self.searches = true;
        self.depends()
            .push(" and ")
            .push(words)
            .push(" @@ (select ")
            .bind(query.join(" & "))
            .push("::text::tsquery)")
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
