//! Opens the pool's connections: to the server of the URL, or to the first of several that can be reached and fits.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crm_core::{Error, Result};
use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};

use crate::address::{Address, Wanted};
use crate::fault::{self, target};

/// A connection that has been idle for longer is asked whether it still lives before a call gets it.
const TRUST: Duration = Duration::from_secs(1);

/// A connection that does not answer for so long is replaced, while there still is time within the acquire timeout.
const PING: Duration = Duration::from_secs(2);

/// Is how long one of several servers may take, so that one that swallows everything does not use up the acquire timeout.
const TURN: Duration = Duration::from_secs(5);

/// Opens connections for deadpool and looks after them.
pub(crate) struct Connector {
    servers: Vec<Server>,
    wanted: Wanted,
    /// The server that was found last, with which the next search begins.
    latest: AtomicUsize,
    /// How long a server may take: what the URL says, else no more than the acquire timeout where there is one only.
    limit: Option<Duration>,
    /// When a connection last gave no answer to a ping.
    silence: Mutex<Option<Instant>>,
}

struct Server {
    options: PgConnectOptions,
    /// Whether the server knows the options of [`noticing`], once it has taken a connection.
    notices: OnceLock<bool>,
}

impl fmt::Debug for Connector {
    /// Leaves the options out: they hold the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl managed::Manager for Connector {
    type Type = PgConnection;
    type Error = Error;

    async fn create(&self) -> Result<PgConnection> {
        self.open().await
    }

    async fn recycle(&self, connection: &mut PgConnection, metrics: &Metrics) -> RecycleResult<Error> {
        if metrics.last_used() <= TRUST {
            return Ok(());
        }
        let silence = || self.silence.lock().unwrap_or_else(PoisonError::into_inner);
        // What was last used before another connection fell silent would take as long to say nothing.
        if silence().is_some_and(|since| since.elapsed() < metrics.last_used()) {
            return Err(RecycleError::message("another one does not answer"));
        }
        let Ok(answer) = tokio::time::timeout(PING, connection.ping()).await else {
            *silence() = Some(Instant::now());
            return Err(RecycleError::message("no answer to a ping"));
        };
        answer.map_err(|error| RecycleError::message(error.to_string()))
    }
}

impl Connector {
    /// Prepares connections, for which a call waits so long at the most.
    pub(crate) fn new(address: Address, acquire_timeout: Duration) -> Self {
        let Address { servers, wanted, connect_timeout, .. } = address;
        let count = u32::try_from(servers.len()).unwrap_or(u32::MAX);
        Self {
            limit: connect_timeout.or((count > 1).then(|| TURN.min(acquire_timeout / count))),
            servers: servers
                .into_iter()
                .map(|options| Server { options, notices: OnceLock::new() })
                .collect(),
            wanted,
            latest: AtomicUsize::new(0),
            silence: Mutex::new(None),
        }
    }

    /// Returns the options of the server that was found last.
    #[cfg(unix)]
    pub(crate) fn latest(&self) -> &PgConnectOptions {
        &self.servers[self.latest.load(Ordering::Relaxed)].options
    }

    /// Opens a connection to the server that was found last, or to the first of the others that fits. Unlike libpq it also
    /// goes on where a login is refused: a server that was set up anew must not hide the others.
    async fn open(&self) -> Result<PgConnection> {
        let latest = self.latest.load(Ordering::Relaxed);
        let others = (0..self.servers.len()).filter(|&number| number != latest);
        let (mut errors, mut spare) = (Vec::new(), None);
        for number in [latest].into_iter().chain(others) {
            let server = &self.servers[number];
            let opened = match self.limit {
                None => server.open(self.wanted).await,
                Some(limit) => match tokio::time::timeout(limit, server.open(self.wanted)).await {
                    Ok(opened) => opened,
                    Err(_) => Err(unavailable(format!("{} does not answer", target(&server.options)))),
                },
            };
            match opened {
                Ok((connection, None)) => {
                    self.latest.store(number, Ordering::Relaxed);
                    return Ok(connection);
                }
                Ok((connection, Some(_))) if self.wanted == Wanted::PreferStandby => {
                    spare.get_or_insert(connection);
                }
                Ok((_, Some(misfit))) => {
                    let target = target(&server.options);
                    errors.push(unavailable(format!(
                        "{target} {misfit}, which target_session_attrs rules out"
                    )));
                }
                Err(error) => errors.push(error),
            }
        }
        match (spare, errors.pop()) {
            (Some(spare), _) => Ok(spare),
            (None, Some(only)) if errors.is_empty() => Err(only),
            (None, last) => {
                let each: Vec<_> = errors.into_iter().chain(last).map(said).collect();
                Err(unavailable(each.join("; ")))
            }
        }
    }
}

impl Server {
    /// Opens a connection, and says why its server does not fit. A server from before version 14, or on a platform without it,
    /// does not know how to notice a client that is gone in the middle of a query, and `PgBouncer` takes no options.
    async fn open(&self, wanted: Wanted) -> Result<(PgConnection, Option<&'static str>)> {
        let plain = &self.options;
        let of_connect = |error| fault::of_connect(error, plain);
        let note = |notices| {
            self.notices.get_or_init(|| notices);
        };
        let first = match self.notices.get() {
            Some(false) => plain.connect().await,
            _ => noticing(plain).connect().await,
        };
        let opened = match first {
            Err(sqlx::Error::Database(error))
                if self.notices.get().is_none() && !is_final(error.code().as_deref()) =>
            {
                let opened = plain.connect().await;
                opened.inspect(|_| note(false))
            }
            first => first.inspect(|_| note(true)),
        };
        let mut connection = opened.map_err(of_connect)?;
        if wanted == Wanted::Any {
            return Ok((connection, None));
        }
        let state =
            "select pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only')";
        let state = sqlx::raw_sql(state).fetch_one(&mut connection).await;
        let read = |row: sqlx::postgres::PgRow| Ok((row.try_get(0)?, row.try_get::<String, _>(1)? == "on"));
        let (in_recovery, read_only) = state.and_then(read).map_err(of_connect)?;
        Ok((connection, wanted.misfit(in_recovery, read_only)))
    }
}

/// Has the server look whether the client is still there, and a statement mean PostgreSQL's own operators and functions, whatever
/// other roles have made elsewhere.
fn noticing(options: &PgConnectOptions) -> PgConnectOptions {
    let set = [("client_connection_check_interval", "500ms"), ("search_path", "pg_catalog,pg_temp")];
    options.clone().options(set)
}

/// Tells whether a refusal will be the same without the options: the login or the database is wrong, or the server takes nobody.
/// `PgBouncer`, an older server and a platform that cannot notice each refuse the options with a code of their own.
fn is_final(code: Option<&str>) -> bool {
    code.is_some_and(|code| ["28", "3D000", "53", "57P"].iter().any(|known| code.starts_with(known)))
}

fn unavailable(message: String) -> Error {
    Error::Unavailable { message, outcome_unknown: false, source: None }
}

fn said(error: Error) -> String {
    match error {
        Error::Unavailable { message, .. } => message,
        error => error.to_string(),
    }
}
