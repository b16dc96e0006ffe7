//! Where a server of a test's own lives, and as whom it runs.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection as _, PgConnection};
use tokio::sync::OnceCell;

use crate::Database;

/// Is where the server's programs and files are and whom they belong to.
#[derive(Debug)]
pub(super) struct Home {
    pub(super) bin: PathBuf,
    pub(super) directory: PathBuf,
    /// User and group of the server where the test runs as root, which PostgreSQL refuses.
    account: Option<(u32, u32)>,
}

impl Home {
    /// Finds the programs and the user of the shared server, and makes a directory of that user's.
    pub(super) async fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        static PROGRAMS: OnceCell<(String, String)> = OnceCell::const_new();
        let name = format!("crm-cluster-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let (bin, data) = PROGRAMS
            .get_or_init(|| async { programs(Database::bare().await.connection().await).await })
            .await;
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir(&directory).expect("nobody else makes it");
        let owner = Path::new(data).metadata().expect("the server is there");
        let is_other = directory.metadata().expect("it was made").uid() != owner.uid();
        let home = Self { bin: bin.into(), directory, account: is_other.then(|| (owner.uid(), owner.gid())) };
        home.give(&home.directory);
        home
    }

    pub(super) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    pub(super) fn give(&self, path: &Path) {
        if let Some((uid, gid)) = self.account {
            chown(path, Some(uid), Some(gid)).expect("root may give files away");
        }
    }

    pub(super) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.directory.join(name);
        std::fs::write(&path, content).expect("the directory is there");
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("it is ours");
        self.give(&path);
        path
    }

    /// Prepares a program that runs as the server's user.
    pub(super) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env("LC_ALL", "C").current_dir("/").process_group(0);
        if let Some((uid, gid)) = self.account {
            command.gid(gid).uid(uid);
        }
        command
    }
}

/// Asks a server where its programs and its data are.
async fn programs(mut connection: PgConnection) -> (String, String) {
    let places = sqlx::query_as(
        "select setting, current_setting('data_directory') from pg_config where name = 'BINDIR'",
    );
    let places = places.fetch_one(&mut connection).await.expect("the superuser may ask");
    connection.close().await.expect("the connection closes");
    places
}
