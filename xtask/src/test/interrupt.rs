//! The end before the end: by Ctrl-C, or because a machine of CI is taken away.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{env, fs, io, process, thread, time};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The variable that tells a lane that it is one.
pub(super) const LANE: &str = "CRM_LANE";

/// The process groups that run.
static GROUPS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// The folders that nobody needs after the run.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Ends everything on the first signal, and then this process.
pub(super) fn watch() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            stop();
            process::exit(130);
        }
    });
    Ok(())
}

/// Has a folder removed on a signal.
pub(super) fn remove_on_signal(folder: PathBuf) {
    locked(&FOLDERS).push(folder);
}

/// Starts a command in a process group of its own, which a signal ends with all that it has started.
///
/// What a lane starts stays in the lane's group.
pub(super) fn start(command: &mut Command) -> io::Result<Child> {
    use std::os::unix::process::CommandExt as _;
    if env::var_os(LANE).is_some() {
        return command.spawn();
    }
    // Held until the child is known, so that no signal comes between.
    let mut groups = locked(&GROUPS);
    let child = command.process_group(0).spawn()?;
    groups.push(child.id());
    Ok(child)
}

/// Waits for the end of what was started.
pub(super) fn wait(mut child: Child) -> io::Result<ExitStatus> {
    let status = child.wait();
    locked(&GROUPS).retain(|group| *group != child.id());
    status
}

/// Starts a command and waits for its end.
pub(super) fn run(command: &mut Command) -> io::Result<ExitStatus> {
    wait(start(command)?)
}

fn stop() {
    let groups = locked(&GROUPS);
    for group in groups.iter() {
        // The shell's own, because programs of that name differ in how they read a minus.
        let _ = Command::new("bash").args(["-c", &format!("kill -- -{group} 2>/dev/null")]).status();
    }
    if !groups.is_empty() {
        // The watchdog of a server stops it when its owner is gone, and needs its files for that.
        thread::sleep(time::Duration::from_secs(2));
    }
    for folder in locked(&FOLDERS).iter() {
        let _ = fs::remove_dir_all(folder);
    }
}

fn locked<T>(values: &Mutex<T>) -> MutexGuard<'_, T> {
    values.lock().unwrap_or_else(PoisonError::into_inner)
}
