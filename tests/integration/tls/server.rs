//! A PostgreSQL that listens on TCP: on the embedded one's Unix socket there is no TLS.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crm_tests::Database;
use sqlx::Connection as _;

use super::certificate::Identity;

/// Is the superuser's password, which no error may show.
pub(super) const PASSWORD: &str = "Hush-4711";

/// Waits for the end of its input, however the test's process ends, and then stops the server and removes its directory.
const WATCHDOG: &str = r#"read -r _; "$1/pg_ctl" stop -s -D "$2/data" -m fast; rm -rf "$2""#;

/// Is a server of a test's own, on a free port of 127.0.0.1 and nowhere else.
pub(super) struct Server {
    home: Home,
    port: u16,
    watchdog: Child,
}

/// Is where the server's programs and files are and whom they belong to.
struct Home {
    bin: PathBuf,
    directory: PathBuf,
    /// User and group of the server where the test runs as root, which PostgreSQL refuses.
    account: Option<(u32, u32)>,
}

impl Server {
    /// Starts a server that shows this certificate, or one without TLS.
    pub(super) async fn start(identity: Option<Identity>) -> Self {
        let home = Home::new().await;
        let watchdog = home
            .command("/bin/sh")
            .args(["-c", WATCHDOG, "watchdog"])
            .args([&home.bin, &home.directory])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self { home, port: 0, watchdog };
        server.home.make(identity);
        // Somebody else may take the port before the server does.
        server.port = (0..5).find_map(|_| server.home.launch()).expect("the server starts");
        server
    }

    /// Returns the URL by which the superuser reaches the server under the name `host`.
    pub(super) fn url(&self, host: &str, parameters: &str) -> String {
        format!("postgres://postgres:{PASSWORD}@{host}:{}/postgres?{parameters}", self.port)
    }

    /// Writes a file into the server's directory and returns its path.
    pub(super) fn file(&self, name: &str, content: &str) -> String {
        self.home.file(name, content).to_str().unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        self.watchdog.wait().unwrap();
    }
}

impl Home {
    /// Finds the programs and the user of the shared server, and makes a directory of that user's.
    async fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("crm-tls-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut shared = Database::bare().await.connection().await;
        let (bin, data): (String, String) = sqlx::query_as(
            "select setting, current_setting('data_directory') from pg_config where name = 'BINDIR'",
        )
        .fetch_one(&mut shared)
        .await
        .unwrap();
        shared.close().await.unwrap();
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir(&directory).unwrap();
        let owner = Path::new(&data).metadata().unwrap();
        let is_other = directory.metadata().unwrap().uid() != owner.uid();
        let home = Self { bin: bin.into(), directory, account: is_other.then(|| (owner.uid(), owner.gid())) };
        home.give(&home.directory);
        home
    }

    fn give(&self, path: &Path) {
        if let Some((uid, gid)) = self.account {
            chown(path, Some(uid), Some(gid)).unwrap();
        }
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.directory.join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        self.give(&path);
        path
    }

    /// Prepares a program that runs as the server's user.
    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env("LC_ALL", "C").current_dir("/").process_group(0);
        if let Some((uid, gid)) = self.account {
            command.gid(gid).uid(uid);
        }
        command
    }

    /// Makes the data and the settings.
    fn make(&self, identity: Option<Identity>) {
        let password = self.file("password", PASSWORD);
        let output = self
            .command(self.bin.join("initdb"))
            .args(["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(self.directory.join("data"))
            .arg("--pwfile")
            .arg(password)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let ssl = if identity.is_some() { "on" } else { "off" };
        if let Some(Identity { certificate, key }) = identity {
            self.file("data/server.crt", &certificate);
            self.file("data/server.key", &key);
        }
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\nssl = {ssl}\n"
        );
        self.file("data/postgresql.auto.conf", &settings);
    }

    /// Starts the server and returns its port once it takes connections.
    fn launch(&self) -> Option<u16> {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let status = self
            .command(self.bin.join("pg_ctl"))
            .args(["start", "-s", "-w", "-o"])
            .arg(format!("-p {port}"))
            .arg("-l")
            .arg(self.directory.join("log"))
            .arg("-D")
            .arg(self.directory.join("data"))
            .status()
            .unwrap();
        status.success().then_some(port)
    }
}
