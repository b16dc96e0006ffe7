//! What every handle holds, and the operations that all five repositories have.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::ThreadId;

use crm_core::calls::Input;
use crm_postgres::background::elsewhere;
use crm_postgres::crm_core::{List, Order, Repositories, Stored};
use crm_postgres::{Acting, Crm, Error, Result, Tx};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::raise;
use crate::guard::guarded;
use crate::inputs::{Keywords, many, read};
use crate::records::Wire;
use crate::rows::stream;
use crate::run::Face;
use crate::runtime::Owned;

/// Is a future in a box, as the traits of the library return them.
pub(crate) type Boxed<'r, T> = std::pin::Pin<Box<dyn Future<Output = Result<T>> + Send + 'r>>;

/// Is what hands out the repositories.
#[derive(Clone)]
pub(crate) enum Store {
    Crm(Crm),
    Acting(Acting),
    Tx(Arc<SharedTx>),
}

/// Is a transaction that several handles share.
pub(crate) struct SharedTx {
    /// What it is a transaction of.
    pub(crate) of: Box<Store>,
    /// Nothing before it has begun.
    pub(crate) tx: OnceLock<Tx>,
    pub(crate) finished: AtomicBool,
    /// The nested transaction that began last through the synchronous face, and the thread that began it.
    nested: Mutex<Option<(Weak<SharedTx>, ThreadId)>>,
}

impl SharedTx {
    /// Prepares a transaction.
    pub(crate) fn new(of: Store) -> Self {
        Self {
            of: Box::new(of),
            tx: OnceLock::new(),
            finished: AtomicBool::new(false),
            nested: Mutex::default(),
        }
    }

    pub(crate) async fn begin(self: &Arc<Self>, face: Face) -> Result<()> {
        let tx = match &*self.of {
            Store::Crm(crm) => crm.begin().await?,
            Store::Acting(acting) => acting.begin().await?,
            Store::Tx(outer) => outer.begin_nested(face).await?,
        };
        self.tx.set(tx).map_err(|_| {
            Error::Closed(
                "the transaction is closed: it was entered before; call transaction() for another one",
            )
        })?;
        if let (Store::Tx(outer), Face::Sync) = (&*self.of, face) {
            *outer.nested() = Some((Arc::downgrade(self), std::thread::current().id()));
        }
        Ok(())
    }

    /// Begins a nested transaction, when no other one is open. A thread that has opened one itself would wait for itself.
    async fn begin_nested(&self, face: Face) -> Result<Tx> {
        let tx = self.open()?;
        let own = match &*self.nested() {
            Some((nested, thread)) if face == Face::Sync && *thread == std::thread::current().id() => {
                nested.upgrade()
            }
            _ => None,
        };
        if own.is_some_and(|own| own.tx.get().is_some_and(Tx::is_open)) {
            return Err(Error::Closed(
                "the transaction is closed while a nested one that this thread opened is open: end that one first",
            ));
        }
        tx.begin().await
    }

    fn nested(&self) -> MutexGuard<'_, Option<(Weak<SharedTx>, ThreadId)>> {
        self.nested.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn open(&self) -> Result<&Tx> {
        if self.finished.load(Ordering::Relaxed) {
            return Err(Error::Closed("the transaction is closed: its block has ended"));
        }
        self.tx.get().ok_or(Error::Closed("the transaction is closed: it begins with its block, so enter it with `with` or `async with` first"))
    }

    /// Returns the transaction to whoever ends it.
    pub(crate) fn finish(&self) -> Result<&Tx> {
        let tx = self.open()?;
        self.finished.store(true, Ordering::Relaxed);
        Ok(tx)
    }
}

impl Store {
    pub(crate) fn repositories(&self) -> Result<&dyn Repositories> {
        match self {
            Self::Crm(crm) => Ok(crm),
            Self::Acting(acting) => Ok(acting),
            Self::Tx(shared) => Ok(shared.open()?),
        }
    }
}

/// Is an entity that can be read, stored and written out.
pub(crate) trait Known: Input + Stored + Wire {}

impl<E: Input + Stored + Wire> Known for E {}

/// Is what a repository's object holds.
pub(crate) struct Handle {
    pub(crate) store: Owned<Store>,
    pub(crate) face: Face,
}

impl Handle {
    pub(crate) fn new(store: &Store, face: Face) -> Self {
        Self { store: Owned::new(store.clone()), face }
    }

    pub(crate) fn store(&self, py: Python<'_>) -> PyResult<Store> {
        self.store.get().cloned().map_err(|error| raise(py, error))
    }

