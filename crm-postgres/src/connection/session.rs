//! How a statement reaches the server: over the pool or over a transaction, in whose name, within its time, its failure
//! understood.

use std::sync::Arc;

use crm_core::{DenialReason, Error, Result, UserId};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Decode, Postgres, Type};

use crate::connection::call::{Failure, within};
use crate::connection::ending::{commit, end_unwaited, roll_back};
use crate::connection::error_mapping::{self as fault, Intent};
use crate::connection::levels::{FINISHED, Level, Taken};
use crate::connection::pool::{Lease, Pool};
use crate::connection::replica::{Reading, Replica};
use crate::sql::Sql;
use crate::sql::row::Columns;

/// Is what every repository works on: the pool, or one transaction. It is cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) pool: Arc<Pool>,
    pub(crate) transaction: Option<Level>,
    /// Answers reports and exports outside a transaction, as far as it can.
    pub(crate) replica: Option<Arc<Replica>>,
    /// The user in whose name everything is done; none is the trusted system.
    pub(crate) actor: Option<UserId>,
    /// Keeps the private server of an embedded handle.
    #[cfg(unix)]
    pub(crate) server: Option<Arc<crate::embedded::SharedServer>>,
}

impl Session {
    /// Runs a statement and returns its rows.
    pub(crate) async fn rows(&self, intent: Intent, sql: Sql) -> Result<Vec<PgRow>> {
        if self.transaction.is_none() {
            return self.pooled(intent, sql).await;
        }
        let mut taken = self.taken().await?;
        // Before the commit nothing is applied, so whatever happens to a statement, its outcome is known.
        let result = self.run(taken.lease(), Intent::Read, sql).await;
        self.settle(taken, result).await
    }

