//! The seed's three queries, run to the letter, agree with the library's reports where the contract does not correct them.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    ActivityQuery, CustomerActivity, DueTask, DueTasksQuery, PipelineStage, Repositories as _, Stage,
};
use crm_tests::Database;
use rust_decimal::Decimal;
use sqlx::{PgConnection, Row as _};

use super::{SAMPLES, of_the_seed};

const ACTIVITY: &str = include_str!("activity.sql");
const PIPELINE: &str = include_str!("pipeline.sql");
const DUE_TASKS: &str = include_str!("due_tasks.sql");

/// Makes some hundred rows: moments, days, values and priorities that many share, nulls wherever they may be, customers
/// without an interaction, tasks of no customer or of nobody, and no lead in the stage `proposal`.
const GENERATED: &str = "
    insert into users (name, email, password)
    select 'User ' || n, 'user' || n || '@example.com', 'x' from generate_series(1, 7) n;
    insert into customers (name, email, company, tags)
    select 'Customer ' || n % 50, nullif('c' || n || '@example.com', 'c5@example.com'), nullif('Company ' || n % 9, 'Company 0'),
      case when n % 3 = 0 then array['a', 'b'] else '{}' end
    from generate_series(1, 120) n;
    insert into interactions (customer_id, type, notes, date, created_by)
    select 1 + n * n % 101, (enum_range(null::interaction_type))[1 + n % 4], nullif('Note ' || n % 10, 'Note 0'),
      timestamptz '2026-01-01' + (n * 37 % 60) * interval '1 hour', nullif(n % 8, 0)
    from generate_series(1, 400) n;
    insert into leads (title, stage, value, customer_id, assigned_to)
    select 'Lead ' || n, (array['lead', 'qualified', 'closed'])[1 + n % 3]::lead_stage,
      case when n % 4 > 0 then n * 1234.57 end, nullif(n % 121, 0), nullif(n % 8, 0)
    from generate_series(1, 300) n;
    insert into leads (title, stage, value) values ('most', 'closed', 99999999.99), ('least', 'closed', 0.01);
    insert into tasks (title, status, priority, due_date, assigned_to, customer_id)
    select 'Task ' || n, (enum_range(null::task_status))[1 + n % 4 % 3], (enum_range(null::task_priority))[1 + n * 7 % 3],
      case when n % 11 > 0 then current_date + n % 23 - 11 end, nullif(n % 8, 0), nullif(n * 13 % 121, 0) 
    from generate_series(1, 600) n;
    insert into tasks (title, priority, due_date) values ('of no customer', 'high', current_date + 7);";

struct ActivityRow {
    id: i64,
    name: String,
    email: Option<String>,
    company: Option<String>,
    tags: Vec<String>,
    count: i64,
    last: Option<DateTime<Utc>>,
}

async fn assert_activity_agrees(db: &Database, seed: &mut PgConnection) -> Vec<CustomerActivity> {
    let rows = sqlx::query(ACTIVITY).fetch_all(seed).await.unwrap();
    let read = |row: &sqlx::postgres::PgRow| ActivityRow {
        id: row.get("id"),
        name: row.get("name"),
        email: row.get("email"),
        company: row.get("company"),
        tags: row.get("tags"),
        count: row.get("interaction_count"),
        last: row.get("last_interaction"),
    };
    let mut seeds: Vec<_> = rows.iter().map(read).collect();
    let query = ActivityQuery { limit: 1_000, ..ActivityQuery::default() };
    let ours = db.crm.reports().customer_activity(&query).await.unwrap().items;
    let lasts = |rows: &[ActivityRow]| rows.iter().filter_map(|row| row.last).collect::<Vec<_>>();
    let our_lasts: Vec<_> = ours.iter().filter_map(|row| row.last_interaction).collect();
    assert_eq!(lasts(&seeds), our_lasts, "the order of those who were contacted");
    // The contract puts those who never were last, and orders equals by id.
    seeds.sort_by_key(|row| (std::cmp::Reverse(row.last), row.id));
    assert_eq!(seeds.len(), ours.len());
    for (row, CustomerActivity { customer, interaction_count, last_interaction }) in seeds.iter().zip(&ours) {
        assert_eq!((row.id, row.count, row.last), (customer.id.0, *interaction_count, *last_interaction));
        let email = customer.email.as_ref().map(|email| email.as_str().to_owned());
        assert_eq!((&row.name, &row.email, &row.company), (&customer.name, &email, &customer.company));
        assert_eq!(row.tags, customer.tags);
    }
    ours
}

async fn assert_pipeline_agrees(db: &Database, seed: &mut PgConnection) -> Vec<PipelineStage> {
    let rows = sqlx::query(PIPELINE).fetch_all(seed).await.unwrap();
    let read = |row: &sqlx::postgres::PgRow| PipelineStage {
        stage: row.get_unchecked::<String, _>("stage").parse().unwrap(),
        count: row.get("count"),
        total_value: row.get::<Option<Decimal>, _>("total_value").unwrap_or_default(),
    };
    let seeds: Vec<_> = rows.iter().map(read).collect();
    let ours = db.crm.reports().pipeline().await.unwrap();
    assert_eq!(ours.iter().map(|row| row.stage).collect::<Vec<_>>(), Stage::ALL);
    let (found, missing): (Vec<_>, Vec<_>) =
        ours.iter().cloned().partition(|ours| seeds.iter().any(|row| row.stage == ours.stage));
    assert_eq!(found, seeds);
    assert!(missing.iter().all(|row| row.count == 0 && row.total_value.is_zero()));
    ours
}

