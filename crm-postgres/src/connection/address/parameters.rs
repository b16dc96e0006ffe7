//! What each parameter of a URL means here: all of libpq 18, and the common ones of Prisma, node-postgres, `pgJDBC`,
//! `SQLAlchemy` and sqlx.
//!
//! A parameter that would change nothing is accepted. One that asks for something the driver cannot do is refused with
//! the reason, because a URL that is obeyed in part can turn TLS or a check off without a word.

use std::collections::BTreeMap;

use crm_core::Result;

use super::{Environment, invalid};

/// What becomes of a parameter.
#[derive(Clone, Copy)]
enum Meaning {
    /// Read by this library or its driver.
    Read,
    /// Another name of a parameter.
    Alias(&'static str),
    /// Values that stand for those of another parameter.
    Stands(&'static str, &'static [(&'static str, &'static str)], Others),
    /// Without effect here, whatever its value.
    Unused,
    /// Without effect here with these values. Others ask for something that the driver cannot do.
    Only(&'static [&'static str], &'static str),
    /// Refused, for this reason.
    Refused(&'static str),
}

/// What becomes of the values that a row with `Stands` does not list.
#[derive(Clone, Copy)]
enum Others {
    Unused,
    Refused,
}

use Meaning::{Alias, Only, Read, Refused, Stands, Unused};

/// A row: a parameter, the variable that libpq reads where a URL does not have it ("" for none), and its meaning.
type Row = (&'static str, &'static str, Meaning);

const NO_KERBEROS: &str = "the driver has no Kerberos";
const NO_OAUTH: &str =
    "the driver has no OAuth; give the token as the password where the server takes it there";
const NO_REVOCATION: &str = "the driver looks at no revocation lists";
const NO_PASSPHRASE: &str = "the driver reads no encrypted keys; give sslkey a file that is not encrypted";
const NO_KEYS: &str = "the driver logs in by password only";
const NO_SERVICE: &str = "the driver reads no service file; write its settings into the URL";
const NO_PEER: &str = "the driver cannot see whose process the server is";
const NO_REPLICATION: &str = "this is no replication client";
const NO_DIRECT: &str = "the driver asks the server for TLS first";
const ONLY_UTF8: &str = "all texts are Unicode";

/// The parameters of libpq 18, in the order of its documentation.
const LIBPQ: &[Row] = &[
    ("host", "PGHOST", Read),
    ("hostaddr", "PGHOSTADDR", Read),
    ("port", "PGPORT", Read),
    ("dbname", "PGDATABASE", Read),
    ("user", "PGUSER", Read),
    ("password", "PGPASSWORD", Read),
    // The driver reads ~/.pgpass or the variable PGPASSFILE.
    ("passfile", "", Refused("set the variable PGPASSFILE, which the driver reads")),
    (
        "require_auth",
        "PGREQUIREAUTH",
        Refused(
            "the driver does not check how the server asks for the password; sslmode=verify-full makes sure who asks",
        ),
    ),
    // `require` becomes sslmode=verify-full.
    ("channel_binding", "PGCHANNELBINDING", Read),
    ("connect_timeout", "PGCONNECT_TIMEOUT", Read),
    ("client_encoding", "", Only(&["UTF8", "utf8", "UTF-8", "utf-8", "unicode", "auto"], ONLY_UTF8)),
    // The driver adds them to those of the variable PGOPTIONS, which it reads by itself.
    ("options", "", Read),
    ("application_name", "PGAPPNAME", Read),
    ("fallback_application_name", "", Read),
    // The driver sets none. A call ends by its own deadline.
    ("keepalives", "", Unused),
    ("keepalives_idle", "", Unused),
    ("keepalives_interval", "", Unused),
    ("keepalives_count", "", Unused),
    ("tcp_user_timeout", "", Unused),
    ("replication", "", Only(&["false", "off", "no", "0"], NO_REPLICATION)),
    ("gssencmode", "PGGSSENCMODE", Only(&["disable", "prefer"], NO_KERBEROS)),
    ("sslmode", "PGSSLMODE", Read),
    ("requiressl", "PGREQUIRESSL", Stands("sslmode", &[("1", "require"), ("0", "prefer")], Others::Refused)),
    ("sslnegotiation", "PGSSLNEGOTIATION", Only(&["postgres"], NO_DIRECT)),
    // libpq has none any more either.
    ("sslcompression", "", Unused),
    ("sslcert", "PGSSLCERT", Read),
    ("sslkey", "PGSSLKEY", Read),
    ("sslkeylogfile", "", Refused("the driver writes no keys to a file")),
    ("sslpassword", "", Refused(NO_PASSPHRASE)),
    ("sslcertmode", "PGSSLCERTMODE", Read),
    // `system` means the system's roots, as in libpq.
    ("sslrootcert", "PGSSLROOTCERT", Read),
    ("sslcrl", "PGSSLCRL", Refused(NO_REVOCATION)),
    ("sslcrldir", "PGSSLCRLDIR", Refused(NO_REVOCATION)),
    ("sslsni", "PGSSLSNI", Only(&["1"], "the driver always sends the server's name")),
    ("requirepeer", "PGREQUIREPEER", Refused(NO_PEER)),
    (
        "ssl_min_protocol_version",
        "PGSSLMINPROTOCOLVERSION",
        Only(&["TLSv1", "TLSv1.1", "TLSv1.2"], "the driver takes TLS 1.2 and 1.3"),
    ),
    (
        "ssl_max_protocol_version",
        "PGSSLMAXPROTOCOLVERSION",
        Only(&["TLSv1.3"], "the driver takes TLS 1.2 and 1.3"),
    ),
    ("min_protocol_version", "PGMINPROTOCOLVERSION", Only(&["3.0"], "the driver speaks version 3.0")),
    (
        "max_protocol_version",
        "PGMAXPROTOCOLVERSION",
        Only(&["3.0", "3.2", "latest"], "there is no such version"),
    ),
    // Without Kerberos they have nothing to say.
    ("krbsrvname", "", Unused),
    ("gsslib", "", Unused),
    ("gssdelegation", "", Unused),
    ("scram_client_key", "", Refused(NO_KEYS)),
    ("scram_server_key", "", Refused(NO_KEYS)),
    // PGSERVICE is not read: it may stand in an environment for other programs.
    ("service", "", Refused(NO_SERVICE)),
    ("servicefile", "", Refused(NO_SERVICE)),
    ("target_session_attrs", "PGTARGETSESSIONATTRS", Read),
    // `random` shuffles the hosts once for a handle.
    ("load_balance_hosts", "PGLOADBALANCEHOSTS", Read),
    ("oauth_issuer", "", Refused(NO_OAUTH)),
    ("oauth_client_id", "", Refused(NO_OAUTH)),
    ("oauth_client_secret", "", Refused(NO_OAUTH)),
    ("oauth_scope", "", Refused(NO_OAUTH)),
    ("oauth_ca_file", "", Refused(NO_OAUTH)),
];

const NEVER_NAMED: &[(&str, &str)] = &[("0", "never")];

/// The common parameters of others.
const OTHERS: &[Row] = &[
    // Prisma. All tables are in the schema `crm`.
    ("schema", "", Unused),
    ("connection_limit", "", Read),
    ("pool_timeout", "", Read),
    ("socket_timeout", "", Read),
    ("pgbouncer", "", Stands("prepared_statements", &[("true", "never")], Others::Unused)),
    ("statement_cache_size", "", Stands("prepared_statements", NEVER_NAMED, Others::Unused)),
    ("sslaccept", "", Read),
    ("sslidentity", "", Refused("give sslcert and sslkey files of PEM instead")),
    ("max_connection_lifetime", "", Unused),
    ("max_idle_connection_lifetime", "", Unused),
    // node-postgres. The modes are libpq's here in any case.
    ("ssl", "", Read),
    ("uselibpqcompat", "", Unused),
    ("statement_timeout", "", Read),
    ("encoding", "", Alias("client_encoding")),
    // pgJDBC.
    ("ApplicationName", "", Alias("application_name")),
    ("currentSchema", "", Unused),
    ("loginTimeout", "", Alias("connect_timeout")),
    ("connectTimeout", "", Alias("connect_timeout")),
    ("socketTimeout", "", Alias("socket_timeout")),
    ("channelBinding", "", Alias("channel_binding")),
    ("gssEncMode", "", Alias("gssencmode")),
    ("sslfactory", "", Read),
    ("prepareThreshold", "", Stands("prepared_statements", NEVER_NAMED, Others::Unused)),
    (
        "targetServerType",
        "",
        Stands(
            "target_session_attrs",
            &[
                ("any", "any"),
                ("primary", "primary"),
                ("master", "primary"),
                ("secondary", "standby"),
                ("slave", "standby"),
                ("preferSecondary", "prefer-standby"),
                ("preferSlave", "prefer-standby"),
            ],
            Others::Refused,
        ),
    ),
    (
        "loadBalanceHosts",
        "",
        Stands("load_balance_hosts", &[("true", "random"), ("false", "disable")], Others::Refused),
    ),
    ("tcpKeepAlive", "", Unused),
    ("binaryTransfer", "", Unused),
    ("defaultRowFetchSize", "", Unused),
    ("hostRecheckSeconds", "", Unused),
    ("preparedStatementCacheQueries", "", Unused),
    ("preparedStatementCacheSizeMiB", "", Unused),
    ("reWriteBatchedInserts", "", Unused),
    ("stringtype", "", Unused),
    // SQLAlchemy with asyncpg.
    ("prepared_statement_cache_size", "", Stands("prepared_statements", NEVER_NAMED, Others::Unused)),
    // sqlx.
    ("ssl-mode", "", Alias("sslmode")),
    ("ssl-root-cert", "", Alias("sslrootcert")),
    ("ssl-ca", "", Alias("sslrootcert")),
    ("ssl-cert", "", Alias("sslcert")),
    ("ssl-key", "", Alias("sslkey")),
    ("statement-cache-capacity", "", Unused),
];

/// A value, and how the caller said it.
#[derive(Debug)]
struct Value {
    text: String,
    label: String,
}

/// The parameters of a URL and of the environment, by the names of libpq.
#[derive(Debug)]
pub(super) struct Values<'a> {
    /// The option that has the URL.
    field: &'a str,
    entries: BTreeMap<&'static str, Value>,
    /// `options` and `options[name]`, in the order of the URL.
    pub(super) options: Vec<(String, String)>,
    /// Whether the URL is one of `pgJDBC`.
    pub(super) jdbc: bool,
}

impl<'a> Values<'a> {
    pub(super) const fn new(field: &'a str) -> Self {
        Self { field, entries: BTreeMap::new(), options: Vec::new(), jdbc: false }
    }

