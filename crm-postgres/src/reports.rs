//! The three reports, each answered from an index. What they cost where that index is long, ARCHITECTURE.md says.

use async_trait::async_trait;
use crm_core::{
    ActivityQuery, Customer, CustomerActivity, DueTask, DueTasksQuery, DueTasksStart, Page, PipelineStage,
    Position, Priority, Reports, Result, Snapshot, SortKey, Stage, Task, TaskStatus,
};
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use tracing::instrument;

use crate::connection::error_mapping::{self as fault, Intent};
use crate::connection::session::Session;
use crate::connection::transaction::{SNAPSHOT, Tx};
use crate::sql::Sql;
use crate::sql::column::Value;
use crate::sql::row::Columns;
use crate::statements::filter::clamp_day;
use crate::statements::table::{columns, part};

#[async_trait]
impl Reports for Session {
    #[instrument(name = "crm.reports.customer_activity", skip_all)]
    async fn customer_activity(&self, query: &ActivityQuery) -> Result<Page<CustomerActivity>> {
        let (limit, after) = query.start()?;
        if let Some(reading) = self.on_replica().await? {
            let answer = reading.session().customer_activity(query).await;
            if reading.stands(&answer).await {
                return answer;
            }
        }
        let limit = limit + 1;
        let inactive = query.include_inactive;
        if let Some(Position { key: SortKey::Null, id }) = after {
            if !inactive {
                self.look_up_actor().await?;
                return Ok(query.page(Vec::new()));
            }
            let mut sql = Sql::default();
            let after = sql.aside(|sql| sql.bind(id));
            sql.text = never_contacted(limit, &after, "false");
            return Ok(query.page(self.activity(sql).await?.0));
        }
        let (mut rows, gave_up) = self.activity(walk(limit, after.as_ref(), inactive)).await?;
        let short = rows.len() < limit || rows.last().is_some_and(|row| row.last_interaction.is_none());
        if short && gave_up.unwrap_or(after.is_some()) {
            rows = self.activity(probe(limit, after.as_ref(), inactive)).await?.0;
        }
        Ok(query.page(rows))
    }

    #[instrument(name = "crm.reports.pipeline", skip_all)]
    async fn pipeline(&self) -> Result<Vec<PipelineStage>> {
        if let Some(reading) = self.on_replica().await? {
            let answer = reading.session().pipeline().await;
            if reading.stands(&answer).await {
                return answer;
            }
        }
        let rows = self.rows(Intent::Read, Sql::new(PIPELINE)).await?;
        let read = |row: &PgRow| {
            let mut columns = Columns::new(row);
            let (stage, count) = (columns.label()?, columns.next()?);
            let total_value = Option::read(&mut columns)?.unwrap_or(Decimal::new(0, 2));
            Ok(PipelineStage { stage, count, total_value })
        };
        let found: Vec<PipelineStage> = read_all(&rows, read)?;
        let stages = Stage::ALL.iter().map(|&stage| {
            let empty = PipelineStage { stage, count: 0, total_value: Decimal::new(0, 2) };
            found.iter().find(|row| row.stage == stage).cloned().unwrap_or(empty)
        });
        Ok(stages.collect())
    }

    #[instrument(name = "crm.reports.due_tasks", skip_all)]
    async fn due_tasks(&self, query: &DueTasksQuery) -> Result<Page<DueTask>> {
        let start = query.start()?;
        if let Some(reading) = self.on_replica().await? {
            let answer = reading.session().due_tasks(query).await;
            if reading.stands(&answer).await {
                return answer;
            }
        }
        let Some(sql) = due_tasks(&start, &query.statuses) else {
            self.look_up_actor().await?;
            return Ok(query.page(Vec::new()));
        };
        let rows = self.rows(Intent::Read, sql).await?;
        let read = |row: &PgRow| {
            let mut columns = Columns::new(row);
            let task = part::<Task>(&mut columns)?;
            let overdue = DueTask::is_overdue(&task, query.today);
            Ok(DueTask { task, customer_name: columns.next()?, assigned_to_name: columns.next()?, overdue })
        };
        Ok(query.page(read_all(&rows, read)?))
    }

