//! The domain of a CRM: users, customers, leads, tasks and interactions, their rules, and the traits of a store.
//!
//! Nothing here knows SQL, a driver or another language; `crm-postgres` stores what this crate describes.
//!
//! # A tour
//!
//! An input is built freely and becomes [`Valid`] by [`validate`](Validate::validate), which reports every broken rule
//! at once:
//!
//! ```
//! use crm_core::{NewCustomer, Validate};
//!
//! let error = NewCustomer { email: Some("ann".into()), ..NewCustomer::default() }.validate().unwrap_err();
//! assert_eq!(error.code().as_str(), "validation");
//! assert_eq!(error.violations()[0].field, "name");
//! assert_eq!(error.violations()[1].code.as_str(), "invalid_email");
//! ```
//!
//! Only valid input reaches a [`Repository`]; a function over [`Repositories`] works on a store as on a transaction:
//!
//! ```
//! use crm_core::{CustomerId, NewCustomer, NewTask, Repositories, Result, Validate};
//!
//! async fn welcome(crm: &dyn Repositories, name: &str) -> Result<CustomerId> {
//!     let customer = crm.customers().create(NewCustomer::new(name).validate()?).await?;
//!     let task = NewTask { customer_id: Some(customer.id), ..NewTask::new("Say hello") };
//!     crm.tasks().create(task.validate()?).await?;
//!     Ok(customer.id)
//! }
//! ```
//!
//! ## Changing rows
//!
//! A patch keeps what it does not name. Given the version that was read, an update refuses to overwrite somebody else's
//! with a `conflict`; see [`Patch`] and [`Repository::update`].
//!
//! ```
//! use crm_core::{Customer, CustomerPatch, Patch, Repositories, Result, Validate};
//!
//! async fn correct(crm: &dyn Repositories, read: &Customer) -> Result<Customer> {
//!     let patch = CustomerPatch { phone: Patch::Set("+1-555-0123".into()), notes: Patch::Clear, ..Default::default() };
//!     crm.customers().update(read.id, patch.validate()?, Some(read.version)).await
//! }
//! ```
//!
//! ## Lists, filters and orders
//!
//! The parts of a filter combine with "and", the values of one part with "or". A [`List`] reads one page, and the page's cursor leads to the
//! next; [`stream`](Repository::stream) reads any number of rows.
//!
//! ```
//! use crm_core::{Lead, LeadFilter, LeadOrderBy, List, Order, Repositories, Result, Stage};
//!
//! /// Reads the dearest open leads, a page at a time.
//! async fn dearest(crm: &dyn Repositories) -> Result<Vec<Lead>> {
//!     let open = LeadFilter {
//!         stage: Some(vec![Stage::Qualified, Stage::Proposal]),
//!         text: Some("software".parse()?),
//!         ..LeadFilter::default()
//!     };
//!     let list = List::new().filter(open).order(Order::descending(LeadOrderBy::Value)).limit(20);
//!     let first = crm.leads().list(&list).await?;
//!     let second = crm.leads().list(&list.after(first.next_cursor)).await?;
//!     Ok(first.items.into_iter().chain(second.items).collect())
//! }
//! ```
//!
//! ## Transactions, users and reports
//!
//! A [`Store`] begins a [`Transaction`], which has the same repositories and is rolled back unless it is committed. A
//! [`TrustedStore`] hands out stores that act as a user, whose rights [`Role::allows`] tells beforehand.
//!
//! ```
//! use crm_core::{Action, EntityKind, LeadId, NewTask, PipelineStage, Result, Stage, TrustedStore, User, Validate};
//!
//! /// Closes a lead in the name of a user, with a task for what follows: both or neither.
//! async fn close(crm: &dyn TrustedStore, user: &User, lead: LeadId) -> Result<Vec<PipelineStage>> {
//!     assert!(user.role.allows(Action::Update, EntityKind::Lead, false));
//!     let acting = crm.acting_as(user.id);
//!     let tx = acting.begin().await?;
//!     let lead = tx.leads().move_to(lead, Stage::Closed).await?;
//!     let task = NewTask { customer_id: lead.customer_id, ..NewTask::new("Send the invoice") };
//!     tx.tasks().create(task.validate()?).await?;
//!     tx.commit().await?;
//!     acting.reports().pipeline().await
//! }
//! ```
//!
//! Every failure is an [`Error`], by whose [`code`](Error::code) a program decides:
//!
//! ```
//! use crm_core::{Error, ErrorCode};
//!
//! /// Says what a service tells its client: of a fault on its own side no more than the code.
//! fn answer(error: &Error) -> (u16, String) {
//!     match error.code() {
//!         ErrorCode::InvalidCredentials => (error.status(), "log in again".to_owned()),
//!         code if error.status() >= 500 => (error.status(), code.to_string()),
//!         _ => (error.status(), error.to_string()),
//!     }
//! }
//! let (status, body) = answer(&Error::Serialization("somebody was faster".into()));
//! assert_eq!((status, body.as_str()), (503, "serialization"));
//! ```
//!
//! With the feature `testing` the module `testing` has a mock of every repository and an in-memory store, so that an
//! application can test such functions without a database.
//!
//! # Adding an entity
//!
//! Each entity is one file of `entities` with the same five parts in the same order, here `customers.rs`: the entity, `New…` with its
//! validation, `…Patch` with its own, `…Filter` with its meaning, `…OrderBy`; then the trait of its repository. The
//! compiler asks for the rest, because [`Entity`] names the types and every conversion destructures fully.

mod access;
#[cfg(feature = "calls")]
#[doc(hidden)]
pub mod calls;
mod entities;
mod errors;
#[cfg(test)]
mod fuzz;
mod label;
mod reports;
mod repository;
pub mod samples;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod validation;
mod values;

pub use access::Action;
pub use entities::*;
pub use errors::{
    Cause, DenialReason, EntityKind, Error, ErrorCode, Result, Violation, ViolationCode, Violations,
};
pub use reports::{
    ActivityQuery, CustomerActivity, DueTask, DueTasksQuery, DueTasksStart, PipelineStage, Reports, Snapshot,
};
pub use repository::*;
pub use store::{Repositories, Store, Stored, Transaction, TrustedStore};
pub use validation::{Check, MAX_VIOLATIONS, Valid, Validate, beside};
pub use values::*;