/// Is a due task's priority, day, id, customer, user and title.
type Row = (String, Option<NaiveDate>, i64, String, Option<String>, String);

/// Compares the due tasks of the server's own day, and returns the library's.
async fn assert_due_tasks_agree(db: &Database, seed: &mut PgConnection) -> Vec<DueTask> {
    // The server's day stays the same within a transaction.
    sqlx::raw_sql("begin").execute(&mut *seed).await.unwrap();
    let today: NaiveDate = sqlx::query_scalar("select current_date").fetch_one(&mut *seed).await.unwrap();
    let rows = sqlx::query(DUE_TASKS).fetch_all(&mut *seed).await.unwrap();
    sqlx::raw_sql("commit").execute(&mut *seed).await.unwrap();
    let read = |row: &sqlx::postgres::PgRow| -> Row {
        (
            row.get_unchecked("priority"),
            row.get("due_date"),
            row.get("id"),
            row.get("customer_name"),
            row.get("assigned_to_name"),
            row.get("title"),
        )
    };
    let mut seeds: Vec<Row> = rows.iter().map(read).collect();
    let query = DueTasksQuery { limit: 1_000, ..DueTasksQuery::new(today) };
    let ours = db.crm.reports().due_tasks(&query).await.unwrap().items;
    let of_customers: Vec<Row> = ours
        .iter()
        .filter_map(|DueTask { task, customer_name, assigned_to_name, overdue }| {
            assert_eq!(*overdue, task.due_date < Some(today));
            let priority = task.priority.to_string();
            let customer = customer_name.clone()?;
            Some((priority, task.due_date, task.id.0, customer, assigned_to_name.clone(), task.title.clone()))
        })
        .collect();
    // The seed leaves the order of equals open: within one priority and day the library's is by id.
    for equals in seeds.chunk_by_mut(|a, b| (&a.0, a.1) == (&b.0, b.1)) {
        equals.sort_by_key(|row| row.2);
    }
    assert_eq!(of_customers, seeds);
    ours
}

#[tokio::test]
async fn the_seeds_queries_agree_on_its_own_samples() {
    let db = Database::fresh().await;
    let mut seed = of_the_seed(&db).await;
    sqlx::raw_sql(SAMPLES).execute(&mut seed).await.unwrap();
    assert_eq!(assert_activity_agrees(&db, &mut seed).await.len(), 2);
    let pipeline = assert_pipeline_agrees(&db, &mut seed).await;
    let totals: Vec<_> = pipeline.iter().map(|row| (row.count, row.total_value.to_string())).collect();
    let expected = [(1, "15000.00"), (1, "50000.00"), (0, "0.00"), (0, "0.00")];
    assert_eq!(totals, expected.map(|(count, total)| (count, total.to_owned())));
    let due = assert_due_tasks_agree(&db, &mut seed).await;
    assert_eq!(
        due.iter().map(|row| row.task.title.as_str()).collect::<Vec<_>>(),
        ["Follow up with Acme Corp"]
    );
}

#[tokio::test]
async fn the_seeds_queries_agree_on_generated_rows() {
    let db = Database::fresh().await;
    let mut seed = of_the_seed(&db).await;
    sqlx::raw_sql(GENERATED).execute(&mut seed).await.unwrap();
    let activity = assert_activity_agrees(&db, &mut seed).await;
    assert_eq!(activity.len(), 120);
    assert!(activity.iter().filter(|row| row.last_interaction.is_none()).count() > 1);
    let ties = |pair: &[CustomerActivity]| {
        pair[0].last_interaction.is_some() && pair[0].last_interaction == pair[1].last_interaction
    };
    assert!(activity.windows(2).any(ties), "the rows have ties");
    let pipeline = assert_pipeline_agrees(&db, &mut seed).await;
    assert_eq!(pipeline.iter().map(|row| row.count).collect::<Vec<_>>(), [100, 100, 0, 102]);
    let due = assert_due_tasks_agree(&db, &mut seed).await;
    let with_customer = due.iter().filter(|row| row.customer_name.is_some()).count();
    assert!(with_customer > 100 && with_customer < due.len(), "{with_customer} of {}", due.len());
    assert!(due.iter().any(|row| row.customer_name.is_none() && row.task.title == "of no customer"));
    assert!(due.iter().any(|row| row.assigned_to_name.is_none()) && due.iter().any(|row| row.overdue));
}

#[tokio::test]
async fn the_seeds_queries_agree_on_an_empty_database_and_on_leads_without_value() {
    let db = Database::fresh().await;
    let mut seed = of_the_seed(&db).await;
    assert!(assert_activity_agrees(&db, &mut seed).await.is_empty());
    let empty = assert_pipeline_agrees(&db, &mut seed).await;
    assert!(empty.iter().all(|row| row.count == 0 && row.total_value.to_string() == "0.00"));
    assert!(assert_due_tasks_agree(&db, &mut seed).await.is_empty());
    sqlx::raw_sql("insert into leads (title, stage) values ('a', 'proposal')")
        .execute(&mut seed)
        .await
        .unwrap();
    let proposal = &assert_pipeline_agrees(&db, &mut seed).await[2];
    assert_eq!((proposal.count, proposal.total_value.to_string()), (1, "0.00".to_owned()));
}
