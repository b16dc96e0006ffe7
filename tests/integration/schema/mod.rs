//! The schema is the one that was promised, and stays it through every migration.

pub(crate) mod catalogue;
mod constraints;
mod encoding;
mod names;
mod steps;
mod triggers;
mod words;
mod years;
