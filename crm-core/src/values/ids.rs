//! One id type a table, so that a lead's id cannot be passed where a customer's is meant.

use std::fmt::{Debug, Display};
use std::hash::Hash;

/// Is the key of a table: a 64-bit integer that the database hands out.
pub trait Id: Copy + Ord + Hash + Debug + Display + From<i64> + Into<i64> + Send + Sync + 'static {}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl Id for $name {}

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<i64> for $name {
            fn from(id: i64) -> Self {
                Self(id)
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+};
}

ids! {
    /// Identifies a [`User`](crate::User).
    UserId
    /// Identifies a [`Customer`](crate::Customer).
    CustomerId
    /// Identifies a [`Lead`](crate::Lead).
    LeadId
    /// Identifies a [`Task`](crate::Task).
    TaskId
    /// Identifies an [`Interaction`](crate::Interaction).
    InteractionId
}
