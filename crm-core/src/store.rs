//! Stores: what hands out the repositories, and transactions.

use async_trait::async_trait;

use crate::{
    Customer, CustomerRepository, Entity, Interaction, InteractionRepository, Lead, LeadRepository, Reports,
    Repository, Result, Task, TaskRepository, User, UserId, UserRepository,
};

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
