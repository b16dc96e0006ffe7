//! Stores the CRM of [`crm_core`] in PostgreSQL.
//!
//! [`Crm`] is what a program holds: it hands out the repositories and reports of [`crm_core::Repositories`], begins
//! transactions, migrates the schema `crm` and, where no database is at hand, starts a private PostgreSQL of its own.
//!
//! ```no_run
//! # async fn example() -> crm_postgres::Result<()> {
//! use crm_postgres::{Crm, prelude::*};
//!
//! let crm = Crm::embedded(None).await?;
//! let acme = crm.customers().create(NewCustomer::new("Acme Corporation").validate()?).await?;
//! let deal = NewLead { customer_id: Some(acme.id), ..NewLead::new("Enterprise Software Deal") };
//! let deal = crm.leads().create(deal.validate()?).await?;
//! crm.leads().move_to(deal.id, Stage::Qualified).await?;
//! for stage in crm.reports().pipeline().await? {
//!     println!("{:<10} {:>4} {:>12}", stage.stage, stage.count, stage.total_value);
//! }
//! # Ok(()) }
//! ```
//!
//! All tables live in the schema `crm` and are always written with it, so the tables and the migration history of a host
//! application in the same database are never touched.

mod bulk;
mod constraints;
mod crm;
mod customers;
#[cfg(unix)]
mod embedded;
mod fault;
mod filter;
mod interactions;
mod leads;
mod list;
mod migrate;
mod options;
mod pool;
mod reports;
mod row;
mod seed;
mod session;
mod sql;
mod stream;
mod table;
mod tasks;
mod transaction;
mod users;

pub use constraints::{CONSTRAINTS, Refusal};
pub use crm::Crm;
pub use crm_core::{Error, Result};
pub use migrate::Migration;
pub use options::Builder;
pub use seed::{SeedPasswords, Seeded};
pub use sqlx::postgres::{PgPool, PgSslMode};
pub use transaction::Tx;

/// Brings in the domain: the entities with their inputs, and the traits whose methods a [`Crm`] has.
pub mod prelude {
    pub use crm_core::*;
}
