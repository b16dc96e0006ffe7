//! The reports: busy customers, forged cursors, days beyond the calendar, pages of a snapshot.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    ActivityQuery, Cursor, Customer, CustomerActivity, CustomerId, DueTask, DueTasksQuery, Entity,
    Interaction, InteractionType, Lead, NewInteraction, NewLead, NewTask, Position, Priority, SortKey, Store,
    Task, Valid, ViolationCode,
};

use super::tools::*;

async fn contact(crm: &dyn Store, customer: CustomerId, date: &str) -> Interaction {
    let new = NewInteraction { date: Some(at(date)), ..NewInteraction::new(customer, InteractionType::Call) };
    create(crm, new).await
}

/// Reads the activity report, by pages of two, and asserts that one large page says the same.
async fn activity(crm: &dyn Store, include_inactive: bool) -> Vec<CustomerActivity> {
    let mut query = ActivityQuery { limit: 2, include_inactive, ..ActivityQuery::default() };
    let mut rows = Vec::new();
    loop {
        let page = crm.reports().customer_activity(&query).await.unwrap();
        assert!(page.items.len() == 2 || page.next_cursor.is_none(), "only the last page may be short");
        rows.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    let whole = ActivityQuery { limit: 1_000, include_inactive, cursor: None };
    let whole = crm.reports().customer_activity(&whole).await.unwrap();
    assert_eq!((&whole.items, whole.next_cursor), (&rows, None));
    rows
}

/// Returns the names, counts and moments of a report.
fn brief(rows: &[CustomerActivity]) -> Vec<(&str, i64, Option<DateTime<Utc>>)> {
    rows.iter().map(|row| (row.customer.name.as_str(), row.interaction_count, row.last_interaction)).collect()
}

pub(super) async fn activity_counts_every_interaction_of_a_busy_customer(crm: &dyn Store) {
    let (busy, quiet) = (customer(crm, "busy").await.id, customer(crm, "quiet").await.id);
    contact(crm, quiet, "2020-01-01T00:00:00Z").await;
    let first = at("2026-01-01T00:00:00Z");
    let new = (0..1_500).map(|n| NewInteraction {
        date: Some(first + chrono::TimeDelta::milliseconds(n)),
        ..NewInteraction::new(busy, InteractionType::Email)
    });
    crm.interactions().create_many(Valid::all(new).unwrap()).await.unwrap();
    let latest = first + chrono::TimeDelta::milliseconds(1_499);
    let quiet = ("quiet", 1, Some(at("2020-01-01T00:00:00Z")));
    assert_eq!(brief(&activity(crm, false).await), [("busy", 1_500, Some(latest)), quiet]);
}

pub(super) async fn activity_refuses_a_wrong_limit_and_a_wrong_cursor(crm: &dyn Store) {
    for limit in [0, 1_001] {
        let query = ActivityQuery { limit, ..ActivityQuery::default() };
        let refused = crm.reports().customer_activity(&query).await;
        assert_eq!(violation(refused), violated("limit", ViolationCode::OutOfRange));
    }
    let place = |key| Position { key, id: 1 };
    let moment = || place(SortKey::Moment(at("2026-01-01T00:00:00Z")));
    let wrong = [
        Cursor::from("x"),
        Cursor::encode("due_tasks", "-last_interaction", &moment()),
        Cursor::encode("customer_activity", "last_interaction", &moment()),
        Cursor::encode("customer_activity", "-last_interaction", &place(SortKey::Rank(1))),
    ];
    for cursor in wrong {
        let query = ActivityQuery { cursor: Some(cursor), ..ActivityQuery::default() };
        let refused = crm.reports().customer_activity(&query).await;
        assert_eq!(violation(refused), violated("cursor", ViolationCode::InvalidCursor));
    }
}

/// Reads the due tasks, by pages of two, and asserts that one large page says the same.
async fn due(crm: &dyn Store, query: &DueTasksQuery) -> Vec<DueTask> {
    let mut page_query = DueTasksQuery { limit: 2, ..query.clone() };
    let mut rows = Vec::new();
    loop {
        let page = crm.reports().due_tasks(&page_query).await.unwrap();
        assert!(page.items.len() == 2 || page.next_cursor.is_none(), "only the last page may be short");
        rows.extend(page.items);
        page_query.cursor = page.next_cursor;
        if page_query.cursor.is_none() {
            break;
        }
    }
    let whole = DueTasksQuery { limit: 1_000, ..query.clone() };
    let whole = crm.reports().due_tasks(&whole).await.unwrap();
    assert_eq!((&whole.items, whole.next_cursor), (&rows, None));
    rows
}

fn titles(rows: &[DueTask]) -> Vec<&str> {
    rows.iter().map(|row| row.task.title.as_str()).collect()
}

fn today() -> NaiveDate {
    day("2026-03-10")
}

fn new_task(title: &str, priority: Priority, due: &str) -> NewTask {
    NewTask { priority, due_date: due.parse().ok(), ..NewTask::new(title) }
}

pub(super) async fn due_tasks_refuse_wrong_numbers_and_a_wrong_cursor(crm: &dyn Store) {
    let query = || DueTasksQuery::new(today());
    let out_of_range = |field| violated(field, ViolationCode::OutOfRange);
    for limit in [0, 1_001] {
        let refused = crm.reports().due_tasks(&DueTasksQuery { limit, ..query() }).await;
        assert_eq!(violation(refused), out_of_range("limit"));
    }
    let refused = crm.reports().due_tasks(&DueTasksQuery { within_days: 36_501, ..query() }).await;
    assert_eq!(violation(refused), out_of_range("within_days"));
    let place = |key: &str| Position { key: SortKey::Text(key.into()), id: 1 };
    let wrong = [
        Cursor::from(""),
        Cursor::encode("tasks", "-priority,due_date", &place("1 2026-01-01")),
        Cursor::encode("due_tasks", "priority", &place("1 2026-01-01")),
        Cursor::encode("due_tasks", "-priority,due_date", &place("x 2026-01-01")),
        Cursor::encode("due_tasks", "-priority,due_date", &place("1 2026-02-30")),
        Cursor::encode("due_tasks", "-priority,due_date", &Position { key: SortKey::Null, id: 1 }),
    ];
    for cursor in wrong {
        let refused = crm.reports().due_tasks(&DueTasksQuery { cursor: Some(cursor), ..query() }).await;
        assert_eq!(violation(refused), violated("cursor", ViolationCode::InvalidCursor));
    }
}

pub(super) async fn due_tasks_count_from_any_day(crm: &dyn Store) {
    create::<Task>(crm, new_task("first", Priority::Low, "0001-01-01")).await;
    create::<Task>(crm, new_task("last", Priority::Low, "9999-12-31")).await;
    assert_eq!(titles(&due(crm, &DueTasksQuery::new(day("9999-12-31"))).await), ["first", "last"]);
    let beyond = DueTasksQuery { within_days: 36_500, ..DueTasksQuery::new(NaiveDate::MAX) };
    assert_eq!(titles(&due(crm, &beyond).await), ["first", "last"]);
    assert_eq!(titles(&due(crm, &DueTasksQuery::new(day("0001-01-01"))).await), ["first"]);
    assert_eq!(due(crm, &DueTasksQuery::new(NaiveDate::MIN)).await, []);
}

pub(super) async fn the_snapshot_is_the_three_reports(crm: &dyn Store) {
    for name in ["a", "b", "c"] {
        let customer = customer(crm, name).await.id;
        contact(crm, customer, "2026-01-01T00:00:00Z").await;
        create::<Lead>(crm, NewLead { value: "5".parse().ok(), ..NewLead::new(name) }).await;
        create::<Task>(crm, new_task(name, Priority::High, "2026-03-01")).await;
    }
    Customer::any(crm).await.id();
    let asked = ActivityQuery { limit: 2, include_inactive: false, ..ActivityQuery::default() };
    let tasks = DueTasksQuery { limit: 1, ..DueTasksQuery::new(today()) };
    let first = crm.reports().snapshot(&asked, &tasks).await.unwrap();
    assert_eq!(first.customer_activity, crm.reports().customer_activity(&asked).await.unwrap());
    assert_eq!(first.pipeline, crm.reports().pipeline().await.unwrap());
    assert_eq!(first.due_tasks, crm.reports().due_tasks(&tasks).await.unwrap());

    let asked = ActivityQuery { cursor: first.customer_activity.next_cursor, ..asked };
    let tasks = DueTasksQuery { cursor: first.due_tasks.next_cursor, ..tasks };
    let second = crm.reports().snapshot(&asked, &tasks).await.unwrap();
    assert_eq!(second.customer_activity, crm.reports().customer_activity(&asked).await.unwrap());
    assert_eq!(second.customer_activity.items[0].customer.name, "c");
    assert_eq!(titles(&second.due_tasks.items), ["b"]);
}
