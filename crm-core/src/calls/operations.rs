//! One dispatch of the repositories' operations by their names, such as `customers.add_tags`, for callers that have
//! names and not methods.

use chrono::NaiveDate;
use futures_core::future::BoxFuture;

use super::{Compared, Fields, Input, Source, Takes};
use crate::{
    ActivityQuery, Cursor, Customer, CustomerActivity, CustomerId, CustomerOverview, DueTask, DueTasksQuery,
    Interaction, Lead, LeadId, List, Order, OrderBy, Page, Password, PipelineStage, Repositories, Result,
    Snapshot, Stage, Stored, TagCount, Tags, Task, TaskId, User, UserId, Valid, Validate as _,
};

/// An argument that is an object: a row, a change, a filter or options.
pub trait Options: Source + Takes<Cursor> + Takes<i64> + Takes<u32> {
    /// Takes an order.
    ///
    /// # Errors
    /// Those of the source.
    fn order<B: OrderBy>(&self, name: &'static str) -> Result<Option<Order<B>>, Self::Error>;
}

/// A call of an operation with its arguments, which are taken in the order of the operation's parameters.
///
/// As with [`Fields`], what breaks a rule is noted until [`finish`](Self::finish).
pub trait Call: Sized {
    /// The error of a call that cannot be made.
    type Error: From<crate::Error>;
    /// An argument that is an object. A caller that has only names may return all arguments.
    type Object: Options + Fields<Error = Self::Error>;
    /// The call that was begun.
    type Begun;

