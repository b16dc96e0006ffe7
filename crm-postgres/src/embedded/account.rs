//! The user that the server runs as: the caller's own, or an unprivileged one where the caller is root.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::fchown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::EmbeddedError;

/// Holds the user and group of the server and of everything started for it.
#[derive(Debug)]
pub(crate) struct Account {
    /// How messages call it.
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// True where the caller is root and the server has to be somebody else.
    pub(super) switched: bool,
}

impl Account {
    /// Is the caller, root or not: for programs that are only clients of a server.
    pub(crate) fn caller() -> Self {
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        Self { name: format!("user {uid}"), uid, gid, switched: false }
    }

    /// Chooses the account for a directory that holds no database yet.
    ///
    /// PostgreSQL refuses root, so root lends the server to `postgres` or, where that user does not exist, `nobody`.
    ///
    /// # Errors
    /// `Failed` when root finds neither user.
    pub(super) fn for_new() -> Result<Self, EmbeddedError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::caller());
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| {
                let (uid, gid) = (id("-u", name)?, id("-g", name)?);
                (uid != 0).then(|| Self {
                    name: format!("user {name}"),
                    uid,
                    gid,
                    switched: true,
                })
            })
            .ok_or_else(|| EmbeddedError::Failed {
                step: "choosing a user for the server",
                log: String::from(
                    "PostgreSQL does not run as root, and there is neither a user `postgres` nor a user `nobody`",
                ),
            })
    }

    /// Chooses the account of the user and group that own the database of `dir`, which is the only one PostgreSQL accepts for it.
    ///
    /// # Errors
    /// `Unusable` when the owner is root, or somebody else than a caller who is not root.
    pub(super) fn owning(dir: &Path, uid: u32, gid: u32) -> Result<Self, EmbeddedError> {
        let caller = rustix::process::geteuid();
        let switched = caller.is_root();
        if switched && uid == 0 {
            return Err(EmbeddedError::unusable(
                dir,
                "its data belongs to root, and PostgreSQL does not run as root; give the directory to another user (chown -R postgres)",
            ));
        }
        if !switched && uid != caller.as_raw() {
            return Err(EmbeddedError::unusable(
                dir,
                format!(
                    "its data belongs to the user with id {uid}, and this process runs as {}; run it as that user or as root, or give it the directory (chown -R)",
                    caller.as_raw()
                ),
            ));
        }
        let name = format!("user {uid}");
        Ok(Self { name, uid, gid, switched })
    }

    /// Prepares a program that runs as this account, away from the caller's terminal, directory and `PG*` variables.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut path = OsString::from("/usr/bin:/bin");
        for dir in absolute_path() {
            path.push(":");
            path.push(dir);
        }
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", "/")
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::null())
            .process_group(0);
        for name in ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if self.switched {
            command.gid(self.gid).uid(self.uid);
        }
        command
    }

    /// Gives an open file or directory to the account. Never by its name, which may lead elsewhere by now.
    pub(super) fn give(&self, file: &File) -> io::Result<()> {
        if self.switched {
            fchown(file, Some(self.uid), Some(self.gid))?;
        }
        Ok(())
    }

    /// Removes a directory with the account's own rights: those of root would reach further.
    pub(super) fn remove(&self, dir: &Path) -> io::Result<()> {
        if self.switched {
            return self.command("rm").args(["-rf", "--"]).arg(dir).status().map(drop);
        }
        fs::remove_dir_all(dir)
    }

    /// Names the outermost directory on the way to `path`, itself included, that the account cannot enter.
    ///
    /// Asks the system as that account rather than reading the mode bits, which know nothing of access lists.
    pub(super) fn barrier(&self, path: &Path) -> Option<PathBuf> {
        if !self.switched {
            return None;
        }
        let mut way: Vec<_> = path.ancestors().collect();
        way.reverse();
        let output = self
            .command("/bin/sh")
            .arg("-c")
            .arg(r#"for dir do [ -x "$dir" ] || { printf %s "$dir"; exit; }; done"#)
            .arg("sh")
            .args(way)
            .output()
            .ok()?;
        (!output.stdout.is_empty()).then(|| PathBuf::from(OsString::from_vec(output.stdout)))
    }

    /// Tells whether the account can make and remove entries in `dir`.
    pub(super) fn writes(&self, dir: &Path) -> bool {
        self.command("/bin/sh")
            .args(["-c", r#"[ -d "$1" ] && [ -w "$1" ] && [ -x "$1" ]"#, "sh"])
            .arg(dir)
            .status()
            .is_ok_and(|status| status.success())
    }
}

/// Lists the directories of `PATH`, without those that depend on the working directory.
pub(super) fn absolute_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).filter(|dir| dir.is_absolute()).collect()
}

fn id(what: &str, name: &str) -> Option<u32> {
    let output = Account::caller().command("id").args([what, name]).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_never_runs_as_root() {
        let account = Account::for_new().unwrap();
        let output = account.command("id").arg("-u").output().unwrap();
        assert_ne!(String::from_utf8(output.stdout).unwrap().trim(), "0");
        assert!(account.writes(Path::new("/tmp")));
        assert!(!account.writes(Path::new("/proc")));
    }

    #[test]
    fn the_programs_get_none_of_the_callers_groups_and_variables() {
        let account = Account::for_new().unwrap();
        let output = account.command("env").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains("CARGO"), "{text}");
        assert!(text.contains("LC_ALL=C\n"), "{text}");
    }

    #[test]
    fn the_barrier_is_the_outermost_closed_directory() {
        use std::os::unix::fs::DirBuilderExt as _;
        let account = Account::for_new().unwrap();
        let outer = std::env::temp_dir().join(format!("crm-barrier-{}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&outer).unwrap();
        let inner = outer.join("in side");
        std::fs::create_dir(&inner).unwrap();
        let expected = account.switched.then(|| outer.clone());
        let found = account.barrier(&inner);
        std::fs::remove_dir_all(&outer).unwrap();
        assert_eq!(found, expected);
    }
}
