//! Stores the CRM of [`crm_core`] in PostgreSQL.
//!
//! [`Crm`] is what a program holds: it hands out the repositories and reports of [`crm_core::Repositories`], begins
//! transactions, migrates the schema `crm` and, where no database is at hand, starts a private PostgreSQL of its own.
//!
//! ```no_run
//! # async fn example() -> crm_postgres::Result<()> {
//! use crm_postgres::prelude::*;
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

mod acting;
mod address;
#[doc(hidden)] // For the bindings to other languages.
pub mod background;
#[cfg(unix)]
mod backup;
mod bulk;
mod connector;
mod constraints;
mod crm;
mod customers;
#[doc(hidden)] // For the benchmark of it.
pub mod decoding;
#[cfg(unix)]
mod embedded;
mod export;
mod fault;
mod filter;
mod hashing;
mod interactions;
mod leads;
mod list;
mod migrate;
mod options;
mod pool;
mod replica;
mod reports;
#[doc(hidden)] // For the bindings to other languages.
pub mod retry;
mod row;
mod seed;
mod session;
mod sql;
mod stream;
mod table;
mod tasks;
mod transaction;
mod users;

pub use acting::Acting;
#[cfg(unix)]
pub use backup::{Manifest, Phase, Progress};
#[doc(hidden)] // For the test that compares it with the database.
pub use constraints::{CONSTRAINTS, Refusal};
pub use crm::Crm;
pub use crm_core::{Error, ErrorCode, Result};
pub use export::{Column, ColumnType, Export, ExportSink};
pub use migrate::Migration;
pub use options::Builder;
pub use retry::{Attempt, Retry};
pub use seed::{SeedPasswords, Seeded};
pub use sqlx::postgres::{PgPool, PgSslMode};
pub use transaction::Tx;
pub use {chrono, crm_core, futures_util, rust_decimal};

/// Brings in what a program that uses a [`Crm`] names: the handle, the entities with their inputs, filters and orders, the
/// traits whose methods a handle has. Everything else of the domain is in [`crm_core`].
pub mod prelude {
    pub use crm_core::{
        Action, ActivityQuery, Assignee, Credential, Cursor, Customer, CustomerActivity, CustomerFilter,
        CustomerId, CustomerOrderBy, CustomerOverview, CustomerPatch, CustomerRepository, DayRange, DueTask,
        DueTasksQuery, Email, EntityKind, ErrorCode, Hashing, Interaction, InteractionFilter, InteractionId,
        InteractionOrderBy, InteractionPatch, InteractionRepository, InteractionType, Lead, LeadFilter,
        LeadId, LeadOrderBy, LeadPatch, LeadRepository, List, NewCustomer, NewInteraction, NewLead, NewTask,
        NewUser, Order, Page, Password, PasswordHash, Patch, PipelineStage, Priority, Range, Reports,
        Repositories, Repository, Role, SearchText, Snapshot, Stage, Store, TagCount, Tags, Task, TaskFilter,
        TaskId, TaskOrderBy, TaskPatch, TaskRepository, TaskStatus, Transaction, TrustedStore, User,
        UserFilter, UserId, UserOrderBy, UserPatch, UserRepository, Valid, Validate, Violation,
        ViolationCode,
    };

    pub use crate::{Acting, Crm, Retry};
}
