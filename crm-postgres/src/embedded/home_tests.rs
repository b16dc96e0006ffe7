//! Judges made-up directories; none of these tests starts a server.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let dir = PathBuf::from(format!("/tmp/crm-home-{name}-{}", std::process::id()));
        DirBuilder::new().mode(0o700).recursive(true).create(&dir).unwrap();
        Self(dir)
    }

    fn version(&self, text: &str) {
        fs::create_dir_all(self.0.join(DATA)).unwrap();
        fs::write(self.0.join(DATA).join("PG_VERSION"), text).unwrap();
        self.give(DATA);
        self.give("data/PG_VERSION");
    }

    /// Gives a file to the user that a server of this process has.
    fn give(&self, name: &str) {
        let account = Account::for_new().unwrap();
        std::os::unix::fs::chown(self.0.join(name), Some(account.uid), Some(account.gid)).unwrap();
    }

    fn folder(&self) -> File {
        directory(rustix::fs::CWD, &self.0, OFlags::NOFOLLOW).unwrap()
    }

    fn made_by(&self) -> Result<Option<u32>, EmbeddedError> {
        examine(&self.0, &self.folder()).map(|(made_by, _)| made_by)
    }

    fn refusal(&self) -> String {
        match self.made_by() {
            Err(EmbeddedError::Unusable { reason, .. }) => reason,
            other => panic!("not refused: {other:?}"),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A name as a start makes one.
const LEFT: &str = "data.new-0123456789abcdef";

#[test]
fn an_empty_directory_and_one_left_by_a_killed_start_have_room() {
    let scratch = Scratch::new("room");
    assert_eq!(scratch.made_by().unwrap(), None);
    for name in HARMLESS.iter().chain(&[LEFT]) {
        DirBuilder::new().mode(0o700).create(scratch.0.join(name)).unwrap();
    }
    scratch.give(LEFT);
    assert_eq!(scratch.made_by().unwrap(), None);
    let account = Account::for_new().unwrap();
    account.give(&scratch.folder()).unwrap();
    sweep(&scratch.0, &scratch.folder(), &account);
    assert_eq!(scratch.0.read_dir().unwrap().count(), HARMLESS.len());
}

#[test]
fn what_only_looks_like_a_leftover_stays() {
    let scratch = Scratch::new("similar");
    let account = Account::for_new().unwrap();
    for name in ["data.new-", "data.new-report", "data.new-0123456789ABCDEF", "data.new-0123456789abcdef0"] {
        let folder = scratch.0.join(name);
        DirBuilder::new().mode(0o700).create(&folder).unwrap();
        scratch.give(name);
        assert!(scratch.refusal().contains(name));
        sweep(&scratch.0, &scratch.folder(), &account);
        fs::remove_dir(folder).unwrap();
    }
    // Its name is right, and its mode or its kind is not.
    DirBuilder::new().mode(0o755).create(scratch.0.join(LEFT)).unwrap();
    sweep(&scratch.0, &scratch.folder(), &account);
    fs::remove_dir(scratch.0.join(LEFT)).unwrap();
    let target = scratch.0.join("target");
    DirBuilder::new().mode(0o700).create(&target).unwrap();
    std::os::unix::fs::symlink(&target, scratch.0.join(LEFT)).unwrap();
    sweep(&scratch.0, &scratch.folder(), &account);
    assert!(target.exists() && scratch.0.join(LEFT).is_symlink());
}

#[test]
fn the_major_that_made_a_database_is_read_and_nothing_else_is_shown() {
    let scratch = Scratch::new("major");
    scratch.version("16\n");
    assert_eq!(scratch.made_by().unwrap(), Some(16));
    scratch.version("sixteen");
    let reason = scratch.refusal();
    assert!(reason.contains("PG_VERSION") && !reason.contains("sixteen"), "{reason}");
}

#[test]
fn a_version_behind_a_link_or_a_pipe_is_refused_at_once() {
    let scratch = Scratch::new("links");
    scratch.version("16\n");
    let file = scratch.0.join("data/PG_VERSION");
    let secret = scratch.0.join("secret");
    fs::write(&secret, "hush\n").unwrap();

    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(&secret, &file).unwrap();
    let reason = scratch.refusal();
    assert!(reason.contains("a symbolic link") && !reason.contains("hush"), "{reason}");

    fs::remove_file(&file).unwrap();
    fifo(&file);
    assert!(scratch.refusal().contains("not a regular file"));

    fs::remove_file(&file).unwrap();
    fs::hard_link(&secret, &file).unwrap();
    assert!(!scratch.refusal().contains("hush"));
}

fn fifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn the_files_of_a_server_are_no_way_to_other_files() {
    let scratch = Scratch::new("files");
    let account = Account::for_new().unwrap();
    let folder = scratch.folder();
    for name in [LOCK, LOG] {
        let path = scratch.0.join(name);
        fifo(&path);
        assert!(own_file(&folder, name, OFlags::RDWR, &account).is_err());
        fs::remove_file(&path).unwrap();

        let target = scratch.0.join("target");
        std::os::unix::fs::symlink(&target, &path).unwrap();
        assert!(own_file(&folder, name, OFlags::RDWR, &account).is_err());
        assert!(!target.exists());
        fs::remove_file(&path).unwrap();

        // What was there before, be it root's own, is never given to the server's user.
        fs::write(&target, "").unwrap();
        fs::hard_link(&target, &path).unwrap();
        let opened = own_file(&folder, name, OFlags::RDWR, &account);
        assert_eq!(opened.is_err(), account.switched);
        assert_eq!(target.metadata().unwrap().uid(), rustix::process::geteuid().as_raw());
        fs::remove_file(&path).unwrap();
        fs::remove_file(&target).unwrap();

        let made = own_file(&folder, name, OFlags::RDWR, &account).unwrap();
        assert_eq!(made.metadata().unwrap().uid(), account.uid);
    }
}

#[test]
fn a_directory_that_is_open_to_others_or_theirs_is_refused_untouched() {
    let scratch = Scratch::new("open");
    for mode in [0o777, 0o1777, 0o707] {
        fs::set_permissions(&scratch.0, fs::Permissions::from_mode(mode)).unwrap();
        let error = Home::persistent(&scratch.0).unwrap_err().to_string();
        assert!(error.contains("written by everybody"), "{error}");
    }
    fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o755)).unwrap();
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&scratch.0, Some(4711), Some(4711)).unwrap();
        let error = Home::persistent(&scratch.0).unwrap_err().to_string();
        assert!(error.contains("belongs to the user with id 4711"), "{error}");
        assert_eq!(scratch.0.metadata().unwrap().uid(), 4711);
    }
    assert_eq!(scratch.0.read_dir().unwrap().count(), 0);
}

