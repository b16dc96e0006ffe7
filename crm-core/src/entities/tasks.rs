//! Tasks: what somebody has to do, perhaps by a day.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::label::labels;
use crate::values::range::{any_of, any_of_some};
use crate::{
    Assignee, Check, CustomerId, DayRange, Entity, EntityKind, Patch, Range, Repository, Result, SearchText,
    TaskId, UserId, Validate,
};
use crate::{Changes, Filter};
use crate::{OrderBy, SortKey};

labels! {
    /// Says whether a task is done.
    #[derive(Default)]
    pub enum TaskStatus ("status") {
        /// Nobody has begun.
        #[default]
        Pending = "pending",
        /// Somebody is at it.
        InProgress = "in-progress",
        /// It is done.
        Completed = "completed",
    }
}

labels! {
    /// Says how much a task matters; low is the smallest.
    #[derive(Default)]
    pub enum Priority ("priority") {
        /// Can wait.
        Low = "low",
        /// In its turn.
        #[default]
        Medium = "medium",
        /// First.
        High = "high",
    }
}

/// Is something to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The key.
    pub id: TaskId,
    /// The title, 1 to 255 characters.
    pub title: String,
    /// What is to be done, at most 100,000 characters.
    pub description: Option<String>,
    /// Whether it is done.
    pub status: TaskStatus,
    /// How much it matters.
    pub priority: Priority,
    /// The day by which it should be done.
    pub due_date: Option<NaiveDate>,
    /// Who has to do it.
    pub assigned_to: Option<UserId>,
    /// Whom it is about; it goes with the customer.
    pub customer_id: Option<CustomerId>,
    /// Who made the row; nothing when the system did, or the user is gone.
    pub created_by: Option<UserId>,
    /// Who last changed the row; nothing when the system did, or the user is gone.
    pub updated_by: Option<UserId>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
    /// When the row was last changed.
    pub updated_at: DateTime<Utc>,
    /// Raised by one with every change.
    pub version: i64,
}

/// Creates a [`Task`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewTask {
    /// The title, 1 to 255 characters.
    pub title: String,
    /// What is to be done, at most 100,000 characters.
    pub description: Option<String>,
    /// Whether it is done.
    pub status: TaskStatus,
    /// How much it matters.
    pub priority: Priority,
    /// The day by which it should be done, in the years 0001 to 9999.
    pub due_date: Option<NaiveDate>,
    /// Who has to do it.
    pub assigned_to: Option<UserId>,
    /// Whom it is about.
    pub customer_id: Option<CustomerId>,
    /// Who made the row; only the trusted system says so, an acting handle leaves it out.
    pub created_by: Option<UserId>,
}

impl NewTask {
    /// Describes a task of which only the title is known.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }
}

impl Validate for NewTask {
    fn check(&mut self, check: &mut Check) {
        let Self {
            title,
            description,
            status: _,
            priority: _,
            due_date,
            assigned_to: _,
            customer_id: _,
            created_by: _,
        } = self;
        check.title("title", title);
        check.prose("description", description);
        check.day("due_date", due_date.as_ref());
    }
}

/// Changes a [`Task`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskPatch {
    /// The title.
    pub title: Patch<String>,
    /// What is to be done.
    pub description: Patch<String>,
    /// Whether it is done.
    pub status: Patch<TaskStatus>,
    /// How much it matters.
    pub priority: Patch<Priority>,
    /// The day by which it should be done.
    pub due_date: Patch<NaiveDate>,
    /// Who has to do it.
    pub assigned_to: Patch<UserId>,
    /// Whom it is about.
    pub customer_id: Patch<CustomerId>,
}

impl Changes for TaskPatch {
    fn is_empty(&self) -> bool {
        let Self { title, description, status, priority, due_date, assigned_to, customer_id } = self;
        title.is_keep()
            && description.is_keep()
            && status.is_keep()
            && priority.is_keep()
            && due_date.is_keep()
            && assigned_to.is_keep()
            && customer_id.is_keep()
    }
}

impl Validate for TaskPatch {
    fn check(&mut self, check: &mut Check) {
        let Self { title, description, status, priority, due_date, assigned_to: _, customer_id: _ } = self;
        check.patch_required("title", title, |check, title| check.title("title", title));
        check.patch(description, |check, description| check.prose("description", description));
        check.patch_required("status", status, |_, _| {});
        check.patch_required("priority", priority, |_, _| {});
        check.day("due_date", due_date.value());
    }
}

