//! Opens the pool's connections: to the server of the URL, or to the first of several that can be reached and fits.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crm_core::{Error, Result};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use crate::connection::address::{Address, Wanted};
use crate::connection::connections::Connection;
use crate::connection::error_mapping::{self as fault, target};

/// A connection that does not answer for so long is replaced, while there still is time within the acquire timeout.
const PING: Duration = Duration::from_secs(2);

/// The time limit for one of several servers, so that one that swallows everything does not use up the acquire timeout.
const TURN: Duration = Duration::from_secs(5);

/// Opens connections, and asks idle ones whether they still answer.
pub(crate) struct Connector {
    servers: Vec<Server>,
    wanted: Wanted,
    /// Whether statements may have names; each connection finds out for itself when nobody has said it.
    prepared_statements: Option<bool>,
    /// The server that was found last, with which the next search begins.
    latest: AtomicUsize,
    /// How long a server may take: what the URL says, else no more than the acquire timeout where there is one only.
    limit: Option<Duration>,
    /// When a connection last gave no answer to a ping.
    silence: Mutex<Option<Instant>>,
}

struct Server {
    options: PgConnectOptions,
    /// How many of the [`STARTUPS`] the server has refused.
    refused: AtomicUsize,
}

/// The options that a connection asks for when it begins, each with fewer than the one before. A server from before version 14,
/// or on a platform without it, refuses to look for clients that are gone in the middle of a query. `PgBouncer` refuses
/// everything.
const STARTUPS: [&[(&str, &str)]; 3] = [&[CHECKS_CLIENT, OWN_NAMES], &[OWN_NAMES], &[]];

const CHECKS_CLIENT: (&str, &str) = ("client_connection_check_interval", "500ms");

/// Makes a statement mean PostgreSQL's own operators and functions, whatever other roles have made elsewhere.
const OWN_NAMES: (&str, &str) = ("search_path", "pg_catalog,pg_temp");

/// The setting in which a session keeps its mark.
const MARK: &str = "crm.connection";

impl fmt::Debug for Connector {
    /// Leaves the options out: they hold the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl Connector {
    /// Prepares connections, for which a call waits at most the acquire timeout.
    pub(crate) fn new(
        address: Address,
        acquire_timeout: Duration,
        prepared_statements: Option<bool>,
    ) -> Self {
        let Address { servers, wanted, connect_timeout, .. } = address;
        let count = u32::try_from(servers.len()).unwrap_or(u32::MAX);
        Self {
            limit: connect_timeout.or((count > 1).then(|| TURN.min(acquire_timeout / count))),
            servers: servers
                .into_iter()
                .map(|options| Server { options, refused: AtomicUsize::new(0) })
                .collect(),
            wanted,
            prepared_statements,
            latest: AtomicUsize::new(0),
            silence: Mutex::new(None),
        }
    }

    /// Returns the options of the server that was found last.
    #[cfg(unix)]
    pub(crate) fn latest(&self) -> &PgConnectOptions {
        &self.servers[self.latest.load(Ordering::Relaxed)].options
    }

    /// Tells whether the server still answers on an idle connection.
    pub(crate) async fn answers(&self, connection: &mut Connection) -> bool {
        let silence = || self.silence.lock().unwrap_or_else(PoisonError::into_inner);
        // What was last used before another connection fell silent would take as long to say nothing.
        if silence().is_some_and(|since| since.elapsed() < connection.idle_for()) {
            return false;
        }
        let answer = tokio::time::timeout(PING, connection.inner.ping()).await;
        if answer.is_err() {
            *silence() = Some(Instant::now());
        }
        matches!(answer, Ok(Ok(())))
    }

