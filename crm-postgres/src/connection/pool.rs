//! The pool: connections that no call ever gets in an unknown state.
//!
//! sqlx's own pool sends a ping with every release; the library's own [`Connections`] do not, which is worth a third of the
//! throughput (ARCHITECTURE.md). What the ping was for is done by [`Lease`]: a connection goes back only after the call
//! that had it has seen its answer, otherwise its socket is closed, by which the server stops the work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crm_core::{Error, Result};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{Connection as _, PgConnection, Postgres, Row as _};

use crate::connection::connections::{Connections, Loan};
use crate::connection::connector::Connector;
use crate::connection::error_mapping::{self as fault, Intent};
use crate::connection::hasher::Hasher;
use crate::connection::schema;
use crate::connection::settings::Settings;

#[derive(Debug)]
enum Source {
    Own(Arc<Connections>),
    Host(PgPool),
}

/// Hands out connections to a database whose schema fits.
#[derive(Debug)]
pub(crate) struct Pool {
    source: Source,
    pub(crate) settings: Settings,
    pub(crate) hasher: Hasher,
    schema_fits: AtomicBool,
    closed: AtomicBool,
}

impl Pool {
    /// Opens one connection at once, so that a wrong address or password shows here and not in the first call.
    pub(crate) async fn connect(connector: Connector, settings: Settings) -> Result<Arc<Self>> {
        let pool = Self::new(connector, settings);
        pool.fill().await.map_err(|error| match error {
            // Nobody else has a connection that could have been waited for.
            Error::Timeout { .. } => no_server(),
            error => error,
        })?;
        Ok(pool)
    }

    /// Makes a pool that opens its connections when they are asked for.
    pub(crate) fn new(connector: Connector, settings: Settings) -> Arc<Self> {
        Arc::new(Self::over(Source::Own(Connections::new(connector, &settings)), settings))
    }

    /// Shares the pool of a host application, with the host's own limits and timeouts. Statements have names only where the
    /// host says so: the pool's connections may lead to a pooler.
    pub(crate) fn share(pool: PgPool, prepared_statements: bool) -> Arc<Self> {
        let settings = Settings {
            acquire_timeout: pool.options().get_acquire_timeout(),
            prepared_statements: Some(prepared_statements),
            ..Settings::default()
        };
        Arc::new(Self::over(Source::Host(pool), settings))
    }

    fn over(source: Source, settings: Settings) -> Self {
        let Settings { acquire_timeout, ref hashing, hashings, .. } = settings;
        let hasher = Hasher::new(hashing.clone(), hashings, acquire_timeout);
        Self { source, settings, hasher, schema_fits: AtomicBool::new(false), closed: AtomicBool::new(false) }
    }

    /// Opens the connections that are always kept, and at least one.
    async fn fill(&self) -> Result<()> {
        let mut leases = Vec::new();
        for _ in 0..self.settings.min_connections.max(1) {
            leases.push(self.lease(Intent::Read).await?);
        }
        leases.into_iter().for_each(Lease::release);
        Ok(())
    }

