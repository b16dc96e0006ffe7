//! Does the steps of a case on a store, and keeps what was called, from which the completeness of all cases is told.

use std::time::Duration;

use crm_core::{Error, Repositories, Role, Transaction, TrustedStore, UserId};
use serde_json::Value;

use super::calls::{call, told};
use super::cases::{Call, Case, Each, File, Step, Transaction as InTransaction};
use super::inputs::Refused;
use super::values::{Scope, brief, compare, resolve};

/// Is a call that was made and came out as expected.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) op: String,
    pub(super) args: Value,
    /// Who acted, and whether the row was that user's own.
    pub(super) actor: Option<(Role, bool)>,
    /// What came, or the error's details.
    pub(super) outcome: Result<Value, Value>,
    /// What was expected of it, null where nothing was.
    pub(super) expected: Value,
}

/// Does the cases of a file, one after the other.
pub(super) struct Runner<'a> {
    file: &'a File,
    scope: Scope,
    pub(super) events: Vec<Event>,
}

type Done = Result<(), String>;

impl<'a> Runner<'a> {
    pub(super) fn new(file: &'a File) -> Self {
        Self { file, scope: Scope::new(), events: Vec::new() }
    }

    /// Does a case on an empty store; says which step failed.
    pub(super) async fn run(&mut self, crm: &dyn TrustedStore, case: &Case) -> Done {
        self.scope.clear();
        self.steps(crm, &[], &case.steps, "").await
    }

