//! The handles: the trusted system's and a user's.

use crm_postgres::crm_core::{Password, UserId};
use crm_postgres::{Crm as Trusted, Error, Result, SeedPasswords};
use pyo3::prelude::*;

use crate::backup::{Job, Work};
use crate::call::Call;
use crate::errors::raise;
use crate::handle::{Handle, Store};
use crate::inputs::read;
use crate::records::Wire;
use crate::repositories::Repositories;
use crate::retry::retry;
use crate::run::Face;
use crate::transaction;

/// Is what every handle has: the repositories, the reports and the frames.
#[pyclass(frozen, subclass, name = "Handle", module = "crm")]
pub(crate) struct HandleBase {
    pub(crate) handle: Handle,
    repositories: Repositories,
}

impl HandleBase {
    pub(crate) fn new(py: Python<'_>, store: &Store, face: Face) -> PyResult<Self> {
        Ok(Self { handle: Handle::new(store, face), repositories: Repositories::new(py, store, face)? })
    }

    /// Makes a call of the trusted system.
    fn trusted<T: Wire, F: Future<Output = Result<T>> + Send + 'static>(
        &self,
        py: Python<'_>,
        name: &'static str,
        call: impl FnOnce(Trusted) -> F,
    ) -> PyResult<Py<PyAny>> {
        let crm = trusted(self.handle.store(py)?).map_err(|error| raise(py, error))?;
        self.handle.face.run(py, name, call(crm), |py, value: T| value.wire(py))
    }

    /// Backs up or restores.
    fn with_file(&self, py: Python<'_>, name: &'static str, job: Job) -> PyResult<Py<PyAny>> {
        let crm = trusted(self.handle.store(py)?).map_err(|error| raise(py, error))?;
        self.handle.face.run(py, name, job.run(crm), |py, done| done?.wire(py))
    }

    /// Prepares a transaction, which begins when its block is entered.
    pub(crate) fn transaction(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        transaction::prepare(py, self.handle.store(py)?, self.handle.face)
    }
}

fn trusted(store: Store) -> Result<Trusted> {
    match store {
        Store::Crm(crm) => Ok(crm),
        Store::Acting(_) | Store::Tx(_) => {
            Err(Error::internal("this handle is not the trusted system's", None))
        }
    }
}

#[pymethods]
impl HandleBase {
    /// Stores users.
    #[getter]
    fn users(&self, py: Python<'_>) -> Py<PyAny> {
        self.repositories.users.clone_ref(py)
    }

    /// Stores customers.
    #[getter]
    fn customers(&self, py: Python<'_>) -> Py<PyAny> {
        self.repositories.customers.clone_ref(py)
    }

    /// Stores leads.
    #[getter]
    fn leads(&self, py: Python<'_>) -> Py<PyAny> {
        self.repositories.leads.clone_ref(py)
    }

    /// Stores tasks.
    #[getter]
    fn tasks(&self, py: Python<'_>) -> Py<PyAny> {
        self.repositories.tasks.clone_ref(py)
    }

    /// Stores interactions.
    #[getter]
    fn interactions(&self, py: Python<'_>) -> Py<PyAny> {
        self.repositories.interactions.clone_ref(py)
    }

    /// Answers the reports.
    #[getter]
    fn reports(&self, py: Python<'_>) -> Py<PyAny> {
        self.repositories.reports.clone_ref(py)
    }

    /// Reads lists and reports as frames.
    #[getter]
    fn frames(&self, py: Python<'_>) -> Py<PyAny> {
        self.repositories.frames.clone_ref(py)
    }
}

/// Is what the trusted system's handles of both faces have.
#[pyclass(frozen, subclass, extends = HandleBase, name = "Crm", module = "crm")]
pub(crate) struct CrmBase;

/// Makes the handle of a face.
pub(crate) fn handle(py: Python<'_>, crm: Trusted, face: Face) -> PyResult<Py<PyAny>> {
    let base = PyClassInitializer::from(HandleBase::new(py, &Store::Crm(crm), face)?).add_subclass(CrmBase);
    Ok(match face {
        Face::Sync => Py::new(py, base.add_subclass(Crm))?.into_any(),
        Face::Async => Py::new(py, base.add_subclass(AsyncCrm))?.into_any(),
    })
}

