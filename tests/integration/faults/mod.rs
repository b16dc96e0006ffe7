//! Whatever breaks, the error says what is true, acknowledged writes are there, and the next call works.

mod cuts;
mod exchange;
mod vanished;
