//! From a case's arguments to the domain's inputs, by the domain's own readers: serde's of the inputs, `FromStr` of labels, orders and
//! searches, `parse_money`.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Assignee, Credential, Customer, CustomerFilter, DayRange, Entity, Error, Id, Interaction,
    InteractionFilter, InteractionType, Lead, LeadFilter, NewUser, Password, PasswordHash, Priority, Range,
    Role, SearchText, Stage, Task, TaskFilter, TaskStatus, User, UserFilter, Valid, Validate, Violation,
    beside, parse_money,
};
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Is why a call fails.
pub(super) enum Refused {
    /// The library says so.
    ByLibrary(Error),
    /// The arguments cannot even be said: serde refuses them, or Rust has no type for them.
    Unsayable(String),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::ByLibrary(error)
    }
}

pub(super) type Outcome<T> = Result<T, Refused>;

/// Is the arguments of a call, or a row of them, from which one is taken after the other.
pub(super) struct Args {
    given: Map<String, Value>,
    /// The rules that were broken by what has been read.
    noted: Vec<Violation>,
}

impl Args {
    pub(super) fn new(given: Value) -> Self {
        let given = match given {
            Value::Object(given) => given,
            Value::Null => Map::new(),
            other => panic!("arguments are an object, not {other}"),
        };
        Self { given, noted: Vec::new() }
    }

    fn note(&mut self, field: &str, error: &Error) {
        self.noted.extend(
            error
                .violations()
                .iter()
                .map(|violation| Violation { field: field.to_owned(), ..violation.clone() }),
        );
    }

    /// Reads an argument that must be there.
    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Outcome<T> {
        let value = self.given.remove(name).unwrap_or_else(|| panic!("{name} is missing"));
        serde_json::from_value(value).map_err(|error| Refused::Unsayable(format!("{name}: {error}")))
    }

    /// Reads an argument that may be left out.
    pub(super) fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Outcome<Option<T>> {
        if self.given.get(name).is_none_or(Value::is_null) {
            self.given.remove(name);
            return Ok(None);
        }
        self.take(name).map(Some)
    }

    /// Reads what is written as a text; one that breaks a rule is noted.
    pub(super) fn parsed<T: FromStr<Err = Error>>(&mut self, name: &str) -> Outcome<Option<T>> {
        let text: Option<String> = self.optional(name)?;
        Ok(text.and_then(|text| text.parse().map_err(|error| self.note(name, &error)).ok()))
    }

    fn money(&mut self, name: &str) -> Outcome<Option<Decimal>> {
        let amount = match self.optional::<Value>(name)? {
            None => return Ok(None),
            Some(Value::String(text)) => parse_money(&text),
            Some(Value::Number(number)) if number.is_i64() => Ok(number.as_i64().unwrap().into()),
            Some(other) => return Err(Refused::Unsayable(format!("{name}: {other} is no amount"))),
        };
        Ok(amount.map_err(|error| self.note(name, &error)).ok())
    }

    /// Reads a filter's value: one or any of several.
    fn many(&mut self, name: &str) -> Outcome<Option<Vec<Value>>> {
        Ok(self.optional::<Value>(name)?.map(|value| match value {
            Value::Array(values) => values,
            one => vec![one],
        }))
    }

    pub(super) fn any_of<T: FromStr<Err = Error>>(&mut self, name: &str) -> Outcome<Option<Vec<T>>> {
        let is_list = self.given.get(name).is_some_and(Value::is_array);
        let Some(labels) = self.many(name)? else { return Ok(None) };
        let mut read = Vec::new();
        for (n, label) in labels.into_iter().enumerate() {
            let label = label.as_str().ok_or_else(|| Refused::Unsayable(format!("{name}: {label}")))?;
            match label.parse() {
                Ok(label) => read.push(label),
                Err(error) if is_list => self.note(&format!("{name}[{n}]"), &error),
                Err(error) => self.note(name, &error),
            }
        }
        Ok(Some(read))
    }

