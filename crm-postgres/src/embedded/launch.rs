//! The steps of a start: make the database, spawn the server, wait until it answers.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::account::Account;
use super::error::EmbeddedError;
use super::find::Install;
use super::home::Home;
use super::watchdog::{Task, Watchdog};

/// Is how long a server whose owner has died may take to shut down.
const OLD_SERVER: Duration = Duration::from_secs(10);
/// Is how long a server may recover from a crash before it answers.
const RECOVERY: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(2);
/// Is how much of a log an error shows.
const TAIL: usize = 20;

/// The superuser, who made the cluster.
pub(crate) const SUPERUSER: &str = "postgres";
/// The owner of the database `crm`, as whom the library logs in: no superuser, so that SQL that gets where it should
/// not reaches no file and no program.
pub(crate) const OWNER: &str = "crm_embedded";

/// Writes the files of [`secure`].
const SECURE: &str = include_str!("secure.sh");
/// How a `pg_hba.conf` begins that [`SECURE`] has written.
const SECURED: &str = "# Written by the crm library";

/// Are the settings of every server; the socket's directory is what protects it, so no password is asked.
const SETTINGS: [&str; 9] = [
    "listen_addresses=",
    "port=5432",
    "unix_socket_permissions=0700",
    "max_connections=100",
    "timezone=UTC",
    "log_timezone=UTC",
    "logging_collector=off",
    // Leaves out every ERROR, whose text can hold the data of a refused statement, and keeps LOG and FATAL.
    "log_min_messages=log",
    "log_checkpoints=off",
];

/// Are the settings of a server whose data nobody wants after a crash.
const FORGETFUL: [&str; 3] = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

/// Makes the database, complete or not at all: it gets its name only once `crm` is in it.
///
/// # Errors
/// `Failed` with what the programs of PostgreSQL wrote.
pub(super) fn make(home: &Home, install: &Install, watchdog: &mut Watchdog) -> Result<(), EmbeddedError> {
    const STEP: &str = "making the data directory";
    let failed = |error: std::io::Error| EmbeddedError::io(STEP, &error);
    let utf8 = initdb(home, install, watchdog, "C.UTF-8")?;
    // Before glibc 2.35 and on some other systems there is no such locale.
    let refused = String::from_utf8_lossy(&utf8.stderr).contains("locale");
    let output = if !utf8.status.success() && refused { initdb(home, install, watchdog, "C")? } else { utf8 };
    if !output.status.success() {
        return Err(EmbeddedError::Failed { step: "initdb", log: tail(&text(&output)) });
    }
    create_database(home, install, watchdog)?;
    secure(home, &home.unfinished)?;
    home.finish().map_err(failed)
}

/// Closes a directory of an earlier version, whose files trusted every user of the machine.
///
/// # Errors
/// `Failed` when a file cannot be written.
pub(super) fn secure_old(home: &Home) -> Result<(), EmbeddedError> {
    let is_secured = home.rules().is_some_and(|rules| rules.starts_with(SECURED));
    if is_secured { Ok(()) } else { secure(home, &home.data()) }
}

/// Closes the directory to a server that is started in it without this library: no port, and nobody but its users.
fn secure(home: &Home, data: &Path) -> Result<(), EmbeddedError> {
    const STEP: &str = "writing pg_hba.conf";
    let mut command = home.account.command("/bin/sh");
    command
        .args(["-c", SECURE, "crm-secure"])
        .arg(data)
        .arg(rustix::process::geteuid().as_raw().to_string())
        .args([SUPERUSER, OWNER]);
    let output = command.output().map_err(|error| EmbeddedError::io(STEP, &error))?;
    if output.status.success() {
        return Ok(());
    }
    Err(EmbeddedError::Failed { step: STEP, log: tail(&text(&output)) })
}

fn initdb(
    home: &Home,
    install: &Install,
    watchdog: &mut Watchdog,
    locale: &str,
) -> Result<Output, EmbeddedError> {
    const STEP: &str = "initdb";
    let mut command = home.account.command(install.bin.join("initdb"));
    command
        .arg("-D")
        .arg(&home.unfinished)
        .args(["-U", SUPERUSER, "--auth-local=peer", "--auth-host=reject", "-E", "UTF8", "--no-instructions"])
        .arg(format!("--locale={locale}"))
        // Or it looks through all time zones for the machine's own, which takes a fifth of its time; the server's is in SETTINGS.
        .env("TZ", "UTC")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if home.temporary {
        command.arg("--no-sync");
    }
    let child = command.spawn().map_err(|error| EmbeddedError::io(STEP, &error))?;
    watched(STEP, child, watchdog)
}

/// Creates the database `crm` with the server binary alone, for not every package brings `createdb` or `psql`.
fn create_database(home: &Home, install: &Install, watchdog: &mut Watchdog) -> Result<(), EmbeddedError> {
    const STEP: &str = "creating the database";
    let failed = |error: std::io::Error| EmbeddedError::io(STEP, &error);
    let mut command = home.account.command(install.bin.join("postgres"));
    command.arg("--single");
    if home.temporary {
        command.arg("-F");
    }
    let mut child = command
        .arg("-D")
        .arg(&home.unfinished)
        .arg("template1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let statements = bootstrap();
    let fed = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(statements.as_bytes()));
    let output = watched(STEP, child, watchdog)?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    // A refused statement does not change the exit code of this mode.
    if !output.status.success() || complaint.contains("ERROR:") {
        return Err(EmbeddedError::Failed { step: STEP, log: tail(&complaint) });
    }
    fed.map_err(failed)
}

