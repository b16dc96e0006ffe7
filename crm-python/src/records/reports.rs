//! The rows of the reports, and what else calls return.

use crm_postgres::chrono::NaiveDate;
use crm_postgres::crm_core;
use crm_postgres::rust_decimal::Decimal;
use pyo3::prelude::*;

use super::{Customer, Interaction, Lead, Listed, Moment, Task, record};

record! {
    /// Says how often and when a customer was last contacted: the customer's fields and two more.
    CustomerActivity {
        /// The key.
        id: i64,
        /// The name.
        name: String,
        /// The email.
        email: Option<String>,
        /// The phone number.
        phone: Option<String>,
        /// The company.
        company: Option<String>,
        /// The tags.
        tags: Listed<String>,
        /// The notes.
        notes: Option<String>,
        /// Who made the row.
        created_by: Option<i64>,
        /// Who last changed the row.
        updated_by: Option<i64>,
        /// When the row was made.
        created_at: Moment,
        /// When the row was last changed.
        updated_at: Moment,
        /// Raised by one with every change.
        version: i64,
        /// How many interactions there are.
        interaction_count: i64,
        /// The moment of the latest; None when there is none.
        last_interaction: Option<Moment>,
    }
}

record! {
    /// Is a task that is due soon, with the names that a list shows: the task's fields and three more.
    DueTask {
        /// The key.
        id: i64,
        /// The title.
        title: String,
        /// What is to be done.
        description: Option<String>,
        /// Whether it is done: 'pending', 'in-progress' or 'completed'.
        status: String,
        /// How much it matters: 'low', 'medium' or 'high'.
        priority: String,
        /// The day by which it should be done.
        due_date: Option<NaiveDate>,
        /// Who has to do it.
        assigned_to: Option<i64>,
        /// Whom it is about.
        customer_id: Option<i64>,
        /// Who made the row.
        created_by: Option<i64>,
        /// Who last changed the row.
        updated_by: Option<i64>,
        /// When the row was made.
        created_at: Moment,
        /// When the row was last changed.
        updated_at: Moment,
        /// Raised by one with every change.
        version: i64,
        /// The name of the customer it is about.
        customer_name: Option<String>,
        /// The name of the user who has to do it.
        assigned_to_name: Option<String>,
        /// Whether its day is before today and it is not completed.
        overdue: bool,
    }
}

record! {
    /// Says how much is in one stage of the pipeline.
    PipelineStage {
        /// The stage.
        stage: String,
        /// How many leads.
        count: i64,
        /// What they are worth together, two decimals; zero when there is none.
        total_value: Decimal,
    }
}

record! {
    /// Says how many customers have a tag.
    TagCount {
        /// The tag, in this spelling.
        tag: String,
        /// How many customers have it.
        count: i64,
    }
}

record! {
    /// Is what one needs to know before calling a customer.
    CustomerOverview {
        /// The customer.
        customer: Customer,
        /// The leads that are not closed, newest first.
        open_leads: Listed<Lead>,
        /// The tasks that are not completed, newest first.
        open_tasks: Listed<Task>,
        /// The latest interactions, newest first.
        recent_interactions: Listed<Interaction>,
    }
}

record! {
    /// Is a step of the schema.
    Migration {
        /// The version, by which the steps are ordered: a date and a number.
        version: i64,
        /// What it does, in a word.
        description: String,
    }
}

record! {
    /// Says that one field breaks one rule.
    Violation {
        /// The field, `[50].name` for the 51st row of a batch.
        field: String,
        /// The rule: 'required', 'too_long', …
        code: String,
        /// The rule in words, without the field's name.
        message: String,
    }
}

/// Tells the passwords of the two sample users. Nobody tells them again.
#[pyclass(frozen, get_all, module = "crm")]
pub(crate) struct Seeded {
    /// Of admin@crm.com.
    admin: String,
    /// Of user@crm.com.
    user: String,
}

#[pymethods]
impl Seeded {
    #[classattr]
    fn __match_args__() -> (&'static str, &'static str) {
        ("admin", "user")
    }