    #[instrument(name = "crm.reports.snapshot", skip_all)]
    async fn snapshot(&self, activity: &ActivityQuery, due_tasks: &DueTasksQuery) -> Result<Snapshot> {
        // In a transaction the caller has chosen what it sees.
        if self.transaction.is_some() {
            return self.all_three(activity, due_tasks).await;
        }
        if let Some(reading) = self.on_replica().await? {
            let answer = reading.session().all_three(activity, due_tasks).await;
            if reading.stands(&answer).await {
                return answer;
            }
        }
        let tx = Tx::begin_on_pool(self, SNAPSHOT).await?;
        let snapshot = tx.session().all_three(activity, due_tasks).await?;
        tx.end().await?;
        Ok(snapshot)
    }
}

impl Session {
    async fn all_three(&self, activity: &ActivityQuery, due_tasks: &DueTasksQuery) -> Result<Snapshot> {
        Ok(Snapshot {
            customer_activity: self.customer_activity(activity).await?,
            pipeline: self.pipeline().await?,
            due_tasks: self.due_tasks(due_tasks).await?,
        })
    }

    /// Reads rows of the activity report, and whether the walk gave up: a flag repeated in every row, so none where there are no rows.
    async fn activity(&self, sql: Sql) -> Result<(Vec<CustomerActivity>, Option<bool>)> {
        let rows = self.rows(Intent::Read, sql).await?;
        let mut gave_up = None;
        let read = |row: &PgRow| {
            let mut columns = Columns::new(row);
            let activity = CustomerActivity {
                customer: part::<Customer>(&mut columns)?,
                interaction_count: columns.next()?,
                last_interaction: Value::read(&mut columns)?,
            };
            gave_up = Some(columns.next()?);
            Ok(activity)
        };
        Ok((read_all(&rows, read)?, gave_up))
    }
}

fn read_all<T>(rows: &[PgRow], read: impl FnMut(&PgRow) -> sqlx::Result<T>) -> Result<Vec<T>> {
    rows.iter()
        .map(read)
        .collect::<sqlx::Result<_>>()
        .map_err(|error| fault::of_statement(error, Intent::Read))
}

/// Is how many customers a walk meets in vain before it gives up.
const PATIENCE: usize = 1_000;

/// Is how many interactions in a row, all of customers met before, a step passes over before the walk gives up: by then it
/// has cost about what a [`probe`] of all customers does.
const STRIDE: &str = "(select greatest(250000, 10 * reltuples) from pg_catalog.pg_class where oid = 'crm.customers'::regclass)";

/// Walks the interactions from the newest, or from the cursor, and takes each customer at the first interaction met.
///
/// One step of the recursion finds the next interaction of a customer not met yet, by index: either at the same moment
/// with a larger customer id, or earlier. After a cursor, a customer whose latest interaction lies before the cursor was
/// on an earlier page: it is met, but not `fresh`. The phrasing decides the plan, and a test pins it.
///
/// Far down, nearly all customers met were on earlier pages, and one busy customer can have any number of interactions in a
/// row; then [`probe`] is cheaper, and the walk gives up. A step that finds nobody looks whether there would be more.
fn walk(limit: usize, after: Option<&Position>, include_inactive: bool) -> Sql {
    let mut sql = Sql::new("with recursive walk (date, customer_id, fresh, met, found, gave_up) as (select ");
    begin_after(&mut sql, after);
    let fresh = match after {
        None => "true",
        Some(_) => {
            "not exists (
               select from crm.interactions newer where newer.customer_id = next.customer_id and newer.date > next.date
             )"
        }
    };
    let most = PATIENCE + limit;
    let gave_up = format!("(select bool_or(gave_up) or max(cardinality(met)) >= {most} from walk)");
    sql.push(&format!(
        ", false, '{{}}'::bigint[], 0, false
           union all
           select next.date, next.customer_id, next.fresh, walk.met || next.customer_id, walk.found + next.fresh::int, next.gave_up
           from walk cross join lateral (
             (
               select next.date, next.customer_id, {fresh} as fresh, false as gave_up from (
                 (
                   select i.date, i.customer_id from crm.interactions i
                   where i.date = walk.date and i.customer_id > walk.customer_id and i.customer_id <> all (walk.met)
                   order by i.date desc, i.customer_id limit 1
                 ) union all (
                   select i.date, i.customer_id from (
                     select i.date, i.customer_id from crm.interactions i
                     where i.date < walk.date order by i.date desc, i.customer_id limit {STRIDE}
                   ) i
                   where i.customer_id <> all (walk.met) order by i.date desc, i.customer_id limit 1
                 )
                 order by date desc, customer_id limit 1
               ) next
             ) union all (
               select i.date, i.customer_id, false, true from crm.interactions i
               where i.date < walk.date order by i.date desc, i.customer_id offset {STRIDE} limit 1
             )
             limit 1
           ) next
           where walk.found < {limit} and cardinality(walk.met) < {most} and not walk.gave_up
         )
         (select {columns}, contacts.count, walk.date, {gave_up}
         from walk
         join crm.customers t on t.id = walk.customer_id
         cross join lateral (select count(*) from crm.interactions i where i.customer_id = walk.customer_id) contacts
         where walk.fresh
         order by walk.date desc, t.id)",
        columns = columns::<Customer>("t")
    ));
    if include_inactive {
        sql.push(&format!(" union all ({}) limit {limit}", never_contacted(limit, "0", &gave_up)));
    }
    sql
}

