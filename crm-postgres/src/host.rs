//! Statements of the host application in a transaction of the library.

use std::time::Duration;

use crm_core::Error;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Describe, Either, Execute, Executor, Postgres, SqlStr};

use crate::fault;
use crate::session::{Taken, roll_back};
use crate::transaction::Tx;

/// Runs the host's own statements in the transaction: `sqlx::query("…").execute(&tx)`, and likewise with `query_as`, `query!` and
/// functions that take an `impl PgExecutor`.
///
/// They keep what a [`Transaction`](crm_core::Transaction) promises: calls queue, each has the call timeout, and one that fails or is
/// dropped midway finishes the transaction, after which every statement says so. What the library itself has to say is an
/// [`Error`] behind `source()` of the driver's: `Closed`, or `Timeout` when the answer did not come in time. An acting handle's run
/// under the database role of the user (grant it what it needs of your tables), whose id is `current_setting('crm.actor')`. A
/// statement is read to its end before its first row is handed out; drop a call or a stream that you have begun and do not wait for
/// before the next call, which queues behind it.
///
/// Behind a pooler, over a host's pool and with [`prepared_statements(false)`](crate::Builder::prepared_statements) statements have
/// no names, and `prepare` and `describe`, which the driver cannot do without one, are refused as a [`sqlx::Error::Configuration`].
///
/// What the library cannot see is left to the host: do not end the transaction, change the role, the actor or a setting of the session
/// by SQL.
impl<'c> Executor<'c> for &'c Tx {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let run = async move {
            let mut taken = self.lend().await?;
            let query = Fitting { query, named: taken.lease.named() };
            let call = taken.lease.connection().fetch_many(query).try_collect::<Vec<_>>();
            let result = within(self.call_timeout(), call).await;
            self.take_back(taken, result).await
        };
        stream::once(run).map_ok(|steps| stream::iter(steps).map(Ok)).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        async move {
            let mut taken = self.lend().await?;
            let query = Fitting { query, named: taken.lease.named() };
            let result = within(self.call_timeout(), taken.lease.connection().fetch_optional(query)).await;
            self.take_back(taken, result).await
        }
        .boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'c: 'e,
    {
        async move {
            let mut taken = self.lend_named().await?;
            let call = taken.lease.connection().prepare_with(sql, parameters);
            let result = within(self.call_timeout(), call).await;
            self.take_back(taken, result).await
        }
        .boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'c: 'e,
    {
        async move {
            let mut taken = self.lend_named().await?;
            let result = within(self.call_timeout(), taken.lease.connection().describe(sql)).await;
            self.take_back(taken, result).await
        }
        .boxed()
    }
}

impl Tx {
    fn call_timeout(&self) -> Duration {
        self.session().pool.settings.call_timeout
    }

    async fn lend(&self) -> sqlx::Result<Taken<'_>> {
        self.session().taken().await.map_err(own)
    }

    /// Lends the connection for what the driver does only under a name, or refuses where the name would stay on a session that
    /// others get later.
    async fn lend_named(&self) -> sqlx::Result<Taken<'_>> {
        let taken = self.lend().await?;
        if taken.lease.named() {
            return Ok(taken);
        }
        taken.put_back();
        let message = "prepare and describe need statements with names, which this connection must not have: it leads to a pooler, \
            is of a host's pool, or prepared_statements is false";
        Err(sqlx::Error::Configuration(message.into()))
    }

    /// Puts the connection back after a statement that went well; after any other the transaction is finished.
    async fn take_back<T>(&self, taken: Taken<'_>, result: sqlx::Result<T>) -> sqlx::Result<T> {
        match &result {
            Ok(_) => taken.put_back(),
            Err(error) if fault::is_lost(error) => {
                // A server that is silent may be there still; a broken connection makes the idle ones doubtful.
                if !is_own(error) {
                    let (pool, idle) = (&self.session().pool, taken.lease.idle());
                    // First, as it may be the only connection there may be.
                    drop(taken);
                    pool.forget_idle();
                    if matches!(error, sqlx::Error::Io(_))
                        && let Some(why) = pool.ended_idle(idle).await
                    {
                        return Err(own(why));
                    }
                }
            }
            Err(_) => roll_back(taken.lease, self.call_timeout()).await,
        }
        result
    }
}

/// Puts the library's error into one of the driver's, whose `source()` it is. The variant is free: only the driver for any database
/// makes it, which this one is not.
fn own(error: Error) -> sqlx::Error {
    sqlx::Error::AnyDriverError(Box::new(error))
}

fn is_own(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::AnyDriverError(_))
}

async fn within<T>(timeout: Duration, call: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    match tokio::time::timeout(timeout, call).await {
        Ok(result) => result,
        Err(_) => Err(own(fault::no_answer(false))),
    }
}

/// Is a host's statement, without a name where there must be none.
struct Fitting<E> {
    query: E,
    named: bool,
}

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for Fitting<E> {
    fn sql(self) -> SqlStr {
        self.query.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.query.statement().filter(|_| self.named)
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        self.query.take_arguments()
    }

    fn persistent(&self) -> bool {
        self.named && self.query.persistent()
    }
}
