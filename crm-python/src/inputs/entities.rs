//! The inputs of the five entities, field by field.

use crm_postgres::crm_core::{
    Assignee, Credential, Customer, CustomerFilter, CustomerPatch, DayRange, Entity, Error, Interaction,
    InteractionFilter, InteractionPatch, Lead, LeadFilter, LeadPatch, NewCustomer, NewInteraction, NewLead,
    NewTask, NewUser, Password, PasswordHash, Task, TaskFilter, TaskPatch, User, UserFilter, UserPatch,
    Validate as _, Violation, ViolationCode,
};
use pyo3::prelude::*;

use super::Fields;
use crate::errors::raise;

/// Is an entity whose inputs can be read from Python.
pub(crate) trait Input: Entity {
    /// Reads a new row.
    fn new_row<'py>(py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<Self::New>;
    /// Reads a change.
    fn patch_row<'py>(py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<Self::Patch>;
    /// Reads a filter.
    fn filter<'py>(py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<Self::Filter>;
}

fn violation(py: Python<'_>, field: String, code: ViolationCode, message: &str) -> PyErr {
    raise(py, Error::validation([Violation::new(field, code, message)]))
}

/// Reads a filter on who works on a lead or a task.
fn assignee<'py>(py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<Option<Assignee>> {
    let users = fields.any_id("assigned_to")?;
    match (users, fields.or_default("unassigned")?) {
        (None, false) => Ok(None),
        (None, true) => Ok(Some(Assignee::Unassigned)),
        (Some(users), false) => Ok(Some(Assignee::AnyOf(users))),
        (Some(_), true) => {
            let message = "must not be given beside assigned_to";
            Err(violation(py, fields.path("unassigned"), ViolationCode::InvalidChoice, message))
        }
    }
}

impl Input for User {
    fn new_row<'py>(py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<NewUser> {
        let password = fields.optional::<String>("password")?;
        let hash = fields.optional::<String>("password_hash")?;
        let mut broken = None;
        let credential = match (password, hash) {
            (Some(password), None) => Credential::Password(Password::new(password)),
            (None, Some(hash)) => Credential::Hash(PasswordHash::new(hash)),
            (None, None) => {
                broken = Some(("password", ViolationCode::Required, "must have a value, or password_hash"));
                Credential::Password(Password::new("stands in for none"))
            }
            (Some(password), Some(_)) => {
                broken = Some((
                    "password_hash",
                    ViolationCode::InvalidChoice,
                    "must not be given beside password",
                ));
                Credential::Password(Password::new(password))
            }
        };
        let new = NewUser {
            name: fields.or_default("name")?,
            email: fields.or_default("email")?,
            role: fields.or_default("role")?,
            credential,
        };
        let Some((field, code, message)) = broken else { return Ok(new) };
        // The other fields may be wrong as well.
        let others = new.validate().err().map(|error| error.violations().to_vec()).unwrap_or_default();
        let all = others.into_iter().chain([Violation::new(field, code, message)]);
        let all = all.map(|violation| Violation {
            // The names are the catalogue's own, but for the path to the row.
            field: fields.path("") + &violation.field,
            ..violation
        });
        Err(raise(py, Error::validation(all)))
    }

    fn patch_row<'py>(_py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<UserPatch> {
        Ok(UserPatch {
            name: fields.patch("name")?,
            email: fields.patch("email")?,
            role: fields.patch("role")?,
        })
    }

    fn filter<'py>(_py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<UserFilter> {
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
    fn new_row<'py>(_py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<NewCustomer> {
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

    fn patch_row<'py>(_py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<CustomerPatch> {
        Ok(CustomerPatch {
            name: fields.patch("name")?,
            email: fields.patch("email")?,
            phone: fields.patch("phone")?,
            company: fields.patch("company")?,
            tags: fields.patch("tags")?,
            notes: fields.patch("notes")?,
        })
    }

    fn filter<'py>(_py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<CustomerFilter> {
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
    fn new_row<'py>(_py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<NewLead> {
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

    fn patch_row<'py>(_py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<LeadPatch> {
        Ok(LeadPatch {
            title: fields.patch("title")?,
            description: fields.patch("description")?,
            stage: fields.patch("stage")?,
            value: fields.patch("value")?,
            customer_id: fields.patch_id("customer_id")?,
            assigned_to: fields.patch_id("assigned_to")?,
        })
    }

    fn filter<'py>(py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<LeadFilter> {
        Ok(LeadFilter {
            ids: fields.any_id("ids")?,
            stage: fields.any_of("stage")?,
            customer_id: fields.any_id("customer_id")?,
            assigned_to: assignee(py, fields)?,
            min_value: fields.optional("min_value")?,
            max_value: fields.optional("max_value")?,
            text: fields.optional("text")?,
            created: fields.moments("created_since", "created_until")?,
            updated: fields.moments("updated_since", "updated_until")?,
        })
    }
}

impl Input for Task {
    fn new_row<'py>(_py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<NewTask> {
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

    fn patch_row<'py>(_py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<TaskPatch> {
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

    fn filter<'py>(py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<TaskFilter> {
        Ok(TaskFilter {
            ids: fields.any_id("ids")?,
            status: fields.any_of("status")?,
            priority: fields.any_of("priority")?,
            assigned_to: assignee(py, fields)?,
            customer_id: fields.any_id("customer_id")?,
            due: DayRange { since: fields.optional("due_since")?, until: fields.optional("due_until")? },
            text: fields.optional("text")?,
            created: fields.moments("created_since", "created_until")?,
            updated: fields.moments("updated_since", "updated_until")?,
        })
    }
}

impl Input for Interaction {
    fn new_row<'py>(py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<NewInteraction> {
        let required =
            |field| violation(py, fields.path(field), ViolationCode::Required, "must have a value");
        Ok(NewInteraction {
            customer_id: fields.id("customer_id")?.ok_or_else(|| required("customer_id"))?,
            kind: fields.optional("type")?.ok_or_else(|| required("type"))?,
            notes: fields.optional("notes")?,
            date: fields.optional("date")?,
            created_by: fields.id("created_by")?,
        })
    }

    fn patch_row<'py>(_py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<InteractionPatch> {
        Ok(InteractionPatch {
            customer_id: fields.patch_id("customer_id")?,
            kind: fields.patch("type")?,
            notes: fields.patch("notes")?,
            date: fields.patch("date")?,
        })
    }

    fn filter<'py>(_py: Python<'py>, fields: &impl Fields<'py>) -> PyResult<InteractionFilter> {
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
