//! The sample rows of the schema's documentation, as inputs.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::{
    CustomerId, InteractionType, NewCustomer, NewInteraction, NewLead, NewTask, NewUser, Password, Priority,
    Role, Stage, TaskStatus, UserId,
};

/// Returns the administrator and the ordinary user, with their passwords.
#[must_use]
pub fn users(admin: Password, user: Password) -> [NewUser; 2] {
    [
        NewUser { role: Role::Admin, ..NewUser::new("Admin User", "admin@crm.com", admin) },
        NewUser::new("Regular User", "user@crm.com", user),
    ]
}

/// Returns the two customers.
#[must_use]
pub fn customers() -> [NewCustomer; 2] {
    [
        NewCustomer {
            name: "Acme Corporation".into(),
            email: Some("contact@acme.com".into()),
            phone: Some("+1-555-0123".into()),
            company: Some("Acme Corp".into()),
            tags: vec!["Enterprise".into(), "Technology".into()],
            notes: Some("Initial contact made".into()),
            created_by: None,
        },
        NewCustomer {
            name: "TechStart Inc".into(),
            email: Some("hello@techstart.com".into()),
            phone: Some("+1-555-0124".into()),
            company: Some("TechStart".into()),
            tags: vec!["Startup".into(), "Technology".into()],
            notes: Some("Interested in CRM solution".into()),
            created_by: None,
        },
    ]
}

/// Returns a lead of each customer, assigned to the user at the same place.
#[must_use]
pub fn leads(customers: [CustomerId; 2], users: [UserId; 2]) -> [NewLead; 2] {
    [
        NewLead {
            title: "Enterprise Software Deal".into(),
            description: Some("Large enterprise looking for CRM solution".into()),
            stage: Stage::Qualified,
            value: Some(Decimal::new(5_000_000, 2)),
            customer_id: Some(customers[0]),
            assigned_to: Some(users[0]),
            created_by: None,
        },
        NewLead {
            title: "Startup CRM Implementation".into(),
            description: Some("Tech startup needs basic CRM setup".into()),
            stage: Stage::Lead,
            value: Some(Decimal::new(1_500_000, 2)),
            customer_id: Some(customers[1]),
            assigned_to: Some(users[1]),
            created_by: None,
        },
    ]
}

/// Returns a task about each customer, assigned to the user at the same place.
#[must_use]
pub fn tasks(customers: [CustomerId; 2], users: [UserId; 2]) -> [NewTask; 2] {
    [
        NewTask {
            title: "Follow up with Acme Corp".into(),
            description: Some("Schedule demo meeting for enterprise solution".into()),
            status: TaskStatus::Pending,
            priority: Priority::High,
            due_date: NaiveDate::from_ymd_opt(2024, 1, 15),
            assigned_to: Some(users[0]),
            customer_id: Some(customers[0]),
            created_by: None,
        },
        NewTask {
            title: "Send proposal to TechStart".into(),
            description: Some("Prepare and send detailed proposal".into()),
            status: TaskStatus::InProgress,
            priority: Priority::Medium,
            due_date: NaiveDate::from_ymd_opt(2024, 1, 20),
            assigned_to: Some(users[1]),
            customer_id: Some(customers[1]),
            created_by: None,
        },
    ]
}

/// Returns an interaction with each customer, made by the user at the same place; they happen when they are stored.
#[must_use]
pub fn interactions(customers: [CustomerId; 2], users: [UserId; 2]) -> [NewInteraction; 2] {
    [
        NewInteraction {
            notes: Some("Followed up on proposal - client requested meeting".into()),
            created_by: Some(users[0]),
            ..NewInteraction::new(customers[0], InteractionType::Call)
        },
        NewInteraction {
            notes: Some("Sent initial proposal and pricing".into()),
            created_by: Some(users[1]),
            ..NewInteraction::new(customers[1], InteractionType::Email)
        },
    ]
}
