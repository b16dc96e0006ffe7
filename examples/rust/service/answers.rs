//! The one place where errors become answers.

use std::error::Error as _;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use crm_postgres::crm_core;
use serde_json::{Value, json};

/// Is why a request is not done: the library's reason, that of the service's own SQL, or the service's.
#[derive(Debug)]
pub(crate) enum Refusal {
    Crm(crm_core::Error),
    Sql(sqlx::Error),
    LoggedOut,
    /// There are invoices, which are kept.
    Billed,
}

impl From<crm_core::Error> for Refusal {
    fn from(error: crm_core::Error) -> Self {
        Self::Crm(error)
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

pub(crate) type Answer<T> = Result<T, Refusal>;

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Self::Crm(error) => of_crm(&error),
            Self::Sql(error) => of_sql(&error),
            Self::LoggedOut => (
                StatusCode::UNAUTHORIZED,
                json!({ "code": "logged_out", "message": "log in and send the token" }),
            ),
            Self::Billed => (
                StatusCode::CONFLICT,
                json!({ "code": "billed", "message": "there are invoices, which are kept" }),
            ),
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        match status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}

fn of_crm(error: &crm_core::Error) -> (StatusCode, Value) {
    let code = error.code().as_str();
    let status = StatusCode::from_u16(error.status()).expect("the library's statuses are those of HTTP");
    if status.is_server_error() {
        return (status, broken(code, error, error.outcome_unknown()));
    }
    let body = json!({
        "code": code, "message": error.to_string(), "field": error.field(), "violations": error.violations(),
    });
    (status, body)
}

/// Answers as the library's errors are answered: what it says itself stands behind the driver's error, and what the server says
/// is told by the SQLSTATE, the service's own constraints by their names. The outcome is known, as what the service writes is in a
/// transaction that was not committed, or is a session, of which the client has no token yet or which it can end again.
fn of_sql(error: &sqlx::Error) -> (StatusCode, Value) {
    if let Some(own) = error.source().and_then(|own| own.downcast_ref()) {
        return of_crm(own);
    }
    if let sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut = error {
        return (StatusCode::SERVICE_UNAVAILABLE, broken("unavailable", error, false));
    }
    let Some(refused) = error.as_database_error() else {
        return (StatusCode::INTERNAL_SERVER_ERROR, broken("internal", error, false));
    };
    let code = refused.code().unwrap_or_default();
    match (refused.constraint(), &*code) {
        (Some("uq_invoices_number"), _) => {
            let message = "there is an invoice of this number";
            (StatusCode::CONFLICT, json!({ "code": "conflict", "message": message, "field": "number" }))
        }
        (_, "42501") => {
            let message = "the user's role has no right to do this";
            (StatusCode::FORBIDDEN, json!({ "code": "permission_denied", "message": message }))
        }
        // Somebody else was faster, or the server had no time or ends.
        (_, "40001" | "40P01" | "57014" | "55P03" | "57P01" | "57P02" | "57P03") => {
            (StatusCode::SERVICE_UNAVAILABLE, broken("unavailable", error, false))
        }
        _ => (StatusCode::INTERNAL_SERVER_ERROR, broken("internal", error, false)),
    }
}

/// Writes an error into the log, because it names hosts and tables, and tells the client what it has to know.
fn broken(code: &str, error: &(dyn std::error::Error + 'static), outcome_unknown: bool) -> Value {
    tracing::error!(error, "a request failed");
    json!({ "code": code, "message": "something went wrong here", "outcome_unknown": outcome_unknown })
}
