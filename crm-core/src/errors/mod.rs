//! Errors: their codes, the violations of an input, and the entities that they name.

mod error;
mod kind;
mod violation;

pub use error::{Cause, DenialReason, Error, ErrorCode, Result};
pub use kind::EntityKind;
pub(crate) use violation::{Broken, unknown_label};
pub use violation::{Violation, ViolationCode, Violations};
