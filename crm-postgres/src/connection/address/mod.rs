//! Where a URL leads: to one server, or to several, one of which is to fit (PostgreSQL docs, "Connection URIs", "Specifying
//! Multiple Hosts"). It is read here and not by the driver, which reads fewer forms than libpq and ignores what it does not know.

mod parameters;
#[cfg(test)]
mod tests;
mod tls;

use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use crm_core::{Error, Result, Violation, ViolationCode};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::connection::error_mapping::target;
use parameters::Values;

/// The most bytes of a URL and the most hosts in it, so that reading it takes no time worth speaking of.
const MAX_URL: usize = 65_536;
const MAX_HOSTS: usize = 64;

const SHAPE: &str = "must be a URL such as postgres://user:password@host:5432/database";

/// The most connections that a server can have (PostgreSQL docs, `max_connections`).
pub(crate) const MAX_CONNECTIONS: u32 = 262_143;

/// Makes the error of an option that cannot be used.
pub(crate) fn invalid<T>(field: &str, message: &str) -> Result<T> {
    Err(Error::validation([Violation::new(field, ViolationCode::InvalidOption, message)]))
}

/// Where the parameters come from that a URL does not have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Environment<'a> {
    /// libpq's variables of this process: `PGHOST`, `PGSSLMODE` and so on.
    Process,
    /// Nowhere: the URL alone counts.
    Ignored,
    /// A test's variables.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test cannot change the variables of its process"))]
    Given(&'a [(&'a str, &'a str)]),
}

impl Environment<'_> {
    fn get(self, variable: &str) -> Option<String> {
        match self {
            Self::Process => std::env::var(variable).ok(),
            Self::Ignored => None,
            Self::Given(variables) => {
                let found = variables.iter().find(|(name, _)| *name == variable);
                found.map(|(_, value)| (*value).to_owned())
            }
        }
    }
}

/// Which server a connection may be to: libpq's `target_session_attrs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

impl Wanted {
    const NAMES: [(&str, Self); 6] = [
        ("any", Self::Any),
        ("read-write", Self::ReadWrite),
        ("read-only", Self::ReadOnly),
        ("primary", Self::Primary),
        ("standby", Self::Standby),
        ("prefer-standby", Self::PreferStandby),
    ];

    /// Says why a server does not fit.
    pub(crate) fn misfit(self, in_recovery: bool, read_only: bool) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::ReadWrite => read_only.then_some("is read-only"),
            Self::ReadOnly => (!read_only).then_some("is not read-only"),
            Self::Primary => in_recovery.then_some("is a standby"),
            Self::Standby | Self::PreferStandby => (!in_recovery).then_some("is no standby"),
        }
    }
}

/// What a URL says of the pool and the calls. It counts where the caller has not set the option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hints {
    pub(crate) max_connections: Option<u32>,
    pub(crate) acquire_timeout: Option<Duration>,
    pub(crate) call_timeout: Option<Duration>,
    pub(crate) statement_timeout: Option<Duration>,
    pub(crate) prepared_statements: Option<bool>,
}

impl Hints {
    fn read(values: &Values<'_>) -> Result<Self> {
        let seconds =
            |name| -> Result<Option<Duration>> { Ok(values.number(name, 0..=u32::MAX)?.map(limit)) };
        let statement_timeout = values.number("statement_timeout", 0..=2_147_483_647)?;
        Ok(Self {
            max_connections: values.number("connection_limit", 1..=MAX_CONNECTIONS)?,
            acquire_timeout: seconds("pool_timeout")?,
            call_timeout: seconds("socket_timeout")?,
            statement_timeout: statement_timeout
                .filter(|limit| *limit > 0)
                .map(|limit| Duration::from_millis(limit.into())),
            prepared_statements: values.get("prepared_statements").map(|_| false),
        })
    }

    /// Takes what it does not say from others.
    pub(crate) fn or(self, others: Self) -> Self {
        Self {
            max_connections: self.max_connections.or(others.max_connections),
            acquire_timeout: self.acquire_timeout.or(others.acquire_timeout),
            call_timeout: self.call_timeout.or(others.call_timeout),
            statement_timeout: self.statement_timeout.or(others.statement_timeout),
            prepared_statements: self.prepared_statements.or(others.prepared_statements),
        }
    }
}

/// Reads a limit in seconds, where 0 means none, as in Prisma and `pgJDBC`.
fn limit(seconds: u32) -> Duration {
    Duration::from_secs(if seconds == 0 { u32::MAX } else { seconds }.into())
}

