//! Reports and exports on a streaming replica: what it answers, and when the primary does instead.
//!
//! A replica whose replay is paused does not hear of what happens meanwhile: who shows it has asked the primary.

mod answers;
mod faults;
mod staleness;

use std::time::Duration;

use crm_core::{
    ActivityQuery, CustomerFilter, DueTasksQuery, NewCustomer, NewLead, Repositories, Result, UserId,
    Validate as _,
};
use crm_postgres::{Acting, Builder, Crm, Export, ExportSink};
use crm_tests::{Cluster, Stop};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::OnceCell;

const DATABASE: &str = "postgres";

/// Is a primary with its replica, which has one customer and one lead.
pub(crate) struct Pair {
    pub(crate) primary: Cluster,
    pub(crate) replica: Cluster,
}

impl Pair {
    pub(crate) async fn start(replica_settings: &[&str]) -> Self {
        static TEMPLATE: OnceCell<Cluster> = OnceCell::const_new();
        let make = async || filled(Cluster::migrated(&[]).await).await;
        Self::copies_of(TEMPLATE.get_or_init(make).await, replica_settings).await
    }

    /// Makes a pair of a server that does not run: a replica may be made of its primary's files, which is what `pg_basebackup` does too.
    async fn copies_of(server: &Cluster, replica_settings: &[&str]) -> Self {
        let (mut primary, mut replica) = (server.copy().await, server.copy().await);
        primary.launch().await;
        replica.follow(&primary, replica_settings);
        replica.launch().await;
        Self { primary, replica }
    }

    fn builder(&self) -> Builder {
        Crm::builder(self.primary.url(DATABASE)).replica(self.replica.url(DATABASE))
    }

    /// Waits until the replica has replayed all that the primary has committed.
    pub(crate) async fn catch_up(&self) {
        let lsn: String = one(&self.primary, "select pg_current_wal_flush_lsn()::text").await;
        let replayed = format!("select pg_last_wal_replay_lsn() >= '{lsn}'");
        wait_for(&self.replica, &replayed).await;
    }

    /// Lets the replica stay behind.
    async fn pause(&self) {
        self.catch_up().await;
        self.replica.execute("select pg_wal_replay_pause()").await;
        wait_for(&self.replica, "select pg_get_wal_replay_pause_state() = 'paused'").await;
    }

    async fn resume(&self) {
        self.replica.execute("select pg_wal_replay_resume()").await;
        self.catch_up().await;
    }
}

/// Gives a server the schema, a customer and a lead, and stops it.
async fn filled(mut server: Cluster) -> Cluster {
    let crm = Crm::connect(server.url(DATABASE)).await.unwrap();
    crm.migrate().await.unwrap();
    add(&crm).await;
    crm.close().await;
    server.stop(Stop::Fast).await;
    server
}

/// Asks a server for one value.
pub(crate) async fn one<T>(cluster: &Cluster, question: &str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    let mut connection = connection(cluster).await;
    let value = sqlx::query_scalar(AssertSqlSafe(question)).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    value
}

async fn connection(cluster: &Cluster) -> PgConnection {
    PgConnection::connect(&cluster.url(DATABASE)).await.unwrap()
}

/// Waits until a server says yes.
pub(crate) async fn wait_for(cluster: &Cluster, question: &str) {
    let mut connection = connection(cluster).await;
    for _ in 0..3_000 {
        if sqlx::query_scalar(AssertSqlSafe(question)).fetch_one(&mut connection).await.unwrap() {
            return connection.close().await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came to {question}");
}

/// Adds a customer and a lead.
async fn add(store: &impl Repositories) {
    store.customers().create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap();
    store.leads().create(NewLead::new("Deal").validate().unwrap()).await.unwrap();
}

async fn leads(store: &impl Repositories) -> Result<i64> {
    Ok(store.reports().pipeline().await?.iter().map(|stage| stage.count).sum())
}

/// Counts the rows of a copy.
#[derive(Default)]
struct Rows(usize);

impl ExportSink for Rows {
    async fn take(&mut self, piece: &[u8]) -> Result<()> {
        let mut rest = piece.strip_prefix(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0").unwrap_or(piece);
        while let Some((fields, values)) = rest.split_first_chunk() {
            rest = values;
            self.0 += usize::from(i16::from_be_bytes(*fields) > 0);
            for _ in 0..i16::from_be_bytes(*fields) {
                let (length, value) = rest.split_first_chunk().unwrap();
                rest = &value[usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0)..];
            }
        }
        Ok(())
    }
}

const CUSTOMERS: fn() -> Export = || Export::Customers(CustomerFilter::default(), None);

/// Says how many customers and leads each report and export knows of, which has to be the same number.
async fn known(crm: &Crm, actor: Option<UserId>) -> usize {
    async fn exported(crm: &Crm, acting: Option<&Acting>, export: &Export) -> usize {
        let mut rows = Rows::default();
        match acting {
            None => Box::pin(crm.export(export, &mut rows)).await.unwrap(),
            Some(acting) => Box::pin(acting.export(export, &mut rows)).await.unwrap(),
        }
        rows.0
    }
    let acting = actor.map(|actor| crm.acting_as(actor));
    let reports = acting.as_ref().map_or(crm.reports(), |acting| acting.reports());
    let today = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let (activity, due) = (ActivityQuery::default(), DueTasksQuery::new(today));
    let snapshot = reports.snapshot(&activity, &due).await.unwrap();
    let pipeline = reports.pipeline().await.unwrap();
    let count = |stages: &[crm_core::PipelineStage]| {
        usize::try_from(stages.iter().map(|stage| stage.count).sum::<i64>()).unwrap()
    };
    assert!(reports.due_tasks(&due).await.unwrap().items.is_empty());
    let found = [
        snapshot.customer_activity.items.len(),
        count(&snapshot.pipeline),
        count(&pipeline),
        reports.customer_activity(&activity).await.unwrap().items.len(),
        exported(crm, acting.as_ref(), &CUSTOMERS()).await,
        exported(crm, acting.as_ref(), &Export::CustomerActivity { include_inactive: true }).await,
    ];
    assert!(found.iter().all(|number| *number == found[0]), "{found:?}");
    found[0]
}
