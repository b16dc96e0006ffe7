//! Connecting, and the private server.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use crm_postgres::crm_core::{Violation, ViolationCode};
use crm_postgres::{Builder, Crm as Trusted, Error, PgSslMode, Result};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::call::Call;
use crate::crm::handle;
use crate::errors::raise;
use crate::guard::guarded;
use crate::inputs::{Keywords, read};
use crate::programs;
use crate::run::Face;

const fn face(asynchronous: bool) -> Face {
    if asynchronous { Face::Async } else { Face::Sync }
}

fn invalid(py: Python<'_>, field: &str, message: &str) -> PyErr {
    raise(py, Error::validation([Violation::new(field, ViolationCode::InvalidOption, message)]))
}

/// Connects to a database.
#[pyfunction]
pub(crate) fn connect(
    py: Python<'_>,
    asynchronous: bool,
    url: &Bound<'_, PyAny>,
    options: &Bound<'_, PyDict>,
) -> PyResult<Py<PyAny>> {
    guarded(py, || {
        let builder = builder(py, read(url, "url")?, options)?;
        opened(py, face(asynchronous), async move { builder.connect().await })
    })
}

/// Starts a private PostgreSQL for this process and connects to it.
#[pyfunction]
pub(crate) fn embedded(py: Python<'_>, asynchronous: bool, path: Option<PathBuf>) -> PyResult<Py<PyAny>> {
    programs::offer(py)?;
    opened(py, face(asynchronous), async move { Trusted::embedded(path.as_deref()).await })
}

fn opened(
    py: Python<'_>,
    face: Face,
    open: impl Future<Output = Result<Trusted>> + Send + 'static,
) -> PyResult<Py<PyAny>> {
    let made = face.run(py, "connect", open, move |py, crm| handle(py, crm, face))?;
    Ok(match face {
        Face::Sync => made,
        Face::Async => Py::new(py, Connecting { call: made, crm: Mutex::new(None) })?.into_any(),
    })
}

fn builder(py: Python<'_>, url: String, options: &Bound<'_, PyDict>) -> PyResult<Builder> {
    let keywords = Keywords::new(Some(options));
    let duration = |name: &'static str| -> PyResult<Option<Duration>> {
        let Some(given) = keywords.given(name)?.filter(|given| !given.is_none()) else { return Ok(None) };
        let seconds = given.extract::<f64>().map_err(|_| {
            pyo3::exceptions::PyTypeError::new_err(format!("{name} must be a number of seconds"))
        })?;
        let duration = Duration::try_from_secs_f64(seconds);
        duration.map(Some).map_err(|_| invalid(py, name, "must be a number of seconds that is not negative"))
    };
    let mut builder = Trusted::builder(url);
    if let Some(url) = keywords.optional::<String>("replica")? {
        builder = builder.replica(url);
    }
    if let Some(limit) = duration("max_staleness")? {
        builder = builder.max_staleness(limit);
    }
    if let Some(connections) = keywords.optional("max_connections")? {
        builder = builder.max_connections(connections);
    }
    if let Some(connections) = keywords.optional("min_connections")? {
        builder = builder.min_connections(connections);
    }
    if let Some(timeout) = duration("acquire_timeout")? {
        builder = builder.acquire_timeout(timeout);
    }
    if let Some(timeout) = duration("idle_timeout")? {
        builder = builder.idle_timeout(timeout);
    }
    if let Some(timeout) = duration("call_timeout")? {
        builder = builder.call_timeout(timeout);
    }
    if let Some(timeout) = duration("statement_timeout")? {
        builder = builder.statement_timeout(timeout);
    }
    if let Some(name) = keywords.optional::<String>("application_name")? {
        builder = builder.application_name(name);
    }
    if let Some(mode) = keywords.optional::<String>("sslmode")? {
        let message = "must be disable, allow, prefer, require, verify-ca or verify-full";
        builder = builder.ssl_mode(mode.parse::<PgSslMode>().map_err(|_| invalid(py, "sslmode", message))?);
    }
    if let Some(yes) = keywords.optional("prepared_statements")? {
        builder = builder.prepared_statements(yes);
    }
    if let Some(hashings) = keywords.optional::<u32>("concurrent_hashings")? {
        builder = builder.concurrent_hashings(hashings as usize);
    }
    keywords.finish(py, "connect")?;
    Ok(builder)
}

/// Is a connection being opened for asyncio: `await` it, or enter it with `async with`, which closes it at the end.
#[pyclass(frozen, module = "crm")]
pub(crate) struct Connecting {
    call: Py<PyAny>,
    crm: Mutex<Option<Py<PyAny>>>,
}

impl Connecting {
    fn crm(&self) -> std::sync::MutexGuard<'_, Option<Py<PyAny>>> {
        self.crm.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[pymethods]
impl Connecting {
    fn __await__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.call.call_method0(py, "__await__")
    }

    fn __aenter__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        let entering = Entering { call: slf.get().call.clone_ref(py), connecting: slf.clone().unbind() };
        Ok(Py::new(py, entering)?.into_any())
    }

    #[pyo3(signature = (*_exception))]
    fn __aexit__(&self, py: Python<'_>, _exception: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let crm = self.crm().take();
        match crm {
            Some(crm) => crm.call_method0(py, "close"),
            None => Ok(Py::new(py, Call::ready(py.None()))?.into_any()),
        }
    }
}

/// Awaits the handle and keeps it for the end of the block.
#[pyclass(frozen)]
struct Entering {
    call: Py<PyAny>,
    connecting: Py<Connecting>,
}

#[pymethods]
impl Entering {
    fn __await__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let stepped = self.call.call_method1(py, "send", (py.None(),));
        if let Err(stop) = &stepped
            && stop.is_instance_of::<pyo3::exceptions::PyStopIteration>(py)
        {
            let crm = stop.value(py).getattr("value")?;
            *self.connecting.get().crm() = Some(crm.unbind());
        }
        stepped
    }

    #[pyo3(signature = (*exception))]
    fn throw(&self, py: Python<'_>, exception: &Bound<'_, pyo3::types::PyTuple>) -> PyResult<Py<PyAny>> {
        self.call.call_method1(py, "throw", exception.clone())
    }

    fn send(&self, py: Python<'_>, _value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.__next__(py)
    }

    fn close(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.call.call_method0(py, "close")
    }
}
