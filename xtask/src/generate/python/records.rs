//! The records of Python: the classes, and what they are made of.

use std::fmt::Write as _;

use super::super::File;
use super::super::kind::Kind;
use super::super::model::{Field, Model, Struct};
use super::super::text::{header, rustfmt, sentence, snake, translated};
use super::words::choices;

/// Generates the classes, with the list of them that the module adds.
pub(super) fn rust(model: &Model) -> Result<File, String> {
    let records: Vec<_> = model.records().collect();
    let mut text = header("//!");
    text += "//! Records: entity → wire.\n\n";
    text += "use crm_postgres::chrono::NaiveDate;\n";
    text += "use crm_postgres::crm_core;\n";
    text += "use crm_postgres::rust_decimal::Decimal;\n";
    text += "use pyo3::IntoPyObjectExt as _;\n";
    text += "use pyo3::prelude::*;\n\n";
    text += "use crate::records::{Listed, Moment, Wire, record, view, wired};\n";
    for record in &records {
        text += &if is_view(record) { view(record) } else { class(model, record)? };
    }
    text += "\nwired! {\n";
    for record in records.iter().filter(|record| !is_view(record)) {
        writeln!(text, "    crm_core::{0} => {0};", record.name).ok();
    }
    text += "}\n\n/// Adds the classes to the module.\n";
    text += "pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {\n";
    for record in &records {
        writeln!(text, "module.add_class::<{}>()?;", record.name).ok();
    }
    text += "Ok(())\n}\n";
    Ok(File { path: "crm-python/src/generated/records.rs", text: rustfmt(&text)? })
}

/// Tells whether a record holds pages, which Python can neither compare nor hash.
pub(super) fn is_view(record: &Struct) -> bool {
    record.fields.iter().any(|field| matches!(field.kind, Kind::Page(_)))
}

/// Lists the fields of a record, and in the place of a flattened one its own.
pub(super) fn flat_fields<'m>(model: &'m Model, record: &'m Struct) -> Result<Vec<&'m Field>, String> {
    let mut fields = Vec::new();
    for field in &record.fields {
        match &field.kind {
            Kind::Named(base) if field.flattened => fields.extend(flat_fields(model, model.get(base)?)?),
            _ => fields.push(field),
        }
    }
    Ok(fields)
}

/// Writes a record that holds pages.
fn view(record: &Struct) -> String {
    let mut text = format!("\nview! {{\n{}    {} {{\n", doc("    ", &record.docs, ""), record.name);
    for field in &record.fields {
        text += &doc("        ", &field.docs, "");
        writeln!(text, "        {},", field.rust).ok();
    }
    let names: Vec<_> = record.fields.iter().map(|field| field.rust.as_str()).collect();
    write!(
        text,
        "    }}\n}}\n\nimpl Wire for crm_core::{name} {{\nfn wire(self, py: Python<'_>) -> PyResult<Py<PyAny>> {{\n\
         let Self {{ {fields} }} = self;\n{name} {{\n",
        name = record.name,
        fields = names.join(", "),
    )
    .ok();
    for name in names {
        writeln!(text, "{name}: {name}.wire(py)?,").ok();
    }
    text + "}\n.into_py_any(py)\n}\n}\n"
}

