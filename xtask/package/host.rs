//! Uses the packaged crates: `cargo xtask package crates-alone` runs it in a project of its own.

use crm_postgres::prelude::*;
use crm_postgres::{PgPool, Result};

#[tokio::main]
async fn main() -> Result<()> {
    let crm = Crm::embedded(None).await?;
    let pool = PgPool::connect(crm.url().expect("it is embedded")).await.expect("the server runs");
    let shared = Crm::from_pool(pool);
    shared.migrate().await?;
    shared.customers().create(NewCustomer::new("Packaged").validate()?).await?;
    let page = crm.customers().list(&List::new()).await?;
    println!("a host with the packaged crates found {:?} at schema {:?}", page.items[0].name, crm.schema_version().await?);
    crm.close().await;
    Ok(())
}
