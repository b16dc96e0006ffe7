//! The threads that watch the sockets. A call's future is polled in the thread of the event loop that made it (see `bridge`);
//! the runtime's own threads wait for sockets and timers and do what the library does in the background.

use std::sync::OnceLock;

use crm_postgres::{Error, Result};
use tokio::runtime::{Builder, EnterGuard, Runtime};

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// Returns the process's runtime, which its worker threads share.
pub(crate) fn runtime() -> Result<&'static Runtime> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let started = Builder::new_multi_thread().worker_threads(2).thread_name("crm").enable_all().build();
    let started =
        started.map_err(|error| Error::internal("threads cannot be started", Some(error.into())))?;
    Ok(RUNTIME.get_or_init(|| started))
}

/// Enters the runtime, if there is one yet: for what drops things of the library's.
pub(crate) fn entered() -> Option<EnterGuard<'static>> {
    RUNTIME.get().map(Runtime::enter)
}
