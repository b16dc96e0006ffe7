//! What the suites share: one embedded server a process, and a fresh database a test.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crm_postgres::{Builder, Crm};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::OnceCell;

/// Is the server's URL up to the name of a database, and from behind it on.
#[derive(Debug)]
struct Server {
    /// Kept as long as the process: the server goes when the process does.
    crm: Crm,
}

static SERVER: OnceCell<Server> = OnceCell::const_new();

/// Holds the connections of the server itself, which must outlive the runtime of the test that comes first.
static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().expect("a runtime starts"));

/// Is the database from which the others are copied: migrated and empty.
const TEMPLATE: &str = "crm";

async fn server() -> &'static Server {
    SERVER
        .get_or_init(|| async {
            let started = RUNTIME.spawn(async {
                let crm = Crm::embedded(None).await.expect("a PostgreSQL is installed");
                // Nobody may be connected to a database that is copied.
                let url = crm.url().expect("it is embedded").to_owned();
                execute(&at(&url, "postgres"), "alter database crm allow_connections false").await;
                execute(
                    &at(&url, "postgres"),
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'crm'",
                )
                .await;
                Server { crm }
            });
            started.await.expect("the server starts")
        })
        .await
}

/// Puts another database into an embedded server's URL.
fn at(url: &str, database: &str) -> String {
    url.replacen("/crm?", &format!("/{database}?"), 1)
}

/// Runs statements on a connection of their own.
///
/// # Panics
/// When they fail.
pub async fn execute(url: &str, statements: &str) {
    let mut connection = PgConnection::connect(url).await.expect("the server is there");
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await.expect(statements);
    connection.close().await.expect("the connection closes");
}

/// Is a database of a test's own.
#[derive(Debug)]
pub struct Database {
    /// Works on the database with the default pool.
    pub crm: Crm,
    /// The database's URL.
    pub url: String,
}

impl Database {
    /// Makes a database that is migrated and empty.
    ///
    /// # Panics
    /// When there is no server.
    pub async fn fresh() -> Self {
        Self::copy_of(TEMPLATE).await
    }

    /// Makes a database without the schema.
    ///
    /// # Panics
    /// When there is no server.
    pub async fn bare() -> Self {
        Self::copy_of("template0").await
    }

    async fn copy_of(template: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let server = server().await.crm.url().expect("it is embedded");
        execute(&at(server, "postgres"), &format!("create database {name} template {template}")).await;
        let url = at(server, &name);
        let crm = Crm::connect(&*url).await.expect("the new database is there");
        Self { crm, url }
    }

    /// Prepares a further handle on the database.
    pub fn builder(&self) -> Builder {
        Crm::builder(&*self.url)
    }

    /// Opens a connection of the test's own.
    ///
    /// # Panics
    /// When the server is gone.
    pub async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("the server is there")
    }

    /// Runs statements on a connection of their own.
    ///
    /// # Panics
    /// When they fail.
    pub async fn execute(&self, statements: &str) {
        execute(&self.url, statements).await;
    }
}
