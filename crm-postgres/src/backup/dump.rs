//! Backup: a snapshot, the rows counted in it, and `pg_dump` on the same snapshot.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use crm_core::{DenialReason, Error, Result};
use sqlx::PgConnection;

use super::files::{Target, Temporary, digest};
use super::programs::{Running, Said, Way, command, find};
use super::{Backend, Manifest, Phase, Progress, Tell, blocking, count, lift_limits, of_disk};
use crate::connection::ending::roll_back;
use crate::connection::error_mapping::Intent;
use crate::connection::schema;
use crate::connection::session::Session;
use crate::embedded::Install;

/// Is how often a backup looks how long its file is.
const TICK: Duration = Duration::from_millis(200);

/// Is what a backup's transaction sees.
struct Snapshot {
    id: String,
    taken_at: DateTime<Utc>,
    server_version: String,
    server_major: u32,
    schema_version: i64,
    oldest_library: i64,
    rows: BTreeMap<String, i64>,
}

pub(super) async fn backup(session: &Session, path: &Path, mut tell: Tell<'_>) -> Result<Manifest> {
    let path = path.to_owned();
    let (target, file) = blocking(move || {
        let target = Target::new(&path)?;
        let file = target.begin()?;
        Ok::<_, Error>((target, file))
    })
    .await??;
    let pool = &session.pool;
    let mut lease = pool.lease(Intent::Write).await?;
    tell.report(&Progress::new(Phase::Counting, 0)).await;
    let (backend, snapshot) = match snapshot(session, lease.connection()).await {
        Ok(taken) => taken,
        Err(error) => {
            roll_back(lease, pool.settings.call_timeout).await;
            return Err(error);
        }
    };
    let install = find(session, snapshot.server_major).await;
    let dumped = match &install {
        Ok(install) => dump(backend, install, &snapshot, &file, &mut tell).await,
        Err(_) => Ok(()),
    };
    // It has kept the snapshot, and the tables from being changed, until `pg_dump` did.
    roll_back(lease, pool.settings.call_timeout).await;
    let (install, ()) = (install?, dumped?);
    let Snapshot { taken_at, server_version, schema_version, oldest_library, rows, .. } = snapshot;
    let (mut progress, length) = (Progress::new(Phase::Hashing, rows.values().sum()), length(&file)?);
    (progress.rows, progress.bytes) = (progress.total_rows, length);
    tell.report(&progress).await;
    // The file stays here, so that it goes at once when this is dropped.
    let mut written = file.file.try_clone().map_err(|error| of_disk("the dump is gone", error))?;
    let sealed = blocking(move || written.sync_all().and_then(|()| digest(&mut written))).await?;
    let (sha256, bytes) = sealed.map_err(|error| of_disk("the dump cannot be written", error))?;
    let manifest = Manifest {
        taken_at,
        library_version: env!("CARGO_PKG_VERSION").to_owned(),
        schema_version,
        oldest_library,
        server_version,
        pg_dump_version: install.version,
        bytes,
        sha256,
        rows,
    };
    let json = manifest.to_json()?;
    let begun = target.clone();
    let beside = blocking(move || begun.write(&json)).await??;
    // Here and not in another thread, so that it has been done or never will be when this is dropped.
    target.name(&file, &beside)?;
    blocking(move || target.settle()).await??;
    Ok(manifest)
}

async fn snapshot<'s>(
    session: &'s Session,
    connection: &mut PgConnection,
) -> Result<(Backend<'s>, Snapshot)> {
    let timeout = session.pool.settings.call_timeout;
    let backend = Backend::of(session, connection).await?;
    let begin =
        "begin isolation level repeatable read, read only; set local search_path = pg_catalog, pg_temp";
    backend.does(sqlx::raw_sql(begin).execute(&mut *connection)).await?;
    backend.does(lift_limits(connection, true)).await?;
    let (schema_version, oldest_library) = schema::state(connection, timeout).await?.dumpable()?;
    if let Some(name) = backend.does(unreadable(connection)).await? {
        let message = format!("the login may not read {name}, so it cannot back the schema up");
        return Err(Error::denied(DenialReason::Role, message));
    }
    let about = sqlx::query_as(
        "select now(), current_setting('server_version'), current_setting('server_version_num')::int, pg_export_snapshot()",
    );
    let about: (DateTime<Utc>, String, i32, String) =
        backend.does(about.persistent(false).fetch_one(&mut *connection)).await?;
    let (taken_at, server_version, number, id) = about;
    let rows = backend.does(count(connection)).await?;
    let server_major = u32::try_from(number / 10_000).expect("a version is positive");
    let snapshot =
        Snapshot { id, taken_at, server_version, server_major, schema_version, oldest_library, rows };
    Ok((backend, snapshot))
}

