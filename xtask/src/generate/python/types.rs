//! The types that the stub has, which the built module cannot say.

use std::fmt::Write as _;

use super::super::File;
use super::super::model::Model;
use super::super::text::header;
use super::calls::{Call, classes};
use super::records::{flat_fields, is_view};
use super::words::{Place, python_type, quoted};

/// Generates the tables that `stubs.py` reads.
pub(super) fn python(model: &Model) -> Result<File, String> {
    let mut text = header("#");
    text += "\"\"\"The types of records' fields, of parameters and of results, which the built module cannot say.\"\"\"\n";
    text += "\n# The records and their fields.\nRECORDS: dict[str, dict[str, str]] = {\n";
    for record in model.records() {
        writeln!(text, "    {}: {{", quoted(&record.name)).ok();
        for field in flat_fields(model, record)? {
            let kind = python_type(model, &field.kind, Place::Record)?;
            writeln!(text, "        {}: {},", quoted(&field.name), quoted(&kind)).ok();
        }
        text += "    },\n";
    }
    let views = model.records().filter(|record| is_view(record)).map(|record| quoted(&record.name));
    let views: Vec<_> = views.collect();
    write!(
        text,
        "}}\n\n# The records that hold pages, which are only read.\nVIEWS = {{{}}}\n",
        views.join(", ")
    )
    .ok();
    let classes = classes(model)?;
    text += "\n# The repositories and their entities.\nENTITIES: dict[str, str] = {\n";
    for class in &classes {
        if let Some(entity) = &class.entity {
            writeln!(text, "    {}: {},", quoted(&class.name), quoted(entity)).ok();
        }
    }
    text += "}\n\n# What each call is given.\nPARAMETERS: dict[str, dict[str, str]] = {\n";
    for class in &classes {
        for call in calls(&class.common, &class.special) {
            writeln!(text, "    {}: {}", quoted(&format!("{}.{}", class.name, call.name)), parameters(call))
                .ok();
        }
    }
    text += "}\n\n# What each call returns.\nRETURNS: dict[str, str] = {\n";
    for class in &classes {
        for call in calls(&class.common, &class.special) {
            let name = quoted(&format!("{}.{}", class.name, call.name));
            writeln!(text, "    {name}: {},", quoted(&call.returns)).ok();
        }
    }
    text += "}\n";
    Ok(File { path: "crm-python/stub_types.py", text })
}

fn calls<'c>(common: &'c [Call], special: &'c [Call]) -> impl Iterator<Item = &'c Call> {
    common.iter().chain(special)
}

fn parameters(call: &Call) -> String {
    match &call.parameters[..] {
        [] => return "{},".to_owned(),
        [one] => return format!("{{{}: {}}},", quoted(&one.name), quoted(&one.kind)),
        _ => {}
    }
    let mut text = "{\n".to_owned();
    for parameter in &call.parameters {
        writeln!(text, "        {}: {},", quoted(&parameter.name), quoted(&parameter.kind)).ok();
    }
    text + "    },"
}
