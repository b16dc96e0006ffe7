//! Transactions.

use std::sync::Arc;

use async_trait::async_trait;
use crm_core::{Result, Transaction};
use tokio::sync::Mutex;
use tracing::instrument;

use crate::fault::Intent;
use crate::pool::Lease;
use crate::session::{FINISHED, Failure, Open, Session, roll_back, within};

/// Is a transaction; see [`Transaction`](crm_core::Transaction) for what it promises.
///
/// ```no_run
/// # async fn example(crm: crm_postgres::Crm) -> crm_core::Result<()> {
/// use crm_core::{NewCustomer, Repositories, Repository, Validate};
///
/// let tx = crm.begin().await?;
/// tx.customers().create(NewCustomer::new("Acme Corporation").validate()?).await?;
/// tx.commit().await?;
/// # Ok(()) }
/// ```
#[must_use = "a transaction that is dropped is rolled back"]
#[derive(Debug)]
pub struct Tx {
    session: Session,
    open: Arc<Open>,
}

impl Tx {
    pub(crate) async fn begin(session: &Session, statement: &'static str) -> Result<Self> {
        let lease = match Self::open(session, statement).await {
            Err(failure) if failure.found_dead() => {
                session.pool.forget_idle();
                Self::open(session, statement).await
            }
            result => result,
        };
        let lease = lease.map_err(|failure| failure.error)?;
        let open = Arc::new(Open(Mutex::new(Some(lease))));
        let session = Session { pool: session.pool.clone(), transaction: Some(open.clone()) };
        Ok(Self { session, open })
    }

    async fn open(session: &Session, statement: &'static str) -> Result<Lease, Failure> {
        let mut lease = session.pool.acquire().await.map_err(|error| Failure { error, lost: false })?;
        let begin = sqlx::raw_sql(statement).execute(lease.connection());
        within(session.pool.settings.call_timeout, Intent::Read, begin).await?;
        Ok(lease)
    }

    pub(crate) const fn session(&self) -> &Session {
        &self.session
    }

    /// Makes the changes permanent.
    ///
    /// # Errors
    /// `closed` when an error has finished the transaction; `serialization`; `unavailable` or `timeout` with
    /// `outcome_unknown` when the answer was lost.
    #[instrument(name = "crm.commit", skip_all)]
    pub async fn commit(self) -> Result<()> {
        let mut lease = self.open.0.lock().await.take().ok_or(FINISHED)?;
        let commit = sqlx::raw_sql("commit").execute(lease.connection());
        match within(self.session.pool.settings.call_timeout, Intent::Write, commit).await {
            Ok(_) => {
                lease.release();
                Ok(())
            }
            Err(failure) => {
                if !failure.lost {
                    lease.release();
                }
                Err(failure.error)
            }
        }
    }

    /// Undoes the changes.
    ///
    /// # Errors
    /// None today: a transaction whose connection is lost is undone by the server.
    #[instrument(name = "crm.rollback", skip_all)]
    pub async fn rollback(self) -> Result<()> {
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