    /// Takes an object that must be given.
    fn input(&mut self, name: &'static str) -> Self::Object;

    /// Takes an object that may be left out.
    fn options(&mut self, name: &'static str) -> Self::Object;

    /// Keeps what was noted of an object after all its fields were taken.
    fn also(&mut self, object: Self::Object);

    /// Ends the reading: refuses what was noted, and what the check of an input has found.
    ///
    /// # Errors
    /// All violations together.
    fn finish<T>(&mut self, checked: Result<T>) -> Result<T, Self::Error>;

    /// Makes the error for an operation that does not exist.
    fn unknown(&self, operation: &str) -> Self::Error;
}

/// A call with arguments of the type `T`.
pub trait Gives<T>: Call {
    /// Takes an argument that may be left out.
    ///
    /// # Errors
    /// Those of the source.
    fn optional(&mut self, name: &'static str) -> Result<Option<T>, Self::Error>;

    /// Takes an argument that must be given. Without one it notes `required` and returns `instead`, which nobody gets
    /// to see because the call is refused.
    ///
    /// # Errors
    /// Those of the source.
    fn required(&mut self, name: &'static str, instead: T) -> Result<T, Self::Error>;
}

/// A call that may return a `T`.
pub trait Returns<T>: Call {
    /// Begins the call.
    ///
    /// # Errors
    /// Those of a call that cannot even begin.
    fn begin(
        self,
        work: impl for<'r> FnOnce(&'r dyn Repositories) -> BoxFuture<'r, Result<T>> + Send + 'static,
    ) -> Result<Self::Begun, Self::Error>;
}

/// A call of an entity's repository. What takes long for many rows the caller begins in its own way.
pub trait Serves<E: Stored + Input>:
    Returns<E> + Returns<Option<E>> + Returns<Page<E>> + Returns<i64> + Returns<()> + Gives<i64> + Gives<Vec<i64>>
{
    /// Takes the rows of a batch and begins to create them.
    ///
    /// # Errors
    /// The violations of all rows.
    fn create_many(self) -> Result<Self::Begun, Self::Error>;

    /// Begins to read many rows.
    ///
    /// # Errors
    /// Those of a call that cannot even begin.
    fn get_many(self, ids: Vec<E::Id>) -> Result<Self::Begun, Self::Error>;

    /// Begins a stream of rows.
    ///
    /// # Errors
    /// Those of a call that cannot even begin.
    fn stream(self, filter: E::Filter, order: Order<E::OrderBy>) -> Result<Self::Begun, Self::Error>;
}

/// A call that can be of any operation.
pub trait AnyCall:
    Serves<User>
    + Serves<Customer>
    + Serves<Lead>
    + Serves<Task>
    + Serves<Interaction>
    + Returns<Vec<TagCount>>
    + Returns<CustomerOverview>
    + Returns<Page<CustomerActivity>>
    + Returns<Vec<PipelineStage>>
    + Returns<Page<DueTask>>
    + Returns<Snapshot>
    + Gives<String>
    + Gives<Vec<String>>
    + Gives<Compared>
    + Gives<Stage>
    + Gives<NaiveDate>
    + Gives<u32>
{
}

/// Begins the call of an operation, such as `customers.add_tags`.
///
/// # Errors
/// What is wrong with the arguments, or that there is no such operation.
pub fn begin<C: AnyCall>(operation: &str, call: C) -> Result<C::Begun, C::Error> {
    match operation.split_once('.') {
        Some(("users", name)) => users(name, call),
        Some(("customers", name)) => customers(name, call),
        Some(("leads", name)) => leads(name, call),
        Some(("tasks", name)) => tasks(name, call),
        Some(("interactions", name)) => common::<Interaction, C>(name, call),
        Some(("reports", name)) => reports(name, call),
        _ => Err(call.unknown(operation)),
    }
}

/// Takes the key that an operation's first parameter is.
fn id<C: Gives<i64>, I: From<i64>>(call: &mut C) -> Result<I, C::Error> {
    Ok(call.required("id", 0)?.into())
}

/// Takes the key that is an operation's only parameter.
fn only_id<C: Gives<i64>, I: From<i64>>(call: &mut C) -> Result<I, C::Error> {
    let id = id(call)?;
    call.finish(Ok(()))?;
    Ok(id)
}

/// Begins an operation that every repository has.
fn common<E: Stored + Input, C: Serves<E>>(operation: &str, mut call: C) -> Result<C::Begun, C::Error> {
    match operation {
        "create" => {
            let row = call.input("row");
            let new = E::new_row(&row)?.validate();
            call.also(row);
            let new = call.finish(new)?;
            call.begin(move |crm| E::repository(crm).create(new))
        }
        "create_many" => call.create_many(),
        "get" => {
            let id = only_id(&mut call)?;
            call.begin(move |crm| E::repository(crm).get(id))
        }
        "find" => {
            let id = only_id(&mut call)?;
            call.begin(move |crm| E::repository(crm).find(id))
        }
        "get_many" => {
            let ids: Vec<i64> = call.required("ids", Vec::new())?;
            call.finish(Ok(()))?;
            call.get_many(ids.into_iter().map(E::Id::from).collect())
        }
        "list" => {
            let options = call.options("options");
            let mut list = List::<E>::new().filter(E::filter(&options)?);
            list.order = options.order("order")?.unwrap_or_default();
            list.limit = options.optional("limit")?.unwrap_or(list.limit);
            list.cursor = options.optional("cursor")?;
            call.also(options);
            call.finish(list.start())?;
            call.begin(move |crm| Box::pin(async move { E::repository(crm).list(&list).await }))
        }
        "stream" => {
            let options = call.options("options");
            let filter = E::filter(&options)?;
            let order = options.order("order")?.unwrap_or_default();
            call.also(options);
            call.finish(Ok(()))?;
            call.stream(filter, order)
        }
        "count" => {
            let conditions = call.options("filter");
            let filter = E::filter(&conditions)?;
            call.also(conditions);
            call.finish(Ok(()))?;
            call.begin(move |crm| Box::pin(async move { E::repository(crm).count(&filter).await }))
        }
        "update" => {
            let id: E::Id = id(&mut call)?;
            let (fields, options) = (call.input("patch"), call.options("options"));
            let patch = E::patch_row(&fields)?;
            let expected: Option<i64> = options.optional("expected_version")?;
            call.also(fields);
            call.also(options);
            let patch = call.finish(patch.validate())?;
            call.begin(move |crm| E::repository(crm).update(id, patch, expected))
        }
        "delete" => {
            let id = only_id(&mut call)?;
            call.begin(move |crm| E::repository(crm).delete(id))
        }
        _ => Err(call.unknown(&format!("{}.{operation}", E::KIND.plural()))),
    }
}

/// Takes a new password, the last of the parameters.
fn new_password<C: Gives<String>>(call: &mut C) -> Result<Valid<Password>, C::Error> {
    // In place of none stands a valid one, about which validation has nothing to add.
    let new = call.required("new_password", "the call is refused".to_owned())?;
    call.finish(Password::new(new).validate())
}

fn users<C: AnyCall>(operation: &str, mut call: C) -> Result<C::Begun, C::Error> {
    match operation {
        "find_by_email" => {
            let email: String = call.required("email", String::new())?;
            call.finish(Ok(()))?;
            call.begin(move |crm| Box::pin(async move { crm.users().find_by_email(&email).await }))
        }
        "authenticate" => {
            let email = call.required("email", Compared(None))?.email();
            let password = call.required("password", Compared(None))?.password()?;
            call.finish(Ok(()))?;
            call.begin(move |crm| Box::pin(async move { crm.users().authenticate(&email, password).await }))
        }
        "change_password" => {
            let id = id(&mut call)?;
            let current = call.required("current_password", Compared(None))?.password()?;
            let new = new_password(&mut call)?;
            call.begin(move |crm| crm.users().change_password(id, current, new))
        }
        "set_password" => {
            let id = id(&mut call)?;
            let new = new_password(&mut call)?;
            call.begin(move |crm| crm.users().set_password(id, new))
        }
        "deactivate" => {
            let id: UserId = only_id(&mut call)?;
            call.begin(move |crm| crm.users().deactivate(id))
        }
        "reactivate" => {
            let id: UserId = only_id(&mut call)?;
            call.begin(move |crm| crm.users().reactivate(id))
        }
        _ => common::<User, C>(operation, call),
    }
}

/// Takes a customer's key and the tags to add or to remove.
fn tags<C: AnyCall>(call: &mut C) -> Result<(CustomerId, Valid<Tags>), C::Error> {
    let id = id(call)?;
    let tags = Tags(call.required("tags", Vec::new())?);
    Ok((id, call.finish(tags.validate())?))
}

fn customers<C: AnyCall>(operation: &str, mut call: C) -> Result<C::Begun, C::Error> {
    match operation {
        "add_tags" => {
            let (id, tags) = tags(&mut call)?;
            call.begin(move |crm| crm.customers().add_tags(id, tags))
        }
        "remove_tags" => {
            let (id, tags) = tags(&mut call)?;
            call.begin(move |crm| crm.customers().remove_tags(id, tags))
        }
        "tag_counts" => {
            call.finish(Ok(()))?;
            call.begin(|crm| crm.customers().tag_counts())
        }
        "overview" => {
            let id = id(&mut call)?;
            let recent: Option<u32> = call.optional("recent")?;
            call.finish(Ok(()))?;
            call.begin(move |crm| crm.customers().overview(id, recent.unwrap_or(10)))
        }
        _ => common::<Customer, C>(operation, call),
    }
}

fn leads<C: AnyCall>(operation: &str, mut call: C) -> Result<C::Begun, C::Error> {
    match operation {
        "move_to" => {
            let id: LeadId = id(&mut call)?;
            let stage: Stage = call.required("stage", Stage::default())?;
            call.finish(Ok(()))?;
            call.begin(move |crm| crm.leads().move_to(id, stage))
        }
        _ => common::<Lead, C>(operation, call),
    }
}

fn tasks<C: AnyCall>(operation: &str, mut call: C) -> Result<C::Begun, C::Error> {
    match operation {
        "start" => {
            let id: TaskId = only_id(&mut call)?;
            call.begin(move |crm| crm.tasks().start(id))
        }
        "complete" => {
            let id: TaskId = only_id(&mut call)?;
            call.begin(move |crm| crm.tasks().complete(id))
        }
        "reopen" => {
            let id: TaskId = only_id(&mut call)?;
            call.begin(move |crm| crm.tasks().reopen(id))
        }
        _ => common::<Task, C>(operation, call),
    }
}

/// Takes what a report of activity asks for, but its cursor.
fn activity<O: Options>(options: &O) -> Result<ActivityQuery, O::Error> {
    let default = ActivityQuery::default();
    Ok(ActivityQuery {
        limit: options.optional("limit")?.unwrap_or(default.limit),
        cursor: None,
        include_inactive: options.optional("include_inactive")?.unwrap_or(default.include_inactive),
    })
}

/// Takes what a report of due tasks asks for, but its page.
fn due<O: Options>(today: NaiveDate, options: &O) -> Result<DueTasksQuery, O::Error> {
    let default = DueTasksQuery::new(today);
    Ok(DueTasksQuery {
        within_days: options.optional("within_days")?.unwrap_or(default.within_days),
        statuses: options.any_of("statuses")?.unwrap_or_else(|| default.statuses.clone()),
        ..default
    })
}

fn reports<C: AnyCall>(operation: &str, mut call: C) -> Result<C::Begun, C::Error> {
    match operation {
        "customer_activity" => {
            let options = call.options("options");
            let query = ActivityQuery { cursor: options.optional("cursor")?, ..activity(&options)? };
            call.also(options);
            call.finish(query.start())?;
            call.begin(move |crm| Box::pin(async move { crm.reports().customer_activity(&query).await }))
        }
        "pipeline" => {
            call.finish(Ok(()))?;
            call.begin(|crm| crm.reports().pipeline())
        }
        "due_tasks" => {
            let today = call.required("today", NaiveDate::default())?;
            let options = call.options("options");
            let mut query = due(today, &options)?;
            query.limit = options.optional("limit")?.unwrap_or(query.limit);
            query.cursor = options.optional("cursor")?;
            call.also(options);
            call.finish(query.start())?;
            call.begin(move |crm| Box::pin(async move { crm.reports().due_tasks(&query).await }))
        }
        "snapshot" => {
            let today = call.required("today", NaiveDate::default())?;
            let options = call.options("options");
            let activity = activity(&options)?;
            let due = DueTasksQuery { limit: activity.limit, ..due(today, &options)? };
            call.also(options);
            call.finish(due.start())?;
            call.begin(move |crm| Box::pin(async move { crm.reports().snapshot(&activity, &due).await }))
        }
        _ => Err(call.unknown(&format!("reports.{operation}"))),
    }
}