    /// Takes what stands before the parameters.
    pub(super) fn set(&mut self, name: &'static str, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.entries.insert(name, Value { text, label: name.to_owned() });
        }
    }

    /// Takes the parameters of the URL. A name that is not known may be a piece of a password, and is shown only where it
    /// cannot be one: that is for `may_show` to say, and no name is shown behind a secret.
    pub(super) fn read(&mut self, pairs: &[(String, String)], mut may_show: bool) -> Result<()> {
        for (name, text) in pairs {
            if name.starts_with("options[") && name.ends_with(']') {
                self.options.push((name.clone(), text.clone()));
                continue;
            }
            let Some((known, _, meaning)) = rows().find(|(known, ..)| known == name) else {
                return self.refuse(&unknown(Some(name.as_str()).filter(|_| may_show)));
            };
            self.take(known, *meaning, text, (*known).to_owned())?;
            may_show &= *known != "password";
        }
        Ok(())
    }

    /// Takes from the environment what the URL does not say. An empty variable says nothing.
    pub(super) fn read_environment(&mut self, environment: Environment<'_>) -> Result<()> {
        // A server that the URL names is not replaced by another's address.
        let has_host = self.has("host") || self.has("hostaddr");
        // Each of them says in the URL what TLS is wanted.
        let has_tls = ["sslmode", "ssl", "sslaccept"].iter().any(|name| self.has(name));
        for (name, variable, meaning) in rows().filter(|(_, variable, _)| !variable.is_empty()) {
            let said = match meaning {
                _ if ["PGSSLMODE", "PGREQUIRESSL"].contains(variable) => has_tls || self.has("sslmode"),
                Stands(other, ..) => self.has(other),
                _ => self.has(name) || (name.starts_with("host") && has_host),
            };
            let found = if said { None } else { environment.get(variable) };
            if let Some(text) = found.filter(|text| !text.is_empty()) {
                if text.contains('\0') {
                    return self.refuse(&format!("must not meet a variable {variable} that holds NUL"));
                }
                self.take(name, *meaning, &text, format!("{name} (from the variable {variable})"))?;
            }
        }
        Ok(())
    }

