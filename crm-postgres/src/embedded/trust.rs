//! Whom a file or directory has to belong to before it is used.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::account::Account;

/// Directories of the system. Their owner and their groups can replace what everybody runs: root, and such groups as
/// Debian's `staff` and macOS's `admin`. In a user namespace that does not know root, they are shown as another number.
const SYSTEM: [&str; 3] = ["/", "/usr/local", "/Applications"];

/// The bits of a mode that let everybody, or the group, write.
const WORLD: u32 = 0o002;
const GROUP: u32 = 0o020;
/// The bit of a directory in which only an entry's owner may rename or remove it.
const STICKY: u32 = 0o1000;

impl Account {
    /// Says why somebody else could change what `meta` describes; nothing when nobody else can.
    ///
    /// Trusted are the caller, this account and who owns the [`SYSTEM`]. A group that may write is a reason only where
    /// the caller is root: Homebrew, umask 002 and volumes of Kubernetes make such directories.
    pub(super) fn objection(&self, meta: &Metadata) -> Option<String> {
        self.strange_owner(meta, None).or_else(|| self.strange_writers(meta))
    }

    fn strange_owner(&self, meta: &Metadata, trusted: Option<u32>) -> Option<String> {
        let root = Path::new("/").metadata().map_or(0, |meta| meta.uid());
        let caller = rustix::process::geteuid().as_raw();
        let known = [Some(root), Some(caller), Some(self.uid), trusted].contains(&Some(meta.uid()));
        (!known).then(|| format!("belongs to the user with id {}", meta.uid()))
    }

    fn strange_writers(&self, meta: &Metadata) -> Option<String> {
        let known = |gid: u32| {
            let mut system = SYSTEM.iter().filter_map(|dir| Path::new(dir).metadata().ok());
            gid == self.gid || system.any(|dir| dir.gid() == gid)
        };
        if meta.mode() & WORLD != 0 {
            Some("may be written by everybody".to_owned())
        } else if meta.mode() & GROUP != 0 && rustix::process::geteuid().is_root() && !known(meta.gid()) {
            Some(format!("may be written by the group with id {}", meta.gid()))
        } else {
            None
        }
    }

    /// Says why somebody else could replace a program: looks at the file and at every directory above it.
    ///
    /// `package` is the owner of the library's own files, who decides already what this process runs.
    pub(super) fn distrust(&self, program: &Path, package: Option<u32>) -> Option<String> {
        let real = match program.canonicalize() {
            Ok(real) => real,
            Err(error) => return Some(format!("{}: {error}", program.display())),
        };
        real.ancestors().find_map(|path| {
            let reason = match path.symlink_metadata() {
                Ok(meta) => {
                    let sticky = meta.is_dir() && meta.mode() & STICKY != 0;
                    let writers = || if sticky { None } else { self.strange_writers(&meta) };
                    self.strange_owner(&meta, package).or_else(writers)
                }
                Err(error) => Some(format!("cannot be looked at ({error})")),
            };
            reason.map(|reason| format!("{} {reason}", path.display()))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, chown};
    use std::path::PathBuf;

    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let dir = PathBuf::from(format!("/tmp/crm-trust-{name}-{}", std::process::id()));
            fs::create_dir_all(dir.join("bin")).unwrap();
            fs::write(dir.join("bin/program"), "").unwrap();
            Self(dir)
        }

        fn mode(&self, name: &str, mode: u32) {
            fs::set_permissions(self.0.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }

        fn reason(&self) -> Option<String> {
            Account::caller().distrust(&self.0.join("bin/program"), None)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_program_of_the_callers_own_in_a_sticky_place_is_trusted() {
        assert_eq!(Scratch::new("own").reason(), None);
        assert_eq!(Account::caller().distrust(Path::new("/bin/sh"), None), None);
    }

    #[test]
    fn a_program_that_others_can_replace_is_not() {
        let scratch = Scratch::new("open");
        for (name, mode) in [("bin/program", 0o777), ("bin", 0o777), ("", 0o777)] {
            scratch.mode(name, mode);
            let reason = scratch.reason().unwrap();
            assert!(reason.ends_with("may be written by everybody"), "{reason}");
            assert!(
                reason.starts_with(scratch.0.join(name).to_str().unwrap().trim_end_matches('/')),
                "{reason}"
            );
            scratch.mode(name, 0o755);
        }
        assert_eq!(scratch.reason(), None);
    }

    #[test]
    fn a_program_of_another_user_is_not_unless_the_package_is_theirs() {
        let scratch = Scratch::new("other");
        if !rustix::process::geteuid().is_root() {
            return;
        }
        for name in ["bin", "bin/program"] {
            chown(scratch.0.join(name), Some(4711), Some(4711)).unwrap();
        }
        let reason = scratch.reason().unwrap();
        assert!(reason.ends_with("program belongs to the user with id 4711"), "{reason}");
        let program = scratch.0.join("bin/program");
        assert_eq!(Account::caller().distrust(&program, Some(4711)), None);
        scratch.mode("bin", 0o775);
        let reason = Account::caller().distrust(&program, Some(4711)).unwrap();
        assert!(reason.ends_with("bin may be written by the group with id 4711"), "{reason}");
    }
}
