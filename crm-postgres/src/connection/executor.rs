//! Statements of the host application in a transaction of the library.

use std::time::Duration;

use crm_core::{Error, Violation, ViolationCode};
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Describe, Either, Execute, Executor, Postgres, Row as _, SqlStr};

use crate::connection::call::{self, Failure};
use crate::connection::control::transaction_control;
use crate::connection::error_mapping as fault;
use crate::connection::error_mapping::Intent;
use crate::connection::levels::Taken;
use crate::connection::transaction::Tx;

/// Runs the host's own statements in the transaction: `sqlx::query("…").execute(&tx)`, and likewise with `query_as`, `query!` and
/// functions that take an `impl PgExecutor`.
///
/// They keep what a [`Transaction`](crm_core::Transaction) promises: calls queue, each has the call timeout, a refusal finishes the
/// transaction, or only the nested one that it is in, and one that is dropped midway finishes all of it. What the library itself has to say is an
/// [`Error`] behind `source()` of the driver's: `Closed`, or `Timeout` when the answer did not come in time. An acting handle's run
/// under the database role of the user (grant it what it needs of your tables), whose id is `current_setting('crm.actor')`. A
/// statement is read to its end before its first row is handed out; drop a call or a stream that you have begun and do not wait for
/// before the next call, which queues behind it.
///
/// Behind a pooler, over a host's pool and with [`prepared_statements(false)`](crate::Builder::prepared_statements) statements have
/// no names, and `prepare` and `describe`, which the driver cannot do without one, are refused as a [`sqlx::Error::Configuration`].
///
/// Transaction control is refused before anything is sent, savepoints included, and leaves the transaction usable: use
/// [`begin`](Tx::begin), [`commit`](Tx::commit) and [`rollback`](Tx::rollback). The role and `crm.actor` may be changed for statements of
/// your own. Put them back before the next call of the library or the commit, which otherwise finds out, rolls everything back and says
/// `Closed`. Before the first statement of your own, and before the library's next call after one, this asks the server once. What the
/// library cannot see is left to the host: a setting of the session outlives the transaction, on a connection that others get.
impl<'c> Executor<'c> for &'c Tx {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let run = async move {
            let query = Tx::fitting(query)?;
            let mut taken = self.lend().await?;
            let query = query.named(taken.lease().named());
            let call = taken.connection().fetch_many(query).try_collect::<Vec<_>>();
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
            let query = Tx::fitting(query)?;
            let mut taken = self.lend().await?;
            let query = query.named(taken.lease().named());
            let result = within(self.call_timeout(), taken.connection().fetch_optional(query)).await;
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
            refuse_control(&sql)?;
            let mut taken = self.lend_named().await?;
            let call = taken.connection().prepare_with(sql, parameters);
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
            let result = within(self.call_timeout(), taken.connection().describe(sql)).await;
            self.take_back(taken, result).await
        }
        .boxed()
    }
}

impl Tx {
    fn call_timeout(&self) -> Duration {
        self.session().pool.settings.call_timeout
    }

    /// Refuses transaction control.
    fn fitting<'q>(mut query: impl Execute<'q, Postgres>) -> sqlx::Result<Fitting> {
        let (statement, persistent) = (query.statement().cloned(), query.persistent());
        let arguments = query.take_arguments().map_err(sqlx::Error::Encode)?;
        let sql = query.sql();
        refuse_control(&sql)?;
        Ok(Fitting { sql, statement, arguments, persistent })
    }

    /// Takes the connection for a host's statement, and notes first what that must leave as it is.
    async fn lend(&self) -> sqlx::Result<Taken<'_>> {
        let mut taken = self.session().taken_for_host().await.map_err(own)?;
        if taken.mark().is_none() {
            match Mark::read(&mut taken, SET_MARK, self.call_timeout()).await {
                Ok(mark) => *taken.mark() = Some(mark),
                Err(failure) => return Err(own(self.session().end(taken, failure).await)),
            }
        }
        *taken.doubtful() = true;
        Ok(taken)
    }

    /// Lends the connection for what the driver does only under a name, or refuses where the name would stay on a session that
    /// others get later.
    async fn lend_named(&self) -> sqlx::Result<Taken<'_>> {
        let mut taken = self.lend().await?;
        if taken.lease().named() {
            return Ok(taken);
        }
        taken.put_back();
        let message = "prepare and describe need statements with names, which this connection must not have: it leads to a pooler, \
            is of a host's pool, or prepared_statements is false";
        Err(sqlx::Error::Configuration(message.into()))
    }

    /// Puts the connection back after a statement that went well. A refusal ends the innermost transaction, any other failure all of it.
    async fn take_back<T>(&self, mut taken: Taken<'_>, result: sqlx::Result<T>) -> sqlx::Result<T> {
        match &result {
            Ok(_) => taken.put_back(),
            Err(error) => {
                let lost = fault::is_lost(error);
                // A server that is silent may be there still; a broken connection makes the idle ones doubtful.
                if lost && !is_own(error) {
                    let (pool, idle) = (&self.session().pool, taken.lease().idle());
                    // First, as it may be the only connection there may be.
                    drop(taken);
                    pool.forget_idle();
                    if matches!(error, sqlx::Error::Io(_))
                        && let Some(why) = pool.ended_idle(idle).await
                    {
                        return Err(own(why));
                    }
                    return result;
                }
                if let Err(failure) = taken.fail(lost, fault::ends_all(error), self.call_timeout()).await {
                    return Err(own(failure.error));
                }
            }
        }
        result
    }
}

