//! How a connection is encrypted: libpq's reading of `sslmode` and what belongs to it, as far as the driver has it.

use crm_core::Result;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::Environment;
use super::parameters::Values;

/// The modes of libpq, and node-postgres's own one.
const MODES: [(&str, PgSslMode); 7] = [
    ("disable", PgSslMode::Disable),
    ("allow", PgSslMode::Allow),
    ("prefer", PgSslMode::Prefer),
    ("require", PgSslMode::Require),
    ("verify-ca", PgSslMode::VerifyCa),
    ("verify-full", PgSslMode::VerifyFull),
    ("no-verify", PgSslMode::Require),
];

/// The values of `ssl` beside the modes.
const SWITCH: [(&str, PgSslMode); 6] = [
    ("true", PgSslMode::Require),
    ("1", PgSslMode::Require),
    ("on", PgSslMode::Require),
    ("false", PgSslMode::Disable),
    ("0", PgSslMode::Disable),
    ("off", PgSslMode::Disable),
];

/// The value of `sslrootcert` that means the system's roots.
const SYSTEM: &str = "system";

/// Whether and how connections over TCP are encrypted.
#[derive(Debug)]
pub(super) struct Tls {
    mode: PgSslMode,
    /// `channel_binding=require` asks for what no Unix socket can give.
    is_bound: bool,
}

impl Tls {
    /// Reads the parameters; the mode that the caller has set as an option replaces theirs.
    pub(super) fn read(values: &Values<'_>, option: Option<PgSslMode>) -> Result<Self> {
        let said = said(values)?;
        let binding = [("disable", false), ("prefer", false), ("require", true)];
        let is_bound = values.one_of("channel_binding", &binding)? == Some(true) && option.is_none();
        let accepts = [("strict", false), ("accept_invalid_certs", true)];
        let is_strict = values.one_of("sslaccept", &accepts)? == Some(false) && option.is_none();
        let given = option.or(said);
        let is_off = matches!(given, Some(PgSslMode::Disable));
        if is_bound && is_off {
            return values.refuse("must not have channel_binding=require with TLS turned off");
        }
        let root = values.get("sslrootcert").filter(|root| !root.is_empty());
        let mode = match (given, root) {
            // The driver cannot bind a login to a connection. A certificate of the right name makes as sure whose server it is.
            _ if is_bound || (is_strict && !is_off) => PgSslMode::VerifyFull,
            (None | Some(PgSslMode::VerifyFull), Some(SYSTEM)) => PgSslMode::VerifyFull,
            (Some(_), Some(SYSTEM)) => {
                return values.refuse(
                    "must have sslmode=verify-full with sslrootcert=system: anybody can have a certificate that the \
                     system trusts",
                );
            }
            // As in libpq, because who names a root means it.
            (Some(PgSslMode::Require), Some(_)) => PgSslMode::VerifyCa,
            (given, _) => given.unwrap_or_default(),
        };
        let certificates = [("disable", true), ("allow", false)];
        if values.one_of("sslcertmode", &certificates)? == Some(true) && values.has("sslcert") {
            return values.refuse("must not have an sslcert with sslcertmode=disable");
        }
        Ok(Self { mode, is_bound })
    }

    /// Refuses a host that is reached by another address where its name is to be verified, which the driver takes from the address.
    pub(super) fn check_address(&self, values: &Values<'_>, name: &str, address: &str) -> Result<()> {
        if matches!(self.mode, PgSslMode::VerifyFull) && !name.is_empty() && name != address {
            return values.refuse(
                "must not have host and hostaddr with sslmode=verify-full: the driver verifies what it connects \
                 to; leave hostaddr out",
            );
        }
        Ok(())
    }

    /// Hands the files of certificates to the driver.
    pub(super) fn add_files(values: &Values<'_>, add: &mut impl FnMut(&str, Option<&str>)) {
        for name in ["sslrootcert", "sslcert", "sslkey"] {
            add(name, values.get(name).filter(|file| !file.is_empty() && *file != SYSTEM));
        }
    }

    /// Sets the mode of one server. A Unix socket has no TLS and ignores what is said of it, as in libpq.
    pub(super) fn apply(
        &self,
        values: &Values<'_>,
        options: PgConnectOptions,
        environment: Environment<'_>,
    ) -> Result<PgConnectOptions> {
        if options.get_socket().is_some() {
            if self.is_bound {
                return values
                    .refuse("must not have channel_binding=require for a Unix socket, which has no TLS");
            }
            return Ok(options.ssl_mode(PgSslMode::Disable));
        }
        let variable = environment.get("PGSSLROOTCERT").is_some();
        let options = match values.get("sslrootcert") {
            // The driver has read the variable, and would look for a file of that name or trust another root too.
            Some(SYSTEM) if variable => options.ssl_root_cert_from_pem(Vec::new()),
            _ => options,
        };
        Ok(options.ssl_mode(self.mode))
    }
}

/// Reads the mode: of `sslmode`, else of `ssl`, which means in libpq `require` and in `pgJDBC` `verify-full`.
fn said(values: &Values<'_>) -> Result<Option<PgSslMode>> {
    let modes: Vec<_> = SWITCH.iter().chain(&MODES).copied().collect();
    let (mode, switch) = (values.one_of("sslmode", &MODES)?, values.one_of("ssl", &modes)?);
    let factories = [
        ("org.postgresql.ssl.NonValidatingFactory", true),
        ("org.postgresql.ssl.LibPQFactory", false),
        ("org.postgresql.ssl.DefaultJavaSSLFactory", false),
    ];
    let trusts_all = values.one_of("sslfactory", &factories)? == Some(true);
    let is_switch = SWITCH.iter().any(|(name, _)| values.get("ssl") == Some(*name));
    Ok(mode.or(match switch {
        Some(PgSslMode::Require) if values.jdbc && is_switch && !trusts_all => Some(PgSslMode::VerifyFull),
        switch => switch,
    }))
}
