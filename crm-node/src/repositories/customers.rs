//! Customers, as Node has them.

use crm_postgres::Result;
use crm_postgres::crm_core::{Customer, CustomerId, Tags, Valid, Validate as _};

use super::Call;
use crate::bridge::Job;
use crate::inputs::read;
use crate::wire::{Given, Reader};

fn tags(values: &mut Reader<'_>) -> Result<(CustomerId, Valid<Tags>)> {
    let id = CustomerId(read(values.value(), "id")?);
    Ok((id, Tags(read(values.value(), "tags")?).validate()?))
}

pub(super) fn begin(call: &Call<'_>, values: &mut Reader<'_>) -> Result<Job> {
    Ok(match call.operation {
        "addTags" => {
            let (id, tags) = tags(values)?;
            call.with(move |crm| crm.customers().add_tags(id, tags))
        }
        "removeTags" => {
            let (id, tags) = tags(values)?;
            call.with(move |crm| crm.customers().remove_tags(id, tags))
        }
        "tagCounts" => call.with(|crm| crm.customers().tag_counts()),
        "overview" => {
            let id = CustomerId(read(values.value(), "id")?);
            let recent = match values.value() {
                Given::Null => 10,
                given => read(given, "recent")?,
            };
            call.with(move |crm| crm.customers().overview(id, recent))
        }
        _ => return call.begin::<Customer>(values),
    })
}
