//! The plans of everything the library sends, on 100,000 rows a table: a statement whose cost would grow with the tables
//! fails here, long before anybody waits for it.
//!
//! No SQL stands here. The tests call the library, capture what it sends and look at the plans, both those made for the
//! values at hand and those that the server keeps for any values.

mod acting;
mod capture;
mod coverage;
mod data;
mod exceptions;
mod filters;
mod keys;
mod lists;
mod refused;
mod reports;
mod start;
mod users;
mod whole;
mod writes;

use std::collections::{BTreeMap, BTreeSet};

use capture::{Capture, Mode, Operation, Statement};
use crm_core::*;
use exceptions::EXCEPTIONS;

/// Is how many rows the library asks for to fill a page: one more, to know whether there is a next one.
const PAGE: u32 = DEFAULT_LIMIT + 1;

fn is_excepted(name: &str) -> bool {
    EXCEPTIONS.iter().any(|(case, _)| covers(case, name))
}

/// Tells whether an exception is for a case: it holds for both directions unless it names the one, and for the first page as for a later one.
fn covers(exception: &str, name: &str) -> bool {
    let either = name.replace(" by -", " by ");
    [name, &either].into_iter().any(|name| name == exception || name.strip_suffix(MIDDLE) == Some(exception))
}

/// Are the operations whose statements, COPY and DECLARE, are planned anew each time, and so for the values at hand only; and the end
/// of a stream's transaction.
const UNNAMED: [&str; 3] = ["crm.stream", "crm.export", "crm.commit"];

/// Is what the name of a case ends with whose page begins in the middle of the table.
const MIDDLE: &str = ", after the middle";

/// Is what belongs together: the beginning of the cases' names, and the operations of which the cases look at all that the
/// library has, those that are the same for all entities with each of them.
struct Group {
    name: &'static str,
    operations: &'static [&'static str],
}

/// Runs cases and notes what each does that it should not.
struct Suite {
    capture: Capture,
    operations: BTreeSet<Operation>,
    offences: BTreeMap<String, BTreeSet<String>>,
    /// How many statements had a plan of the kind looked at.
    judged: usize,
}

impl Suite {
    /// Runs a call that is to read at most `budget` rows a step by way of these indexes.
    async fn case<T>(
        &mut self,
        name: &str,
        indexes: &[&str],
        budget: u32,
        call: impl Future<Output = Result<T>>,
    ) -> T {
        let (result, statements) = self.of(call).await;
        self.judge(name, indexes, budget, &statements);
        result.expect(name)
    }

    /// Runs a call and returns the statements behind it, to be judged by what it has found.
    async fn of<T>(&mut self, call: impl Future<Output = T>) -> (T, Vec<Statement>) {
        let (result, statements) = self.capture.of(Box::pin(call)).await;
        self.operations.extend(self.capture.operations());
        (result, statements)
    }

    fn judge(&mut self, name: &str, indexes: &[&str], budget: u32, statements: &[Statement]) {
        let missing = indexes.iter().filter(|index| {
            !index.is_empty()
                && !statements.iter().all(Statement::is_of_act_as)
                && !statements.iter().any(|statement| statement.steps(index).next().is_some())
        });
        let offences = statements.iter().flat_map(|statement| statement.offences(budget));
        let offences = offences.chain(missing.map(|index| format!("does not use {index}")));
        self.judged += statements.len();
        let noted = self.offences.entry(name.to_owned()).or_default();
        noted.extend(offences.map(|offence| format!("{:?} plan {offence}", self.capture.mode)));
    }
}

/// Runs the cases of a group with both kinds of plan and compares what they do with the exceptions of the group, and the
/// operations that they have called with those that the group says it covers.
async fn judge(group: &Group, url: &str, cases: impl AsyncFn(&mut Suite)) {
    let mut offences = BTreeMap::new();
    for mode in Mode::BOTH {
        let operations = BTreeSet::new();
        let mut suite = Suite { capture: Capture::start(url, mode).await, operations, offences, judged: 0 };
        Box::pin(cases(&mut suite)).await;
        assert!(suite.judged > 0, "the server has kept no plan at all");
        for operation in group.operations.iter().filter(|name| mode.is_custom() || !UNNAMED.contains(name)) {
            let of: Vec<_> = suite.operations.iter().filter(|(name, _)| name == operation).collect();
            let of_entities = of.iter().filter(|(_, entity)| entity.is_some()).count();
            let is_whole = !of.is_empty() && [0, EntityKind::ALL.len()].contains(&of_entities);
            assert!(is_whole, "the cases of {} do not cover {operation} but for {of:?}", group.name);
        }
        offences = suite.offences;
    }
    let wrong = offences.iter().filter(|(name, offences)| offences.is_empty() == is_excepted(name));
    let mut wrong: Vec<_> = wrong.map(|(name, offences)| format!("{name}: {offences:?}")).collect();
    let of_group = EXCEPTIONS.iter().filter(|(case, _)| case.starts_with(group.name));
    let unknown = of_group.filter(|(case, _)| !offences.keys().any(|name| covers(case, name)));
    wrong.extend(unknown.map(|(case, _)| format!("{case}: there is no such case")));
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), offences.len(), wrong.join("\n"));
}
