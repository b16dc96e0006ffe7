//! Where a server lives: its directory, who may open it, and the socket.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, Mode, OFlags};

use super::account::Account;
use super::error::EmbeddedError;
use crate::embedded::plain_file;

/// Is the directory that PostgreSQL made.
const DATA: &str = "data";
/// Begins the name of the directory that a database is made in, renamed once it is complete.
///
/// The rest is random: after a start that was killed, an initdb may still be busy in its own for a moment.
const UNFINISHED: &str = "data.new-";
const LOCK: &str = "lock";
const LOG: &str = "server.log";
/// The file by which a running server names its process and says that it is ready.
const STATUS: &str = "postmaster.pid";
/// The rules of who may connect to the server while this library runs it, beside its socket.
const HBA: &str = "pg_hba.conf";
/// Everybody who reaches the socket may have any role: its directory lets in the server's user alone, and root.
const HBA_RULES: &str = "local all all trust\nlocal replication all trust\n";
/// Is how long a lock may outlive the owner that was killed: the system needs a moment to take a process apart.
const DYING: Duration = Duration::from_millis(200);
/// Are the names that a directory without a database may hold: ours, and what file systems put at their root.
const HARMLESS: [&str; 3] = [LOCK, LOG, "lost+found"];

/// Is the directory of one server, open for this process alone.
#[derive(Debug)]
pub(super) struct Home {
    pub(super) dir: PathBuf,
    /// The same directory, open: what root does in it must not depend on names that the server's user can change.
    pub(super) folder: File,
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
        let made = private_dir(&parent).and_then(|(dir, folder)| {
            account.give(&folder)?;
            Ok((dir, folder))
        });
        let (dir, folder) = made.map_err(|error| EmbeddedError::io(STEP, &error))?;
        let unfinished = unfinished(&dir);
        Ok(Self { dir, folder, unfinished, account, made_by: None, temporary: true, lock: None })
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
        let refuse = |error: io::Error| EmbeddedError::unusable(&dir, error.to_string());
        let folder =
            directory(rustix::fs::CWD, &dir, OFlags::NOFOLLOW).map_err(|error| match dir.metadata() {
                Ok(meta) if error.kind() == io::ErrorKind::PermissionDenied => EmbeddedError::unusable(
                    &dir,
                    format!("{error}; it belongs to the user with id {}", meta.uid()),
                ),
                _ => refuse(error),
            })?;
        let (mut made_by, mut account) = examine(&dir, &folder)?;
        let lock = lock(&dir, &folder, &account)?;
        // Whoever had the lock until now may have made the database.
        if made_by.is_none() && data(&folder).map_err(refuse)?.is_some() {
            (made_by, account) = examine(&dir, &folder)?;
        }
        if made_by.is_none() {
            account.give(&folder).map_err(refuse)?;
        }
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
        sweep(&dir, &folder, &account);
        let unfinished = unfinished(&dir);
        Ok(Self { dir, folder, unfinished, account, made_by, temporary: false, lock: Some(lock) })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.dir.join(DATA)
    }

    /// Opens the log for one more server, and tells where its part begins.
    ///
    /// Starts it anew once it is large, which bounds it without a collector.
    pub(super) fn log(&self) -> io::Result<(File, u64)> {
        let open = || {
            let file = own_file(&self.folder, LOG, OFlags::RDWR | OFlags::APPEND, &self.account)?;
            // The server gets the descriptor, and its user with it: root's own file must not get there.
            if file.metadata()?.uid() != self.account.uid {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not the server's; remove it"));
            }
            let begin = file.metadata()?.len();
            Ok((file, begin))
        };
        let (file, begin) = open()?;
        if begin <= 1 << 20 {
            return Ok((file, begin));
        }
        rustix::fs::unlinkat(&self.folder, LOG, AtFlags::empty())?;
        open()
    }

    pub(super) fn log_path(&self) -> PathBuf {
        self.dir.join(LOG)
    }

    /// Reads what the server says of itself; nothing where none has.
    pub(super) fn status(&self) -> Option<String> {
        let data = data(&self.folder).ok()??;
        read(&data, STATUS, &self.account).ok()
    }

    /// Removes what a server that is gone has said of itself.
    pub(super) fn forget_status(&self) {
        if let Ok(Some(data)) = data(&self.folder) {
            let _ = rustix::fs::unlinkat(data, STATUS, AtFlags::empty());
        }
    }

    /// Reads who may connect to a server that is started in the directory without this library.
    pub(super) fn rules(&self) -> Option<String> {
        let data = data(&self.folder).ok()??;
        read(&data, HBA, &self.account).ok()
    }

    /// Gives the database its name, complete as it is now.
    pub(super) fn finish(&self) -> io::Result<()> {
        let from = self.unfinished.file_name().unwrap_or_default();
        rustix::fs::renameat(&self.folder, from, &self.folder, DATA)?;
        if self.temporary { Ok(()) } else { self.folder.sync_all() }
    }

    /// Makes a directory for the socket, with the rules of who may connect in it. Its name is short enough: a
    /// socket's path has room for 103 to 107 bytes.
    pub(super) fn socket_dir(&self) -> io::Result<PathBuf> {
        let tmp = Path::new("/tmp");
        let parent = if tmp.is_dir() { tmp } else { &std::env::temp_dir() };
        let (dir, folder) = private_dir(parent)?;
        let mut rules = plain_file::open(&folder, HBA, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL)?;
        rules.write_all(HBA_RULES.as_bytes())?;
        self.account.give(&rules)?;
        self.account.give(&folder)?;
        Ok(dir)
    }

    /// Returns the rules in the directory of a socket.
    pub(super) fn rules_in(socket_dir: &Path) -> PathBuf {
        socket_dir.join(HBA)
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
fn sweep(dir: &Path, folder: &File, account: &Account) {
    let entries = dir.read_dir().into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_unfinished(&entry.file_name())) {
        let is_ours = directory(folder, &*entry.file_name(), OFlags::NOFOLLOW)
            .and_then(|entry| entry.metadata())
            .is_ok_and(|meta| meta.mode() & 0o7777 == 0o700 && meta.uid() == account.uid);
        if is_ours {
            let _ = account.remove(&entry.path());
        }
    }
}

