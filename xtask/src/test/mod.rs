//! Everything that CI runs: `cargo xtask test`, which `tests/run.sh` starts once Rust is there.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io, process, thread};

use crate::files::{read, remove};
use crate::process::{command, is_thorough, output};

mod interrupt;
mod lanes;
mod parts;
mod steps;

const USAGE: &str = "usage: cargo xtask test [PART…]

  everything   what runs without a part: all but the last two
  rust         lint (format, clippy, dependencies) and suites (tests, quickstart), which are parts too
  python, node, contract, docs, packages, soak
  newcomer     what a newcomer does in an empty folder, in each language: release builds, ten minutes
  generate     writes what is generated: the Python stub, the contract's catalogue and surface";

/// Runs parts and ends with one line: N passed, M failed.
///
/// # Errors
/// Lists the parts where a word is none of them, or says that a step failed.
pub(crate) fn run(words: &[&str]) -> Result<(), String> {
    let words = if words.is_empty() { &["everything"] } else { words };
    let parts: Option<Vec<_>> = words.iter().map(|word| parts::part(word)).collect();
    let parts = parts.ok_or(USAGE)?;
    interrupt::watch().map_err(|error| format!("cannot watch for signals: {error}"))?;
    let memory = in_memory().map_err(|error| format!("no folder for the servers: {error}"))?;
    let mut steps = steps::Steps::new(environment(memory.as_deref()));
    for part in parts {
        part(&mut steps);
    }
    if let Some(memory) = memory {
        remove(&memory)?;
    }
    for step in &steps.broken {
        eprintln!("failed: {step}");
    }
    println!("{} passed, {} failed", steps.passed, steps.failed);
    if steps.failed == 0 { Ok(()) } else { Err(String::new()) }
}

/// Returns the variables of all steps; those of the caller win.
fn environment(memory: Option<&Path>) -> Vec<(&'static str, OsString)> {
    // Many tests wait for a server to die, to be late or to come back.
    let threads = 2 * thread::available_parallelism().map_or(1, usize::from);
    let mut defaults = vec![("RUST_TEST_THREADS", threads.to_string())];
    if is_thorough() {
        let cases =
            [("PROPTEST_CASES", 5000), ("CRM_EXAMPLES", 1000), ("CRM_CASES", 5000), ("CRM_EXITS", 60)];
        defaults.extend(cases.map(|(name, count)| (name, count.to_string())));
    }
    let missing =
        defaults.into_iter().filter(|(name, _)| env::var_os(name).is_none_or(|value| value.is_empty()));
    let mut environment: Vec<_> = missing.map(|(name, value)| (name, OsString::from(value))).collect();
    environment.extend(memory.map(|memory| ("TMPDIR", memory.into())));
    environment
}

/// Makes a folder in memory for the servers' files where there is room: a database is 300 files, and the tests make hundreds.
fn in_memory() -> io::Result<Option<PathBuf>> {
    let kilobytes = output(command("df").args(["--output=avail", "-k", "/dev/shm"])).ok();
    let kilobytes = kilobytes.and_then(|printed| printed.lines().last()?.trim().parse::<u64>().ok());
    let mounts = read(Path::new("/proc/mounts")).unwrap_or_default();
    let runs_programs = !mounts.lines().any(|line| line.contains(" /dev/shm ") && line.contains("noexec"));
    let is_free = env::var_os("TMPDIR").is_none_or(|folder| folder.is_empty());
    if !is_free || !runs_programs || kilobytes.unwrap_or_default() < 10_000_000 {
        return Ok(None);
    }
    let memory = PathBuf::from(format!("/dev/shm/crm-{}", process::id()));
    fs::create_dir(&memory)?;
    interrupt::remove_on_signal(memory.clone());
    fs::set_permissions(&memory, fs::Permissions::from_mode(0o1777))?;
    Ok(Some(memory))
}
