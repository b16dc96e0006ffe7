//! Transactions.

use std::sync::Arc;

use async_trait::async_trait;
use crm_core::{Result, Transaction};
use tokio::sync::Mutex;
use tracing::instrument;

use crate::pool::Lease;
use crate::session::{FINISHED, Open, Session, commit, end_unwaited, roll_back};

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
/// A host's own statements run in it too: `sqlx::query("…").execute(&tx)`, see [`Executor`](#impl-Executor%3C'c%3E-for-%26Tx).
#[must_use = "a transaction that is dropped is rolled back"]
#[derive(Debug)]
pub struct Tx {
    session: Session,
    open: Arc<Open>,
}

impl Tx {
    pub(crate) async fn begin(session: &Session, statement: &str) -> Result<Self> {
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
        let open = Arc::new(Open(Mutex::new(Some(lease))));
        let session = Session { transaction: Some(open.clone()), ..session.clone() };
        Self { session, open }
    }

    pub(crate) const fn session(&self) -> &Session {
        &self.session
    }

    /// Ends a transaction that has only read.
    pub(crate) async fn end(self) -> Result<()> {
        self.open.0.lock().await.take().map(end_unwaited).ok_or(FINISHED)
    }

    /// Makes the changes permanent.
    ///
    /// # Errors
    /// `closed` when an error has finished the transaction; `serialization`; `unavailable` or `timeout` with
    /// `outcome_unknown` when the answer was lost.
    pub async fn commit(self) -> Result<()> {
        self.commit_shared().await
    }

    /// Does the same for an owner that others share, as the handles of other languages are; further calls say `closed`.
    #[doc(hidden)]
    #[instrument(name = "crm.commit", skip_all)]
    pub async fn commit_shared(&self) -> Result<()> {
        let mut lease = self.open.0.lock().await.take().ok_or(FINISHED)?;
        lease.begin_call();
        let (pool, idle) = (&self.session.pool, lease.idle());
        match commit(lease, pool.settings.call_timeout).await {
            Ok(()) => Ok(()),
            Err(failure) if failure.found_dead() => {
                pool.forget_idle();
                Err(pool.explain_loss(idle, failure.error).await)
            }
            Err(failure) => Err(failure.error),
        }
    }

    /// Undoes the changes.
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
        if let Some(lease) = self.open.0.lock().await.take() {
            roll_back(lease, self.session.pool.settings.call_timeout).await;
        }
        Ok(())
    }
}

impl Drop for Tx {
    /// Rolls back in the background where a runtime is there for it, else closes the connection.
    fn drop(&mut self) {
        let Some(lease) = self.open.0.try_lock().ok().and_then(|mut slot| slot.take()) else { return };
        let timeout = self.session.pool.settings.call_timeout;
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(roll_back(lease, timeout));
        }
    }
}

crm_core::hand_out!(Tx, session);

#[async_trait]
impl Transaction for Tx {
    async fn commit(self: Box<Self>) -> Result<()> {
        Tx::commit(*self).await
    }

    async fn rollback(self: Box<Self>) -> Result<()> {
        Tx::rollback(*self).await
    }
}
