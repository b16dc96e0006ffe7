//! Frames: whole lists and reports as Arrow columns, read in bounded memory.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{RecordBatch, RecordBatchIterator, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use crm_postgres::crm_core::Order;
use crm_postgres::{Export, ExportSink, Result};
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};

use crate::arrow::{Decoder, schema, schema_capsule, stream_capsule};
use crate::errors::raise;
use crate::generated::frames::ListFrames;
use crate::guard::guarded;
use crate::handle::{Handle, Known, Store};
use crate::inputs::Keywords;
use crate::repositories::due;
use crate::run::{Face, block};
use crate::runtime::{Owned, runtime};
use crm_postgres::background::{Incoming, Outgoing, incoming};

/// Decodes in a thread of the runtime while the server sends and Python works on the batches before.
struct Sink {
    decoder: Decoder,
    batches: Outgoing<RecordBatch>,
}

impl Sink {
    async fn hand_on(&mut self) -> Result<()> {
        self.batches.hand_on(self.decoder.finish()?).await
    }
}

impl ExportSink for Sink {
    async fn take(&mut self, piece: &[u8]) -> Result<()> {
        self.decoder.push(piece)?;
        if self.decoder.is_full() { self.hand_on().await } else { Ok(()) }
    }
}

async fn export(store: Store, export: Export, batches: Outgoing<RecordBatch>) {
    let mut sink = Sink { decoder: Decoder::new(&export.columns()), batches: batches.clone() };
    let read = async {
        match &store {
            Store::Crm(crm) => crm.export(&export, &mut sink).await?,
            Store::Acting(acting) => acting.export(&export, &mut sink).await?,
            Store::Tx(shared) => shared.open()?.export(&export, &mut sink).await?,
        }
        sink.hand_on().await
    };
    batches.end_with(Box::pin(read)).await;
}

/// Is what a frame reads: lazily and anew at each use, or what was read already.
#[pyclass(frozen, module = "crm")]
pub(crate) struct Reading {
    store: Owned<Store>,
    export: Export,
    progress: Option<Py<PyAny>>,
    loaded: Option<Vec<RecordBatch>>,
    failure: Arc<Mutex<Option<PyErr>>>,
}

impl Reading {
    fn begin(&self) -> Result<Owned<Incoming<RecordBatch>>> {
        let store = self.store.get()?.clone();
        let (outgoing, incoming) = incoming(2);
        runtime()?.spawn(export(store, self.export.clone(), outgoing));
        Ok(Owned::new(incoming))
    }

    /// Reads everything.
    async fn load(self) -> Result<PyResult<Self>> {
        let mut incoming = self.begin()?;
        let (mut batches, mut rows) = (Vec::new(), 0);
        while let Some(batch) = incoming.get_mut()?.next().await? {
            rows += batch.num_rows();
            batches.push(batch);
            // This runs in the thread that made the call.
            if let Err(error) = Python::attach(|py| tell(py, self.progress.as_ref(), rows)) {
                return Ok(Err(error));
            }
        }
        Ok(Ok(Self { loaded: Some(batches), ..self }))
    }
}

/// Calls the progress function with the rows read so far.
fn tell(py: Python<'_>, progress: Option<&Py<PyAny>>, rows: usize) -> PyResult<()> {
    progress.map_or(Ok(()), |progress| progress.call1(py, (rows,)).map(drop))
}

/// Waits for batches in the thread of whoever reads them.
struct Batches {
    schema: SchemaRef,
    incoming: Option<Owned<Incoming<RecordBatch>>>,
    rows: usize,
    progress: Option<Py<PyAny>>,
    failure: Arc<Mutex<Option<PyErr>>>,
}

impl Batches {
    fn receive(&mut self) -> PyResult<Option<RecordBatch>> {
        let Some(incoming) = &mut self.incoming else { return Ok(None) };
        // Guarded here, because Arrow calls this from C, where a panic would end the process.
        let received = Python::try_attach(|py| {
            guarded(py, || {
                let incoming = incoming.get_mut().map_err(|error| raise(py, error))?;
                let batch = block(py, incoming.next())?;
                if let Some(batch) = &batch {
                    self.rows += batch.num_rows();
                    tell(py, self.progress.as_ref(), self.rows)?;
                }
                Ok(batch)
            })
        });
        received.unwrap_or_else(|| Err(PyRuntimeError::new_err("Python is ending")))
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let received = self.receive();
        if !matches!(received, Ok(Some(_))) {
            self.incoming = None;
        }
        received.transpose().map(|batch| {
            batch.map_err(|error| {
                // Arrow makes a C string of the message, and a NUL in it would end the process.
                let message = error.to_string().replace('\0', "\u{fffd}");
                *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                ArrowError::ExternalError(message.into())
            })
        })
    }
}

