//! The five entities.

use crm_postgres::chrono::NaiveDate;
use crm_postgres::crm_core;
use crm_postgres::rust_decimal::Decimal;

use super::{Listed, Moment, record};

record! {
    /// Is a person who works with the CRM. The password's hash is not among the fields.
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

impl From<crm_core::User> for User {
    fn from(user: crm_core::User) -> Self {
        let crm_core::User { id, name, email, role, deactivated_at, created_at, updated_at, version } = user;
        let (id, email, role) = (id.0, email.as_str().to_owned(), role.to_string());
        let (created_at, updated_at) = (created_at.into(), updated_at.into());
        let deactivated_at = deactivated_at.map(Moment::from);
        Self { id, name, email, role, deactivated_at, created_at, updated_at, version }
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
