//! Measures what the library costs; each figure is a median of interleaved rounds on a private server.
//!
//! `cargo run --release -p crm-tests --bin bench -- security`

mod security;

use std::time::Duration;

use crm_postgres::Result;

#[tokio::main]
async fn main() -> Result<()> {
    if std::env::args().nth(1).as_deref() != Some("security") {
        eprintln!("usage: bench security");
        std::process::exit(2);
    }
    security::measure().await
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
