//! The columns of a report that no entity has.

use crm_core::Stage;

use crate::sql::column::ColumnType::{Flag, Integer, Moment, Text};
use crate::sql::column::{Column, ColumnType, label_type};

const fn required(name: &'static str, column_type: ColumnType) -> Column {
    Column { name, column_type, nullable: false }
}

const fn optional(name: &'static str, column_type: ColumnType) -> Column {
    Column { name, column_type, nullable: true }
}

/// Is the type of a sum of amounts: of more rows than a `bigint` has keys.
const TOTAL: ColumnType = ColumnType::Money { digits: 38 };

pub(super) const PIPELINE: &[Column] =
    &[required("stage", label_type!(Stage)), required("count", Integer), required("total_value", TOTAL)];

/// Follow a customer's columns in the activity report.
pub(super) const ACTIVITY: &[Column] =
    &[required("interaction_count", Integer), optional("last_interaction", Moment)];

/// Follow a task's columns in the report of due tasks.
pub(super) const DUE: &[Column] =
    &[optional("customer_name", Text), optional("assigned_to_name", Text), required("overdue", Flag)];