/// Tells a name that [`unfinished`] makes.
fn is_unfinished(name: &OsStr) -> bool {
    let random = name.as_encoded_bytes().strip_prefix(UNFINISHED.as_bytes());
    let is_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    random.is_some_and(|random| random.len() == 16 && random.iter().all(is_hex))
}

/// Makes a directory with a random name that only the caller can enter.
fn private_dir(parent: &Path) -> io::Result<(PathBuf, File)> {
    loop {
        let dir = parent.join(format!("crm-{}", random()));
        match DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => {
                let folder = directory(rustix::fs::CWD, &dir, OFlags::NOFOLLOW)?;
                // Where others may rename what is in the parent, this may be a directory of theirs.
                if folder.metadata()?.uid() != rustix::process::geteuid().as_raw() {
                    return Err(io::Error::new(
                        io::ErrorKind::PermissionDenied,
                        "somebody else has taken it",
                    ));
                }
                return Ok((dir, folder));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Opens a directory.
fn directory(at: impl std::os::fd::AsFd, path: impl rustix::path::Arg, flags: OFlags) -> io::Result<File> {
    let flags = flags | OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(at, path, flags, Mode::empty())?.into())
}

/// Opens the directory that PostgreSQL made, where there is one.
fn data(folder: &File) -> io::Result<Option<File>> {
    // Somebody may keep the data on another disk behind a link. Root follows none: the link may be of the server's user.
    let flags = if rustix::process::geteuid().is_root() { OFlags::NOFOLLOW } else { OFlags::empty() };
    match directory(folder, DATA, flags) {
        Ok(data) => Ok(Some(data)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(io::Error::new(error.kind(), format!("{DATA} is no directory that can be opened: {error}")))
        }
    }
}

/// Refuses a file that the account's user may have laid in root's way: one with a second name, which may be root's, or
/// one of another user.
fn check(file: &File, account: &Account) -> io::Result<()> {
    let meta = file.metadata()?;
    let objection = match account.objection(&meta) {
        None if account.switched && meta.nlink() > 1 => Some("has a second name (a hard link)".to_owned()),
        objection => objection,
    };
    objection
        .map_or(Ok(()), |reason| Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("it {reason}"))))
}

/// Opens a file of ours, or makes it. Only what was just made is given to the account.
fn own_file(folder: &File, name: &str, flags: OFlags, account: &Account) -> io::Result<File> {
    let flags = flags | OFlags::NOFOLLOW;
    loop {
        match plain_file::open(folder, name, flags) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => {
                let file = opened?;
                check(&file, account)?;
                return Ok(file);
            }
        }
        match plain_file::open(folder, name, flags | OFlags::CREATE | OFlags::EXCL) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => {
                let file = made?;
                account.give(&file)?;
                return Ok(file);
            }
        }
    }
}