/// Writes a record that is a value.
fn class(model: &Model, record: &Struct) -> Result<String, String> {
    let name = &record.name;
    let mut text = format!("\nrecord! {{\n{}    {name} {{\n", doc("    ", &record.docs, ""));
    let fields = flat_fields(model, record)?;
    for field in &fields {
        text += &doc("        ", &field.docs, &choices(model, &field.kind)?);
        writeln!(text, "        {}: {},", identifier(&field.name), rust_type(model, &field.kind)?).ok();
    }
    let from = snake(name);
    let held: Vec<_> = record.fields.iter().map(|field| field.rust.as_str()).collect();
    write!(
        text,
        "    }}\n}}\n\nimpl From<crm_core::{name}> for {name} {{\nfn from({from}: crm_core::{name}) -> Self {{\n\
         let crm_core::{name} {{ {} }} = {from};\n",
        held.join(", ")
    )
    .ok();
    for field in record.fields.iter().filter(|field| field.flattened) {
        let Kind::Named(base) = &field.kind else { continue };
        let names: Vec<_> =
            flat_fields(model, model.get(base)?)?.iter().map(|field| identifier(&field.name)).collect();
        writeln!(text, "let {base} {{ {} }} = {}.into();", names.join(", "), field.rust).ok();
    }
    text += "Self {\n";
    for field in fields {
        let of_another = !record.fields.iter().any(|own| own.name == field.name);
        let name = identifier(&field.name);
        match converted(model, &field.rust, &field.kind)? {
            value if of_another || value == name => writeln!(text, "{name},").ok(),
            value => writeln!(text, "{name}: {value},").ok(),
        };
    }
    Ok(text + "}\n}\n}\n")
}

/// Names the type that holds a value for Python.
fn rust_type(model: &Model, kind: &Kind) -> Result<String, String> {
    Ok(match kind {
        Kind::Id(_) | Kind::Integer => "i64".to_owned(),
        Kind::Flag => "bool".to_owned(),
        Kind::Text | Kind::Email => "String".to_owned(),
        Kind::Money => "Decimal".to_owned(),
        Kind::Moment => "Moment".to_owned(),
        Kind::Day => "NaiveDate".to_owned(),
        Kind::Optional(held) => format!("Option<{}>", rust_type(model, held)?),
        Kind::Many(held) => format!("Listed<{}>", rust_type(model, held)?),
        Kind::Named(name) if model.is_labels(name) => "String".to_owned(),
        Kind::Named(name) => model.get(name)?.name.clone(),
        other => return Err(format!("no record of Python holds {other:?}")),
    })
}

/// Writes the expression that turns a value of crm-core into one of Python.
fn converted(model: &Model, name: &str, kind: &Kind) -> Result<String, String> {
    let is_labels = |held: &Kind| matches!(held, Kind::Named(name) if model.is_labels(name));
    Ok(match kind {
        Kind::Id(_) => format!("{name}.0"),
        Kind::Integer | Kind::Flag | Kind::Text | Kind::Money | Kind::Day => name.to_owned(),
        Kind::Email => format!("{name}.as_str().to_owned()"),
        kind if is_labels(kind) => format!("{name}.to_string()"),
        Kind::Moment | Kind::Named(_) => format!("{name}.into()"),
        Kind::Optional(held) => match &**held {
            Kind::Id(_) => format!("{name}.map(i64::from)"),
            Kind::Email => format!("{name}.map(|{name}| {name}.as_str().to_owned())"),
            Kind::Moment => format!("{name}.map(Moment::from)"),
            held if is_labels(held) => format!("{name}.map(|{name}| {name}.to_string())"),
            Kind::Named(record) => format!("{name}.map({record}::from)"),
            _ => name.to_owned(),
        },
        Kind::Many(held) => match &**held {
            Kind::Named(record) if !is_labels(held) => {
                format!("{name}.into_iter().map({record}::from).collect()")
            }
            Kind::Text => format!("{name}.into()"),
            other => return Err(format!("{name}: no record of Python holds a list of {other:?}")),
        },
        other => return Err(format!("{name}: no record of Python holds {other:?}")),
    })
}

/// Writes a doc comment, with an end behind its last sentence.
fn doc(indent: &str, docs: &[String], end: &str) -> String {
    let mut text = String::new();
    for (number, line) in docs.iter().enumerate() {
        let line = translated(line, "None");
        let line = if number + 1 == docs.len() { sentence(&line, end) } else { line };
        text += format!("{indent}/// {line}").trim_end();
        text += "\n";
    }
    text
}

/// Spells a name in Rust, where some are words of the language.
pub(super) fn identifier(name: &str) -> String {
    if syn::parse_str::<syn::Ident>(name).is_ok() { name.to_owned() } else { format!("r#{name}") }
}
