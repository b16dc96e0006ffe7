//! Transactions.

use async_trait::async_trait;
use crm_core::{Result, Transaction};
use tracing::instrument;

use crate::connection::ending::{commit, end_unwaited, roll_back};
use crate::connection::levels::{FINISHED, Level};
use crate::connection::pool::Lease;
use crate::connection::session::Session;

/// Begins a transaction whose statements all see the same.
pub(crate) const SNAPSHOT: &str = "begin isolation level repeatable read, read only";

/// Is a transaction; see [`Transaction`](crm_core::Transaction) for what it promises.
///
/// ```no_run
/// # async fn example(crm: crm_postgres::Crm) -> crm_postgres::Result<()> {
/// use crm_postgres::prelude::*;
///
/// let tx = crm.begin().await?;
/// tx.customers().create(NewCustomer::new("Acme Corporation").validate()?).await?;
/// tx.commit().await?;
/// # Ok(()) }
/// ```
///
/// [`begin`](Self::begin) starts a nested transaction, which a refusal by the database undoes without the rest.
///
/// A host's own statements run in it too: `sqlx::query("…").execute(&tx)`, see [`Executor`](#impl-Executor%3C'c%3E-for-%26Tx).
#[must_use = "a transaction that is dropped is rolled back"]
#[derive(Debug)]
pub struct Tx {
    session: Session,
}

impl Tx {
    pub(crate) async fn begin_on_pool(session: &Session, statement: &str) -> Result<Self> {
        let (lease, _) = session.begin(statement).await.map_err(|failure| failure.error)?;
        Ok(Self::over(session, lease))
    }

    /// Begins on a connection that is there already.
    pub(crate) async fn begin_on(lease: Lease, session: &Session, statement: &str) -> Result<Self> {
        let (lease, _) = session.begin_on(lease, statement).await.map_err(|failure| failure.error)?;
        Ok(Self::over(session, lease))
    }

    /// Is the transaction that was begun on a connection.
    pub(crate) fn over(session: &Session, lease: Lease) -> Self {
        Self::at(session, Level::outermost(lease))
    }

    fn at(session: &Session, level: Level) -> Self {
        Self { session: Session { transaction: Some(level), ..session.clone() } }
    }

    pub(crate) const fn session(&self) -> &Session {
        &self.session
    }

    fn level(&self) -> Result<&Level> {
        self.session.transaction.as_ref().ok_or(FINISHED)
    }

    /// Ends a transaction that has only read.
    pub(crate) async fn end(self) -> Result<()> {
        end_unwaited(self.session.taken().await?.finish());
        Ok(())
    }

    /// Begins a nested transaction, a savepoint of PostgreSQL's, to any depth. Committing it hands its changes to this one; rolling it
    /// back or dropping it undoes them, before the next statement of this one.
    ///
    /// A refusal by the server (a constraint, a right, a deadlock) undoes only the nested transaction, which then is `closed`, and this
    /// one goes on. A call that is dropped, times out or loses its connection finishes all of it, and so does a serialization failure.
    /// While a nested transaction is open, the calls of this one are `closed`; another `begin` waits for its end, for the call timeout
    /// at most.
    ///
    /// ```no_run
    /// # async fn example(crm: crm_postgres::Crm) -> crm_postgres::Result<()> {
    /// use crm_postgres::prelude::*;
    ///
    /// let tx = crm.begin().await?;
    /// let new = NewUser::new("Ann", "ann@example.com", Password::new("correct horse"));
    /// let nested = tx.begin().await?;
    /// let ann = match nested.users().create(new.validate()?).await {
    ///     Ok(ann) => {
    ///         nested.commit().await?;
    ///         Some(ann)
    ///     }
    ///     Err(error) if error.code() == ErrorCode::Conflict => tx.users().find_by_email("ann@example.com").await?,
    ///     Err(error) => return Err(error),
    /// };
    /// tx.commit().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `closed` when this transaction is finished; `timeout` when another nested one stays open for too long, which finishes nothing.
    #[instrument(name = "crm.begin_nested", skip_all)]
    pub async fn begin(&self) -> Result<Self> {
        let timeout = self.session.pool.settings.call_timeout;
        let turn = self.level()?.turn(timeout).await?;
        let mut taken = self.session.taken().await?;
        let level = taken.set_savepoint(turn, timeout).await;
        Ok(Self::at(&self.session, self.session.settle(taken, level).await?))
    }

    /// Makes the changes permanent; those of a nested transaction become part of the outer one.
    ///
    /// # Errors
    /// `closed` when an error has finished the transaction, or while a nested one is open; everything is undone then. `serialization`;
    /// `unavailable` or `timeout` with `outcome_unknown` when the answer was lost.
    pub async fn commit(self) -> Result<()> {
        self.commit_shared().await
    }

    /// Does the same for an owner that others share, as the handles of other languages are; further calls say `closed`.
    #[doc(hidden)]
    #[instrument(name = "crm.commit", skip_all)]
    pub async fn commit_shared(&self) -> Result<()> {
        let pool = &self.session.pool;
        let timeout = pool.settings.call_timeout;
        let level = self.level()?;
        let mut taken = match self.session.taken().await {
            Ok(taken) => taken,
            Err(error) => {
                level.roll_back(timeout).await;
                return Err(error);
            }
        };
        if level.is_nested() {
            let released = taken.release_savepoint(timeout).await;
            return self.session.settle(taken, released).await;
        }
        let lease = taken.finish();
        let idle = lease.idle();
        match commit(lease, timeout).await {
            Ok(()) => Ok(()),
            Err(failure) if failure.found_dead() => {
                pool.forget_idle();
                Err(pool.explain_loss(idle, failure.error).await)
            }
            Err(failure) => Err(failure.error),
        }
    }

    /// Undoes the changes, those of nested transactions too.
    ///
    /// # Errors
    /// None today: a transaction whose connection is lost is undone by the server.
    pub async fn rollback(self) -> Result<()> {
        self.rollback_shared().await
    }

    /// Does the same for an owner that others share; further calls say `closed`.
    #[doc(hidden)]
    #[instrument(name = "crm.rollback", skip_all)]
    pub async fn rollback_shared(&self) -> Result<()> {
        self.level()?.roll_back(self.session.pool.settings.call_timeout).await;
        Ok(())
    }

    /// Tells whether it has neither ended nor been finished by an error.
    #[doc(hidden)]
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.level().is_ok_and(Level::is_open)
    }
}

impl Drop for Tx {
    /// Rolls back in the background where a runtime is there for it, else closes the connection. A nested transaction is rolled back by
    /// the next call.
    fn drop(&mut self) {
        let Some(lease) = self.level().ok().and_then(Level::forget) else { return };
        let timeout = self.session.pool.settings.call_timeout;
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(roll_back(lease, timeout));
        }
    }
}

crm_core::hand_out!(Tx, session);

#[async_trait]
impl Transaction for Tx {
    async fn begin(&self) -> Result<Box<dyn Transaction>> {
        Ok(Box::new(Tx::begin(self).await?))
    }

    async fn commit(self: Box<Self>) -> Result<()> {
        Tx::commit(*self).await
    }

    async fn rollback(self: Box<Self>) -> Result<()> {
        Tx::rollback(*self).await
    }
}
