//! Users, as Node has them.

use crm_core::calls::Compared;
use crm_postgres::Result;
use crm_postgres::crm_core::{Password, User, UserId, Valid, Validate as _};

use super::Call;
use crate::bridge::Job;
use crate::inputs::{Parameters, Values};

/// Reads a password that is only compared: anything wrong with it is a wrong password.
fn compared(values: &mut Values<'_>, name: &'static str) -> Result<Option<Password>> {
    values.read::<Compared>(name).map(Compared::password).transpose()
}

/// Reads a new password, the last of the parameters, which stand before it.
fn with_new_password<R: Parameters>(values: &mut Values<'_>, read: R) -> Result<(R::All, Valid<Password>)> {
    let new = values.read::<String>("new_password").unwrap_or_else(|| "stands in for none".to_owned());
    let new = values.finish(Password::new(new).validate())?;
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
            let read = (values.read::<Compared>("email"), compared(values, "password")?);
            let (email, password) = values.all(read)?;
            let email = email.email();
            call.with(move |crm| Box::pin(async move { crm.users().authenticate(&email, password).await }))
        }
        "changePassword" => {
            let read = (values.id::<UserId>(), compared(values, "current_password")?);
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
