//! The asyncio face: calls that are awaited, and the bridge that wakes a loop.
//!
//! A call polls its future in the thread of the event loop, each time the loop sends to it. The future's waker, which
//! runs in a thread of the runtime, only notes the call's number and writes a byte; the loop, which watches the other end,
//! completes the asyncio future that the call waits for, and so the call is sent to again. Nothing outside the loop's
//! thread touches Python, and to cancel is to drop the future.

use std::collections::HashMap;
use std::future::Future;
use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use crm_postgres::{Error, Result};
use pyo3::exceptions::{PyRuntimeError, PyRuntimeWarning, PyStopIteration};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::errors::raise;
use crate::guard::guarded;
use crate::runtime::{Owned, runtime};

type Wire = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;
type Job = Pin<Box<dyn Future<Output = Result<Wire>> + Send>>;

enum State {
    /// Nobody has awaited it yet.
    New(Owned<Job>),
    /// It was begun.
    Begun(Owned<Job>, Waker, u64, Py<Bridge>),
    /// The value is there already.
    Ready(Py<PyAny>),
    /// It has ended.
    Done,
}

/// Is a call under way in asyncio: `await` it. Nothing happens before that, and cancelling the task stops the work.
#[pyclass(frozen, generic, module = "crm")]
pub(crate) struct Call {
    name: &'static str,
    state: Mutex<State>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Call {
    pub(crate) fn new<T: Send + 'static>(
        name: &'static str,
        future: impl Future<Output = Result<T>> + Send + 'static,
        wire: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> Self {
        let job: Job = Box::pin(async move {
            let value = future.await?;
            Ok(Box::new(move |py: Python<'_>| wire(py, value)) as Wire)
        });
        Self { name, state: Mutex::new(State::New(Owned::new(job))) }
    }

    /// Makes a call whose value is there already.
    pub(crate) fn ready(value: Py<PyAny>) -> Self {
        Self { name: "", state: Mutex::new(State::Ready(value)) }
    }

    fn step(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        guarded(py, || {
            // Taken out while it runs, so that a call which two tasks await says so instead of waiting for itself.
            let state = std::mem::replace(&mut *locked(&self.state), State::Done);
            let (mut job, waker, id, bridge) = match state {
                State::New(job) => {
                    let bridge = bridge(py)?;
                    let (id, waker) = bridge.get().waker();
                    (job, waker, id, bridge.unbind())
                }
                State::Begun(job, waker, id, bridge) => (job, waker, id, bridge),
                State::Ready(value) => return Err(PyStopIteration::new_err((value,))),
                State::Done => {
                    return Err(PyRuntimeError::new_err(format!("{} was awaited already", self.name)));
                }
            };
            let polled = {
                let _entered = runtime().map_err(|error| raise(py, error))?.enter();
                let future = job.get_mut().map_err(|error| raise(py, error))?;
                future.as_mut().poll(&mut Context::from_waker(&waker))
            };
            match polled {
                Poll::Ready(result) => {
                    let value = result.map_err(|error| raise(py, error))?(py)?;
                    Err(PyStopIteration::new_err((value,)))
                }
                Poll::Pending => {
                    let waited = bridge.get().wait(py, id)?;
                    *locked(&self.state) = State::Begun(job, waker, id, bridge);
                    Ok(waited)
                }
            }
        })
    }

    fn cancel(&self) {
        let state = std::mem::replace(&mut *locked(&self.state), State::Done);
        if let State::Begun(job, _, id, bridge) = state {
            drop(job);
            // Dropped after the lock: it may run Python.
            let waited = locked(&bridge.get().waiting).remove(&id);
            drop(waited);
        }
    }
}

#[pymethods]
impl Call {
    fn __await__(slf: Bound<'_, Self>) -> Awaiting {
        Awaiting(slf.unbind())
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.step(py)
    }

    /// Goes on; asyncio does this.
    fn send(&self, py: Python<'_>, value: Py<PyAny>) -> PyResult<Py<PyAny>> {
        drop(value);
        self.step(py)
    }

    /// Ends the call with an exception; asyncio does this to cancel.
    #[pyo3(signature = (typ, val = None, tb = None))]
    fn throw(
        &self,
        py: Python<'_>,
        typ: Bound<'_, PyAny>,
        val: Option<Bound<'_, PyAny>>,
        tb: Option<Py<PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        drop((py, tb));
        self.cancel();
        Err(PyErr::from_value(val.unwrap_or(typ)))
    }

    /// Ends the call.
    fn close(&self) {
        self.cancel();
    }

    fn __repr__(&self) -> String {
        format!("<crm.Call {}>", self.name)
    }
}

/// Is what `await` iterates over. A call itself cannot be: a `for` over one that nobody awaited would go on for ever.
#[pyclass(frozen)]
struct Awaiting(Py<Call>);

#[pymethods]
impl Awaiting {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.0.get().step(py)
    }

    fn send(&self, py: Python<'_>, value: Py<PyAny>) -> PyResult<Py<PyAny>> {
        self.0.get().send(py, value)
    }

    #[pyo3(signature = (typ, val = None, tb = None))]
    fn throw(
        &self,
        py: Python<'_>,
        typ: Bound<'_, PyAny>,
        val: Option<Bound<'_, PyAny>>,
        tb: Option<Py<PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.get().throw(py, typ, val, tb)
    }

    fn close(&self) {
        self.0.get().close();
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if matches!(*locked(&self.state), State::New(_)) {
            Python::try_attach(|py| {
                // An exception may be on its way, which a warning would take the place of.
                let raised = PyErr::take(py);
                let category = py.get_type::<PyRuntimeWarning>();
                let message = format!("{} was never awaited, so it did nothing", self.name);
                let message = std::ffi::CString::new(message).unwrap_or_default();
                // A warning that is made an error cannot be raised from here.
                drop(PyErr::warn(py, &category, &message, 1));
                if let Some(raised) = raised {
                    raised.restore(py);
                }
            });
        }
        self.cancel();
    }
}

/// Is what the runtime's threads and a loop share.
struct Shared {
    ready: Mutex<Vec<u64>>,
    signal: UnixStream,
}

struct Notify {
    id: u64,
    shared: Arc<Shared>,
}

impl Wake for Notify {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut ready = locked(&self.shared.ready);
        ready.push(self.id);
        if ready.len() == 1 {
            // A full buffer has woken the loop already, and a loop that is gone need not be.
            let _ = (&self.shared.signal).write(&[1]);
        }
    }
}

/// Wakes the calls of one event loop.
#[pyclass(frozen)]
struct Bridge {
    event_loop: Py<PyAny>,
    shared: Arc<Shared>,
    signalled: UnixStream,
    waiting: Mutex<HashMap<u64, Py<PyAny>>>,
}

static IDS: AtomicU64 = AtomicU64::new(0);

impl Bridge {
    fn waker(&self) -> (u64, Waker) {
        let id = IDS.fetch_add(1, Ordering::Relaxed);
        (id, Waker::from(Arc::new(Notify { id, shared: self.shared.clone() })))
    }

