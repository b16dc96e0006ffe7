//! Connecting, and the private server.

use std::sync::{Arc, OnceLock};

use crm_postgres::crm_core::Password;
use crm_postgres::{Builder, Crm, Error, Result, SeedPasswords};

use crate::bridge::{Job, job, unknown};
use crate::handle::{Handle, OpenTx, Store};
use crate::inputs::Values;

/// Begins a call that opens a handle.
pub(crate) fn open(op: &str, made: &Handle, values: &mut Values<'_>) -> Result<Job> {
    let slot = made.slot();
    Ok(match op {
        "connect" => {
            let builder = builder(values)?;
            job(async move { fill(&slot, Store::Crm(builder.connect().await?)) })
        }
        "embedded" => {
            let fields = values.fields("options");
            let path: Option<String> = fields.optional("path");
            fields.finish(Ok(()))?;
            job(async move {
                fill(&slot, Store::Crm(Crm::embedded(path.as_deref().map(std::path::Path::new)).await?))
            })
        }
        _ => return Err(unknown(op)),
    })
}

pub(crate) fn fill(slot: &Arc<OnceLock<Store>>, store: Store) -> Result<()> {
    slot.set(store).map_err(|_| Error::internal("the handle holds something already", None))
}

fn builder(values: &mut Values<'_>) -> Result<Builder> {
    let (url, fields) = (values.read::<String>("url"), values.fields("options"));
    let mut builder = Crm::builder(url.unwrap_or_default());
    if let Some(connections) = fields.optional("max_connections") {
        builder = builder.max_connections(connections);
    }
    if let Some(connections) = fields.optional("min_connections") {
        builder = builder.min_connections(connections);
    }
    if let Some(timeout) = fields.optional("acquire_timeout") {
        builder = builder.acquire_timeout(timeout);
    }
    if let Some(timeout) = fields.optional("idle_timeout") {
        builder = builder.idle_timeout(timeout);
    }
    if let Some(timeout) = fields.optional("call_timeout") {
        builder = builder.call_timeout(timeout);
    }
    if let Some(timeout) = fields.optional("statement_timeout") {
        builder = builder.statement_timeout(timeout);
    }
    if let Some(name) = fields.optional::<String>("application_name") {
        builder = builder.application_name(name);
    }
    if let Some(mode) = fields.optional("sslmode") {
        builder = builder.ssl_mode(mode);
    }
    if let Some(yes) = fields.optional("prepared_statements") {
        builder = builder.prepared_statements(yes);
    }
    if let Some(hashings) = fields.optional::<u32>("concurrent_hashings") {
        builder = builder.concurrent_hashings(hashings as usize);
    }
    values.also(fields);
    values.finish(Ok(builder))
}

/// Begins a call of a handle itself.
pub(crate) fn call(op: &str, store: &Store, made: Option<&Handle>, values: &mut Values<'_>) -> Result<Job> {
    let of = store.clone();
    match (op, store, made) {
        ("begin", Store::Crm(_) | Store::Acting(_), Some(made)) => {
            let slot = made.slot();
            Ok(job(async move {
                let tx = match &of {
                    Store::Crm(crm) => crm.begin().await?,
                    Store::Acting(acting) => acting.begin().await?,
                    Store::Tx(_) | Store::Rows(_) => return Err(unknown("begin")),
                };
                fill(&slot, Store::Tx(Arc::new(OpenTx::new(tx))))
            }))
        }
        ("commit", Store::Tx(open), _) => {
            let open = open.clone();
            Ok(job(async move { open.commit().await }))
        }
        ("rollback", Store::Tx(open), _) => {
            let open = open.clone();
            Ok(job(async move { open.rollback().await }))
        }
        ("next", Store::Rows(rows), _) => Ok(crate::rows::next(rows.clone())),
        _ => trusted(op, store.trusted()?.clone(), values),
    }
}

/// Begins a call of the trusted system.
fn trusted(op: &str, crm: Crm, values: &mut Values<'_>) -> Result<Job> {
    Ok(match op {
        "migrate" => job(async move { crm.migrate().await }),
        "migrateTo" => {
            let version = values.read("version");
            let version = values.all(version)?;
            job(async move { crm.migrate_to(version).await })
        }
        "schemaVersion" => job(async move { crm.schema_version().await }),
        "pendingMigrations" => job(async move { crm.pending_migrations().await }),
        "seed" => {
            let fields = values.fields("passwords");
            let password = |name| fields.optional::<String>(name).map(Password::new);
            let passwords = SeedPasswords { admin: password("admin"), user: password("user") };
            fields.finish(Ok(()))?;
            job(async move { crm.seed(passwords).await })
        }
        "close" => job(async move {
            crm.close().await;
            Ok(())
        }),
        _ => return Err(unknown(op)),
    })
}
