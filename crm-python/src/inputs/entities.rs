//! The inputs of the five entities, field by field.

use crm_postgres::crm_core::{
    Assignee, Credential, Customer, CustomerFilter, CustomerId, CustomerPatch, DayRange, Entity, Interaction,
    InteractionFilter, InteractionPatch, InteractionType, Lead, LeadFilter, LeadPatch, NewCustomer,
    NewInteraction, NewLead, NewTask, NewUser, Password, PasswordHash, Task, TaskFilter, TaskPatch, User,
    UserFilter, UserPatch, ViolationCode,
};
use pyo3::prelude::*;

use super::{Fields, Value};

/// Is an entity whose inputs can be read from Python.
pub(crate) trait Input: Entity {
    /// Reads a new row.
    fn new_row<'py>(fields: &impl Fields<'py>) -> PyResult<Self::New>;
    /// Reads a change.
    fn patch_row<'py>(fields: &impl Fields<'py>) -> PyResult<Self::Patch>;
    /// Reads a filter.
    fn filter<'py>(fields: &impl Fields<'py>) -> PyResult<Self::Filter>;
}

/// Reads a filter on who works on a lead or a task.
fn assignee<'py>(fields: &impl Fields<'py>) -> PyResult<Option<Assignee>> {
    let users = fields.any_id("assigned_to")?;
    match (users, fields.or_default("unassigned")?) {
        (None, false) => Ok(None),
        (None, true) => Ok(Some(Assignee::Unassigned)),
        (Some(users), false) => Ok(Some(Assignee::AnyOf(users))),
        (Some(_), true) => {
            fields.note("unassigned", ViolationCode::InvalidChoice, "must not be given beside assigned_to");
            Ok(None)
        }
    }
}

/// Reads a field that must be given; for one that is not, the caller puts anything in its place.
fn required<'py, T: Value>(fields: &impl Fields<'py>, name: &'static str) -> PyResult<Option<T>> {
    let noted = fields.broken().borrow().len();
    let value = fields.optional(name)?;
    if value.is_none() && fields.broken().borrow().len() == noted {
        fields.note(name, ViolationCode::Required, "must have a value");
    }
    Ok(value)
}

impl Input for User {
    fn new_row<'py>(fields: &impl Fields<'py>) -> PyResult<NewUser> {
        let password = fields.optional::<String>("password")?;
        let hash = fields.optional::<String>("password_hash")?;
        let credential = match (password, hash) {
            (Some(password), None) => Credential::Password(Password::new(password)),
            (None, Some(hash)) => Credential::Hash(PasswordHash::new(hash)),
            (None, None) => {
                fields.note("password", ViolationCode::Required, "must have a value, or password_hash");
                Credential::Password(Password::new("stands in for none"))
            }
            (Some(password), Some(_)) => {
                fields.note(
                    "password_hash",
                    ViolationCode::InvalidChoice,
                    "must not be given beside password",
                );
                Credential::Password(Password::new(password))
            }
        };
        Ok(NewUser {
            name: fields.or_default("name")?,
            email: fields.or_default("email")?,
            role: fields.or_default("role")?,
            credential,
        })
    }

    fn patch_row<'py>(fields: &impl Fields<'py>) -> PyResult<UserPatch> {
        Ok(UserPatch {
            name: fields.patch("name")?,
            email: fields.patch("email")?,
            role: fields.patch("role")?,
        })
    }

    fn filter<'py>(fields: &impl Fields<'py>) -> PyResult<UserFilter> {
        Ok(UserFilter {
            ids: fields.any_id("ids")?,
            role: fields.any_of("role")?,
            email: fields.any_of("email")?,
            created: fields.moments("created_since", "created_until")?,
            updated: fields.moments("updated_since", "updated_until")?,
        })
    }
}

impl Input for Customer {
    fn new_row<'py>(fields: &impl Fields<'py>) -> PyResult<NewCustomer> {
        Ok(NewCustomer {
            name: fields.or_default("name")?,
            email: fields.optional("email")?,
            phone: fields.optional("phone")?,
            company: fields.optional("company")?,
            tags: fields.or_default("tags")?,
            notes: fields.optional("notes")?,
            created_by: fields.id("created_by")?,
        })
    }

    fn patch_row<'py>(fields: &impl Fields<'py>) -> PyResult<CustomerPatch> {
        Ok(CustomerPatch {
            name: fields.patch("name")?,
            email: fields.patch("email")?,
            phone: fields.patch("phone")?,
            company: fields.patch("company")?,
            tags: fields.patch("tags")?,
            notes: fields.patch("notes")?,
        })
    }

    fn filter<'py>(fields: &impl Fields<'py>) -> PyResult<CustomerFilter> {
        Ok(CustomerFilter {
            ids: fields.any_id("ids")?,
            tags_any: fields.any_of("tags_any")?,
            tags_all: fields.any_of("tags_all")?,
            company: fields.any_of("company")?,
            email: fields.any_of("email")?,
            text: fields.optional("text")?,
            created: fields.moments("created_since", "created_until")?,
            updated: fields.moments("updated_since", "updated_until")?,
        })
    }
}

