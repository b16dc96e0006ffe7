//! A web service that embeds the library beside tables of its own: `cargo run --example service`.
//!
//! The service has one pool, over which the library works too; its tables and their migrations stand beside the schema `crm` in one
//! database; and an invoice and what it does to the lead are written in one transaction (`invoices.rs`).
//!
//! `CRM_DATABASE_URL` (or `DATABASE_URL`) says which database; without it a private one is started, with sample rows. `ADDRESS` says
//! where to listen, 127.0.0.1:3000 if it does not.

mod answers;
mod invoices;
mod routes;
mod sessions;
#[cfg(test)]
mod tests;

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use crm_postgres::{SeedPasswords, Seeded, prelude::*};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Is what every request works with; it is cheap to clone.
#[derive(Clone)]
struct Service {
    /// Acts as the trusted system: logs users in, and hands out what acts as them.
    crm: Crm,
    pool: PgPool,
}

impl Service {
    /// Opens the database and brings both schemas up to date, the library's first, as the service's refers to it.
    async fn open(url: &str) -> Result<Self, Failure> {
        // With this the server stops the work of a request whose client has gone.
        let options: PgConnectOptions = url.parse()?;
        let options = options.options([("client_connection_check_interval", "500ms")]);
        let pool = PgPoolOptions::new()
            .max_connections(10)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options)
            .await?;
        let crm = Crm::from_pool(pool.clone());
        crm.migrate().await?;
        sqlx::migrate!("rust/service/migrations").run(&pool).await?;
        Ok(Self { crm, pool })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failure> {
    let given = env::var("CRM_DATABASE_URL").or_else(|_| env::var("DATABASE_URL"));
    let embedded = match given {
        Ok(_) => None,
        Err(_) => Some(Crm::embedded(None).await?),
    };
    let url = match &embedded {
        Some(server) => server.url().expect("an embedded server has a URL").to_owned(),
        None => given.expect("without it a server was started"),
    };
    let service = Service::open(&url).await?;
    let seeded = match &embedded {
        Some(crm) => crm.seed(SeedPasswords::default()).await?,
        None => None,
    };

    let listener = TcpListener::bind(env::var("ADDRESS").unwrap_or_else(|_| "127.0.0.1:3000".into())).await?;
    println!("{}", welcome(&listener.local_addr()?.to_string(), seeded.as_ref()));
    axum::serve(listener, routes::router(service.clone())).with_graceful_shutdown(asked_to_end()).await?;

    service.crm.close().await;
    service.pool.close().await;
    if let Some(server) = embedded {
        server.close().await;
    }
    Ok(())
}

/// Says where the service is, and how to begin.
fn welcome(address: &str, seeded: Option<&Seeded>) -> String {
    let Some(Seeded { user, .. }) = seeded else { return format!("The service listens on http://{address}") };
    let login = format!(r#"{{"email": "user@crm.com", "password": "{}"}}"#, user.reveal());
    format!(
        "The service listens on http://{address}. Log in for a token, and send it as \"authorization: Bearer …\":\n\n  \
         curl http://{address}/login -H 'content-type: application/json' -d '{login}'\n"
    )
}

/// Waits for Ctrl-C or for what a service manager sends; requests under way are answered still.
async fn asked_to_end() {
    let mut terminate = signal(SignalKind::terminate()).expect("a runtime watches signals");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
