//! Every constraint of the schema and the error it stands for, once. A test compares the table with `pg_constraint`.

use crm_core::{EntityKind, Error, Violation, ViolationCode};

/// Says what it means when a constraint refuses a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The key was given by the caller of another program and is taken.
    Key(EntityKind),
    /// The field's value is taken by another row.
    Taken(EntityKind, &'static str),
    /// The field refers to a row that does not exist.
    MissingReference(&'static str),
    /// The field's value is out of range.
    OutOfRange(&'static str),
}

/// Lists the constraints and unique indexes by name.
pub const CONSTRAINTS: &[(&str, Refusal)] = &[
    ("users_pkey", Refusal::Key(EntityKind::User)),
    ("idx_users_email", Refusal::Taken(EntityKind::User, "email")),
    ("chk_users_created_at", Refusal::OutOfRange("created_at")),
    ("chk_users_updated_at", Refusal::OutOfRange("updated_at")),
    ("chk_users_deactivated_at", Refusal::OutOfRange("deactivated_at")),
    ("customers_pkey", Refusal::Key(EntityKind::Customer)),
    ("fk_customers_created_by", Refusal::MissingReference("created_by")),
    ("fk_customers_updated_by", Refusal::MissingReference("updated_by")),
    ("chk_customers_tags", Refusal::OutOfRange("tags")),
    ("chk_customers_created_at", Refusal::OutOfRange("created_at")),
    ("chk_customers_updated_at", Refusal::OutOfRange("updated_at")),
    ("leads_pkey", Refusal::Key(EntityKind::Lead)),
    ("chk_leads_value", Refusal::OutOfRange("value")),
    ("chk_leads_created_at", Refusal::OutOfRange("created_at")),
    ("chk_leads_updated_at", Refusal::OutOfRange("updated_at")),
    ("fk_leads_customer", Refusal::MissingReference("customer_id")),
    ("fk_leads_assigned_to", Refusal::MissingReference("assigned_to")),
    ("fk_leads_created_by", Refusal::MissingReference("created_by")),
    ("fk_leads_updated_by", Refusal::MissingReference("updated_by")),
    ("tasks_pkey", Refusal::Key(EntityKind::Task)),
    ("chk_tasks_due_date", Refusal::OutOfRange("due_date")),
    ("chk_tasks_created_at", Refusal::OutOfRange("created_at")),
    ("chk_tasks_updated_at", Refusal::OutOfRange("updated_at")),
    ("fk_tasks_customer", Refusal::MissingReference("customer_id")),
    ("fk_tasks_assigned_to", Refusal::MissingReference("assigned_to")),
    ("fk_tasks_created_by", Refusal::MissingReference("created_by")),
    ("fk_tasks_updated_by", Refusal::MissingReference("updated_by")),
    ("interactions_pkey", Refusal::Key(EntityKind::Interaction)),
    ("chk_interactions_date", Refusal::OutOfRange("date")),
    ("chk_interactions_created_at", Refusal::OutOfRange("created_at")),
    ("fk_interactions_customer", Refusal::MissingReference("customer_id")),
    ("fk_interactions_created_by", Refusal::MissingReference("created_by")),
    ("chk_compatibility_seeded_at", Refusal::OutOfRange("seeded_at")),
];

/// Returns the error that a constraint stands for.
pub(crate) fn refusal(constraint: &str) -> Option<Error> {
    let (_, refusal) = CONSTRAINTS.iter().find(|(name, _)| *name == constraint)?;
    Some(match *refusal {
        Refusal::Key(entity) => Error::Taken { entity, field: "id".to_owned() },
        Refusal::Taken(entity, field) => Error::Taken { entity, field: field.to_owned() },
        Refusal::MissingReference(field) => Error::MissingReference { field: field.to_owned() },
        Refusal::OutOfRange(field) => {
            Error::validation([Violation::new(field, ViolationCode::OutOfRange, "is out of range")])
        }
    })
}
