//! A cluster of the tests' own, one test at a time: the library's roles are the cluster's, and these tests take them away.

use crm_postgres::Crm;
use crm_tests::quick;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::{Mutex, MutexGuard, OnceCell};

static SERVER: OnceCell<(Crm, Mutex<()>)> = OnceCell::const_new();

/// Is the cluster, whose superuser is `postgres`, as it is before the library came.
pub(super) struct Cluster {
    url: &'static str,
    _turn: MutexGuard<'static, ()>,
}

/// Lists what takes away every database and every role that is not PostgreSQL's own, a statement each.
const CLEAR: &str = "
    select format('drop database %I with (force)', datname) from pg_database where datname not in ('postgres', 'template0', 'template1')
    union all
    select format('drop role %I', rolname) from pg_roles where rolname <> 'postgres' and rolname !~ '^pg_'
    order by 1";

impl Cluster {
    pub(super) async fn cleared() -> Self {
        let start =
            || async { (Crm::embedded(None).await.expect("a PostgreSQL is installed"), Mutex::new(())) };
        let (crm, turn) = SERVER.get_or_init(start).await;
        let turn = turn.lock().await;
        let cluster = Self { url: crm.url().expect("it is embedded"), _turn: turn };
        let mut connection = cluster.connection("postgres", "postgres").await;
        let drops: Vec<String> = sqlx::query_scalar(CLEAR).fetch_all(&mut connection).await.unwrap();
        for drop in drops {
            sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connection).await.unwrap();
        }
        cluster
    }

    /// Runs statements as the administrator, one after the other, as some of them bear no transaction.
    pub(super) async fn administer(&self, statements: &[&str]) {
        let mut connection = self.connection("postgres", "postgres").await;
        for statement in statements {
            sqlx::raw_sql(AssertSqlSafe(*statement)).execute(&mut connection).await.expect(statement);
        }
    }

    /// Makes a database of this owner's.
    pub(super) async fn database(&self, name: &str, owner: &str) {
        self.administer(&[&format!("create database {name} owner {}", quoted(owner))]).await;
    }

    /// Returns the URL of a database for a login.
    pub(super) fn url(&self, login: &str, database: &str) -> String {
        let login = login.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
        let (_, rest) = self.url.split_once("/crm?").expect("it is the embedded server's");
        format!("postgres://{login}@localhost/{database}?{rest}")
    }

    /// Opens a handle.
    pub(super) async fn crm(&self, login: &str, database: &str) -> Crm {
        Crm::builder(self.url(login, database)).password_hashing(quick()).connect().await.unwrap()
    }

    /// Opens a connection.
    pub(super) async fn connection(&self, login: &str, database: &str) -> PgConnection {
        PgConnection::connect(&self.url(login, database)).await.unwrap()
    }

    /// Runs statements in a database as a login, on a connection of their own.
    pub(super) async fn execute(&self, login: &str, database: &str, statements: &str) {
        let mut connection = self.connection(login, database).await;
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await.expect(statements);
    }

    /// Reads the first column of a statement as the administrator.
    pub(super) async fn texts(&self, database: &str, statement: &str) -> Vec<String> {
        let mut connection = self.connection("postgres", database).await;
        sqlx::raw_sql("set search_path = pg_catalog").execute(&mut connection).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&mut connection).await.expect(statement)
    }
}

/// Quotes a name for SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
