//! Users, as Python has them.

use crm_core::calls::Compared;
use crm_postgres::crm_core::{Password, User as Entity, UserId, Valid, Validate as _};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::raise;
use crate::handle::Handle;
use crate::inputs::read;

/// Stores users: the people who work with the CRM.
#[pyclass(frozen, subclass, name = "Users", module = "crm")]
pub(crate) struct UsersBase(pub(crate) Handle);

fn password(py: Python<'_>, given: &Bound<'_, PyAny>) -> PyResult<Valid<Password>> {
    let new = Password::new(read::<String>(given, "new_password")?);
    new.validate().map_err(|error| raise(py, error))
}

/// Reads a password that is only compared: anything wrong with it is a wrong password.
fn compared(py: Python<'_>, given: &Bound<'_, PyAny>, name: &str) -> PyResult<Password> {
    read::<Compared>(given, name)?.password().map_err(|error| raise(py, error))
}

#[pymethods]
impl UsersBase {
    /// Creates a user. A password has 8 to 128 characters; an imported system gives the hash instead, argon2's or bcrypt's.
    /// Raises ConflictError when the email is taken.
    #[pyo3(signature = (name, email, **fields), text_signature = "($self, name, email, *, role='user', password=None, password_hash=None)")]
    fn create(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        email: &Bound<'_, PyAny>,
        fields: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.create::<Entity>(py, &[("name", name), ("email", email)], fields)
    }

    /// Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
    /// `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
    /// `[50].name` for the 51st.
    fn create_many(&self, py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.create_many::<Entity>(py, rows)
    }

    /// Reads a row, or raises NotFoundError.
    fn get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.get::<Entity>(py, id)
    }

    /// Reads a row, or returns None.
    fn find(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.find::<Entity>(py, id)
    }

    /// Reads rows in the order asked: repeats are repeated, missing ones left out.
    fn get_many(&self, py: Python<'_>, ids: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.get_many::<Entity>(py, ids)
    }

    /// Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
    /// when it descends; the limit is 1 to 1,000.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, role=None, email=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order='-id', limit=50, cursor=None)")]
    fn list(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.list::<Entity>(py, options)
    }

    /// Reads any number of rows from one snapshot, in bounded memory.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, role=None, email=None, created_since=None, created_until=None, updated_since=None, updated_until=None, order='-id')")]
    fn stream(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.stream::<Entity>(py, options)
    }

    /// Counts the rows that a filter selects.
    #[pyo3(signature = (**options), text_signature = "($self, *, ids=None, role=None, email=None, created_since=None, created_until=None, updated_since=None, updated_until=None)")]
    fn count(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        self.0.count::<Entity>(py, options)
    }

    /// Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
    /// not the row's it raises ConflictError.
    #[pyo3(signature = (id, **fields), text_signature = "($self, id, *, expected_version=None, name=..., email=..., role=...)")]
    fn update(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.0.update::<Entity>(py, id, fields)
    }

    /// Deletes a row, or raises NotFoundError.
    fn delete(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.delete::<Entity>(py, id)
    }

    /// Reads the user with this email, compared without regard to case, or returns None.
    fn find_by_email(&self, py: Python<'_>, email: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let email: String = read(email, "email")?;
        self.0.call(py, "users.find_by_email", move |crm| {
            Box::pin(async move { crm.users().find_by_email(&email).await })
        })
    }

    /// Checks a login and returns the user, or raises InvalidCredentialsError, which does not say what was wrong. A hash of
    /// another system is replaced. How often somebody may try is the application's to limit.
    fn authenticate(
        &self,
        py: Python<'_>,
        email: &Bound<'_, PyAny>,
        password: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let email = read::<Compared>(email, "email")?.email();
        let password = compared(py, password, "password")?;
        self.0.call(py, "users.authenticate", move |crm| {
            Box::pin(async move { crm.users().authenticate(&email, password).await })
        })
    }

    /// Replaces a password by one who knows the present one, or raises InvalidCredentialsError.
    fn change_password(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        current_password: &Bound<'_, PyAny>,
        new_password: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let id = UserId(read(id, "id")?);
        let current = compared(py, current_password, "current_password")?;
        let new = password(py, new_password)?;
        self.0.call(py, "users.change_password", move |crm| crm.users().change_password(id, current, new))
    }

    /// Replaces a password.
    fn set_password(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        new_password: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let id = UserId(read(id, "id")?);
        let new = password(py, new_password)?;
        self.0.call(py, "users.set_password", move |crm| crm.users().set_password(id, new))
    }

    /// Deactivates a user, who can neither log in nor act any more; doing it again changes nothing.
    fn deactivate(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let id = UserId(read(id, "id")?);
        self.0.call(py, "users.deactivate", move |crm| crm.users().deactivate(id))
    }

    /// Takes a deactivated user back; doing it again changes nothing.
    fn reactivate(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let id = UserId(read(id, "id")?);
        self.0.call(py, "users.reactivate", move |crm| crm.users().reactivate(id))
    }
}
