//! Users, as Node has them.

use crm_postgres::Result;
use crm_postgres::crm_core::{Password, User, UserId, Valid, Validate as _};

use super::Call;
use crate::bridge::Job;
use crate::inputs::{Parameters, Values};

/// Reads a password that is only compared.
fn password(values: &mut Values<'_>, name: &'static str) -> Option<Password> {
    values.read::<String>(name).map(Password::new)
}

/// Reads a new password, the last of the parameters, which stand before it.
fn with_new_password<R: Parameters>(values: &mut Values<'_>, read: R) -> Result<(R::All, Valid<Password>)> {
    let new = password(values, "new_password").unwrap_or_else(|| Password::new("stands in for none"));
    let new = values.finish(new.validate())?;
    Ok((values.all(read)?, new))
}

pub(super) fn begin(call: &Call<'_>, values: &mut Values<'_>) -> Result<Job> {
    Ok(match call.operation {
        "findByEmail" => {
            let email = values.read::<String>("email");
            let email = values.all(email)?;
            call.with(move |crm| Box::pin(async move { crm.users().find_by_email(&email).await }))
        }
        "authenticate" => {
            let read = (values.read::<String>("email"), password(values, "password"));
            let (email, password) = values.all(read)?;
            call.with(move |crm| Box::pin(async move { crm.users().authenticate(&email, password).await }))
        }
        "changePassword" => {
            let read = (values.id::<UserId>(), password(values, "current_password"));
            let ((id, current), new) = with_new_password(values, read)?;
            call.with(move |crm| crm.users().change_password(id, current, new))
        }
        "setPassword" => {
            let id = values.id::<UserId>();
            let (id, new) = with_new_password(values, id)?;
            call.with(move |crm| crm.users().set_password(id, new))
        }
        "deactivate" => {
            let id: UserId = values.last_id()?;
            call.with(move |crm| crm.users().deactivate(id))
        }
        "reactivate" => {
            let id: UserId = values.last_id()?;
            call.with(move |crm| crm.users().reactivate(id))
        }
        _ => return call.begin::<User>(values),
    })
}
