//! The one error of the library. Its [`code`](Error::code) is the same in Rust, Python and Node.

use crate::label::labels;
use crate::{EntityKind, Violation, Violations};

/// Is what every operation of the library returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Is the cause of an `unavailable`, `serialization`, `schema` or `internal` error.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

labels! {
    /// Names the kind of an error, the same in every language; a program decides by it.
    #[non_exhaustive]
    pub enum ErrorCode ("code") {
        /// The input breaks a rule; see the violations.
        Validation = "validation",
        /// There is no row with that id.
        NotFound = "not_found",
        /// The email is taken, or the row has changed since the caller read it.
        Conflict = "conflict",
        /// The input refers to a row that does not exist.
        MissingReference = "missing_reference",
        /// The actor may not do this.
        PermissionDenied = "permission_denied",
        /// The email or the password is wrong; which of them is not said.
        InvalidCredentials = "invalid_credentials",
        /// No connection, or no answer, within the time allowed.
        Timeout = "timeout",
        /// The server cannot be reached, or the connection was lost.
        Unavailable = "unavailable",
        /// The transaction lost against a concurrent one.
        Serialization = "serialization",
        /// The database is not migrated, or by a newer library.
        Schema = "schema",
        /// The handle or the transaction is finished.
        Closed = "closed",
        /// The library has a bug.
        Internal = "internal",
    }
}

impl ErrorCode {
    /// Returns the HTTP status with which a service answers this error.
    ///
    /// The messages of statuses from 500 on speak of the server and the database: log them, and tell the client no more than the code.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Validation => 400,
            Self::InvalidCredentials => 401,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::MissingReference => 422,
            Self::Internal => 500,
            Self::Unavailable | Self::Serialization | Self::Schema | Self::Closed => 503,
            Self::Timeout => 504,
        }
    }
}

labels! {
    /// The reason of a `permission_denied` error.
    #[non_exhaustive]
    pub enum DenialReason ("reason") {
        /// The actor's role does not allow this.
        Role = "role",
        /// The actor's role allows this to the actor's own rows only, and the row is another's.
        Row = "row",
        /// The actor is deactivated or does not exist.
        Actor = "actor",
        /// Only the trusted system may do this, or give this field.
        TrustedOnly = "trusted_only",
    }
}

/// Says why an operation failed.
///
/// Messages never hold a password, a hash or the secret part of a URL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input breaks rules: all of them are listed.
    #[error("invalid input: {0}")]
    Validation(Violations),
    /// No `entity` has this id.
    #[error("there is no {entity} with id {id}")]
    NotFound {
        /// What was looked for.
        entity: EntityKind,
        /// The id that was asked for.
        id: i64,
    },
    /// Another row already has this value.
    #[error("{field} is already taken by another {entity}")]
    Taken {
        /// What holds the value.
        entity: EntityKind,
        /// The field as the caller wrote it, `[50].email` for the 51st row of a batch.
        field: String,
    },
    /// The row has changed since the caller read it.
    #[error("{entity} {id} is at version {current_version}, not at the one expected: read it again")]
    StaleVersion {
        /// What was to be changed.
        entity: EntityKind,
        /// The row's id.
        id: i64,
        /// The version that the row has now.
        current_version: i64,
    },
    /// A field refers to a row that does not exist.
    #[error("{field} refers to a row that does not exist")]
    MissingReference {
        /// The field as the caller wrote it, `[50].customer_id` for the 51st row of a batch.
        field: String,
    },
    /// The actor may not do this.
    #[error("permission denied: {}{message}", field_first(field.as_deref()))]
    PermissionDenied {
        /// Why the actor may not.
        reason: DenialReason,
        /// The field that the actor may not give, as the caller wrote it, where the refusal is about one.
        field: Option<String>,
        /// The refusal in words, without the field's name.
        message: String,
    },
    /// Email or password is wrong; in a change of password the present one.
    #[error("the email or the password is wrong")]
    InvalidCredentials,
    /// Something took longer than allowed.
    #[error("timed out: {message}{}", unknown_outcome(*outcome_unknown))]
    Timeout {
        /// What was waited for.
        message: String,
        /// Whether a write or a commit may have been applied all the same.
        outcome_unknown: bool,
    },
    /// The server cannot be reached or went away.
    #[error("the database is unavailable: {message}{}", unknown_outcome(*outcome_unknown))]
    Unavailable {
        /// What happened.
        message: String,
        /// Whether a write or a commit may have been applied all the same.
        outcome_unknown: bool,
        /// The driver's or the system's own error, where there is one.
        #[source]
        source: Option<Cause>,
    },
    /// The server refuses the login, or the connection cannot be made as it is configured. The same call fails again until
    /// somebody changes that. The code is `unavailable`.
    #[error("the database is unavailable: {message}")]
    Refused {
        /// What is refused.
        message: String,
        /// The driver's own error, where there is one.
        #[source]
        source: Option<Cause>,
    },
    /// The transaction lost against a concurrent one and can be run again.
    #[error("the transaction lost against a concurrent one: {0}")]
    Serialization(String),
    /// The database does not fit this library.
    #[error("the database schema does not fit: {0}")]
    Schema(String),
    /// The handle or the transaction is finished: a whole sentence says why.
    #[error("{0}")]
    Closed(&'static str),
    /// A bug.
    #[error("internal error: {message}")]
    Internal {
        /// What went wrong.
        message: String,
        /// What it came from, where something is known.
        #[source]
        source: Option<Cause>,
    },
}

