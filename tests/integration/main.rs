//! The suites that need a server, in one binary, so that they share it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, and the line says where")]

mod activity;
mod concurrency;
mod contract;
mod embedded;
mod filters;
mod migrate;
mod paging;
mod plans;
mod pool;
mod readme;
mod roundtrip;
mod schema;
mod seed;
mod sessions;
mod tls;
