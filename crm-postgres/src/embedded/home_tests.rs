//! Judges made-up directories; none of these tests starts a server.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let dir = PathBuf::from(format!("/tmp/crm-home-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    fn version(&self, text: &str) {
        fs::create_dir_all(self.0.join(DATA)).unwrap();
        fs::write(self.0.join(DATA).join("PG_VERSION"), text).unwrap();
    }

    fn refusal(&self) -> String {
        match made_by(&self.0) {
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

#[test]
fn an_empty_directory_and_one_left_by_a_killed_start_have_room() {
    let scratch = Scratch::new("room");
    assert_eq!(made_by(&scratch.0).unwrap(), None);
    for name in HARMLESS.iter().chain(&["data.new-0a", "data.new-0b"]) {
        fs::create_dir(scratch.0.join(name)).unwrap();
    }
    assert_eq!(made_by(&scratch.0).unwrap(), None);
    sweep(&scratch.0);
    assert_eq!(scratch.0.read_dir().unwrap().count(), HARMLESS.len());
}

#[test]
fn the_major_that_made_a_database_is_read() {
    let scratch = Scratch::new("major");
    scratch.version("16\n");
    assert_eq!(made_by(&scratch.0).unwrap(), Some(16));
    scratch.version("sixteen");
    assert!(scratch.refusal().contains("sixteen"));
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
fn the_lock_is_no_way_to_another_file() {
    let scratch = Scratch::new("symlink");
    let target = scratch.0.join("target");
    std::os::unix::fs::symlink(&target, scratch.0.join(LOCK)).unwrap();
    assert!(matches!(lock(&scratch.0), Err(EmbeddedError::Unusable { .. })));
    assert!(!target.exists());
}

#[test]
fn private_directories_are_closed_short_and_never_the_same() {
    let account = Account::for_new().unwrap();
    let parent = Path::new("/tmp");
    let (one, two) = (private_dir(&account, parent).unwrap(), private_dir(&account, parent).unwrap());
    let mode = fs::metadata(&one).unwrap().permissions().mode();
    fs::remove_dir(&one).unwrap();
    fs::remove_dir(&two).unwrap();
    assert_eq!(mode & 0o777, 0o700);
    assert_ne!(one, two);
    assert!(one.join(".s.PGSQL.5432").as_os_str().len() < 60);
}
