//! The three reports, and all of them at once.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    ActivityQuery, Cursor, Customer, CustomerActivity, CustomerId, DueTask, DueTasksQuery, Entity,
    Interaction, InteractionPatch, InteractionType, Lead, LeadPatch, MAX_MONEY, NewInteraction, NewLead,
    NewTask, Patch, PipelineStage, Position, Priority, SortKey, Stage, Store, Task, TaskPatch, TaskStatus,
    Valid, ViolationCode,
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

pub(super) async fn activity_of_nobody_is_empty(crm: &dyn Store) {
    assert_eq!(activity(crm, true).await, []);
    assert_eq!(activity(crm, false).await, []);
}

pub(super) async fn activity_shows_the_latest_first_and_the_never_contacted_last(crm: &dyn Store) {
    let mut made = Vec::new();
    for name in ["never", "old", "tied", "new", "tied too", "never either", "tied as well"] {
        made.push(customer(crm, name).await);
    }
    let [_, old, tied, new, tied_too, _, tied_as_well] = &made[..] else { panic!("seven were made") };
    contact(crm, old.id, "2025-12-31T00:00:00Z").await;
    for date in ["2026-01-03T00:00:00Z", "2024-01-01T00:00:00Z", "2026-01-03T00:00:00.001Z"] {
        contact(crm, new.id, date).await;
    }
    for customer in [tied_as_well, tied, tied_too] {
        contact(crm, customer.id, "2026-01-02T00:00:00Z").await;
    }
    contact(crm, tied_too.id, "2026-01-01T00:00:00Z").await;

    let (newest, tie) = (Some(at("2026-01-03T00:00:00.001Z")), Some(at("2026-01-02T00:00:00Z")));
    let mut expected = vec![
        ("new", 3, newest),
        ("tied", 1, tie),
        ("tied too", 2, tie),
        ("tied as well", 1, tie),
        ("old", 1, Some(at("2025-12-31T00:00:00Z"))),
        ("never", 0, None),
        ("never either", 0, None),
    ];
    let all = activity(crm, true).await;
    assert_eq!(brief(&all), expected);
    assert_eq!(all[0].customer, *new);
    expected.truncate(5);
    assert_eq!(brief(&activity(crm, false).await), expected);
}