    /// Takes the transaction's connection for a call of the library's, which runs only where a host's own SQL has left the transaction
    /// and its actor alone.
    pub(crate) async fn taken(&self) -> Result<Taken<'_>> {
        let mut taken = self.taken_for_host().await?;
        match taken.compare_mark(self.pool.settings.call_timeout).await {
            Ok(()) => Ok(taken),
            Err(failure) => Err(self.end(taken, failure).await),
        }
    }

    pub(crate) async fn taken_for_host(&self) -> Result<Taken<'_>> {
        let level = self.transaction.as_ref().ok_or(FINISHED)?;
        let mut taken = level.take().await?;
        match taken.undo_dropped(self.pool.settings.call_timeout).await {
            Ok(()) => Ok(taken),
            Err(failure) => Err(self.end(taken, Failure { lost: true, ..failure }).await),
        }
    }

    /// Tells whether the statements of the transaction may have names.
    pub(crate) async fn is_named(&self) -> Result<bool> {
        let mut taken = self.taken().await?;
        let named = taken.lease().named();
        taken.put_back();
        Ok(named)
    }

    /// Puts a transaction's connection back after a call that went well. A refusal ends the innermost transaction, any other failure
    /// all of it.
    pub(crate) async fn settle<T>(&self, taken: Taken<'_>, result: Result<T, Failure>) -> Result<T> {
        match result {
            Ok(value) => {
                taken.put_back();
                Ok(value)
            }
            Err(failure) => Err(self.end(taken, failure).await),
        }
    }

    /// Ends what a failed call ends, and returns the call's error.
    pub(crate) async fn end(&self, mut taken: Taken<'_>, failure: Failure) -> Error {
        if failure.found_dead() {
            self.pool.forget_idle();
            let idle = taken.lease().idle();
            // First, as it may be the only connection there may be.
            drop(taken);
            return self.pool.explain_loss(idle, failure.error).await;
        }
        let ended = taken.fail(failure.lost, failure.whole, self.pool.settings.call_timeout).await;
        // That the connection is lost matters more than why the nested transaction was refused: all of it can be run again.
        ended.err().unwrap_or(failure).error
    }

    /// Runs a read that returns one value.
    pub(crate) async fn value<T>(&self, sql: Sql) -> Result<T>
    where
        T: for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        let row = self.row(Intent::Read, sql).await?;
        let value = row.ok_or(sqlx::Error::RowNotFound).and_then(|row| Columns::new(&row).next());
        value.map_err(|error| fault::of_statement(error, Intent::Read))
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
                return Box::pin(self.once(intent, sql)).await.map_err(|failure| failure.error);
            }
        }
        Err(failure.error)
    }

    async fn once(&self, intent: Intent, sql: Sql) -> Result<Vec<PgRow>, Failure> {
        if self.actor.is_some() {
            let lease = self.acquire(Intent::Read).await?;
            return Box::pin(self.once_in_transaction(lease, intent, sql)).await;
        }
        let mut lease = self.acquire(intent).await?;
        // A statement without a name takes two messages, and a pooler may give the second one another session of the server's,
        // with another caller's statement on it, unless both are in one transaction.
        if !lease.named() {
            return Box::pin(self.once_in_transaction(lease, intent, sql)).await;
        }
        let result = self.run(&mut lease, intent, sql).await;
        if !matches!(result, Err(Failure { lost: true, .. })) {
            lease.release();
        }
        result
    }

    /// Runs a statement in a transaction of its own, the actor's where there is one.
    async fn once_in_transaction(
        &self,
        lease: Lease,
        intent: Intent,
        sql: Sql,
    ) -> Result<Vec<PgRow>, Failure> {
        let timeout = self.pool.settings.call_timeout;
        let (mut lease, _) = self.begin_or_replace(lease, "begin").await?;
        let result = self.run(&mut lease, Intent::Read, sql).await;
        match (&result, intent) {
            (Ok(_), Intent::Read) => end_unwaited(lease),
            (Ok(_), Intent::Write) => commit(lease, timeout).await?,
            (Err(Failure { lost: true, .. }), _) => {}
            (Err(_), _) => roll_back(lease, timeout).await,
        }
        result
    }

    /// Takes a connection and begins a transaction on it, in one message with becoming the actor; also returns the rows of what
    /// else the statement asks. As nothing was sent before, a connection found dead is replaced once.
    pub(crate) async fn begin(&self, statement: &str) -> Result<(Lease, Vec<PgRow>), Failure> {
        let lease = self.acquire(Intent::Read).await?;
        self.begin_or_replace(lease, statement).await
    }

    async fn begin_or_replace(&self, lease: Lease, statement: &str) -> Result<(Lease, Vec<PgRow>), Failure> {
        match self.begin_on(lease, statement).await {
            Err(failure) if failure.found_dead() => {
                self.pool.forget_idle();
                let lease = self.acquire(Intent::Read).await?;
                Box::pin(self.begin_on(lease, statement)).await
            }
            result => result,
        }
    }

    pub(crate) async fn begin_on(
        &self,
        mut lease: Lease,
        statement: &str,
    ) -> Result<(Lease, Vec<PgRow>), Failure> {
        let timeout = self.pool.settings.call_timeout;
        let text = match self.actor {
            None => statement.to_owned(),
            Some(actor) => format!("{statement}; call crm.act_as('{actor}'::pg_catalog.int8)"),
        };
        let begun = sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(lease.connection());
        match within(timeout, Intent::Read, begun).await {
            Ok(rows) => {
                lease.end_call();
                Ok((lease, rows))
            }
            Err(failure) => {
                if !failure.lost {
                    roll_back(lease, timeout).await;
                }
                Err(match failure.error {
                    // The procedure refuses the user; any other refusal is of the login.
                    Error::PermissionDenied { reason: DenialReason::Role, message, .. } => {
                        let message = format!(
                            "the login may not act as users ({message}): it has to own the schema or be a member of its owner, and the owner a member of the roles"
                        );
                        Failure { error: Error::Schema(message), ..failure }
                    }
                    error => Failure { error, ..failure },
                })
            }
        }
    }

    /// Begins to answer a report or an export on the replica, if there is one that can, and this is not a transaction already.
    pub(crate) async fn on_replica(&self) -> Result<Option<Reading>> {
        match &self.replica {
            Some(replica) if self.transaction.is_none() => Box::pin(replica.begin(self)).await,
            _ => Ok(None),
        }
    }

    async fn acquire(&self, intent: Intent) -> Result<Lease, Failure> {
        self.pool.acquire(intent).await.map_err(Failure::of)
    }

    pub(crate) async fn run(
        &self,
        lease: &mut Lease,
        intent: Intent,
        sql: Sql,
    ) -> Result<Vec<PgRow>, Failure> {
        let Sql { text, arguments, passing } = sql;
        let query = sqlx::query_with(AssertSqlSafe(text), arguments);
        let query = query.persistent(lease.named() && !passing);
        let call = query.fetch_all(lease.connection());
        let result = within(self.pool.settings.call_timeout, intent, call).await;
        result.map_err(|failure| self.explain(failure))
    }

    /// Says what an error means under an actor: that the user is gone where an audit column refers to nobody, and whose role
    /// has no right.
    pub(crate) fn explain(&self, failure: Failure) -> Failure {
        let Some(actor) = self.actor else { return failure };
        let error = match failure.error {
            Error::MissingReference { field } if field == "created_by" || field == "updated_by" => {
                gone(actor)
            }
            Error::PermissionDenied { reason: DenialReason::Role, field, message } => {
                let message = format!("the role of user {actor} does not allow this ({message})");
                Error::PermissionDenied { reason: DenialReason::Role, field, message }
            }
            error => error,
        };
        Failure { error, ..failure }
    }

    /// Looks the actor up for a call that asks the database for nothing else.
    pub(crate) async fn look_up_actor(&self) -> Result<()> {
        match self.actor {
            None => Ok(()),
            Some(_) => self.rows(Intent::Read, Sql::new("select")).await.map(drop),
        }
    }

    /// Refuses what belongs to the trusted system.
    pub(crate) fn refuse_actor(&self, what: &str) -> Result<()> {
        if self.actor.is_none() {
            return Ok(());
        }
        let message = format!("{what} belongs to the trusted system, not to a user");
        Err(Error::denied(DenialReason::TrustedOnly, message))
    }
}

/// Makes the error of an actor who was there at the beginning.
pub(crate) fn gone(actor: UserId) -> Error {
    Error::denied(DenialReason::Actor, format!("user {actor} is deactivated or does not exist any more"))
}
