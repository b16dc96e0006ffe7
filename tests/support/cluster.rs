//! A PostgreSQL of a test's own that listens on TCP, and can be killed, stopped, started again, copied and promoted.

mod home;
mod kept;

use std::fs::File;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crm_postgres::Crm;
use tokio::sync::OnceCell;

use crate::execute;
use home::Home;

/// Waits for the end of its input, however the test's process ends, and then stops the server and removes its directory.
const WATCHDOG: &str = r#"read -r _; "$1/pg_ctl" stop -s -D "$2/data" -m immediate; rm -rf "$2""#;

/// Is how long a server may take to start, to recover included.
const START: Duration = Duration::from_mins(2);

/// Is a server on a free port of 127.0.0.1 and nowhere else. It goes with this value, or with the process.
///
/// It does without fsync: what the server has written survives its own death, and only that happens here.
#[derive(Debug)]
pub struct Cluster {
    home: Home,
    port: u16,
    /// Holds the port while the server is down.
    _held: UdpSocket,
    server: Option<Child>,
    watchdog: Child,
}

/// Says how a server is stopped (PostgreSQL docs, "Shutting Down the Server").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Waits until all sessions have ended; new ones are refused.
    Smart,
    /// Ends all sessions.
    Fast,
    /// Leaves everything to the recovery at the next start.
    Immediate,
}

