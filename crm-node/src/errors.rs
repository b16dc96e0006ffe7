//! From the library's error to the wire; `ts/errors.ts` makes a `CrmError` of it.

use crm_postgres::Error;
use crm_postgres::crm_core::{Violation, ViolationCode};

use crate::wire::{Out, camel};

/// Writes an error.
pub(crate) fn put_error(error: Error, out: &mut Out) {
    let error = spelt(error);
    out.text(error.code().as_str());
    out.text(&error.to_string());
    out.whole(error.status().into());
    out.flag(error.retryable());
    out.flag(error.outcome_unknown());
    let violations = error.violations();
    out.count(violations.len());
    for Violation { field, code, message } in violations {
        out.text(field);
        out.text(code.as_str());
        out.text(message);
    }
    out.maybe_text(error.field());
    let (entity, id) = match &error {
        Error::NotFound { entity, id } => (Some(entity.as_str()), Some(*id)),
        _ => (None, None),
    };
    out.maybe_text(entity);
    out.maybe_whole(id);
    out.maybe_whole(match &error {
        Error::StaleVersion { current_version, .. } => Some(*current_version),
        _ => None,
    });
    out.maybe_text(match &error {
        Error::PermissionDenied { reason, .. } => Some(reason.as_str()),
        _ => None,
    });
    out.maybe_text(std::error::Error::source(&error).map(ToString::to_string).as_deref());
}

/// Spells the fields as JavaScript does; one that is not known stays as it was given.
fn spelt(error: Error) -> Error {
    match error {
        Error::Validation(violations) => Error::validation(violations.iter().cloned().map(|violation| {
            if violation.code == ViolationCode::UnknownField {
                return violation;
            }
            Violation { field: camel(&violation.field), ..violation }
        })),
        Error::Taken { entity, field } => Error::Taken { entity, field: camel(&field) },
        Error::MissingReference { field } => Error::MissingReference { field: camel(&field) },
        Error::PermissionDenied { reason, field, message } => {
            Error::PermissionDenied { reason, field: field.as_deref().map(camel), message }
        }
        other => other,
    }
}
