//! What the columns of an export are called, and what they hold.

use crm_core::{InteractionType, Priority, Role, Stage, TaskStatus};

/// Is the type of a column, and so the binary format of its values (PostgreSQL's own; labels come as text).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// A 64-bit integer (`int8`).
    Integer,
    /// A text.
    Text,
    /// One of these labels, as text.
    Label(&'static [&'static str]),
    /// A list of texts (`text[]`).
    Texts,
    /// An amount of money (`numeric`) of so many digits, two of them decimals.
    Money {
        /// How many digits there are.
        digits: u8,
    },
    /// A moment (`timestamptz`): microseconds since 2000 UTC.
    Moment,
    /// A day (`date`): days since 2000.
    Day,
    /// A truth value (`bool`).
    Flag,
}

/// Is a column of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name.
    pub name: &'static str,
    /// What it holds.
    pub column_type: ColumnType,
    /// Whether there may be nulls.
    pub nullable: bool,
}

const fn required(name: &'static str, column_type: ColumnType) -> Column {
    Column { name, column_type, nullable: false }
}

const fn optional(name: &'static str, column_type: ColumnType) -> Column {
    Column { name, column_type, nullable: true }
}

const VALUE: ColumnType = ColumnType::Money { digits: 10 };

/// Is the type of a sum of amounts: of more rows than a `bigint` has keys.
const TOTAL: ColumnType = ColumnType::Money { digits: 38 };

/// The labels of an enum as an array that lives as long as the program.
macro_rules! labels {
    ($name:ident) => {
        ColumnType::Label({
            const LABELS: [&str; $name::ALL.len()] = {
                let mut labels = [""; $name::ALL.len()];
                let mut at = 0;
                while at < labels.len() {
                    labels[at] = $name::ALL[at].as_str();
                    at += 1;
                }
                labels
            };
            &LABELS
        })
    };
}

use ColumnType::{Day, Flag, Integer, Moment, Text, Texts};

pub(super) const USERS: &[Column] = &[
    required("id", Integer),
    required("name", Text),
    required("email", Text),
    required("role", labels!(Role)),
    optional("deactivated_at", Moment),
    required("created_at", Moment),
    required("updated_at", Moment),
    required("version", Integer),
];

pub(super) const CUSTOMERS: &[Column] = &[
    required("id", Integer),
    required("name", Text),
    optional("email", Text),
    optional("phone", Text),
    optional("company", Text),
    required("tags", Texts),
    optional("notes", Text),
    optional("created_by", Integer),
    optional("updated_by", Integer),
    required("created_at", Moment),
    required("updated_at", Moment),
    required("version", Integer),
];

pub(super) const LEADS: &[Column] = &[
    required("id", Integer),
    required("title", Text),
    optional("description", Text),
    required("stage", labels!(Stage)),
    optional("value", VALUE),
    optional("customer_id", Integer),
    optional("assigned_to", Integer),
    optional("created_by", Integer),
    optional("updated_by", Integer),
    required("created_at", Moment),
    required("updated_at", Moment),
    required("version", Integer),
];

pub(super) const TASKS: &[Column] = &[
    required("id", Integer),
    required("title", Text),
    optional("description", Text),
    required("status", labels!(TaskStatus)),
    required("priority", labels!(Priority)),
    optional("due_date", Day),
    optional("assigned_to", Integer),
    optional("customer_id", Integer),
    optional("created_by", Integer),
    optional("updated_by", Integer),
    required("created_at", Moment),
    required("updated_at", Moment),
    required("version", Integer),
];

pub(super) const INTERACTIONS: &[Column] = &[
    required("id", Integer),
    required("customer_id", Integer),
    required("type", labels!(InteractionType)),
    optional("notes", Text),
    required("date", Moment),
    optional("created_by", Integer),
    required("created_at", Moment),
    required("version", Integer),
];

pub(super) const PIPELINE: &[Column] =
    &[required("stage", labels!(Stage)), required("count", Integer), required("total_value", TOTAL)];

/// Follow a customer's columns in the activity report.
pub(super) const ACTIVITY: &[Column] =
    &[required("interaction_count", Integer), optional("last_interaction", Moment)];

/// Follow a task's columns in the report of due tasks.
pub(super) const DUE: &[Column] =
    &[optional("customer_name", Text), optional("assigned_to_name", Text), required("overdue", Flag)];