pub(super) async fn activity_follows_changes_and_deletions(crm: &dyn Store) {
    let (a, b) = (customer(crm, "a").await, customer(crm, "b").await);
    let call = contact(crm, a.id, "2026-01-02T00:00:00Z").await;
    contact(crm, b.id, "2026-01-01T00:00:00Z").await;
    let patch = InteractionPatch { customer_id: b.id.into(), ..InteractionPatch::default() };
    update::<Interaction>(crm, call.id, patch).await;
    let date = Some(at("2026-01-02T00:00:00Z"));
    assert_eq!(brief(&activity(crm, true).await), [("b", 2, date), ("a", 0, None)]);
    crm.interactions().delete(call.id).await.unwrap();
    let date = Some(at("2026-01-01T00:00:00Z"));
    assert_eq!(brief(&activity(crm, true).await), [("b", 1, date), ("a", 0, None)]);
    crm.customers().delete(b.id).await.unwrap();
    assert_eq!(brief(&activity(crm, true).await), [("a", 0, None)]);
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

pub(super) async fn activity_goes_on_where_a_page_ended(crm: &dyn Store) {
    let mut made = Vec::new();
    for day in 1..=6 {
        let customer = customer(crm, &day.to_string()).await;
        contact(crm, customer.id, &format!("2026-01-0{day}T00:00:00Z")).await;
        made.push(customer.id);
    }
    let first =
        crm.reports().customer_activity(&ActivityQuery { limit: 3, ..ActivityQuery::default() }).await;
    let cursor = first.unwrap().next_cursor;
    // One that was shown already is contacted again, and one that was not moves out of the rest.
    contact(crm, made[5], "2026-02-01T00:00:00Z").await;
    contact(crm, made[1], "2026-02-02T00:00:00Z").await;
    let rest = ActivityQuery { cursor, ..ActivityQuery::default() };
    let rest = crm.reports().customer_activity(&rest).await.unwrap();
    let names: Vec<_> = rest.items.iter().map(|row| row.customer.name.as_str()).collect();
    assert_eq!(names, ["3", "1"]);
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

fn stages(rows: [(i64, &str); 4]) -> Vec<PipelineStage> {
    let row = |(&stage, (count, total)): (_, (i64, &str))| PipelineStage {
        stage,
        count,
        total_value: total.parse().unwrap(),
    };
    Stage::ALL.iter().zip(rows).map(row).collect()
}

pub(super) async fn the_pipeline_has_all_four_stages_and_exact_sums(crm: &dyn Store) {
    let empty = crm.reports().pipeline().await.unwrap();
    assert_eq!(empty, stages([(0, "0.00"); 4]));
    assert_eq!(empty[0].total_value.to_string(), "0.00");

    let new = |stage, value: &str| NewLead { stage, value: value.parse().ok(), ..NewLead::new("Deal") };
    let mut leads = vec![
        new(Stage::Lead, "0.1"),
        new(Stage::Lead, "0.20"),
        new(Stage::Lead, ""),
        new(Stage::Proposal, ""),
        new(Stage::Closed, "7"),
    ];
    leads.extend((0..200).map(|_| NewLead { value: Some(MAX_MONEY), ..new(Stage::Qualified, "") }));
    let ids = crm.leads().create_many(Valid::all(leads).unwrap()).await.unwrap();
    let found = crm.reports().pipeline().await.unwrap();
    assert_eq!(found, stages([(3, "0.30"), (200, "19999999998.00"), (1, "0.00"), (1, "7.00")]));
    let printed: Vec<_> = found.iter().map(|row| row.total_value.to_string()).collect();
    assert_eq!(printed, ["0.30", "19999999998.00", "0.00", "7.00"]);

    crm.leads().delete(ids[0]).await.unwrap();
    crm.leads().move_to(ids[4], Stage::Proposal).await.unwrap();
    update::<Lead>(crm, ids[5], LeadPatch { value: Patch::Clear, ..LeadPatch::default() }).await;
    let found = crm.reports().pipeline().await.unwrap();
    assert_eq!(found, stages([(2, "0.20"), (200, "19899999998.01"), (2, "7.00"), (0, "0.00")]));
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

pub(super) async fn due_tasks_come_by_priority_then_day_then_id(crm: &dyn Store) {
    assert_eq!(due(crm, &DueTasksQuery::new(today())).await, []);
    let (low, medium, high) = (Priority::Low, Priority::Medium, Priority::High);
    let tasks = [
        ("low overdue", low, "2026-03-01"),
        ("high last day", high, "2026-03-17"),
        ("high today", high, "2026-03-10"),
        ("high after", high, "2026-03-18"),
        ("medium tied", medium, "2026-03-11"),
        ("medium tied too", medium, "2026-03-11"),
        ("no day", high, ""),
        ("medium long ago", medium, "0001-01-01"),
        ("high today too", high, "2026-03-10"),
    ];
    for (title, priority, due) in tasks {
        create::<Task>(crm, new_task(title, priority, due)).await;
    }
    let expected = [
        "high today",
        "high today too",
        "high last day",
        "medium long ago",
        "medium tied",
        "medium tied too",
        "low overdue",
    ];
    assert_eq!(titles(&due(crm, &DueTasksQuery::new(today())).await), expected);

    let at_once = DueTasksQuery { within_days: 0, ..DueTasksQuery::new(today()) };
    let expected = ["high today", "high today too", "medium long ago", "low overdue"];
    assert_eq!(titles(&due(crm, &at_once).await), expected);
    let far = DueTasksQuery { within_days: 36_500, ..DueTasksQuery::new(today()) };
    assert_eq!(due(crm, &far).await.len(), 8);
}

pub(super) async fn due_tasks_show_names_and_whether_they_are_overdue(crm: &dyn Store) {
    let (ann, acme) = (user(crm, "ann@example.com").await, customer(crm, "Acme").await);
    let full = NewTask {
        customer_id: Some(acme.id),
        assigned_to: Some(ann.id),
        ..new_task("full", Priority::High, "2026-03-09")
    };
    let full: Task = create(crm, full).await;
    let bare: Task = create(crm, new_task("bare", Priority::Low, "2026-03-10")).await;
    let expected = [
        DueTask {
            task: full,
            customer_name: Some(acme.name),
            assigned_to_name: Some(ann.name),
            overdue: true,
        },
        DueTask { task: bare, customer_name: None, assigned_to_name: None, overdue: false },
    ];
    assert_eq!(due(crm, &DueTasksQuery::new(today())).await, expected);
    crm.users().delete(ann.id).await.unwrap();
    let rows = due(crm, &DueTasksQuery::new(today())).await;
    assert_eq!((&rows[0].assigned_to_name, rows[0].task.version), (&None, 2));
}

pub(super) async fn due_tasks_have_any_of_the_statuses_asked(crm: &dyn Store) {
    for &status in TaskStatus::ALL {
        let new = NewTask { status, ..new_task(status.as_str(), Priority::High, "2026-03-01") };
        create::<Task>(crm, new).await;
    }
    let asked = |statuses: &[TaskStatus]| DueTasksQuery {
        statuses: statuses.to_vec(),
        ..DueTasksQuery::new(today())
    };
    assert_eq!(titles(&due(crm, &DueTasksQuery::new(today())).await), ["pending"]);
    let open = due(crm, &asked(&[TaskStatus::InProgress, TaskStatus::Pending])).await;
    assert_eq!(titles(&open), ["pending", "in-progress"]);
    assert_eq!(due(crm, &asked(&[])).await, []);
    let all = due(crm, &asked(TaskStatus::ALL)).await;
    assert_eq!(titles(&all), ["pending", "in-progress", "completed"]);
    let overdue: Vec<_> = all.iter().map(|row| row.overdue).collect();
    assert_eq!(overdue, [true, true, false]);
    let twice = due(crm, &asked(&[TaskStatus::Pending, TaskStatus::Pending])).await;
    assert_eq!(titles(&twice), ["pending"]);
}

pub(super) async fn due_tasks_go_on_where_a_page_ended(crm: &dyn Store) {
    let mut made = Vec::new();
    for (title, day) in [("a", "2026-03-01"), ("b", "2026-03-02"), ("c", "2026-03-03"), ("d", "2026-03-03")] {
        made.push(create::<Task>(crm, new_task(title, Priority::High, day)).await.id);
    }
    let query = DueTasksQuery { limit: 2, ..DueTasksQuery::new(today()) };
    let cursor = crm.reports().due_tasks(&query).await.unwrap().next_cursor;
    crm.tasks().complete(made[0]).await.unwrap();
    crm.tasks().delete(made[1]).await.unwrap();
    create::<Task>(crm, new_task("between", Priority::High, "2026-03-02")).await;
    let later = TaskPatch { priority: Priority::Low.into(), ..TaskPatch::default() };
    update::<Task>(crm, made[2], later).await;
    let rest = crm.reports().due_tasks(&DueTasksQuery { cursor, limit: 50, ..query }).await.unwrap();
    assert_eq!(titles(&rest.items), ["between", "d", "c"]);
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

pub(super) async fn the_snapshot_refuses_what_its_reports_refuse(crm: &dyn Store) {
    let (asked, tasks) = (ActivityQuery::default(), DueTasksQuery::new(today()));
    let out_of_range = |field| violated(field, ViolationCode::OutOfRange);
    let wrong = ActivityQuery { limit: 0, ..asked.clone() };
    assert_eq!(violation(crm.reports().snapshot(&wrong, &tasks).await), out_of_range("limit"));
    let wrong = DueTasksQuery { within_days: 36_501, ..tasks };
    assert_eq!(violation(crm.reports().snapshot(&asked, &wrong).await), out_of_range("within_days"));
}
