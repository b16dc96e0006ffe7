//! The traits that a store implements: repositories, and the transactions that hand them out.

use async_trait::async_trait;
use futures_core::stream::BoxStream;

use crate::{
    Customer, CustomerRepository, Entity, Interaction, InteractionRepository, Lead, LeadRepository, List,
    Order, Page, Reports, Result, Task, TaskRepository, User, UserId, UserRepository, Valid,
};

/// Stores the rows of one entity.
///
/// Every method may fail with `timeout`, `unavailable`, `serialization`, `schema`, `closed`, `permission_denied` or
/// `internal`; what else can happen stands with the method.
#[async_trait]
pub trait Repository<E: Entity>: Send + Sync {
    /// Creates a row and returns it as stored.
    ///
    /// # Errors
    /// `conflict` when a unique value is taken, `missing_reference` when a reference points at nothing.
    async fn create(&self, new: Valid<E::New>) -> Result<E>;

    /// Creates many rows, all or none, and returns their ids in order. 100,000 rows is a normal call.
    ///
    /// # Errors
    /// As [`create`](Self::create); the field names the row, `[50].email` for the 51st.
    async fn create_many(&self, new: Vec<Valid<E::New>>) -> Result<Vec<E::Id>>;

    /// Reads a row.
    ///
    /// # Errors
    /// `not_found`.
    async fn get(&self, id: E::Id) -> Result<E>;

    /// Reads a row, if there is one.
    async fn find(&self, id: E::Id) -> Result<Option<E>>;

    /// Reads rows in the order asked: repeats are repeated, missing ones left out.
    async fn get_many(&self, ids: &[E::Id]) -> Result<Vec<E>>;

    /// Reads one page.
    ///
    /// # Errors
    /// `validation` for a limit out of range and for a cursor that is not of this list and order.
    async fn list(&self, list: &List<E>) -> Result<Page<E>>;

    /// Reads any number of rows from one snapshot, in bounded memory. The stream holds a connection until it ends or is
    /// dropped; `futures_util::TryStreamExt` reads it with `while let Some(row) = stream.try_next().await? { … }`.
    fn stream(&self, filter: E::Filter, order: Order<E::OrderBy>) -> BoxStream<'_, Result<E>>;

    /// Counts rows.
    async fn count(&self, filter: &E::Filter) -> Result<i64>;

    /// Changes a row and returns it as stored. An empty patch changes nothing, any other raises the version.
    ///
    /// # Errors
    /// `not_found`; `conflict` when the row's version is not `expected_version` or a unique value is taken;
    /// `missing_reference`.
    async fn update(&self, id: E::Id, patch: Valid<E::Patch>, expected_version: Option<i64>) -> Result<E>;

    /// Deletes a row.
    ///
    /// # Errors
    /// `not_found`.
    async fn delete(&self, id: E::Id) -> Result<()>;
}

/// Hands out the repositories: of a store, or of a transaction.
pub trait Repositories: Send + Sync {
    /// Stores users.
    fn users(&self) -> &dyn UserRepository;
    /// Stores customers.
    fn customers(&self) -> &dyn CustomerRepository;
    /// Stores leads.
    fn leads(&self) -> &dyn LeadRepository;
    /// Stores tasks.
    fn tasks(&self) -> &dyn TaskRepository;
    /// Stores interactions.
    fn interactions(&self) -> &dyn InteractionRepository;
    /// Answers the reports.
    fn reports(&self) -> &dyn Reports;
}

/// Is an entity with a repository, for code that is the same for all of them.
pub trait Stored: Entity {
    /// Returns the entity's repository.
    fn repository(repositories: &dyn Repositories) -> &dyn Repository<Self>;
}

macro_rules! stored {
    ($($entity:ty, $name:ident;)+) => {$(
        impl Stored for $entity {
            fn repository(repositories: &dyn Repositories) -> &dyn Repository<Self> {
                repositories.$name()
            }
        }
    )+};
}