    /// Takes a connection without asking for the schema. The intent is that of its first statement.
    pub(crate) async fn lease(&self, intent: Intent) -> Result<Lease> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(HANDLE_CLOSED);
        }
        let acquire = async {
            match &self.source {
                Source::Own(connections) => connections.get(trust(intent)).await.map(Held::Own),
                Source::Host(pool) => pool
                    .acquire()
                    .await
                    .map(Held::Host)
                    .map_err(|error| of_host(error, &pool.connect_options())),
            }
        };
        match tokio::time::timeout(self.settings.acquire_timeout, acquire).await {
            Ok(held) => Ok(self.lend(held?)),
            Err(_) => Err(no_connection()),
        }
    }

    /// Takes a connection if there is one for which nobody has to be waited: an idle one, or of the own pool a new one.
    pub(crate) async fn try_lease(&self) -> Option<Lease> {
        let held = match &self.source {
            Source::Own(connections) => {
                let taken = connections.try_get(trust(Intent::Read));
                tokio::time::timeout(self.settings.acquire_timeout, taken).await.ok()?.map(Held::Own)
            }
            Source::Host(pool) => pool.try_acquire().map(Held::Host),
        };
        held.map(|held| self.lend(held))
    }

    fn lend(&self, held: Held) -> Lease {
        let named = match &held {
            Held::Own(loan) => loan.connection.named,
            Held::Host(_) => self.settings.prepared_statements == Some(true),
        };
        Lease { held: Some(held), named, used: Instant::now(), idle: Duration::ZERO }
    }

    /// Takes a connection; the first one of a handle asks whether the database's schema fits. The intent is that of the call's
    /// first statement.
    pub(crate) async fn acquire(&self, intent: Intent) -> Result<Lease> {
        let mut lease = self.lease(intent).await?;
        if !self.schema_fits.load(Ordering::Relaxed) {
            let mut state = schema::state(lease.connection(), self.settings.call_timeout).await;
            if matches!(state, Err(Error::Unavailable { .. })) {
                // Nothing but this was asked on the connection, which was found dead.
                self.forget_idle();
                // First, as it may be the only one there may be.
                drop(lease);
                lease = self.lease(intent).await?;
                state = schema::state(lease.connection(), self.settings.call_timeout).await;
            }
            state?.check()?;
            self.schema_fits.store(true, Ordering::Relaxed);
        }
        Ok(lease)
    }

    /// Returns the options by which the latest connection was made.
    #[cfg(unix)]
    pub(crate) fn options(&self) -> PgConnectOptions {
        match &self.source {
            Source::Own(connections) => connections.connector().latest().clone(),
            Source::Host(pool) => pool.connect_options().as_ref().clone(),
        }
    }

    /// Tells whether there are all the connections there may be, and all at work.
    pub(crate) fn is_busy(&self) -> bool {
        match &self.source {
            Source::Own(connections) => connections.are_all_lent(),
            Source::Host(pool) => pool.size() >= pool.options().get_max_connections() && pool.num_idle() == 0,
        }
    }

    /// Explains the loss of a transaction's connection, before which nothing was sent for so long.
    pub(crate) async fn explain_loss(&self, idle: Duration, error: Error) -> Error {
        match error {
            // The limit is at least a millisecond.
            Error::Unavailable { source: Some(_), .. } if idle >= Duration::from_millis(1) => {
                self.ended_idle(idle).await.unwrap_or(error)
            }
            error => error,
        }
    }

    /// Makes the error of a transaction that the server has ended because nothing was sent in it; none where the loss has another
    /// reason. The driver does not always read what the server said before it hung up (over a Unix socket it fails to write
    /// first), so another session is asked for the limit.
    pub(crate) async fn ended_idle(&self, idle: Duration) -> Option<Error> {
        let limit = tokio::time::timeout(EXPLANATION, self.idle_transaction_limit()).await.ok()??;
        (idle >= limit).then(|| Error::Timeout {
            message: format!(
                "the server ended the transaction, in which nothing was sent for {idle:.1?}: \
                idle_in_transaction_session_timeout is {limit:?}"
            ),
            outcome_unknown: false,
        })
    }

    async fn idle_transaction_limit(&self) -> Option<Duration> {
        let mut lease = self.try_lease().await?;
        let limit = "select setting::pg_catalog.int8 from pg_catalog.pg_settings \
            where name = 'idle_in_transaction_session_timeout'";
        let row = sqlx::raw_sql(limit).fetch_one(lease.connection()).await.ok()?;
        lease.release();
        let milliseconds = u64::try_from(row.try_get::<i64, _>(0).ok()?).ok()?;
        (milliseconds > 0).then(|| Duration::from_millis(milliseconds))
    }

    /// Makes the next call ask for the schema again.
    pub(crate) fn forget_schema(&self) {
        self.schema_fits.store(false, Ordering::Relaxed);
    }

    /// Closes all idle connections: one was found dead, so the others, as old as it, probably are too.
    pub(crate) fn forget_idle(&self) {
        if let Source::Own(connections) = &self.source {
            connections.close_idle();
        }
    }

    /// Refuses further calls, waits for those under way (at most the acquire timeout) and closes the connections.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        let Source::Own(connections) = &self.source else { return };
        connections.close();
        let drained = async {
            while connections.lent() > 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        drop(tokio::time::timeout(self.settings.acquire_timeout, drained).await);
    }
}