#[pymethods]
impl CrmBase {
    /// Returns the URL of an embedded server, for other programs that want to look in; None of any other.
    #[getter]
    fn url(slf: &Bound<'_, Self>) -> PyResult<Option<String>> {
        let py = slf.py();
        let crm = trusted(slf.as_super().get().handle.store(py)?).map_err(|error| raise(py, error))?;
        Ok(crm.url().map(str::to_owned))
    }

    /// Prepares a transaction: `with crm.transaction() as tx:` commits at the end of the block and rolls back on an error.
    fn transaction(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        slf.as_super().get().transaction(slf.py())
    }

    /// Runs `work` in a transaction, commits it when it returns and hands on what it returned.
    ///
    /// Where `work` or the commit raises SerializationError, the transaction is rolled back and, after a pause of some
    /// milliseconds up to half a second, run again from the beginning, `attempts` times in all; then the last error is raised.
    /// So whatever `work` does beside the transaction is done again too. Any other exception rolls back and goes on as it is.
    ///
    /// At PostgreSQL's usual isolation, read committed, only deadlocks come out: two that read a row, compute and write it do not hinder
    /// each other, and one change is lost. Pass `expected_version` there, or connect with
    /// `?options[default_transaction_isolation]=serializable`.
    ///
    /// A SerializationError has to leave `work` to be seen: where it was swallowed, the commit raises ClosedError, and nothing is
    /// run again.
    #[pyo3(signature = (work, *, attempts = None), text_signature = "($self, work, *, attempts=10)")]
    fn retry<'py>(
        slf: &Bound<'py, Self>,
        work: &Bound<'py, PyAny>,
        attempts: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        retry(slf.as_any(), slf.as_super().get().handle.face, work, attempts)
    }

    /// Returns a handle that does everything in the name of a user, with no more rights than the user's role has.
    ///
    /// Nothing is asked of the database yet: whether there is such a user is looked at on each operation.
    fn acting_as(slf: &Bound<'_, Self>, user_id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        let super_ = slf.as_super().get();
        let crm = trusted(super_.handle.store(py)?).map_err(|error| raise(py, error))?;
        let actor = read::<i64>(user_id, "user_id")?;
        let store = Store::Acting(crm.acting_as(UserId(actor)));
        let face = super_.handle.face;
        let base =
            PyClassInitializer::from(HandleBase::new(py, &store, face)?).add_subclass(ActingBase { actor });
        Ok(match face {
            Face::Sync => Py::new(py, base.add_subclass(Acting))?.into_any(),
            Face::Async => Py::new(py, base.add_subclass(AsyncActing))?.into_any(),
        })
    }

    /// Brings the schema to this library's version. It is safe when many processes start at once.
    fn migrate(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        slf.as_super().get().trusted(slf.py(), "migrate", |crm| async move { crm.migrate().await })
    }

    /// Brings the schema to a version, up or down. 0 takes all tables away, and the data with them.
    fn migrate_to(slf: &Bound<'_, Self>, version: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let version: i64 = read(version, "version")?;
        slf.as_super()
            .get()
            .trusted(slf.py(), "migrate_to", move |crm| async move { crm.migrate_to(version).await })
    }

    /// Returns the version of the schema; None where it was never migrated or everything was taken away.
    fn schema_version(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        slf.as_super().get().trusted(
            slf.py(),
            "schema_version",
            |crm| async move { crm.schema_version().await },
        )
    }

    /// Lists the migrations that the database does not have yet.
    fn pending_migrations(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let call = |crm: Trusted| async move { crm.pending_migrations().await };
        slf.as_super().get().trusted(slf.py(), "pending_migrations", call)
    }

    /// Loads the sample rows once, and returns the passwords of the two sample users when it has, else None. A password
    /// left out is made up.
    #[pyo3(signature = (*, admin = None, user = None))]
    fn seed(
        slf: &Bound<'_, Self>,
        admin: Option<&Bound<'_, PyAny>>,
        user: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let password = |given: Option<&Bound<'_, PyAny>>, name| {
            given.map(|given| read::<String>(given, name).map(Password::new)).transpose()
        };
        let passwords = SeedPasswords { admin: password(admin, "admin")?, user: password(user, "user")? };
        slf.as_super().get().trusted(slf.py(), "seed", move |crm| async move { crm.seed(passwords).await })
    }

    /// Dumps the schema crm, whoever writes meanwhile, as it was at one moment: into a file for pg_restore, and beside it, as `<path>.json`, the
    /// manifest by which `restore` verifies it. Both are for their owner's eyes only: they hold the hashes of the passwords.
    ///
    /// The file gets its name when it is whole; what ends the call before that leaves nothing, and of a process that ends meanwhile the next backup there removes the rest. `progress` is called with a Progress now and
    /// then, in the thread of the call; what it raises ends the call. It needs pg_dump of the server's major version or a newer one.
    #[pyo3(signature = (path, progress = None))]
    fn backup(
        slf: &Bound<'_, Self>,
        path: &Bound<'_, PyAny>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        slf.as_super().get().with_file(slf.py(), "backup", Job::new(Work::Backup, path, progress)?)
    }

    /// Restores what `backup` has written into a database without a schema crm. Restore only what you trust: a dump is a program.
    ///
    /// It is one transaction, committed when all tables have as many rows as the manifest says; whatever ends it before that leaves the database
    /// as empty as it was. `progress` is called as that of `backup`. The schema is the dump's: `migrate` brings an older one up to date. It
    /// needs pg_restore of the major version that made the dump or a newer one.
    #[pyo3(signature = (path, progress = None))]
    fn restore(
        slf: &Bound<'_, Self>,
        path: &Bound<'_, PyAny>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        slf.as_super().get().with_file(slf.py(), "restore", Job::new(Work::Restore, path, progress)?)
    }

    /// Refuses further calls, waits for those under way, closes the connections and stops an embedded server. Doing it
    /// again changes nothing.
    fn close(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let handle = &slf.as_super().get().handle;
        if handle.store.get().is_err() {
            // A fork has nothing to close.
            return handle.face.run(slf.py(), "close", std::future::ready(Ok(())), |py, ()| Ok(py.None()));
        }
        let close = |crm: Trusted| async move {
            crm.close().await;
            Ok(())
        };
        slf.as_super().get().trusted(slf.py(), "close", close)
    }
}

