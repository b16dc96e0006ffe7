//! Tasks, as Node has them.

use crm_postgres::Result;
use crm_postgres::crm_core::{Task, TaskId};

use super::Call;
use crate::bridge::Job;
use crate::inputs::read;
use crate::wire::Reader;

pub(super) fn begin(call: &Call<'_>, values: &mut Reader<'_>) -> Result<Job> {
    let id = |values: &mut Reader<'_>| read(values.value(), "id").map(TaskId);
    Ok(match call.operation {
        "start" => {
            let id = id(values)?;
            call.with(move |crm| crm.tasks().start(id))
        }
        "complete" => {
            let id = id(values)?;
            call.with(move |crm| crm.tasks().complete(id))
        }
        "reopen" => {
            let id = id(values)?;
            call.with(move |crm| crm.tasks().reopen(id))
        }
        _ => return call.begin::<Task>(values),
    })
}
