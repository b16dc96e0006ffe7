//! Where a URL leads: to one server, or to several, one of which is to fit (PostgreSQL docs, 34.1.1, "Specifying Multiple
//! Hosts"). The driver reads a URL of one host only.

use std::str::FromStr as _;

use crm_core::{Error, Result, Violation, ViolationCode};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::fault::target;

/// Are the parameters of a URL that the driver or this file knows. The driver ignores others, so that a slip in `sslmode`
/// would turn TLS off.
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
    ATTRIBUTES,
];

const ATTRIBUTES: &str = "target_session_attrs";
const HOST: [&str; 2] = ["host", "hostaddr"];
const PORT: &str = "port";

/// Makes the error of an option that cannot be used.
pub(crate) fn invalid<T>(field: &str, message: &str) -> Result<T> {
    Err(Error::validation([Violation::new(field, ViolationCode::InvalidOption, message)]))
}

/// Says which server a connection may be to: libpq's `target_session_attrs`.
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

/// Is where a URL leads.
#[derive(Clone)]
pub(crate) struct Address {
    /// One for each server, in the order of the URL; they differ in host and port alone.
    pub(crate) servers: Vec<PgConnectOptions>,
    pub(crate) wanted: Wanted,
}

impl Address {
    /// Reads the URL that was given as this option. One in which a part of the password may stand where the driver reads an
    /// address, a database or a parameter, which are shown, is refused, and no message quotes it.
    pub(crate) fn read(url: &str, field: &str) -> Result<Self> {
        let known = ["postgres://", "postgresql://"];
        let Some(address) = known.iter().find_map(|scheme| url.trim_end().strip_prefix(scheme)) else {
            return invalid(field, "must begin with postgres:// or postgresql://");
        };
        // Tabs and line breaks are taken out by whoever reads a URL, so that `%0\n0` would become a NUL.
        if address.contains(char::is_control) || address.contains("%00") {
            return invalid(field, "must not hold NUL, line breaks or other control characters");
        }
        let (place, query) = address.split_once('?').unwrap_or((address, ""));
        let path = place.split_once('/').map_or("", |(_, path)| path);
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs: Vec<_> = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
        // Behind a ? that is not encoded, a server among the parameters is the rest of the password.
        let odd = |value: &str| value.contains('@') || value.contains("%40");
        let odd = pairs.iter().any(|(name, value)| (HOST.contains(name) || *name == PORT) && odd(value));
        if path.contains('@') || address.contains('#') || odd {
            let message = "must have the special characters of user, password and database percent-encoded: %2F for \
                           /, %3F for ?, %23 for #, %40 for @";
            return invalid(field, message);
        }
        let mut names = pairs.iter().map(|(name, _)| *name);
        if !names.all(|name| PARAMETERS.contains(&name) || name.starts_with("options[")) {
            // Which one is not said: behind a ? or & that is not encoded it is the rest of the password.
            return invalid(field, &format!("has an unknown parameter; known are {}", PARAMETERS.join(", ")));
        }
        let mut modes = pairs.iter().filter(|(name, _)| ["sslmode", "ssl-mode"].contains(name));
        if modes.any(|(_, mode)| mode.parse::<PgSslMode>().is_err()) {
            let message = "must have an sslmode of disable, allow, prefer, require, verify-ca or verify-full";
            return invalid(field, message);
        }
        Ok(Self { servers: servers(place, &pairs, field)?, wanted: wanted(&pairs, field)? })
    }

    /// Names the servers.
    pub(crate) fn targets(&self) -> String {
        self.servers.iter().map(target).collect::<Vec<_>>().join(",")
    }
}

fn wanted(pairs: &[(&str, &str)], field: &str) -> Result<Wanted> {
    let Some((_, given)) = pairs.iter().rfind(|(name, _)| *name == ATTRIBUTES) else {
        return Ok(Wanted::Any);
    };
    let found = Wanted::NAMES.iter().find(|(name, _)| name == given);
    let known = Wanted::NAMES.map(|(name, _)| name).join(", ");
    found.map_or_else(
        || invalid(field, &format!("must have a {ATTRIBUTES} of {known}")),
        |(_, wanted)| Ok(*wanted),
    )
}

/// Reads each server's options. Hosts and ports among the parameters replace those before the path; one port is for all hosts, and a
/// host or port that is left empty is the usual one.
fn servers(place: &str, pairs: &[(&str, &str)], field: &str) -> Result<Vec<PgConnectOptions>> {
    let (authority, path) = place.split_once('/').unwrap_or((place, ""));
    let (user, authority) = authority.rfind('@').map_or(("", authority), |at| authority.split_at(at + 1));
    let (mut hosts, mut ports): (Vec<_>, Vec<_>) = authority.split(',').map(host_and_port).unzip();
    let mut parameter = None;
    let lists: Vec<_> =
        pairs.iter().map(|(_, value)| value.replace("%2C", ",").replace("%2c", ",")).collect();
    for ((name, _), list) in pairs.iter().zip(&lists) {
        if HOST.contains(name) {
            (parameter, hosts) = (Some(name), list.split(',').collect());
        } else if *name == PORT {
            ports = list.split(',').collect();
        }
    }
    let several = hosts.len() > 1;
    if ports.len() != 1 && ports.len() != hosts.len() {
        return invalid(field, "must have one port for all hosts, or one for each");
    }
    let kept = |name: &str| name != ATTRIBUTES && !(several && (HOST.contains(&name) || name == PORT));
    let kept = pairs.iter().filter(|(name, _)| kept(name)).map(|(name, value)| format!("{name}={value}"));
    let query = kept.collect::<Vec<_>>().join("&");
    if !several {
        return Ok(vec![server(&format!("postgres://{place}?{query}"), field)?]);
    }
    let one = |(n, host): (usize, &&str)| {
        let port = ports[n.min(ports.len() - 1)];
        let port = if port.is_empty() { String::new() } else { format!(":{port}") };
        match parameter {
            _ if host.is_empty() => {
                let options = server(&format!("postgres://{user}localhost{port}/{path}?{query}"), field)?;
                Ok(options.host(PgConnectOptions::new_without_pgpass().get_host()))
            }
            None => server(&format!("postgres://{user}{host}{port}/{path}?{query}"), field),
            Some(name) => {
                server(&format!("postgres://{user}localhost{port}/{path}?{query}&{name}={host}"), field)
            }
        }
    };
    hosts.iter().enumerate().map(one).collect()
}

