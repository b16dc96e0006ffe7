//! The calls of a handle itself: transactions, the next part of a stream, and what only the trusted system does.

use std::path::PathBuf;
use std::sync::Arc;

use crm_postgres::crm_core::Password;
use crm_postgres::retry::{ATTEMPTS, check_attempts, pause};
use crm_postgres::{Crm, Result, SeedPasswords};

use tokio::sync::Mutex;

use crate::backup::Steps;
use crate::bridge::{Job, job, unknown};
use crate::handle::{Handle, OpenTx, Store, fill};
use crate::inputs::Values;

/// Begins a call of a handle itself.
pub(crate) fn call(op: &str, store: &Store, made: Option<&Handle>, values: &mut Values<'_>) -> Result<Job> {
    let of = store.clone();
    match (op, store, made) {
        ("begin", Store::Crm(_) | Store::Acting(_) | Store::Tx(_), Some(made)) => {
            let slot = made.slot();
            Ok(job(async move {
                let (tx, outer) = match of {
                    Store::Crm(crm) => (crm.begin().await?, None),
                    Store::Acting(acting) => (acting.begin().await?, None),
                    Store::Tx(outer) => (outer.begin().await?, Some(outer)),
                    Store::Rows(_) | Store::Steps(_) => return Err(unknown("begin")),
                };
                fill(&slot, Store::Tx(Arc::new(OpenTx::new(tx, outer))))
            }))
        }
        ("commit", Store::Tx(open), _) => {
            let open = open.clone();
            Ok(job(async move { open.commit().await }))
        }
        ("rollback", Store::Tx(open), _) => {
            let open = open.clone();
            let aborted = values.read("aborted");
            let aborted: bool = values.all(aborted)?;
            Ok(job(async move { open.rollback(aborted).await }))
        }
        ("attempts", Store::Crm(_) | Store::Acting(_), _) => {
            let fields = values.fields("options");
            let attempts = fields.optional("attempts").unwrap_or(ATTEMPTS);
            fields.finish(check_attempts(attempts))?;
            Ok(job(std::future::ready(Ok(i64::from(attempts)))))
        }
        ("pause", Store::Crm(_) | Store::Acting(_), _) => {
            let made = values.read("attempts");
            let made = values.all(made)?;
            Ok(job(async move {
                tokio::time::sleep(pause(made)).await;
                Ok(())
            }))
        }
        ("next", Store::Rows(rows), _) => Ok(crate::rows::next(rows.clone())),
        ("next", Store::Steps(steps), _) => Ok(crate::backup::next(steps.clone())),
        ("backup" | "restore", Store::Crm(crm), Some(made)) => {
            let path = values.read::<String>("path");
            let path = PathBuf::from(values.all(path)?);
            let begin = if op == "backup" { Steps::backup } else { Steps::restore };
            let steps = begin(crm.clone(), path);
            fill(&made.slot(), Store::Steps(Arc::new(Mutex::new(steps))))?;
            Ok(job(std::future::ready(Ok(()))))
        }
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
