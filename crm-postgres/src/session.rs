//! How a statement reaches the server: over the pool or over a transaction, within its time, its failure understood.

use std::sync::Arc;
use std::time::Duration;

use crm_core::{Error, Result};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::sync::Mutex;

use crate::fault::{self, Intent, no_answer};
use crate::pool::{Lease, Pool};
use crate::sql::Sql;

/// Is what every repository works on: the pool, or one transaction. It is cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) pool: Arc<Pool>,
    pub(crate) transaction: Option<Arc<Open>>,
}

/// Is a transaction's connection; none once the transaction is finished.
pub(crate) struct Open(pub(crate) Mutex<Option<Lease>>);

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Open")
    }
}

impl Session {
    /// Runs a statement and returns its rows.
    pub(crate) async fn rows(&self, intent: Intent, sql: Sql) -> Result<Vec<PgRow>> {
        let Some(open) = &self.transaction else { return self.pooled(intent, sql).await };
        let mut slot = open.0.lock().await;
        // While the call is under way the transaction has no connection: a call that is dropped midway finishes it.
        let mut lease = slot.take().ok_or(FINISHED)?;
        // Before the commit nothing is applied, so whatever happens to a statement, its outcome is known.
        let result = self.run(lease.connection(), Intent::Read, sql).await;
        self.settle(&mut slot, lease, result).await
    }

    /// Puts a transaction's connection back after a call that went well; after any other the transaction is finished.
    pub(crate) async fn settle<T>(
        &self,
        slot: &mut Option<Lease>,
        lease: Lease,
        result: Result<T, Failure>,
    ) -> Result<T> {
        match result {
            Ok(value) => {
                *slot = Some(lease);
                Ok(value)
            }
            Err(Failure { error, lost }) => {
                if !lost {
                    roll_back(lease, self.pool.settings.call_timeout).await;
                }
                Err(error)
            }
        }
    }

    /// Runs a statement that returns one row or none.
    pub(crate) async fn row(&self, intent: Intent, sql: Sql) -> Result<Option<PgRow>> {
        Ok(self.rows(intent, sql).await?.pop())
    }

    /// Runs a statement on a connection of the pool. A read that finds it dead is repeated once on a fresh one.
    async fn pooled(&self, intent: Intent, sql: Sql) -> Result<Vec<PgRow>> {
        let again = (intent == Intent::Read).then(|| sql.clone());
        let failure = match self.once(intent, sql).await {
            Ok(rows) => return Ok(rows),
            Err(failure) => failure,
        };
        if failure.found_dead() {
            self.pool.forget_idle();
            if let Some(sql) = again {
                return self.once(intent, sql).await.map_err(|failure| failure.error);
            }
        }
        Err(failure.error)
    }

    async fn once(&self, intent: Intent, sql: Sql) -> Result<Vec<PgRow>, Failure> {
        let mut lease = self.pool.acquire().await.map_err(|error| Failure { error, lost: false })?;
        let result = self.run(lease.connection(), intent, sql).await;
        if !matches!(result, Err(Failure { lost: true, .. })) {
            lease.release();
        }
        result
    }

    pub(crate) async fn run(
        &self,
        connection: &mut PgConnection,
        intent: Intent,
        sql: Sql,
    ) -> Result<Vec<PgRow>, Failure> {
        let Sql { text, arguments, passing } = sql;
        let query = sqlx::query_with(AssertSqlSafe(text), arguments);
        let query = query.persistent(self.pool.settings.prepared_statements && !passing);
        within(self.pool.settings.call_timeout, intent, query.fetch_all(connection)).await
    }
}

pub(crate) const FINISHED: Error =
    Error::Closed("the transaction was rolled back by an earlier error or a dropped call, and");

/// Is a failed call: its error, and whether the connection was lost with it.
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) lost: bool,
}

impl Failure {
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
            let lost = fault::is_lost(&error);
            Err(Failure { error: fault::of_statement(error, intent), lost })
        }
        Err(_) => Err(Failure { error: no_answer(intent.outcome_unknown()), lost: true }),
    }
}

/// Rolls a transaction back and gives its connection back, or closes it where that fails.
pub(crate) async fn roll_back(mut lease: Lease, timeout: Duration) {
    let rollback = sqlx::raw_sql("rollback").execute(lease.connection());
    if within(timeout, Intent::Read, rollback).await.is_ok() {
        lease.release();
    }
}
