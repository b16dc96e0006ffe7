//! How to connect: the seed's pool by default, everything settable.

use std::time::Duration;

use crm_core::{Hashing, Result};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::Crm;
use crate::connection::address::{Address, Environment, Hints, MAX_CONNECTIONS, invalid};
use crate::connection::connector::Connector;
use crate::connection::pool::Pool;
use crate::connection::replica::Replica;
use crate::connection::settings::Settings;

/// Limits what a connection begins with, in bytes: beyond 10,000 the server hangs up without a word.
const MAX_STARTUP: usize = 9_000;

/// Limits how many passwords are hashed at a time: each keeps a core busy.
const MAX_HASHINGS: usize = 1_000;

/// Prepares a connection to a database.
///
/// ```no_run
/// # async fn connect() -> crm_core::Result<()> {
/// use std::time::Duration;
/// use crm_postgres::Crm;
///
/// let crm = Crm::builder("postgres://app@db.example.com/app?sslmode=verify-full")
///     .max_connections(20)
///     .statement_timeout(Duration::from_secs(5))
///     .connect()
///     .await?;
/// # Ok(()) }
/// ```
#[must_use = "nothing happens before connect"]
#[derive(Clone)]
pub struct Builder {
    url: String,
    replica: Option<String>,
    max_staleness: Option<Duration>,
    settings: Settings,
    /// What the caller has set of that which a URL may say too.
    set: Hints,
    application_name: Option<String>,
    ssl_mode: Option<PgSslMode>,
    environment: Environment<'static>,
}

impl std::fmt::Debug for Builder {
    /// Shows of the URL what it leads to, and no password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Builder");
        let read = |url: &str, field| Address::read(url, field, self.environment, self.ssl_mode);
        if let Ok(address) = read(&self.url, "url") {
            let options = &address.servers[0];
            shown
                .field("server", &address.targets())
                .field("database", &options.get_database())
                .field("user", &options.get_username());
        }
        if let Some(Ok(replica)) = self.replica.as_ref().map(|url| read(url, "replica")) {
            shown.field("replica", &replica.targets());
        }
        shown.field("settings", &self.settings(Hints::default())).finish_non_exhaustive()
    }
}

