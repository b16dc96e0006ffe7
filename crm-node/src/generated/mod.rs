//! Code that `cargo xtask generate` writes from crm-core's sources.

mod records;
