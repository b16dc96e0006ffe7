//! The suites that need a server, in one binary, so that they share it.

mod concurrency;
mod embedded;
mod paging;
mod pool;
mod readme;
mod roundtrip;
mod sessions;
