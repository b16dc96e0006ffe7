//! The steps of a run, and how their tests are counted.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use super::interrupt;
use crate::process::command;

/// The steps that have run, and what they use.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) passed: u32,
    pub(super) failed: u32,
    /// The name of each step that failed, and the command to run it again.
    pub(super) broken: Vec<String>,
    environment: Vec<(&'static str, OsString)>,
}

impl Steps {
    pub(super) const fn new(environment: Vec<(&'static str, OsString)>) -> Self {
        Self { passed: 0, failed: 0, broken: Vec::new(), environment }
    }

    /// Sets a variable for the steps that follow.
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<OsString>) {
        self.environment.retain(|(known, _)| *known != name);
        self.environment.push((name, value.into()));
    }

    /// Returns the value of a variable that was set for the steps.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let found = self.environment.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.to_string_lossy().into_owned())
    }

    /// Runs a step that passes or fails as a whole.
    pub(super) fn step(&mut self, name: &str, words: &[&str]) {
        let began = begin(name);
        let succeeded = interrupt::run(&mut self.prepared(words)).is_ok_and(|status| status.success());
        if succeeded {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
        self.end(name, words, began, succeeded);
    }

    /// Runs a step whose tests are counted; one that breaks before it counts is one failure.
    pub(super) fn counted(&mut self, name: &str, words: &[&str]) {
        let began = begin(name);
        let (mut passed, mut failed) = (0, 0);
        let ended = self.shown(words, |line| {
            let (more_passed, more_failed) = counts(line).unwrap_or_default();
            passed += more_passed;
            failed += more_failed;
        });
        // A pattern that no test has is no success.
        let succeeded = ended.is_ok_and(|status| status.success()) && (passed, failed) != (0, 0);
        if !succeeded && failed == 0 {
            failed = 1;
        }
        self.passed += passed;
        self.failed += failed;
        self.end(name, words, began, succeeded);
    }

    /// Runs a command, shows what it prints, and hands each line over.
    fn shown(&self, words: &[&str], mut read: impl FnMut(&str)) -> io::Result<ExitStatus> {
        let (reader, writer) = io::pipe()?;
        let mut command = self.prepared(words);
        command.stdout(writer.try_clone()?).stderr(writer);
        let child = interrupt::start(&mut command)?;
        // It holds the end of the pipe that is written to.
        drop(command);
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            let text = String::from_utf8_lossy(&line);
            // Not `io::stdout`, by which a test of this would print lines that a run counts.
            print!("{text}");
            read(text.trim_end());
            line.clear();
        }
        interrupt::wait(child)
    }

    /// Prepares a command with the variables of the steps.
    pub(super) fn prepared(&self, words: &[&str]) -> Command {
        let mut command = command(words[0]);
        command.args(&words[1..]).envs(self.environment.iter().cloned()).stdin(Stdio::null());
        command
    }

    fn end(&mut self, name: &str, words: &[&str], began: Instant, succeeded: bool) {
        let seconds = began.elapsed().as_secs();
        if succeeded {
            println!("== {name}: passed in {seconds} s");
        } else {
            let again = words.join(" ");
            eprintln!("== {name}: FAILED after {seconds} s; again: {again}");
            self.broken.push(format!("{name}: {again}"));
        }
    }
}

fn begin(name: &str) -> Instant {
    println!("== {name}");
    Instant::now()
}

/// Reads how many tests passed and failed from a line of cargo's, pytest's or node's.
fn counts(line: &str) -> Option<(u32, u32)> {
    let number = |word: &str| word.parse().ok();
    let words: Vec<_> = line.split_whitespace().collect();
    match words[..] {
        ["test", "result:", _, passed, "passed;", failed, "failed;", ..] => {
            Some((number(passed)?, number(failed)?))
        }
        ["ℹ", "pass", passed] => Some((number(passed)?, 0)),
        ["ℹ", "fail", failed] => Some((0, number(failed)?)),
        [failed, "failed,", passed, word, ..] if word.starts_with("passed") && words.contains(&"in") => {
            Some((number(passed)?, number(failed)?))
        }
        [passed, word, ..] if word.starts_with("passed") && words.contains(&"in") => {
            Some((number(passed)?, 0))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_all_runners_are_counted() {
        for (line, expected) in [
            (
                "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.1s",
                (12, 0),
            ),
            ("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", (1, 2)),
            ("318 passed in 21.40s", (318, 0)),
            ("5 passed, 2 skipped in 1.02s", (5, 0)),
            ("1 failed, 5 passed, 2 skipped in 1.02s", (5, 1)),
            ("ℹ pass 40", (40, 0)),
            ("ℹ fail 2", (0, 2)),
        ] {
            assert_eq!(counts(line), Some(expected), "{line}");
        }
        for line in ["12 passed, 0 failed", "running 12 tests", "", "ℹ skipped 1", "the test passed in time"]
        {
            assert_eq!(counts(line), None, "{line}");
        }
    }

    #[test]
    fn a_step_that_counts_nothing_fails() {
        let mut steps = Steps::new(Vec::new());
        steps.counted("a pattern that no test has", &["true"]);
        steps.counted("a program that breaks", &["bash", "-c", "echo 3 passed in 1s; exit 1"]);
        steps.counted("a program that passes", &["bash", "-c", "echo 4 passed in 1s >&2"]);
        steps.step("a step", &["false"]);
        assert_eq!((steps.passed, steps.failed), (7, 3));
        assert_eq!(steps.broken.len(), 3);
    }
}
