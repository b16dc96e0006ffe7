//! The dicts of Python that describe new rows, and the labels as types.

use std::fmt::Write as _;

use super::super::File;
use super::super::model::Model;
use super::super::text::{header, translated};
use super::calls::{Parameter, new};
use super::words::{Place, quoted};

/// Generates `inputs.py`.
pub(super) fn python(model: &Model) -> Result<File, String> {
    let mut text = header("#");
    text += "\"\"\"The dicts that `create_many` takes, for annotations: `rows: list[NewCustomer] = […]`.\"\"\"\n\n";
    text += "from __future__ import annotations\n\n";
    text += "from collections.abc import Iterable\n";
    text += "from datetime import date as Day\n";
    text += "from datetime import datetime\n";
    text += "from decimal import Decimal\n";
    text += "from typing import Literal, TypedDict\n\n";
    for labels in model.record_labels()? {
        let values: Vec<_> = labels.values.iter().map(|label| quoted(label)).collect();
        writeln!(text, "{} = Literal[{}]", labels.name, values.join(", ")).ok();
    }
    for operations in model.operations()? {
        let Some(entity) = operations.entity else { continue };
        let (required, optional): (Vec<_>, Vec<_>) =
            new(model, &entity, Place::Dict)?.into_iter().partition(|field| field.default.is_none());
        write!(text, "\n\nclass _New{entity}(TypedDict):\n").ok();
        text += &fields(&required);
        write!(text, "\n\nclass New{entity}(_New{entity}, total=False):\n").ok();
        writeln!(text, "    \"\"\"A new row of `{}`.\"\"\"\n", operations.name).ok();
        text += &fields(&optional);
    }
    Ok(File { path: "crm-python/python/crm/inputs.py", text })
}

/// Writes the fields of a dict, each with its docs below it, where editors look for them.
fn fields(fields: &[Parameter]) -> String {
    let mut text = String::new();
    for Parameter { name, kind, docs, .. } in fields {
        let docs: Vec<_> = docs.iter().map(|line| translated(line, "None")).collect();
        write!(text, "    {name}: {kind}\n    \"\"\"{}\"\"\"\n", docs.join("\n    ")).ok();
    }
    text
}
