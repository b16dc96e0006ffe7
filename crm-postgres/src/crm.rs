//! What every user of the library holds.

#[cfg(unix)]
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
#[cfg(unix)]
use crm_core::Error;
use crm_core::{Result, Store, Transaction, TrustedStore, UserId};
use sqlx::postgres::PgPool;
use tracing::instrument;

#[cfg(unix)]
use crate::connection::call::within;
use crate::connection::error_mapping::Intent;
use crate::connection::migrations::Migration;
use crate::connection::pool::Pool;
use crate::connection::replica::Replica;
use crate::connection::schema;
use crate::connection::session::Session;
#[cfg(unix)]
use crate::embedded::{OWNER, SUPERUSER, SharedServer};
use crate::upkeep::migrate;
use crate::upkeep::seed::{self, SeedPasswords, Seeded};
use crate::{Acting, Builder, Tx};

/// Is a CRM in a PostgreSQL database. It is cheap to clone and meant to be shared; all clones use one pool.
///
/// ```no_run
/// # async fn example() -> crm_postgres::Result<()> {
/// use crm_postgres::prelude::*;
///
/// let crm = Crm::connect("postgres://localhost/app").await?;
/// crm.migrate().await?;
/// let acme = crm.customers().create(NewCustomer::new("Acme Corporation").validate()?).await?;
/// println!("{} is customer {}", acme.name, acme.id);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Crm {
    session: Session,
}

impl Crm {
    /// Connects to a database, with the defaults of [`Builder`].
    ///
    /// # Errors
    /// `validation` when the URL cannot be used, `unavailable` when the server cannot be reached or refuses the login or
    /// the database, `timeout` when it does not answer.
    pub async fn connect(url: impl Into<String>) -> Result<Self> {
        Builder::new(url).connect().await
    }

    /// Prepares a connection with other than the default settings.
    pub fn builder(url: impl Into<String>) -> Builder {
        Builder::new(url)
    }

    /// Works over the pool of a host application, whose size, acquire timeout and connections then hold; a call has 60
    /// seconds. Set `client_connection_check_interval` on the pool's connections, or the server goes on with the work of
    /// a call that was dropped until it notices by itself.
    ///
    /// The pool may lead to a pooler such as `PgBouncer`, so the library's statements have no names, and each call outside a
    /// transaction is one of its own. [`from_pool_prepared`](Self::from_pool_prepared) is faster where that is not needed.
    ///
    /// Where other logins may create in a schema of the connections' search path
    /// (`public`, up to PostgreSQL 14), set `search_path` to `pg_catalog, pg_temp` on them, as this library does on its own,
    /// or their operators could be taken for PostgreSQL's.
    #[must_use]
    pub fn from_pool(pool: PgPool) -> Self {
        Self::over(Pool::share(pool, false), None)
    }

    /// Works over the pool of a host application as [`from_pool`](Self::from_pool) does, with named prepared statements.
    ///
    /// Every connection of the pool must lead to one session of the server for as long as it is open, or to a pooler that keeps track
    /// of names (`PgBouncer` from 1.21 with `max_prepared_statements`).
    #[must_use]
    pub fn from_pool_prepared(pool: PgPool) -> Self {
        Self::over(Pool::share(pool, true), None)
    }

    pub(crate) fn over(pool: Arc<Pool>, replica: Option<Arc<Replica>>) -> Self {
        Self {
            session: Session {
                pool,
                transaction: None,
                replica,
                actor: None,
                #[cfg(unix)]
                server: None,
            },
        }
    }

    pub(crate) const fn session(&self) -> &Session {
        &self.session
    }

    /// Starts a private PostgreSQL for this process, migrates it and connects to it.
    ///
    /// Without a directory it is a temporary one, removed at the end. A directory persists; one process at a time can
    /// have it open. The server goes with the last clone of the handle, and it is gone when the process is, however that ends.
    ///
    /// The directory has to be the caller's or root's, and not writable by everybody. The library logs in as `crm_embedded`, who owns
    /// the database and is no superuser; a directory made before that role existed is opened as the superuser, who owns it.
    /// Variables such as `PGHOST` or `PGSSLMODE` do not matter.
    ///
    /// # Errors
    /// `unavailable` when no PostgreSQL is installed (the message says what to install), when the directory is open
    /// elsewhere, cannot be used, or was made by a major version that is not installed.
    #[cfg(unix)]
    pub async fn embedded(directory: Option<&Path>) -> Result<Self> {
        let directory = directory.map(Path::to_path_buf);
        let start = move || crate::embedded::Server::start(directory.as_deref());
        let server = tokio::task::spawn_blocking(start)
            .await
            .map_err(|error| Error::internal("the server was not started", Some(error.into())))?
            .map_err(|error| Error::Unavailable {
                message: error.to_string(),
                outcome_unknown: false,
                source: Some(error.into()),
            })?;
        let login = if server.is_new() { OWNER } else { login(server.url(SUPERUSER)).await? };
        let url = server.url(login);
        let embedded = Arc::new(SharedServer::new(server, url));
        let mut crm = Builder::by_url_alone(embedded.url.clone()).connect().await?;
        crm.session.server = Some(embedded);
        crm.migrate().await?;
        Ok(crm)
    }