    /// Shows no password.
    #[expect(clippy::unused_self, reason = "Python calls it on an object")]
    fn __repr__(&self) -> &'static str {
        "Seeded(admin=…, user=…)"
    }
}

/// Is the three reports as they were at one moment.
#[pyclass(frozen, get_all, module = "crm")]
pub(crate) struct Snapshot {
    /// The customers by their last interaction.
    pub(crate) customer_activity: Py<PyAny>,
    /// The four stages.
    pub(crate) pipeline: Py<PyAny>,
    /// The tasks that are due soon.
    pub(crate) due_tasks: Py<PyAny>,
}

#[pymethods]
impl Snapshot {
    #[classattr]
    fn __match_args__() -> (&'static str, &'static str, &'static str) {
        ("customer_activity", "pipeline", "due_tasks")
    }

    /// Returns the fields as a dict, records within it too.
    fn to_dict(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        super::to_dict(slf.as_any(), &["customer_activity", "pipeline", "due_tasks"])
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        super::repr(slf.as_any(), "Snapshot", &["customer_activity", "pipeline", "due_tasks"])
    }
}

impl From<crm_core::CustomerActivity> for CustomerActivity {
    fn from(activity: crm_core::CustomerActivity) -> Self {
        let crm_core::CustomerActivity { customer, interaction_count, last_interaction } = activity;
        let Customer {
            id,
            name,
            email,
            phone,
            company,
            tags,
            notes,
            created_by,
            updated_by,
            created_at,
            updated_at,
            version,
        } = customer.into();
        Self {
            id,
            name,
            email,
            phone,
            company,
            tags,
            notes,
            created_by,
            updated_by,
            created_at,
            updated_at,
            version,
            interaction_count,
            last_interaction: last_interaction.map(Moment::from),
        }
    }
}

impl From<crm_core::DueTask> for DueTask {
    fn from(due: crm_core::DueTask) -> Self {
        let crm_core::DueTask { task, customer_name, assigned_to_name, overdue } = due;
        let Task {
            id,
            title,
            description,
            status,
            priority,
            due_date,
            assigned_to,
            customer_id,
            created_by,
            updated_by,
            created_at,
            updated_at,
            version,
        } = task.into();
        Self {
            id,
            title,
            description,
            status,
            priority,
            due_date,
            assigned_to,
            customer_id,
            created_by,
            updated_by,
            created_at,
            updated_at,
            version,
            customer_name,
            assigned_to_name,
            overdue,
        }
    }
}

impl From<crm_core::PipelineStage> for PipelineStage {
    fn from(stage: crm_core::PipelineStage) -> Self {
        let crm_core::PipelineStage { stage, count, total_value } = stage;
        Self { stage: stage.to_string(), count, total_value }
    }
}

impl From<crm_core::TagCount> for TagCount {
    fn from(count: crm_core::TagCount) -> Self {
        let crm_core::TagCount { tag, count } = count;
        Self { tag, count }
    }
}

impl From<crm_core::CustomerOverview> for CustomerOverview {
    fn from(overview: crm_core::CustomerOverview) -> Self {
        let crm_core::CustomerOverview { customer, open_leads, open_tasks, recent_interactions } = overview;
        Self {
            customer: customer.into(),
            open_leads: open_leads.into_iter().map(Lead::from).collect(),
            open_tasks: open_tasks.into_iter().map(Task::from).collect(),
            recent_interactions: recent_interactions.into_iter().map(Interaction::from).collect(),
        }
    }
}

impl From<crm_postgres::Migration> for Migration {
    fn from(migration: crm_postgres::Migration) -> Self {
        let crm_postgres::Migration { version, description } = migration;
        Self { version, description }
    }
}

impl From<crm_core::Violation> for Violation {
    fn from(violation: crm_core::Violation) -> Self {
        let crm_core::Violation { field, code, message } = violation;
        Self { field, code: code.to_string(), message }
    }
}

impl From<crm_postgres::Seeded> for Seeded {
    fn from(seeded: crm_postgres::Seeded) -> Self {
        let crm_postgres::Seeded { admin, user } = seeded;
        Self { admin: admin.reveal().to_owned(), user: user.reveal().to_owned() }
    }
}