/// Names a table or sequence of the schema that the login may not read as a whole, if there is one: `pg_dump` would fail over it.
async fn unreadable(connection: &mut PgConnection) -> sqlx::Result<Option<String>> {
    let text = "select pg_catalog.format('crm.%I', c.relname) from pg_catalog.pg_class c
                where c.relnamespace = 'crm'::regnamespace and c.relkind in ('r', 'S')
                  and not pg_catalog.has_table_privilege(c.oid, 'select')
                order by c.relname limit 1";
    sqlx::query_scalar(text).persistent(false).fetch_optional(connection).await
}

/// Lets `pg_dump` write into the file, which it gets open, so that it never knows a name.
async fn dump(
    backend: Backend<'_>,
    install: &Install,
    snapshot: &Snapshot,
    file: &Temporary,
    tell: &mut Tell<'_>,
) -> Result<()> {
    let failed = |error| of_disk("pg_dump cannot be prepared", error);
    let pool = &backend.session.pool;
    let way = Way::new(&pool.options(), pool.settings.acquire_timeout).map_err(failed)?;
    let mut command = command(install, "pg_dump");
    way.show(&mut command);
    command
        .args(["--format=custom", "--schema=crm", "--no-publications", "--no-password", "--verbose"])
        .arg(format!("--snapshot={}", snapshot.id))
        .stdout(file.file.try_clone().map_err(failed)?)
        .stderr(Stdio::piped());
    let mut running = Running::start("pg_dump", &mut command)?;
    let mut lines = running.said();
    let mut said = Said::without(way.password.clone());
    let mut progress = Progress::new(Phase::Dumping, snapshot.rows.values().sum());
    tell.report(&progress).await;
    let mut looked = Instant::now();
    loop {
        let line = tokio::time::timeout(TICK, lines.recv()).await;
        let before = progress.clone();
        match line {
            Ok(None) => break,
            Ok(Some(line)) => {
                said.note(&line);
                if let Some(table) = table(&line) {
                    finish_table(&mut progress, &snapshot.rows);
                    progress.table = Some(table.to_owned());
                }
            }
            Err(_) => {}
        }
        progress.bytes = length(file)?;
        if progress != before {
            tell.report(&progress).await;
            looked = Instant::now();
        } else if looked.elapsed() >= pool.settings.call_timeout {
            backend.is_there().await?;
            looked = Instant::now();
        }
    }
    let status = running.ended().await?;
    if !status.success() {
        return Err(said.error("pg_dump", status));
    }
    finish_table(&mut progress, &snapshot.rows);
    (progress.table, progress.bytes) = (None, length(file)?);
    tell.report(&progress).await;
    Ok(())
}

/// Reads the table out of what `pg_dump` says when it begins with one.
fn table(line: &str) -> Option<&str> {
    let (_, table) = line.split_once("dumping contents of table \"crm.")?;
    table.strip_suffix('"')
}

fn finish_table(progress: &mut Progress, rows: &BTreeMap<String, i64>) {
    let done = progress.table.take().and_then(|table| rows.get(&table));
    progress.rows += done.copied().unwrap_or(0);
}

fn length(file: &Temporary) -> Result<i64> {
    let length = file.file.metadata().map_err(|error| of_disk("the dump is gone", error))?.len();
    Ok(i64::try_from(length).unwrap_or(i64::MAX))
}