stored! {
    User, users;
    Customer, customers;
    Lead, leads;
    Task, tasks;
    Interaction, interactions;
}

/// Implements [`Repositories`] for a type whose field stores every entity and answers the reports.
#[doc(hidden)]
#[macro_export]
macro_rules! hand_out {
    ($type:ty, $field:ident) => {
        impl $crate::Repositories for $type {
            fn users(&self) -> &dyn $crate::UserRepository {
                &self.$field
            }

            fn customers(&self) -> &dyn $crate::CustomerRepository {
                &self.$field
            }

            fn leads(&self) -> &dyn $crate::LeadRepository {
                &self.$field
            }

            fn tasks(&self) -> &dyn $crate::TaskRepository {
                &self.$field
            }

            fn interactions(&self) -> &dyn $crate::InteractionRepository {
                &self.$field
            }

            fn reports(&self) -> &dyn $crate::Reports {
                &self.$field
            }
        }
    };
}

/// Is a store: repositories whose every call stands for itself, and transactions.
#[async_trait]
pub trait Store: Repositories {
    /// Begins a transaction.
    async fn begin(&self) -> Result<Box<dyn Transaction>>;
}

/// Is a store as the trusted system has it, which alone can act as its users.
pub trait TrustedStore: Store {
    /// Returns a store whose every operation is that user's: it may do what the user's role allows
    /// ([`Role::allows`](crate::Role::allows)), and `created_by` and `updated_by` name the user.
    ///
    /// Whether there is such a user, and the role, is looked at on each operation, in a transaction once. One who is gone or
    /// deactivated gets `permission_denied`.
    fn acting_as(&self, actor: UserId) -> Box<dyn Store>;
}

/// Is a transaction: the same repositories, all or nothing. Dropping it rolls it back.
///
/// `validation`, `not_found` and a stale version leave it usable, and so does a refusal that the library itself explains
/// (another's row, a field of the trusted system's, a wrong password); any error of the database finishes it, and going on
/// says `closed`. Whatever the error: dropping the transaction undoes all of it. Concurrent calls queue.
///
/// [`begin`](Self::begin) starts a nested transaction. A refusal by the database (a constraint, a right, a deadlock) then undoes only
/// the nested one, and the outer one goes on. A call that is dropped, times out or loses its connection finishes all of it, and so does
/// a serialization failure.
///
/// ```
/// use crm_core::{ErrorCode, NewUser, Result, Transaction, User, Valid};
///
/// /// Creates a user, or returns the one who has the email already.
/// async fn get_or_create(tx: &dyn Transaction, new: Valid<NewUser>) -> Result<Option<User>> {
///     let email = new.email.clone();
///     let nested = tx.begin().await?;
///     match nested.users().create(new).await {
///         Ok(user) => {
///             nested.commit().await?;
///             Ok(Some(user))
///         }
///         Err(error) if error.code() == ErrorCode::Conflict => tx.users().find_by_email(&email).await,
///         Err(error) => Err(error),
///     }
/// }
/// ```
#[async_trait]
pub trait Transaction: Repositories {
    /// Begins a nested transaction, to any depth. Committing it hands its changes to this one; rolling it back or dropping it undoes
    /// them.
    ///
    /// While it is open, every call of this transaction fails with `closed`. Another `begin` waits until it has ended.
    ///
    /// # Errors
    /// `closed` when this transaction is finished; `timeout` when another nested transaction stays open for too long, which finishes
    /// nothing.
    async fn begin(&self) -> Result<Box<dyn Transaction>>;

    /// Makes the changes permanent; those of a nested transaction become part of the outer one.
    ///
    /// # Errors
    /// `closed` when an error has finished the transaction, or while a nested one is open; the changes are undone then. `serialization`;
    /// `unavailable` with `outcome_unknown`.
    async fn commit(self: Box<Self>) -> Result<()>;

    /// Undoes the changes, those of nested transactions too.
    async fn rollback(self: Box<Self>) -> Result<()>;
}
