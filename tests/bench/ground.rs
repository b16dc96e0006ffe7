//! The databases that are measured on.

use std::path::Path;

use crm_postgres::{Crm, Result};
use crm_tests::{Rows, execute, fill};

use crate::Options;

/// Is a server with databases of the bench's own.
#[derive(Debug)]
pub(crate) struct Ground {
    /// Keeps the server of the bench's own as long as it is measured on.
    _embedded: Option<Crm>,
    /// The URL of a database of the server's.
    url: String,
}

impl Ground {
    pub(crate) async fn open(options: &Options) -> Result<Self> {
        if let Some(url) = &options.server {
            Crm::connect(&**url).await?.close().await;
            return Ok(Self { _embedded: None, url: url.clone() });
        }
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
        let crm = Crm::embedded(Some(&directory)).await?;
        let url = crm_tests::superuser(crm.url().unwrap_or_default());
        Ok(Self { _embedded: Some(crm), url })
    }

    /// Writes the URL of another database of the server's.
    fn url_of(&self, name: &str) -> String {
        let (before, after) = self.url.split_at(self.url.find('?').unwrap_or(self.url.len()));
        let database = before.rfind('/').map_or(before.len(), |slash| slash + 1);
        format!("{}{name}{after}", &before[..database])
    }

    /// Runs statements in a database that is there.
    pub(crate) async fn administer(&self, statements: &str) {
        execute(&self.url, statements).await;
    }

    /// Returns the URL of the database of a scale, which is filled when it is asked for the first time.
    pub(crate) async fn at_scale(&self, scale: i64) -> Result<String> {
        let name = format!("crm_bench_{scale}");
        let url = self.url_of(&name);
        if let Ok(crm) = Crm::connect(&*url).await {
            if crm.pending_migrations().await?.is_empty() {
                return Ok(url);
            }
            crm.close().await;
        }
        println!("filling {name}");
        self.create(&name, "template0").await;
        fill(&url, &Rows::at_scale(scale).sql()).await;
        Ok(url)
    }

    /// Returns the URL of a copy of the database of a scale, which may be changed.
    pub(crate) async fn copy_at_scale(&self, scale: i64) -> Result<String> {
        self.at_scale(scale).await?;
        let name = format!("crm_bench_{scale}_copy");
        self.create(&name, &format!("crm_bench_{scale}")).await;
        Ok(self.url_of(&name))
    }

    async fn create(&self, name: &str, template: &str) {
        self.administer(&format!("drop database if exists {name} with (force)")).await;
        self.administer(&format!("create database {name} template {template}")).await;
        self.administer("checkpoint").await;
    }
}
