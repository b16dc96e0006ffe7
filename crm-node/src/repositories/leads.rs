//! Leads, as Node has them.

use crm_postgres::Result;
use crm_postgres::crm_core::{Lead, LeadId};

use super::Call;
use crate::bridge::Job;
use crate::inputs::Values;

pub(super) fn begin(call: &Call<'_>, values: &mut Values<'_>) -> Result<Job> {
    if call.operation != "moveTo" {
        return call.begin::<Lead>(values);
    }
    let read = (values.id::<LeadId>(), values.read("stage"));
    let (id, stage) = values.all(read)?;
    Ok(call.with(move |crm| crm.leads().move_to(id, stage)))
}
