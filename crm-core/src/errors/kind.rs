//! Which entity an error is about.

use crate::label::labels;

labels! {
    /// Names an entity.
    #[non_exhaustive]
    pub enum EntityKind ("entity") {
        /// A [`User`](crate::User).
        User = "user",
        /// A [`Customer`](crate::Customer).
        Customer = "customer",
        /// A [`Lead`](crate::Lead).
        Lead = "lead",
        /// A [`Task`](crate::Task).
        Task = "task",
        /// An [`Interaction`](crate::Interaction).
        Interaction = "interaction",
    }
}

impl EntityKind {
    /// Returns the name of the table and of the list.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::User => "users",
            Self::Customer => "customers",
            Self::Lead => "leads",
            Self::Task => "tasks",
            Self::Interaction => "interactions",
        }
    }
}
