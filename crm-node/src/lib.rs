//! The CRM library for Node.js: the native half of the package, which `ts/` makes an API of.
//!
//! A call comes in as numbers and a text (`wire`, `inputs`), runs in the loop's own thread (`bridge`) by its name
//! (`repositories`, `crm`, `connect`), and goes out the same way as a record (`records`, `generated`) or an error (`errors`).

mod backup;
mod bridge;
mod connect;
mod crm;
mod errors;
mod generated;
mod handle;
mod inputs;
mod records;
mod repositories;
mod rows;
mod runtime;
mod wire;