    fn texts(&mut self, name: &str) -> Outcome<Option<Vec<String>>> {
        let text = |value: Value| serde_json::from_value(value);
        let texts = self.many(name)?.map(|texts| texts.into_iter().map(text).collect());
        texts.transpose().map_err(|error: serde_json::Error| Refused::Unsayable(format!("{name}: {error}")))
    }

    fn ids<I: Id>(&mut self, name: &str) -> Outcome<Option<Vec<I>>> {
        let id = |value: Value| serde_json::from_value(value).map(|id: i64| I::from(id));
        let ids = self.many(name)?.map(|ids| ids.into_iter().map(id).collect());
        ids.transpose().map_err(|error: serde_json::Error| Refused::Unsayable(format!("{name}: {error}")))
    }

    fn moments(&mut self, name: &str) -> Outcome<Range<DateTime<Utc>>> {
        let [since, until] = [format!("{name}_since"), format!("{name}_until")];
        Ok(Range { since: self.optional(&since)?, until: self.optional(&until)? })
    }

    fn assignee(&mut self) -> Outcome<Option<Assignee>> {
        match (self.ids("assigned_to")?, self.optional("unassigned")?.unwrap_or(false)) {
            (None, false) => Ok(None),
            (None, true) => Ok(Some(Assignee::Unassigned)),
            (Some(users), false) => Ok(Some(Assignee::AnyOf(users))),
            (Some(_), true) => Err(Refused::Unsayable("assigned_to and unassigned".to_owned())),
        }
    }

    /// Reads all the rest as an input of the domain's.
    pub(super) fn input<T: Readable>(&mut self) -> Outcome<T> {
        macro_rules! labels {
            ($($name:literal: $label:ty, $instead:expr;)+) => {$(
                if self.given.get($name).is_some_and(Value::is_string) && self.parsed_of::<$label>($name)?.is_none() {
                    // Nothing more is said of a field that could not be read.
                    $instead.map(|instead: $label| self.given.insert($name.into(), instead.as_str().into()));
                }
            )+};
        }
        labels! {
            "role": Role, None;
            "stage": Stage, None;
            "status": TaskStatus, None;
            "priority": Priority, None;
            "type": InteractionType, Some(InteractionType::Note);
        }
        if self.given.get("value").is_some_and(Value::is_string) {
            let amount = self.money("value")?;
            amount.map(|amount| self.given.insert("value".into(), amount.to_string().into()));
        }
        T::from_fields(std::mem::take(&mut self.given))
    }

    /// Reads a label and leaves it where it is.
    fn parsed_of<T: FromStr<Err = Error>>(&mut self, name: &str) -> Outcome<Option<T>> {
        let value = self.given[name].clone();
        let label = self.parsed(name)?;
        if label.is_some() {
            self.given.insert(name.to_owned(), value);
        }
        Ok(label)
    }

    /// Ends the reading: refuses what nobody has asked for, what was noted, and what the check of the whole has found.
    pub(super) fn finish<T>(self, checked: Result<T, Error>) -> Outcome<T> {
        if let Some(name) = self.given.keys().next() {
            return Err(Refused::Unsayable(format!("{name} is not known")));
        }
        Ok(beside(self.noted, checked)?)
    }
}

/// Reads the rows of a batch.
pub(super) fn rows<T: Readable>(given: Vec<Value>) -> Outcome<Vec<Valid<T>>> {
    let (mut noted, mut read) = (Vec::new(), Vec::new());
    for (n, row) in given.into_iter().enumerate() {
        let mut args = Args::new(row);
        read.push(args.input::<T>()?);
        let of_row =
            |violation: Violation| Violation { field: format!("[{n}].{}", violation.field), ..violation };
        noted.extend(args.noted.into_iter().map(of_row));
    }
    Ok(beside(noted, Valid::all(read))?)
}

/// Is an input that can be read from fields.
pub(super) trait Readable: Validate {
    fn from_fields(fields: Map<String, Value>) -> Outcome<Self>;
}

fn by_serde<T: DeserializeOwned>(fields: Map<String, Value>) -> Outcome<T> {
    serde_json::from_value(Value::Object(fields)).map_err(|error| Refused::Unsayable(error.to_string()))
}

