//! The readers of inputs: each field of a new row, a change and a filter taken from a source of any language.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::File;
use super::entities::Entity;
use super::kind::Kind;
use super::model::{Field, Model, Struct};
use super::text::{header, rustfmt};

/// Generates `crm_core::calls`' implementations of `Input`.
pub(super) fn rust(model: &Model) -> Result<File, String> {
    let entities = model.entities().list(model)?;
    let mut taken = BTreeSet::new();
    let mut names = BTreeSet::new();
    let mut body = String::new();
    for entity in entities {
        let (new, patch, filter) =
            (entity.input(model, "New")?, entity.input(model, "Patch")?, entity.input(model, "Filter")?);
        names.extend([&entity.name, &new.name, &patch.name, &filter.name].map(Clone::clone));
        write!(body, "\nimpl Input for {} {{\n", entity.name).ok();
        body += &reader("new_row", new, |field| take_new(model, new, field, &mut taken))?;
        body += "\n";
        body += &reader("patch_row", patch, |field| take_patch(field, &mut taken))?;
        body += "\n";
        body += &reader("filter", filter, |field| take_condition(model, entity, field, &mut taken))?;
        body += "}\n";
    }
    names.extend(taken.iter().filter(|name| name.chars().all(char::is_alphanumeric)).cloned());
    for known in ["bool", "String", "Decimal", "NaiveDate"] {
        names.remove(known);
    }
    let bounds: Vec<_> = taken.iter().map(|kind| format!("Takes<{kind}>")).collect();
    let names: Vec<_> = names.into_iter().collect();
    let mut text = header("//!");
    text += "//! The readers of inputs, field by field, and the types of values that they take.\n\n";
    text += "use chrono::{DateTime, NaiveDate, Utc};\nuse rust_decimal::Decimal;\n\n";
    text += "use super::{Input, Takes, assignee, credential, days, moments};\n";
    writeln!(text, "use crate::{{{}}};", names.join(", ")).ok();
    text += "\n/// A source of every type of value that an input has.\n";
    writeln!(text, "pub trait Source: {} {{}}", bounds.join(" + ")).ok();
    text += &body;
    Ok(File { path: "crm-core/src/calls/generated.rs", text: rustfmt(&text)? })
}

/// Writes a function that reads a struct.
fn reader(
    function: &str,
    input: &Struct,
    mut take: impl FnMut(&Field) -> Result<String, String>,
) -> Result<String, String> {
    let mut text = format!(
        "fn {function}<S: Source>(from: &S) -> Result<{name}, S::Error> {{\nOk({name} {{\n",
        name = input.name
    );
    for field in &input.fields {
        let taken = take(field).map_err(|error| format!("{}.{}: {error}", input.name, field.rust))?;
        writeln!(text, "{}: {taken}?,", field.rust).ok();
    }
    Ok(text + "})\n}\n")
}

/// Takes a field of a new row.
fn take_new(
    model: &Model,
    input: &Struct,
    field: &Field,
    taken: &mut BTreeSet<String>,
) -> Result<String, String> {
    let name = &field.name;
    if is_named(&field.kind, "Credential") {
        taken.insert("String".to_owned());
        return Ok("credential(from)".to_owned());
    }
    if let Kind::Optional(held) = &field.kind {
        taken.insert(rust_type(held)?);
        return Ok(format!("from.optional({name:?})"));
    }
    taken.insert(rust_type(&field.kind)?);
    let instead = match &field.kind {
        Kind::Id(id) => format!("{id}(0)"),
        Kind::Named(label) if model.is_labels(label) => format!("{label}::ALL[0]"),
        _ => return Ok(format!("from.or_default({name:?})")),
    };
    if model.entities().is_required(&input.name, &field.rust) {
        return Ok(format!("from.required({name:?}, {instead})"));
    }
    Ok(format!("from.or_default({name:?})"))
}

/// Takes a field of a change.
fn take_patch(field: &Field, taken: &mut BTreeSet<String>) -> Result<String, String> {
    let Kind::Patch(held) = &field.kind else { return Err("must be a Patch".to_owned()) };
    taken.insert(rust_type(held)?);
    Ok(format!("from.patch({:?})", field.name))
}

/// Takes a field of a filter.
fn take_condition(
    model: &Model,
    entity: &Entity,
    field: &Field,
    taken: &mut BTreeSet<String>,
) -> Result<String, String> {
    let name = outside(model, entity, field)?;
    let ends = |function: &str| format!("{function}(from, \"{name}_since\", \"{name}_until\")");
    match &field.kind {
        Kind::Range(held) if **held == Kind::Moment => {
            taken.insert(rust_type(held)?);
            Ok(ends("moments"))
        }
        kind if is_named(kind, "DayRange") => {
            taken.insert(rust_type(&Kind::Day)?);
            Ok(ends("days"))
        }
        Kind::Optional(held) if is_named(held, "Assignee") => {
            taken.extend([rust_type(&Kind::Flag)?, rust_type(&Kind::Id("UserId".to_owned()))?]);
            Ok(format!("assignee(from, {name:?})"))
        }
        Kind::Optional(held) => {
            if let Kind::Many(held) = &**held {
                taken.insert(rust_type(held)?);
                return Ok(format!("from.any_of({name:?})"));
            }
            taken.insert(rust_type(held)?);
            Ok(format!("from.condition({name:?})"))
        }
        other => Err(format!("a filter cannot hold {other:?}")),
    }
}

/// Returns the name of a filter's field outside Rust: that of the entity's field which it selects by.
pub(super) fn outside(model: &Model, entity: &Entity, field: &Field) -> Result<String, String> {
    let fields = &model.get(&entity.name)?.fields;
    let selected = fields.iter().find(|known| known.rust == field.rust);
    Ok(selected.map_or_else(|| field.name.clone(), |known| known.name.clone()))
}

/// Tells whether a kind is the type of crm-core with this name.
pub(super) fn is_named(kind: &Kind, name: &str) -> bool {
    matches!(kind, Kind::Named(named) if named == name)
}

/// Writes a kind as a type of Rust.
fn rust_type(kind: &Kind) -> Result<String, String> {
    Ok(match kind {
        Kind::Id(name) | Kind::Named(name) => name.clone(),
        Kind::Flag => "bool".to_owned(),
        Kind::Text => "String".to_owned(),
        Kind::Money => "Decimal".to_owned(),
        Kind::Moment => "DateTime<Utc>".to_owned(),
        Kind::Day => "NaiveDate".to_owned(),
        Kind::Many(held) => format!("Vec<{}>", rust_type(held)?),
        other => return Err(format!("an input cannot hold {other:?}")),
    })
}
