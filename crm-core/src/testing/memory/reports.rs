//! The reports.

use std::cmp::Reverse;
use std::collections::HashMap;

use async_trait::async_trait;
use rust_decimal::Decimal;

use super::session::Session;
use super::table::State;
use crate::{
    ActivityQuery, CustomerActivity, CustomerId, DueTask, DueTasksQuery, DueTasksStart, Page, PipelineStage,
    Position, Reports, Result, Snapshot, SortKey, Stage,
};

#[async_trait]
impl Reports for Session {
    async fn customer_activity(&self, query: &ActivityQuery) -> Result<Page<CustomerActivity>> {
        let start = query.start()?;
        self.run(|state, _| Ok(customer_activity(state, query, start)))
    }

    async fn pipeline(&self) -> Result<Vec<PipelineStage>> {
        self.run(|state, _| Ok(pipeline(state)))
    }

    async fn due_tasks(&self, query: &DueTasksQuery) -> Result<Page<DueTask>> {
        let start = query.start()?;
        self.run(|state, _| Ok(due_tasks(state, query, &start)))
    }

    async fn snapshot(&self, activity: &ActivityQuery, due: &DueTasksQuery) -> Result<Snapshot> {
        self.run(|state, _| {
            Ok(Snapshot {
                customer_activity: customer_activity(state, activity, activity.start()?),
                pipeline: pipeline(state),
                due_tasks: due_tasks(state, due, &due.start()?),
            })
        })
    }
}

fn customer_activity(
    state: &State,
    query: &ActivityQuery,
    (limit, after): (usize, Option<Position>),
) -> Page<CustomerActivity> {
    let after = after.map(|after| {
        let last = if let SortKey::Moment(last) = after.key { Some(last) } else { None };
        (last.is_none(), Reverse(last), CustomerId(after.id))
    });
    let mut contacts = HashMap::new();
    for interaction in state.interactions.rows() {
        let (count, last) = contacts.entry(interaction.customer_id).or_insert((0, None));
        *count += 1;
        *last = (*last).max(Some(interaction.date));
    }
    let mut found: Vec<_> = state
        .customers
        .rows()
        .map(|customer| {
            let (count, last) = contacts.get(&customer.id).copied().unwrap_or_default();
            ((last.is_none(), Reverse(last), customer.id), count, customer)
        })
        .filter(|(place, _, _)| query.include_inactive || !place.0)
        .filter(|(place, _, _)| after.is_none_or(|after| *place > after))
        .collect();
    found.sort_unstable_by_key(|(place, _, _)| *place);
    let rows = found.into_iter().take(limit + 1).map(|((_, Reverse(last), _), count, customer)| {
        CustomerActivity { customer: customer.clone(), interaction_count: count, last_interaction: last }
    });
    query.page(rows.collect())
}

fn pipeline(state: &State) -> Vec<PipelineStage> {
    let sum_up = |&stage: &Stage| {
        let leads = || state.leads.rows().filter(|lead| lead.stage == stage);
        let mut total_value: Decimal = leads().filter_map(|lead| lead.value).sum();
        total_value.rescale(2);
        PipelineStage { stage, count: leads().map(|_| 1).sum(), total_value }
    };
    Stage::ALL.iter().map(sum_up).collect()
}

fn due_tasks(state: &State, query: &DueTasksQuery, start: &DueTasksStart) -> Page<DueTask> {
    let after = start.after.map(|(rank, day, id)| (Reverse(rank), day, id));
    let mut found: Vec<_> = state
        .tasks
        .rows()
        .filter(|task| query.statuses.contains(&task.status))
        .filter_map(|task| Some(((Reverse(task.priority as i32), task.due_date?, task.id.0), task)))
        .filter(|((_, day, _), _)| *day <= start.until)
        .filter(|(place, _)| after.is_none_or(|after| *place > after))
        .collect();
    found.sort_unstable_by_key(|(place, _)| *place);
    let rows = found.into_iter().take(start.limit + 1).map(|(_, task)| DueTask {
        customer_name: task
            .customer_id
            .and_then(|id| state.customers.find(id))
            .map(|customer| customer.name.clone()),
        assigned_to_name: task.assigned_to.and_then(|id| state.users.find(id)).map(|user| user.name.clone()),
        overdue: DueTask::is_overdue(task, query.today),
        task: task.clone(),
    });
    query.page(rows.collect())
}
