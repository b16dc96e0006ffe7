//! The suites that need a server, in one binary, so that they share it.

mod smoke;