/// Where a URL leads, and what it says of the way.
#[derive(Clone)]
pub(crate) struct Address {
    /// One for each server, in the order of the URL; they differ in host and port alone, and in TLS, which no Unix socket has.
    pub(crate) servers: Vec<PgConnectOptions>,
    pub(crate) wanted: Wanted,
    /// How long a connection to one server may take.
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) hints: Hints,
}

impl Address {
    /// Reads the URL that was given as this option. One in which a part of the password may stand where an address, a database
    /// or a parameter is read, which are shown, is refused, and no message quotes it. The mode replaces that of the URL.
    pub(crate) fn read(
        url: &str,
        field: &str,
        environment: Environment<'_>,
        mode: Option<PgSslMode>,
    ) -> Result<Self> {
        let mut values = parse(url, field)?;
        values.read_environment(environment)?;
        let timeout = values.get("connect_timeout").filter(|text| !text.trim().starts_with('-'));
        let connect_timeout = match timeout {
            Some(_) => values.number("connect_timeout", 0..=u32::MAX)?.filter(|seconds| *seconds > 0),
            None => None,
        };
        let mut address = Self {
            servers: servers(&values, environment, mode)?,
            wanted: values.one_of("target_session_attrs", &Wanted::NAMES)?.unwrap_or(Wanted::Any),
            connect_timeout: connect_timeout.map(|seconds| Duration::from_secs(seconds.into())),
            hints: Hints::read(&values)?,
        };
        if values.one_of("load_balance_hosts", &[("disable", false), ("random", true)])? == Some(true) {
            fastrand::shuffle(&mut address.servers);
        }
        Ok(address)
    }

    /// Names the servers.
    pub(crate) fn targets(&self) -> String {
        self.servers.iter().map(target).collect::<Vec<_>>().join(",")
    }
}

/// Takes a URL apart: `postgresql://user:password@host:port,host:port/database?name=value&name=value`.
fn parse<'a>(url: &str, field: &'a str) -> Result<Values<'a>> {
    let url = url.trim();
    if url.len() > MAX_URL {
        return invalid(field, "must not be longer than 65,536 bytes");
    }
    let Some((address, jdbc)) = scheme(url) else {
        return invalid(field, "must begin with postgres:// or postgresql://");
    };
    if address.contains(char::is_control) || address.contains("%00") {
        return invalid(field, "must not hold NUL, line breaks or other control characters");
    }
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    let (authority, path) = place.split_once('/').unwrap_or((place, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs: Vec<_> = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
    // Behind a ? that is not encoded, what is read as parameters is the rest of the password, up to the @ before the host.
    let is_rest = query.contains('@') && !place.contains(['/', '@']);
    let of_server = |name: &str| ["host", "hostaddr", "port"].contains(&name);
    let has_at = |value: &str| value.contains('@') || value.contains("%40");
    let is_odd = pairs.iter().any(|(name, value)| of_server(name) && has_at(value));
    if path.contains('@') || address.contains('#') || is_rest || is_odd {
        let message = "must have the special characters of user, password and database percent-encoded: %2F for \
                       /, %3F for ?, %23 for #, %40 for @";
        return invalid(field, message);
    }
    let decoded = |text: &str| decode(text).map_or_else(|| invalid(field, SHAPE), Ok);
    let mut values = Values::new(field);
    let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    values.set("user", decoded(user)?);
    values.set("password", decoded(password)?);
    values.set("dbname", decoded(path)?);
    let (names, ports): (Vec<_>, Vec<_>) = hosts.split(',').map(host_and_port).unzip();
    values.set("host", decoded(&names.join(","))?);
    if ports.iter().any(|port| !port.is_empty()) {
        values.set("port", ports.join(","));
    }
    let pairs = pairs.iter().map(|(name, value)| Ok((decoded(name)?, decoded(value)?)));
    values.read(&pairs.collect::<Result<Vec<_>>>()?, !query.contains('@'))?;
    values.jdbc = jdbc;
    Ok(values)
}

/// Takes the scheme off, and says whether it was that of `pgJDBC`. One of `SQLAlchemy` may name a driver: `postgresql+psycopg://`.
fn scheme(url: &str) -> Option<(&str, bool)> {
    let (jdbc, url) = url.strip_prefix("jdbc:").map_or((false, url), |url| (true, url));
    let (scheme, rest) = url.split_once("://")?;
    let (scheme, driver) = scheme.split_once('+').unwrap_or((scheme, ""));
    let is_name = driver.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'_');
    (["postgres", "postgresql"].contains(&scheme) && is_name).then_some((rest, jdbc))
}

/// Takes the percent-encoding off. A % that begins none is itself.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let code = others.get(..2).filter(|code| *first == b'%' && code.iter().all(u8::is_ascii_hexdigit));
        let byte = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &others[2..] } else { others };
    }
    String::from_utf8(bytes).ok()
}

