//! The connections that the library opens itself: each belongs to one call at a time, and to the runtime that opened it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use crm_core::Result;
use sqlx::PgConnection;
use tokio::runtime::{Handle, Id};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::connection::connector::Connector;
use crate::connection::pool::HANDLE_CLOSED;
use crate::connection::settings::Settings;

const MIN_TICK: Duration = Duration::from_millis(10);
const MAX_TICK: Duration = Duration::from_secs(5);

/// Opens connections when calls need them, up to a limit, and closes those that stay idle.
///
/// A socket is served by the runtime in which it was opened. Another runtime would wait for ever once that one is gone, or while
/// nobody drives it. So a call gets only connections of its own runtime; at the limit, the oldest idle one of another runtime is
/// closed to make room.
pub(crate) struct Connections {
    connector: Connector,
    max: usize,
    min: usize,
    idle_timeout: Duration,
    /// One for each connection that a call has or opens.
    permits: Semaphore,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The most recently used one comes last.
    idle: Vec<Connection>,
    /// The runtimes in which a [`Reaper`] runs.
    runtimes: Vec<Id>,
}

/// A connection, and what is known of it alone.
pub(crate) struct Connection {
    pub(crate) inner: PgConnection,
    /// Whether its statements may have names.
    pub(crate) named: bool,
    runtime: Id,
    idle_since: Instant,
}

impl Connection {
    /// Wraps a connection that was opened in the current runtime.
    pub(crate) fn new(inner: PgConnection, named: bool) -> Self {
        Self { inner, named, runtime: Handle::current().id(), idle_since: Instant::now() }
    }

    pub(crate) fn idle_for(&self) -> Duration {
        self.idle_since.elapsed()
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connections")
    }
}

impl Connections {
    pub(crate) fn new(connector: Connector, settings: &Settings) -> Arc<Self> {
        Arc::new(Self {
            connector,
            max: settings.max_connections as usize,
            min: settings.min_connections as usize,
            idle_timeout: settings.idle_timeout,
            permits: Semaphore::new(settings.max_connections as usize),
            state: Mutex::default(),
        })
    }

    pub(crate) const fn connector(&self) -> &Connector {
        &self.connector
    }

    /// Waits for a connection. One that was idle for longer than `trust` is asked whether it still answers.
    pub(crate) async fn get(self: &Arc<Self>, trust: Duration) -> Result<Loan> {
        let permit = self.permits.acquire().await.map_err(|_| HANDLE_CLOSED)?;
        self.lend(permit, trust).await
    }

    /// Returns a connection if the limit allows one at once.
    pub(crate) async fn try_get(self: &Arc<Self>, trust: Duration) -> Option<Loan> {
        self.lend(self.permits.try_acquire().ok()?, trust).await.ok()
    }

    async fn lend(self: &Arc<Self>, permit: SemaphorePermit<'_>, trust: Duration) -> Result<Loan> {
        let runtime = Handle::current();
        let connection = loop {
            match self.take_idle(runtime.id()) {
                None => break self.open(&runtime).await?,
                Some(mut connection) => {
                    if connection.idle_for() <= trust || self.connector.answers(&mut connection).await {
                        break connection;
                    }
                }
            }
        };
        permit.forget();
        Ok(Loan { connection, place: Place(self.clone()) })
    }

    fn take_idle(&self, runtime: Id) -> Option<Connection> {
        let idle = &mut self.state().idle;
        let number = idle.iter().rposition(|connection| connection.runtime == runtime)?;
        Some(idle.remove(number))
    }

    async fn open(self: &Arc<Self>, runtime: &Handle) -> Result<Connection> {
        // Bound, so that it is closed after the lock is free.
        let _displaced = self.make_room();
        let connection = self.connector.open().await?;
        self.reap_in(runtime);
        Ok(connection)
    }

    /// Takes out the connection that would be one too many. All idle ones belong to other runtimes here.
    fn make_room(&self) -> Option<Connection> {
        let mut state = self.state();
        let open = self.lent() + state.idle.len();
        (open > self.max && !state.idle.is_empty()).then(|| state.idle.remove(0))
    }

    fn put_back(&self, mut connection: Connection) {
        let mut state = self.state();
        // A runtime that is gone has no reaper.
        if !self.is_closed() && state.runtimes.contains(&connection.runtime) {
            connection.idle_since = Instant::now();
            state.idle.push(connection);
        }
    }

    /// Takes the connections out that a condition selects; they are closed when the caller drops them.
    fn take_out(&self, condition: impl FnMut(&mut Connection) -> bool) -> Vec<Connection> {
        self.state().idle.extract_if(.., condition).collect()
    }

    /// Closes all idle connections.
    pub(crate) fn close_idle(&self) {
        drop(self.take_out(|_| true));
    }

    fn close_unused(&self) {
        let mut spare = (self.lent() + self.state().idle.len()).saturating_sub(self.min);
        drop(self.take_out(|connection| {
            let close = spare > 0 && connection.idle_for() > self.idle_timeout;
            spare -= usize::from(close);
            close
        }));
    }

    /// Counts the connections that calls have or open.
    pub(crate) fn lent(&self) -> usize {
        self.max - self.permits.available_permits()
    }

    /// Tells whether every connection that there may be is at work.
    pub(crate) fn are_all_lent(&self) -> bool {
        self.lent() >= self.max
    }

    /// Refuses further calls, and closes each connection as soon as no call has it.
    pub(crate) fn close(&self) {
        self.permits.close();
        self.close_idle();
    }

    fn is_closed(&self) -> bool {
        self.permits.is_closed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the runtime's reaper, unless it has one.
    fn reap_in(self: &Arc<Self>, runtime: &Handle) {
        let id = runtime.id();
        {
            let mut state = self.state();
            if state.runtimes.contains(&id) {
                return;
            }
            state.runtimes.push(id);
        }
        let reaper = Reaper { connections: Arc::downgrade(self), runtime: id };
        let tick = (self.idle_timeout / 4).clamp(MIN_TICK, MAX_TICK);
        runtime.spawn(async move { reaper.run(tick).await });
    }
}

/// A task that closes idle connections, and the last ones of its runtime when that ends.
struct Reaper {
    connections: Weak<Connections>,
    runtime: Id,
}

impl Reaper {
    async fn run(&self, tick: Duration) {
        let mut ticks = tokio::time::interval(tick);
        loop {
            ticks.tick().await;
            match self.connections.upgrade() {
                Some(connections) if !connections.is_closed() => connections.close_unused(),
                _ => return,
            }
        }
    }
}

impl Drop for Reaper {
    /// Runs also when the runtime is dropped, because the runtime drops its tasks.
    fn drop(&mut self) {
        let Some(connections) = self.connections.upgrade() else { return };
        connections.state().runtimes.retain(|runtime| *runtime != self.runtime);
        drop(connections.take_out(|connection| connection.runtime == self.runtime));
    }
}

/// A connection on loan. Dropping it closes the connection.
pub(crate) struct Loan {
    pub(crate) connection: Connection,
    // Dropped after the connection, so that there is never one too many.
    place: Place,
}

impl Loan {
    /// Gives the connection back for the next call.
    pub(crate) fn release(self) {
        let Self { connection, place } = self;
        place.0.put_back(connection);
    }
}

/// A connection's share of the limit.
struct Place(Arc<Connections>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.permits.add_permits(1);
    }
}
