//! Generated from crm-core's sources by `cargo xtask generate`. Do not edit.
//! The readers of inputs, field by field, and the types of values that they take.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::{Input, Takes, assignee, credential, days, moments};
use crate::{
    Customer, CustomerFilter, CustomerId, CustomerPatch, Interaction, InteractionFilter, InteractionId,
    InteractionPatch, InteractionType, Lead, LeadFilter, LeadId, LeadPatch, NewCustomer, NewInteraction,
    NewLead, NewTask, NewUser, Priority, Role, SearchText, Stage, Task, TaskFilter, TaskId, TaskPatch,
    TaskStatus, User, UserFilter, UserId, UserPatch,
};

/// A source of every type of value that an input has.
pub trait Source:
    Takes<CustomerId>
    + Takes<DateTime<Utc>>
    + Takes<Decimal>
    + Takes<InteractionId>
    + Takes<InteractionType>
    + Takes<LeadId>
    + Takes<NaiveDate>
    + Takes<Priority>
    + Takes<Role>
    + Takes<SearchText>
    + Takes<Stage>
    + Takes<String>
    + Takes<TaskId>
    + Takes<TaskStatus>
    + Takes<UserId>
    + Takes<Vec<String>>
    + Takes<bool>
{
}

impl Input for User {
    fn new_row<S: Source>(from: &S) -> Result<NewUser, S::Error> {
        Ok(NewUser {
            name: from.or_default("name")?,
            email: from.or_default("email")?,
            role: from.or_default("role")?,
            credential: credential(from)?,
        })
    }

    fn patch_row<S: Source>(from: &S) -> Result<UserPatch, S::Error> {
        Ok(UserPatch { name: from.patch("name")?, email: from.patch("email")?, role: from.patch("role")? })
    }

    fn filter<S: Source>(from: &S) -> Result<UserFilter, S::Error> {
        Ok(UserFilter {
            ids: from.any_of("ids")?,
            role: from.any_of("role")?,
            email: from.any_of("email")?,
            created: moments(from, "created_since", "created_until")?,
            updated: moments(from, "updated_since", "updated_until")?,
        })
    }
}

impl Input for Customer {
    fn new_row<S: Source>(from: &S) -> Result<NewCustomer, S::Error> {
        Ok(NewCustomer {
            name: from.or_default("name")?,
            email: from.optional("email")?,
            phone: from.optional("phone")?,
            company: from.optional("company")?,
            tags: from.or_default("tags")?,
            notes: from.optional("notes")?,
            created_by: from.optional("created_by")?,
        })
    }

    fn patch_row<S: Source>(from: &S) -> Result<CustomerPatch, S::Error> {
        Ok(CustomerPatch {
            name: from.patch("name")?,
            email: from.patch("email")?,
            phone: from.patch("phone")?,
            company: from.patch("company")?,
            tags: from.patch("tags")?,
            notes: from.patch("notes")?,
        })
    }

    fn filter<S: Source>(from: &S) -> Result<CustomerFilter, S::Error> {
        Ok(CustomerFilter {
            ids: from.any_of("ids")?,
            tags_any: from.any_of("tags_any")?,
            tags_all: from.any_of("tags_all")?,
            company: from.any_of("company")?,
            email: from.any_of("email")?,
            text: from.condition("text")?,
            created: moments(from, "created_since", "created_until")?,
            updated: moments(from, "updated_since", "updated_until")?,
        })
    }
}

impl Input for Lead {
    fn new_row<S: Source>(from: &S) -> Result<NewLead, S::Error> {
        Ok(NewLead {
            title: from.or_default("title")?,
            description: from.optional("description")?,
            stage: from.or_default("stage")?,
            value: from.optional("value")?,
            customer_id: from.optional("customer_id")?,
            assigned_to: from.optional("assigned_to")?,
            created_by: from.optional("created_by")?,
        })
    }

    fn patch_row<S: Source>(from: &S) -> Result<LeadPatch, S::Error> {
        Ok(LeadPatch {
            title: from.patch("title")?,
            description: from.patch("description")?,
            stage: from.patch("stage")?,
            value: from.patch("value")?,
            customer_id: from.patch("customer_id")?,
            assigned_to: from.patch("assigned_to")?,
        })
    }

    fn filter<S: Source>(from: &S) -> Result<LeadFilter, S::Error> {
        Ok(LeadFilter {
            ids: from.any_of("ids")?,
            stage: from.any_of("stage")?,
            customer_id: from.any_of("customer_id")?,
            assigned_to: assignee(from, "assigned_to")?,
            min_value: from.condition("min_value")?,
            max_value: from.condition("max_value")?,
            text: from.condition("text")?,
            created: moments(from, "created_since", "created_until")?,
            updated: moments(from, "updated_since", "updated_until")?,
        })
    }
}

impl Input for Task {
    fn new_row<S: Source>(from: &S) -> Result<NewTask, S::Error> {
        Ok(NewTask {
            title: from.or_default("title")?,
            description: from.optional("description")?,
            status: from.or_default("status")?,
            priority: from.or_default("priority")?,
            due_date: from.optional("due_date")?,
            assigned_to: from.optional("assigned_to")?,
            customer_id: from.optional("customer_id")?,
            created_by: from.optional("created_by")?,
        })
    }

    fn patch_row<S: Source>(from: &S) -> Result<TaskPatch, S::Error> {
        Ok(TaskPatch {
            title: from.patch("title")?,
            description: from.patch("description")?,
            status: from.patch("status")?,
            priority: from.patch("priority")?,
            due_date: from.patch("due_date")?,
            assigned_to: from.patch("assigned_to")?,
            customer_id: from.patch("customer_id")?,
        })
    }

    fn filter<S: Source>(from: &S) -> Result<TaskFilter, S::Error> {
        Ok(TaskFilter {
            ids: from.any_of("ids")?,
            status: from.any_of("status")?,
            priority: from.any_of("priority")?,
            assigned_to: assignee(from, "assigned_to")?,
            customer_id: from.any_of("customer_id")?,
            due: days(from, "due_since", "due_until")?,
            text: from.condition("text")?,
            created: moments(from, "created_since", "created_until")?,
            updated: moments(from, "updated_since", "updated_until")?,
        })
    }
}

impl Input for Interaction {
    fn new_row<S: Source>(from: &S) -> Result<NewInteraction, S::Error> {
        Ok(NewInteraction {
            customer_id: from.required("customer_id", CustomerId(0))?,
            kind: from.required("type", InteractionType::ALL[0])?,
            notes: from.optional("notes")?,
            date: from.optional("date")?,
            created_by: from.optional("created_by")?,
        })
    }

    fn patch_row<S: Source>(from: &S) -> Result<InteractionPatch, S::Error> {
        Ok(InteractionPatch {
            customer_id: from.patch("customer_id")?,
            kind: from.patch("type")?,
            notes: from.patch("notes")?,
            date: from.patch("date")?,
        })
    }

    fn filter<S: Source>(from: &S) -> Result<InteractionFilter, S::Error> {
        Ok(InteractionFilter {
            ids: from.any_of("ids")?,
            customer_id: from.any_of("customer_id")?,
            kind: from.any_of("type")?,
            created_by: from.any_of("created_by")?,
            date: moments(from, "date_since", "date_until")?,
            text: from.condition("text")?,
            created: moments(from, "created_since", "created_until")?,
        })
    }
}
