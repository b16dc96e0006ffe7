//! Regular files, opened so that nobody can make the opener wait.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::path::Arg;

/// Opens a regular file, for its owner alone where the flags make it.
///
/// The type is checked on the descriptor, so a name that changes hands in between does not matter. A pipe is refused
/// at once: an ordinary open would wait for its other end.
///
/// # Errors
/// `InvalidInput` when there is something else of that name, or a link that the flags say not to follow.
pub(crate) fn open(directory: impl AsFd, path: impl Arg, flags: OFlags) -> io::Result<File> {
    let other = |what: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}"));
    let flags = flags | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(directory, path, flags, Mode::RUSR | Mode::WUSR);
    let file = File::from(opened.map_err(|error| match error {
        Errno::LOOP if flags.contains(OFlags::NOFOLLOW) => other("a symbolic link"),
        error => error.into(),
    })?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(other("not a regular file")) }
}
