//! The threads that watch the sockets, and what a fork of the process may still do.
//!
//! A call's future is polled by the thread that made the call (see `run`); the runtime's own threads wait for sockets and
//! timers and do what the library does in the background. They never touch Python.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crm_postgres::{Error, Result};
use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};

/// Counts the forks that lead from the first process to this one.
static GENERATION: AtomicUsize = AtomicUsize::new(0);

/// Limits how deep a fork of a fork can be.
const GENERATIONS: usize = 64;

/// Holds a runtime for each generation: a fork has none of the threads of its parent.
static RUNTIMES: [OnceLock<Runtime>; GENERATIONS] = [const { OnceLock::new() }; GENERATIONS];

fn generation() -> usize {
    GENERATION.load(Ordering::Relaxed)
}

/// Notes in the child that the process was forked.
#[pyfunction(name = "_forked")]
pub(crate) fn forked() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// Returns this process's runtime.
pub(crate) fn runtime() -> Result<&'static Runtime> {
    let Some(slot) = RUNTIMES.get(generation()) else {
        return Err(Error::Closed(
            "the library is closed in this process: too many generations of forked processes used it before",
        ));
    };
    if let Some(runtime) = slot.get() {
        return Ok(runtime);
    }
    let started = Builder::new_multi_thread().worker_threads(2).thread_name("crm").enable_all().build();
    let started =
        started.map_err(|error| Error::internal("threads cannot be started", Some(error.into())))?;
    Ok(slot.get_or_init(|| started))
}

/// Is something that belongs to the process that made it. A fork gets `closed` instead, and drops nothing: its parent's
/// sockets are watched through a descriptor that both share.
pub(crate) struct Owned<T> {
    /// None only while it is dropped.
    value: Option<T>,
    generation: usize,
}

impl<T> Owned<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Some(value), generation: generation() }
    }

    /// Returns the value to the process that made it.
    pub(crate) fn get(&self) -> Result<&T> {
        self.value.as_ref().filter(|_| self.generation == generation()).ok_or(FORKED)
    }

    /// Returns the value for changing.
    pub(crate) fn get_mut(&mut self) -> Result<&mut T> {
        self.value.as_mut().filter(|_| self.generation == generation()).ok_or(FORKED)
    }
}

const FORKED: Error = Error::Closed(
    "the handle is closed in this process: it belongs to the process from which this one was forked; connect again here",
);

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if self.generation == generation() {
            // Within the runtime, so that a transaction is rolled back in the background.
            let _entered = runtime().ok().map(Runtime::enter);
            self.value = None;
        } else {
            std::mem::forget(self.value.take());
        }
    }
}
