//! What a contributor runs: `cargo xtask <verb>`.

use std::process::ExitCode;

/// The blocks of code in a Markdown file, which the runner of the guides reads too.
#[path = "../guides/blocks.rs"]
#[expect(dead_code, reason = "a newcomer types the blocks, and does not run them by the rules for guides")]
mod blocks;
mod deny;
mod files;
mod generate;
mod guides;
mod newcomer;
mod package;
mod process;
mod quickstart;
mod reference;
mod server;
mod test;

const USAGE: &str = "usage: cargo xtask <verb>

  deny                  holds the dependencies to deny.toml
  generate [--check]    writes what is generated from crm-core's sources, or only names what is stale
  guides [NAME…]        runs the code of the guides and of the README: of these, or of all
  newcomer [LANGUAGE…]  does what a newcomer does in an empty folder: release builds, ten minutes
  package [STEP…]       builds the packages that are published, and tries them out; `package help` lists the steps
  quickstart            sets up what is missing for the tour, and runs it
  reference             makes the references of the three languages in target/docs
  test [PART…]          runs everything that CI runs, or parts of it; `test help` lists them";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["deny"] => deny::run(),
        ["generate"] => generate::write(),
        ["generate", "--check"] => generate::check(),
        ["guides", ref names @ ..] => guides::run(names),
        ["newcomer", ref languages @ ..] => newcomer::run(languages),
        ["package", ref words @ ..] => package::run(words),
        ["quickstart"] => quickstart::run(),
        ["reference"] => reference::run(),
        ["test", ref parts @ ..] => test::run(parts),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            if !message.is_empty() {
                eprintln!("{message}");
            }
            ExitCode::FAILURE
        }
    }
}