/// What a host's own SQL must leave as it is: the transaction, by a setting that goes with it, and in whose name it is.
#[derive(PartialEq, Eq)]
pub(crate) struct Mark {
    transaction: Option<String>,
    role: Option<String>,
    actor: Option<String>,
}

const SET_MARK: &str = "select pg_catalog.set_config('crm.transaction', 'open', true), \
     pg_catalog.current_setting('role'), nullif(pg_catalog.current_setting('crm.actor', true), '')";

const READ_MARK: &str = "select pg_catalog.current_setting('crm.transaction', true), \
     pg_catalog.current_setting('role'), nullif(pg_catalog.current_setting('crm.actor', true), '')";

const HOST_CHANGED: Error =
    Error::Closed("the transaction is closed: SQL of the host ended it, or left another role or actor in it");

impl Mark {
    async fn read(taken: &mut Taken<'_>, select: &'static str, timeout: Duration) -> Result<Self, Failure> {
        let row = sqlx::raw_sql(select).fetch_one(taken.connection());
        let row = call::within(timeout, Intent::Read, row).await?;
        let text =
            |index| row.try_get(index).map_err(|error| Failure::of(fault::of_statement(error, Intent::Read)));
        Ok(Self { transaction: text(0)?, role: text(1)?, actor: text(2)? })
    }
}

impl Taken<'_> {
    /// Checks that a host's own SQL has left the transaction and its actor alone, if any has run since the last check. Otherwise the
    /// connection is in an unknown state, and is closed with the transaction.
    pub(crate) async fn compare_mark(&mut self, timeout: Duration) -> Result<(), Failure> {
        if !*self.doubtful() {
            return Ok(());
        }
        let unknown = |failure| Failure { lost: true, ..failure };
        let found = Mark::read(self, READ_MARK, timeout).await.map_err(unknown)?;
        if self.mark().as_ref() != Some(&found) {
            return Err(unknown(Failure::of(HOST_CHANGED)));
        }
        *self.doubtful() = false;
        Ok(())
    }
}

fn refuse_control(sql: &SqlStr) -> sqlx::Result<()> {
    let Some(word) = transaction_control(sql.as_str()) else { return Ok(()) };
    let message = format!(
        "must not control the transaction ({word}): use begin, commit and rollback of the transaction's handle"
    );
    Err(own(Error::validation([Violation::new("sql", ViolationCode::InvalidOption, message)])))
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

/// A host's statement, without a name where there must be none.
struct Fitting {
    sql: SqlStr,
    statement: Option<PgStatement>,
    arguments: Option<PgArguments>,
    persistent: bool,
}

impl Fitting {
    /// Takes the name away where the connection must have none.
    fn named(self, named: bool) -> Self {
        if named { self } else { Self { statement: None, persistent: false, ..self } }
    }
}

impl Execute<'_, Postgres> for Fitting {
    fn sql(self) -> SqlStr {
        self.sql
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.statement.as_ref()
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        Ok(self.arguments.take())
    }

    fn persistent(&self) -> bool {
        self.persistent
    }
}
