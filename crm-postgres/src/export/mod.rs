//! Whole lists and reports for analysis: COPY in its binary format, as the server sends it, from one snapshot.

mod columns;
mod halves;

use crm_core::{
    Customer, CustomerFilter, CustomerOrderBy, DueTasksQuery, Error, Interaction, InteractionFilter,
    InteractionOrderBy, Lead, LeadFilter, LeadOrderBy, Order, Result, Task, TaskFilter, TaskOrderBy,
    TaskStatus, User, UserFilter, UserOrderBy,
};
use futures_core::Stream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use sqlx::{Arguments as _, Row as _};
use tracing::instrument;

use crate::connection::call::{Failure, within};
use crate::connection::error_mapping::Intent;
use crate::connection::pool::Lease;
use crate::connection::session::Session;
use crate::connection::transaction::SNAPSHOT;
use crate::sql::Sql;
use crate::sql::column::Column;
use crate::statements::filter::clamp_day;
use crate::statements::list::{arrange_all, restrict, select};
use crate::statements::table::{Table, columns as columns_of};
use crate::{Acting, Crm, Tx};

use halves::Halves;

/// Is how many rows are waited for together at the most.
const PIECES: usize = 256;

/// Says what is read as columns: all rows that a filter selects, in an order or in none, or a whole report.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Export {
    /// Users.
    Users(UserFilter, Option<Order<UserOrderBy>>),
    /// Customers.
    Customers(CustomerFilter, Option<Order<CustomerOrderBy>>),
    /// Leads.
    Leads(LeadFilter, Option<Order<LeadOrderBy>>),
    /// Tasks.
    Tasks(TaskFilter, Option<Order<TaskOrderBy>>),
    /// Interactions.
    Interactions(InteractionFilter, Option<Order<InteractionOrderBy>>),
    /// The pipeline: four rows.
    Pipeline,
    /// The customers by their last interaction, all of them.
    CustomerActivity {
        /// Whether customers who were never contacted follow at the end.
        include_inactive: bool,
    },
    /// The tasks due by a day, all of them; limit and cursor of the query play no part.
    DueTasks(DueTasksQuery),
}

/// Takes what an export reads.
pub trait ExportSink: Send {
    /// Takes the next piece of a binary COPY, which ends where a row does. The first begins with COPY's header; the trailer comes
    /// alone, or behind the header where there is no row (PostgreSQL docs, COPY, "Binary Format").
    ///
    /// # Errors
    /// Any error ends the export and is returned by it; the connection is closed, by which the server stops.
    fn take(&mut self, piece: &[u8]) -> impl Future<Output = Result<()>> + Send;
}

impl Export {
    /// Lists the columns, in the order of each row's values.
    #[must_use]
    pub fn columns(&self) -> Vec<Column> {
        match self {
            Self::Users(..) => User::COLUMNS.to_vec(),
            Self::Customers(..) => Customer::COLUMNS.to_vec(),
            Self::Leads(..) => Lead::COLUMNS.to_vec(),
            Self::Tasks(..) => Task::COLUMNS.to_vec(),
            Self::Interactions(..) => Interaction::COLUMNS.to_vec(),
            Self::Pipeline => columns::PIPELINE.to_vec(),
            Self::CustomerActivity { .. } => [Customer::COLUMNS, columns::ACTIVITY].concat(),
            Self::DueTasks(_) => [Task::COLUMNS, columns::DUE].concat(),
        }
    }

