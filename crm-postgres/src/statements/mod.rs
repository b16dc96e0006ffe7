//! The statements that all entities share: lists, streams, bulk loads, and the operations of every repository.

pub(crate) mod bulk;
pub(crate) mod filter;
pub(crate) mod list;
mod repository;
mod stream;
pub(crate) mod table;

pub(crate) use repository::move_to;
