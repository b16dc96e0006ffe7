//! From an operation's name to the call, and from what it returns to a case's value.

use chrono::NaiveDate;
use crm_core::calls::{Input, Takes as _};
use crm_core::{
    ActivityQuery, CustomerId, DueTasksQuery, Error, LeadId, List, Password, Repositories, Repository, Stage,
    Stored, Tags, TaskId, UserId, Valid, Validate,
};
use futures_util::TryStreamExt;
use serde::Serialize;
use serde_json::Value;

use super::inputs::{Args, Outcome, Refused, rows};
use super::values::shown;

fn written(value: impl Serialize) -> Value {
    shown(serde_json::to_value(value).unwrap())
}

/// Calls an operation.
pub(super) async fn call(crm: &dyn Repositories, op: &str, args: Value) -> Outcome<Value> {
    let (part, operation) = op.split_once('.').unwrap();
    let args = Args::new(args);
    match part {
        "users" => users(crm, operation, args).await,
        "customers" => customers(crm, operation, args).await,
        "leads" => match operation {
            "move_to" => {
                let (id, stage) = (args.take::<LeadId>("id")?, args.optional::<Stage>("stage")?);
                args.finish(Ok(()))?;
                Ok(written(crm.leads().move_to(id, stage.unwrap()).await?))
            }
            _ => common::<crm_core::Lead>(crm, operation, args).await,
        },
        "tasks" => match operation {
            "start" | "complete" | "reopen" => {
                let id = args.take::<TaskId>("id")?;
                args.finish(Ok(()))?;
                let moved = match operation {
                    "start" => crm.tasks().start(id).await,
                    "complete" => crm.tasks().complete(id).await,
                    _ => crm.tasks().reopen(id).await,
                };
                Ok(written(moved?))
            }
            _ => common::<crm_core::Task>(crm, operation, args).await,
        },
        "interactions" => common::<crm_core::Interaction>(crm, operation, args).await,
        "reports" => reports(crm, operation, args).await,
        _ => panic!("there is no {op}"),
    }
}

async fn users(crm: &dyn Repositories, operation: &str, args: Args) -> Outcome<Value> {
    let users = crm.users();
    Ok(match operation {
        "find_by_email" => {
            let email: String = args.take("email")?;
            args.finish(Ok(()))?;
            written(users.find_by_email(&email).await?)
        }
        "authenticate" => {
            let (email, password): (String, String) = (args.take("email")?, args.take("password")?);
            args.finish(Ok(()))?;
            written(users.authenticate(&email, Password::new(password)).await?)
        }
        "change_password" => {
            let (id, current): (UserId, String) = (args.take("id")?, args.take("current_password")?);
            let new = Password::new(args.take::<String>("new_password")?).validate();
            written(users.change_password(id, Password::new(current), args.finish(new)?).await?)
        }
        "set_password" => {
            let id: UserId = args.take("id")?;
            let new = Password::new(args.take::<String>("new_password")?).validate();
            written(users.set_password(id, args.finish(new)?).await?)
        }
        "deactivate" | "reactivate" => {
            let id: UserId = args.take("id")?;
            args.finish(Ok(()))?;
            let user = if operation == "deactivate" {
                users.deactivate(id).await
            } else {
                users.reactivate(id).await
            };
            written(user?)
        }
        _ => return common::<crm_core::User>(crm, operation, args).await,
    })
}

async fn customers(crm: &dyn Repositories, operation: &str, args: Args) -> Outcome<Value> {
    let customers = crm.customers();
    Ok(match operation {
        "add_tags" | "remove_tags" => {
            let (id, tags) = (args.take::<CustomerId>("id")?, Tags(args.take("tags")?));
            let tags = args.finish(tags.validate())?;
            let changed = match operation {
                "add_tags" => customers.add_tags(id, tags).await,
                _ => customers.remove_tags(id, tags).await,
            };
            written(changed?)
        }
        "tag_counts" => {
            args.finish(Ok(()))?;
            written(customers.tag_counts().await?)
        }
        "overview" => {
            let (id, recent) = (args.take::<CustomerId>("id")?, args.optional("recent")?.unwrap_or(10));
            args.finish(Ok(()))?;
            written(customers.overview(id, recent).await?)
        }
        _ => return common::<crm_core::Customer>(crm, operation, args).await,
    })
}

