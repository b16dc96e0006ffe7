//! Connecting, and the private server.

use std::path::{Path, PathBuf};

use crm_postgres::{Builder, Crm, Result, offer_programs};

use crate::bridge::{Job, job, unknown};
use crate::handle::{Handle, Store, fill};
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
            let programs = values.optional::<String>("programs").map(PathBuf::from);
            let library = values.read::<String>("library").unwrap_or_default();
            let fields = values.fields("options");
            let path: Option<String> = fields.optional("path");
            values.also(fields);
            values.finish(Ok(()))?;
            offer_programs(programs, Path::new(&library));
            job(async move { fill(&slot, Store::Crm(Crm::embedded(path.as_deref().map(Path::new)).await?)) })
        }
        _ => return Err(unknown(op)),
    })
}

fn builder(values: &mut Values<'_>) -> Result<Builder> {
    let (url, fields) = (values.read::<String>("url"), values.fields("options"));
    let mut builder = Crm::builder(url.unwrap_or_default());
    if let Some(url) = fields.optional::<String>("replica") {
        builder = builder.replica(url);
    }
    if let Some(limit) = fields.optional("max_staleness") {
        builder = builder.max_staleness(limit);
    }
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
