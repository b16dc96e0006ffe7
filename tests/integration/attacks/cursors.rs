//! Cursors come back from strangers: one that was not handed out is refused, and one that is forged is only a position.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crm_core::{
    ActivityQuery, Cursor, Customer, CustomerOrderBy, DueTasksQuery, Entity, ErrorCode, List, MAX_LIMIT,
    NewCustomer, Order, OrderBy, Position, Repositories, Repository, SortKey, Task, TaskOrderBy, Validate,
    ViolationCode,
};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::strings::{all, dealt, short, shown};
use super::world::World;

fn assert_invalid<T>(result: crm_core::Result<T>, text: &str) {
    let Err(error) = result else { panic!("{} is taken for a cursor", shown(text)) };
    assert_eq!(error.code(), ErrorCode::Validation, "{}", shown(text));
    assert_eq!(error.violations()[0].code, ViolationCode::InvalidCursor, "{}", shown(text));
}

async fn refuse<E: Entity>(repository: &dyn Repository<E>, text: &str) {
    for &by in E::OrderBy::ALL {
        for order in [Order::ascending(by), Order::descending(by)] {
            let list = List::<E>::new().order(order).after(Cursor::from(text));
            assert_invalid(repository.list(&list).await, text);
        }
    }
}

#[tokio::test]
async fn a_text_that_is_no_cursor_is_refused_by_every_list_and_report() {
    let world = World::new().await;
    for (handle, crm) in world.handles().into_iter().enumerate() {
        for text in dealt(all(), handle) {
            refuse(crm.users(), &text).await;
            refuse(crm.customers(), &text).await;
            refuse(crm.leads(), &text).await;
            refuse(crm.tasks(), &text).await;
            refuse(crm.interactions(), &text).await;
            let cursor = Some(Cursor::from(&*text));
            let query = ActivityQuery { cursor: cursor.clone(), ..ActivityQuery::default() };
            assert_invalid(crm.reports().customer_activity(&query).await, &text);
            let query = DueTasksQuery { cursor, ..DueTasksQuery::new("2026-01-01".parse().unwrap()) };
            assert_invalid(crm.reports().due_tasks(&query).await, &text);
        }
    }
    world.assert_unharmed().await;
}

/// Asserts that the page behind a place is that of a plain comparison.
async fn go_on<E: Entity>(
    repository: &dyn Repository<E>,
    rows: &[E],
    order: Order<E::OrderBy>,
    key: SortKey,
) {
    for id in [i64::MIN, 0, 7, i64::MAX] {
        let place = Position { key: key.clone(), id };
        let cursor = Cursor::encode(E::KIND.plural(), &order.to_string(), &place);
        let list = List::<E>::new().order(order).after(cursor).limit(MAX_LIMIT);
        let found = repository.list(&list).await.unwrap().items;
        let mut expected: Vec<_> = rows
            .iter()
            .filter(|row| row.position(order.by).compare(&place, order.descending) == Ordering::Greater)
            .collect();
        expected.sort_by(|a, b| a.position(order.by).compare(&b.position(order.by), order.descending));
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "after {place:?}");
    }
}