/// Selects tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Any of these ids.
    pub ids: Option<Vec<TaskId>>,
    /// Any of these statuses.
    pub status: Option<Vec<TaskStatus>>,
    /// Any of these priorities.
    pub priority: Option<Vec<Priority>>,
    /// Who has to do it.
    pub assigned_to: Option<Assignee>,
    /// About any of these customers.
    pub customer_id: Option<Vec<CustomerId>>,
    /// Due in these days, both ends included; a task without a day is in no range.
    pub due: DayRange,
    /// Words in title and description: `Some("acme".parse()?)`.
    pub text: Option<SearchText>,
    /// When the row was made.
    pub created: Range<DateTime<Utc>>,
    /// When the row was last changed.
    pub updated: Range<DateTime<Utc>>,
}

impl Filter<Task> for TaskFilter {
    fn matches(&self, task: &Task) -> bool {
        let Self { ids, status, priority, assigned_to, customer_id, due, text, created, updated } = self;
        let texts = || [Some(task.title.as_str()), task.description.as_deref()].into_iter().flatten();
        any_of(ids.as_ref(), &task.id)
            && any_of(status.as_ref(), &task.status)
            && any_of(priority.as_ref(), &task.priority)
            && assigned_to.as_ref().is_none_or(|sought| sought.matches(task.assigned_to))
            && any_of_some(customer_id.as_ref(), task.customer_id.as_ref())
            && due.holds(task.due_date)
            && text.as_ref().is_none_or(|text| text.matches(texts()))
            && created.holds(&task.created_at)
            && updated.holds(&task.updated_at)
    }
}

labels! {
    /// Is what a list of tasks can be ordered by.
    pub enum TaskOrderBy ("order") {
        /// By id.
        Id = "id",
        /// By creation.
        CreatedAt = "created_at",
        /// By the last change.
        UpdatedAt = "updated_at",
        /// By title, by code points.
        Title = "title",
        /// By the day due.
        DueDate = "due_date",
        /// By priority, low first when ascending.
        Priority = "priority",
    }
}

impl OrderBy for TaskOrderBy {
    const ALL: &'static [Self] = Self::ALL;
    const ID: Self = Self::Id;

    fn takes(self, key: &SortKey) -> bool {
        match self {
            Self::Id => matches!(key, SortKey::Id),
            Self::CreatedAt | Self::UpdatedAt => matches!(key, SortKey::Moment(_)),
            Self::Title => matches!(key, SortKey::Text(_)),
            Self::DueDate => matches!(key, SortKey::Day(_) | SortKey::Null),
            Self::Priority => matches!(key, SortKey::Rank(0..=2)),
        }
    }
}

impl Entity for Task {
    const KIND: EntityKind = EntityKind::Task;
    type Id = TaskId;
    type New = NewTask;
    type Patch = TaskPatch;
    type Filter = TaskFilter;
    type OrderBy = TaskOrderBy;

    fn id(&self) -> TaskId {
        self.id
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn sort_key(&self, by: TaskOrderBy) -> SortKey {
        match by {
            TaskOrderBy::Id => SortKey::Id,
            TaskOrderBy::CreatedAt => SortKey::Moment(self.created_at),
            TaskOrderBy::UpdatedAt => SortKey::Moment(self.updated_at),
            TaskOrderBy::Title => SortKey::Text(self.title.clone()),
            TaskOrderBy::DueDate => SortKey::or_null(self.due_date, SortKey::Day),
            TaskOrderBy::Priority => SortKey::Rank(self.priority as i32),
        }
    }

    fn reserved(new: &NewTask) -> Option<&'static str> {
        new.created_by.map(|_| "created_by")
    }
}

/// Stores tasks. `start`, `complete` and `reopen` go from any status to theirs, and change nothing where the task has it.
#[async_trait]
pub trait TaskRepository: Repository<Task> {
    /// Begins a task: its status becomes `in-progress`.
    ///
    /// # Errors
    /// `not_found`.
    async fn start(&self, id: TaskId) -> Result<Task>;

    /// Finishes a task: its status becomes `completed`.
    ///
    /// # Errors
    /// `not_found`.
    async fn complete(&self, id: TaskId) -> Result<Task>;

    /// Puts a task back: its status becomes `pending`.
    ///
    /// # Errors
    /// `not_found`.
    async fn reopen(&self, id: TaskId) -> Result<Task>;
}
