//! The three reports say, row by row and field by field, what the seed's queries say with the contract's corrections, however
//! they are paged through, whatever is in the tables, and while others write.

mod hostile;
mod random;
mod writers;

use chrono::NaiveDate;
use crm_core::{
    ActivityQuery, Cursor, CustomerActivity, DueTask, DueTasksQuery, Page, PipelineStage, Reports, TaskStatus,
};
use crm_tests::Database;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::seed::of_the_seed;

const ACTIVITY: &str = include_str!("../seed/activity.sql");
const PIPELINE: &str = include_str!("../seed/pipeline.sql");
const DUE_TASKS: &str = include_str!("../seed/due_tasks.sql");

/// Asks the seed's queries on a connection.
struct Plain(PgConnection);

impl Plain {
    async fn connect(database: &Database) -> Self {
        let mut connection = of_the_seed(database).await;
        sqlx::raw_sql("set timezone = 'UTC'").execute(&mut connection).await.unwrap();
        Self(connection)
    }

    /// Reads rows as JSON, of which the library's own types are made.
    async fn rows(&mut self, sql: &str) -> Vec<String> {
        let sql = format!("select to_jsonb(found)::text from ({sql}) found");
        sqlx::query_scalar(AssertSqlSafe(sql)).persistent(false).fetch_all(&mut self.0).await.unwrap()
    }

    /// The contract puts those who were never contacted last, or leaves them out, and equals by id.
    async fn activity(&mut self, include_inactive: bool) -> Vec<CustomerActivity> {
        let order = "order by last_interaction desc nulls last, id";
        let sql = corrected(ACTIVITY, &[("ORDER BY last_interaction DESC;", "")]);
        let active = if include_inactive { "" } else { "where interaction_count > 0" };
        let rows = self.rows(&format!("select * from ({sql}) seeds {active} {order}")).await;
        rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
    }

    /// The contract has all four stages, with zeros.
    async fn pipeline(&mut self) -> Vec<PipelineStage> {
        let sql = corrected(PIPELINE, &[(";", "")]);
        let stages = format!(
            "select stage, coalesce(seeds.count, 0) as count, coalesce(total_value, 0)::text as total_value
             from unnest(enum_range(null::lead_stage)) with ordinality as stages (stage, n)
             left join ({sql}) seeds using (stage) order by n"
        );
        self.rows(&stages).await.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
    }

    /// The contract has the caller's day, number of days and statuses, tasks of no customer, and equals by id.
    async fn due_tasks(&mut self, query: &DueTasksQuery) -> Vec<DueTask> {
        let DueTasksQuery { today, within_days, statuses, .. } = query;
        let statuses: Vec<_> = statuses.iter().map(|status| format!("'{status}'::task_status")).collect();
        let (any, until) = (
            format!("t.status = any(array[{}]::task_status[])", statuses.join(", ")),
            format!("date '{today}' + {within_days}"),
        );
        let overdue = format!(
            "u.name as assigned_to_name, t.due_date < date '{today}' and t.status <> '{}' as overdue",
            TaskStatus::Completed
        );
        let sql = corrected(
            DUE_TASKS,
            &[
                ("\nJOIN customers", "\nLEFT JOIN customers"),
                ("t.status = 'pending'", &any),
                ("CURRENT_DATE + INTERVAL '7 days'", &until),
                ("u.name as assigned_to_name", &overdue),
                ("t.due_date;", "t.due_date, t.id"),
            ],
        );
        self.rows(&sql).await.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
    }
}

/// Replaces what the contract corrects in a query of the seed's, which has to be there.
fn corrected(sql: &str, corrections: &[(&str, &str)]) -> String {
    corrections.iter().fold(sql.to_owned(), |sql, (from, to)| {
        assert_eq!(sql.matches(from).count(), 1, "{from} in {sql}");
        sql.replace(from, to)
    })
}

/// Goes through the pages, each of which but the last has to be full.
async fn all_pages<T>(limit: u32, mut page: impl AsyncFnMut(Option<Cursor>) -> Page<T>) -> Vec<T> {
    let (mut rows, mut cursor) = (Vec::new(), None);
    loop {
        let last = cursor.clone();
        let Page { items, next_cursor } = page(cursor).await;
        assert!(items.len() == limit as usize || (next_cursor.is_none() && items.len() < limit as usize));
        rows.extend(items);
        assert!(next_cursor.is_none() || next_cursor != last, "a page begins where the one before did");
        cursor = next_cursor;
        if cursor.is_none() {
            return rows;
        }
    }
}

async fn activity(reports: &dyn Reports, limit: u32, include_inactive: bool) -> Vec<CustomerActivity> {
    all_pages(limit, async |cursor| {
        let query = ActivityQuery { limit, cursor, include_inactive };
        reports.customer_activity(&query).await.unwrap()
    })
    .await
}

async fn due_tasks(reports: &dyn Reports, limit: u32, query: &DueTasksQuery) -> Vec<DueTask> {
    all_pages(limit, async |cursor| {
        let query = DueTasksQuery { limit, cursor, ..query.clone() };
        reports.due_tasks(&query).await.unwrap()
    })
    .await
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}
