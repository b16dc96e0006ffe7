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
//! application in the same database are never touched. The [`prelude`] has what a program names; inputs, filters, pages and errors are
//! told of in [`crm_core`].
//!
//! # Connecting
//!
//! [`Crm::connect`] takes a URL, [`Crm::builder`] settings beside it, [`Crm::from_pool`] the pool of a host, and [`Crm::embedded`] needs
//! nothing. Only the last migrates by itself.
//!
//! ```no_run
//! # async fn example() -> crm_postgres::Result<()> {
//! use std::time::Duration;
//!
//! use crm_postgres::prelude::*;
//!
//! let crm = Crm::builder("postgres://db1,db2/app?target_session_attrs=read-write")
//!     .max_connections(20)
//!     .replica("postgres://db3/app")
//!     .max_staleness(Duration::from_secs(5))
//!     .connect()
//!     .await?;
//! crm.migrate().await?;
//! # Ok(()) }
//! ```
//!
//! # Transactions, and running them again
//!
//! [`begin`](Crm::begin) hands out the same repositories, all or nothing: [`Tx`]. [`Retry::retry`] runs a transaction again that lost
//! against a concurrent one.
//!
//! ```no_run
//! # async fn example(crm: crm_postgres::Crm, id: crm_core::LeadId) -> crm_postgres::Result<()> {
//! use crm_postgres::{prelude::*, rust_decimal::Decimal};
//!
//! let tx = crm.begin().await?;
//! let lead = tx.leads().move_to(id, Stage::Closed).await?;
//! let task = NewTask { customer_id: lead.customer_id, ..NewTask::new("Send the invoice") };
//! tx.tasks().create(task.validate()?).await?;
//! tx.commit().await?;
//!
//! let raised = crm
//!     .retry(async |tx| {
//!         let read = tx.leads().get(id).await?;
//!         let value = read.value.unwrap_or_default() + Decimal::ONE_HUNDRED;
//!         let patch = LeadPatch { value: Patch::Set(value), ..LeadPatch::default() };
//!         tx.leads().update(id, patch.validate()?, Some(read.version)).await
//!     })
//!     .await?;
//! # Ok(()) }
//! ```
//!
//! # Acting as a user
//!
//! [`Crm::acting_as`] is what a request handler holds: PostgreSQL itself refuses what the user's role may not do.
//!
//! ```no_run
//! # async fn example(crm: crm_postgres::Crm, id: crm_core::CustomerId) -> crm_postgres::Result<()> {
//! use crm_postgres::prelude::*;
//!
//! let ann = crm.users().authenticate("ann@example.com", Password::new("correct horse")).await?;
//! let acting = crm.acting_as(ann.id);
//! match acting.customers().delete(id).await {
//!     Err(error) if error.code() == ErrorCode::PermissionDenied => println!("{} may not", ann.name),
//!     result => result?,
//! }
//! # Ok(()) }
//! ```
//!
//! # Reports
//!
//! ```no_run
//! # async fn example(crm: crm_postgres::Crm) -> crm_postgres::Result<()> {
//! use crm_postgres::{chrono::NaiveDate, prelude::*};
//!
//! let today = NaiveDate::from_ymd_opt(2026, 11, 25).expect("there is such a day");
//! let Snapshot { customer_activity, pipeline, due_tasks } =
//!     crm.reports().snapshot(&ActivityQuery::default(), &DueTasksQuery::new(today)).await?;
//! for row in due_tasks.items {
//!     println!("{} for {}", row.task.title, row.customer_name.unwrap_or_default());
//! }
//! # Ok(()) }
//! ```
//!
//! # Beside tables of your own
//!
//! A host's statements run in a transaction of the library, which is an executor of sqlx:
//!
//! ```no_run
//! # async fn example(pool: sqlx::PgPool, id: crm_core::LeadId) -> Result<(), Box<dyn std::error::Error>> {
//! use crm_postgres::prelude::*;
//!
//! let crm = Crm::from_pool(pool);
//! let tx = crm.begin().await?;
//! let lead = tx.leads().move_to(id, Stage::Closed).await?;
//! sqlx::query("insert into invoices (number, lead_id) values ($1, $2)")
//!     .bind("2026-001")
//!     .bind(lead.id.0)
//!     .execute(&tx)
//!     .await?;
//! tx.commit().await?;
//! # Ok(()) }
//! ```
//!
//! What of that is promised stands with [`Tx`].
//!
//! # Tests
//!
//! `crm_core::testing` (feature `testing`) has an in-memory store for functions over [`crm_core::Repositories`] or
//! [`crm_core::Store`]. What has SQL of its own is tested with [`Crm::embedded`], a real server that starts in a second.

mod acting;
#[doc(hidden)] // For the bindings to other languages.
pub mod background;
#[cfg(unix)]
mod backup;
mod builder;
mod connection;
mod crm;
#[doc(hidden)] // For the benchmark of it.
pub mod decoding;
#[cfg(unix)]
mod embedded;
mod entities;
mod export;
mod reports;
#[doc(hidden)] // For the bindings to other languages.
pub mod retry;
mod sql;
mod statements;
mod upkeep;

pub use acting::Acting;
#[cfg(unix)]
pub use backup::{Manifest, Phase, Progress};
pub use builder::Builder;
#[doc(hidden)] // For the test that compares it with the database.
pub use connection::constraints::{CONSTRAINTS, Refusal};
pub use connection::migrations::Migration;
pub use connection::transaction::Tx;
pub use crm::Crm;
pub use crm_core::{Error, ErrorCode, Result};
#[cfg(unix)]
#[doc(hidden)] // For the bindings to other languages.
pub use embedded::{offer_programs, wheels_in};
pub use export::{Export, ExportSink};
pub use retry::{Attempt, Retry};
pub use sql::column::{Column, ColumnType};
pub use sqlx::postgres::{PgPool, PgSslMode};
pub use upkeep::seed::{SeedPasswords, Seeded};
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
