//! A private, real PostgreSQL for the calling process: found on the machine, reached by a unix socket, gone with its owner.
//!
//! ```text
//! persistent  <dir>/data  <dir>/lock  <dir>/server.log          temporary  one directory with the same, removed
//! socket      /tmp/crm-<random>/.s.PGSQL.5432                   removed at the end in both cases
//! ```
//!
//! A start goes through the files in this order: [`home`] (the directory, its lock, its user: [`account`]), [`find`]
//! (the server), [`watchdog`] (who ends it all), [`launch`] (make, spawn, wait). [`trust`] says whose files may be used.

mod account;
mod error;
mod find;
mod home;
mod launch;
pub(crate) mod plain_file;
mod trust;
mod watchdog;

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) use account::Account;
pub(crate) use error::EmbeddedError;
pub(crate) use find::{Install, client, major};
pub use find::{offer_programs, wheels_in};
use home::Home;
pub(crate) use launch::{OWNER, SUPERUSER};
use watchdog::Watchdog;

/// Is how long a stop may take before the server is killed; the watchdog kills it earlier unless somebody ended that.
const STOP: Duration = Duration::from_secs(20);

/// Runs one PostgreSQL for as long as it is held, and no longer than this process lives.
#[derive(Debug)]
pub(crate) struct Server {
    home: Home,
    /// Where its programs are.
    bin: PathBuf,
    socket_dir: PathBuf,
    watchdog: Watchdog,
    /// `None` once it was stopped.
    child: Option<Child>,
    /// The process that started the server: a fork of it must not stop the server of its parent.
    owner: u32,
}

impl Server {
    /// Starts a server in `dir` (persistent) or in a temporary directory removed at the end.
    ///
    /// Blocks: some 50 ms for a directory that has a database, about a second for a new one, and up to ten seconds
    /// more while the server of an owner that was killed shuts down.
    ///
    /// # Errors
    /// `NoPostgres`, `WrongBinDir` or `MissingMajor` when there is no server to start, `InUse` or `Unusable` when the
    /// directory is not to be had, `Failed` when a step went wrong.
    pub(crate) fn start(dir: Option<&Path>) -> Result<Self, EmbeddedError> {
        const STEP: &str = "preparing the server";
        let failed = |error: std::io::Error| EmbeddedError::io(STEP, &error);
        let (home, install) = if let Some(dir) = dir {
            let home = Home::persistent(dir)?;
            let install = match home.made_by {
                Some(major) => find::of_major(&home.account, &home.dir, major)?,
                None => find::newest(&home.account)?,
            };
            (home, install)
        } else {
            let account = Account::for_new()?;
            let install = find::newest(&account)?;
            (Home::temporary(account)?, install)
        };
        let socket_dir = home.socket_dir().map_err(failed)?;
        let mut remove = vec![socket_dir.as_path()];
        if home.temporary {
            remove.push(&home.dir);
        }
        let mut watchdog = Watchdog::start(&home.account, &home.data(), &remove).map_err(failed)?;
        if home.made_by.is_none() {
            launch::make(&home, &install, &mut watchdog)?;
        } else {
            launch::settle(&home)?;
            launch::secure_old(&home)?;
        }
        let (log, log_begin) = home.log().map_err(failed)?;
        let child = launch::spawn(&home, &install, &socket_dir, &log, &mut watchdog)?;
        let owner = std::process::id();
        let mut server = Self { home, bin: install.bin, socket_dir, watchdog, child: Some(child), owner };
        if let Some(child) = &mut server.child {
            launch::ready(&server.home, child, (&log, log_begin))?;
        }
        Ok(server)
    }

    /// Returns the directory of its programs.
    fn bin(&self) -> &Path {
        &self.bin
    }

    /// Tells whether it has just made the database, whose owner is [`OWNER`] then.
    pub(crate) const fn is_new(&self) -> bool {
        self.home.made_by.is_none()
    }

    /// Returns a role's URL of the database `crm`.
    pub(crate) fn url(&self, role: &str) -> String {
        format!("postgres://{role}@localhost:5432/crm?host={}", encoded(&self.socket_dir))
    }

    /// Ends the server and removes what was temporary; does nothing the second time, or in a fork of the owner.
    ///
    /// Blocks until open transactions are rolled back and the data is on disk: tens of milliseconds as a rule.
    fn stop(&mut self) {
        if self.owner != std::process::id() {
            return;
        }
        let Some(mut child) = self.child.take() else {
            return;
        };
        self.watchdog.release();
        let started = Instant::now();
        let mut asked = false;
        // An error means that somebody else has waited for the child, so that it is gone too.
        while matches!(child.try_wait(), Ok(None)) {
            if started.elapsed() > STOP {
                let _ = child.kill();
            } else if !asked && self.watchdog.ended() {
                asked = true;
                let _ = interrupt(&child);
            }
            sleep(Duration::from_millis(1));
        }
        self.watchdog.finish();
        self.home.clean(&self.socket_dir);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The server of an embedded handle, shared by its clones, transactions and acting handles. It stops with the last of them.
#[derive(Debug)]
pub(crate) struct SharedServer {
    pub(crate) url: String,
    /// The directory of the server's programs.
    pub(crate) bin: PathBuf,
    server: Mutex<Server>,
}

impl SharedServer {
    /// Shares a server that a login reaches at this URL.
    pub(crate) fn new(server: Server, url: String) -> Self {
        Self { url, bin: server.bin().to_owned(), server: Mutex::new(server) }
    }

    /// Stops the server. It blocks as [`Server::stop`] does.
    pub(crate) fn stop(&self) {
        self.server.lock().unwrap_or_else(PoisonError::into_inner).stop();
    }
}

/// Asks the server for what PostgreSQL calls a fast shutdown.
fn interrupt(child: &Child) -> rustix::io::Result<()> {
    rustix::process::kill_process(rustix::process::Pid::from_child(child), rustix::process::Signal::INT)
}

/// Encodes a path for the query of a URL.
fn encoded(path: &Path) -> String {
    path.as_os_str().as_bytes().iter().fold(String::new(), |mut text, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(char::from(*byte));
            }
            other => {
                let _ = write!(text, "%{other:02X}");
            }
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_encoded_for_a_url() {
        assert_eq!(encoded(Path::new("/tmp/crm-0a")), "/tmp/crm-0a");
        assert_eq!(encoded(Path::new("/tmp/a b&c%d?é")), "/tmp/a%20b%26c%25d%3F%C3%A9");
    }

    #[test]
    fn a_server_can_be_moved_to_and_shared_with_other_threads() {
        fn shareable<T: Send + Sync>() {}
        shareable::<Server>();
    }
}