#[test]
fn a_directory_with_anything_else_is_refused() {
    let scratch = Scratch::new("strange");
    fs::write(scratch.0.join("letter.txt"), "").unwrap();
    assert!(scratch.refusal().contains("letter.txt"));
    fs::write(scratch.0.join("PG_VERSION"), "16\n").unwrap();
    assert!(scratch.refusal().contains("a server of its own"));
}

#[test]
fn a_second_opener_of_a_directory_is_refused_until_the_first_is_gone() {
    let scratch = Scratch::new("lock");
    let first = Home::persistent(&scratch.0).unwrap();
    let second = Home::persistent(&scratch.0);
    assert!(matches!(second, Err(EmbeddedError::InUse { dir }) if dir == scratch.0.canonicalize().unwrap()));
    drop(first);
    assert!(Home::persistent(&scratch.0).is_ok());
}

#[test]
fn private_directories_are_closed_short_and_never_the_same() {
    let parent = Path::new("/tmp");
    let ((one, _), (two, _)) = (private_dir(parent).unwrap(), private_dir(parent).unwrap());
    let mode = fs::metadata(&one).unwrap().permissions().mode();
    fs::remove_dir(&one).unwrap();
    fs::remove_dir(&two).unwrap();
    assert_eq!(mode & 0o777, 0o700);
    assert_ne!(one, two);
    assert!(one.join(".s.PGSQL.5432").as_os_str().len() < 60);
}
