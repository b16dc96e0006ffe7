//! The three reports say, row by row and field by field, what the seed's queries say with the contract's corrections, however
//! they are paged through, whatever is in the tables, and while others write.

mod hostile;
mod random;
mod writers;

use chrono::NaiveDate;
use crm_core::{ActivityQuery, CustomerActivity, DueTask, DueTasksQuery, Reports};
use crm_tests::{Plain, all_pages};

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