/// The error of a call on a handle after `close`.
pub(crate) const HANDLE_CLOSED: Error = Error::Closed("the handle is closed: connect again");

/// How long it may take to explain a lost connection.
const EXPLANATION: Duration = Duration::from_secs(1);

/// Returns how long a connection may have been idle and still be used without being asked whether the server answers. A read that
/// finds its connection dead is repeated. A write is not, because nobody can tell whether it was done, so it must not be sent
/// there. The pause is meant to be longer than a busy pool leaves a connection alone; that was not measured.
pub(crate) const fn trust(intent: Intent) -> Duration {
    match intent {
        Intent::Read => Duration::from_secs(1),
        Intent::Write => Duration::from_millis(5),
    }
}

fn no_connection() -> Error {
    Error::Timeout {
        message: "no connection became free within the acquire timeout".to_owned(),
        outcome_unknown: false,
    }
}

fn no_server() -> Error {
    Error::Timeout {
        message: "the server did not answer to a new connection within the acquire timeout".to_owned(),
        outcome_unknown: false,
    }
}

fn of_host(error: sqlx::Error, options: &PgConnectOptions) -> Error {
    match error {
        sqlx::Error::PoolClosed => HANDLE_CLOSED,
        sqlx::Error::PoolTimedOut => no_connection(),
        error => fault::of_connect(error, options),
    }
}

enum Held {
    Own(Loan),
    Host(PoolConnection<Postgres>),
}

/// A connection on loan. Dropping it closes its socket, because whoever drops it has not seen the end of what was
/// sent; [`release`](Self::release) gives it back.
pub(crate) struct Lease {
    held: Option<Held>,
    named: bool,
    /// When the last answer came.
    used: Instant,
    /// How long nothing was sent before the present call.
    idle: Duration,
}

impl Lease {
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        match self.held.as_mut().expect("only release and drop take it, and both end the lease") {
            Held::Own(loan) => &mut loan.connection.inner,
            Held::Host(connection) => connection,
        }
    }

    /// Tells whether a statement may have a name. Where it may not, two messages of a statement may reach different sessions,
    /// unless both are in one transaction.
    pub(crate) const fn named(&self) -> bool {
        self.named
    }

    /// Notes that a call of a transaction begins.
    pub(crate) fn begin_call(&mut self) {
        self.idle = self.used.elapsed();
    }

    /// Returns how long nothing was sent before the present call of a transaction.
    pub(crate) const fn idle(&self) -> Duration {
        self.idle
    }

    /// Notes that the server has answered.
    pub(crate) fn end_call(&mut self) {
        self.used = Instant::now();
    }

    /// Makes sure that the server has not hung up while the transaction was idle, before a commit is sent whose lost answer would
    /// leave open what has happened.
    pub(crate) async fn check_before_commit(&mut self) -> sqlx::Result<()> {
        if self.idle <= trust(Intent::Write) { Ok(()) } else { self.connection().ping().await }
    }

    /// Gives the connection back, idle and outside a transaction.
    pub(crate) fn release(mut self) {
        match self.held.take() {
            Some(Held::Own(loan)) => loan.release(),
            held => drop(held),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(Held::Host(connection)) = self.held.take() {
            drop(connection.detach());
        }
    }
}