    async fn steps(
        &mut self,
        crm: &dyn TrustedStore,
        txs: &[&dyn Transaction],
        steps: &[Step],
        place: &str,
    ) -> Done {
        for (n, step) in steps.iter().enumerate() {
            let place = format!("{place}step {n}");
            let done = match step {
                Step::Given(name) => {
                    let step =
                        self.file.given.get(name).ok_or_else(|| format!("nothing is given as {name}"))?;
                    let Step::Call(call) = step else { return Err(format!("{name} is no call")) };
                    self.call(crm, txs, &Call { name: Some(name.clone()), ..call.as_ref().clone() }).await
                }
                Step::Call(call) => self.call(crm, txs, call).await,
                Step::Each(each) => Box::pin(self.each(crm, txs, each, &place)).await,
                Step::Transaction(transaction) => {
                    Box::pin(self.transaction(crm, txs, transaction, &place)).await
                }
                Step::Pause(_) => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    Ok(())
                }
            };
            done.map_err(
                |error| if error.starts_with("step") { error } else { format!("{place}: {error}") },
            )?;
        }
        Ok(())
    }

    async fn each(
        &mut self,
        crm: &dyn TrustedStore,
        txs: &[&dyn Transaction],
        each: &Each,
        place: &str,
    ) -> Done {
        let (columns, rows) = each.each.split_first().ok_or("a table has columns")?;
        for row in rows {
            if row.len() != columns.len() {
                return Err(format!(
                    "{} has not as many values as columns",
                    brief(&Value::from(row.clone()))
                ));
            }
            for (column, value) in columns.iter().zip(row) {
                let value = resolve(value, &self.scope);
                self.scope.insert(column.as_str().ok_or("columns are names")?.to_owned(), value);
            }
            let place = format!("{place} {}, ", brief(&Value::from(row.clone())));
            self.steps(crm, txs, &each.steps, &place).await?;
        }
        Ok(())
    }

    async fn transaction(
        &mut self,
        crm: &dyn TrustedStore,
        txs: &[&dyn Transaction],
        transaction: &InTransaction,
        place: &str,
    ) -> Done {
        let actor = resolve(&transaction.acting_as, &self.scope);
        let expected = resolve(&transaction.error, &self.scope);
        let acting = actor.as_i64().map(|actor| crm.acting_as(UserId(actor)));
        let actor = match actor.as_i64() {
            Some(actor) => actor_of(crm, actor, "transaction.begin", &Value::Null).await,
            None => None,
        };
        let begun = match (&acting, txs.last()) {
            (_, Some(outer)) => outer.begin().await,
            (Some(acting), None) => acting.begin().await,
            (None, None) => crm.begin().await,
        };
        let (end, ended) = match begun {
            Err(error) => ("begin", Err(error)),
            Ok(tx) => {
                let inner = [txs, &[&*tx]].concat();
                self.steps(crm, &inner, &transaction.steps, &format!("{place}, ")).await?;
                if transaction.rollback {
                    ("rollback", tx.rollback().await)
                } else {
                    ("commit", tx.commit().await)
                }
            }
        };
        let kind = if txs.is_empty() { "transaction" } else { "nested" };
        self.note(&format!("{kind}.{end}"), Value::Null, actor, ended.map(|()| Value::Null), None, &expected)
    }

    async fn call(&mut self, crm: &dyn TrustedStore, txs: &[&dyn Transaction], step: &Call) -> Done {
        let value = |value: &Value| resolve(value, &self.scope);
        let (op, args, actor, error) =
            (value(&step.op), value(&step.args), value(&step.acting_as), value(&step.error));
        let op = op.as_str().ok_or("an operation is a text")?;
        let acting = actor.as_i64().map(|actor| crm.acting_as(UserId(actor)));
        let outer = usize::from(step.outer);
        let on: &dyn Repositories = match (&acting, txs.iter().rev().nth(outer)) {
            (Some(acting), _) => &**acting,
            (None, Some(tx)) if !step.outside => *tx,
            (None, None) if step.outer => return Err("there is no transaction around this one".to_owned()),
            _ => crm.repositories(),
        };
        let actor = match actor.as_i64() {
            Some(actor) => actor_of(crm, actor, op, &args).await,
            None => None,
        };
        let outcome = match call(on, op, args.clone()).await {
            Ok(value) => Ok(value),
            Err(Refused::ByLibrary(error)) => Err(error),
            Err(Refused::Unsayable(_)) if unsayable(&error) => {
                // Serde or the compiler has said it.
                self.events.push(Event {
                    op: op.to_owned(),
                    args,
                    actor,
                    outcome: Err(error),
                    expected: Value::Null,
                });
                return Ok(());
            }
            Err(Refused::Unsayable(what)) => return Err(what),
        };
        if let (Some(name), Ok(value)) = (&step.name, &outcome) {
            self.scope.insert(name.clone(), value.clone());
        }
        let expected = step.expect.as_ref().map(|expected| resolve(expected, &self.scope));
        self.note(op, args, actor, outcome, expected, &error)
    }

    fn note(
        &mut self,
        op: &str,
        args: Value,
        actor: Option<(Role, bool)>,
        outcome: Result<Value, Error>,
        expected: Option<Value>,
        error: &Value,
    ) -> Done {
        let outcome = outcome.map_err(|error| (told(&error), error.to_string()));
        match &outcome {
            Ok(value) if !error.is_null() => {
                return Err(format!("{op} returned {} instead of failing", brief(value)));
            }
            Ok(value) => {
                if let Some(expected) = &expected {
                    compare(value, expected, op)?;
                }
            }
            Err((_, message)) if error.is_null() => return Err(format!("{op} failed: {message}")),
            Err((told, _)) => compare(told, error, &format!("the error of {op}"))?,
        }
        let event = Event {
            op: op.to_owned(),
            args,
            actor,
            outcome: outcome.map_err(|(told, _)| told),
            expected: expected.unwrap_or_default(),
        };
        self.events.push(event);
        Ok(())
    }
}

/// Tells whether an error is one that in Rust the compiler or serde says: a field that is not known, a value of another type.
fn unsayable(error: &Value) -> bool {
    let violations = error.get("violations").and_then(Value::as_array);
    let code = |violation: &Value| violation[1] == "unknown_field" || violation[1] == "invalid_type";
    violations.is_some_and(|violations| violations.iter().any(code))
}

/// Looks up who acts, and whether the row is that user's own.
async fn actor_of(crm: &dyn TrustedStore, actor: i64, op: &str, args: &Value) -> Option<(Role, bool)> {
    let user = crm.users().find(UserId(actor)).await.unwrap()?;
    let id = args["id"].as_i64();
    let own = match (op.split_once('.')?.0, id) {
        ("users", Some(id)) => id == actor,
        (part, Some(id)) => {
            let row = call(crm.repositories(), &format!("{part}.find"), serde_json::json!({"id": id})).await;
            row.is_ok_and(|row| row["created_by"] == actor)
        }
        _ => false,
    };
    Some((user.role, own))
}

/// Upcasts, which a reference to a trait object of a subtrait needs a word for.
trait AsRepositories {
    fn repositories(&self) -> &dyn Repositories;
}

impl AsRepositories for dyn TrustedStore + '_ {
    fn repositories(&self) -> &dyn Repositories {
        self
    }
}
