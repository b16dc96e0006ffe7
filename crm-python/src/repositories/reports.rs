//! The reports, as Python has them.

use crm_core::calls::Takes as _;
use crm_postgres::crm_core::{ActivityQuery, DueTasksQuery};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::guard::guarded;
use crate::handle::Handle;
use crate::inputs::{Keywords, read};

/// Answers the reports.
#[pyclass(frozen, subclass, name = "Reports", module = "crm")]
pub(crate) struct ReportsBase(pub(crate) Handle);

impl ReportsBase {
    pub(crate) fn of_handle(handle: Handle) -> PyClassInitializer<Self> {
        Self(handle).into()
    }
}

fn activity(fields: &Keywords<'_, '_>) -> PyResult<ActivityQuery> {
    let default = ActivityQuery::default();
    Ok(ActivityQuery {
        limit: fields.optional("limit")?.unwrap_or(default.limit),
        cursor: None,
        include_inactive: fields.optional("include_inactive")?.unwrap_or(default.include_inactive),
    })
}

/// Reads what a report of due tasks asks for, but its page.
pub(crate) fn due(today: &Bound<'_, PyAny>, fields: &Keywords<'_, '_>) -> PyResult<DueTasksQuery> {
    let default = DueTasksQuery::new(read(today, "today")?);
    Ok(DueTasksQuery {
        within_days: fields.optional("within_days")?.unwrap_or(default.within_days),
        statuses: fields.any_of("statuses")?.unwrap_or_else(|| default.statuses.clone()),
        ..default
    })
}

#[pymethods]
impl ReportsBase {
    /// Lists customers with their interactions: most recently contacted first, never contacted last.
    #[pyo3(
        signature = (**options),
        text_signature = "($self, *, limit=50, cursor=None, include_inactive=True)"
    )]
    fn customer_activity(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        guarded(py, || {
            let keywords = Keywords::new(options);
            let query = ActivityQuery { cursor: keywords.optional("cursor")?, ..activity(&keywords)? };
            keywords.finish_with(py, "customer_activity", query.start())?;
            self.0.call(py, "reports.customer_activity", move |crm| {
                Box::pin(async move { crm.reports().customer_activity(&query).await })
            })
        })
    }

    /// Sums up the pipeline: all four stages in order, zeros where a stage is empty.
    fn pipeline(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.0.call(py, "reports.pipeline", |crm| crm.reports().pipeline())
    }

    /// Lists the tasks due by the end of the last of so many days from the caller's today: high priority first, then by
    /// day, then by id.
    #[pyo3(
        signature = (today, **options),
        text_signature = "($self, today, *, within_days=7, statuses=('pending',), limit=50, cursor=None)"
    )]
    fn due_tasks(
        &self,
        py: Python<'_>,
        today: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        guarded(py, || {
            let keywords = Keywords::new(options);
            let mut query = due(today, &keywords)?;
            query.limit = keywords.optional("limit")?.unwrap_or(query.limit);
            query.cursor = keywords.optional("cursor")?;
            keywords.finish_with(py, "due_tasks", query.start())?;
            self.0.call(py, "reports.due_tasks", move |crm| {
                Box::pin(async move { crm.reports().due_tasks(&query).await })
            })
        })
    }

    /// Answers all three from one consistent snapshot; the limit is that of each list.
    #[pyo3(
        signature = (today, **options),
        text_signature = "($self, today, *, within_days=7, statuses=('pending',), limit=50, include_inactive=True)"
    )]
    fn snapshot(
        &self,
        py: Python<'_>,
        today: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        guarded(py, || {
            let keywords = Keywords::new(options);
            let activity = activity(&keywords)?;
            let due = DueTasksQuery { limit: activity.limit, ..due(today, &keywords)? };
            keywords.finish(py, "snapshot")?;
            self.0.call(py, "reports.snapshot", move |crm| {
                Box::pin(async move { crm.reports().snapshot(&activity, &due).await })
            })
        })
    }
}