    /// Makes a call.
    pub(crate) fn call<T: Wire>(
        &self,
        py: Python<'_>,
        name: &'static str,
        call: impl for<'r> FnOnce(&'r dyn Repositories) -> Boxed<'r, T> + Send + 'static,
    ) -> PyResult<Py<PyAny>> {
        let store = self.store(py)?;
        self.face
            .run(py, name, async move { call(store.repositories()?).await }, |py, value: T| value.wire(py))
    }

    /// Creates a row; `required` are the parameters that may stand without a name.
    pub(crate) fn create<E: Known>(
        &self,
        py: Python<'_>,
        required: &[(&'static str, &Bound<'_, PyAny>)],
        fields: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        guarded(py, || {
            let fields = fields.unwrap_or_else(|| PyDict::new(py));
            for (name, value) in required {
                fields.set_item(name, value)?;
            }
            let keywords = Keywords::new(Some(&fields));
            let new = E::new_row(&keywords)?;
            keywords.refuse_unknown("create")?;
            match keywords.check(py, new) {
                Ok(new) => self.call(py, "create", move |crm| E::repository(crm).create(new)),
                Err(error) => self.face.fail(py, "create", error),
            }
        })
    }

    pub(crate) fn create_many<E: Known>(
        &self,
        py: Python<'_>,
        rows: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        guarded(py, || {
            let new = match many::<E>(rows) {
                Ok(new) => new,
                Err(error) => return self.face.fail(py, "create_many", error),
            };
            // Encoding 100,000 rows would keep an event loop waiting, so asyncio's goes to the runtime.
            let store = self.store(py)?;
            let face = self.face;
            let load = async move { E::repository(store.repositories()?).create_many(new).await };
            let ids = |py: Python<'_>, ids: Vec<E::Id>| {
                ids.into_iter().map(Into::into).collect::<Vec<i64>>().wire(py)
            };
            match face {
                Face::Sync => face.run(py, "create_many", load, ids),
                Face::Async => face.run(py, "create_many", elsewhere(load), ids),
            }
        })
    }

    pub(crate) fn get<E: Known>(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let id: i64 = read(id, "id")?;
        self.call(py, "get", move |crm| E::repository(crm).get(id.into()))
    }

    pub(crate) fn find<E: Known>(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let id: i64 = read(id, "id")?;
        self.call(py, "find", move |crm| E::repository(crm).find(id.into()))
    }

    pub(crate) fn get_many<E: Known>(&self, py: Python<'_>, ids: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let ids: Vec<E::Id> = read::<Vec<i64>>(ids, "ids")?.into_iter().map(E::Id::from).collect();
        self.call(py, "get_many", move |crm| Box::pin(async move { E::repository(crm).get_many(&ids).await }))
    }

    pub(crate) fn list<E: Known>(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        guarded(py, || {
            let keywords = Keywords::new(options);
            let mut list = List::<E>::new().filter(E::filter(&keywords)?);
            list.order = order::<E>(&keywords)?.unwrap_or_default();
            list.limit = keywords.optional("limit")?.unwrap_or(list.limit);
            list.cursor = keywords.optional("cursor")?;
            if let Err(error) = keywords.finish_with(py, "list", list.start()) {
                return self.face.fail(py, "list", error);
            }
            self.call(py, "list", move |crm| Box::pin(async move { E::repository(crm).list(&list).await }))
        })
    }

    pub(crate) fn stream<E: Known>(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        guarded(py, || {
            let keywords = Keywords::new(options);
            let filter = E::filter(&keywords)?;
            let order = order::<E>(&keywords)?.unwrap_or_default();
            keywords.finish(py, "stream")?;
            stream::<E>(py, self.store(py)?, self.face, filter, order)
        })
    }

    pub(crate) fn count<E: Known>(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        guarded(py, || {
            let keywords = Keywords::new(options);
            let filter = E::filter(&keywords)?;
            if let Err(error) = keywords.finish(py, "count") {
                return self.face.fail(py, "count", error);
            }
            self.call(py, "count", move |crm| {
                Box::pin(async move { E::repository(crm).count(&filter).await })
            })
        })
    }

    pub(crate) fn update<E: Known>(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        guarded(py, || {
            let id: i64 = read(id, "id")?;
            let keywords = Keywords::new(fields);
            let patch = E::patch_row(&keywords)?;
            let expected = keywords.optional::<i64>("expected_version")?;
            keywords.refuse_unknown("update")?;
            match keywords.check(py, patch) {
                Ok(patch) => {
                    self.call(py, "update", move |crm| E::repository(crm).update(id.into(), patch, expected))
                }
                Err(error) => self.face.fail(py, "update", error),
            }
        })
    }

    pub(crate) fn delete<E: Known>(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let id: i64 = read(id, "id")?;
        self.call(py, "delete", move |crm| E::repository(crm).delete(id.into()))
    }
}

fn order<E: Known>(fields: &Keywords<'_, '_>) -> PyResult<Option<Order<E::OrderBy>>> {
    fields.optional("order")
}