/// Takes `host:port` apart; the colons of an IPv6 address stand in brackets.
fn host_and_port(place: &str) -> (&str, &str) {
    let name = place.rfind(']').map_or(0, |end| end + 1);
    match place[name..].find(':') {
        Some(colon) => (&place[..name + colon], &place[name + colon + 1..]),
        None => (place, ""),
    }
}

/// Reads each server's options. One port is for all hosts, and a host or port that is left empty is the usual one.
fn servers(
    values: &Values<'_>,
    environment: Environment<'_>,
    mode: Option<PgSslMode>,
) -> Result<Vec<PgConnectOptions>> {
    let list = |name| values.get(name).unwrap_or_default().split(',').collect::<Vec<_>>();
    let (hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
    let count = hosts.len().max(addresses.len());
    if count > MAX_HOSTS {
        return values.refuse("must not name more than 64 hosts");
    }
    if values.has("host") && values.has("hostaddr") && hosts.len() != addresses.len() {
        return values.refuse("must have one hostaddr for each host");
    }
    if ports.len() != 1 && ports.len() != count {
        return values.refuse("must have one port for all hosts, or one for each");
    }
    let tls = tls::Tls::read(values, mode)?;
    let query = query(values, environment);
    let one = |number: usize| {
        let given = ports[number.min(ports.len() - 1)].trim();
        let port = if given.is_empty() { Some(5432) } else { given.parse::<u16>().ok() };
        let Some(port) = port.filter(|port| *port > 0) else {
            return values.refuse(&format!("must have a {} of 1 to 65535", values.label("port")));
        };
        let name = hosts.get(number).copied().unwrap_or_default();
        let address = addresses.get(number).copied().unwrap_or_default();
        if !address.is_empty() {
            if address.parse::<std::net::IpAddr>().is_err() {
                return values.refuse("must have a hostaddr that is an IP address");
            }
            tls.check_address(values, name, address)?;
        }
        let host = if address.is_empty() { name } else { address };
        // The driver would look the brackets of an IPv6 address up as a part of the name.
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if host == "[]" || bare.contains(['[', ']']) {
            return values.refuse(SHAPE);
        }
        let host = if bare.is_empty() { usual_host(port) } else { bare };
        let url = format!("postgres://localhost?host={}&port={port}&{query}", encode(host));
        // The driver's message may quote the URL.
        let options = PgConnectOptions::from_str(&url).or_else(|_| values.refuse(SHAPE))?;
        let options = tls.apply(values, options, environment)?;
        Ok(if matches!(environment, Environment::Ignored) { without_variable(options) } else { options })
    };
    (0..count).map(one).collect()
}

/// Writes the parameters that all servers have in common as the driver reads them. Through a URL, because only so it looks for
/// the password in `~/.pgpass`.
fn query(values: &Values<'_>, environment: Environment<'_>) -> String {
    let mut pairs = values.options.clone();
    let mut add = |name: &str, value: Option<&str>| {
        pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    };
    // What is not said here the driver takes from the variables of the process.
    let ignored = matches!(environment, Environment::Ignored);
    let user = values.get("user").filter(|user| !user.is_empty());
    add("user", user);
    add("password", values.get("password").or(ignored.then_some("")));
    add("dbname", values.get("dbname").or(user.filter(|_| ignored)));
    let name = values.get("application_name").filter(|name| !name.is_empty());
    add("application_name", name.or_else(|| values.get("fallback_application_name")));
    tls::Tls::add_files(values, &mut add);
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Percent-encodes a text for the query of a URL.
fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// Returns where a server is whose host nobody names: behind the socket of one of the usual directories, else on this machine.
fn usual_host(port: u16) -> &'static str {
    let socket = format!(".s.PGSQL.{port}");
    let directories = ["/var/run/postgresql", "/private/tmp", "/tmp"];
    let found = directories.into_iter().find(|directory| Path::new(directory).join(&socket).exists());
    found.unwrap_or("localhost")
}

/// Begins another parameter `options` in the message that opens a connection, in which texts end with NUL.
const AGAIN: &str = "\0options\0";

/// Takes back the variable `PGOPTIONS`, which the driver has read and has no way to leave out. The server goes by the last
/// `options` that it is sent.
fn without_variable(options: PgConnectOptions) -> PgConnectOptions {
    if options.get_options().is_none() { options } else { options.options([("", AGAIN)]) }
}

/// Returns the `options` by which the server goes.
pub(crate) fn session_options(options: &PgConnectOptions) -> &str {
    let all = options.get_options().unwrap_or_default();
    all.rsplit_once(AGAIN).map_or(all, |(_, last)| last)
}
