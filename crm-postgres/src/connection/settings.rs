//! What the pool and the calls go by, beside the address.

use std::time::Duration;

use crm_core::Hashing;

use crate::connection::hasher::default_turns;

/// Is what the pool and the calls go by, beside the address.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) max_connections: u32,
    pub(crate) min_connections: u32,
    pub(crate) acquire_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) call_timeout: Duration,
    /// Whether statements may have names; each connection finds out for itself when it is not given.
    pub(crate) prepared_statements: Option<bool>,
    pub(crate) hashing: Hashing,
    pub(crate) hashings: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_connections: 10,
            min_connections: 0,
            acquire_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_mins(1),
            prepared_statements: None,
            hashing: Hashing::default(),
            hashings: default_turns(),
        }
    }
}
