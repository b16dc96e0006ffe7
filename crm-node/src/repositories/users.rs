//! Users, as Node has them.

use crm_postgres::Result;
use crm_postgres::crm_core::{Password, User, UserId, Valid, Validate as _};

use super::Call;
use crate::bridge::Job;
use crate::inputs::read;
use crate::wire::Reader;

/// Reads a password that is only compared.
fn password(values: &mut Reader<'_>, name: &'static str) -> Result<Password> {
    Ok(Password::new(read::<String>(values.value(), name)?))
}

/// Reads a new password.
fn new_password(values: &mut Reader<'_>) -> Result<Valid<Password>> {
    password(values, "new_password")?.validate()
}

pub(super) fn begin(call: &Call<'_>, values: &mut Reader<'_>) -> Result<Job> {
    let id = |values: &mut Reader<'_>| read(values.value(), "id").map(UserId);
    Ok(match call.operation {
        "findByEmail" => {
            let email: String = read(values.value(), "email")?;
            call.with(move |crm| Box::pin(async move { crm.users().find_by_email(&email).await }))
        }
        "authenticate" => {
            let email: String = read(values.value(), "email")?;
            let password = password(values, "password")?;
            call.with(move |crm| Box::pin(async move { crm.users().authenticate(&email, password).await }))
        }
        "changePassword" => {
            let id = id(values)?;
            let (current, new) = (password(values, "current_password")?, new_password(values)?);
            call.with(move |crm| crm.users().change_password(id, current, new))
        }
        "setPassword" => {
            let (id, new) = (id(values)?, new_password(values)?);
            call.with(move |crm| crm.users().set_password(id, new))
        }
        "deactivate" => {
            let id = id(values)?;
            call.with(move |crm| crm.users().deactivate(id))
        }
        "reactivate" => {
            let id = id(values)?;
            call.with(move |crm| crm.users().reactivate(id))
        }
        _ => return call.begin::<User>(values),
    })
}
