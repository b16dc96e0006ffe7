//! Stores: what hands out the repositories, and transactions.

use async_trait::async_trait;

use crate::{
    Customer, CustomerRepository, Entity, Interaction, InteractionRepository, Lead, LeadRepository, Reports,
    Repository, Result, Task, TaskRepository, User, UserId, UserRepository,
};

/// Gives the list of entities to a macro, behind arguments of the caller's. All code with one part per entity is written from it.
#[doc(hidden)]
#[macro_export]
macro_rules! with_entities {
    ([$($callback:tt)+] $($arguments:tt)*) => {
        $($callback)+! {
            { $($arguments)* }
            users: User, UserRepository, MockUserRepository;
            customers: Customer, CustomerRepository, MockCustomerRepository;
            leads: Lead, LeadRepository, MockLeadRepository;
            tasks: Task, TaskRepository, MockTaskRepository;
            interactions: Interaction, InteractionRepository, MockInteractionRepository;
        }
    };
}

macro_rules! repositories {
    ({} $($name:ident: $entity:ident, $repository:ident, $mock:ident;)+) => {
        /// Hands out the repositories: of a store, or of a transaction.
        pub trait Repositories: Send + Sync {
            $(
                #[doc = concat!("Stores ", stringify!($name), ".")]
                fn $name(&self) -> &dyn $repository;
            )+
            /// Answers the reports.
            fn reports(&self) -> &dyn Reports;
        }

        $(
            impl Stored for $entity {
                fn repository(repositories: &dyn Repositories) -> &dyn Repository<Self> {
                    repositories.$name()
                }
            }
        )+
    };
}

with_entities!([repositories]);

/// An entity with a repository, for code that is the same for all of them.
pub trait Stored: Entity {
    /// Returns the entity's repository.
    fn repository(repositories: &dyn Repositories) -> &dyn Repository<Self>;
}

/// Implements [`Repositories`] for a type. `hand_out!(Crm, session)` takes a field that is each repository itself, and
/// `hand_out!(Attempt, through 0)` one that hands out the repositories in its turn.
#[doc(hidden)]
#[macro_export]
macro_rules! hand_out {
    ($type:ty, $field:tt) => {
        $crate::with_entities! { [$crate::hand_out] $type, $field }
    };
    ($type:ty, through $field:tt) => {
        $crate::with_entities! { [$crate::hand_out] $type, through $field }
    };
    ({ $type:ty, $field:tt } $($name:ident: $entity:ident, $repository:ident, $mock:ident;)+) => {
        impl $crate::Repositories for $type {
            $(
                fn $name(&self) -> &dyn $crate::$repository {
                    &self.$field
                }
            )+

            fn reports(&self) -> &dyn $crate::Reports {
                &self.$field
            }
        }
    };
    ({ $type:ty, through $field:tt } $($name:ident: $entity:ident, $repository:ident, $mock:ident;)+) => {
        impl $crate::Repositories for $type {
            $(
                fn $name(&self) -> &dyn $crate::$repository {
                    self.$field.$name()
                }
            )+

            fn reports(&self) -> &dyn $crate::Reports {
                self.$field.reports()
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
