//! The suites that need a server, in one binary, so that they share it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, and the line says where")]

mod access;
mod activity;
mod address_books;
mod attacks;
mod backup;
mod bulk;
mod concurrency;
mod contract;
mod embedded;
mod exports;
mod failover;
mod faults;
mod filters;
mod hashing;
mod host;
mod identity;
mod migrate;
mod paging;
mod pgbouncer;
mod pipeline;
mod plans;
mod pool;
mod readme;
mod replica;
mod reports;
mod retry;
mod roundtrip;
mod schema;
mod secrets;
mod seed;
mod sessions;
mod tls;
