//! Restore: one transaction of the library's own, into which goes what `pg_restore` prints.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Stdio;

use crm_core::{Error, Result, ViolationCode};
use futures_util::TryFutureExt as _;
use rustix::fs::OFlags;
use sqlx::migrate::{Migrate as _, MigrateError};
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::sync::mpsc;

use super::files::digest;
use super::programs::{Running, Said, command, find, input};
use super::script::{self, Part};
use super::{Backend, Manifest, Phase, Progress, Tell, blocking, count, invalid, lift_limits, of_disk};
use crate::connection::call::within;
use crate::connection::error_mapping::{self as fault, Intent};
use crate::connection::session::Session;
use crate::connection::{migrations, schema};
use crate::embedded::plain_file;
use crate::embedded::{Install, major};
use crate::upkeep::migrate;

pub(super) async fn restore(session: &Session, path: &Path, mut tell: Tell<'_>) -> Result<Manifest> {
    let owned = path.to_owned();
    let (file, manifest) = blocking(move || open(&owned)).await??;
    let mut progress = Progress::new(Phase::Hashing, manifest.total_rows());
    tell.report(&progress).await;
    let expected = (manifest.sha256.clone(), manifest.bytes);
    let file = blocking(move || verify(file, &expected)).await??;
    migrations::refuse_newer("the backup", manifest.oldest_library)?;
    let install = find(session, major(&manifest.pg_dump_version).unwrap_or(0)).await?;
    let pool = &session.pool;
    let mut lease = pool.lease(Intent::Write).await?;
    let connection = lease.connection();
    schema::state(connection, pool.settings.call_timeout).await?.refuse_encoding()?;
    let backend = Backend::of(session, connection).await?;
    begin(backend, connection).await?;
    let mut restoring =
        Restoring { backend, connection, install, file, progress: &mut progress, tell: &mut tell };
    restoring.all(&manifest).await?;
    let commit = sqlx::raw_sql("commit").execute(restoring.connection);
    within(pool.settings.call_timeout, Intent::Write, commit).await.map_err(|failure| failure.error)?;
    pool.forget_schema();
    // The lease is dropped, and with it the settings that the dump has made and the lock.
    Ok(manifest)
}

fn open(path: &Path) -> Result<(File, Manifest)> {
    let refuse = |message: String| invalid(ViolationCode::InvalidOption, message);
    let cannot = |error| refuse(format!("cannot be opened ({error})"));
    let file = plain_file::open(rustix::fs::CWD, path, OFlags::RDONLY);
    let file = file.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => refuse("must be the name of a file".to_owned()),
        _ => cannot(error),
    })?;
    Ok((file, Manifest::beside(path)?))
}

/// Looks whether the dump is the one that the manifest speaks of.
fn verify(mut file: File, (sha256, bytes): &(String, i64)) -> Result<File> {
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let same_size = i64::try_from(size) == Ok(*bytes);
    if !same_size {
        let message = format!("is not whole: it has {size} bytes, and its manifest says {bytes}");
        return Err(invalid(ViolationCode::InvalidBackup, message));
    }
    let (found, _) = digest(&mut file).map_err(|error| of_disk("the dump cannot be read", error))?;
    if found != *sha256 {
        let message = "is damaged: its digest is not the one in its manifest";
        return Err(invalid(ViolationCode::InvalidBackup, message));
    }
    Ok(file)
}

/// Begins the transaction, alone among those who migrate and restore, in a database without the schema, and makes the roles.
async fn begin(backend: Backend<'_>, connection: &mut PgConnection) -> Result<()> {
    backend.does(lift_limits(connection, false)).await?;
    let lock = connection.lock().map_err(|error| match error {
        MigrateError::Execute(error) => error,
        error => sqlx::Error::Migrate(Box::new(error)),
    });
    backend.does(lock).await?;
    let begin =
        "begin isolation level read committed, read write; set local search_path = pg_catalog, pg_temp";
    backend.does(sqlx::raw_sql(begin).execute(&mut *connection)).await?;
    let there = sqlx::query_scalar("select to_regnamespace('crm') is not null").persistent(false);
    if backend.does(there.fetch_one(&mut *connection)).await? {
        let message = "the database is not empty: it has a schema crm; restore into a new database, or drop the schema first (drop schema crm cascade)";
        return Err(Error::Schema(message.to_owned()));
    }
    // The migration's statement gives the roles to the owner of the users, of which there is a table for that long.
    let roles = format!(
        "create schema crm; create table crm.users (); {}; drop schema crm cascade",
        migrate::roles()
    );
    backend.does(sqlx::raw_sql(AssertSqlSafe(roles)).execute(connection)).await.map(drop)
}

type Parts = mpsc::Receiver<io::Result<Part>>;

/// Is a restore under way, within its transaction.
struct Restoring<'r, 't> {
    backend: Backend<'r>,
    connection: &'r mut PgConnection,
    install: Install,
    file: File,
    progress: &'r mut Progress,
    tell: &'r mut Tell<'t>,
}

