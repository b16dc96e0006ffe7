//! What the library answers when nobody writes, against the tables and the seed's own queries.

use crm_core::{
    ActivityQuery, Customer, DueTasksQuery, Interaction, Lead, List, Order, OrderBy as _, Repositories as _,
    Stored, Task, TaskStatus, User,
};
use crm_postgres::Crm;
use crm_postgres::chrono::NaiveDate;
use crm_tests::{Plain, all_pages};
use futures_util::TryStreamExt as _;

use super::{Invariant, Server};

/// Is how many rows a page has; the last of a list has fewer.
const PAGE: u32 = 997;

pub(super) async fn check(url: &str, server: &mut Server) -> [Invariant; 4] {
    let crm = Crm::connect(url).await.expect("the faults are over");
    let mut lists =
        Invariant::new("lists in every order, streams and counts have each row of the table once");
    list::<User>(&crm, server, &mut lists).await;
    list::<Customer>(&crm, server, &mut lists).await;
    list::<Lead>(&crm, server, &mut lists).await;
    list::<Task>(&crm, server, &mut lists).await;
    list::<Interaction>(&crm, server, &mut lists).await;
    let mut plain = Plain::connect(url).await;
    let reports = crm.reports();

    let mut activity = Invariant::new("customer_activity, page by page, is what the seed's query says");
    for include_inactive in [true, false] {
        let expected = plain.activity(include_inactive).await;
        let found = all_pages(PAGE, async |cursor| {
            let query = ActivityQuery { limit: PAGE, cursor, include_inactive };
            reports.customer_activity(&query).await.expect("the faults are over")
        });
        compare(&mut activity, &found.await, &expected);
    }
    let mut pipeline = Invariant::new("pipeline is what the seed's query says (by stage)");
    let (found, expected) = (reports.pipeline().await.expect("the faults are over"), plain.pipeline().await);
    compare(&mut pipeline, &found, &expected);

    let mut due = Invariant::new("due_tasks, page by page, is what the seed's query says");
    for statuses in [vec![TaskStatus::Pending], TaskStatus::ALL.to_vec()] {
        let today = NaiveDate::from_ymd_opt(2026, 3, 10).expect("there is such a day");
        let query = DueTasksQuery { statuses, ..DueTasksQuery::new(today) };
        let expected = plain.due_tasks(&query).await;
        let found = all_pages(PAGE, async |cursor| {
            let query = DueTasksQuery { limit: PAGE, cursor, ..query.clone() };
            reports.due_tasks(&query).await.expect("the faults are over")
        });
        compare(&mut due, &found.await, &expected);
    }
    crm.close().await;
    [lists, activity, pipeline, due]
}

fn compare<T: PartialEq + std::fmt::Debug>(invariant: &mut Invariant, found: &[T], expected: &[T]) {
    invariant.equal("the number of rows", &found.len(), &expected.len());
    invariant.looked_at -= 1;
    for (found, expected) in found.iter().zip(expected) {
        invariant.check(found == expected, || format!("{found:?}, not {expected:?}"));
    }
}

/// Reads all rows of an entity in every order, as a stream and by counting.
async fn list<E: Stored>(crm: &Crm, server: &mut Server, invariant: &mut Invariant) {
    let (repository, table) = (E::repository(crm), E::KIND.plural());
    let ids = server.texts(&format!("select t.id::text from crm.{table} t order by t.id")).await;
    let ids: Vec<i64> = ids.iter().map(|id| id.parse().expect("a number")).collect();
    for by in E::OrderBy::ALL {
        for order in [Order::ascending(*by), Order::descending(*by)] {
            let rows = all_pages(PAGE, async |cursor| {
                let list = List::new().order(order).limit(PAGE).after(cursor);
                repository.list(&list).await.expect("the faults are over")
            });
            let rows: Vec<E> = rows.await;
            let is_sorted =
                rows.is_sorted_by(|a, b| a.position(*by).compare(&b.position(*by), order.descending).is_lt());
            invariant.check(is_sorted, || format!("{table} by {order} are not in order"));
            let mut found: Vec<i64> = rows.iter().map(|row| row.id().into()).collect();
            found.sort_unstable();
            invariant.check(found == ids, || differ(&format!("{table} by {order}"), &found, &ids));
            invariant.looked_at += i64::try_from(found.len()).expect("it fits into memory") - 2;
        }
    }
    let stream = repository.stream(E::Filter::default(), Order::ascending(E::OrderBy::ID));
    let found: Vec<i64> =
        stream.map_ok(|row| row.id().into()).try_collect().await.expect("the faults are over");
    invariant.check(found == ids, || differ(&format!("a stream of {table}"), &found, &ids));
    let count = repository.count(&E::Filter::default()).await.expect("the faults are over");
    invariant
        .check(usize::try_from(count) == Ok(ids.len()), || format!("{count} {table}, not {}", ids.len()));
}

/// Says what one has and the other has not.
fn differ(what: &str, found: &[i64], expected: &[i64]) -> String {
    let missing: Vec<_> = expected.iter().filter(|id| found.binary_search(id).is_err()).take(10).collect();
    let more: Vec<_> = found.iter().filter(|id| expected.binary_search(id).is_err()).take(10).collect();
    format!("{what} miss {missing:?} and have {more:?} beside")
}
