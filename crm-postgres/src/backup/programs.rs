//! `pg_dump` and `pg_restore`: where they are, how they reach the server, and that none outlives the call that has started it.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use crm_core::{Error, Result};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::sync::mpsc;

use super::files::Temporary;
use super::{blocking, of_disk};
use crate::connection::address::session_options;
use crate::connection::session::Session;
use crate::embedded::{Account, Install, client};

/// Finds the programs of at least a major version.
pub(super) async fn find(session: &Session, major: u32) -> Result<Install> {
    let beside = session.server.as_ref().map(|server| server.bin.clone());
    let found = blocking(move || client(beside.as_deref(), major)).await?;
    found.map_err(|error| Error::Unavailable {
        message: error.to_string(),
        outcome_unknown: false,
        source: Some(error.into()),
    })
}

/// Prepares a program that knows nothing of the caller's environment.
pub(super) fn command(install: &Install, program: &str) -> Command {
    Account::caller().command(install.bin.join(program))
}

/// Is a program that runs, and that ends when this is dropped.
#[derive(Debug)]
pub(super) struct Running {
    name: &'static str,
    child: Option<Child>,
}

impl Running {
    pub(super) fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        let child = command.spawn().map_err(|error| of_disk(&format!("{name} cannot be started"), error))?;
        Ok(Self { name, child: Some(child) })
    }

    /// Takes what it prints.
    pub(super) fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.as_mut()?.stdout.take()
    }

    /// Hears what it says, line by line, in a thread of its own.
    pub(super) fn said(&mut self) -> mpsc::UnboundedReceiver<String> {
        let (sender, receiver) = mpsc::unbounded_channel();
        if let Some(stderr) = self.child.as_mut().and_then(|child| child.stderr.take()) {
            std::thread::spawn(move || hear(stderr, &sender));
        }
        receiver
    }

    /// Waits until it has ended.
    pub(super) async fn ended(mut self) -> Result<ExitStatus> {
        let status = match self.child.take() {
            Some(mut child) => blocking(move || child.wait()).await?,
            None => Ok(ExitStatus::default()),
        };
        status.map_err(|error| of_disk(self.name, error))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            // It has ended at once, unless it hangs in a disk, for which nobody here must wait.
            std::thread::spawn(move || child.wait());
        }
    }
}

fn hear(stderr: ChildStderr, sender: &mpsc::UnboundedSender<String>) {
    for line in BufReader::new(stderr).split(b'\n').map_while(io::Result::ok) {
        if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
            return;
        }
    }
}

/// Is what a program has said of its failure.
#[derive(Debug, Default)]
pub(super) struct Said {
    complaints: Vec<String>,
    /// Stands in no message.
    secret: Option<String>,
}

/// Is how many lines of complaints an error shows.
const SHOWN: usize = 4;

impl Said {
    pub(super) fn without(secret: Option<String>) -> Self {
        Self { complaints: Vec::new(), secret: secret.filter(|secret| !secret.is_empty()) }
    }

    /// Notes a line; the first complaint and what follows it are kept.
    pub(super) fn note(&mut self, line: &str) {
        let complains = ["error: ", "fatal: ", "FATAL: ", "ERROR: "].iter().any(|word| line.contains(word));
        if (complains || !self.complaints.is_empty()) && self.complaints.len() < SHOWN {
            let line = line.trim_start_matches("pg_dump: ").trim_start_matches("pg_restore: ");
            self.complaints.push(match &self.secret {
                Some(secret) => line.replace(secret, "***"),
                None => line.to_owned(),
            });
        }
    }

    /// Tells what it has complained of, or how it has ended.
    pub(super) fn reason(&self, name: &str, status: ExitStatus) -> String {
        if self.complaints.is_empty() {
            return format!("{name} has failed ({status})");
        }
        format!("{name} has failed: {}", self.complaints.join("; "))
    }

    /// Makes the error of a program that the server, the disk or somebody has ended.
    pub(super) fn error(&self, name: &str, status: ExitStatus) -> Error {
        Error::Unavailable { message: self.reason(name, status), outcome_unknown: false, source: None }
    }
}

/// Is how a program reaches the server: the same way as the library, told by its environment, which only its owner can read.
#[derive(Debug)]
pub(super) struct Way {
    variables: Vec<(&'static str, OsString)>,
    pub(super) password: Option<String>,
    /// Hold certificates and keys that were given as texts.
    files: Vec<Temporary>,
}

/// Are the files in which systems keep the certificates that they trust; libpq has no way to ask for them before version 16.
const ROOTS: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/opt/homebrew/etc/ca-certificates/cert.pem",
];

impl Way {
    pub(super) fn new(options: &PgConnectOptions, timeout: Duration) -> io::Result<Self> {
        let host = match options.get_socket() {
            Some(directory) => directory.clone().into_os_string(),
            None => options.get_host().into(),
        };
        let user = options.get_username();
        let mut way = Self { variables: Vec::new(), password: None, files: Vec::new() };
        way.set("PGHOST", host);
        way.set("PGPORT", options.get_port().to_string());
        way.set("PGUSER", user);
        way.set("PGDATABASE", options.get_database().unwrap_or(user));
        way.set("PGCONNECT_TIMEOUT", timeout.as_secs().clamp(2, i32::MAX as u64).to_string());
        // The driver knows no Kerberos either.
        way.set("PGGSSENCMODE", "disable");
        way.set("PGOPTIONS", session_options(options));
        way.secrets(options)?;
        Ok(way)
    }