impl Restoring<'_, '_> {
    async fn all(&mut self, manifest: &Manifest) -> Result<()> {
        self.section(Phase::Schema, "pre-data").await?;
        self.section(Phase::Loading, "data").await?;
        self.section(Phase::Indexing, "post-data").await?;
        self.enter(Phase::Counting).await;
        let rows = self.backend.does(count(self.connection)).await?;
        if rows != manifest.rows {
            let all: std::collections::BTreeSet<_> = rows.keys().chain(manifest.rows.keys()).collect();
            let other = all.into_iter().find(|table| rows.get(*table) != manifest.rows.get(*table));
            let other = other.map_or("", |table| table);
            let message = format!("does not hold what its manifest says: the table {other} has other rows");
            return Err(invalid(ViolationCode::InvalidBackup, message));
        }
        // So that the first queries are planned for what is there.
        let tables = rows.keys().map(|table| format!("crm.\"{}\"", table.replace('"', "\"\"")));
        let analyze = format!("analyze {}", tables.collect::<Vec<_>>().join(", "));
        self.backend
            .does(sqlx::raw_sql(AssertSqlSafe(analyze)).execute(&mut *self.connection))
            .await
            .map(drop)
    }

    async fn enter(&mut self, phase: Phase) {
        self.progress.phase = phase;
        self.tell.report(self.progress).await;
    }

    /// Runs what `pg_restore` prints of a section.
    async fn section(&mut self, phase: Phase, section: &str) -> Result<()> {
        self.enter(phase).await;
        let mut command = command(&self.install, "pg_restore");
        command
            .args(["--file=-", "--format=custom", "--no-owner", "--no-tablespaces"])
            .arg(format!("--section={section}"))
            .stdin(input(&self.file).map_err(|error| of_disk("the dump cannot be read", error))?)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut running = Running::start("pg_restore", &mut command)?;
        let mut lines = running.said();
        let printed = running.stdout().ok_or_else(|| Error::internal("pg_restore has no output", None))?;
        let mut parts = script::read(printed, phase == Phase::Loading);
        let mut read = Ok(());
        while let Some(part) = parts.recv().await {
            match part {
                Ok(part) => read = read.and(self.run(part, &mut parts).await?),
                Err(error) => read = Err(error),
            }
        }
        let mut said = Said::default();
        while let Some(line) = lines.recv().await {
            said.note(&line);
        }
        let status = running.ended().await?;
        if status.success() {
            return read.map_err(|error| of_disk("what pg_restore prints breaks off", error));
        }
        Err(match status.code() {
            // The digest is right, so somebody has written the manifest for what is no dump.
            Some(_) => {
                let reason = said.reason("pg_restore", status);
                invalid(ViolationCode::InvalidBackup, format!("cannot be read: {reason}"))
            }
            None => said.error("pg_restore", status),
        })
    }

    /// Does what a part says. The inner error is that of a script that breaks off, for which the program may have a reason.
    async fn run(&mut self, part: Part, parts: &mut Parts) -> Result<io::Result<()>> {
        match part {
            Part::Sql(text) => {
                let done = sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *self.connection);
                self.backend.answers(done).await?.map(|_| Ok(())).map_err(of_dump)
            }
            Part::Copy(statement) => self.copy(&statement, parts).await,
            Part::Rows(..) | Part::End => Err(Error::internal("rows without a table", None)),
        }
    }

    /// Loads a table.
    async fn copy(&mut self, statement: &str, parts: &mut Parts) -> Result<io::Result<()>> {
        let timeout = self.backend.session.pool.settings.call_timeout;
        self.progress.table = table(statement);
        self.tell.report(self.progress).await;
        let copy = self.connection.copy_in_raw(statement);
        let mut copy = self.backend.answers(copy).await?.map_err(of_dump)?;
        loop {
            match parts.recv().await {
                Some(Ok(Part::Rows(rows, count))) => {
                    let sent = within(timeout, Intent::Read, copy.send(&*rows)).await;
                    sent.map_err(|failure| failure.error)?;
                    self.progress.rows += count;
                    self.progress.bytes += i64::try_from(rows.len()).expect("a part is small");
                    self.tell.report(self.progress).await;
                }
                Some(Ok(Part::End)) => break,
                Some(Err(error)) => return Ok(Err(error)),
                Some(Ok(_)) | None => return Err(Error::internal("a table without an end", None)),
            }
        }
        self.backend.answers(copy.finish()).await?.map_err(of_dump)?;
        self.progress.table = None;
        Ok(Ok(()))
    }
}

/// Reads the table out of `COPY crm.customers (…) FROM stdin;`.
fn table(statement: &str) -> Option<String> {
    let name = statement.strip_prefix("COPY crm.")?.split(" (").next()?;
    Some(name.trim_matches('"').to_owned())
}

/// Translates the refusal of what a dump does: it needs something that this server or database does not have, or its rows break rules.
fn of_dump(error: sqlx::Error) -> Error {
    match error.as_database_error().map(|error| (error.code(), error.message().to_owned())) {
        Some((Some(code), message)) if code.starts_with("42") && code != "42501" => {
            Error::Schema(format!("the backup cannot be restored here: {message}"))
        }
        Some((Some(code), message)) if code.starts_with("22") || code.starts_with("23") => {
            invalid(ViolationCode::InvalidBackup, format!("holds what cannot be: {message}"))
        }
        _ => fault::of_statement(error, Intent::Read),
    }
}