    fn take(&mut self, name: &'static str, meaning: Meaning, text: &str, label: String) -> Result<()> {
        match meaning {
            Read if name == "options" => self.options.push((name.to_owned(), text.to_owned())),
            Read => {
                self.entries.insert(name, Value { text: text.to_owned(), label });
            }
            Alias(other) => {
                let row = rows().find(|(known, ..)| *known == other);
                let (other, _, meaning) = row.expect("a test looks whether each alias has its row");
                self.take(other, *meaning, text, label)?;
            }
            Stands(other, values, others) => match values.iter().find(|(value, _)| *value == text) {
                Some((_, stands)) => {
                    self.entries.insert(other, Value { text: (*stands).to_owned(), label });
                }
                None if matches!(others, Others::Unused) => {}
                None => return self.refuse(&must_be(&label, values.iter().map(|(value, _)| *value))),
            },
            Unused => {}
            Only(_, _) | Refused(_) if text.is_empty() => {}
            Only(values, _) if values.contains(&text) => {}
            Only(values, reason) => {
                let message = must_be(&label, values.iter().copied());
                return self.refuse(&format!("{message}: {reason}"));
            }
            Refused(reason) => return self.refuse(&format!("must not have {label}: {reason}")),
        }
        Ok(())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.entries.get(name).map(|value| value.text.as_str())
    }

