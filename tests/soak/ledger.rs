//! What a client knows of the rows that it wrote: enough to say of each of them what has to be there at the end, in memory that
//! does not grow with the run but by the few calls of unknown outcome. The clients in Python and JavaScript keep the same.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

/// Is how many of its latest rows a client knows all about.
pub(crate) const RING: usize = 24;

/// Is how many interactions a bulk load has, too many for arrays.
pub(crate) const BULK: i64 = 510;

/// Is what a client writes under one number; it is there as a whole or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    Customer,
    Lead,
    Task,
    Interaction,
    /// A customer with a lead, a task and an interaction, by one transaction.
    Deal,
    /// Some customers by one call.
    Many,
    /// A customer with many interactions, by one transaction.
    Bulk,
}

impl Kind {
    pub(crate) fn of(number: i64) -> Self {
        match (number % 120, number % 50, number % 10) {
            (29, ..) => Self::Bulk,
            (_, 49, _) => Self::User,
            (.., 0 | 1) => Self::Customer,
            (.., 2 | 3) => Self::Lead,
            (.., 4 | 5) => Self::Task,
            (.., 6 | 7) => Self::Interaction,
            (.., 8) => Self::Deal,
            _ => Self::Many,
        }
    }
}

/// Returns how many users, customers, leads, tasks and interactions a number stands for.
pub(crate) fn rows(number: i64) -> [i64; 5] {
    match Kind::of(number) {
        Kind::User => [1, 0, 0, 0, 0],
        Kind::Customer => [0, 1, 0, 0, 0],
        Kind::Lead => [0, 0, 1, 0, 0],
        Kind::Task => [0, 0, 0, 1, 0],
        Kind::Interaction => [0, 0, 0, 0, 1],
        Kind::Deal => [0, 1, 1, 1, 1],
        Kind::Many => [0, 2 + number % 5, 0, 0, 0],
        Kind::Bulk => [0, 1, 0, 0, BULK],
    }
}

/// Tells whether the client writes it in its user's name, not as the trusted system.
pub(crate) fn acts(number: i64) -> bool {
    Kind::of(number) != Kind::User && number % 7 > 3
}

/// Tells whether it stays when it leaves the ring; the others are deleted then.
pub(crate) fn stays(number: i64) -> bool {
    number % 3 == 0
}

/// Is what a client knows of one of its latest rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) number: i64,
    /// Of the customer, where it is more than one row.
    pub(crate) id: i64,
    /// All the ids, of [`Kind::Many`] only.
    pub(crate) ids: Vec<i64>,
    /// The version that it has at least.
    pub(crate) version: i64,
    /// How many more changes it may have had.
    pub(crate) unknown: i64,
    /// By whom the last change was, as far as that is known.
    pub(crate) updated_by: Option<i64>,
}

/// Is what one client knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ledger {
    /// Language and number.
    pub(crate) client: String,
    /// In whose name it acts when it acts.
    pub(crate) actor: i64,
    /// The number of the row that comes next.
    pub(crate) next: i64,
    pub(crate) ring: VecDeque<Row>,
    /// The numbers of which it cannot know whether they are there.
    pub(crate) unknown: Vec<i64>,
    /// The customer to which it adds tags, and others do too.
    pub(crate) anchor: i64,
    /// The tags that have to be there.
    pub(crate) tags: Vec<String>,
    /// The tags that may be there.
    pub(crate) perhaps: Vec<String>,
    /// The lead whose value it counts up, and others do too.
    pub(crate) counter: i64,
    pub(crate) counted: i64,
    /// How often it may have counted beside.
    pub(crate) perhaps_counted: i64,
}

impl Ledger {
    /// Returns the name of everything under a number, which says who made it.
    pub(crate) fn name(&self, number: i64) -> String {
        format!("{}-{number} by {}", self.client, if acts(number) { self.actor } else { 0 })
    }
}

/// Is how the calls of one process ended.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// By group of operations and by outcome: `ok`, `unknown`, `cancelled`, or the code of an error whose outcome is known.
    pub(crate) calls: BTreeMap<String, BTreeMap<String, u64>>,
    /// The call that took longest, and its seconds.
    pub(crate) longest: (String, f64),
    /// What ought not to have happened.
    pub(crate) findings: Vec<String>,
}

/// Is how many findings of a process are kept: one bug shows in many calls.
const FINDINGS: usize = 30;

impl Tally {
    pub(crate) fn count(&mut self, group: &str, outcome: &str) {
        // The names are few, and looked for before a text is made of them.
        if !self.calls.contains_key(group) {
            self.calls.insert(group.to_owned(), BTreeMap::new());
        }
        let outcomes = self.calls.get_mut(group).expect("it was put in");
        match outcomes.get_mut(outcome) {
            Some(count) => *count += 1,
            None => drop(outcomes.insert(outcome.to_owned(), 1)),
        }
    }

    pub(crate) fn took(&mut self, operation: &str, seconds: f64) {
        if seconds > self.longest.1 {
            self.longest = (operation.to_owned(), seconds);
        }
    }

    pub(crate) fn find(&mut self, finding: String) {
        if self.findings.len() < FINDINGS {
            self.findings.push(finding);
        }
    }

    /// Adds what another task of the process has seen.
    pub(crate) fn add(&mut self, other: Self) {
        for (group, outcomes) in other.calls {
            let ours = self.calls.entry(group).or_default();
            for (outcome, count) in outcomes {
                *ours.entry(outcome).or_default() += count;
            }
        }
        self.took(&other.longest.0, other.longest.1);
        other.findings.into_iter().for_each(|finding| self.find(finding));
    }
}

/// Is what a process hands over when its clients have ended.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) ledgers: Vec<Ledger>,
    #[serde(flatten)]
    pub(crate) tally: Tally,
}
