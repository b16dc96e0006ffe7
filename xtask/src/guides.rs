//! The code of the guides and of the README, which the program `xtask/guides` runs.

use crate::process::{command, run as run_command};

/// Runs the guides of these names, or all.
///
/// # Errors
/// Names the command when a guide fails; the guide's own words stand before.
pub(crate) fn run(names: &[&str]) -> Result<(), String> {
    run_command(command("cargo").args(["run", "--quiet", "-p", "crm-guides", "--"]).args(names))
}
