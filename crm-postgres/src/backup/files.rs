//! Files that get their name when they are whole.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crm_core::{Error, Result, ViolationCode};
use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

use super::manifest::Manifest;
use super::{invalid, of_disk};
use crate::embedded::plain_file;

/// Are the ends of a temporary name.
const BEGIN: &str = ".crm-backup-";
const END: &str = ".tmp";

/// Removes what processes of this user that were killed have left of backups: what nobody has locked. What cannot be
/// removed stays. Anything else may have such a name, be it a pipe whose other end nobody opens.
fn sweep(directory: &Path) {
    let user = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if is_temporary(&entry.file_name()) {
            let opened = plain_file::open(rustix::fs::CWD, entry.path(), OFlags::RDONLY | OFlags::NOFOLLOW);
            let is_ours = |file: &File| file.metadata().is_ok_and(|meta| meta.uid() == user);
            if opened.is_ok_and(|file| is_ours(&file) && file.try_lock().is_ok()) {
                drop(fs::remove_file(entry.path()));
            }
        }
    }
}

/// Tells a name that [`Temporary::new`] makes.
fn is_temporary(name: &OsStr) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = name.to_str().and_then(|name| name.strip_prefix(BEGIN)?.strip_suffix(END)?.split_once('-'));
    numbers.is_some_and(|(process, count)| is_number(process) && is_number(count))
}

/// Is a file without a proper name yet, which goes when this does.
#[derive(Debug)]
pub(super) struct Temporary {
    pub(super) file: File,
    pub(super) path: PathBuf,
}

impl Temporary {
    /// Makes it, for its owner's eyes only, and locks it as long as it is open, here or in `pg_dump`.
    pub(super) fn new(directory: &Path) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = directory.join(format!("{BEGIN}{}-{count}{END}", std::process::id()));
            match OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => {
                    // Where the file system knows no locks, nobody finds one to be missing either.
                    drop(file.lock());
                    // Somebody's sweep may have come before the lock.
                    if file.metadata()?.nlink() > 0 {
                        return Ok(Self { file, path });
                    }
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives it a second name, unless somebody has that already.
    fn link(&self, name: &Path) -> io::Result<()> {
        match fs::hard_link(&self.path, name) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists && !exists(name)? => {
                // The file system has no links, as that of a memory stick. In between, somebody else may take the name.
                fs::rename(&self.path, name)
            }
            linked => linked,
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Where it has got its name by being renamed, there is nothing left to remove.
        let _ = fs::remove_file(&self.path);
    }
}

/// Tells whether there is something of that name, be it a link that leads nowhere.
fn exists(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Is where a dump is to be, and its manifest.
#[derive(Clone, Debug)]
pub(super) struct Target {
    dump: PathBuf,
    manifest: PathBuf,
    directory: PathBuf,
}

impl Target {
    /// Looks whether there can be a new dump of that name. A manifest that is there already stays: the dump it belongs to may only have
    /// been moved.
    pub(super) fn new(path: &Path) -> Result<Self> {
        let refuse = |message: String| invalid(ViolationCode::InvalidOption, message);
        if path.file_name().is_none() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Err(refuse("must name a file".to_owned()));
        }
        let dump = std::path::absolute(path).map_err(|error| refuse(format!("cannot be used ({error})")))?;
        let directory = dump.parent().unwrap_or(&dump).to_owned();
        let target = Self { manifest: Manifest::path_of(&dump), dump, directory };
        for name in [&target.dump, &target.manifest] {
            if exists(name).map_err(|error| refuse(format!("cannot be used ({error})")))? {
                return Err(taken(name));
            }
        }
        Ok(target)
    }

    /// Begins the file.
    pub(super) fn begin(&self) -> Result<Temporary> {
        sweep(&self.directory);
        Temporary::new(&self.directory).map_err(|error| {
            let message =
                format!("leads to {}, where no file can be made ({error})", self.directory.display());
            invalid(ViolationCode::InvalidOption, message)
        })
    }

    /// Writes the manifest, which has no name yet either.
    pub(super) fn write(&self, manifest: &[u8]) -> Result<Temporary> {
        let mut file = self.begin()?;
        let written = file.file.write_all(manifest).and_then(|()| file.file.sync_all());
        written.map_err(|error| of_disk("the manifest cannot be written", error))?;
        Ok(file)
    }

    /// Names the manifest and then the dump. Neither takes the place of a file that has come meanwhile.
    pub(super) fn name(&self, dump: &Temporary, manifest: &Temporary) -> Result<()> {
        let link = |file: &Temporary, name: &Path| {
            file.link(name).map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => taken(name),
                _ => of_disk("the backup cannot be given its name", error),
            })
        };
        link(manifest, &self.manifest)?;
        link(dump, &self.dump).inspect_err(|_| drop(fs::remove_file(&self.manifest)))
    }

    /// Waits until the names are on the disk, or takes them back where the disk fails.
    pub(super) fn settle(&self) -> Result<()> {
        // Not every directory may be opened, and not every file system writes one when it is asked to; the names are there all the same.
        let Ok(directory) = File::open(&self.directory) else { return Ok(()) };
        match directory.sync_all() {
            Err(error) if !matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
                drop(fs::remove_file(&self.dump));
                drop(fs::remove_file(&self.manifest));
                Err(of_disk("the backup cannot be kept", error))
            }
            _ => Ok(()),
        }
    }
}

fn taken(path: &Path) -> Error {
    let message = format!("must be the name of a new file: there is {} already", path.display());
    invalid(ViolationCode::InvalidOption, message)
}

/// Reads a file from its beginning; returns its digest in hexadecimal and its size.
pub(super) fn digest(file: &mut File) -> io::Result<(String, i64)> {
    file.rewind()?;
    let (mut hash, mut size) = (Sha256::new(), 0);
    let mut part = vec![0; 1 << 18];
    loop {
        match file.read(&mut part)? {
            0 => break,
            read => {
                hash.update(&part[..read]);
                size += i64::try_from(read).expect("a part is small");
            }
        }
    }
    let digest = hash.finalize().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    Ok((digest, size))
}