    /// Names the table that is read as it is, without a filter or an order.
    fn whole_table(&self) -> Option<&'static str> {
        fn of<E: Table>(filter: &E::Filter, order: Option<&Order<E::OrderBy>>) -> Option<&'static str> {
            let mut sql = Sql::default();
            restrict::<E>(&mut sql, filter);
            (sql.text.is_empty() && order.is_none()).then_some(E::TABLE)
        }
        match self {
            Self::Customers(filter, order) => of::<Customer>(filter, order.as_ref()),
            Self::Leads(filter, order) => of::<Lead>(filter, order.as_ref()),
            Self::Tasks(filter, order) => of::<Task>(filter, order.as_ref()),
            Self::Interactions(filter, order) => of::<Interaction>(filter, order.as_ref()),
            // Users are few, and no role may ask where in the table they are.
            Self::Users(..) | Self::Pipeline | Self::CustomerActivity { .. } | Self::DueTasks(_) => None,
        }
    }

    fn sql(&self) -> Result<Sql> {
        Ok(match self {
            Self::Users(filter, order) => list::<User>(filter, *order),
            Self::Customers(filter, order) => list::<Customer>(filter, *order),
            Self::Leads(filter, order) => list::<Lead>(filter, *order),
            Self::Tasks(filter, order) => list::<Task>(filter, *order),
            Self::Interactions(filter, order) => list::<Interaction>(filter, *order),
            Self::Pipeline => Sql::new(
                "select stage::text, coalesce(sum(p.count), 0)::bigint, coalesce(sum(p.value), 0)
                 from pg_catalog.unnest(pg_catalog.enum_range(null::crm.lead_stage)) with ordinality as stages (stage, n)
                 left join crm.pipeline_totals p using (stage)
                 group by stage, n order by n",
            ),
            Self::CustomerActivity { include_inactive } => Sql::new(format!(
                "select {}, coalesce(contacts.count, 0), contacts.latest
                 from crm.customers t
                 {} join (
                   select i.customer_id, count(*), max(i.date) as latest from crm.interactions i group by i.customer_id
                 ) contacts on contacts.customer_id = t.id
                 order by contacts.latest desc nulls last, t.id",
                columns_of::<Customer>("t"),
                if *include_inactive { "left" } else { "inner" }
            )),
            Self::DueTasks(query) => due_tasks(query)?,
        })
    }
}

fn list<E: Table>(filter: &E::Filter, order: Option<Order<E::OrderBy>>) -> Sql {
    let mut sql = select::<E>();
    restrict::<E>(&mut sql, filter);
    if let Some(order) = order {
        arrange_all::<E>(&mut sql, order);
    }
    sql
}

fn due_tasks(query: &DueTasksQuery) -> Result<Sql> {
    let until = query.start()?.until;
    let mut sql = Sql::new(format!("select {}, c.name, u.name, (t.due_date < ", columns_of::<Task>("t")));
    sql.bind(clamp_day(query.today)).push(&format!(
        " and t.status <> '{}')
         from crm.tasks t
         left join crm.customers c on c.id = t.customer_id
         left join crm.users u on u.id = t.assigned_to
         where t.due_date <= ",
        TaskStatus::Completed
    ));
    sql.bind(clamp_day(until)).push(" and t.status = any(");
    sql.bind(query.statuses.iter().map(|status| status.as_str()).collect::<Vec<_>>());
    sql.push("::text[]::crm.task_status[]) order by t.priority desc, t.due_date, t.id");
    Ok(sql)
}

/// Hands pieces on. What is left of a copy that the sink does not want is not read any more: nobody else can use the connection.
async fn hand_on(pieces: &[impl AsRef<[u8]> + Sync], sink: &mut impl ExportSink) -> Result<(), Failure> {
    for piece in pieces {
        sink.take(piece.as_ref()).await.map_err(|error| Failure { lost: true, ..Failure::of(error) })?;
    }
    Ok(())
}

/// Notes what a sink has got, and whether the end is of its own making.
struct Watched<'s, S> {
    sink: &'s mut S,
    taken: bool,
    refused: bool,
}

impl<S: ExportSink> ExportSink for Watched<'_, S> {
    async fn take(&mut self, piece: &[u8]) -> Result<()> {
        self.taken = true;
        self.sink.take(piece).await.inspect_err(|_| self.refused = true)
    }
}

impl Session {
    #[instrument(name = "crm.export", skip_all)]
    async fn export(&self, export: &Export, sink: &mut impl ExportSink) -> Result<()> {
        let sql = export.sql()?;
        if self.transaction.is_some() {
            return self.export_in_transaction(sql, sink).await;
        }
        if let Some(reading) = self.on_replica().await? {
            let mut watched = Watched { sink: &mut *sink, taken: false, refused: false };
            let result = Box::pin(reading.session().export_whole(export, sql.clone(), &mut watched)).await;
            let Watched { taken, refused, .. } = watched;
            // What the sink has got cannot be taken back.
            if refused || reading.stands(&result).await || taken {
                return result;
            }
        }
        let tx = Tx::begin_on_pool(self, SNAPSHOT).await?;
        tx.session().export_whole(export, sql, sink).await?;
        tx.end().await
    }

