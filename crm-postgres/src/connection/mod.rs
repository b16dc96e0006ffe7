//! How a statement reaches the server: the address, the pool, the session with its transaction, and what errors mean.
//!
//! ```text
//! address → connector → connections → pool → session → statement
//!                                            levels: a transaction and the nested ones in it
//! ```

pub(crate) mod address;
pub(crate) mod call;
mod connections;
pub(crate) mod connector;
pub(crate) mod constraints;
mod control;
pub(crate) mod ending;
pub(crate) mod error_mapping;
mod executor;
mod hasher;
mod levels;
pub(crate) mod migrations;
pub(crate) mod pool;
pub(crate) mod replica;
pub(crate) mod schema;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod transaction;
