//! How a call runs: the two faces, each with one generic function that all operations share.
//!
//! The thread that made the call polls its future. The synchronous face sleeps until it is woken, without the GIL, and
//! looks for signals ten times a second. The asyncio face is in `call`.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use crm_postgres::Result;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::call::Call;
use crate::errors::raise;
use crate::guard::guarded;
use crate::runtime::runtime;

/// Is how long a signal such as Ctrl-C may wait to be seen.
const TICK: Duration = Duration::from_millis(100);

/// Says how a handle's calls are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    /// A call returns when it is done.
    Sync,
    /// A call returns something to await.
    Async,
}

impl Face {
    /// Runs a call, now or when it is awaited, and makes Python's value of its result.
    pub(crate) fn run<T: Send + 'static>(
        self,
        py: Python<'_>,
        name: &'static str,
        future: impl Future<Output = Result<T>> + Send + 'static,
        wire: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> PyResult<Py<PyAny>> {
        match self {
            Self::Sync => guarded(py, || {
                let value = block(py, future)?;
                wire(py, value)
            }),
            Self::Async => Ok(Call::new(name, future, wire).into_pyobject(py)?.into_any().unbind()),
        }
    }
}

impl Face {
    /// Fails a call before it has begun: now, or when it is awaited.
    pub(crate) fn fail(self, py: Python<'_>, name: &'static str, error: PyErr) -> PyResult<Py<PyAny>> {
        match self {
            Self::Sync => Err(error),
            // A wrong type is a slip in the program, of which one hears at once, as with any `async def`.
            Self::Async if error.is_instance_of::<PyTypeError>(py) => Err(error),
            Self::Async => {
                let failed = std::future::ready(Ok(error));
                Ok(Call::new(name, failed, |_, error: PyErr| Err(error))
                    .into_pyobject(py)?
                    .into_any()
                    .unbind())
            }
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

thread_local! {
    static WAKER: Waker = Waker::from(Arc::new(Unpark(std::thread::current())));
}

/// Runs a future on this thread, without the GIL. A signal handler that raises, as Ctrl-C's does, drops the future.
pub(crate) fn block<T: Send>(py: Python<'_>, future: impl Future<Output = Result<T>> + Send) -> PyResult<T> {
    let runtime = runtime().map_err(|error| raise(py, error))?;
    let result: PyResult<Result<T>> = py.detach(move || {
        let _entered = runtime.enter();
        let mut future = pin!(future);
        WAKER.with(|waker| {
            let mut context = Context::from_waker(waker);
            let mut looked = Instant::now();
            loop {
                if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
                    return Ok(result);
                }
                std::thread::park_timeout(TICK);
                // By the clock, because a busy call is woken all the time.
                if looked.elapsed() >= TICK {
                    looked = Instant::now();
                    // Only the main thread ever finds one.
                    Python::attach(|py: Python<'_>| py.check_signals())?;
                }
            }
        })
    });
    result?.map_err(|error| raise(py, error))
}
