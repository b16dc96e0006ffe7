//! The clients in Python and JavaScript: a process each, which works until it is told to stop, hands its account over as a line of
//! JSON, and ends when its input does.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use crate::ground::{Ground, HANGS};
use crate::ledger::Account;

/// Is a process with clients.
pub(crate) struct Foreign {
    pub(crate) language: &'static str,
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in a workspace").to_path_buf()
}

/// Tells what has to be built before the soak can run, if anything.
pub(crate) fn missing() -> Option<&'static str> {
    if !root().join("target/python/venv/bin/python").exists() {
        return Some("the Python package is not built: run tests/python.sh build first");
    }
    if !root().join("crm-node/lib/index.js").exists() {
        return Some("the Node package is not built: run tests/node.sh build first");
    }
    None
}

impl Foreign {
    pub(crate) fn python(ground: &Ground) -> Result<Self, String> {
        Self::start("python", root().join("target/python/venv/bin/python"), "python/client.py", ground)
    }

    pub(crate) fn node(ground: &Ground) -> Result<Self, String> {
        Self::start("node", PathBuf::from("node"), "node/client.mjs", ground)
    }

    /// Starts it.
    fn start(
        language: &'static str,
        program: PathBuf,
        script: &str,
        ground: &Ground,
    ) -> Result<Self, String> {
        let shared = serde_json::to_string(&ground.shared).expect("it is plain data");
        let mut child = Command::new(program)
            .arg(root().join("tests/soak").join(script))
            .args([ground.proxy.url(), shared])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{language} does not start: {error}"))?;
        let output = child.stdout.take().expect("it is piped");
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let input = child.stdin.take();
        Ok(Self { language, child, input, lines })
    }

    /// Waits until its clients are connected.
    pub(crate) fn is_ready(&self) -> Result<(), String> {
        match self.lines.recv_timeout(HANGS) {
            Ok(line) if line == "ready" => Ok(()),
            other => Err(format!("{} is not ready: {other:?}", self.language)),
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Has the clients end what they are at.
    pub(crate) fn ask_to_stop(&mut self) {
        if let Some(input) = &mut self.input {
            // A process that is gone says so by having no account.
            drop(input.write_all(b"stop\n").and_then(|()| input.flush()));
        }
    }

    /// Returns what the clients have written and seen, or what is wrong.
    pub(crate) fn account(&mut self) -> Result<Account, String> {
        // Of some calls that hang, each for itself.
        let line = self.lines.recv_timeout(4 * HANGS);
        let line = line.map_err(|error| format!("{} gives no account of itself: {error}", self.language))?;
        serde_json::from_str(&line).map_err(|error| format!("{}: {error} in {line}", self.language))
    }

    /// Lets the process close its handles and end, or tells that it does not.
    pub(crate) fn close(mut self) -> Result<(), String> {
        drop(self.input.take());
        let begun = Instant::now();
        while begun.elapsed() < HANGS {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Ok(Some(status)) if status.success() => return Ok(()),
                other => return Err(format!("{} ends with {other:?}", self.language)),
            }
        }
        Err(format!("{} does not end", self.language))
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
