//! Lets clients in Rust, Python and JavaScript loose on one server, mixing all operations while one fault follows the other, and
//! checks afterwards that what they were told is true, that nothing is lost, halved or doubled, and that their memory is flat.
//!
//! ```text
//! cargo run --release -p crm-tests --bin soak -- --minutes 10 [--seed N] [--report FILE]
//! ```
//!
//! What else there is to do goes into `Client::turn` of each language, a further fault into `Fault::ALL`, and what has to hold then into
//! `invariants`. The server is one of the soak's own; `tests/python.sh build` and `tests/node.sh build` come first. It prints a page, of which
//! `tests/soak/report.txt` is an example, and exits with 1 if an invariant is broken. A seed gives the faults their order
//! and most of the clients their choices; when they meet is the machine's.

mod clients;
mod faults;
mod foreign;
mod ground;
mod invariants;
mod ledger;
mod memory;
mod report;

use std::time::{Duration, Instant};

use clients::Clients;
use foreign::Foreign;
use ground::Ground;
use invariants::{Invariant, check_sessions};
use ledger::Account;
use memory::Sampler;
use report::Report;

const USAGE: &str = "usage: soak [--minutes N] [--seed N] [--report FILE]";

/// Are the options of a run.
struct Options {
    time: Duration,
    seed: u64,
    report: Option<String>,
}

impl Options {
    fn read(words: &[String]) -> Result<Self, String> {
        let mut options =
            Self { time: Duration::from_mins(1), seed: fastrand::u64(0..1_000_000), report: None };
        for pair in words.chunks(2) {
            let [name, value] = pair else { return Err(format!("{} wants a value", pair[0])) };
            match name.as_str() {
                "--minutes" => {
                    let minutes = value.parse().ok().filter(|minutes| (0.05..=10_000.0).contains(minutes));
                    let minutes: f64 =
                        minutes.ok_or(format!("--minutes wants 0.05 to 10000, not {value}"))?;
                    options.time = Duration::from_secs_f64(minutes * 60.0);
                }
                "--seed" => {
                    options.seed =
                        value.parse().map_err(|_| format!("--seed wants a number, not {value}"))?;
                }
                "--report" => options.report = Some(value.clone()),
                _ => return Err(format!("there is no option {name}")),
            }
        }
        Ok(options)
    }
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--help") {
        println!("{USAGE}");
        return;
    }
    let options = Options::read(&words).unwrap_or_else(|wrong| fail(&format!("{wrong}\n{USAGE}")));
    if let Some(missing) = foreign::missing() {
        fail(missing);
    }
    let report = soak(&options).await.unwrap_or_else(|wrong| fail(&wrong));
    println!("{report}");
    if let Some(path) = options.report {
        std::fs::write(&path, format!("{report}\n"))
            .unwrap_or_else(|error| fail(&format!("{path}: {error}")));
    }
    if !report.holds() {
        std::process::exit(1);
    }
}

fn fail(why: &str) -> ! {
    eprintln!("{why}");
    std::process::exit(2)
}

async fn soak(options: &Options) -> Result<Report, String> {
    eprintln!("soaking for {:.1} minutes, seed {}", options.time.as_secs_f64() / 60.0, options.seed);
    let mut ground = Ground::make(options.seed).await.map_err(|error| error.to_string())?;
    // Python and Node take their time to start, so they do it side by side.
    let mut foreign = vec![Foreign::python(&ground)?, Foreign::node(&ground)?];
    foreign.iter().try_for_each(Foreign::is_ready)?;
    let mut rust = Clients::start(&ground).await.map_err(|error| error.to_string())?;
    let mut processes = vec![("rust", std::process::id())];
    processes.extend(foreign.iter().map(|process| (process.language, process.id())));
    let begun = Instant::now();
    let sampler = Sampler::start(&processes);

    let faults = faults::let_loose(&mut ground, begun + options.time).await;

    eprintln!("the faults are over; checking");
    // No fault is left, and everybody has to come through.
    let memory = sampler.stop().await;
    let time = begun.elapsed();
    foreign.iter_mut().for_each(Foreign::ask_to_stop);
    let mut findings: Vec<String> = memory.iter().filter_map(memory::Process::growth).collect();
    let mut accounts = vec![("rust", rust.stop().await)];
    for process in &mut foreign {
        // It waits for a thread that reads lines, and nothing else is left to do.
        match process.account() {
            Ok(account) => accounts.push((process.language, account)),
            Err(wrong) => findings.push(wrong),
        }
    }
    let url = ground.direct();
    let sessions = check_sessions(&url).await;
    rust.close().await;
    findings.extend(foreign.into_iter().filter_map(|process| process.close().err()));
    for (_, Account { tally, .. }) in &accounts {
        findings.extend(tally.findings.iter().cloned());
    }
    let ledgers: Vec<_> = accounts.iter().flat_map(|(_, account)| account.ledgers.clone()).collect();
    let (mut invariants, fate) = invariants::check(&url, &ledgers).await;
    invariants.push(sessions);
    invariants.push(came_back(&ledgers));
    let server = invariants::version(&url).await;
    let seed = options.seed;
    Ok(Report { time, seed, server, accounts, faults, fate, memory, invariants, findings })
}

/// Checks that each client has got on: one that was stuck would keep all promises.
fn came_back(ledgers: &[ledger::Ledger]) -> Invariant {
    let mut invariant = Invariant::new("every client has written (by client)");
    for ledger in ledgers {
        invariant.check(ledger.next > 0, || format!("{} has written nothing", ledger.client));
    }
    invariant
}
