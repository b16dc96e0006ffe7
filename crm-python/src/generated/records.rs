//! Generated from crm-core's sources by `cargo xtask generate`. Do not edit.
//! Records: entity → wire.

use crm_postgres::chrono::NaiveDate;
use crm_postgres::crm_core;
use crm_postgres::rust_decimal::Decimal;
use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;

use crate::records::{Listed, Moment, Wire, record, view, wired};

record! {
    /// Is a customer.
    Customer {
        /// The key.
        id: i64,
        /// The name, 1 to 255 characters.
        name: String,
        /// The email; it need not be unique.
        email: Option<String>,
        /// The phone number as people write it, at most 50 characters.
        phone: Option<String>,
        /// The company, at most 255 characters.
        company: Option<String>,
        /// At most 100 tags of at most 64 characters, in the order given.
        tags: Listed<String>,
        /// Notes, at most 100,000 characters.
        notes: Option<String>,
        /// Who made the row; None when the system did, or the user is gone.
        created_by: Option<i64>,
        /// Who last changed the row; None when the system did, or the user is gone.
        updated_by: Option<i64>,
        /// When the row was made.
        created_at: Moment,
        /// When the row was last changed.
        updated_at: Moment,
        /// Raised by one with every change.
        version: i64,
    }
}

impl From<crm_core::Customer> for Customer {
    fn from(customer: crm_core::Customer) -> Self {
        let crm_core::Customer {
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
        } = customer;
        Self {
            id: id.0,
            name,
            email: email.map(|email| email.as_str().to_owned()),
            phone,
            company,
            tags: tags.into(),
            notes,
            created_by: created_by.map(i64::from),
            updated_by: updated_by.map(i64::from),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            version,
        }
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

impl From<crm_core::TagCount> for TagCount {
    fn from(tag_count: crm_core::TagCount) -> Self {
        let crm_core::TagCount { tag, count } = tag_count;
        Self { tag, count }
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

impl From<crm_core::CustomerOverview> for CustomerOverview {
    fn from(customer_overview: crm_core::CustomerOverview) -> Self {
        let crm_core::CustomerOverview { customer, open_leads, open_tasks, recent_interactions } =
            customer_overview;
        Self {
            customer: customer.into(),
            open_leads: open_leads.into_iter().map(Lead::from).collect(),
            open_tasks: open_tasks.into_iter().map(Task::from).collect(),
            recent_interactions: recent_interactions.into_iter().map(Interaction::from).collect(),
        }
    }
}

record! {
    /// Is one contact with a customer.
    Interaction {
        /// The key.
        id: i64,
        /// With whom; it goes with the customer.
        customer_id: i64,
        /// What kind of contact it was: 'call', 'email', 'meeting' or 'note'.
        r#type: String,
        /// What was said, at most 100,000 characters.
        notes: Option<String>,
        /// When it was.
        date: Moment,
        /// Who made the row; None when the system did, or the user is gone.
        created_by: Option<i64>,
        /// When the row was made.
        created_at: Moment,
        /// Raised by one with every change.
        version: i64,
    }
}

impl From<crm_core::Interaction> for Interaction {
    fn from(interaction: crm_core::Interaction) -> Self {
        let crm_core::Interaction { id, customer_id, kind, notes, date, created_by, created_at, version } =
            interaction;
        Self {
            id: id.0,
            customer_id: customer_id.0,
            r#type: kind.to_string(),
            notes,
            date: date.into(),
            created_by: created_by.map(i64::from),
            created_at: created_at.into(),
            version,
        }
    }
}

record! {
    /// Is a deal on its way through the sales pipeline.
    Lead {
        /// The key.
        id: i64,
        /// The title, 1 to 255 characters.
        title: String,
        /// What it is about, at most 100,000 characters.
        description: Option<String>,
        /// How far it has come: 'lead', 'qualified', 'proposal' or 'closed'.
        stage: String,
        /// What it is worth: 0 to 99,999,999.99, two decimals.
        value: Option<Decimal>,
        /// Whose lead it is; it goes with the customer.
        customer_id: Option<i64>,
        /// Who works on it.
        assigned_to: Option<i64>,
        /// Who made the row; None when the system did, or the user is gone.
        created_by: Option<i64>,
        /// Who last changed the row; None when the system did, or the user is gone.
        updated_by: Option<i64>,
        /// When the row was made.
        created_at: Moment,
        /// When the row was last changed.
        updated_at: Moment,
        /// Raised by one with every change.
        version: i64,
    }
}

impl From<crm_core::Lead> for Lead {
    fn from(lead: crm_core::Lead) -> Self {
        let crm_core::Lead {
            id,
            title,
            description,
            stage,
            value,
            customer_id,
            assigned_to,
            created_by,
            updated_by,
            created_at,
            updated_at,
            version,
        } = lead;
        Self {
            id: id.0,
            title,
            description,
            stage: stage.to_string(),
            value,
            customer_id: customer_id.map(i64::from),
            assigned_to: assigned_to.map(i64::from),
            created_by: created_by.map(i64::from),
            updated_by: updated_by.map(i64::from),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            version,
        }
    }
}

record! {
    /// Is something to do.
    Task {
        /// The key.
        id: i64,
        /// The title, 1 to 255 characters.
        title: String,
        /// What is to be done, at most 100,000 characters.
        description: Option<String>,
        /// Whether it is done: 'pending', 'in-progress' or 'completed'.
        status: String,
        /// How much it matters: 'low', 'medium' or 'high'.
        priority: String,
        /// The day by which it should be done.
        due_date: Option<NaiveDate>,
        /// Who has to do it.
        assigned_to: Option<i64>,
        /// Whom it is about; it goes with the customer.
        customer_id: Option<i64>,
        /// Who made the row; None when the system did, or the user is gone.
        created_by: Option<i64>,
        /// Who last changed the row; None when the system did, or the user is gone.
        updated_by: Option<i64>,
        /// When the row was made.
        created_at: Moment,
        /// When the row was last changed.
        updated_at: Moment,
        /// Raised by one with every change.
        version: i64,
    }
}

impl From<crm_core::Task> for Task {
    fn from(task: crm_core::Task) -> Self {
        let crm_core::Task {
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
        } = task;
        Self {
            id: id.0,
            title,
            description,
            status: status.to_string(),
            priority: priority.to_string(),
            due_date,
            assigned_to: assigned_to.map(i64::from),
            customer_id: customer_id.map(i64::from),
            created_by: created_by.map(i64::from),
            updated_by: updated_by.map(i64::from),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            version,
        }
    }
}

record! {
    /// Is a person who works with the CRM. The password's hash is not among the fields and never leaves the database.
    User {
        /// The key.
        id: i64,
        /// The name, 1 to 255 characters.
        name: String,
        /// The email, unique without regard to case.
        email: String,
        /// What the user may do: 'admin' or 'user'.
        role: String,
        /// When the user was deactivated; None while active.
        deactivated_at: Option<Moment>,
        /// When the row was made.
        created_at: Moment,
        /// When the row was last changed.
        updated_at: Moment,
        /// Raised by one with every change.
        version: i64,
    }
}

impl From<crm_core::User> for User {
    fn from(user: crm_core::User) -> Self {
        let crm_core::User { id, name, email, role, deactivated_at, created_at, updated_at, version } = user;
        Self {
            id: id.0,
            name,
            email: email.as_str().to_owned(),
            role: role.to_string(),
            deactivated_at: deactivated_at.map(Moment::from),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            version,
        }
    }
}

record! {
    /// Says how often and when a customer was last contacted.
    CustomerActivity {
        /// The key.
        id: i64,
        /// The name, 1 to 255 characters.
        name: String,
        /// The email; it need not be unique.
        email: Option<String>,
        /// The phone number as people write it, at most 50 characters.
        phone: Option<String>,
        /// The company, at most 255 characters.
        company: Option<String>,
        /// At most 100 tags of at most 64 characters, in the order given.
        tags: Listed<String>,
        /// Notes, at most 100,000 characters.
        notes: Option<String>,
        /// Who made the row; None when the system did, or the user is gone.
        created_by: Option<i64>,
        /// Who last changed the row; None when the system did, or the user is gone.
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

impl From<crm_core::CustomerActivity> for CustomerActivity {
    fn from(customer_activity: crm_core::CustomerActivity) -> Self {
        let crm_core::CustomerActivity { customer, interaction_count, last_interaction } = customer_activity;
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

record! {
    /// Says how much is in one stage of the pipeline.
    PipelineStage {
        /// The stage: 'lead', 'qualified', 'proposal' or 'closed'.
        stage: String,
        /// How many leads.
        count: i64,
        /// What they are worth together, two decimals; zero when there is none.
        total_value: Decimal,
    }
}

impl From<crm_core::PipelineStage> for PipelineStage {
    fn from(pipeline_stage: crm_core::PipelineStage) -> Self {
        let crm_core::PipelineStage { stage, count, total_value } = pipeline_stage;
        Self { stage: stage.to_string(), count, total_value }
    }
}

record! {
    /// Is a task that is due soon, with the names that a list shows.
    DueTask {
        /// The key.
        id: i64,
        /// The title, 1 to 255 characters.
        title: String,
        /// What is to be done, at most 100,000 characters.
        description: Option<String>,
        /// Whether it is done: 'pending', 'in-progress' or 'completed'.
        status: String,
        /// How much it matters: 'low', 'medium' or 'high'.
        priority: String,
        /// The day by which it should be done.
        due_date: Option<NaiveDate>,
        /// Who has to do it.
        assigned_to: Option<i64>,
        /// Whom it is about; it goes with the customer.
        customer_id: Option<i64>,
        /// Who made the row; None when the system did, or the user is gone.
        created_by: Option<i64>,
        /// Who last changed the row; None when the system did, or the user is gone.
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

impl From<crm_core::DueTask> for DueTask {
    fn from(due_task: crm_core::DueTask) -> Self {
        let crm_core::DueTask { task, customer_name, assigned_to_name, overdue } = due_task;
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

view! {
    /// Is the three reports as they were at one moment.
    Snapshot {
        /// The customers by their last interaction.
        customer_activity,
        /// The four stages.
        pipeline,
        /// The tasks that are due soon.
        due_tasks,
    }
}

impl Wire for crm_core::Snapshot {
    fn wire(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let Self { customer_activity, pipeline, due_tasks } = self;
        Snapshot {
            customer_activity: customer_activity.wire(py)?,
            pipeline: pipeline.wire(py)?,
            due_tasks: due_tasks.wire(py)?,
        }
        .into_py_any(py)
    }
}

wired! {
    crm_core::Customer => Customer;
    crm_core::TagCount => TagCount;
    crm_core::CustomerOverview => CustomerOverview;
    crm_core::Interaction => Interaction;
    crm_core::Lead => Lead;
    crm_core::Task => Task;
    crm_core::User => User;
    crm_core::CustomerActivity => CustomerActivity;
    crm_core::PipelineStage => PipelineStage;
    crm_core::DueTask => DueTask;
}

/// Adds the classes to the module.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Customer>()?;
    module.add_class::<TagCount>()?;
    module.add_class::<CustomerOverview>()?;
    module.add_class::<Interaction>()?;
    module.add_class::<Lead>()?;
    module.add_class::<Task>()?;
    module.add_class::<User>()?;
    module.add_class::<CustomerActivity>()?;
    module.add_class::<PipelineStage>()?;
    module.add_class::<DueTask>()?;
    module.add_class::<Snapshot>()?;
    Ok(())
}