impl RecordBatchReader for Batches {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

#[pymethods]
impl Reading {
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        guarded(py, || {
            // The schema that somebody would rather have is a wish (Arrow docs, "The Arrow PyCapsule Interface").
            drop(requested_schema);
            let schema = schema(&self.export.columns());
            if let Some(loaded) = &self.loaded {
                let batches = loaded.clone().into_iter().map(Ok);
                return stream_capsule(py, RecordBatchIterator::new(batches, schema));
            }
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
            let incoming = Some(self.begin().map_err(|error| raise(py, error))?);
            let (progress, failure) =
                (self.progress.as_ref().map(|progress| progress.clone_ref(py)), self.failure.clone());
            stream_capsule(py, Batches { schema, incoming, rows: 0, progress, failure })
        })
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        schema_capsule(py, &schema(&self.export.columns()))
    }

    /// Returns the exception that ended the last reading, which others have turned into one of theirs, and forgets it.
    #[pyo3(name = "_failure")]
    pub(crate) fn failure(&self) -> Option<Py<PyAny>> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Python::attach(|py| Some(failure.into_value(py).into_any()))
    }
}

/// Reads reports as frames, and what it extends reads lists.
#[pyclass(frozen, subclass, extends = ListFrames, name = "Frames", module = "crm")]
pub(crate) struct FramesBase;

impl FramesBase {
    pub(crate) fn of_handle(handle: Handle) -> PyClassInitializer<Self> {
        PyClassInitializer::from(ListFrames(handle)).add_subclass(Self)
    }
}

impl ListFrames {
    /// Makes a frame of the rows that a filter selects.
    pub(crate) fn list<E: Known>(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyDict>>,
        export: impl FnOnce(E::Filter, Option<Order<E::OrderBy>>) -> Export,
    ) -> PyResult<Py<PyAny>> {
        guarded(py, || {
            let keywords = Keywords::new(options);
            let filter = E::filter(&keywords)?;
            let order = keywords.optional("order")?;
            self.frame(py, &keywords, export(filter, order))
        })
    }

    /// Makes a frame of an export, for which all other keywords were read.
    fn frame(&self, py: Python<'_>, keywords: &Keywords<'_, '_>, export: Export) -> PyResult<Py<PyAny>> {
        let progress = keywords.given("progress")?.filter(|progress| !progress.is_none()).map(Bound::unbind);
        keywords.finish(py, "frame")?;
        let store = Owned::new(self.0.store(py)?);
        let reading = Reading { store, export, progress, loaded: None, failure: Arc::default() };
        match (self.0.face, reading.store.get()) {
            (Face::Sync, Ok(Store::Crm(_) | Store::Acting(_)) | Err(_)) => wrap(py, reading),
            // A copy that Python reads in its own time would keep a transaction from all other calls.
            (Face::Sync, Ok(Store::Tx(_))) | (Face::Async, _) => {
                self.0.face.run(py, "frame", reading.load(), |py, loaded| wrap(py, loaded?))
            }
        }
    }
}

fn wrap(py: Python<'_>, reading: Reading) -> PyResult<Py<PyAny>> {
    let module = py.import(intern!(py, "crm.frame"))?;
    Ok(module.getattr(intern!(py, "Frame"))?.call1((reading,))?.unbind())
}

#[pymethods]
impl FramesBase {
    /// Reads the pipeline as a frame: four rows.
    #[pyo3(signature = (**options), text_signature = "($self, *, progress=None)")]
    fn pipeline(slf: &Bound<'_, Self>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        guarded(py, || slf.as_super().get().frame(py, &Keywords::new(options), Export::Pipeline))
    }

    /// Reads all customers with their interactions as a frame: most recently contacted first.
    #[pyo3(signature = (**options), text_signature = "($self, *, include_inactive=True, progress=None)")]
    fn customer_activity(slf: &Bound<'_, Self>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        guarded(py, || {
            let keywords = Keywords::new(options);
            let include_inactive = keywords.optional("include_inactive")?.unwrap_or(true);
            slf.as_super().get().frame(py, &keywords, Export::CustomerActivity { include_inactive })
        })
    }

    /// Reads all tasks due by the end of the last of so many days from the caller's today as a frame.
    #[pyo3(
        signature = (today, **options),
        text_signature = "($self, today, *, within_days=7, statuses=('pending',), progress=None)"
    )]
    fn due_tasks(
        slf: &Bound<'_, Self>,
        today: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        guarded(py, || {
            let keywords = Keywords::new(options);
            let query = due(today, &keywords)?;
            slf.as_super().get().frame(py, &keywords, Export::DueTasks(query))
        })
    }
}