impl Builder {
    pub(crate) fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            replica: None,
            max_staleness: None,
            settings: Settings::default(),
            set: Hints::default(),
            application_name: None,
            ssl_mode: None,
            environment: Environment::Process,
        }
    }

    /// Prepares a connection that depends on nothing but the URL, which must name host, user and database.
    #[cfg(unix)]
    pub(crate) fn by_url_alone(url: impl Into<String>) -> Self {
        Self { environment: Environment::Ignored, ..Self::new(url) }
    }

    /// Asks this server, a streaming replica, for reports and exports that are not in a transaction, over a pool of its own of the
    /// same settings.
    ///
    /// What the replica cannot answer, because it is away, behind a migration, too stale or has cancelled the statement, the primary
    /// does, and an event says so; a replica that has failed is left alone for five seconds. It may be away when `connect` is called.
    /// Each such read is a transaction on the replica, which sees what the replica has heard of: without
    /// [`max_staleness`](Self::max_staleness) that can be long ago.
    pub fn replica(mut self, url: impl Into<String>) -> Self {
        self.replica = Some(url.into());
        self
    }

    /// Has the replica answer only if it knows all that was committed so long before the call, else the primary does.
    ///
    /// What is committed with `synchronous_commit = off` counts from when it is flushed. The primary is asked for its position in its log, by
    /// a call at the most every quarter of this time; nothing is written, and no clock but this process's counts.
    pub const fn max_staleness(mut self, limit: Duration) -> Self {
        self.max_staleness = Some(limit);
        self
    }

    /// Keeps at most this many connections open; 10 when not set.
    pub const fn max_connections(mut self, connections: u32) -> Self {
        self.set.max_connections = Some(connections);
        self
    }

    /// Opens this many connections at the start, and closes no idle one below this number; 0 when not set.
    pub const fn min_connections(mut self, connections: u32) -> Self {
        self.settings.min_connections = connections;
        self
    }

    /// Waits this long for a connection before a call fails with `timeout`; 30 seconds when not set.
    pub const fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.set.acquire_timeout = Some(timeout);
        self
    }

    /// Closes a connection that has not been used for this long; 10 seconds when not set.
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.settings.idle_timeout = timeout;
        self
    }

    /// Gives the server's answer this long before a call fails with `timeout`, also when the network swallows it;
    /// 60 seconds when not set. A load of many rows has as long for each part that it sends, a stream for each part
    /// that it reads.
    pub const fn call_timeout(mut self, timeout: Duration) -> Self {
        self.set.call_timeout = Some(timeout);
        self
    }

    /// Makes the server stop a statement that takes longer, which then fails with `timeout`; no limit when not set.
    /// Behind `PgBouncer` set it for the role instead.
    pub const fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.set.statement_timeout = Some(timeout);
        self
    }

    /// Shows under this name in `pg_stat_activity`; `crm` when not set.
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application_name = Some(name.into());
        self
    }

    /// Demands this kind of TLS, whatever the URL says; `Prefer`, which falls back to plain text, when neither does.
    ///
    /// Only `VerifyCa` and `VerifyFull` look at the server's certificate. They trust the system's roots and those of the
    /// URL's `sslrootcert`. With an `sslrootcert`, `Require` means `VerifyCa`, as in libpq. `Allow` never encrypts, unlike
    /// libpq. A Unix socket has no TLS and needs none: there the mode is ignored, as in libpq.
    pub const fn ssl_mode(mut self, mode: PgSslMode) -> Self {
        self.ssl_mode = Some(mode);
        self
    }

    /// Gives statements names, or never does. When not set, each new connection finds out whether it leads to a server or to a
    /// pooler such as `PgBouncer`, and gives no names behind a pooler.
    ///
    /// Names save the server the planning. Without them each call outside a transaction is a transaction of its own, which costs
    /// three more round trips. Say yes behind a pooler that keeps track of names (`PgBouncer` from 1.21 with
    /// `max_prepared_statements`) or gives each client a connection for as long as it stays (session mode).
    pub const fn prepared_statements(mut self, yes: bool) -> Self {
        self.set.prepared_statements = Some(yes);
        self
    }

    /// Hashes passwords with these parameters; OWASP's when not set. A login replaces a hash of others.
    pub fn password_hashing(mut self, hashing: Hashing) -> Self {
        self.settings.hashing = hashing;
        self
    }

    /// Hashes this many passwords at a time, each of which takes a core and the memory of its parameters (19 MiB); half
    /// the number of cores, 8 at the most, when not set. Further logins wait, as long as for a connection.
    pub const fn concurrent_hashings(mut self, hashings: usize) -> Self {
        self.settings.hashings = hashings;
        self
    }

    /// Opens the pool and one connection.
    ///
    /// # Errors
    /// `validation` when the URL or an option cannot be used, `unavailable` when no server can be reached and fits, or it refuses
    /// the login or the database, `timeout` when it does not answer.
    pub async fn connect(self) -> Result<Crm> {
        let address = self.address()?;
        let settings = self.settings(address.hints);
        let replica = self.replica_address(address.hints)?.map(|replica| {
            let settings = self.settings(replica.hints.or(address.hints));
            Replica::new(replica, &settings, self.max_staleness)
        });
        let connector = Connector::new(address, settings.acquire_timeout, settings.prepared_statements);
        Ok(Crm::over(Pool::connect(connector, settings).await?, replica))
    }

    /// Completes the settings: what the caller has set counts before what a URL says.
    fn settings(&self, hints: Hints) -> Settings {
        let Settings { max_connections, acquire_timeout, call_timeout, prepared_statements, .. } =
            self.settings;
        let set = self.set.or(hints);
        Settings {
            max_connections: set.max_connections.unwrap_or(max_connections),
            acquire_timeout: set.acquire_timeout.unwrap_or(acquire_timeout),
            call_timeout: set.call_timeout.unwrap_or(call_timeout),
            prepared_statements: set.prepared_statements.or(prepared_statements),
            ..self.settings.clone()
        }
    }

    fn replica_address(&self, primary: Hints) -> Result<Option<Address>> {
        if self.replica.is_none() && self.max_staleness.is_some() {
            return invalid("max_staleness", "must have a replica beside it");
        }
        self.replica.as_ref().map(|url| self.complete(url, "replica", primary)).transpose()
    }

    fn address(&self) -> Result<Address> {
        let connections = self.set.max_connections;
        if connections.is_some_and(|connections| !(1..=MAX_CONNECTIONS).contains(&connections)) {
            return invalid("max_connections", "must be 1 to 262143");
        }
        if !(1..=MAX_HASHINGS).contains(&self.settings.hashings) {
            return invalid("concurrent_hashings", "must be 1 to 1000");
        }
        let timeout = self.set.statement_timeout;
        if timeout.is_some_and(|timeout| !(1..=2_147_483_647).contains(&timeout.as_millis())) {
            return invalid("statement_timeout", "must be 1 ms to 2147483647 ms (24 days)");
        }
        if self.application_name.as_ref().is_some_and(|name| name.contains('\0')) {
            return invalid("application_name", "must not hold NUL");
        }
        let address = self.complete(&self.url, "url", Hints::default())?;
        if self.settings.min_connections > self.settings(address.hints).max_connections {
            return invalid("min_connections", "must not be more than the maximum");
        }
        Ok(address)
    }

    /// Reads a URL and adds what the options say of each connection. Where both are silent, the hints of another URL count.
    fn complete(&self, url: &str, field: &str, others: Hints) -> Result<Address> {
        let mut address = Address::read(url, field, self.environment, self.ssl_mode)?;
        let options = &address.servers[0];
        let name = self.application_name.as_deref().or_else(|| options.get_application_name());
        let name = name.unwrap_or("crm").to_owned();
        let sent = [Some(options.get_username()), options.get_database(), options.get_options(), Some(&name)];
        if sent.iter().flatten().map(|text| text.len()).sum::<usize>() > MAX_STARTUP {
            let message =
                "must not be so long: user, database, options and application name have at most 9,000 bytes";
            return invalid(if name.len() > MAX_STARTUP { "application_name" } else { field }, message);
        }
        let statement_timeout = self.set.or(address.hints).or(others).statement_timeout;
        let complete = |options: PgConnectOptions| {
            let mut options = options.application_name(&name).disable_statement_logging();
            if let Some(timeout) = statement_timeout {
                options = options.options([("statement_timeout", timeout.as_millis().to_string())]);
            }
            // PgBouncer refuses the setting, and no column is a float.
            options.extra_float_digits(None).statement_cache_capacity(256)
        };
        address.servers = address.servers.into_iter().map(complete).collect();
        Ok(address)
    }
}

#[cfg(test)]
#[path = "builder_tests.rs"]
mod tests;
