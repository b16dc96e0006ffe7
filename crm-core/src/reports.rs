//! The three reports: one struct and one method a question.

use async_trait::async_trait;
use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::errors::Broken;
use crate::validation::both;
use crate::{
    Cursor, Customer, DEFAULT_LIMIT, Page, Position, Result, SortKey, Stage, Task, TaskStatus, ViolationCode,
    check_limit,
};

/// Asks for the customers by their last interaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityQuery {
    /// How many customers at the most, 1 to 1,000.
    pub limit: u32,
    /// Where to go on; nothing begins with the latest.
    pub cursor: Option<Cursor>,
    /// Whether customers who were never contacted follow at the end.
    pub include_inactive: bool,
}

impl Default for ActivityQuery {
    fn default() -> Self {
        Self { limit: DEFAULT_LIMIT, cursor: None, include_inactive: true }
    }
}

impl ActivityQuery {
    const LIST: &str = "customer_activity";
    const ORDER: &str = "-last_interaction";

    /// Reads the limit and the position to begin after.
    ///
    /// # Errors
    /// `validation` for a limit out of range and for a cursor of another list.
    pub fn start(&self) -> Result<(usize, Option<Position>)> {
        let takes = |key: &SortKey| matches!(key, SortKey::Moment(_) | SortKey::Null);
        let decode = |cursor: &Cursor| cursor.decode(Self::LIST, Self::ORDER, takes);
        both(check_limit(self.limit), self.cursor.as_ref().map(decode).transpose())
    }

    /// Makes the page of the rows found, of which there may be one more than the limit.
    #[must_use]
    pub fn page(&self, rows: Vec<CustomerActivity>) -> Page<CustomerActivity> {
        Page::from_rows(rows, self.limit as usize, |last| {
            Cursor::encode(Self::LIST, Self::ORDER, &last.position())
        })
    }
}

/// Says how often and when a customer was last contacted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerActivity {
    /// The customer.
    #[serde(flatten)]
    pub customer: Customer,
    /// How many interactions there are.
    pub interaction_count: i64,
    /// The moment of the latest; nothing when there is none.
    pub last_interaction: Option<DateTime<Utc>>,
}

impl CustomerActivity {
    /// Returns the row's place in the report: latest first, ties by the customer's id.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { key: SortKey::or_null(self.last_interaction, SortKey::Moment), id: self.customer.id.0 }
    }
}

/// Says how much is in one stage of the pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineStage {
    /// The stage.
    pub stage: Stage,
    /// How many leads.
    pub count: i64,
    /// What they are worth together, two decimals; zero when there is none.
    #[serde(with = "rust_decimal::serde::str")]
    pub total_value: Decimal,
}

/// Asks for the tasks that are due soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueTasksQuery {
    /// The caller's day.
    pub today: NaiveDate,
    /// How many days ahead, 0 to 36,500.
    pub within_days: u32,
    /// Any of these statuses.
    pub statuses: Vec<TaskStatus>,
    /// How many tasks at the most, 1 to 1,000.
    pub limit: u32,
    /// Where to go on; nothing begins with the first.
    pub cursor: Option<Cursor>,
}

/// Is where a page of due tasks begins and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueTasksStart {
    /// The last day that counts as due.
    pub until: NaiveDate,
    /// How many tasks at the most.
    pub limit: usize,
    /// Begin after the task at this priority (its rank), day and id.
    pub after: Option<(i32, NaiveDate, i64)>,
}

impl DueTasksQuery {
    const LIST: &str = "due_tasks";
    const ORDER: &str = "-priority,due_date";

    /// Asks for the first 50 pending tasks that are due by the end of the seventh day from today.
    #[must_use]
    pub fn new(today: NaiveDate) -> Self {
        Self {
            today,
            within_days: 7,
            statuses: vec![TaskStatus::Pending],
            limit: DEFAULT_LIMIT,
            cursor: None,
        }
    }

    /// Reads the bounds.
    ///
    /// # Errors
    /// `validation` for a number out of range and for a cursor of another list.
    pub fn start(&self) -> Result<DueTasksStart> {
        let days = match self.within_days {
            0..=36_500 => Ok(TimeDelta::days(self.within_days.into())),
            _ => Err(Broken::new(ViolationCode::OutOfRange, "must be 0 to 36500 days").on("within_days")),
        };
        let after = self.cursor.as_ref().map(|cursor| {
            let mut place = None;
            let position = cursor.decode(Self::LIST, Self::ORDER, |key| {
                place = rank_and_day(key);
                place.is_some()
            })?;
            Ok::<_, crate::Error>(place.map(|(rank, day)| (rank, day, position.id)))
        });
        let (days, (limit, after)) = both(days, both(check_limit(self.limit), after.transpose()))?;
        let (until, after) = (self.today.checked_add_signed(days).unwrap_or(NaiveDate::MAX), after.flatten());
        Ok(DueTasksStart { until, limit, after })
    }

    /// Makes the page of the rows found, of which there may be one more than the limit.
    #[must_use]
    pub fn page(&self, rows: Vec<DueTask>) -> Page<DueTask> {
        Page::from_rows(rows, self.limit as usize, |DueTask { task, .. }| {
            let day = task.due_date.map_or_else(String::new, |day| day.to_string());
            let key = SortKey::Text(format!("{} {day}", task.priority as i32));
            Cursor::encode(Self::LIST, Self::ORDER, &Position { key, id: task.id.0 })
        })
    }
}

fn rank_and_day(key: &SortKey) -> Option<(i32, NaiveDate)> {
    let SortKey::Text(text) = key else { return None };
    let (rank, day) = text.split_once(' ')?;
    let (rank, day): (i32, NaiveDate) = (rank.parse().ok()?, day.parse().ok()?);
    ((0..=2).contains(&rank) && (1..=9999).contains(&day.year())).then_some((rank, day))
}

/// Is a task that is due soon, with the names that a list shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueTask {
    /// The task.
    #[serde(flatten)]
    pub task: Task,
    /// The name of the customer it is about.
    pub customer_name: Option<String>,
    /// The name of the user who has to do it.
    pub assigned_to_name: Option<String>,
    /// Whether its day is before today and it is not completed.
    pub overdue: bool,
}

impl DueTask {
    /// Tells whether a task is overdue on a day.
    #[must_use]
    pub fn is_overdue(task: &Task, today: NaiveDate) -> bool {
        task.status != TaskStatus::Completed && task.due_date.is_some_and(|due| due < today)
    }
}

/// Is the three reports as they were at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// The customers by their last interaction.
    pub customer_activity: Page<CustomerActivity>,
    /// The four stages.
    pub pipeline: Vec<PipelineStage>,
    /// The tasks that are due soon.
    pub due_tasks: Page<DueTask>,
}

/// Answers the three questions.
#[async_trait]
pub trait Reports: Send + Sync {
    /// Lists customers with their interactions: most recently contacted first, never contacted last, ties by id.
    async fn customer_activity(&self, query: &ActivityQuery) -> Result<Page<CustomerActivity>>;

    /// Sums up the pipeline: all four stages in order, zeros where a stage is empty.
    async fn pipeline(&self) -> Result<Vec<PipelineStage>>;

    /// Lists the tasks due by a day: high priority first, then by day, then by id.
    async fn due_tasks(&self, query: &DueTasksQuery) -> Result<Page<DueTask>>;

    /// Answers all three from one consistent snapshot.
    async fn snapshot(&self, activity: &ActivityQuery, due_tasks: &DueTasksQuery) -> Result<Snapshot>;
}
