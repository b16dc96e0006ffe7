//! Backup and restore with PostgreSQL's own programs.
//!
//! ```text
//! <path>       what `pg_dump --format=custom --schema=crm` writes          .crm-backup-….tmp while it is unfinished
//! <path>.json  the manifest: digest of the dump, rows of each table        made first, so that no dump is without one
//! ```
//!
//! [`dump`] counts the rows in a transaction whose snapshot `pg_dump` then reads. [`restore`] lets `pg_restore` only print
//! ([`script`] reads it): the library's own connection writes it, in one transaction that ends when the rows were counted
//! again, so that whatever breaks off in the middle, by whatever means, leaves nothing. [`programs`] finds and runs the two,
//! [`files`] gives names to what is whole, [`progress`] tells how far all that is.

mod dump;
mod files;
mod manifest;
mod programs;
mod progress;
mod restore;
mod script;

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::pin;

use crm_core::{Error, Result, Violation, ViolationCode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use tracing::instrument;

pub use manifest::Manifest;
use progress::Tell;
pub use progress::{Phase, Progress};

use crate::Crm;
use crate::connection::call::within;
use crate::connection::error_mapping::{self as fault, Intent, no_answer};
use crate::connection::session::Session;

impl Crm {
    /// Dumps the schema `crm`, whoever writes meanwhile, as it was at one moment: into a file for `pg_restore` (custom format), and beside it,
    /// as `<path>.json`, the manifest by which [`restore`](Self::restore) verifies it. Both are for their owner's eyes only: they hold the
    /// hashes of the passwords.
    ///
    /// The file gets its name when it is whole. Dropping the future ends `pg_dump` and removes what it has written, unless that is whole; when the process
    /// itself ends, a file `.crm-backup-….tmp` stays until the next backup into the directory. It takes as long as it takes, and one
    /// connection of the pool and one of `pg_dump`'s, which lead to the server itself and not through `PgBouncer`.
    ///
    /// It runs the `pg_dump` of the server's major version, or a newer one, which it looks for in the directory of an embedded server,
    /// that of the variable `CRM_POSTGRES_BIN`, on the `PATH` and where packages put it. But for that variable, only programs that nobody
    /// but root and the caller can replace are run.
    ///
    /// # Errors
    /// `validation` of the field `path` when there is such a file already, or none can be made there; `unavailable` when there is no
    /// `pg_dump`, when the server goes away or the disk is full; `permission_denied`, `schema` when the login is not the schema's owner or the
    /// database is not migrated; `timeout`, `closed`.
    pub async fn backup(&self, path: impl AsRef<Path>) -> Result<Manifest> {
        self.backup_with(path, |_| ()).await
    }

    /// Does the same as [`backup`](Self::backup) and tells how far it is. Then it does nothing more until its caller has had a turn: to drop
    /// the future in that turn, as in a `select!`, leaves nothing.
    ///
    /// # Errors
    /// As [`backup`](Self::backup).
    #[instrument(name = "crm.backup", skip_all)]
    pub async fn backup_with(
        &self,
        path: impl AsRef<Path>,
        mut progress: impl FnMut(&Progress) + Send,
    ) -> Result<Manifest> {
        // In a box, because it is large, and so would be whatever waits for it.
        Box::pin(dump::backup(self.session(), path.as_ref(), Tell::new(&mut progress))).await
    }

    /// Restores what [`backup`](Self::backup) has written into a database without a schema `crm`. Restore only what you trust: a dump is a
    /// program.
    ///
    /// Everything is one transaction, which is committed when all tables have as many rows as the manifest says. Whatever fails, and also when
    /// the future is dropped or the process killed, the database stays as empty as it was. The roles are made first, as
    /// [`migrate`](Self::migrate) makes them, and everything belongs to the login. The schema is that of the dump: [`migrate`](Self::migrate)
    /// brings an older one up to date.
    ///
    /// It runs the `pg_restore` of the major version that has made the dump, or a newer one, found as [`backup`](Self::backup) finds its own.
    ///
    /// # Errors
    /// `validation` of the field `path` when there is no such file (`invalid_option`), or the file has no manifest, is not what the manifest
    /// says, or turns out to hold other rows (`invalid_backup`); `schema` when the database has a schema `crm`, or cannot hold what is in the
    /// dump; `permission_denied` when the login may not make the schema or the roles; `unavailable` when there is no `pg_restore` or the server
    /// goes away; `timeout`, `closed`.
    pub async fn restore(&self, path: impl AsRef<Path>) -> Result<Manifest> {
        self.restore_with(path, |_| ()).await
    }

    /// Does the same as [`restore`](Self::restore) and tells how far it is. Then it does nothing more until its caller has had a turn: to drop
    /// the future in that turn, as in a `select!`, leaves the database as empty as it was.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    #[instrument(name = "crm.restore", skip_all)]
    pub async fn restore_with(
        &self,
        path: impl AsRef<Path>,
        mut progress: impl FnMut(&Progress) + Send,
    ) -> Result<Manifest> {
        Box::pin(restore::restore(self.session(), path.as_ref(), Tell::new(&mut progress))).await
    }
}

/// Ends the limits of time that a role, a database or a URL may have set, for the transaction only or as long as the connection lives. The
/// last one is of PostgreSQL 17.
async fn lift_limits(connection: &mut PgConnection, transaction_only: bool) -> sqlx::Result<()> {
    let text = "select pg_catalog.set_config(s.name, '0', $1) from pg_catalog.pg_settings s where s.name in
         ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')";
    sqlx::query(text).bind(transaction_only).persistent(false).execute(connection).await.map(drop)
}

/// Is a session of the server's that works for a backup or a restore, which may take any time but must not be waited for when it is gone.
#[derive(Clone, Copy)]
struct Backend<'s> {
    session: &'s Session,
    id: i32,
}