/// Reads the beginning of a small file of the server's.
fn read(data: &File, name: &str, account: &Account) -> io::Result<String> {
    let file = plain_file::open(data, name, OFlags::RDONLY | OFlags::NOFOLLOW)?;
    check(&file, account)?;
    let mut bytes = Vec::new();
    file.take(4096).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Tells which major version made the database in `dir`, and chooses the account that its server needs.
///
/// # Errors
/// `Unusable` when the directory is somebody else's, open to others, or holds anything else.
fn examine(dir: &Path, folder: &File) -> Result<(Option<u32>, Account), EmbeddedError> {
    let refuse = |error: io::Error| EmbeddedError::unusable(dir, error.to_string());
    let data = data(folder).map_err(|error| match rustix::fs::statat(folder, DATA, AtFlags::empty()) {
        Ok(stat) if error.kind() == io::ErrorKind::PermissionDenied => {
            Account::owning(dir, stat.st_uid, stat.st_gid).err().unwrap_or_else(|| refuse(error))
        }
        _ => refuse(error),
    })?;
    let account = match &data {
        Some(data) => {
            let meta = data.metadata().map_err(refuse)?;
            Account::owning(dir, meta.uid(), meta.gid())?
        }
        None => Account::for_new()?,
    };
    if let Some(reason) = account.objection(&folder.metadata().map_err(refuse)?) {
        let mend = "name a directory of your own that only you may write to (chown, chmod 700), such as a new one inside it";
        return Err(EmbeddedError::unusable(dir, format!("it {reason}; {mend}")));
    }
    let made_by = match data {
        Some(data) => Some(version(dir, &data, &account)?),
        None => room(dir).map(|()| None)?,
    };
    Ok((made_by, account))
}

fn lock(dir: &Path, folder: &File, account: &Account) -> Result<File, EmbeddedError> {
    let refuse =
        |error: &io::Error| EmbeddedError::unusable(dir, format!("its lock cannot be taken: {error}"));
    let open = || own_file(folder, LOCK, OFlags::RDWR, account).map_err(|error| refuse(&error));
    let mut file = open()?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            // The watchdog of an owner whose fork still has the lock removes the file, and this may be the removed one.
            Ok(()) if file.metadata().is_ok_and(|meta| meta.nlink() == 0) => file = open()?,
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(refuse(&error)),
            Err(TryLockError::WouldBlock) if started.elapsed() > DYING => {
                return Err(EmbeddedError::InUse { dir: dir.to_owned() });
            }
            Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(5)),
        }
    }
}

/// Reads which major version made the database. Its file is the server's: what is in it is shown to nobody.
fn version(dir: &Path, data: &File, account: &Account) -> Result<u32, EmbeddedError> {
    let refuse = |reason: &str| EmbeddedError::unusable(dir, format!("its file {DATA}/PG_VERSION {reason}"));
    let text =
        read(data, "PG_VERSION", account).map_err(|error| refuse(&format!("cannot be used: {error}")))?;
    text.trim().parse().map_err(|_| refuse("does not hold the number of a version"))
}

/// Looks whether there is room for a new database.
///
/// # Errors
/// `Unusable` when the directory holds anything that is not this library's.
fn room(dir: &Path) -> Result<(), EmbeddedError> {
    let refuse = |reason: String| EmbeddedError::unusable(dir, reason);
    let entries = dir.read_dir().map_err(|error| refuse(error.to_string()))?;
    let names: Vec<_> = entries
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<Result<_, _>>()
        .map_err(|error| refuse(error.to_string()))?;
    if names.iter().any(|name| name == "PG_VERSION") {
        return Err(refuse(String::from(
            "it is the data directory of a server of its own; start that server and connect to it",
        )));
    }
    let harmless = |name: &OsStr| is_unfinished(name) || HARMLESS.iter().any(|known| name == *known);
    match names.iter().find(|name| !harmless(name)) {
        None => Ok(()),
        Some(name) => Err(refuse(format!(
            "it is not empty ({}) and holds no database of this library; name a new or an empty directory",
            name.display()
        ))),
    }
}

#[cfg(test)]
#[path = "home_tests.rs"]
mod tests;
