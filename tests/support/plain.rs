//! The seed's three queries, beside which the reports are held.

use crm_core::{Cursor, CustomerActivity, DueTask, DueTasksQuery, Page, PipelineStage, TaskStatus};
use serde::de::DeserializeOwned;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

const ACTIVITY: &str = include_str!("../integration/seed/activity.sql");
const PIPELINE: &str = include_str!("../integration/seed/pipeline.sql");
const DUE_TASKS: &str = include_str!("../integration/seed/due_tasks.sql");

/// Asks the seed's queries, with the contract's corrections, on a connection of its own.
#[derive(Debug)]
pub struct Plain(
    /// The connection, for what else a test has to ask on it.
    pub PgConnection,
);

impl Plain {
    /// Opens the connection, on which names without a schema are the library's tables.
    ///
    /// # Panics
    /// When the server is gone.
    pub async fn connect(url: &str) -> Self {
        let mut connection = PgConnection::connect(url).await.expect("the server is there");
        let settings = sqlx::raw_sql("set search_path = crm; set timezone = 'UTC'");
        settings.execute(&mut connection).await.expect("everybody may set them");
        Self(connection)
    }

    /// Reads rows as JSON, of which the library's own types are made.
    async fn rows<T: DeserializeOwned>(&mut self, sql: &str) -> Vec<T> {
        let sql = format!("select to_jsonb(found)::text from ({sql}) found");
        let rows = sqlx::query_scalar(AssertSqlSafe(sql)).persistent(false).fetch_all(&mut self.0);
        let rows: Vec<String> = rows.await.expect("the seed's queries run");
        rows.iter().map(|row| serde_json::from_str(row).expect("the columns are the fields")).collect()
    }

    /// Reads the customers: those who were never contacted come last, or are left out, and equals by id.
    ///
    /// # Panics
    /// When the server is gone.
    pub async fn activity(&mut self, include_inactive: bool) -> Vec<CustomerActivity> {
        let order = "order by last_interaction desc nulls last, id";
        let sql = corrected(ACTIVITY, &[("ORDER BY last_interaction DESC;", "")]);
        let active = if include_inactive { "" } else { "where interaction_count > 0" };
        self.rows(&format!("select * from ({sql}) seeds {active} {order}")).await
    }

    /// Reads the pipeline: all four stages, with zeros.
    ///
    /// # Panics
    /// When the server is gone.
    pub async fn pipeline(&mut self) -> Vec<PipelineStage> {
        let sql = corrected(PIPELINE, &[(";", "")]);
        let stages = format!(
            "select stage, coalesce(seeds.count, 0) as count, coalesce(total_value, 0)::text as total_value
             from unnest(enum_range(null::lead_stage)) with ordinality as stages (stage, n)
             left join ({sql}) seeds using (stage) order by n"
        );
        self.rows(&stages).await
    }

    /// Reads the tasks: by the caller's day, number of days and statuses, those of no customer too, and equals by id.
    ///
    /// # Panics
    /// When the server is gone.
    pub async fn due_tasks(&mut self, query: &DueTasksQuery) -> Vec<DueTask> {
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
        self.rows(&sql).await
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
///
/// # Panics
/// When one is not, or does not go on.
pub async fn all_pages<T>(limit: u32, mut page: impl AsyncFnMut(Option<Cursor>) -> Page<T>) -> Vec<T> {
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
