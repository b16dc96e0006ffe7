//! Customers, as Node has them.

use crm_postgres::Result;
use crm_postgres::crm_core::{Customer, CustomerId, Tags, Valid, Validate as _};

use super::Call;
use crate::bridge::Job;
use crate::inputs::Values;

fn tags(values: &mut Values<'_>) -> Result<(CustomerId, Valid<Tags>)> {
    let (id, tags) = (values.id(), values.read("tags").map(Tags));
    let checked = tags.unwrap_or_default().validate();
    let tags = values.finish(checked)?;
    Ok((values.all(id)?, tags))
}

pub(super) fn begin(call: &Call<'_>, values: &mut Values<'_>) -> Result<Job> {
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
            let (id, recent) = (values.id(), values.optional("recent").unwrap_or(10));
            let id: CustomerId = values.all(id)?;
            call.with(move |crm| crm.customers().overview(id, recent))
        }
        _ => return call.begin::<Customer>(values),
    })
}
