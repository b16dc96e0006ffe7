//! The README's first command: a tour of the library on a private server.

use crate::process::{command, run as run_command};
use crate::server;

/// Gets a server where there is none, and runs the tour on it.
///
/// # Errors
/// Says what to install where no server can be had.
pub(crate) fn run() -> Result<(), String> {
    let mut tour = command("cargo");
    tour.args(["run", "--example", "quickstart"]);
    if let Some(bin) = server::provide()? {
        tour.env("CRM_POSTGRES_BIN", bin);
    }
    run_command(&mut tour)
}