/// Writes the statements that only the superuser may run, a line each: the owner of the database gets the roles of
/// the library granted, so that it needs no right to make any.
fn bootstrap() -> String {
    format!(
        "create role {OWNER} login createdb\n\
         create role crm_admin nologin\n\
         create role crm_user nologin\n\
         create role crm_reporter nologin\n\
         grant crm_admin, crm_user, crm_reporter to {OWNER}\n\
         create database crm owner {OWNER}\n"
    )
}

/// Waits for a child that the watchdog ends if this process does not live to see its end.
fn watched(step: &'static str, child: Child, watchdog: &mut Watchdog) -> Result<Output, EmbeddedError> {
    let guarded = watchdog.guard(Task::Making(child.id()));
    let output = child.wait_with_output();
    let released = watchdog.guard(Task::Nothing);
    guarded.and(released).and(output).map_err(|error| EmbeddedError::io(step, &error))
}

/// Waits for the server of an owner that died, which its watchdog is just stopping.
///
/// # Errors
/// `InUse` when it is still there after ten seconds.
pub(super) fn settle(home: &Home) -> Result<(), EmbeddedError> {
    let started = Instant::now();
    while let Some(pid) = home.status().as_deref().and_then(named) {
        if !is_server(pid, &home.data()) {
            // PostgreSQL takes any process with this id for a server; after a restart of the machine it can be ours.
            if pid != 0 {
                home.forget_status();
            }
            return Ok(());
        }
        if started.elapsed() > OLD_SERVER {
            return Err(EmbeddedError::InUse { dir: home.dir.clone() });
        }
        sleep(POLL);
    }
    Ok(())
}

/// Reads the process that a `postmaster.pid` names.
fn named(status: &str) -> Option<u32> {
    status.lines().next()?.trim().parse().ok()
}

/// Tells whether a process is a server of this data directory, which a server has as its current directory.
fn is_server(pid: u32, data: &Path) -> bool {
    let process = Path::new("/proc").join(pid.to_string());
    if !Path::new("/proc/self").exists() {
        let output = Account::caller().command("ps").args(["-o", "comm=", "-p", &pid.to_string()]).output();
        return output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("postgres"));
    }
    match fs::read_link(process.join("cwd")) {
        Ok(dir) => dir == data,
        // Root in a container may not read the links of other users' processes.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim() == "postgres")
        }
        Err(_) => false,
    }
}

/// Spawns the server, which from then on is the watchdog's to end.
///
/// # Errors
/// `Failed` when it cannot be started at all.
pub(super) fn spawn(
    home: &Home,
    install: &Install,
    socket_dir: &Path,
    log: &File,
    watchdog: &mut Watchdog,
) -> Result<Child, EmbeddedError> {
    const STEP: &str = "starting the server";
    let failed = |error: std::io::Error| EmbeddedError::io(STEP, &error);
    let mut command = home.account.command(install.bin.join("postgres"));
    command.arg("-D").arg(home.data()).arg("-k").arg(socket_dir);
    let mut rules = OsString::from("hba_file=");
    rules.push(Home::rules_in(socket_dir));
    command.arg("-c").arg(rules);
    let forgetful: &[&str] = if home.temporary { &FORGETFUL } else { &[] };
    for setting in SETTINGS.iter().chain(forgetful) {
        command.args(["-c", setting]);
    }
    let mut child = command
        .stdout(log.try_clone().map_err(failed)?)
        .stderr(log.try_clone().map_err(failed)?)
        .spawn()
        .map_err(failed)?;
    if let Err(error) = watchdog.guard(Task::Serving(child.id())) {
        let _ = child.kill();
        let _ = child.wait();
        return Err(failed(error));
    }
    Ok(child)
}

/// Waits until the server takes connections.
///
/// # Errors
/// `Failed` with the end of its log when it ends instead, or takes minutes.
pub(super) fn ready(
    home: &Home,
    child: &mut Child,
    (log, log_begin): (&File, u64),
) -> Result<(), EmbeddedError> {
    const STEP: &str = "starting the server";
    let started = Instant::now();
    let id = child.id().to_string();
    loop {
        let status = home.status().unwrap_or_default();
        if status.lines().next() == Some(&*id) && status.lines().last().map(str::trim_end) == Some("ready") {
            return Ok(());
        }
        let ended = child.try_wait().map_err(|error| EmbeddedError::io(STEP, &error))?;
        if ended.is_some() || started.elapsed() > RECOVERY {
            let log = log_tail(log, log_begin).unwrap_or_else(|error| {
                format!("its log {} cannot be read: {error}", home.log_path().display())
            });
            return Err(EmbeddedError::Failed { step: STEP, log });
        }
        sleep(POLL);
    }
}

/// Reads the end of the log that the server was given, whatever has its name by now.
fn log_tail(mut log: &File, begin: u64) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    log.seek(SeekFrom::Start(begin))?;
    log.read_to_end(&mut bytes)?;
    Ok(tail(&String::from_utf8_lossy(&bytes)))
}

fn text(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text
}

/// Keeps the last lines of a text.
fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_shows_its_end() {
        let lines: Vec<_> = (1..=50).map(|line| line.to_string()).collect();
        let shown = tail(&lines.join("\n"));
        assert!(shown.starts_with("31\n") && shown.ends_with("\n50"), "{shown}");
        assert_eq!(tail(""), "");
    }

    #[test]
    fn a_process_that_only_has_the_id_of_a_server_is_none() {
        let here = std::env::current_dir().unwrap();
        assert!(!is_server(std::process::id(), Path::new("/nowhere/data")));
        assert!(!is_server(u32::MAX, &here));
    }
}