fn field_first(field: Option<&str>) -> String {
    field.map(|field| format!("{field} ")).unwrap_or_default()
}

const fn unknown_outcome(unknown: bool) -> &'static str {
    if unknown { " (it is unknown whether the change was applied)" } else { "" }
}

impl Error {
    /// Makes a `validation` error of the violations.
    pub fn validation(violations: impl IntoIterator<Item = Violation>) -> Self {
        Self::Validation(violations.into_iter().collect())
    }

    /// Makes an `internal` error.
    pub fn internal(message: impl Into<String>, source: Option<Cause>) -> Self {
        Self::Internal { message: message.into(), source }
    }

    /// Makes a `permission_denied` error that is about no field.
    pub fn denied(reason: DenialReason, message: impl Into<String>) -> Self {
        Self::PermissionDenied { reason, field: None, message: message.into() }
    }

    /// Makes the `permission_denied` error of a field that only the trusted system may give.
    pub fn reserved(field: impl Into<String>) -> Self {
        let message = "can be given by the trusted system only".to_owned();
        Self::PermissionDenied { reason: DenialReason::TrustedOnly, field: Some(field.into()), message }
    }

    /// Returns the code by which a program decides.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Validation(_) => ErrorCode::Validation,
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::Taken { .. } | Self::StaleVersion { .. } => ErrorCode::Conflict,
            Self::MissingReference { .. } => ErrorCode::MissingReference,
            Self::PermissionDenied { .. } => ErrorCode::PermissionDenied,
            Self::InvalidCredentials => ErrorCode::InvalidCredentials,
            Self::Timeout { .. } => ErrorCode::Timeout,
            Self::Unavailable { .. } | Self::Refused { .. } => ErrorCode::Unavailable,
            Self::Serialization(_) => ErrorCode::Serialization,
            Self::Schema(_) => ErrorCode::Schema,
            Self::Closed(_) => ErrorCode::Closed,
            Self::Internal { .. } => ErrorCode::Internal,
        }
    }

    /// Tells whether the same call may succeed when it is made again, without doing anything twice.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Timeout { outcome_unknown, .. } | Self::Unavailable { outcome_unknown, .. } => {
                !*outcome_unknown
            }
            Self::Serialization(_) => true,
            _ => false,
        }
    }

    /// Tells whether a write or a commit may have been applied although it failed.
    #[must_use]
    pub const fn outcome_unknown(&self) -> bool {
        match self {
            Self::Timeout { outcome_unknown, .. } | Self::Unavailable { outcome_unknown, .. } => {
                *outcome_unknown
            }
            _ => false,
        }
    }

    /// Returns the HTTP status of the error's [`code`](Self::code).
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.code().status()
    }

    /// Returns the field that a `conflict`, `missing_reference` or `permission_denied` is about.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Taken { field, .. } | Self::MissingReference { field } => Some(field),
            Self::PermissionDenied { field, .. } => field.as_deref(),
            _ => None,
        }
    }

    /// Returns the violations of a `validation` error, else an empty list.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        match self {
            Self::Validation(violations) => violations,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_contract_and_parse_back() {
        let labels: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(labels.len(), 12);
        for code in ErrorCode::ALL {
            assert_eq!(code.as_str().parse::<ErrorCode>().unwrap(), *code);
        }
    }

    #[test]
    fn each_code_has_the_status_of_the_contract() {
        let status = |code: &ErrorCode| format!("{code} {}", code.status());
        let statuses: Vec<_> = ErrorCode::ALL.iter().map(status).collect();
        let expected = [
            "validation 400",
            "not_found 404",
            "conflict 409",
            "missing_reference 422",
            "permission_denied 403",
            "invalid_credentials 401",
            "timeout 504",
            "unavailable 503",
            "serialization 503",
            "schema 503",
            "closed 503",
            "internal 500",
        ];
        assert_eq!(statuses, expected);
    }

    #[test]
    fn a_denial_names_its_field() {
        let error = Error::reserved("created_by");
        assert_eq!(error.field(), Some("created_by"));
        let message = "permission denied: created_by can be given by the trusted system only";
        assert_eq!(error.to_string(), message);
        let error = Error::denied(DenialReason::Role, "the role does not allow this");
        assert_eq!(
            (error.field(), error.to_string().as_str()),
            (None, "permission denied: the role does not allow this")
        );
    }

    #[test]
    fn an_unknown_outcome_is_said_and_is_not_retryable() {
        for outcome_unknown in [false, true] {
            let error = Error::Unavailable { message: "gone".into(), outcome_unknown, source: None };
            assert_eq!(error.retryable(), !outcome_unknown);
            assert_eq!(error.to_string().contains("unknown whether"), outcome_unknown);
        }
    }

    #[test]
    fn a_refused_login_is_unavailable_and_not_retryable() {
        let error = Error::Refused { message: "wrong password".into(), source: None };
        assert_eq!(error.code(), ErrorCode::Unavailable);
        assert!(!error.retryable() && !error.outcome_unknown());
    }
}
