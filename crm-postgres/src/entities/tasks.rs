//! Tasks in SQL.

use async_trait::async_trait;
use crm_core::{
    NewTask, Priority, Result, Task, TaskFilter, TaskId, TaskOrderBy, TaskPatch, TaskRepository, TaskStatus,
};
use tracing::instrument;

use crate::connection::session::Session;
use crate::sql::Sql;
use crate::sql::column::columns;
use crate::statements::filter::Conditions;
use crate::statements::table::{Fields, Ordering, Ranks, Reference, Table};

pub(crate) const STATUS: &str = "crm.task_status";
pub(crate) const PRIORITY: &str = "crm.task_priority";

/// Is the expression of `idx_tasks_words`.
const WORDS: &str = "crm.words(t.title || ' ' || coalesce(t.description, ''))";

/// Returns the label of a priority by its rank, as a cursor holds it.
pub(crate) fn priority_at(rank: i32) -> &'static str {
    let priority = usize::try_from(rank).ok().and_then(|rank| Priority::ALL.get(rank));
    priority.copied().unwrap_or_default().as_str()
}

impl Table for Task {
    const TABLE: &'static str = "crm.tasks";

    columns! {
        id, title, description, status, priority, due_date, assigned_to, customer_id, created_by, updated_by, created_at, updated_at, version,
    }

    fn fields<F: Fields>(new: &NewTask, fields: &mut F) {
        let NewTask { title, description, status, priority, due_date, assigned_to, customer_id, created_by } =
            new;
        fields.value("title", title.as_str());
        fields.value("description", description.as_deref());
        fields.label("status", status.as_str(), STATUS);
        fields.label("priority", priority.as_str(), PRIORITY);
        fields.value("due_date", *due_date);
        fields.value("assigned_to", assigned_to.map(i64::from));
        fields.value("customer_id", customer_id.map(i64::from));
        fields.creator(*created_by);
    }

    fn references(new: &NewTask) -> Vec<Reference> {
        vec![
            Reference::new("assigned_to", "crm.users", new.assigned_to),
            Reference::new("customer_id", "crm.customers", new.customer_id),
            Reference::new("created_by", "crm.users", new.created_by),
        ]
    }

    fn assign(patch: &TaskPatch, sql: &mut Sql) {
        let TaskPatch { title, description, status, priority, due_date, assigned_to, customer_id } = patch;
        sql.set("title", title, |sql, title| sql.bind(title.as_str()))
            .set("description", description, |sql, description| sql.bind(description.as_str()))
            .set("status", status, |sql, status| sql.label(status.as_str(), STATUS))
            .set("priority", priority, |sql, priority| sql.label(priority.as_str(), PRIORITY))
            .set("due_date", due_date, |sql, day| sql.bind(*day))
            .set("assigned_to", assigned_to, |sql, id| sql.bind(id.0))
            .set("customer_id", customer_id, |sql, id| sql.bind(id.0));
    }

    fn condition(filter: &TaskFilter, conditions: &mut Conditions<'_>) {
        let TaskFilter { ids, status, priority, assigned_to, customer_id, due, text, created, updated } =
            filter;
        conditions
            .any_id("t.id", ids.as_ref())
            .any_id("t.customer_id", customer_id.as_ref())
            .assigned(assigned_to.as_ref())
            .any_label("t.status", STATUS, status.as_ref())
            .any_label("t.priority", PRIORITY, priority.as_ref())
            .days("t.due_date", *due)
            .text(WORDS, text.as_ref())
            .moments("t.created_at", created)
            .moments("t.updated_at", updated);
    }

    fn order(by: TaskOrderBy) -> Ordering {
        match by {
            TaskOrderBy::Id => Ordering::by("t.id"),
            TaskOrderBy::CreatedAt => Ordering::by("t.created_at"),
            TaskOrderBy::UpdatedAt => Ordering::by("t.updated_at"),
            TaskOrderBy::Title => Ordering::by(r#"t.title collate "C""#),
            TaskOrderBy::DueDate => Ordering::by_nullable("t.due_date"),
            TaskOrderBy::Priority => {
                Ordering::by_rank("t.priority", Ranks { enum_type: PRIORITY, label: priority_at })
            }
        }
    }

    fn indexed_with(by: TaskOrderBy) -> &'static [&'static str] {
        match by {
            TaskOrderBy::Id => &["t.customer_id", "t.assigned_to", "t.status", "t.priority"],
            TaskOrderBy::CreatedAt
            | TaskOrderBy::UpdatedAt
            | TaskOrderBy::Title
            | TaskOrderBy::DueDate
            | TaskOrderBy::Priority => &[],
        }
    }
}

impl Session {
    async fn set_status(&self, id: TaskId, status: TaskStatus) -> Result<Task> {
        self.change(id, crate::statements::move_to::<Task>(id, "status", status.as_str(), STATUS)).await
    }
}

#[async_trait]
impl TaskRepository for Session {
    #[instrument(name = "crm.tasks.start", skip_all, fields(%id))]
    async fn start(&self, id: TaskId) -> Result<Task> {
        self.set_status(id, TaskStatus::InProgress).await
    }

    #[instrument(name = "crm.tasks.complete", skip_all, fields(%id))]
    async fn complete(&self, id: TaskId) -> Result<Task> {
        self.set_status(id, TaskStatus::Completed).await
    }

    #[instrument(name = "crm.tasks.reopen", skip_all, fields(%id))]
    async fn reopen(&self, id: TaskId) -> Result<Task> {
        self.set_status(id, TaskStatus::Pending).await
    }
}