    /// Opens a connection to the server that was found last, or to the first of the others that fits. Unlike libpq it also
    /// goes on where a login is refused: a server that was set up anew must not hide the others.
    pub(crate) async fn open(&self) -> Result<Connection> {
        let latest = self.latest.load(Ordering::Relaxed);
        let others = (0..self.servers.len()).filter(|&number| number != latest);
        let (mut errors, mut spare) = (Vec::new(), None);
        for number in [latest].into_iter().chain(others) {
            let server = &self.servers[number];
            let open = server.open(self.wanted, self.prepared_statements);
            let opened = match self.limit {
                None => open.await,
                Some(limit) => match tokio::time::timeout(limit, open).await {
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
                errors.extend(last);
                let all_refuse = errors.iter().all(|error| matches!(error, Error::Refused { .. }));
                let message = errors.into_iter().map(said).collect::<Vec<_>>().join("; ");
                Err(if all_refuse { Error::Refused { message, source: None } } else { unavailable(message) })
            }
        }
    }
}

impl Server {
    /// Opens a connection, and says why its server does not fit.
    async fn open(
        &self,
        wanted: Wanted,
        prepared_statements: Option<bool>,
    ) -> Result<(Connection, Option<&'static str>)> {
        let of_connect = |error| fault::of_connect(error, &self.options);
        let mut mark = if prepared_statements.is_none() { Some(new_mark()?) } else { None };
        let mut refused = self.refused.load(Ordering::Relaxed);
        let mut of_options = true;
        let opened = loop {
            match self.startup(refused, mark.as_deref()).connect().await {
                Err(sqlx::Error::Database(error))
                    if refused + 1 < STARTUPS.len() && !is_final(error.code().as_deref()) =>
                {
                    refused += 1;
                    of_options &= is_of_options(error.code().as_deref());
                }
                opened => break opened,
            }
        };
        let mut connection = opened.map_err(of_connect)?;
        // Any other refusal may pass, as those of a failover do: the next connection asks for everything again.
        if of_options {
            self.refused.store(refused, Ordering::Relaxed);
        }
        mark.take_if(|_| STARTUPS[refused].is_empty());
        if wanted == Wanted::Any && mark.is_none() {
            return Ok((Connection::new(connection, prepared_statements == Some(true)), None));
        }
        let state = sqlx::raw_sql(STATE).fetch_one(&mut connection).await.map_err(of_connect)?;
        let found: Option<String> = state.try_get(0).map_err(of_connect)?;
        let in_recovery = state.try_get(1).map_err(of_connect)?;
        let read_only: String = state.try_get(2).map_err(of_connect)?;
        let named = prepared_statements.unwrap_or(mark.is_some() && found == mark);
        Ok((Connection::new(connection, named), wanted.misfit(in_recovery, read_only == "on")))
    }

    fn startup(&self, refused: usize, mark: Option<&str>) -> PgConnectOptions {
        match STARTUPS[refused] {
            [] => self.options.clone(),
            asked => {
                let mark = mark.map(|mark| (MARK, mark));
                self.options.clone().options(asked.iter().copied().chain(mark))
            }
        }
    }
}

/// Asks for the session's mark, and what kind of server it is.
const STATE: &str =
    "select pg_catalog.current_setting('crm.connection', true), pg_catalog.pg_is_in_recovery(),
    pg_catalog.current_setting('transaction_read_only')";

/// Makes a value that no other connection has, of this process or another. Only a session that was begun for this connection
/// knows it; a pooler gives a session that others began, or drops the options. There a statement's name could mean another
/// process's statement.
fn new_mark() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::internal("the system has no random numbers", Some(error.into())))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// Tells whether a refusal will be the same without the options: the login or the database is wrong, or the server takes nobody.
/// `PgBouncer`, an older server and a platform that cannot notice each refuse the options with a code of their own.
fn is_final(code: Option<&str>) -> bool {
    code.is_some_and(|code| fault::is_login(code) || code.starts_with("53") || code.starts_with("57P"))
}

/// Tells whether a refusal can be one of the options: by `PgBouncer`, by a server that does not know one, or by one that may not set it.
fn is_of_options(code: Option<&str>) -> bool {
    code.is_some_and(|code| ["08P01", "42704", "22023", "0A000", "42501"].contains(&code))
}

fn unavailable(message: String) -> Error {
    Error::Unavailable { message, outcome_unknown: false, source: None }
}

fn said(error: Error) -> String {
    match error {
        Error::Unavailable { message, .. } | Error::Refused { message, .. } => message,
        error => error.to_string(),
    }
}
