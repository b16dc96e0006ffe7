//! On random rows: moments, days and values that many share, nulls wherever they may be, references to nothing, and the ends
//! of what the types hold.

use std::fmt::Write as _;

use chrono::TimeDelta;
use crm_core::{DueTasksQuery, Repositories as _, TaskStatus};
use crm_tests::{Database, amount};
use fastrand::Rng;

use super::{Plain, activity, day, due_tasks};

const EMPTY: &str =
    "truncate crm.users, crm.customers, crm.leads, crm.tasks, crm.interactions restart identity cascade;";

/// Draws an id up to the last one, or null.
fn reference(random: &mut Rng, last: u32) -> String {
    if last == 0 || random.u8(0..5) == 0 { "null".to_owned() } else { random.u32(1..=last).to_string() }
}

fn one_of<'t>(random: &mut Rng, texts: &[&'t str]) -> &'t str {
    texts[random.usize(0..texts.len())]
}

/// Builds an insert of rows, or nothing where there is none.
fn insert(into: &str, count: u32, mut row: impl FnMut(u32) -> String) -> String {
    let rows: Vec<_> = (1..=count).map(|n| format!("({})", row(n))).collect();
    if rows.is_empty() { String::new() } else { format!("insert into {into} values {};", rows.join(", ")) }
}

/// Draws a number that is small as often as not, and nothing now and then.
fn count(random: &mut Rng, most: u32) -> u32 {
    let most = [0, 1, 5, most, most, most][random.usize(0..6)];
    random.u32(0..=most)
}

fn fill(random: &mut Rng) -> String {
    let (users, customers) = (count(random, 6), count(random, 40));
    let mut sql = EMPTY.to_owned();
    sql += &insert("crm.users (name, email, password)", users, |n| {
        format!("'User {}', 'user{n}@example.com', 'x'", n % 3)
    });
    sql += &insert("crm.customers (name, email, phone, company, tags, notes, created_by)", customers, |n| {
        let email = one_of(random, &["null", "'a@example.com'", "'B@example.com'"]);
        let phone = one_of(random, &["null", "'+1-555-0100'"]);
        let company = one_of(random, &["null", "'Acme'", "'%_\\''"]).replace("\\'", "''");
        let tags = one_of(random, &["'{}'", "'{a}'", "'{b,\"c d\"}'"]);
        let notes = one_of(random, &["null", "'Two\nlines'"]);
        let created_by = reference(random, users);
        format!("'Customer {}', {email}, {phone}, {company}, {tags}, {notes}, {created_by}", n % 5)
    });

    // Of a few moments, so that many share one, and of some customers only, so that others have none.
    let moments: Vec<_> = (0..random.u32(1..9))
        .map(|_| match random.u8(0..12) {
            0 => "0001-01-01 00:00:00Z".to_owned(),
            1 => "9999-12-31 23:59:59.999Z".to_owned(),
            _ => format!("2026-01-{:02} 0{}:00:00.00{}Z", random.u8(1..4), random.u8(0..3), random.u8(0..3)),
        })
        .collect();
    let contacted = random.u32(0..=customers);
    let interactions = if contacted == 0 { 0 } else { count(random, 200) };
    sql += &insert("crm.interactions (customer_id, type, date)", interactions, |_| {
        let moment = &moments[random.usize(0..moments.len())];
        format!("{}, 'call', '{moment}'", random.u32(1..=contacted))
    });

    let stages = ["'lead'", "'qualified'", "'proposal'", "'closed'"];
    let stages = &stages[..random.usize(1..=4)];
    let leads = count(random, 80);
    sql += &insert("crm.leads (title, stage, value, customer_id)", leads, |n| {
        let value = match random.u8(0..6) {
            0 => "null".to_owned(),
            1 => "0".to_owned(),
            2 => "99999999.99".to_owned(),
            _ => format!("{}.{:02}", random.u32(0..100_000), random.u8(0..100)),
        };
        format!("'Lead {n}', {}, {value}, {}", one_of(random, stages), reference(random, customers))
    });

    let tasks = count(random, 120);
    sql += &insert("crm.tasks (title, status, priority, due_date, assigned_to, customer_id)", tasks, |n| {
        let status = one_of(random, &["'pending'", "'in-progress'", "'completed'"]);
        let priority = one_of(random, &["'low'", "'medium'", "'high'"]);
        let due = match random.u8(0..12) {
            0 => "null".to_owned(),
            1 => "'0001-01-01'".to_owned(),
            2 => "'9999-12-31'".to_owned(),
            _ => format!("'2026-03-{:02}'", random.u8(8..22)),
        };
        let (user, customer) = (reference(random, users), reference(random, customers));
        format!("'Task {n}', {status}, {priority}, {due}, {user}, {customer}")
    });
    // Ids in another order than that in which the rows lie.
    write!(sql, "update crm.tasks set title = title || '!' where id % 3 = {}", random.u8(0..3)).unwrap();
    sql
}

fn draw(random: &mut Rng) -> DueTasksQuery {
    let today = match random.u8(0..10) {
        0 => day("0001-01-01"),
        1 => day("9999-12-31"),
        _ => day("2026-03-01") + TimeDelta::days(random.i64(0..30)),
    };
    // None, some or all, in any order and more than once.
    let statuses = (0..random.usize(0..5)).map(|_| TaskStatus::ALL[random.usize(0..3)]).collect();
    let within_days = [0, 1, 7, random.u32(0..40), 36_500][random.usize(0..5)];
    DueTasksQuery { within_days, statuses, ..DueTasksQuery::new(today) }
}

/// Draws the sizes of pages in which a report is read: one size after the other where there are few rows.
fn limits(random: &mut Rng, rows: usize) -> Vec<u32> {
    let rows = u32::try_from(rows).unwrap();
    if rows < 9 {
        return (1..=rows + 1).chain([1_000]).collect();
    }
    vec![random.u32(2..6), random.u32(6..=rows), rows - 1, rows, rows + 1, 1_000]
}

#[tokio::test]
async fn the_reports_equal_the_seeds_queries_on_random_rows_page_by_page() {
    let database = Database::fresh().await;
    let mut plain = Plain::connect(&database.url).await;
    let reports = database.crm.reports();
    let random = &mut Rng::with_seed(20_261_125);
    let (rounds, mut seen) = (amount(10, 100), [0; 3]);
    for round in 0..rounds {
        database.execute(&fill(random)).await;
        for include_inactive in [true, false] {
            let expected = plain.activity(include_inactive).await;
            seen[0] += expected.len();
            for limit in limits(random, expected.len()) {
                let found = activity(reports, limit, include_inactive).await;
                assert_eq!(found, expected, "round {round}, pages of {limit}, {include_inactive}");
            }
        }

        let expected = plain.pipeline().await;
        assert_eq!(reports.pipeline().await.unwrap(), expected, "round {round}");
        seen[1] += expected.iter().filter(|stage| stage.count > 0).count();

        for _ in 0..4 {
            let query = draw(random);
            let expected = plain.due_tasks(&query).await;
            seen[2] += expected.len();
            for limit in limits(random, expected.len()) {
                let found = due_tasks(reports, limit, &query).await;
                assert_eq!(found, expected, "round {round}, pages of {limit}, {query:?}");
            }
        }
    }
    assert!(seen.iter().all(|rows| *rows > rounds), "{seen:?}");
}
