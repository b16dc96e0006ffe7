//! The programs that the verbs start.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The variables that cargo sets for the program it runs; those of the package begin with `CARGO_PKG_`.
const OF_CARGO: [&str; 6] = [
    "CARGO",
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_PRIMARY_PACKAGE",
];

/// Returns the top folder of the repository.
pub(crate) fn root() -> PathBuf {
    // At run time, because the checkout may have moved since the build.
    let here = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map_or_else(|| here.clone(), Path::to_owned)
}

/// Prepares a program that runs at the top of the repository.
///
/// It does not get the variables that cargo set for xtask: build scripts that watch them would run again.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || OF_CARGO.contains(&&*text) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command to its end.
///
/// # Errors
/// Names the command that cannot be started or fails.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let status =
        command.status().map_err(|error| format!("{} cannot be started: {error}", shown(command)))?;
    if status.success() { Ok(()) } else { Err(format!("failed: {}", shown(command))) }
}

/// Runs a command and returns what it printed, without the white space at the end.
///
/// # Errors
/// Names the command that cannot be started, or carries the output of one that fails.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{} cannot be started: {error}", shown(command)))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    if output.status.success() {
        return Ok(printed.trim_end().to_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(format!("failed: {}\n{printed}{complaint}", shown(command)).trim_end().to_owned())
}

/// Tells whether a program of that name is on the `PATH`.
pub(crate) fn on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// Tells whether root runs this.
pub(crate) fn is_root() -> bool {
    output(command("id").arg("-u")).is_ok_and(|id| id == "0")
}

/// Prepares a program of the Python environment that `tests/python.sh build` makes.
pub(crate) fn python_tool(name: &str) -> Command {
    let mut command = command(root().join("target/python/venv/bin").join(name));
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    command
}

/// Prepares npm, which then says only what went wrong.
pub(crate) fn npm() -> Command {
    let mut command = command("npm");
    quiet_npm(&mut command);
    command
}

/// Tells the npm that a program starts to say only what went wrong.
pub(crate) fn quiet_npm(command: &mut Command) -> &mut Command {
    let names = ["fund", "audit", "update_notifier"];
    command.envs(names.map(|name| (format!("npm_config_{name}"), "false")))
}

/// Tells whether all is to be tried of what is otherwise tried in part.
pub(crate) fn is_thorough() -> bool {
    env::var_os("CRM_THOROUGH").is_some_and(|value| !value.is_empty())
}

/// Writes a command as one would type it.
fn shown(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