/// Asks each customer for the latest interaction, one probe of the index a customer: what a page costs at the most.
fn probe(limit: usize, after: Option<&Position>, include_inactive: bool) -> Sql {
    let mut sql = Sql::new("with place (date, id) as (select ");
    begin_after(&mut sql, after);
    sql.push(&format!(
        ")
         (select {columns}, contacts.count, latest.date, false
         from (
           select c.id, i.date from place, crm.customers c cross join lateral (
             select i.date from crm.interactions i where i.customer_id = c.id order by i.date desc limit 1
           ) i
           where i.date < place.date or (i.date = place.date and c.id > place.id)
           order by i.date desc, c.id limit {limit}
         ) latest
         join crm.customers t on t.id = latest.id
         cross join lateral (select count(*) from crm.interactions i where i.customer_id = t.id) contacts
         order by latest.date desc, t.id)",
        columns = columns::<Customer>("t")
    ));
    if include_inactive {
        sql.push(&format!(" union all ({}) limit {limit}", never_contacted(limit, "0", "false")));
    }
    sql
}

fn begin_after(sql: &mut Sql, after: Option<&Position>) {
    match after {
        Some(Position { key: SortKey::Moment(moment), id }) => sql.bind(*moment).push(", ").bind(*id),
        _ => sql.push("'infinity'::timestamptz, 0::bigint"),
    };
}

/// Sums up what the triggers keep of the leads: a few hundred rows where writers are read committed, whatever the number of leads.
const PIPELINE: &str =
    "select p.stage::text, sum(p.count)::bigint, sum(p.value) from crm.pipeline_totals p group by p.stage";

/// Takes the customers without an interaction, by id. The subselect is a probe of the index for each customer until the
/// page is full; `not exists` would let the planner read the interactions of all customers before the cursor too.
fn never_contacted(limit: usize, after: &str, gave_up: &str) -> String {
    format!(
        "select {}, 0::bigint, null::timestamptz, {gave_up} from crm.customers t
         where (select i.id from crm.interactions i where i.customer_id = t.id limit 1) is null and t.id > {after}
         order by t.id limit {limit}",
        columns::<Customer>("t")
    )
}

/// Takes the first tasks of each status and priority from `idx_tasks_open`, where they stand in the report's order, and
/// merges them. Completed tasks are not in that index; asking for them costs what is due among them.
fn due_tasks(start: &DueTasksStart, statuses: &[TaskStatus]) -> Option<Sql> {
    let DueTasksStart { until, limit, after } = start;
    let limit = limit + 1;
    let mut sql = Sql::new(format!("select {}, c.name, u.name from (select * from (", columns::<Task>("t")));
    sql.argument(clamp_day(*until));
    if let Some((_, day, id)) = after {
        sql.argument(*day).argument(*id);
    }
    let mut branches = 0;
    for status in TaskStatus::ALL.iter().filter(|status| statuses.contains(status)) {
        for priority in Priority::ALL {
            let beyond = match after {
                Some((rank, ..)) if (*priority as i32) > *rank => continue,
                Some((rank, ..)) if (*priority as i32) == *rank => "and (t.due_date, t.id) > ($2, $3)",
                _ => "",
            };
            sql.push(if branches == 0 { "" } else { " union all " }).push(&format!(
                "(select * from crm.tasks t
                  where t.status = '{status}' and t.priority = '{priority}' and t.due_date <= $1 {beyond}
                  order by t.due_date, t.id limit {limit})"
            ));
            branches += 1;
        }
    }
    sql.push(&format!(
        ") t order by t.priority desc, t.due_date, t.id limit {limit}) t
         left join crm.customers c on c.id = t.customer_id
         left join crm.users u on u.id = t.assigned_to
         order by t.priority desc, t.due_date, t.id"
    ));
    (branches > 0).then_some(sql)
}
