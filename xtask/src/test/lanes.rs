//! Parts at the same time.

use std::fs::File;
use std::io;
use std::process::Child;

use super::interrupt;
use super::steps::Steps;
use crate::files::{Scratch, read};

/// Runs parts at the same time, each word a lane of parts joined by commas, and shows what each said when all have ended.
pub(super) fn run(steps: &mut Steps, lanes: &[&str]) {
    let logs = match Scratch::new("lanes") {
        Ok(logs) => logs,
        Err(error) => return fail(steps, &lanes.join(" "), &error),
    };
    interrupt::remove_on_signal(logs.path().to_owned());
    let running: Vec<_> = lanes.iter().map(|lane| start(steps, lane, &logs)).collect();
    let ended: Vec<_> = running.into_iter().map(|child| child.and_then(interrupt::wait)).collect();
    for (lane, ended) in lanes.iter().zip(ended) {
        match ended {
            Ok(_) => show(steps, lane, &read(&logs.path().join(lane)).unwrap_or_default()),
            Err(error) => fail(steps, lane, &error.to_string()),
        }
    }
}

fn start(steps: &Steps, lane: &str, logs: &Scratch) -> io::Result<Child> {
    let log = File::create(logs.path().join(lane))?;
    let words: Vec<_> = ["cargo", "xtask", "test"].into_iter().chain(lane.split(',')).collect();
    let mut command = steps.prepared(&words);
    command.env(interrupt::LANE, lane).stdout(log.try_clone()?).stderr(log);
    interrupt::start(&mut command)
}

/// Shows what a lane said but for its last lines, which are added to those of this run.
fn show(steps: &mut Steps, lane: &str, log: &str) {
    let counts = log.lines().last().and_then(counts);
    let mut lines: Vec<_> = log.lines().collect();
    if counts.is_some() {
        lines.pop();
    }
    for line in lines {
        match line.strip_prefix("failed: ") {
            Some(step) => steps.broken.push(step.to_owned()),
            None => println!("{line}"),
        }
    }
    match counts {
        Some((passed, failed)) => {
            steps.passed += passed;
            steps.failed += failed;
        }
        None => fail(steps, lane, "it broke off before it counted"),
    }
}

/// Counts a lane that breaks off as one failure.
fn fail(steps: &mut Steps, lane: &str, why: &str) {
    eprintln!("lane {lane}: {why}");
    steps.failed += 1;
    steps.broken.push(format!("lane {lane}: tests/run.sh {}", lane.replace(',', " ")));
}

/// Reads a run's last line.
fn counts(line: &str) -> Option<(u32, u32)> {
    let (passed, failed) = line.strip_suffix(" failed")?.split_once(" passed, ")?;
    Some((passed.parse().ok()?, failed.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_adds_its_counts_and_its_failures() {
        let mut steps = Steps::new(Vec::new());
        show(&mut steps, "node,soak", "== soak\nfailed: soak: cargo run\n3 passed, 1 failed\n");
        assert_eq!((steps.passed, steps.failed), (3, 1));
        assert_eq!(steps.broken, ["soak: cargo run"]);
    }

    #[test]
    fn a_lane_that_breaks_off_is_one_failure() {
        let mut steps = Steps::new(Vec::new());
        show(&mut steps, "node,soak", "== soak\n");
        assert_eq!((steps.passed, steps.failed), (0, 1));
        assert_eq!(steps.broken, ["lane node,soak: tests/run.sh node soak"]);
    }
}
