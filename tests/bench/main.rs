//! Measures what the library costs and what it saves; each figure is a median of interleaved rounds.
//!
//! ```text
//! cargo run --release -p crm-tests --features peers --bin bench -- targets
//! bench targets [--scale 1] [--rounds 5]         the targets of speed and memory, beside tokio-postgres and bare SQL
//! bench growth [--scales 1,10,50] [--rounds 5]   every operation, as the tables grow
//! bench pipeline [--scale 50] [--rounds 5]       what the totals of the pipeline cost 16 writers, and save a reader
//! bench security                                 what acting handles and logins cost, always on a server of its own
//! ```
//!
//! The databases are made once on a server of the bench's own in `target/bench`, or as a superuser's with `--server URL` on another, where
//! they are called `crm_bench_…` and stay. A scale of one is 10,000 customers, 20,000 leads and tasks, and 100,000 interactions.

mod ground;
mod growth;
mod pipeline;
mod rounds;
mod security;
mod targets;

use std::time::Duration;

use crm_postgres::Result;

/// Are the options of a run.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) server: Option<String>,
    pub(crate) scales: Vec<i64>,
    pub(crate) rounds: usize,
}

impl Options {
    /// Reads the options behind a command, or tells which is none of it.
    fn read(command: &str, words: &[String]) -> Result<Self, String> {
        let mut options = Self { server: None, scales: Vec::new(), rounds: 5 };
        for pair in words.chunks(2) {
            let [name, value] = pair else { return Err(format!("{} wants a value", pair[0])) };
            let number = |text: &str| {
                text.parse::<u32>()
                    .ok()
                    .filter(|n| *n > 0)
                    .ok_or(format!("{name} wants numbers from 1 on, not {text}"))
            };
            match (command, name.as_str()) {
                ("targets" | "growth" | "pipeline", "--server") => options.server = Some(value.clone()),
                ("targets" | "growth" | "pipeline", "--rounds") => options.rounds = number(value)? as usize,
                ("targets" | "pipeline", "--scale") => options.scales = vec![number(value)?.into()],
                ("growth", "--scales") => {
                    options.scales = value
                        .split(',')
                        .map(|scale| number(scale).map(i64::from))
                        .collect::<Result<_, _>>()?;
                }
                _ => return Err(format!("{command} has no option {name}")),
            }
        }
        Ok(options)
    }

    fn scale(&self, usual: i64) -> i64 {
        self.scales.first().copied().unwrap_or(usual)
    }
}

const USAGE: &str = "usage: bench targets|pipeline [--scale N] [--rounds N] [--server URL]
       bench growth [--scales N,N] [--rounds N] [--server URL]
       bench security";

#[tokio::main]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) =
        words.split_first().map_or(("--help", &words[..]), |(command, rest)| (command.as_str(), rest));
    let options = Options::read(command, rest).unwrap_or_else(|wrong| {
        eprintln!("{wrong}\n{USAGE}");
        std::process::exit(2);
    });
    match command {
        "targets" => targets::measure(&options).await,
        "growth" => growth::measure(&options).await,
        "pipeline" => pipeline::measure(&options).await,
        "security" => security::measure().await,
        "--help" => {
            println!("{USAGE}");
            Ok(())
        }
        _ => {
            eprintln!("there is nothing called {command} to measure\n{USAGE}");
            std::process::exit(2);
        }
    }
}

/// Returns the duration below which this part of the sorted ones lies.
fn quantile(sorted: &[Duration], part: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "an index into a list of measurements"
    )]
    let at = ((sorted.len() - 1) as f64 * part).round() as usize;
    sorted[at]
}

fn median(durations: &mut [Duration]) -> Duration {
    durations.sort_unstable();
    quantile(durations, 0.5)
}

/// Writes the distribution of some durations in a line.
fn show(name: &str, durations: &mut [Duration]) {
    durations.sort_unstable();
    let parts = [0.0, 0.1, 0.5, 0.9, 0.99, 1.0].map(|part| quantile(durations, part).as_secs_f64() * 1e3);
    let [least, p10, p50, p90, p99, most] = parts;
    println!(
        "{name:<34} n {:>6}  min {least:>7.3}  p10 {p10:>7.3}  p50 {p50:>7.3}  p90 {p90:>7.3}  p99 {p99:>7.3}  max {most:>7.3} ms",
        durations.len()
    );
}