impl Cluster {
    /// Makes a server whose superuser needs no password, and starts it with these settings, such as `max_connections = 20`.
    /// All that are made so have one system identifier, as they are copies: `initdb` takes as long as many a test.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(settings: &[&str]) -> Self {
        static TEMPLATE: OnceCell<Cluster> = OnceCell::const_new();
        TEMPLATE.get_or_init(|| Self::make(None)).await.start_copy(settings).await
    }

    /// Makes a server as `start` does, whose database `postgres` has the schema.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn migrated(settings: &[&str]) -> Self {
        static TEMPLATE: OnceCell<Cluster> = OnceCell::const_new();
        let make = async || {
            let mut cluster = Self::start(&[]).await;
            let crm = Crm::connect(cluster.url("postgres")).await.expect("it runs");
            crm.migrate().await.expect("the superuser may");
            crm.close().await;
            cluster.stop(Stop::Fast).await;
            cluster
        };
        TEMPLATE.get_or_init(make).await.start_copy(settings).await
    }

    async fn start_copy(&self, settings: &[&str]) -> Self {
        let mut copy = self.copy().await;
        copy.configure(settings);
        copy.launch().await;
        copy
    }

    /// Makes a server without starting it, whose superuser has this password, or needs none.
    ///
    /// # Panics
    /// When `initdb` fails.
    pub async fn make(password: Option<&str>) -> Self {
        let cluster = Self::in_home(Home::new().await);
        let home = &cluster.home;
        let mut initdb = home.command(home.bin.join("initdb"));
        initdb.env("TZ", "UTC");
        initdb.args(["-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]).arg(home.data());
        match password {
            Some(password) => {
                initdb.args(["-A", "scram-sha-256", "--pwfile"]).arg(home.file("password", password))
            }
            None => initdb.args(["-A", "trust"]),
        };
        run(&mut initdb);
        cluster.configure(&[]);
        cluster
    }

    /// Copies a server that does not run, without starting the copy.
    ///
    /// # Panics
    /// When it runs, or there is no room.
    pub async fn copy(&self) -> Self {
        assert!(self.server.is_none(), "it runs");
        Self::copy_of(&self.home.data()).await
    }

    async fn copy_of(data: &Path) -> Self {
        let copy = Self::in_home(Home::new().await);
        run(Command::new("cp").arg("-Rp").args([data, &copy.home.data()]));
        copy.configure(&[]);
        copy
    }

    fn in_home(home: Home) -> Self {
        let watchdog = home
            .command("/bin/sh")
            .args(["-c", WATCHDOG, "watchdog"])
            .args([&home.bin, &home.directory])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("there is a shell");
        let (port, held) = free_port();
        Self { home, port, _held: held, server: None, watchdog }
    }

    /// Replaces the settings that the server has beside its port; they count from the next start.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn configure(&self, settings: &[&str]) {
        let mut text = format!("listen_addresses = '127.0.0.1'\nport = {}\n", self.port);
        text.push_str("unix_socket_directories = ''\nfsync = off\nautovacuum = off\n");
        for setting in settings {
            text.push_str(setting);
            text.push('\n');
        }
        self.home.file("data/postgresql.auto.conf", &text);
    }

    /// Writes a file into the server's directory, where its data are in `data`, and returns its path.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        self.home.file(name, content)
    }

    /// Makes a directory in the server's, which belongs to its user.
    ///
    /// # Panics
    /// When it is there already.
    #[must_use]
    pub fn directory(&self, name: &str) -> PathBuf {
        let path = self.home.directory.join(name);
        std::fs::create_dir(&path).expect("nobody else makes it");
        self.home.give(&path);
        path
    }

    /// Starts the server and waits until it takes connections.
    ///
    /// # Panics
    /// When it does not.
    pub async fn launch(&mut self) {
        self.spawn();
        assert!(self.settles("ready").await, "the server does not start: {}", self.log());
    }

    /// Starts the server without waiting for it.
    ///
    /// # Panics
    /// When it cannot be started at all.
    pub fn spawn(&mut self) {
        let log = File::options().create(true).append(true).open(self.home.directory.join("log"));
        let log = log.expect("the directory is there");
        let mut postgres = self.home.command(self.home.bin.join("postgres"));
        postgres.arg("-D").arg(self.home.data()).stdin(Stdio::null());
        postgres.stdout(log.try_clone().expect("a file can be shared")).stderr(log);
        self.server = Some(postgres.spawn().expect("the program is there"));
    }

    /// Waits until the server says that it is in a state; tells whether it came to that.
    async fn settles(&mut self, state: &str) -> bool {
        let server = self.server.as_mut().expect("it was started");
        let begun = Instant::now();
        while begun.elapsed() < START && server.try_wait().expect("it is our child").is_none() {
            let status = std::fs::read_to_string(self.home.data().join("postmaster.pid")).unwrap_or_default();
            let is_ours = status.lines().next() == Some(&*server.id().to_string());
            if is_ours && status.lines().last().map(str::trim_end) == Some(state) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        false
    }

    /// Kills all processes of the server with SIGKILL.
    ///
    /// # Panics
    /// When it is not running.
    pub fn kill(&mut self) {
        let mut server = self.server.take().expect("it runs");
        // Stopped, it starts no other in between; and the next server has to wait until the last of these has left the memory.
        let kill = format!(
            "kill -STOP {0}; children=$(pgrep -P {0}); kill -9 {0} $children
             for child in $children; do while ps -o stat= -p $child | grep -qv Z; do sleep 0.01; done; done",
            server.id()
        );
        drop(Command::new("/bin/sh").args(["-c", &kill]).stderr(Stdio::null()).status());
        server.wait().expect("it is our child");
    }

    /// Stops the processes of the server where they are, as if the machine were gone, or lets them go on.
    ///
    /// # Panics
    /// When it is not running.
    pub fn freeze(&self, frozen: bool) {
        let id = self.server.as_ref().expect("it runs").id();
        // The parent is stopped first and goes on last, so that none of its processes comes or ends for good meanwhile.
        let signals = if frozen {
            format!("kill -STOP {id} && kill -STOP $(pgrep -P {id})")
        } else {
            format!("kill -CONT $(pgrep -P {id}) && kill -CONT {id}")
        };
        run(Command::new("/bin/sh").args(["-c", &signals]));
    }

    /// Asks the server to stop, without waiting for it.
    ///
    /// # Panics
    /// When it is not running.
    pub fn ask_to_stop(&self, how: Stop) {
        let signal = match how {
            Stop::Smart => "TERM",
            Stop::Fast => "INT",
            Stop::Immediate => "QUIT",
        };
        let id = self.server.as_ref().expect("it runs").id();
        run(Command::new("kill").args([format!("-{signal}"), id.to_string()]));
    }

    /// Stops the server.
    ///
    /// # Panics
    /// When it is not running.
    pub async fn stop(&mut self, how: Stop) {
        self.ask_to_stop(how);
        let mut server = self.server.take().expect("it runs");
        while server.try_wait().expect("it is our child").is_none() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Waits until the server has ended by itself.
    ///
    /// # Panics
    /// When it goes on for minutes.
    pub async fn ends_by_itself(&mut self) {
        let mut server = self.server.take().expect("it runs");
        let begun = Instant::now();
        while server.try_wait().expect("it is our child").is_none() {
            assert!(begun.elapsed() < START, "the server goes on");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Makes a server that follows this one, and starts it with these settings.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn replica(&self, settings: &[&str]) -> Self {
        let mut replica = Self::in_home(Home::new().await);
        let home = &replica.home;
        let mut basebackup = home.command(home.bin.join("pg_basebackup"));
        basebackup.args([
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
            "-X",
            "stream",
            "-c",
            "fast",
            "--no-sync",
            "-p",
        ]);
        run(basebackup.arg(self.port.to_string()).arg("-D").arg(home.data()));
        home.file("data/standby.signal", "");
        replica.follow(self, settings);
        replica.launch().await;
        replica
    }

    /// Has the server follow another one from its next start on, with these settings.
    ///
    /// # Panics
    /// When its files cannot be written.
    pub fn follow(&self, primary: &Self, settings: &[&str]) {
        self.home.file("data/standby.signal", "");
        let name = format!("replica_{}", self.port);
        let source = format!(
            "primary_conninfo = 'host=127.0.0.1 port={} user=postgres application_name={name}'",
            primary.port
        );
        let settings: Vec<_> = [source.as_str()].into_iter().chain(settings.iter().copied()).collect();
        self.configure(&settings);
    }

    /// Makes a replica a primary.
    ///
    /// # Panics
    /// When it is none.
    pub fn promote(&self) {
        run(self
            .home
            .command(self.home.bin.join("pg_ctl"))
            .args(["promote", "-s", "-w", "-D"])
            .arg(self.home.data()));
    }

    /// Returns the port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the superuser's URL of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs statements in the database `postgres`.
    ///
    /// # Panics
    /// When they fail.
    pub async fn execute(&self, statements: &str) {
        execute(&self.url("postgres"), statements).await;
    }

    /// Returns what the server has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.directory.join("log")).unwrap_or_default()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        drop(self.watchdog.wait());
        drop(self.server.take().map(|mut server| server.wait()));
    }
}

/// Runs a program that must succeed.
fn run(command: &mut Command) {
    let output = command.output().expect("the program is there");
    assert!(output.status.success(), "{output:?}");
}

/// Finds a port that no other server has, and holds it also while the server is down: as one of UDP, which is not in the server's way. It is
/// below those that clients are given, usually from 32768 on.
fn free_port() -> (u16, UdpSocket) {
    let hold = |port: u16| {
        let held = UdpSocket::bind(("127.0.0.1", port)).ok()?;
        TcpListener::bind(("127.0.0.1", port)).ok().map(|_| (port, held))
    };
    (16_384..32_768).find_map(hold).expect("there is a free port")
}
