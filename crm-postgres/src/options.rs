//! How to connect: the seed's pool by default, everything settable.

use std::str::FromStr;
use std::time::Duration;

use crm_core::{Error, Hashing, Result, Violation, ViolationCode};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::Crm;
use crate::fault::target;
use crate::hashing::default_turns;
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

/// Limits what a connection begins with, in bytes: beyond 10,000 the server hangs up without a word.
const MAX_STARTUP: usize = 9_000;

/// Is how many connections a server can have at the most (PostgreSQL docs, `max_connections`).
const MAX_CONNECTIONS: u32 = 262_143;

/// Limits how many passwords are hashed at a time: each keeps a core busy.
const MAX_HASHINGS: usize = 1_000;

fn invalid<T>(field: &str, message: &str) -> Result<T> {
    Err(Error::validation([Violation::new(field, ViolationCode::InvalidOption, message)]))
}

/// Is what the pool and the calls go by, beside the address.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) max_connections: u32,
    pub(crate) min_connections: u32,
    pub(crate) acquire_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) call_timeout: Duration,
    pub(crate) prepared_statements: bool,
    pub(crate) hashing: Hashing,
    pub(crate) hashings: usize,
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
            hashing: Hashing::default(),
            hashings: default_turns(),
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
    /// Shows of the URL what it leads to, and no password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Builder");
        if let Ok(options) = self.address() {
            shown
                .field("server", &target(&options))
                .field("database", &options.get_database())
                .field("user", &options.get_username());
        }
        shown.field("settings", &self.settings).finish_non_exhaustive()
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

    /// Uses named prepared statements; yes when not set. Say no behind `PgBouncer` in transaction mode; each call outside a
    /// transaction is then one of its own, which costs two more round trips.
    pub const fn prepared_statements(mut self, yes: bool) -> Self {
        self.settings.prepared_statements = yes;
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
    /// `validation` when the URL or an option cannot be used, `unavailable` when the server cannot be reached or refuses
    /// the login or the database, `timeout` when it does not answer.
    pub async fn connect(self) -> Result<Crm> {
        let options = self.connect_options()?;
        Ok(Crm::over(Pool::connect(options, self.settings).await?))
    }

    /// Reads the URL. One in which a part of the password may stand where the driver reads an address, a database or a
    /// parameter, which are shown, is refused, and no message quotes it.
    fn address(&self) -> Result<PgConnectOptions> {
        let known = ["postgres://", "postgresql://"];
        let Some(address) = known.iter().find_map(|scheme| self.url.strip_prefix(scheme)) else {
            return invalid("url", "must begin with postgres:// or postgresql://");
        };
        if address.contains('\0') || address.contains("%00") {
            return invalid("url", "must not hold NUL");
        }
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let path = path.split_once('/').map_or("", |(_, path)| path);
        if path.contains('@') || address.contains('#') {
            let message = "must have the special characters of user, password and database percent-encoded: %2F for \
                           /, %3F for ?, %23 for #, %40 for @";
            return invalid("url", message);
        }
        let mut names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
        if !names.all(|name| name.is_empty() || PARAMETERS.contains(&name) || name.starts_with("options[")) {
            // Which one is not said: behind a ? or & that is not encoded it is the rest of the password.
            return invalid("url", &format!("has an unknown parameter; known are {}", PARAMETERS.join(", ")));
        }
        let modes = query.split('&').filter_map(|pair| pair.split_once('='));
        let mut modes = modes.filter(|(name, _)| ["sslmode", "ssl-mode"].contains(name));
        if modes.any(|(_, mode)| mode.parse::<PgSslMode>().is_err()) {
            let message = "must have an sslmode of disable, allow, prefer, require, verify-ca or verify-full";
            return invalid("url", message);
        }
        // The driver's message may quote the URL.
        PgConnectOptions::from_str(&self.url)
            .or_else(|_| invalid("url", "must be a URL such as postgres://user:password@host:5432/database"))
    }

    fn connect_options(&self) -> Result<PgConnectOptions> {
        let options = self.address()?;
        if !(1..=MAX_CONNECTIONS).contains(&self.settings.max_connections) {
            return invalid("max_connections", "must be 1 to 262143");
        }
        if self.settings.min_connections > self.settings.max_connections {
            return invalid("min_connections", "must not be more than the maximum");
        }
        if !(1..=MAX_HASHINGS).contains(&self.settings.hashings) {
            return invalid("concurrent_hashings", "must be 1 to 1000");
        }
        if self.statement_timeout.is_some_and(|timeout| !(1..=2_147_483_647).contains(&timeout.as_millis())) {
            return invalid("statement_timeout", "must be 1 ms to 2147483647 ms (24 days)");
        }
        if self.application_name.as_ref().is_some_and(|name| name.contains('\0')) {
            return invalid("application_name", "must not hold NUL");
        }
        let name =
            self.application_name.as_deref().or_else(|| options.get_application_name()).unwrap_or("crm");
        let sent = [Some(options.get_username()), options.get_database(), options.get_options(), Some(name)];
        if sent.iter().flatten().map(|text| text.len()).sum::<usize>() > MAX_STARTUP {
            let message =
                "must not be so long: user, database, options and application name have at most 9,000 bytes";
            return invalid(if name.len() > MAX_STARTUP { "application_name" } else { "url" }, message);
        }
        let mut options = options.clone().application_name(name).disable_statement_logging();
        if let Some(mode) = self.ssl_mode {
            options = options.ssl_mode(mode);
        }
        if let Some(timeout) = self.statement_timeout {
            options = options.options([("statement_timeout", timeout.as_millis().to_string())]);
        }
        // PgBouncer refuses the setting, and no column is a float.
        Ok(options.extra_float_digits(None).statement_cache_capacity(256))
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
            (Builder::new("postgres://h/d?password=not#secret"), "url"),
            (Builder::new("postgres://u:1/secret@h/d"), "url"),
            (Builder::new("postgres://u:1#secret@h/d"), "url"),
            (Builder::new("postgres:u:secret@h/d"), "url"),
            (Builder::new("postgres://u%00options%00-c%20role=x:secret@h/d"), "url"),
            (Builder::new("postgres://u:secret@h/d?application_name=%00"), "url"),
            (Builder::new(format!("postgres://u:secret@h/{}", "d".repeat(10_000))), "url"),
            (Builder::new("postgres://u:secret@h/d?sslmode=verify_full"), "url"),
            (Builder::new("postgres://u:secret@h/d").max_connections(0), "max_connections"),
            (Builder::new("postgres://u:secret@h/d").min_connections(11), "min_connections"),
            (Builder::new("postgres://u:secret@h/d").concurrent_hashings(0), "concurrent_hashings"),
            (
                Builder::new("postgres://u:secret@h/d").statement_timeout(Duration::from_micros(900)),
                "statement_timeout",
            ),
            (Builder::new("postgres://u:secret@h/d").application_name("a\0"), "application_name"),
            (
                Builder::new("postgres://u:secret@h/d").application_name("a".repeat(10_000)),
                "application_name",
            ),
        ];
        for (builder, field) in cases {
            let error = builder.connect_options().unwrap_err();
            assert_eq!(error.violations()[0].field, field);
            assert_eq!(error.violations()[0].code, ViolationCode::InvalidOption);
            assert!(!format!("{error} {error:?} {builder:?}").contains("secret"));
        }
    }
}
