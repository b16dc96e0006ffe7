//! Where a server lives: its directory, who may open it, and the socket.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::account::Account;
use super::error::EmbeddedError;

/// Is the directory that PostgreSQL made.
const DATA: &str = "data";
/// Begins the name of the directory that a database is made in, renamed once it is complete.
///
/// The rest is random: after a start that was killed, an initdb may still be busy in its own for a moment.
const UNFINISHED: &str = "data.new-";
const LOCK: &str = "lock";
const LOG: &str = "server.log";
/// Is how long a lock may outlive the owner that was killed: the system needs a moment to take a process apart.
const DYING: Duration = Duration::from_millis(200);
/// Are the names that a directory without a database may hold: ours, and what file systems put at their root.
const HARMLESS: [&str; 3] = [LOCK, LOG, "lost+found"];

/// Is the directory of one server, open for this process alone.
#[derive(Debug)]
pub(super) struct Home {
    pub(super) dir: PathBuf,
    /// Where a new database is made.
    pub(super) unfinished: PathBuf,
    pub(super) account: Account,
    /// The major version that made the database, `None` where there is none yet.
    pub(super) made_by: Option<u32>,
    /// True where the directory ends with the server.
    pub(super) temporary: bool,
    /// Held as long as the server lives; a temporary directory needs none, for nobody knows its name.
    lock: Option<File>,
}

impl Home {
    /// Makes a directory that nobody else knows.
    ///
    /// # Errors
    /// `Failed` when there is no place for temporary files.
    pub(super) fn temporary(account: Account) -> Result<Self, EmbeddedError> {
        const STEP: &str = "making a temporary directory";
        let own = std::env::temp_dir();
        let parent = own
            .canonicalize()
            .ok()
            .filter(|dir| account.barrier(dir).is_none() && account.writes(dir))
            .unwrap_or_else(|| PathBuf::from("/tmp"));
        let dir = private_dir(&account, &parent).map_err(|error| EmbeddedError::io(STEP, &error))?;
        Ok(Self { unfinished: unfinished(&dir), dir, account, made_by: None, temporary: true, lock: None })
    }

    /// Opens `dir`, or makes it, and locks it against every other opener.
    ///
    /// # Errors
    /// `InUse` when it is open already, `Unusable` when it is no place for a database or not reachable for the server.
    pub(super) fn persistent(dir: &Path) -> Result<Self, EmbeddedError> {
        let refuse = |error: io::Error| EmbeddedError::unusable(dir, error.to_string());
        if !dir.exists() {
            if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                fs::create_dir_all(parent).map_err(refuse)?;
            }
            match DirBuilder::new().mode(0o700).create(dir) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(refuse(error)),
                _ => {}
            }
        }
        let dir = dir.canonicalize().map_err(refuse)?;
        owner(&dir)?;
        made_by(&dir)?;
        let lock = lock(&dir)?;
        let made_by = made_by(&dir)?;
        let account = match owner(&dir)? {
            Some(account) => account,
            None => Account::for_new()?,
        };
        let given = account.give_file(&lock).and_then(|()| match made_by {
            Some(_) => Ok(()),
            None => account.give(&dir),
        });
        given.map_err(|error| EmbeddedError::unusable(&dir, error.to_string()))?;
        if let Some(closed) = account.barrier(&dir) {
            return Err(EmbeddedError::unusable(
                &dir,
                format!(
                    "PostgreSQL does not run as root, and {} cannot enter {}; choose another directory, or open that one (chmod o+x)",
                    account.name,
                    closed.display()
                ),
            ));
        }
        sweep(&dir);
        Ok(Self { unfinished: unfinished(&dir), dir, account, made_by, temporary: false, lock: Some(lock) })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.dir.join(DATA)
    }

    /// Opens the log for one more server, and tells where its part begins.
    ///
    /// Starts it anew once it is large, which bounds it without a collector.
    pub(super) fn log(&self) -> io::Result<(File, u64)> {
        let path = self.log_path();
        let large = fs::metadata(&path).is_ok_and(|meta| meta.len() > 1 << 20);
        if large {
            fs::remove_file(&path)?;
        }
        let file = open(OpenOptions::new().append(true), &path)?;
        self.account.give_file(&file)?;
        let begin = file.metadata()?.len();
        Ok((file, begin))
    }

    pub(super) fn log_path(&self) -> PathBuf {
        self.dir.join(LOG)
    }

    /// Makes a directory for the socket whose name is short enough: a socket's path has room for 103 to 107 bytes.
    pub(super) fn socket_dir(&self) -> io::Result<PathBuf> {
        let tmp = Path::new("/tmp");
        let parent = if tmp.is_dir() { tmp } else { &std::env::temp_dir() };
        private_dir(&self.account, parent)
    }

    /// Removes what a watchdog that was killed has left, and lets the next opener in.
    ///
    /// Unlocks rather than closes, for a forked child may hold a copy of the descriptor.
    pub(super) fn clean(&self, socket_dir: &Path) {
        let _ = fs::remove_dir_all(socket_dir);
        if self.temporary {
            let _ = fs::remove_dir_all(&self.dir);
        }
        if let Some(lock) = &self.lock {
            let _ = lock.unlock();
        }
    }
}

