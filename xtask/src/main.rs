//! What a contributor runs: `cargo xtask <verb>`.

use std::process::ExitCode;

mod guides;
mod process;
mod quickstart;
mod server;

const USAGE: &str = "usage: cargo xtask <verb>

  guides [NAME…]   runs the code of the guides and of the README: of these, or of all
  quickstart       sets up what is missing for the tour, and runs it";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["guides", ref names @ ..] => guides::run(names),
        ["quickstart"] => quickstart::run(),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