/// Is a CRM in a PostgreSQL database. `crm.connect` and `crm.embedded` make it; share it, all threads may use it.
#[pyclass(frozen, extends = CrmBase, module = "crm")]
pub(crate) struct Crm;

#[pymethods]
impl Crm {
    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(slf: &Bound<'_, Self>, _exception: &Bound<'_, PyAny>) -> PyResult<()> {
        CrmBase::close(slf.as_super()).map(drop)
    }
}

/// Is a CRM in a PostgreSQL database, for asyncio. `crm.connect_async` and `crm.embedded_async` make it.
#[pyclass(frozen, extends = CrmBase, module = "crm")]
pub(crate) struct AsyncCrm;

#[pymethods]
impl AsyncCrm {
    fn __aenter__(slf: Bound<'_, Self>) -> Call {
        Call::ready(slf.into_any().unbind())
    }

    #[pyo3(signature = (*_exception))]
    fn __aexit__(slf: &Bound<'_, Self>, _exception: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        CrmBase::close(slf.as_super())
    }
}

/// Is what the handles of users of both faces have.
#[pyclass(frozen, subclass, extends = HandleBase, name = "Acting", module = "crm")]
pub(crate) struct ActingBase {
    actor: i64,
}

#[pymethods]
impl ActingBase {
    /// Returns the user in whose name this works.
    #[getter]
    fn actor(&self) -> i64 {
        self.actor
    }

    /// Prepares a transaction in the user's name.
    fn transaction(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        slf.as_super().get().transaction(slf.py())
    }

    /// Runs `work` in a transaction in the user's name, again where it has lost against a concurrent one; see `Crm.retry`.
    #[pyo3(signature = (work, *, attempts = None), text_signature = "($self, work, *, attempts=10)")]
    fn retry<'py>(
        slf: &Bound<'py, Self>,
        work: &Bound<'py, PyAny>,
        attempts: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        retry(slf.as_any(), slf.as_super().get().handle.face, work, attempts)
    }
}

/// Is a CRM in the name of one of its users, made by `acting_as`.
#[pyclass(frozen, extends = ActingBase, module = "crm")]
pub(crate) struct Acting;

/// Is a CRM in the name of one of its users, for asyncio, made by `acting_as`.
#[pyclass(frozen, extends = ActingBase, module = "crm")]
pub(crate) struct AsyncActing;
