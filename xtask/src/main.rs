//! What a contributor runs: `cargo xtask <verb>`.

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask <verb>";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result: Result<(), String> = match words[..] {
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
