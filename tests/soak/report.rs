//! The page that a run prints.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::faults::Faults;
use crate::invariants::{Fate, Invariant};
use crate::ledger::{Account, Tally};
use crate::memory::Process;

/// Is everything that is known of a run.
pub(crate) struct Report {
    pub(crate) time: Duration,
    pub(crate) seed: u64,
    pub(crate) server: String,
    pub(crate) accounts: Vec<(&'static str, Account)>,
    pub(crate) faults: Faults,
    pub(crate) fate: Fate,
    pub(crate) memory: Vec<Process>,
    pub(crate) invariants: Vec<Invariant>,
    /// What went wrong beside.
    pub(crate) findings: Vec<String>,
}

impl Report {
    pub(crate) fn holds(&self) -> bool {
        self.findings.is_empty() && self.invariants.iter().all(|invariant| invariant.broken.is_empty())
    }

    fn tallies(&self) -> impl Iterator<Item = (&'static str, &Tally)> {
        self.accounts.iter().map(|(language, account)| (*language, &account.tally))
    }

    fn calls(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut groups: Vec<&str> =
            self.tallies().flat_map(|(_, tally)| tally.calls.keys().map(String::as_str)).collect();
        groups.sort_unstable();
        groups.dedup();
        write!(f, "{:<14}", "calls")?;
        for (language, _) in self.tallies() {
            write!(f, "{:>28}", format!("{language}: ok / not / unknown"))?;
        }
        writeln!(f)?;
        for group in groups {
            write!(f, "  {group:<12}")?;
            for (_, tally) in self.tallies() {
                let count = |is_one: &dyn Fn(&str) -> bool| -> u64 {
                    let outcomes = tally.calls.get(group).into_iter().flatten();
                    outcomes.filter(|(outcome, _)| is_one(outcome)).map(|(_, count)| count).sum()
                };
                let (ok, unknown) =
                    (count(&|outcome| outcome == "ok"), count(&|outcome| outcome == "unknown"));
                let not = count(&|outcome| outcome != "ok" && outcome != "unknown");
                write!(f, "{:>28}", format!("{ok} / {not} / {unknown}"))?;
            }
            writeln!(f)?;
        }
        let mut outcomes: Vec<&str> = self
            .tallies()
            .flat_map(|(_, tally)| {
                tally.calls.values().flat_map(|outcomes| outcomes.keys().map(String::as_str))
            })
            .collect();
        outcomes.sort_unstable();
        outcomes.dedup();
        writeln!(f, "\nhow they ended")?;
        for outcome in outcomes {
            write!(f, "  {outcome:<20}")?;
            for (_, tally) in self.tallies() {
                let count: u64 = tally.calls.values().filter_map(|outcomes| outcomes.get(outcome)).sum();
                write!(f, "{count:>12}")?;
            }
            writeln!(f)?;
        }
        write!(f, "  {:<20}", "longest call, s")?;
        for (_, tally) in self.tallies() {
            write!(f, "{:>12.1}", tally.longest.1)?;
        }
        let longest: Vec<&str> = self.tallies().map(|(_, tally)| &*tally.longest.0).collect();
        writeln!(f, "  ({})", longest.join(", "))
    }

    fn memory(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nresident memory, MB       warm      middle         end    growth a minute")?;
        for process in &self.memory {
            let [warm, middle, end] = process.course();
            let verdict = match process.growth() {
                Some(_) => "GROWS",
                None if process.is_judged() => "flat",
                None => "too short a run to say",
            };
            writeln!(
                f,
                "  {:<14}{warm:>14.1}{middle:>12.1}{end:>12.1}{:>12.2}  {verdict}",
                process.language,
                process.slope()
            )?;
        }
        Ok(())
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let calls: u64 =
            self.tallies().flat_map(|(_, tally)| tally.calls.values().flat_map(|o| o.values())).sum();
        let faults: u32 = self.faults.values().sum();
        writeln!(
            f,
            "soak of crm {} on PostgreSQL {}: {:.1} minutes, {calls} calls, {faults} faults, seed {}{}\n",
            env!("CARGO_PKG_VERSION"),
            self.server,
            self.time.as_secs_f64() / 60.0,
            self.seed,
            if cfg!(debug_assertions) { ", a debug build" } else { "" }
        )?;
        self.calls(f)?;
        writeln!(f, "\nfaults")?;
        for (fault, count) in &self.faults {
            writeln!(f, "  {count:>4}  {fault}")?;
        }
        let Fate { there, deleted, unknown: (done, not) } = self.fate;
        writeln!(
            f,
            "\nwrites of rows of one's own: {} acknowledged ({there} are there, {deleted} deleted again), {} of unknown \
             outcome\n  ({done} are there, {not} are not)",
            there + deleted,
            done + not
        )?;
        self.memory(f)?;
        writeln!(f, "\ninvariants")?;
        for Invariant { what, looked_at, broken } in &self.invariants {
            let verdict = if broken.is_empty() { "holds" } else { "BROKEN" };
            writeln!(f, "  {verdict:<7}{looked_at:>9}  {what}")?;
        }
        for finding in &self.findings {
            writeln!(f, "\nFOUND: {finding}")?;
        }
        for Invariant { what, broken, .. } in &self.invariants {
            for row in broken {
                writeln!(f, "\nFOUND against \"{what}\": {row}")?;
            }
        }
        write!(
            f,
            "\n{}",
            if self.holds() { "all invariants hold" } else { "SOMETHING IS WRONG: see what was found" }
        )
    }
}
