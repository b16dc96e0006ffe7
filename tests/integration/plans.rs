//! The plans of everything the library sends, on 100,000 rows a table: a statement whose cost would grow with the tables
//! fails here, long before anybody waits for it.
//!
//! No SQL stands here. The tests call the library, capture what it sends and look at the plans, both those made for the
//! values at hand and those that the server keeps for any values.

mod capture;
mod data;
mod filters;
mod keys;
mod reports;

use std::collections::{BTreeMap, BTreeSet};

use capture::{Capture, Mode, Statement};
use crm_core::*;
use crm_postgres::Crm;

/// Is how many rows the library asks for to fill a page: one more, to know whether there is a next one.
const PAGE: u32 = DEFAULT_LIMIT + 1;

/// Are the cases that may sort or scan, and why. A case that needs no exception fails as one that has none does.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("order: customers by created_at", UNINDEXED_TIME),
    ("order: customers by updated_at", UPDATED),
    ("order: leads by created_at", UNINDEXED_TIME),
    ("order: leads by updated_at", UPDATED),
    ("order: leads by title", TITLE),
    ("order: tasks by created_at", UNINDEXED_TIME),
    ("order: tasks by updated_at", UPDATED),
    ("order: tasks by title", TITLE),
    ("order: interactions by created_at", UNINDEXED_TIME),
    ("filter: customers by created", UNINDEXED_TIME),
    ("filter: customers by updated", UPDATED),
    ("filter: leads by created", UNINDEXED_TIME),
    ("filter: leads by updated", UPDATED),
    ("filter: tasks by created", UNINDEXED_TIME),
    ("filter: tasks by updated", UPDATED),
    ("filter: interactions by created", UNINDEXED_TIME),
    ("filter: tasks due since a day close to the end, after the middle", CORRELATED),
    (
        "key: delete of a user",
        "created_by and updated_by have no index, which would cost each write; users are retired, not deleted",
    ),
];
const UNINDEXED_TIME: &str =
    "the order by id is the same but for imported rows, and an index costs each insert";
const UPDATED: &str = "an index on updated_at would end HOT updates";
const TITLE: &str = "a list by title is rarely wanted, and an index costs each write";
const CORRELATED: &str = "the planner cannot know that what is due late was made late";

fn is_excepted(name: &str) -> bool {
    EXCEPTIONS.iter().any(|(case, _)| covers(case, name))
}

/// Tells whether an exception is for a case: it holds for both directions, and for the first page as for a later one.
fn covers(exception: &str, name: &str) -> bool {
    let name = name.replace(" by -", " by ");
    name == exception || name.strip_suffix(MIDDLE) == Some(exception)
}

/// Is what the name of a case ends with whose page begins in the middle of the table.
const MIDDLE: &str = ", after the middle";

/// Runs cases and notes what each does that it should not.
struct Suite {
    capture: Capture,
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
        let (result, statements) = self.capture.of(call).await;
        self.judge(name, indexes, budget, &statements);
        result.expect(name)
    }

    fn judge(&mut self, name: &str, indexes: &[&str], budget: u32, statements: &[Statement]) {
        let missing = indexes.iter().filter(|index| {
            !index.is_empty()
                && !statements.is_empty()
                && !statements.iter().any(|statement| statement.steps(index).next().is_some())
        });
        let offences = statements.iter().flat_map(|statement| statement.offences(budget));
        let offences = offences.chain(missing.map(|index| format!("does not use {index}")));
        self.judged += statements.len();
        let noted = self.offences.entry(name.to_owned()).or_default();
        noted.extend(offences.map(|offence| format!("{:?} plan {offence}", self.capture.mode)));
    }
}

/// Runs the cases of a group with both kinds of plan and compares what they do with the exceptions of the group.
async fn judge(group: &str, url: &str, cases: impl AsyncFn(&mut Suite)) {
    let mut offences = BTreeMap::new();
    for mode in Mode::BOTH {
        let mut suite = Suite { capture: Capture::start(url, mode).await, offences, judged: 0 };
        Box::pin(cases(&mut suite)).await;
        assert!(suite.judged > 0, "the server has kept no plan at all");
        offences = suite.offences;
    }
    let wrong = offences.iter().filter(|(name, offences)| offences.is_empty() == is_excepted(name));
    let mut wrong: Vec<_> = wrong.map(|(name, offences)| format!("{name}: {offences:?}")).collect();
    let of_group = EXCEPTIONS.iter().filter(|(case, _)| case.starts_with(group));
    let unknown = of_group.filter(|(case, _)| !offences.keys().any(|name| covers(case, name)));
    wrong.extend(unknown.map(|(case, _)| format!("{case}: there is no such case")));
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), offences.len(), wrong.join("\n"));
}

