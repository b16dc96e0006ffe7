//! The inputs of the five entities, field by field.

use crm_postgres::crm_core::{
    Assignee, Credential, Customer, CustomerFilter, CustomerId, CustomerPatch, DayRange, Entity, Interaction,
    InteractionFilter, InteractionPatch, InteractionType, Lead, LeadFilter, LeadPatch, NewCustomer,
    NewInteraction, NewLead, NewTask, NewUser, Password, PasswordHash, Task, TaskFilter, TaskPatch, User,
    UserFilter, UserPatch, ViolationCode,
};

use super::Fields;

/// Is an entity whose inputs can be read from JavaScript.
pub(crate) trait Input: Entity {
    /// Reads a new row.
    fn new_row(fields: &Fields) -> Self::New;
    /// Reads a change.
    fn patch_row(fields: &Fields) -> Self::Patch;
    /// Reads a filter.
    fn filter(fields: &Fields) -> Self::Filter;
}

/// Reads a filter on who works on a lead or a task.
fn assignee(fields: &Fields) -> Option<Assignee> {
    let users = fields.any_id("assigned_to");
    match (users, fields.condition("unassigned").unwrap_or_default()) {
        (None, false) => None,
        (None, true) => Some(Assignee::Unassigned),
        (Some(users), false) => Some(Assignee::AnyOf(users)),
        (Some(_), true) => {
            fields.note("unassigned", ViolationCode::InvalidChoice, "must not be given beside assignedTo");
            None
        }
    }
}

impl Input for User {
    fn new_row(fields: &Fields) -> NewUser {
        let password = fields.secret_cell("password");
        let hash = fields.secret_cell("password_hash");
        let credential = match (password, hash) {
            (Some(password), None) => Credential::Password(Password::new(password)),
            (None, Some(hash)) => Credential::Hash(PasswordHash::new(hash)),
            (None, None) => {
                if !fields.refused("password") && !fields.refused("password_hash") {
                    fields.note("password", ViolationCode::Required, "must have a value, or passwordHash");
                }
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
        NewUser {
            name: fields.or_default("name"),
            email: fields.or_default("email"),
            role: fields.cell("role").unwrap_or_default(),
            credential,
        }
    }

    fn patch_row(fields: &Fields) -> UserPatch {
        UserPatch { name: fields.patch("name"), email: fields.patch("email"), role: fields.patch("role") }
    }

    fn filter(fields: &Fields) -> UserFilter {
        UserFilter {
            ids: fields.any_id("ids"),
            role: fields.any_of("role"),
            email: fields.any_of("email"),
            created: fields.moments("created_since", "created_until"),
            updated: fields.moments("updated_since", "updated_until"),
        }
    }
}

impl Input for Customer {
    fn new_row(fields: &Fields) -> NewCustomer {
        NewCustomer {
            name: fields.or_default("name"),
            email: fields.optional("email"),
            phone: fields.optional("phone"),
            company: fields.optional("company"),
            tags: fields.cell("tags").unwrap_or_default(),
            notes: fields.optional("notes"),
            created_by: fields.id("created_by"),
        }
    }

    fn patch_row(fields: &Fields) -> CustomerPatch {
        CustomerPatch {
            name: fields.patch("name"),
            email: fields.patch("email"),
            phone: fields.patch("phone"),
            company: fields.patch("company"),
            tags: fields.patch("tags"),
            notes: fields.patch("notes"),
        }
    }

    fn filter(fields: &Fields) -> CustomerFilter {
        CustomerFilter {
            ids: fields.any_id("ids"),
            tags_any: fields.any_of("tags_any"),
            tags_all: fields.any_of("tags_all"),
            company: fields.any_of("company"),
            email: fields.any_of("email"),
            text: fields.condition("text"),
            created: fields.moments("created_since", "created_until"),
            updated: fields.moments("updated_since", "updated_until"),
        }
    }
}

impl Input for Lead {
    fn new_row(fields: &Fields) -> NewLead {
        NewLead {
            title: fields.or_default("title"),
            description: fields.optional("description"),
            stage: fields.cell("stage").unwrap_or_default(),
            value: fields.cell("value"),
            customer_id: fields.id("customer_id"),
            assigned_to: fields.id("assigned_to"),
            created_by: fields.id("created_by"),
        }
    }

    fn patch_row(fields: &Fields) -> LeadPatch {
        LeadPatch {
            title: fields.patch("title"),
            description: fields.patch("description"),
            stage: fields.patch("stage"),
            value: fields.patch("value"),
            customer_id: fields.patch_id("customer_id"),
            assigned_to: fields.patch_id("assigned_to"),
        }
    }

    fn filter(fields: &Fields) -> LeadFilter {
        LeadFilter {
            ids: fields.any_id("ids"),
            stage: fields.any_of("stage"),
            customer_id: fields.any_id("customer_id"),
            assigned_to: assignee(fields),
            min_value: fields.condition("min_value"),
            max_value: fields.condition("max_value"),
            text: fields.condition("text"),
            created: fields.moments("created_since", "created_until"),
            updated: fields.moments("updated_since", "updated_until"),
        }
    }
}

impl Input for Task {
    fn new_row(fields: &Fields) -> NewTask {
        NewTask {
            title: fields.or_default("title"),
            description: fields.optional("description"),
            status: fields.cell("status").unwrap_or_default(),
            priority: fields.cell("priority").unwrap_or_default(),
            due_date: fields.cell("due_date"),
            assigned_to: fields.id("assigned_to"),
            customer_id: fields.id("customer_id"),
            created_by: fields.id("created_by"),
        }
    }

    fn patch_row(fields: &Fields) -> TaskPatch {
        TaskPatch {
            title: fields.patch("title"),
            description: fields.patch("description"),
            status: fields.patch("status"),
            priority: fields.patch("priority"),
            due_date: fields.patch("due_date"),
            assigned_to: fields.patch_id("assigned_to"),
            customer_id: fields.patch_id("customer_id"),
        }
    }

    fn filter(fields: &Fields) -> TaskFilter {
        TaskFilter {
            ids: fields.any_id("ids"),
            status: fields.any_of("status"),
            priority: fields.any_of("priority"),
            assigned_to: assignee(fields),
            customer_id: fields.any_id("customer_id"),
            due: DayRange { since: fields.condition("due_since"), until: fields.condition("due_until") },
            text: fields.condition("text"),
            created: fields.moments("created_since", "created_until"),
            updated: fields.moments("updated_since", "updated_until"),
        }
    }
}

impl Input for Interaction {
    fn new_row(fields: &Fields) -> NewInteraction {
        let customer_id = fields.required("customer_id").unwrap_or_default();
        NewInteraction {
            customer_id: CustomerId(customer_id),
            kind: fields.required("type").unwrap_or(InteractionType::Note),
            notes: fields.optional("notes"),
            date: fields.cell("date"),
            created_by: fields.id("created_by"),
        }
    }

    fn patch_row(fields: &Fields) -> InteractionPatch {
        InteractionPatch {
            customer_id: fields.patch_id("customer_id"),
            kind: fields.patch("type"),
            notes: fields.patch("notes"),
            date: fields.patch("date"),
        }
    }

    fn filter(fields: &Fields) -> InteractionFilter {
        InteractionFilter {
            ids: fields.any_id("ids"),
            customer_id: fields.any_id("customer_id"),
            kind: fields.any_of("type"),
            created_by: fields.any_id("created_by"),
            date: fields.moments("date_since", "date_until"),
            text: fields.condition("text"),
            created: fields.moments("created_since", "created_until"),
        }
    }
}
