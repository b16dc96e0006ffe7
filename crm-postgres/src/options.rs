//! How to connect: the seed's pool by default, everything settable.

use std::str::FromStr;
use std::time::Duration;

use crm_core::{Error, Result, Violation, ViolationCode};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::Crm;
use crate::pool::Pool;

/// Are the parameters of a URL that the driver knows. It ignores others, so that a slip in `sslmode` would turn TLS off.
const PARAMETERS: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// Is what the pool and the calls go by, beside the address.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) max_connections: u32,
    pub(crate) min_connections: u32,
    pub(crate) acquire_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) call_timeout: Duration,
    pub(crate) prepared_statements: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_connections: 10,
            min_connections: 0,
            acquire_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_mins(1),
            prepared_statements: true,
        }
    }
}

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
    settings: Settings,
    statement_timeout: Option<Duration>,
    application_name: Option<String>,
    ssl_mode: Option<PgSslMode>,
}

impl std::fmt::Debug for Builder {
    /// Leaves the URL out: it may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Builder {
    pub(crate) fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            settings: Settings::default(),
            statement_timeout: None,
            application_name: None,
            ssl_mode: None,
        }
    }

    /// Keeps at most this many connections open; 10 when not set.
    pub const fn max_connections(mut self, connections: u32) -> Self {
        self.settings.max_connections = connections;
        self
    }

    /// Opens this many connections at the start, and closes no idle one below this number; 0 when not set.
    pub const fn min_connections(mut self, connections: u32) -> Self {
        self.settings.min_connections = connections;
        self
    }

    /// Waits this long for a connection before a call fails with `timeout`; 30 seconds when not set.
    pub const fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.settings.acquire_timeout = timeout;
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
        self.settings.call_timeout = timeout;
        self
    }

    /// Makes the server stop a statement that takes longer, which then fails with `timeout`; no limit when not set.
    /// Behind `PgBouncer` set it for the role instead.
    pub const fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = Some(timeout);
        self
    }

    /// Shows under this name in `pg_stat_activity`; `crm` when not set.
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application_name = Some(name.into());
        self
    }

    /// Demands this kind of TLS, whatever the URL says; `Prefer`, which falls back to plain text, when neither does.
    ///
    /// Only `VerifyCa` and `VerifyFull` look at the server's certificate; they trust the system's roots and those of the
    /// URL's `sslrootcert`. `Require` looks at nothing, also beside an `sslrootcert`, and `Allow` never encrypts: both
    /// unlike libpq.
    pub const fn ssl_mode(mut self, mode: PgSslMode) -> Self {
        self.ssl_mode = Some(mode);
        self
    }

    /// Uses named prepared statements; yes when not set. Say no behind `PgBouncer` before 1.21 in transaction mode.
    pub const fn prepared_statements(mut self, yes: bool) -> Self {
        self.settings.prepared_statements = yes;
        self
    }

    /// Opens the pool and one connection.
    ///
    /// # Errors
    /// `validation` when the URL or an option cannot be used, `unavailable` when the server cannot be reached or refuses
    /// the login or the database, `timeout` when it does not answer.
    pub async fn connect(self) -> Result<Crm> {
        let options = self.connect_options()?;
        Ok(Crm::over(Pool::connect(options, self.settings).await?))
    }

    fn connect_options(&self) -> Result<PgConnectOptions> {
        let invalid = |field: &str, message: &str| {
            Err(Error::validation([Violation::new(field, ViolationCode::InvalidOption, message)]))
        };
        if !["postgres://", "postgresql://"].iter().any(|scheme| self.url.starts_with(scheme)) {
            return invalid("url", "must begin with postgres:// or postgresql://");
        }
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        let mut names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
        if !names.all(|name| name.is_empty() || PARAMETERS.contains(&name) || name.starts_with("options[")) {
            // Which one is not said: behind a ? or & that is not encoded it is the rest of the password.
            return invalid("url", &format!("has an unknown parameter; known are {}", PARAMETERS.join(", ")));
        }
        // The driver's message may quote the URL, and with it the password.
        let Ok(options) = PgConnectOptions::from_str(&self.url) else {
            return invalid("url", "must be a URL such as postgres://user:password@host:5432/database");
        };
        if self.settings.max_connections == 0 {
            return invalid("max_connections", "must be at least 1");
        }
        if self.settings.min_connections > self.settings.max_connections {
            return invalid("min_connections", "must not be more than max_connections");
        }
        if self.statement_timeout.is_some_and(|timeout| !(1..=2_147_483_647).contains(&timeout.as_millis())) {
            return invalid("statement_timeout", "must be 1 ms to 2147483647 ms (24 days)");
        }
        if self.application_name.as_ref().is_some_and(|name| name.contains('\0')) {
            return invalid("application_name", "must not hold NUL");
        }
        let name =
            self.application_name.as_deref().or_else(|| options.get_application_name()).unwrap_or("crm");
        let mut options = options.clone().application_name(name).disable_statement_logging();
        if let Some(mode) = self.ssl_mode {
            options = options.ssl_mode(mode);
        }
        if let Some(timeout) = self.statement_timeout {
            options = options.options([("statement_timeout", timeout.as_millis().to_string())]);
        }
        Ok(options.statement_cache_capacity(256))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_url_or_option_is_named_without_its_password() {
        let cases = [
            (Builder::new("mysql://u:secret@h/d"), "url"),
            (Builder::new("postgres://u:secret@h:port/d"), "url"),
            (Builder::new("postgres://u:secret@h/d?sslmod=require"), "url"),
            (Builder::new("postgres://u:not?secret@h/d"), "url"),
            (Builder::new("postgres://u:1?secret=2@h/d"), "url"),
            (Builder::new("postgres://h/d?password=not&secret=1"), "url"),
            (Builder::new("postgres://u:secret@h/d").max_connections(0), "max_connections"),
            (Builder::new("postgres://u:secret@h/d").min_connections(11), "min_connections"),
            (
                Builder::new("postgres://u:secret@h/d").statement_timeout(Duration::from_micros(900)),
                "statement_timeout",
            ),
            (Builder::new("postgres://u:secret@h/d").application_name("a\0"), "application_name"),
        ];
        for (builder, field) in cases {
            let error = builder.connect_options().unwrap_err();
            assert_eq!(error.violations()[0].field, field);
            assert_eq!(error.violations()[0].code, ViolationCode::InvalidOption);
            assert!(!format!("{error} {error:?} {builder:?}").contains("secret"));
        }
    }
}
