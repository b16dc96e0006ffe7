//! What has to hold when all is over, asked past the library wherever it is about what the library did.

mod indexes;
mod ledgers;
mod library;
mod sessions;

use std::fmt::Display;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::ledger::Ledger;

pub(crate) use ledgers::Fate;
pub(crate) use sessions::check as check_sessions;

/// Is something that has to hold, and what was found.
#[derive(Debug)]
pub(crate) struct Invariant {
    pub(crate) what: &'static str,
    /// How much was looked at: rows, where nothing else is said.
    pub(crate) looked_at: i64,
    /// What does not fit.
    pub(crate) broken: Vec<String>,
}

/// Is how much of what does not fit is kept.
const KEPT: usize = 20;

impl Invariant {
    pub(crate) const fn new(what: &'static str) -> Self {
        Self { what, looked_at: 0, broken: Vec::new() }
    }

    pub(crate) fn check(&mut self, holds: bool, what: impl FnOnce() -> String) {
        self.looked_at += 1;
        if !holds && self.broken.len() < KEPT {
            self.broken.push(what());
        }
    }

    /// Checks that two ways to the same lead to the same.
    fn equal<T: PartialEq + Display>(&mut self, name: &str, found: &T, expected: &T) {
        self.check(found == expected, || format!("{name}: {found}, not {expected}"));
    }
}

/// Is a connection past the proxy and the library.
struct Server(PgConnection);

impl Server {
    async fn connect(url: &str) -> Self {
        Self(PgConnection::connect(url).await.expect("the faults are over"))
    }

    async fn run(&mut self, statement: &str) {
        let run = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut self.0).await;
        run.unwrap_or_else(|error| panic!("{error} in {statement}"));
    }

    async fn number(&mut self, sql: &str) -> i64 {
        let number = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.0).await;
        number.unwrap_or_else(|error| panic!("{error} in {sql}"))
    }

    /// Reads rows as texts, one a row.
    async fn texts(&mut self, sql: &str) -> Vec<String> {
        let texts = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut self.0).await;
        texts.unwrap_or_else(|error| panic!("{error} in {sql}"))
    }

    /// Adds to an invariant the rows of a query that ought to be empty, out of so many.
    async fn none(&mut self, invariant: &mut Invariant, all: &str, wrong: &str) {
        invariant.looked_at += self.number(all).await;
        let wrong = format!("select found::text from ({wrong} limit {KEPT}) found");
        invariant.broken.extend(self.texts(&wrong).await);
    }
}

/// Checks everything; the clients have ended.
pub(crate) async fn check(url: &str, ledgers: &[Ledger]) -> (Vec<Invariant>, Fate) {
    let mut server = Server::connect(url).await;
    let (mut invariants, fate) = ledgers::check(&mut server, ledgers).await;
    invariants.extend(tables(&mut server).await);
    invariants.push(indexes::check(&mut server).await);
    invariants.extend(library::check(url, &mut server).await);
    (invariants, fate)
}

/// Returns the version of the server.
pub(crate) async fn version(url: &str) -> String {
    let mut server = Server::connect(url).await;
    server.texts("select split_part(current_setting('server_version'), ' ', 1)").await.concat()
}

const TABLES: [&str; 5] = ["users", "customers", "leads", "tasks", "interactions"];

/// Checks what every table has to fulfil, whoever wrote.
async fn tables(server: &mut Server) -> [Invariant; 3] {
    let mut references = Invariant::new("every reference leads to a row");
    for (table, column, to) in [
        ("customers", "created_by", "users"),
        ("customers", "updated_by", "users"),
        ("leads", "created_by", "users"),
        ("leads", "updated_by", "users"),
        ("leads", "assigned_to", "users"),
        ("leads", "customer_id", "customers"),
        ("tasks", "created_by", "users"),
        ("tasks", "updated_by", "users"),
        ("tasks", "assigned_to", "users"),
        ("tasks", "customer_id", "customers"),
        ("interactions", "created_by", "users"),
        ("interactions", "customer_id", "customers"),
    ] {
        let all = format!("select count({column}) from crm.{table}");
        let wrong = format!(
            "select '{table}.{column}' as reference, t.id, t.{column} from crm.{table} t
             where t.{column} is not null and not exists (select from crm.{to} o where o.id = t.{column})"
        );
        server.none(&mut references, &all, &wrong).await;
    }
    let mut moments =
        Invariant::new("no row was changed before it was made, and one never changed is at version 1");
    for table in TABLES {
        let (all, changed) = (format!("select count(*) from crm.{table}"), table != "interactions");
        let wrong = if changed {
            "updated_at < created_at or version < 1 or (version = 1 and updated_at <> created_at)"
        } else {
            "version < 1"
        };
        let wrong = format!("select '{table}' as of, id, version, created_at from crm.{table} where {wrong}");
        server.none(&mut moments, &all, &wrong).await;
    }
    let mut totals = Invariant::new("the totals of the pipeline equal a recount of the leads");
    let wrong = "select * from (select stage, sum(count) as count, sum(value) as value from crm.pipeline_totals group by stage) t
         full join (select stage, count(*) as leads, coalesce(sum(value), 0) as worth from crm.leads group by stage) l
         using (stage) where coalesce(t.count, 0) <> coalesce(l.leads, 0) or coalesce(t.value, 0) <> coalesce(l.worth, 0)";
    server.none(&mut totals, "select count(*) from crm.leads", wrong).await;
    [references, moments, totals]
}