impl Input for Lead {
    fn new_row<'py>(fields: &impl Fields<'py>) -> PyResult<NewLead> {
        Ok(NewLead {
            title: fields.or_default("title")?,
            description: fields.optional("description")?,
            stage: fields.or_default("stage")?,
            value: fields.optional("value")?,
            customer_id: fields.id("customer_id")?,
            assigned_to: fields.id("assigned_to")?,
            created_by: fields.id("created_by")?,
        })
    }

    fn patch_row<'py>(fields: &impl Fields<'py>) -> PyResult<LeadPatch> {
        Ok(LeadPatch {
            title: fields.patch("title")?,
            description: fields.patch("description")?,
            stage: fields.patch("stage")?,
            value: fields.patch("value")?,
            customer_id: fields.patch_id("customer_id")?,
            assigned_to: fields.patch_id("assigned_to")?,
        })
    }

    fn filter<'py>(fields: &impl Fields<'py>) -> PyResult<LeadFilter> {
        Ok(LeadFilter {
            ids: fields.any_id("ids")?,
            stage: fields.any_of("stage")?,
            customer_id: fields.any_id("customer_id")?,
            assigned_to: assignee(fields)?,
            min_value: fields.optional("min_value")?,
            max_value: fields.optional("max_value")?,
            text: fields.optional("text")?,
            created: fields.moments("created_since", "created_until")?,
            updated: fields.moments("updated_since", "updated_until")?,
        })
    }
}

impl Input for Task {
    fn new_row<'py>(fields: &impl Fields<'py>) -> PyResult<NewTask> {
        Ok(NewTask {
            title: fields.or_default("title")?,
            description: fields.optional("description")?,
            status: fields.or_default("status")?,
            priority: fields.or_default("priority")?,
            due_date: fields.optional("due_date")?,
            assigned_to: fields.id("assigned_to")?,
            customer_id: fields.id("customer_id")?,
            created_by: fields.id("created_by")?,
        })
    }

    fn patch_row<'py>(fields: &impl Fields<'py>) -> PyResult<TaskPatch> {
        Ok(TaskPatch {
            title: fields.patch("title")?,
            description: fields.patch("description")?,
            status: fields.patch("status")?,
            priority: fields.patch("priority")?,
            due_date: fields.patch("due_date")?,
            assigned_to: fields.patch_id("assigned_to")?,
            customer_id: fields.patch_id("customer_id")?,
        })
    }

    fn filter<'py>(fields: &impl Fields<'py>) -> PyResult<TaskFilter> {
        Ok(TaskFilter {
            ids: fields.any_id("ids")?,
            status: fields.any_of("status")?,
            priority: fields.any_of("priority")?,
            assigned_to: assignee(fields)?,
            customer_id: fields.any_id("customer_id")?,
            due: DayRange { since: fields.optional("due_since")?, until: fields.optional("due_until")? },
            text: fields.optional("text")?,
            created: fields.moments("created_since", "created_until")?,
            updated: fields.moments("updated_since", "updated_until")?,
        })
    }
}

impl Input for Interaction {
    fn new_row<'py>(fields: &impl Fields<'py>) -> PyResult<NewInteraction> {
        let customer_id = required(fields, "customer_id")?.unwrap_or_default();
        Ok(NewInteraction {
            customer_id: CustomerId(customer_id),
            kind: required(fields, "type")?.unwrap_or(InteractionType::Note),
            notes: fields.optional("notes")?,
            date: fields.optional("date")?,
            created_by: fields.id("created_by")?,
        })
    }

    fn patch_row<'py>(fields: &impl Fields<'py>) -> PyResult<InteractionPatch> {
        Ok(InteractionPatch {
            customer_id: fields.patch_id("customer_id")?,
            kind: fields.patch("type")?,
            notes: fields.patch("notes")?,
            date: fields.patch("date")?,
        })
    }

    fn filter<'py>(fields: &impl Fields<'py>) -> PyResult<InteractionFilter> {
        Ok(InteractionFilter {
            ids: fields.any_id("ids")?,
            customer_id: fields.any_id("customer_id")?,
            kind: fields.any_of("type")?,
            created_by: fields.any_id("created_by")?,
            date: fields.moments("date_since", "date_until")?,
            text: fields.optional("text")?,
            created: fields.moments("created_since", "created_until")?,
        })
    }
}
