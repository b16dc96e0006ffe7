//! The pool: connections that no call ever gets in an unknown state.
//!
//! sqlx's own pool sends a ping with every release; deadpool over the same connections does not, which is worth a third
//! of the throughput (ARCHITECTURE.md). What the ping was for is done by [`Lease`]: a connection goes back only after
//! the call that had it has seen its answer, otherwise its socket is closed, by which the server stops the work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crm_core::{Error, Result};
use deadpool::managed::{self, Object, PoolError, QueueMode, Timeouts};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{PgConnection, Postgres};

use crate::connector::Connector;
use crate::fault;
use crate::hashing::Hasher;
use crate::options::Settings;
use crate::schema;

#[derive(Debug)]
enum Source {
    Own(managed::Pool<Connector>),
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
        let pool = Self::new(connector, settings)?;
        pool.fill().await.map_err(|error| match error {
            // Nobody else has a connection that could have been waited for.
            Error::Timeout { .. } => no_server(),
            error => error,
        })?;
        Ok(pool)
    }

    /// Makes a pool that opens its connections when they are asked for.
    pub(crate) fn new(connector: Connector, settings: Settings) -> Result<Arc<Self>> {
        let pool = managed::Pool::builder(connector)
            .max_size(settings.max_connections as usize)
            .queue_mode(QueueMode::Lifo)
            .build()
            .map_err(|error| Error::internal("the pool cannot be built", Some(error.into())))?;
        let pool = Arc::new(Self::over(Source::Own(pool), settings));
        pool.spawn_reaper();
        Ok(pool)
    }

    /// Shares the pool of a host application, with the host's own limits and timeouts.
    pub(crate) fn share(pool: PgPool) -> Arc<Self> {
        let settings =
            Settings { acquire_timeout: pool.options().get_acquire_timeout(), ..Settings::default() };
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
            leases.push(self.lease().await?);
        }
        leases.into_iter().for_each(Lease::release);
        Ok(())
    }

    /// Closes connections that have been idle for too long, as long as the pool lives.
    fn spawn_reaper(self: &Arc<Self>) {
        let Settings { idle_timeout, min_connections, .. } = self.settings;
        let pool = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval((idle_timeout / 4).clamp(MIN_TICK, MAX_TICK));
            loop {
                ticks.tick().await;
                let Some(pool) = pool.upgrade() else { return };
                let Source::Own(pool) = &pool.source else { return };
                if pool.is_closed() {
                    return;
                }
                let mut spare = pool.status().size.saturating_sub(min_connections as usize);
                pool.retain(|_, metrics| {
                    let close = spare > 0 && metrics.last_used() > idle_timeout;
                    spare -= usize::from(close);
                    !close
                });
            }
        });
    }

    /// Takes a connection without asking for the schema.
    pub(crate) async fn lease(&self) -> Result<Lease> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(Error::Closed("the handle"));
        }
        let acquire = async {
            match &self.source {
                Source::Own(pool) => pool.get().await.map(Held::Own).map_err(of_deadpool),
                Source::Host(pool) => pool
                    .acquire()
                    .await
                    .map(Held::Host)
                    .map_err(|error| of_host(error, &pool.connect_options())),
            }
        };
        match tokio::time::timeout(self.settings.acquire_timeout, acquire).await {
            Ok(held) => Ok(Lease(Some(held?))),
            Err(_) => Err(no_connection()),
        }
    }

    /// Takes a connection if there is one for which nobody has to be waited: an idle one, or of the own pool a new one.
    pub(crate) async fn try_lease(&self) -> Option<Lease> {
        let held = match &self.source {
            Source::Own(pool) => {
                let at_once = Timeouts { wait: Some(Duration::ZERO), ..Timeouts::default() };
                let taken = tokio::time::timeout(self.settings.acquire_timeout, pool.timeout_get(&at_once));
                taken.await.ok()?.ok().map(Held::Own)
            }
            Source::Host(pool) => pool.try_acquire().map(Held::Host),
        };
        held.map(|held| Lease(Some(held)))
    }

    /// Takes a connection; the first one of a handle asks whether the database's schema fits.
    pub(crate) async fn acquire(&self) -> Result<Lease> {
        let mut lease = self.lease().await?;
        if !self.schema_fits.load(Ordering::Relaxed) {
            let mut state = schema::state(lease.connection(), self.settings.call_timeout).await;
            if matches!(state, Err(Error::Unavailable { .. })) {
                // Nothing but this was asked on the connection, which was found dead.
                self.forget_idle();
                // First, as it may be the only one there may be.
                drop(lease);
                lease = self.lease().await?;
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
            Source::Own(pool) => pool.manager().latest().clone(),
            Source::Host(pool) => pool.connect_options().as_ref().clone(),
        }
    }

    /// Tells whether there are all the connections there may be, and all at work.
    pub(crate) fn is_busy(&self) -> bool {
        match &self.source {
            Source::Own(pool) => {
                let status = pool.status();
                status.size >= status.max_size && status.available == 0
            }
            Source::Host(pool) => pool.size() >= pool.options().get_max_connections() && pool.num_idle() == 0,
        }
    }

    /// Makes the next call ask for the schema again.
    pub(crate) fn forget_schema(&self) {
        self.schema_fits.store(false, Ordering::Relaxed);
    }

    /// Closes all idle connections: one was found dead, so the others, as old as it, probably are too.
    pub(crate) fn forget_idle(&self) {
        if let Source::Own(pool) = &self.source {
            pool.retain(|_, _| false);
        }
    }

    /// Refuses further calls, waits for those under way (at most the acquire timeout) and closes the connections.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        let pool = match &self.source {
            Source::Host(_) => return,
            Source::Own(pool) => pool,
        };
        pool.close();
        let drained = async {
            while pool.status().size > 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        drop(tokio::time::timeout(self.settings.acquire_timeout, drained).await);
    }
}

const MIN_TICK: Duration = Duration::from_millis(10);
const MAX_TICK: Duration = Duration::from_secs(5);

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

fn of_deadpool(error: PoolError<Error>) -> Error {
    match error {
        PoolError::Backend(error) => error,
        PoolError::Closed => Error::Closed("the handle"),
        PoolError::Timeout(_) | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
            no_connection()
        }
    }
}

fn of_host(error: sqlx::Error, options: &PgConnectOptions) -> Error {
    match error {
        sqlx::Error::PoolClosed => Error::Closed("the handle"),
        sqlx::Error::PoolTimedOut => no_connection(),
        error => fault::of_connect(error, options),
    }
}

enum Held {
    Own(Object<Connector>),
    Host(PoolConnection<Postgres>),
}

/// Is a connection on loan. Dropping it closes its socket, because whoever drops it has not seen the end of what was
/// sent; [`release`](Self::release) gives it back.
pub(crate) struct Lease(Option<Held>);

impl Lease {
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        match self.0.as_mut().expect("only release and drop take it, and both end the lease") {
            Held::Own(connection) => connection,
            Held::Host(connection) => connection,
        }
    }

    /// Gives the connection back, idle and outside a transaction.
    pub(crate) fn release(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        match self.0.take() {
            None => {}
            Some(Held::Own(connection)) => drop(Object::take(connection)),
            Some(Held::Host(connection)) => drop(connection.detach()),
        }
    }
}
