//! Whatever breaks, the error says what is true, acknowledged writes are there, and the next call works.

mod clock;
mod cuts;
mod exchange;
mod kills;
mod server;
mod vanished;
