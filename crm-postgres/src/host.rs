//! Statements of the host application in a transaction of the library.

use std::io::{self, ErrorKind};
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
/// dropped midway finishes the transaction, after which an error with [`Error::Closed`] inside says so. An acting handle's run under
/// the database role of the user (grant it what it needs of your tables), whose id is `current_setting('crm.actor')`. A statement is
/// read to its end before its first row is handed out.
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
            let query = self.fitting(query);
            let mut taken = self.lend().await?;
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
            let query = self.fitting(query);
            let mut taken = self.lend().await?;
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
            let mut taken = self.lend().await?;
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
            let mut taken = self.lend().await?;
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

    /// Takes the name from a host's statement where the server cannot keep names.
    fn fitting<E>(&self, query: E) -> Fitting<E> {
        Fitting { query, named: self.session().pool.settings.prepared_statements }
    }

    async fn lend(&self) -> sqlx::Result<Taken<'_>> {
        self.session().taken().await.map_err(closed)
    }

    /// Puts the connection back after a statement that went well; after any other the transaction is finished.
    async fn take_back<T>(&self, taken: Taken<'_>, result: sqlx::Result<T>) -> sqlx::Result<T> {
        match &result {
            Ok(_) => taken.put_back(),
            Err(error) if fault::is_lost(error) => {}
            Err(_) => roll_back(taken.lease, self.call_timeout()).await,
        }
        result
    }
}

/// Puts the library's error into one of the driver's, where `source()` leads to it.
fn closed(error: Error) -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(ErrorKind::NotConnected, error))
}

async fn within<T>(timeout: Duration, call: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    match tokio::time::timeout(timeout, call).await {
        Ok(result) => result,
        Err(_) => Err(sqlx::Error::Io(io::Error::new(ErrorKind::TimedOut, fault::no_answer(false)))),
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