impl<'s> Backend<'s> {
    async fn of(session: &'s Session, connection: &mut PgConnection) -> Result<Self> {
        let id = sqlx::query_scalar("select pg_catalog.pg_backend_pid()").persistent(false);
        let id = within(session.pool.settings.call_timeout, Intent::Read, id.fetch_one(connection)).await;
        Ok(Self { session, id: id.map_err(|failure| failure.error)? })
    }

    /// Waits for what it does. Each call timeout that passes, somebody looks whether it is still there.
    async fn does<T>(self, work: impl Future<Output = sqlx::Result<T>>) -> Result<T> {
        self.answers(work).await?.map_err(|error| fault::of_statement(error, Intent::Read))
    }

    /// Does the same for a statement whose refusal means something of its own.
    async fn answers<T>(self, work: impl Future<Output = sqlx::Result<T>>) -> Result<sqlx::Result<T>> {
        let mut work = pin!(work);
        loop {
            match tokio::time::timeout(self.session.pool.settings.call_timeout, work.as_mut()).await {
                Ok(done) => return Ok(done),
                Err(_) => self.is_there().await?,
            }
        }
    }

    /// Looks over a connection of its own whether the server still knows it.
    ///
    /// # Errors
    /// `timeout` when it does not, or does not say.
    async fn is_there(self) -> Result<()> {
        let options = self.session.pool.options();
        let look = async {
            let mut connection = options.connect().await?;
            let known = "select exists (select from pg_catalog.pg_stat_activity where pid = $1)";
            let known = sqlx::query_scalar(known).bind(self.id).fetch_one(&mut connection).await?;
            connection.close().await?;
            Ok::<bool, sqlx::Error>(known)
        };
        match tokio::time::timeout(self.session.pool.settings.call_timeout, look).await {
            Ok(Ok(true)) => Ok(()),
            _ => Err(no_answer(false)),
        }
    }
}

/// Counts the rows of every table there is in the schema.
async fn count(connection: &mut PgConnection) -> sqlx::Result<BTreeMap<String, i64>> {
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select c.relname::text, pg_catalog.format('crm.%I', c.relname) from pg_catalog.pg_class c
         where c.relnamespace = 'crm'::regnamespace and c.relkind = 'r'",
    )
    .persistent(false)
    .fetch_all(&mut *connection)
    .await?;
    let mut rows = BTreeMap::new();
    for (name, table) in tables {
        let count = AssertSqlSafe(format!("select pg_catalog.count(*) from {table}"));
        let count = sqlx::query_scalar(count).persistent(false).fetch_one(&mut *connection).await?;
        rows.insert(name, count);
    }
    Ok(rows)
}

fn invalid(code: ViolationCode, message: impl Into<String>) -> Error {
    Error::validation([Violation::new("path", code, message)])
}

/// Makes the error of a disk that does not do what it should.
fn of_disk(what: &str, error: std::io::Error) -> Error {
    Error::Unavailable {
        message: format!("{what}: {error}"),
        outcome_unknown: false,
        source: Some(error.into()),
    }
}

/// Does what blocks on a thread that may.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::internal("a step of a backup has failed", Some(error.into())))
}
