//! What the suites share: one embedded server a process, and a fresh database a test.

mod cluster;
mod plain;
mod proxy;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crm_core::Hashing;
use crm_postgres::{Builder, Crm};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::OnceCell;

pub use cluster::{Cluster, Stop};
pub use plain::{Plain, all_pages};
pub use proxy::{Cut, End, Proxy, Way};

/// Returns how much a test does usually, or the larger amount where the tests are to be thorough: `CRM_THOROUGH` is set, as it is
/// once a week and before a release.
pub fn amount<T>(usual: T, thorough: T) -> T {
    if std::env::var("CRM_THOROUGH").is_ok_and(|set| !set.is_empty()) { thorough } else { usual }
}

/// Tells whether the `n`-th of many cases has its turn: every so many usually, all of them where the tests are to be thorough.
#[must_use]
pub fn is_turn(n: usize, turns: usize) -> bool {
    n.is_multiple_of(amount(turns, 1))
}

/// Returns parameters with which a hash takes no time, for tests that are about something else.
///
/// # Panics
/// Never: they are allowed.
#[must_use]
pub fn quick() -> Hashing {
    Hashing::new(8, 1, 1).expect("they are allowed")
}

/// Is the server that the tests of a process share.
#[derive(Debug)]
struct Server {
    /// Kept as long as the process: the server goes when the process does.
    _crm: Crm,
    /// The superuser's URL.
    url: String,
}

static SERVER: OnceCell<Server> = OnceCell::const_new();

/// Holds the connections of the server itself, which must outlive the runtime of the test that comes first.
static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().expect("a runtime starts"));

/// Is the database from which the others are copied: migrated and empty.
const TEMPLATE: &str = "migrated";

async fn server() -> &'static Server {
    SERVER
        .get_or_init(|| async {
            let started = RUNTIME.spawn(async {
                let crm = Crm::embedded(None).await.expect("a PostgreSQL is installed");
                let url = superuser(crm.url().expect("it is embedded"));
                // Of hundreds of databases it would visit several a second.
                execute(&at(&url, "postgres"), "alter system set autovacuum = off").await;
                execute(&at(&url, "postgres"), "select pg_reload_conf()").await;
                execute(&at(&url, "postgres"), "create database migrated template template0").await;
                let template = Crm::connect(at(&url, TEMPLATE)).await.expect("it was just made");
                template.migrate().await.expect("the superuser may");
                // Nobody may be connected to a database that is copied.
                template.close().await;
                Server { _crm: crm, url }
            });
            started.await.expect("the server starts")
        })
        .await
}

/// Returns the superuser's URL of an embedded server.
///
/// # Panics
/// When it is the URL of another server.
#[must_use]
pub fn superuser(embedded: &str) -> String {
    let (_, place) = embedded.split_once('@').expect("it names the owner");
    format!("postgres://postgres@{place}")
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
    /// Works on the database with the default pool, and hashes passwords quickly.
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

    /// Makes a copy of this database, with which nobody may be connected.
    ///
    /// # Panics
    /// When somebody is.
    pub async fn copy(&self) -> Self {
        let (head, _) = self.url.split_once('?').expect("it is on the embedded server");
        Self::copy_of(head.rsplit('/').next().expect("it has a name")).await
    }

    async fn copy_of(template: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let server = &*server().await.url;
        execute(&at(server, "postgres"), &format!("create database {name} template {template}")).await;
        let url = at(server, &name);
        let crm = Crm::builder(&*url).password_hashing(quick()).connect().await;
        let crm = crm.expect("the new database is there");
        Self { crm, url }
    }

    /// Prepares a further handle on the database, which hashes as quickly.
    pub fn builder(&self) -> Builder {
        Crm::builder(&*self.url).password_hashing(quick())
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

/// Says how many rows [`fill`] makes in each table.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// Of whom the first fifty do all the work, and the first hundredth are administrators.
    pub users: i64,
    /// Of whom a fiftieth was never contacted.
    pub customers: i64,
    /// Of which four fifths are old, and closed.
    pub leads: i64,
    /// Of which nine tenths are old, and completed.
    pub tasks: i64,
    /// Of which three tenths are with a twentieth of the customers.
    pub interactions: i64,
}

impl Rows {
    /// Returns the numbers of a scale, of which one is a small company's.
    #[must_use]
    pub const fn at_scale(scale: i64) -> Self {
        Self {
            users: 50,
            customers: 10_000 * scale,
            leads: 20_000 * scale,
            tasks: 20_000 * scale,
            interactions: 100_000 * scale,
        }
    }

    /// Writes the statements that make them.
    #[must_use]
    pub fn sql(self) -> String {
        let Self { users, customers, leads, tasks, interactions } = self;
        let counts = [
            ("{users}", users),
            ("{customers}", customers),
            ("{leads}", leads),
            ("{tasks}", tasks),
            ("{interactions}", interactions),
        ];
        counts.iter().fold(include_str!("fill.sql").to_owned(), |sql, (place, count)| {
            sql.replace(place, &count.to_string())
        })
    }
}

/// Is the migration before the indexes, which are made faster over rows that are there.
const BEFORE_INDEXES: i64 = 20_261_122_000_003;

/// Fills a database that is not migrated yet, and migrates it.
///
/// # Panics
/// When a statement fails.
pub async fn fill(url: &str, statements: &str) {
    let separator = if url.contains('?') { '&' } else { '?' };
    // Room for the words of a large table: at 100,000 rows each the indexes took 17 s of CPU without it, and 12 with it.
    let crm = Crm::connect(format!("{url}{separator}options[maintenance_work_mem]=512MB")).await;
    let crm = crm.expect("the database is there");
    crm.migrate_to(BEFORE_INDEXES).await.expect("the login owns the database");
    execute(url, statements).await;
    crm.migrate().await.expect("the rows fit the schema");
    crm.close().await;
    execute(url, "vacuum analyze").await;
}
