//! The calls of users that are not like all others.

use crm_core::calls::Compared;
use pyo3::prelude::*;

use super::arguments::compared;
use crate::handle::Handle;
use crate::inputs::read;

/// Checks a login. A text that cannot be an email is nobody's.
pub(crate) fn authenticate(
    handle: &Handle,
    py: Python<'_>,
    email: &Bound<'_, PyAny>,
    password: &Bound<'_, PyAny>,
) -> PyResult<Py<PyAny>> {
    let email = read::<Compared>(email, "email")?.email();
    let password = compared(py, password, "password")?;
    handle.call(py, "users.authenticate", move |crm| {
        Box::pin(async move { crm.users().authenticate(&email, password).await })
    })
}