    /// Returns how the caller said a parameter.
    pub(super) fn label<'b>(&'b self, name: &'b str) -> &'b str {
        self.entries.get(name).map_or(name, |value| &value.label)
    }

    /// Reads a parameter that has one of these values.
    pub(super) fn one_of<T: Copy>(&self, name: &str, known: &[(&str, T)]) -> Result<Option<T>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match known.iter().find(|(value, _)| *value == text) {
            Some((_, meant)) => Ok(Some(*meant)),
            None => self.refuse(&must_be(self.label(name), known.iter().map(|(value, _)| *value))),
        }
    }

    /// Reads a parameter that is a number of these. An empty one says nothing.
    pub(super) fn number(&self, name: &str, range: std::ops::RangeInclusive<u32>) -> Result<Option<u32>> {
        let Some(text) = self.get(name).map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let number = text.parse::<u32>().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let (label, from, to) = (self.label(name), range.start(), range.end());
            return self.refuse(&format!("must have a {label} of {from} to {to}"));
        }
        Ok(number)
    }

    pub(super) fn refuse<T>(&self, message: &str) -> Result<T> {
        invalid(self.field, message)
    }
}

fn rows() -> impl Iterator<Item = &'static Row> {
    LIBPQ.iter().chain(OTHERS)
}

fn must_be<'a>(label: &str, values: impl Iterator<Item = &'a str>) -> String {
    format!("must have a {label} of {}", values.collect::<Vec<_>>().join(", "))
}

/// The longest name that is shown.
const LONGEST: usize = 40;

fn unknown(name: Option<&str>) -> String {
    let shown = name.filter(|name| {
        let mut letters = name.bytes();
        name.len() <= LONGEST
            && letters.next().is_some_and(|letter| letter.is_ascii_alphabetic() || letter == b'_')
            && letters.all(|letter| letter.is_ascii_alphanumeric() || b"_.-".contains(&letter))
    });
    let advice = "known are those of libpq and the common ones of Prisma, node-postgres and pgJDBC, and settings of \
                  the server are written as options=-c%20name%3Dvalue";
    match shown {
        Some(name) => format!("must not have the unknown parameter {name}; {advice}"),
        None => format!(
            "must not have an unknown parameter; {advice}; a password has its & and ? percent-encoded"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_has_one_row_and_each_alias_and_value_leads_to_one() {
        for (name, variable, meaning) in rows() {
            assert_eq!(rows().filter(|(other, ..)| other == name).count(), 1, "{name}");
            let same = rows().filter(|(_, other, _)| !other.is_empty() && other == variable).count();
            assert!(same <= 1, "{variable}");
            let leads = match meaning {
                Alias(other) => other,
                Stands(other, ..) if *other != "prepared_statements" => other,
                _ => continue,
            };
            let row = rows().find(|(other, ..)| other == leads);
            assert!(row.is_some_and(|(.., meaning)| !matches!(meaning, Alias(_))), "{name}");
        }
    }

    #[test]
    fn the_table_has_each_parameter_of_libpq_that_psql_knows_here() {
        // libpq 18's documentation, "Parameter Key Words".
        let documented = "host hostaddr port dbname user password passfile require_auth channel_binding connect_timeout \
            client_encoding options application_name fallback_application_name keepalives keepalives_idle \
            keepalives_interval keepalives_count tcp_user_timeout replication gssencmode sslmode requiressl \
            sslnegotiation sslcompression sslcert sslkey sslkeylogfile sslpassword sslcertmode sslrootcert sslcrl \
            sslcrldir sslsni requirepeer ssl_min_protocol_version ssl_max_protocol_version min_protocol_version \
            max_protocol_version krbsrvname gsslib gssdelegation scram_client_key scram_server_key service servicefile \
            target_session_attrs load_balance_hosts oauth_issuer oauth_client_id oauth_client_secret oauth_scope";
        for name in documented.split_whitespace() {
            assert!(LIBPQ.iter().any(|(known, ..)| *known == name), "{name}");
        }
    }
}
