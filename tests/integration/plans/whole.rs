//! What reads all that a filter selects: counts, streams and exports. They look at what they answer with, and where that is
//! the whole table, a stream has its first rows before it has read the others.

use crm_core::*;
use crm_postgres::{Export, ExportSink};
use futures_util::TryStreamExt as _;

use super::{Group, PAGE, Suite, data, filters, is_excepted, judge};

pub(super) const GROUP: Group = Group {
    name: "whole",
    operations: &["crm.count", "crm.stream", "crm.export", "crm.commit", "crm.customers.tag_counts"],
};

/// Is how many rows a stream reads at a time; it reads a second time while the first rows are decoded.
const PART: u32 = 1_000;

/// Is how many rows are so few that an index is to find them.
const FEW: i64 = data::ROWS / 100;

/// Counts the bytes.
pub(super) struct Sink(pub(super) usize);

impl ExportSink for Sink {
    async fn take(&mut self, piece: &[u8]) -> Result<()> {
        self.0 += piece.len();
        Ok(())
    }
}

/// Runs an export, which is planned for the values at hand only, as a stream is.
async fn exported(suite: &mut Suite, name: &str, indexes: &[&str], budget: u32, export: Export) {
    if !suite.capture.mode.is_custom() {
        return;
    }
    let crm = suite.capture.crm.clone();
    let mut sink = Sink(0);
    suite.case(name, indexes, budget, Box::pin(crm.export(&export, &mut sink))).await;
    assert!(sink.0 > 0);
}

/// Counts, streams and exports what filters select, those that select a few rows.
async fn selected<E: Stored>(
    suite: &mut Suite,
    cases: Vec<filters::Case<E>>,
    export: impl Fn(E::Filter, Option<Order<E::OrderBy>>) -> Export,
) {
    let crm = suite.capture.crm.clone();
    let repository = E::repository(&crm);
    let plural = E::KIND.plural();
    // What has no index in a list has none here.
    let indexed = cases.into_iter().filter(|case| !is_excepted(&format!("filter: {plural} {}", case.name)));
    let mut judged = 0;
    for filters::Case { name, filter, .. } in indexed {
        let (count, statements) = suite.of(repository.count(&filter)).await;
        let count = count.unwrap();
        if count > FEW {
            continue;
        }
        judged += 1;
        // As many as there are, and a page of those that an index finds in vain.
        let budget = u32::try_from(count).unwrap() + PAGE;
        suite.judge(&format!("whole: count of {plural} {name}"), &[], budget, &statements);
        if !suite.capture.mode.is_custom() {
            continue;
        }
        let order = List::<E>::new().order;
        let rows = repository.stream(filter.clone(), order).try_collect::<Vec<_>>();
        let rows = suite.case(&format!("whole: stream of {plural} {name}"), &[], budget, rows).await;
        assert_eq!(i64::try_from(rows.len()).unwrap(), count);
        for order in [None, Some(order)] {
            let name = format!("whole: export of {plural} {name}");
            exported(suite, &name, &[], budget, export(filter.clone(), order)).await;
        }
    }
    assert!(judged >= 4, "{judged} filters select a few {plural}");
}

/// Reads everything: its number, its first rows in every order, and all of it as a table.
async fn everything<E: Stored>(
    suite: &mut Suite,
    export: impl Fn(E::Filter, Option<Order<E::OrderBy>>) -> Export,
) {
    let crm = suite.capture.crm.clone();
    let plural = E::KIND.plural();
    let all = E::Filter::default();
    let count = E::repository(&crm).count(&all);
    suite.case(&format!("whole: count of all {plural}"), &[], PAGE, count).await;
    let all = export(all.clone(), Some(List::<E>::new().order));
    exported(suite, &format!("whole: export of all {plural}"), &[], PAGE, all).await;
    for &by in E::OrderBy::ALL {
        // What is sorted in a list is sorted here.
        if is_excepted(&format!("order: {plural} by {by}")) || !suite.capture.mode.is_custom() {
            continue;
        }
        for order in [Order::ascending(by), Order::descending(by)] {
            let first = async {
                let tx = crm.begin().await?;
                let rows = E::repository(&tx).stream(E::Filter::default(), order);
                let first = { rows }.try_next().await?;
                // The server tells a cursor's plan when the cursor ends, by what has been read of it.
                tx.commit().await.map(|()| first)
            };
            let name = format!("whole: stream of all {plural} by {order}");
            let first = suite.case(&name, &[], 3 * PART, Box::pin(first)).await;
            assert!(first.is_some());
        }
    }
}

#[tokio::test]
async fn what_reads_all_of_a_selection_reads_nothing_else() {
    judge(&GROUP, &data::url().await, async |suite| {
        Box::pin(selected::<User>(suite, filters::users(), Export::Users)).await;
        Box::pin(selected::<Customer>(suite, filters::customers(), Export::Customers)).await;
        Box::pin(selected::<Lead>(suite, filters::leads(), Export::Leads)).await;
        Box::pin(selected::<Task>(suite, filters::tasks(), Export::Tasks)).await;
        Box::pin(selected::<Interaction>(suite, filters::interactions(), Export::Interactions)).await;
        Box::pin(everything::<User>(suite, Export::Users)).await;
        Box::pin(everything::<Customer>(suite, Export::Customers)).await;
        Box::pin(everything::<Lead>(suite, Export::Leads)).await;
        Box::pin(everything::<Task>(suite, Export::Tasks)).await;
        Box::pin(everything::<Interaction>(suite, Export::Interactions)).await;

        let crm = suite.capture.crm.clone();
        suite.case("whole: tag_counts", &[], PAGE, crm.customers().tag_counts()).await;
        exported(suite, "whole: export of the pipeline", &[], PAGE, Export::Pipeline).await;
        let activity = Export::CustomerActivity { include_inactive: true };
        exported(suite, "whole: export of the activity", &[], PAGE, activity).await;
        let due = DueTasksQuery::new("2024-01-20".parse().unwrap());
        exported(suite, "whole: export of the due tasks", &[], PAGE, Export::DueTasks(due)).await;
    })
    .await;
}