fn activity(args: &Args) -> Outcome<ActivityQuery> {
    let default = ActivityQuery::default();
    Ok(ActivityQuery {
        limit: args.optional("limit")?.unwrap_or(default.limit),
        cursor: args.optional("cursor")?,
        include_inactive: args.optional("include_inactive")?.unwrap_or(default.include_inactive),
    })
}

fn due(args: &Args) -> Outcome<DueTasksQuery> {
    let default = DueTasksQuery::new(args.take::<NaiveDate>("today")?);
    Ok(DueTasksQuery {
        within_days: args.optional("within_days")?.unwrap_or(default.within_days),
        statuses: args.any_of("statuses")?.unwrap_or(default.statuses),
        limit: args.optional("limit")?.unwrap_or(default.limit),
        cursor: args.optional("cursor")?,
        ..default
    })
}

async fn reports(crm: &dyn Repositories, operation: &str, args: Args) -> Outcome<Value> {
    let reports = crm.reports();
    Ok(match operation {
        "customer_activity" => {
            let query = activity(&args)?;
            args.finish(query.start())?;
            written(reports.customer_activity(&query).await?)
        }
        "pipeline" => {
            args.finish(Ok(()))?;
            written(reports.pipeline().await?)
        }
        "due_tasks" => {
            let query = due(&args)?;
            args.finish(query.start())?;
            written(reports.due_tasks(&query).await?)
        }
        "snapshot" => {
            // Of the three together the limit is one, and each begins at its top.
            let due = due(&args)?;
            let include_inactive = args.optional("include_inactive")?.unwrap_or(true);
            let activity = ActivityQuery { limit: due.limit, cursor: None, include_inactive };
            args.finish(Ok(()))?;
            written(reports.snapshot(&activity, &due).await?)
        }
        _ => panic!("there is no reports.{operation}"),
    })
}

/// Calls an operation that every repository has.
async fn common<E>(crm: &dyn Repositories, operation: &str, args: Args) -> Outcome<Value>
where
    E: Stored + Input + Serialize,
    E::Id: Serialize,
{
    let repository: &dyn Repository<E> = E::repository(crm);
    Ok(match operation {
        "create" => {
            let new = E::new_row(&args)?.validate();
            written(repository.create(args.finish(new)?).await?)
        }
        "create_many" => {
            let rows = rows::<E>(args.take("rows")?)?;
            args.finish(Ok(()))?;
            written(repository.create_many(rows).await?)
        }
        "get" | "find" | "delete" => {
            let id = E::Id::from(args.take::<i64>("id")?);
            args.finish(Ok(()))?;
            match operation {
                "get" => written(repository.get(id).await?),
                "find" => written(repository.find(id).await?),
                _ => written(repository.delete(id).await?),
            }
        }
        "get_many" => {
            let ids: Vec<_> = args.take::<Vec<i64>>("ids")?.into_iter().map(E::Id::from).collect();
            args.finish(Ok(()))?;
            written(repository.get_many(&ids).await?)
        }
        "list" => {
            let mut list = List::<E>::new().filter(E::filter(&args)?);
            list.order = args.optional("order")?.unwrap_or_default();
            list.limit = args.optional("limit")?.unwrap_or(list.limit);
            list.cursor = args.optional("cursor")?;
            args.finish(list.start())?;
            written(repository.list(&list).await?)
        }
        "stream" => {
            let (filter, order) = (E::filter(&args)?, args.optional("order")?.unwrap_or_default());
            args.finish(Ok(()))?;
            written(repository.stream(filter, order).try_collect::<Vec<_>>().await?)
        }
        "count" => {
            let filter = E::filter(&args)?;
            args.finish(Ok(()))?;
            written(repository.count(&filter).await?)
        }
        "update" => {
            let (id, expected) = (E::Id::from(args.take::<i64>("id")?), args.optional("expected_version")?);
            let patch: Result<Valid<_>, Error> = E::patch_row(&args)?.validate();
            written(repository.update(id, args.finish(patch)?, expected).await?)
        }
        _ => return Err(Refused::Unsayable(format!("there is no {}.{operation}", E::KIND.plural()))),
    })
}

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
