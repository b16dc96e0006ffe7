//! Tasks, as Node has them.

use crm_postgres::Result;
use crm_postgres::crm_core::{Task, TaskId};

use super::Call;
use crate::bridge::Job;
use crate::inputs::Values;

pub(super) fn begin(call: &Call<'_>, values: &mut Values<'_>) -> Result<Job> {
    Ok(match call.operation {
        "start" => {
            let id: TaskId = values.last_id()?;
            call.with(move |crm| crm.tasks().start(id))
        }
        "complete" => {
            let id: TaskId = values.last_id()?;
            call.with(move |crm| crm.tasks().complete(id))
        }
        "reopen" => {
            let id: TaskId = values.last_id()?;
            call.with(move |crm| crm.tasks().reopen(id))
        }
        _ => return call.begin::<Task>(values),
    })
}