#[tokio::test]
async fn a_forged_cursor_is_a_position_and_nothing_else() {
    let world = World::new().await;
    let named: Vec<_> =
        short().into_iter().filter_map(|text| NewCustomer::new(text).validate().ok()).collect();
    world.crm.customers().create_many(named).await.unwrap();
    for (handle, crm) in world.handles().into_iter().enumerate() {
        let customers = crm.customers().list(&List::new().limit(MAX_LIMIT)).await.unwrap().items;
        let tasks: Vec<Task> = crm.tasks().list(&List::new().limit(MAX_LIMIT)).await.unwrap().items;
        for text in dealt(all(), handle) {
            for descending in [false, true] {
                let order = Order { by: CustomerOrderBy::Name, descending };
                if text.contains('\0') {
                    let key = SortKey::Text(text.clone());
                    let cursor = Cursor::encode("customers", &order.to_string(), &Position { key, id: 1 });
                    let list = List::<Customer>::new().order(order).after(cursor);
                    assert_invalid(crm.customers().list(&list).await, &text);
                } else if text.len() < 1_000 {
                    go_on(crm.customers(), &customers, order, SortKey::Text(text.clone())).await;
                } else {
                    let place = Position { key: SortKey::Text(text.clone()), id: 1 };
                    let cursor = Cursor::encode("customers", &order.to_string(), &place);
                    crm.customers().list(&List::new().order(order).after(cursor)).await.unwrap();
                }
            }
            let place = |order: &str, key: &str| {
                Cursor::from(URL_SAFE_NO_PAD.encode(format!("1 tasks {order} 7 {key}{text}")))
            };
            for (by, key) in [
                (TaskOrderBy::Priority, "r"),
                (TaskOrderBy::DueDate, "d"),
                (TaskOrderBy::CreatedAt, "m"),
                (TaskOrderBy::Id, "i"),
            ] {
                let order = Order::ascending(by);
                let list = List::<Task>::new().order(order).after(place(&order.to_string(), key));
                match crm.tasks().list(&list).await {
                    Ok(_) => assert!(text.is_empty() || text.parse::<i64>().is_ok(), "{}", shown(&text)),
                    Err(error) => assert_eq!(error.violations()[0].code, ViolationCode::InvalidCursor),
                }
            }
        }
        for rank in [i32::MIN, -1, 0, 3, i32::MAX] {
            let cursor = Cursor::encode("tasks", "priority", &Position { key: SortKey::Rank(rank), id: 0 });
            let order = Order::ascending(TaskOrderBy::Priority);
            match crm.tasks().list(&List::new().order(order).after(cursor)).await {
                Ok(page) => assert!(page.items.len() <= tasks.len()),
                Err(error) => assert_eq!(error.violations()[0].code, ViolationCode::InvalidCursor),
            }
        }
    }
    world.assert_unharmed().await;
}

/// Lists the pages behind a forged place in every list and order; each is a page, or the cursor is refused.
async fn page_or_refuse<E: Entity>(repository: &dyn Repository<E>, id: &str, key: &str) -> usize {
    let mut taken = 0;
    for &by in E::OrderBy::ALL {
        for order in [Order::ascending(by), Order::descending(by)] {
            let plain = format!("1 {} {order} {id} {key}", E::KIND.plural());
            let list = List::<E>::new().order(order).after(Cursor::from(URL_SAFE_NO_PAD.encode(&plain)));
            match repository.list(&list).await {
                Ok(_) => taken += 1,
                result @ Err(_) => assert_invalid(result, &plain),
            }
        }
    }
    taken
}

#[test]
fn a_place_of_any_kind_leads_to_a_page_or_is_refused() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(World::new());
    let id = prop_oneof![any::<i64>().prop_map(|id| id.to_string()), "[-+]?[0-9]{0,21}"];
    let key = prop_oneof![
        "[i0]",
        "r[-+]?[0-9]{1,12}",
        "n-?[0-9]{1,30}([.][0-9]{1,28})?",
        "n[0-9.eE+_-]{1,12}",
        "m-?[0-9]{1,19}",
        "d[+-]?[0-9]{1,6}-[0-9]{1,2}-[0-9]{1,2}",
        "t\\PC{0,20}",
        any::<String>(),
    ];
    let mut runner = TestRunner::new(Config {
        cases: std::env::var("PROPTEST_CASES").map_or(30, |cases| cases.parse().unwrap()),
        failure_persistence: None,
        ..Config::default()
    });
    let taken = std::cell::Cell::new(0);
    let result = runner.run(&(id, key), |(id, key)| {
        let crm = &world.crm;
        taken.set(
            taken.get()
                + runtime.block_on(async {
                    page_or_refuse(crm.users(), &id, &key).await
                        + page_or_refuse(crm.customers(), &id, &key).await
                        + page_or_refuse(crm.leads(), &id, &key).await
                        + page_or_refuse(crm.tasks(), &id, &key).await
                        + page_or_refuse(crm.interactions(), &id, &key).await
                }),
        );
        Ok(())
    });
    result.unwrap();
    assert!(taken.get() > 0);
    runtime.block_on(world.assert_unharmed());
}
