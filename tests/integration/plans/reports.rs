//! The three reports, and the history that is hardest on the first of them.

use std::collections::BTreeSet;

use crm_core::*;

use super::capture::{Capture, Mode};
use super::{Group, PAGE, Suite, data, judge};

pub(super) const GROUP: Group = Group {
    name: "report",
    operations: &["crm.reports.customer_activity", "crm.reports.due_tasks", "crm.reports.snapshot"],
};
pub(super) const HISTORY: Group =
    Group { name: "history", operations: &["crm.reports.pipeline", "crm.users.find_by_email"] };

/// Is how many interactions the customers of a page have at the most, together.
const CONTACTS: u32 = 20 * PAGE;

async fn activity(
    suite: &mut Suite,
    name: &str,
    indexes: &[&str],
    query: ActivityQuery,
) -> Page<CustomerActivity> {
    let crm = suite.capture.crm.clone();
    let name = format!("report: customer_activity, {name}");
    suite.case(&name, indexes, CONTACTS, crm.reports().customer_activity(&query)).await
}

#[tokio::test]
async fn reports_read_their_page_and_not_the_history() {
    const WALK: [&str; 3] = ["idx_interactions_date", "idx_interactions_customer_id", "customers_pkey"];
    judge(&GROUP, &data::url().await, async |suite| {
        let crm = suite.capture.crm.clone();
        let first = activity(suite, "first page", &WALK, ActivityQuery::default()).await;
        let second = ActivityQuery { cursor: first.next_cursor, ..ActivityQuery::default() };
        activity(suite, "second page", &WALK, second).await;
        for far in [1_000, 10_000] {
            let mut query = ActivityQuery { limit: 1_000, ..ActivityQuery::default() };
            for _ in 0..far / 1_000 {
                query.cursor = crm.reports().customer_activity(&query).await.unwrap().next_cursor;
            }
            activity(suite, &format!("after {far} customers"), &WALK, ActivityQuery { limit: 50, ..query })
                .await;
        }
        let active = ActivityQuery { include_inactive: false, ..ActivityQuery::default() };
        activity(suite, "without the inactive", &WALK, active).await;
        let inactive = Position { key: SortKey::Null, id: data::ROWS / 2 };
        let cursor = Cursor::encode("customer_activity", "-last_interaction", &inactive);
        let never = ActivityQuery { cursor: Some(cursor), ..ActivityQuery::default() };
        let page = activity(
            suite,
            "among the never contacted",
            &["customers_pkey", "idx_interactions_customer_id"],
            never,
        )
        .await;
        assert!(page.items.iter().all(|row| row.interaction_count == 0));

        let today = "2026-06-01".parse().unwrap();
        let open = vec![TaskStatus::Pending, TaskStatus::InProgress];
        for (name, statuses) in [("pending", vec![TaskStatus::Pending]), ("open", open)] {
            let query = DueTasksQuery { statuses, ..DueTasksQuery::new(today) };
            let name = format!("report: due_tasks, {name}");
            // For each status and priority a page is taken and merged.
            let page =
                suite.case(&name, &["idx_tasks_open"], 6 * PAGE, crm.reports().due_tasks(&query)).await;
            let next = DueTasksQuery { cursor: page.next_cursor, ..query };
            assert!(next.cursor.is_some());
            suite
                .case(
                    &format!("{name}, next page"),
                    &["idx_tasks_open"],
                    6 * PAGE,
                    crm.reports().due_tasks(&next),
                )
                .await;
        }

        let (activity, due) = (ActivityQuery::default(), DueTasksQuery::new(today));
        let (snapshot, statements) = suite.of(crm.reports().snapshot(&activity, &due)).await;
        assert_eq!(snapshot.unwrap().due_tasks.items.len(), DEFAULT_LIMIT as usize);
        let indexes = [&WALK[..], &["idx_tasks_open", "users_pkey"]].concat();
        suite.judge("report: snapshot", &indexes, CONTACTS, &statements);
    })
    .await;
}

#[tokio::test]
async fn the_hardest_history_is_passed_over_once() {
    let url = data::hostile().await;
    let capture = Capture::start(&url, Mode::Custom).await;
    let crm = &capture.crm;
    let first = ActivityQuery::default();
    let (page, statements) = capture.of(crm.reports().customer_activity(&first)).await;
    let page = page.unwrap();
    assert_eq!(page.items[0].customer.id, data::BUSY.into());
    assert_eq!(page.items.len(), DEFAULT_LIMIT as usize);
    let walked: f64 = statements[0].steps("idx_interactions_date").map(|step| step.rows).sum();
    assert!((200_000.0..210_000.0).contains(&walked), "{walked} rows in {statements:#?}");
    assert!(statements[0].blocks() < 5_000.0, "{} blocks in {statements:#?}", statements[0].blocks());

    let second = ActivityQuery { cursor: page.next_cursor, ..first };
    let (page, statements) = capture.of(crm.reports().customer_activity(&second)).await;
    assert_eq!(page.unwrap().items.len(), DEFAULT_LIMIT as usize);
    assert!(statements[0].blocks() < 1_500.0, "{} blocks in {statements:#?}", statements[0].blocks());

    judge(&HISTORY, &url, async |suite| {
        let crm = suite.capture.crm.clone();
        let of = |customers: &[i64]| InteractionFilter {
            customer_id: Some(customers.iter().map(|&id| CustomerId(id)).collect()),
            ..InteractionFilter::default()
        };
        let date = Order::descending(InteractionOrderBy::Date);
        for customers in [&[data::BUSY][..], &[data::BUSY, 78]] {
            let list = List::<Interaction>::new().filter(of(customers)).order(date);
            let name = format!("history: of {} customers by date", customers.len());
            let page = suite
                .case(&name, &["idx_interactions_customer_id"], 2 * PAGE, crm.interactions().list(&list))
                .await;
            let next = list.after(page.next_cursor);
            let name = format!("{name}, next page");
            suite
                .case(&name, &["idx_interactions_customer_id"], 2 * PAGE, crm.interactions().list(&next))
                .await;
        }
        suite.case("history: pipeline", &[], PAGE, crm.reports().pipeline()).await;
        let (_, statements) = suite.capture.of(crm.reports().pipeline()).await;
        let tables: BTreeSet<_> = statements
            .iter()
            .flat_map(|statement| &statement.nodes)
            .filter_map(|node| node.table.as_deref())
            .collect();
        assert_eq!(tables, BTreeSet::from(["pipeline_totals"]));

        suite
            .case(
                "history: find_by_email",
                &["idx_users_email"],
                1,
                crm.users().find_by_email("User77@crm.com"),
            )
            .await;
        for emails in [&["user77@crm.com"][..], &["user77@crm.com", "USER78@crm.com"]] {
            let email = Some(emails.iter().map(|&email| email.to_owned()).collect());
            let list = List::<User>::new().filter(UserFilter { email, ..UserFilter::default() });
            suite
                .case(
                    &format!("history: {} emails", emails.len()),
                    &["idx_users_email"],
                    PAGE,
                    crm.users().list(&list),
                )
                .await;
        }
    })
    .await;
}
