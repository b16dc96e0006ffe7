//! The calls of users that are not like all others.

use pyo3::prelude::*;

use super::arguments::compared;
use crate::handle::Handle;
use crate::inputs::{Compared, read};

/// An email that no user has, because PostgreSQL stores no NUL.
const NOBODY: &str = "\0";

/// Checks a login. A text that cannot be an email is nobody's.
pub(crate) fn authenticate(
    handle: &Handle,
    py: Python<'_>,
    email: &Bound<'_, PyAny>,
    password: &Bound<'_, PyAny>,
) -> PyResult<Py<PyAny>> {
    let Compared(email) = read(email, "email")?;
    let email = email.unwrap_or_else(|| NOBODY.to_owned());
    let password = compared(py, password, "password")?;
    handle.call(py, "users.authenticate", move |crm| {
        Box::pin(async move { crm.users().authenticate(&email, password).await })
    })
}