    fn set(&mut self, name: &'static str, value: impl Into<OsString>) {
        self.variables.push((name, value.into()));
    }

    /// Sets what the options tell only in a URL, for which everything else is left out, as the driver does not encode it.
    fn secrets(&mut self, options: &PgConnectOptions) -> io::Result<()> {
        let url = options.clone().username("u").database("d").socket("/").to_url_lossy();
        self.password = url.password().map(decoded);
        if let Some(password) = self.password.clone() {
            self.set("PGPASSWORD", password);
        }
        let of =
            |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let mode = of("sslmode").unwrap_or_default();
        let verifies = matches!(options.get_ssl_mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull);
        self.set("PGSSLMODE", mode);
        // With a root certificate libpq would verify also where nobody has asked for it.
        // An empty one stands for none: the system's roots.
        let roots = match of("sslrootcert").filter(|given| verifies && !given.is_empty()) {
            Some(given) => Some(self.file(&given)?),
            None => ROOTS.iter().map(PathBuf::from).find(|path| verifies && path.is_file()),
        };
        if verifies {
            self.set("PGSSLROOTCERT", roots.unwrap_or_else(|| PathBuf::from("system")));
        }
        for (name, variable) in [("sslcert", "PGSSLCERT"), ("sslkey", "PGSSLKEY")] {
            if let Some(given) = of(name) {
                let path = self.file(&given)?;
                self.set(variable, path);
            }
        }
        Ok(())
    }

    /// Names the file of a certificate or a key, which the driver shows as `file: …` or as its text.
    fn file(&mut self, given: &str) -> io::Result<PathBuf> {
        if let Some(path) = given.strip_prefix("file: ") {
            return std::path::absolute(Path::new(path));
        }
        let mut file = Temporary::new(&std::env::temp_dir())?;
        file.file.write_all(given.as_bytes())?;
        let path = file.path.clone();
        self.files.push(file);
        Ok(path)
    }

    /// Shows it to a program.
    pub(super) fn show(&self, command: &mut Command) {
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }
}

/// Takes the percent-encoding off.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        bytes.extend(u8::from_str_radix(code, 16));
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Opens a file a second time for a program to read from its beginning, which is where the file then is for all.
pub(super) fn input(file: &File) -> io::Result<Stdio> {
    use std::io::Seek as _;
    let mut again = file.try_clone()?;
    again.rewind()?;
    Ok(again.into())
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use super::*;

    fn variables(url: &str) -> Vec<(&'static str, String)> {
        let way = Way::new(&PgConnectOptions::from_str(url).unwrap(), Duration::from_secs(30)).unwrap();
        let shown = way.variables.iter().map(|(name, value)| (*name, value.to_str().unwrap().to_owned()));
        shown.collect()
    }

    fn of(url: &str, name: &str) -> Option<String> {
        variables(url).into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    #[test]
    fn a_program_gets_the_way_that_the_library_has() {
        let url = "postgres://us%40er:p%40s%2Fs%25%C3%A9%20w@[::1]:6000/da%20ta?sslmode=require&options[a]=b";
        for (name, value) in [
            ("PGHOST", "[::1]"),
            ("PGPORT", "6000"),
            ("PGUSER", "us@er"),
            ("PGPASSWORD", "p@s/s%é w"),
            ("PGDATABASE", "da ta"),
            ("PGSSLMODE", "require"),
            ("PGOPTIONS", "-c a=b"),
        ] {
            assert_eq!(of(url, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(of("postgres://u@localhost/d?host=/tmp/x", "PGHOST").as_deref(), Some("/tmp/x"));
        assert_eq!(of("postgres://someone@h", "PGDATABASE").as_deref(), Some("someone"));
    }

    #[test]
    fn certificates_count_only_where_they_are_asked_for() {
        let url = "postgres://u@h/d?sslrootcert=/r.pem&sslcert=/c.pem&sslkey=/k.pem&sslmode=";
        for mode in ["verify-ca", "verify-full"] {
            assert_eq!(of(&format!("{url}{mode}"), "PGSSLROOTCERT").as_deref(), Some("/r.pem"));
            assert!(of(&format!("postgres://u@h/d?sslmode={mode}"), "PGSSLROOTCERT").is_some());
        }
        assert_eq!(of(&format!("{url}require"), "PGSSLROOTCERT"), None);
        assert_eq!(of(&format!("{url}require"), "PGSSLCERT").as_deref(), Some("/c.pem"));
        assert_eq!(of(&format!("{url}require"), "PGSSLKEY").as_deref(), Some("/k.pem"));
    }

    #[test]
    fn a_complaint_is_kept_without_the_secret() {
        let mut said = Said::without(Some("se cret".to_owned()));
        said.note("pg_dump: reading schemas");
        said.note("pg_dump: error: the password se cret is wrong");
        let error = said.error("pg_dump", ExitStatus::default()).to_string();
        assert!(error.contains("the password *** is wrong") && !error.contains("reading"), "{error}");
    }
}
