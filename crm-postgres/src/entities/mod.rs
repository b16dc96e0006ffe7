//! The SQL of each entity: its columns, the assignments and conditions of its inputs, and its own operations.

mod customers;
mod interactions;
mod leads;
mod tasks;
mod users;
