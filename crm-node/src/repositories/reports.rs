//! The reports, as Node has them.

use crm_postgres::Result;
use crm_postgres::chrono::NaiveDate;
use crm_postgres::crm_core::{ActivityQuery, DueTasksQuery};

use super::Call;
use crate::bridge::{Job, unknown};
use crate::inputs::{Fields, Values};

fn activity(fields: &Fields) -> ActivityQuery {
    let default = ActivityQuery::default();
    ActivityQuery {
        limit: fields.optional("limit").unwrap_or(default.limit),
        cursor: None,
        include_inactive: fields.optional("include_inactive").unwrap_or(default.include_inactive),
    }
}

fn due(today: NaiveDate, fields: &Fields) -> DueTasksQuery {
    let default = DueTasksQuery::new(today);
    DueTasksQuery {
        within_days: fields.optional("within_days").unwrap_or(default.within_days),
        statuses: fields.any_of("statuses").unwrap_or_else(|| default.statuses.clone()),
        ..default
    }
}

pub(super) fn begin(call: &Call<'_>, values: &mut Values<'_>) -> Result<Job> {
    Ok(match call.operation {
        "customerActivity" => {
            let fields = values.fields("options");
            let query = ActivityQuery { cursor: fields.optional("cursor"), ..activity(&fields) };
            fields.finish(query.start())?;
            call.with(move |crm| Box::pin(async move { crm.reports().customer_activity(&query).await }))
        }
        "pipeline" => call.with(|crm| crm.reports().pipeline()),
        "dueTasks" => {
            let (today, fields) = (values.read("today"), values.fields("options"));
            let mut query = due(today.unwrap_or_default(), &fields);
            query.limit = fields.optional("limit").unwrap_or(query.limit);
            query.cursor = fields.optional("cursor");
            values.also(fields);
            values.finish(query.start())?;
            call.with(move |crm| Box::pin(async move { crm.reports().due_tasks(&query).await }))
        }
        "snapshot" => {
            let (today, fields) = (values.read("today"), values.fields("options"));
            let activity = activity(&fields);
            let due = DueTasksQuery { limit: activity.limit, ..due(today.unwrap_or_default(), &fields) };
            values.also(fields);
            values.finish(due.start())?;
            call.with(move |crm| Box::pin(async move { crm.reports().snapshot(&activity, &due).await }))
        }
        other => return Err(unknown(other)),
    })
}
