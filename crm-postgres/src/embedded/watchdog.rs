//! A process that outlives the caller, stops the server and removes what is temporary.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};

use super::account::Account;

/// The script of the process. It waits until its standard input or its parent ends, then stops the server and tidies up.
const SCRIPT: &str = include_str!("watchdog.sh");

/// Holds the process and the pipe whose closing sets it off.
///
/// The pipe closes however the caller ends, SIGKILL included, and needs no signal handler and no `unsafe`.
/// The standard library opens it close-on-exec, so that no program the caller starts keeps it open. A fork of the caller
/// does, for which the process also looks every second who its parent is.
#[derive(Debug)]
pub(super) struct Watchdog {
    child: Child,
    pipe: Option<ChildStdin>,
}

/// Is what runs for the owner at the moment, by process id.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    Nothing,
    /// A program that makes the database, given two seconds to end and then killed with its whole process group.
    Making(u32),
    /// The server, shut down properly.
    Serving(u32),
}

impl Watchdog {
    /// Starts the process as the server's own account, before anything that it has to tidy up is started.
    ///
    /// Its output goes nowhere: whoever reads the caller's output must not wait for the watchdog to close it.
    pub(super) fn start(account: &Account, data: &Path, remove: &[&Path]) -> io::Result<Self> {
        let mut child = account
            .command("/bin/sh")
            .args(["-c", SCRIPT, "crm-watchdog"])
            .arg(data)
            .args(remove)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let pipe = child.stdin.take();
        Ok(Self { child, pipe })
    }

    /// Names what has to end before anything is removed, in place of what was named before.
    pub(super) fn guard(&mut self, task: Task) -> io::Result<()> {
        let line = match task {
            Task::Nothing => String::new(),
            Task::Making(pid) => format!("-{pid}"),
            Task::Serving(pid) => pid.to_string(),
        };
        match &mut self.pipe {
            // In one piece, which a death in between cannot cut.
            Some(pipe) => pipe.write_all(format!("{line}\n").as_bytes()),
            None => Ok(()),
        }
    }

    /// Closes the pipe.
    pub(super) fn release(&mut self) {
        self.pipe = None;
    }

    /// Tells whether the process has ended, which it does after its work or when somebody kills it.
    pub(super) fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Closes the pipe and waits until everything is tidy.
    pub(super) fn finish(&mut self) {
        self.release();
        let _ = self.child.wait();
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.finish();
    }
}