/// Makes up a name that nobody else does, from the seed of the standard library's hash maps.
fn random() -> String {
    format!("{:016x}", RandomState::new().hash_one(std::process::id()))
}

fn unfinished(dir: &Path) -> PathBuf {
    dir.join(format!("{UNFINISHED}{}", random()))
}

/// Removes what starts that were killed have left half made, as far as it can be: the next opener tries again.
fn sweep(dir: &Path) {
    let entries = dir.read_dir().into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_unfinished(&entry.file_name())) {
        let _ = fs::remove_dir_all(entry.path());
    }
}

fn is_unfinished(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes())
}

/// Makes a directory with a random name that only the account can enter.
fn private_dir(account: &Account, parent: &Path) -> io::Result<PathBuf> {
    loop {
        let dir = parent.join(format!("crm-{}", random()));
        match DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => {
                account.give(&dir)?;
                return Ok(dir);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Opens or makes a file of ours.
///
/// Follows no symlink: the directory belongs to the server's user, who must not lead root to another file.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW.bits().cast_signed();
    options.create(true).mode(0o600).custom_flags(flags).open(path)
}

/// Chooses the account that the database in `dir` needs, where there is one.
fn owner(dir: &Path) -> Result<Option<Account>, EmbeddedError> {
    let data = dir.join(DATA);
    data.exists().then(|| Account::owning(dir, &data)).transpose()
}

fn lock(dir: &Path) -> Result<File, EmbeddedError> {
    let refuse =
        |error: &io::Error| EmbeddedError::unusable(dir, format!("its lock cannot be taken: {error}"));
    let file =
        open(OpenOptions::new().read(true).write(true), &dir.join(LOCK)).map_err(|error| refuse(&error))?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(refuse(&error)),
            Err(TryLockError::WouldBlock) if started.elapsed() > DYING => {
                return Err(EmbeddedError::InUse { dir: dir.to_owned() });
            }
            Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(5)),
        }
    }
}

/// Reads which major version made the database in `dir`; `None` where there is room for a new one.
///
/// # Errors
/// `Unusable` when the directory holds anything else.
fn made_by(dir: &Path) -> Result<Option<u32>, EmbeddedError> {
    let refuse = |reason: String| EmbeddedError::unusable(dir, reason);
    let entries = dir.read_dir().map_err(|error| match fs::metadata(dir) {
        Ok(meta) if error.kind() == io::ErrorKind::PermissionDenied => {
            refuse(format!("{error}; it belongs to the user with id {}", meta.uid()))
        }
        _ => refuse(error.to_string()),
    })?;
    let names: Vec<_> = entries
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<Result<_, _>>()
        .map_err(|error| refuse(error.to_string()))?;
    let holds = |name: &str| names.iter().any(|known| known == name);
    if !holds(DATA) {
        if holds("PG_VERSION") {
            return Err(refuse(String::from(
                "it is the data directory of a server of its own; start that server and connect to it",
            )));
        }
        let harmless = |name: &OsStr| is_unfinished(name) || HARMLESS.iter().any(|known| name == *known);
        return match names.iter().find(|name| !harmless(name)) {
            None => Ok(None),
            Some(name) => Err(refuse(format!(
                "it is not empty ({}) and holds no database of this library; name a new or an empty directory",
                name.display()
            ))),
        };
    }
    let file = dir.join(DATA).join("PG_VERSION");
    let text = fs::read_to_string(&file).map_err(|error| refuse(format!("{}: {error}", file.display())))?;
    let major = text.trim().parse();
    major.map(Some).map_err(|_| refuse(format!("{} does not name a version: {text:?}", file.display())))
}

#[cfg(test)]
#[path = "home_tests.rs"]
mod tests;