macro_rules! by_serde {
    ($($input:ident),+) => {$(
        impl Readable for crm_core::$input {
            fn from_fields(fields: Map<String, Value>) -> Outcome<Self> {
                by_serde(fields)
            }
        }
    )+};
}

by_serde!(
    NewCustomer,
    NewLead,
    NewTask,
    NewInteraction,
    UserPatch,
    CustomerPatch,
    LeadPatch,
    TaskPatch,
    InteractionPatch
);

impl Readable for NewUser {
    /// Does by hand what serde is not told, so that no password is read by accident.
    fn from_fields(fields: Map<String, Value>) -> Outcome<Self> {
        let mut args = Args::new(Value::Object(fields));
        let mut text = |name: &str| Ok::<_, Refused>(args.optional::<String>(name)?.unwrap_or_default());
        let (name, email) = (text("name")?, text("email")?);
        let credential =
            match (args.optional::<String>("password")?, args.optional::<String>("password_hash")?) {
                (Some(password), None) => Credential::Password(Password::new(password)),
                (None, Some(hash)) => Credential::Hash(PasswordHash::new(hash)),
                _ => return Err(Refused::Unsayable("one of password and password_hash".to_owned())),
            };
        let role = args.optional("role")?.unwrap_or_default();
        args.finish(Ok(Self { role, ..Self::new(name, email, credential) }))
    }
}

/// Is an entity whose filter can be read from arguments.
pub(super) trait Filtered: Entity {
    fn filter(args: &mut Args) -> Outcome<Self::Filter>;
}

impl Filtered for User {
    fn filter(args: &mut Args) -> Outcome<UserFilter> {
        Ok(UserFilter {
            ids: args.ids("ids")?,
            role: args.any_of("role")?,
            email: args.texts("email")?,
            created: args.moments("created")?,
            updated: args.moments("updated")?,
        })
    }
}

impl Filtered for Customer {
    fn filter(args: &mut Args) -> Outcome<CustomerFilter> {
        Ok(CustomerFilter {
            ids: args.ids("ids")?,
            tags_any: args.texts("tags_any")?,
            tags_all: args.texts("tags_all")?,
            company: args.texts("company")?,
            email: args.texts("email")?,
            text: args.parsed::<SearchText>("text")?,
            created: args.moments("created")?,
            updated: args.moments("updated")?,
        })
    }
}

impl Filtered for Lead {
    fn filter(args: &mut Args) -> Outcome<LeadFilter> {
        Ok(LeadFilter {
            ids: args.ids("ids")?,
            stage: args.any_of("stage")?,
            customer_id: args.ids("customer_id")?,
            assigned_to: args.assignee()?,
            min_value: args.money("min_value")?,
            max_value: args.money("max_value")?,
            text: args.parsed::<SearchText>("text")?,
            created: args.moments("created")?,
            updated: args.moments("updated")?,
        })
    }
}

impl Filtered for Task {
    fn filter(args: &mut Args) -> Outcome<TaskFilter> {
        let day = |args: &mut Args, name| args.optional::<NaiveDate>(name);
        Ok(TaskFilter {
            ids: args.ids("ids")?,
            status: args.any_of("status")?,
            priority: args.any_of("priority")?,
            assigned_to: args.assignee()?,
            customer_id: args.ids("customer_id")?,
            due: DayRange { since: day(args, "due_since")?, until: day(args, "due_until")? },
            text: args.parsed::<SearchText>("text")?,
            created: args.moments("created")?,
            updated: args.moments("updated")?,
        })
    }
}

impl Filtered for Interaction {
    fn filter(args: &mut Args) -> Outcome<InteractionFilter> {
        Ok(InteractionFilter {
            ids: args.ids("ids")?,
            customer_id: args.ids("customer_id")?,
            kind: args.any_of("type")?,
            created_by: args.ids("created_by")?,
            date: args.moments("date")?,
            text: args.parsed::<SearchText>("text")?,
            created: args.moments("created")?,
        })
    }
}