/// Lists the pages that an order has: the first, one from the middle, and one among the rows without a value.
async fn pages<E: Entity>(
    suite: &mut Suite,
    repository: impl Fn(&Crm) -> &dyn Repository<E>,
    index: impl Fn(E::OrderBy) -> &'static str,
) where
    E::Id: From<i64>,
{
    let crm = suite.capture.crm.clone();
    let repository = repository(&crm);
    let middle = repository.get((data::ROWS / 2).into()).await.unwrap();
    for &by in E::OrderBy::ALL {
        for order in [Order::ascending(by), Order::descending(by)] {
            let list = List::<E>::new().order(order);
            let name = format!("order: {} by {order}", E::KIND.plural());
            suite.case(&name, &[index(by)], 2 * PAGE, repository.list(&list)).await;
            let cursor = |position: &Position| Cursor::encode(E::KIND.plural(), &order.to_string(), position);
            let next = list.clone().after(cursor(&middle.position(by)));
            suite.case(&format!("{name}{MIDDLE}"), &[index(by)], 2 * PAGE, repository.list(&next)).await;
            let null = Position { key: SortKey::Null, id: data::ROWS / 2 };
            if by.takes(&null.key) {
                let next = list.clone().after(cursor(&null));
                let page = suite
                    .case(&format!("{name}, among the nulls"), &[index(by)], 2 * PAGE, repository.list(&next))
                    .await;
                assert_eq!(page.items.len(), DEFAULT_LIMIT as usize);
            }
        }
    }
}

#[tokio::test]
async fn every_order_with_an_index_reads_only_its_page() {
    judge("order", data::url().await, async |suite| {
        pages::<Customer>(
            suite,
            |crm| crm.customers(),
            |by| match by {
                CustomerOrderBy::Id => "customers_pkey",
                CustomerOrderBy::Name => "idx_customers_name",
                CustomerOrderBy::CreatedAt | CustomerOrderBy::UpdatedAt => "",
            },
        )
        .await;
        pages::<Lead>(
            suite,
            |crm| crm.leads(),
            |by| match by {
                LeadOrderBy::Id => "leads_pkey",
                LeadOrderBy::Value => "idx_leads_value",
                LeadOrderBy::CreatedAt | LeadOrderBy::UpdatedAt | LeadOrderBy::Title => "",
            },
        )
        .await;
        pages::<Task>(
            suite,
            |crm| crm.tasks(),
            |by| match by {
                TaskOrderBy::Id => "tasks_pkey",
                TaskOrderBy::DueDate => "idx_tasks_due_date",
                TaskOrderBy::Priority => "idx_tasks_priority",
                TaskOrderBy::CreatedAt | TaskOrderBy::UpdatedAt | TaskOrderBy::Title => "",
            },
        )
        .await;
        pages::<Interaction>(
            suite,
            |crm| crm.interactions(),
            |by| match by {
                InteractionOrderBy::Id => "interactions_pkey",
                InteractionOrderBy::Date => "idx_interactions_date",
                InteractionOrderBy::CreatedAt => "",
            },
        )
        .await;
    })
    .await;
}

/// Takes the first page with a filter, and one from the middle.
async fn filtered<E: Entity>(suite: &mut Suite, repository: &dyn Repository<E>, cases: Vec<filters::Case<E>>)
where
    E::Filter: std::fmt::Debug,
{
    let known = format!("{:?}", E::Filter::default());
    for field in known.split([' ', '(']).filter_map(|word| word.strip_suffix(':')) {
        let is_covered =
            ["since", "until"].contains(&field) || cases.iter().any(|case| case.fields.contains(&field));
        assert!(is_covered, "no case filters {} by {field}", E::KIND.plural());
    }
    for filters::Case { name, filter, fields: _, indexes, budget } in cases {
        let name = format!("filter: {} {name}", E::KIND.plural());
        let list = List::<E>::new().filter(filter);
        suite.case(&name, indexes, budget, repository.list(&list)).await;
        let middle = Position { key: SortKey::Id, id: data::ROWS / 2 };
        let next = list.after(Cursor::encode(E::KIND.plural(), "-id", &middle));
        suite.case(&format!("{name}{MIDDLE}"), indexes, budget, repository.list(&next)).await;
    }
}

#[tokio::test]
async fn every_filter_with_an_index_reads_only_its_page() {
    judge("filter", data::url().await, async |suite| {
        let crm = suite.capture.crm.clone();
        filtered::<Customer>(suite, crm.customers(), filters::customers()).await;
        filtered::<Lead>(suite, crm.leads(), filters::leads()).await;
        filtered::<Task>(suite, crm.tasks(), filters::tasks()).await;
        filtered::<Interaction>(suite, crm.interactions(), filters::interactions()).await;
    })
    .await;
}