    /// Makes the asyncio future that is completed when the call may go on.
    fn wait(&self, py: Python<'_>, id: u64) -> PyResult<Py<PyAny>> {
        let waited = self.event_loop.bind(py).call_method0(intern!(py, "create_future"))?;
        waited.setattr(intern!(py, "_asyncio_future_blocking"), true)?;
        locked(&self.waiting).insert(id, waited.clone().unbind());
        Ok(waited.unbind())
    }
}

#[pymethods]
impl Bridge {
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        let mut bytes = [0; 64];
        while matches!((&self.signalled).read(&mut bytes), Ok(read) if read == bytes.len()) {}
        let ready = std::mem::take(&mut *locked(&self.shared.ready));
        let mut woken = Ok(());
        for id in ready {
            let waited = locked(&self.waiting).remove(&id);
            // One that fails does not keep the others from being woken.
            woken = woken.and(waited.map_or(Ok(()), |waited| wake(waited.bind(py))));
        }
        woken
    }
}

fn wake(waited: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = waited.py();
    if !waited.call_method0(intern!(py, "done"))?.is_truthy()? {
        waited.call_method1(intern!(py, "set_result"), (py.None(),))?;
    }
    Ok(())
}

const NO_LOOP: &str = "no asyncio event loop runs in this thread: await calls under asyncio, or under anyio with its \
    asyncio backend; under trio call the synchronous face in a thread: await trio.to_thread.run_sync(c.customers.get, id)";

/// Returns the bridge of the running loop.
fn bridge(py: Python<'_>) -> PyResult<Bound<'_, Bridge>> {
    static RUNNING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static BRIDGES: Mutex<Vec<Py<Bridge>>> = Mutex::new(Vec::new());
    let running = RUNNING.get_or_try_init(py, || {
        Ok::<_, PyErr>(py.import("asyncio")?.getattr("get_running_loop")?.unbind())
    })?;
    let event_loop = running.bind(py).call0().map_err(|error| {
        if !error.is_instance_of::<PyRuntimeError>(py) {
            return error;
        }
        let named = PyRuntimeError::new_err(NO_LOOP);
        named.set_cause(py, Some(error));
        named
    })?;
    let known = |bridges: &[Py<Bridge>]| {
        let found = bridges.iter().find(|bridge| bridge.get().event_loop.is(&event_loop));
        found.map(|bridge| bridge.bind(py).clone())
    };
    if let Some(bridge) = known(&locked(&BRIDGES)) {
        return Ok(bridge);
    }
    let pair = UnixStream::pair().and_then(|(signal, signalled)| {
        signal.set_nonblocking(true)?;
        signalled.set_nonblocking(true)?;
        Ok((signal, signalled))
    });
    let (signal, signalled) = pair.map_err(|error| {
        raise(py, Error::internal("the loop cannot be woken: no pair of sockets", Some(error.into())))
    })?;
    let fd = signalled.as_raw_fd();
    let shared = Arc::new(Shared { ready: Mutex::new(Vec::new()), signal });
    let waiting = Mutex::new(HashMap::new());
    let bridge =
        Bound::new(py, Bridge { event_loop: event_loop.clone().unbind(), shared, signalled, waiting })?;
    event_loop.call_method1("add_reader", (fd, &bridge))?;
    // Loops that are closed will not be met again. What is dropped here may run Python, so not under the lock.
    let all = std::mem::take(&mut *locked(&BRIDGES));
    let (closed, mut open): (Vec<_>, Vec<_>) = all.into_iter().partition(|bridge| {
        let closed = bridge.get().event_loop.bind(py).call_method0("is_closed");
        closed.and_then(|closed| closed.is_truthy()).unwrap_or(true)
    });
    open.push(bridge.clone().unbind());
    locked(&BRIDGES).extend(open);
    for bridge in closed {
        // What still waits holds the call, and that the bridge: a circle that nobody else breaks.
        let waiting = std::mem::take(&mut *locked(&bridge.get().waiting));
        drop(waiting);
    }
    Ok(bridge)
}