    /// Returns the URL of an embedded server, for other programs that want to look in. It is that of the database's owner; the
    /// superuser `postgres` is at the same socket.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        #[cfg(unix)]
        return self.session.server.as_ref().map(|server| server.url.as_str());
        #[cfg(not(unix))]
        return None;
    }

    /// Returns a handle that does everything in the name of a user, with no more rights than the user's role has.
    ///
    /// Nothing is asked of the database yet: whether there is such a user is looked at on each operation.
    #[must_use]
    pub fn acting_as(&self, actor: UserId) -> Acting {
        Acting::new(&self.session, actor)
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// `timeout`, `unavailable`, `schema`, `closed`.
    #[instrument(name = "crm.begin", skip_all)]
    pub async fn begin(&self) -> Result<Tx> {
        Tx::begin_on_pool(&self.session, "begin").await
    }

    /// Brings the schema to this library's version. It is safe when many processes start at once.
    ///
    /// It makes the database roles `crm_admin`, `crm_user` and `crm_reporter`, which all databases of a server share, for
    /// which the login needs `CREATEROLE` once, but need be no superuser. A login for reporting scripts is made by
    /// `grant crm_reporter to …`: it reads everything but `crm.users.password`, in SQL and through the library. Whoever writes
    /// connects as the owner of the schema or a member of it.
    ///
    /// # Errors
    /// `permission_denied` when the login may not make the roles; the message has the SQL for an administrator.
    /// `schema` when the database was migrated by a newer library that this one does not fit, something that is not
    /// the library's has one of its names in the schema `crm`, other roles own the schema or may create in it, the
    /// database's encoding is not UTF8, or rows do not fit; the message says what to do.
    #[instrument(name = "crm.migrate", skip_all)]
    pub async fn migrate(&self) -> Result<()> {
        migrate::migrate(&self.session.pool).await
    }

    /// Brings the schema to a version, up or down. 0 takes all tables away, and the data with them; the empty history stays.
    ///
    /// # Errors
    /// `validation` when there is no such version, `schema` as [`migrate`](Self::migrate).
    #[instrument(name = "crm.migrate_to", skip_all)]
    pub async fn migrate_to(&self, version: i64) -> Result<()> {
        migrate::migrate_to(&self.session.pool, version).await
    }

    /// Returns the version of the schema; nothing where it was never migrated or everything was taken away.
    ///
    /// # Errors
    /// `timeout`, `unavailable`, `closed`; `schema` when other roles own the schema or may create in it.
    #[instrument(name = "crm.schema_version", skip_all)]
    pub async fn schema_version(&self) -> Result<Option<i64>> {
        Ok(self.schema_state().await?.version())
    }

    /// Lists the migrations that the database does not have yet.
    ///
    /// # Errors
    /// `timeout`, `unavailable`, `closed`; `schema` when other roles own the schema or may create in it.
    #[instrument(name = "crm.pending_migrations", skip_all)]
    pub async fn pending_migrations(&self) -> Result<Vec<Migration>> {
        Ok(self.schema_state().await?.pending())
    }

    async fn schema_state(&self) -> Result<schema::State> {
        let pool = &self.session.pool;
        let mut lease = pool.lease(Intent::Write).await?;
        let state = schema::state(lease.connection(), pool.settings.call_timeout).await?;
        lease.release();
        state.refuse_strangers()?;
        Ok(state)
    }

    /// Loads the seed's sample rows once, and returns the passwords of the two sample users when it has. It does nothing
    /// where they were loaded before, or where `admin@crm.com` is somebody's already.
    ///
    /// # Errors
    /// `schema` when the database is not migrated, `conflict` when somebody else has the email `user@crm.com`.
    #[instrument(name = "crm.seed", skip_all)]
    pub async fn seed(&self, passwords: SeedPasswords) -> Result<Option<Seeded>> {
        seed::seed(&self.session, passwords).await
    }

    /// Refuses further calls, waits for those under way, closes the connections and stops an embedded server. Doing it
    /// again changes nothing. A host's pool stays open.
    ///
    /// Transactions and streams that are still open are waited for as long as for a connection (the acquire timeout, 30
    /// seconds when not set): end them first.
    #[instrument(name = "crm.close", skip_all)]
    pub async fn close(&self) {
        let replica = async {
            if let Some(replica) = &self.session.replica {
                replica.close().await;
            }
        };
        tokio::join!(self.session.pool.close(), replica);
        #[cfg(unix)]
        if let Some(server) = self.session.server.clone() {
            let stop = move || server.stop();
            drop(tokio::task::spawn_blocking(stop).await);
        }
    }
}

/// Tells as whom to log in on an embedded server whose database was there: as the superuser where an earlier version
/// has made it, which then owns everything in it.
#[cfg(unix)]
async fn login(superuser: String) -> Result<&'static str> {
    let crm = Builder::by_url_alone(superuser).connect().await?;
    let mut lease = crm.session.pool.lease(Intent::Read).await?;
    let ask =
        "select pg_catalog.pg_get_userbyid(datdba) = $1 from pg_catalog.pg_database where datname = 'crm'";
    let ask = sqlx::query_scalar(ask).bind(OWNER).persistent(false).fetch_one(lease.connection());
    let timeout = crm.session.pool.settings.call_timeout;
    let owns: bool = within(timeout, Intent::Read, ask).await.map_err(|failure| failure.error)?;
    Ok(if owns { OWNER } else { SUPERUSER })
}

crm_core::hand_out!(Crm, session);

#[async_trait]
impl Store for Crm {
    async fn begin(&self) -> Result<Box<dyn Transaction>> {
        Ok(Box::new(Crm::begin(self).await?))
    }
}

impl TrustedStore for Crm {
    fn acting_as(&self, actor: UserId) -> Box<dyn Store> {
        Box::new(Crm::acting_as(self, actor))
    }
}