/// Takes `host:port` apart; the colons of an IPv6 address stand in brackets.
fn host_and_port(place: &str) -> (&str, &str) {
    let name = place.rfind(']').map_or(0, |end| end + 1);
    match place[name..].find(':') {
        Some(colon) => (&place[..name + colon], &place[name + colon + 1..]),
        None => (place, ""),
    }
}

/// Has the driver read the URL of one server.
fn server(url: &str, field: &str) -> Result<PgConnectOptions> {
    // The driver's message may quote the URL.
    let options = PgConnectOptions::from_str(url)
        .or_else(|_| invalid(field, "must be a URL such as postgres://user:password@host:5432/database"))?;
    // The driver would look the brackets up as a part of the name.
    let address = options.get_host().strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    Ok(match address.map(str::to_owned) {
        Some(address) => options.host(&address),
        None => options,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(url: &str) -> String {
        Address::read(url, "url").unwrap().targets()
    }

    #[test]
    fn hosts_and_ports_are_read_as_libpq_reads_them() {
        let usual = PgConnectOptions::new_without_pgpass().get_host().to_owned();
        let cases = [
            ("postgres://u:pw@h1:6001,h2:6002/db", "h1:6001,h2:6002"),
            ("postgres://h1,h2:6002,h3/db", "h1:5432,h2:6002,h3:5432"),
            ("postgres://u:p,w@h1:6001,[::1]:6002,[fe80::1]/db", "h1:6001,::1:6002,fe80::1:5432"),
            ("postgres://[::1]:6001/db", "::1:6001"),
            ("postgres:///db?host=h1,h2&port=6001,6002", "h1:6001,h2:6002"),
            ("postgres:///db?host=h1,h2,h3&port=6001", "h1:6001,h2:6001,h3:6001"),
            ("postgres:///db?host=h1%2Ch2&port=6001%2c6002", "h1:6001,h2:6002"),
            ("postgres:///db?hostaddr=127.0.0.1,::1&port=,6002", "127.0.0.1:5432,::1:6002"),
            ("postgres:///db?host=/d1,/d2&user=u", "/d1,/d2"),
            ("postgres://%2Fd1,h2/db", "/d1,h2:5432"),
            ("postgres://u@h0:6001,h9:6002/db?host=h1,h2", "h1:6001,h2:6002"),
            ("postgres://h1,h2/db?port=6001&host=h3", "h3:6001"),
        ];
        for (url, expected) in cases {
            assert_eq!(targets(url), expected, "{url}");
        }
        assert_eq!(targets("postgres://u@h1,:6002/db"), format!("h1:5432,{usual}:6002"));
        for url in ["postgres://h1,h2/db?port=1,2,3", "postgres://h1/db?port=1,2", "postgres://h1,h2:x/db"] {
            assert!(Address::read(url, "url").is_err(), "{url}");
        }
    }

    #[test]
    fn the_servers_of_a_url_differ_in_host_and_port_alone() {
        let url = "postgres://u%40x:p%2Cw@h1,h2/d,b?sslmode=verify-full&application_name=a,b&target_session_attrs=primary";
        let address = Address::read(url, "url").unwrap();
        assert_eq!((address.servers.len(), address.wanted), (2, Wanted::Primary));
        for server in &address.servers {
            assert_eq!((server.get_username(), server.get_database()), ("u@x", Some("d,b")));
            assert_eq!(server.get_application_name(), Some("a,b"));
            assert!(matches!(server.get_ssl_mode(), PgSslMode::VerifyFull));
        }
    }

    #[test]
    fn each_attribute_has_the_servers_that_libpq_gives_it() {
        // A primary, one that is set to be read-only, a standby.
        let servers = [(false, false), (false, true), (true, true)];
        let cases = [
            ("any", [true, true, true]),
            ("read-write", [true, false, false]),
            ("read-only", [false, true, true]),
            ("primary", [true, true, false]),
            ("standby", [false, false, true]),
            ("prefer-standby", [false, false, true]),
        ];
        for (name, fits) in cases {
            let wanted =
                Address::read(&format!("postgres://h/d?target_session_attrs={name}"), "url").unwrap().wanted;
            assert_eq!(
                servers.map(|(recovery, read_only)| wanted.misfit(recovery, read_only).is_none()),
                fits
            );
        }
        assert_eq!(Address::read("postgres://h/d", "url").unwrap().wanted, Wanted::Any);
    }
}
