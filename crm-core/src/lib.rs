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
//! use crm_core::{CustomerId, NewCustomer, NewTask, Repositories, Repository, Result, Validate};
//!
//! async fn welcome(crm: &dyn Repositories, name: &str) -> Result<CustomerId> {
//!     let customer = crm.customers().create(NewCustomer::new(name).validate()?).await?;
//!     let task = NewTask { customer_id: Some(customer.id), ..NewTask::new("Say hello") };
//!     crm.tasks().create(task.validate()?).await?;
//!     Ok(customer.id)
//! }
//! ```
//!
//! With the feature `testing` the module `testing` has a mock of every repository and an in-memory store, so that an
//! application can test such a function without a database.
//!
//! # Adding an entity
//!
//! Each entity is one file with the same five parts in the same order, here `customers.rs`: the entity, `New…` with its
//! validation, `…Patch` with its own, `…Filter` with its meaning, `…OrderBy`; then the trait of its repository. The
//! compiler asks for the rest, because [`Entity`] names the types and every conversion destructures fully.

mod access;
mod assignee;
mod customers;
mod email;
mod entity;
mod error;
#[cfg(test)]
mod fuzz;
mod hashing;
mod ids;
mod interactions;
mod label;
mod leads;
mod money;
mod page;
mod password;
mod patch;
mod phone;
mod reports;
pub mod samples;
mod store;
mod tags;
mod tasks;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod users;
mod validation;
mod words;

pub use access::Action;
pub use assignee::Assignee;
pub use customers::{
    Customer, CustomerFilter, CustomerOrderBy, CustomerOverview, CustomerPatch, CustomerRepository,
    NewCustomer, TagCount, Tags,
};
pub use email::Email;
pub use entity::{Changes, DayRange, Entity, EntityKind, Filter, Range};
pub use error::{Cause, Error, ErrorCode, Result};
pub use hashing::Hashing;
pub use ids::{CustomerId, Id, InteractionId, LeadId, TaskId, UserId};
pub use interactions::{
    Interaction, InteractionFilter, InteractionOrderBy, InteractionPatch, InteractionRepository,
    InteractionType, NewInteraction,
};
pub use leads::{Lead, LeadFilter, LeadOrderBy, LeadPatch, LeadRepository, NewLead, Stage};
pub use money::{MAX_MONEY, parse_money};
pub use page::{
    Cursor, DEFAULT_LIMIT, List, MAX_LIMIT, Order, OrderBy, Page, Position, SortKey, check_limit,
    check_recent,
};
pub use password::{Credential, Password, PasswordHash};
pub use patch::Patch;
pub use reports::{
    ActivityQuery, CustomerActivity, DueTask, DueTasksQuery, DueTasksStart, PipelineStage, Reports, Snapshot,
};
pub use store::{Repositories, Repository, Store, Stored, Transaction, TrustedStore};
pub use tags::{MAX_TAG, MAX_TAGS, with_tags, without_tags};
pub use tasks::{NewTask, Priority, Task, TaskFilter, TaskOrderBy, TaskPatch, TaskRepository, TaskStatus};
pub use text::{MAX_LINE, MAX_PROSE};
pub use users::{NewUser, Role, User, UserFilter, UserOrderBy, UserPatch, UserRepository};
pub use validation::{Check, MAX_VIOLATIONS, Valid, Validate, Violation, ViolationCode, Violations, beside};
pub use words::{MAX_WORD, MAX_WORDS, SearchText, fold, words};
