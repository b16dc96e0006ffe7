//! Leads, as Node has them.

use crm_postgres::Result;
use crm_postgres::crm_core::{Lead, LeadId};

use super::Call;
use crate::bridge::Job;
use crate::inputs::read;
use crate::wire::Reader;

pub(super) fn begin(call: &Call<'_>, values: &mut Reader<'_>) -> Result<Job> {
    if call.operation != "moveTo" {
        return call.begin::<Lead>(values);
    }
    let id = LeadId(read(values.value(), "id")?);
    let stage = read(values.value(), "stage")?;
    Ok(call.with(move |crm| crm.leads().move_to(id, stage)))
}
