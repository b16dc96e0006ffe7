//! The parts of a validation error.

use crm_postgres::crm_core;

use super::record;

record! {
    /// Says that one field breaks one rule.
    Violation {
        /// The field, `[50].name` for the 51st row of a batch.
        field: String,
        /// The rule: 'required', 'too_long', …
        code: String,
        /// The rule in words, without the field's name.
        message: String,
    }
}

impl From<crm_core::Violation> for Violation {
    fn from(violation: crm_core::Violation) -> Self {
        let crm_core::Violation { field, code, message } = violation;
        Self { field, code: code.to_string(), message }
    }
}
