//! Code that `cargo xtask generate` writes from crm-core's sources.

pub(crate) mod frames;
pub(crate) mod records;
pub(crate) mod repositories;
