//! One call to the server: within its time, and what its failure means.

use std::time::Duration;

use crm_core::{Error, Result};

use crate::connection::error_mapping::{self as fault, Intent, no_answer};

/// A failed call.
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// Whether the connection was lost with it.
    pub(crate) lost: bool,
    /// Whether it ends all of a transaction, and not only the nested one that it was in.
    pub(crate) whole: bool,
}

impl Failure {
    /// Makes the failure of a call that leaves the connection as it was.
    pub(crate) const fn of(error: Error) -> Self {
        Self { error, lost: false, whole: false }
    }

    /// Tells whether the connection broke, as opposed to an answer that did not come in time.
    pub(crate) fn found_dead(&self) -> bool {
        self.lost && matches!(self.error, Error::Unavailable { .. })
    }
}

/// Waits for the server, but not for ever: a connection whose answer did not come in time is lost.
pub(crate) async fn within<T>(
    timeout: Duration,
    intent: Intent,
    call: impl Future<Output = sqlx::Result<T>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(timeout, call).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let (lost, whole) = (fault::is_lost(&error), fault::ends_all(&error));
            Err(Failure { error: fault::of_statement(error, intent), lost, whole })
        }
        Err(_) => Err(Failure { lost: true, ..Failure::of(no_answer(intent.outcome_unknown())) }),
    }
}
