//! From an operation's name to the call, and from what it returns to a case's value.

use crm_core::calls::{AnyCall, Call, Gives, Input, Returns, Serves, begin};
use crm_core::{Error, Order, Repositories, Stored};
use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;

use super::inputs::{Args, Json, Outcome, Refused, rows};
use super::values::shown;

/// Calls an operation.
pub(super) async fn call(crm: &dyn Repositories, op: &str, args: Value) -> Outcome<Value> {
    let begun = begin(op, Args::new(args))?;
    Ok(shown(begun(crm).await?))
}

/// A call that was begun: what is done with the repositories.
type Begun = Box<dyn for<'r> FnOnce(&'r dyn Repositories) -> BoxFuture<'r, Result<Value, Error>>>;

impl Call for Args {
    type Error = Refused;
    /// Arguments have names, and so are those of all objects together.
    type Object = Self;
    type Begun = Begun;

    fn input(&mut self, _: &'static str) -> Self {
        self.clone()
    }

    fn options(&mut self, _: &'static str) -> Self {
        self.clone()
    }

    fn also(&mut self, _: Self) {}

    fn finish<T>(&mut self, checked: Result<T, Error>) -> Outcome<T> {
        Self::finish(self, checked)
    }

    fn unknown(&self, operation: &str) -> Refused {
        Refused::Unsayable(format!("there is no {operation}"))
    }
}

impl<T: Json> Gives<T> for Args {
    fn optional(&mut self, name: &'static str) -> Outcome<Option<T>> {
        Self::optional(self, name)
    }

    fn required(&mut self, name: &'static str, instead: T) -> Outcome<T> {
        let read = self.remove(name).unwrap_or_else(|| panic!("{name} is missing"));
        Ok(self.read(name, read)?.unwrap_or(instead))
    }
}

impl<T: Serialize + 'static> Returns<T> for Args {
    fn begin(
        self,
        work: impl for<'r> FnOnce(&'r dyn Repositories) -> BoxFuture<'r, Result<T, Error>> + Send + 'static,
    ) -> Outcome<Begun> {
        Ok(Box::new(move |crm| {
            let work = work(crm);
            Box::pin(async move { Ok(serde_json::to_value(work.await?).unwrap()) })
        }))
    }
}

impl<E: Stored + Input + Serialize> Serves<E> for Args
where
    E::Id: Serialize,
{
    fn create_many(mut self) -> Outcome<Begun> {
        let given = Gives::<Vec<Value>>::required(&mut self, "rows", Vec::new())?;
        let rows = rows::<E>(given)?;
        Call::finish(&mut self, Ok(()))?;
        self.begin(move |crm| E::repository(crm).create_many(rows))
    }

    fn get_many(self, ids: Vec<E::Id>) -> Outcome<Begun> {
        self.begin(move |crm| Box::pin(async move { E::repository(crm).get_many(&ids).await }))
    }

    fn stream(self, filter: E::Filter, order: Order<E::OrderBy>) -> Outcome<Begun> {
        self.begin(move |crm| Box::pin(E::repository(crm).stream(filter, order).try_collect::<Vec<_>>()))
    }
}

impl AnyCall for Args {}

/// Returns what an error tells, in the words of the cases.
pub(super) fn told(error: &Error) -> Value {
    let (code, status, retryable) = (error.code(), error.status(), error.retryable());
    let mut told = serde_json::json!({"code": code, "status": status, "retryable": retryable});
    if let Some(field) = error.field() {
        told["field"] = field.into();
    }
    match error {
        Error::Validation(violations) => {
            let pair = |violation: &crm_core::Violation| {
                Value::from(vec![violation.field.as_str(), violation.code.as_str()])
            };
            told["violations"] = violations.iter().map(pair).collect();
        }
        Error::NotFound { entity, id } => {
            told["entity"] = entity.as_str().into();
            told["id"] = (*id).into();
        }
        Error::StaleVersion { current_version, .. } => told["current_version"] = (*current_version).into(),
        Error::PermissionDenied { reason, .. } => told["reason"] = reason.as_str().into(),
        _ => {}
    }
    told
}
