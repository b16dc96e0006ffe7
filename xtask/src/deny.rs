//! The check of all dependencies by `deny.toml`.

use crate::process::{command, output, root, run as run_command};

/// The version of cargo-deny; another with the same minor version does as well.
const VERSION: &str = "0.20.2";

/// Holds the dependencies to `deny.toml`, with the cargo-deny that is installed or with one in `target/tools`.
///
/// # Errors
/// Says how to get cargo-deny where building it fails; what is wrong with a dependency is printed before.
pub(crate) fn run() -> Result<(), String> {
    let own = root().join("target/tools/bin/cargo-deny");
    let installed = "cargo-deny".as_ref();
    let found = [installed, own.as_os_str()].into_iter().find(|tool| {
        let minor = VERSION.rsplit_once('.').map_or(VERSION, |(minor, _)| minor);
        let wanted = format!("cargo-deny {minor}.");
        output(command(tool).arg("--version")).is_ok_and(|version| version.starts_with(&wanted))
    });
    if found.is_none() {
        build()?;
    }
    let mut check = command(found.unwrap_or(own.as_os_str()));
    run_command(check.args(["--locked", "check", "licenses", "bans", "sources"]))
}

fn build() -> Result<(), String> {
    println!("building cargo-deny {VERSION} into target/tools once, which takes a minute or two");
    let mut install = command("cargo");
    // Its release profile optimises and links for minutes, and a run takes a second either way.
    install.args(["install", "--quiet", "--locked", "--debug", "--root", "target/tools"]);
    install.arg(format!("cargo-deny@{VERSION}")).env("CARGO_PROFILE_DEV_DEBUG", "false");
    run_command(&mut install).map_err(|error| {
        format!(
            "{error}\nRun cargo install --locked cargo-deny@{VERSION} where crates.io or a mirror of it is within reach, \
             or put its released program on the PATH"
        )
    })
}