    /// Exports in a transaction of the export's own, over a second connection as well where that is worth its while.
    async fn export_whole(&self, export: &Export, sql: Sql, sink: &mut impl ExportSink) -> Result<()> {
        let halves = match export.whole_table() {
            Some(table) => Halves::of(self, table).await?,
            None => None,
        };
        match halves {
            Some(halves) => halves.export(sql, sink).await,
            None => self.export_in_transaction(sql, sink).await,
        }
    }

    async fn export_in_transaction(&self, sql: Sql, sink: &mut impl ExportSink) -> Result<()> {
        let mut taken = self.taken().await?;
        let result = self.copy_out(taken.lease(), sql, sink).await;
        self.settle(taken, result).await
    }

    async fn copy_out(&self, lease: &mut Lease, sql: Sql, sink: &mut impl ExportSink) -> Result<(), Failure> {
        let timeout = self.pool.settings.call_timeout;
        let mut pieces = self.begin_copy(lease, sql).await?;
        while let Some(pieces) = within(timeout, Intent::Read, pieces.try_next()).await? {
            hand_on(&pieces, sink).await?;
        }
        Ok(())
    }

    /// Begins a copy and returns its pieces, those that wait in the buffer together.
    async fn begin_copy(
        &self,
        lease: &mut Lease,
        sql: Sql,
    ) -> Result<impl Stream<Item = sqlx::Result<Vec<impl AsRef<[u8]> + Send + Sync>>> + Unpin + Send, Failure>
    {
        let timeout = self.pool.settings.call_timeout;
        let statement = format!("copy ({}) to stdout (format binary)", self.literally(lease, sql).await?);
        let copy = within(timeout, Intent::Read, lease.connection().copy_out_raw(&statement)).await;
        // The driver does not read what the server says after it has refused to begin, so whoever came next would get the
        // answers of those before.
        let copy = copy.map_err(|failure| Failure { lost: true, ..self.explain(failure) })?;
        // A row comes in nanoseconds when it is in the buffer already, less than it takes to set a deadline.
        let together = copy.ready_chunks(PIECES);
        Ok(together.map(|pieces| pieces.into_iter().collect::<sqlx::Result<Vec<_>>>()))
    }

    /// Writes a statement's parameters into its text, as COPY takes none: the server itself does so, by the literals of its
    /// `format`, which it reads back to the same values.
    async fn literally(&self, lease: &mut Lease, sql: Sql) -> Result<String, Failure> {
        let Sql { text, arguments, passing: _ } = sql;
        if arguments.len() == 0 {
            return Ok(text);
        }
        let count = arguments.len();
        let mut template = text.replace('%', "%%");
        for n in (1..=count).rev() {
            template = template.replace(&format!("${n}"), &format!("%{n}$L"));
        }
        let mut format = Sql { arguments, passing: true, ..Sql::new("select pg_catalog.format(") };
        format.bind(template);
        for n in 1..=count {
            format.push(&format!(", ${n}"));
        }
        format.push(")");
        let rows = self.run(lease, Intent::Read, format).await?;
        let text = rows.first().ok_or(sqlx::Error::RowNotFound).and_then(|row| row.try_get(0));
        text.map_err(|error| Failure::of(crate::connection::error_mapping::of_statement(error, Intent::Read)))
    }
}

macro_rules! exports {
    ($($handle:ty, $session:expr;)+) => {$(
        impl $handle {
            /// Reads a whole list or report as columns, from one snapshot and in bounded memory, and hands it to the sink as it
            /// arrives.
            ///
            /// # Errors
            /// `validation` for a number out of range; `timeout`, `unavailable`, `schema`, `closed`; the sink's own.
            pub async fn export(&self, export: &Export, sink: &mut impl ExportSink) -> Result<(), Error> {
                $session(self).export(export, sink).await
            }
        }
    )+};
}

exports! {
    Crm, Crm::session;
    Acting, Acting::session;
    Tx, Tx::session;
}
