//! Runs a program with a database of its own.

use crm_postgres::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let crm = Crm::embedded(None).await?;
    let program = std::env::args().nth(1).expect("which program");
    let url = crm.url().expect("it is embedded").to_owned();
    let status = std::process::Command::new(program).env("CRM_DATABASE_URL", url).status()?;
    crm.close().await;
    std::process::exit(status.code().unwrap_or(1));
}
