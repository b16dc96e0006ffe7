//! Hostile texts go through every input and every filter as what they are: texts.

mod connect;
mod cursors;
mod filters;
mod inputs;
mod passwords;
mod strings;
mod world;
