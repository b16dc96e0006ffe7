//! The inputs of Node: the types of new rows, changes, filters and orders.

use std::fmt::Write as _;

use super::File;
use super::entities::Entity;
use super::inputs::{is_named, outside};
use super::kind::Kind;
use super::model::{Field, Model, Struct};
use super::node_records::comment;
use super::text::{camel, header, translated};

/// Generates the interfaces.
pub(super) fn typescript(model: &Model) -> Result<File, String> {
    let mut text = header("//");
    text += "// Inputs: what calls are given. `crm-core/src/calls/generated.rs` reads them.\n";
    let entities = model.entities().list(model)?;
    let mut body = String::new();
    for entity in entities {
        body += &new_row(model, entity.input(model, "New")?)?;
        body += &change(model, entity, entity.input(model, "Patch")?)?;
        body += &filter(model, entity, entity.input(model, "Filter")?)?;
        body += &order(model, entity)?;
    }
    text += "import type { ChangedFilter, CreatedFilter, Money, OneOrMany, Order } from '../values.js';\n";
    let mut labels: Vec<_> = model.label_names().filter(|name| mentions(&body, name)).collect();
    labels.sort_unstable();
    writeln!(text, "import type {{ {} }} from './records.js';", labels.join(", ")).ok();
    Ok(File { path: "crm-node/ts/generated/inputs.ts", text: text + &body })
}

/// Tells whether a type is used in a text.
fn mentions(text: &str, name: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|word| word == name)
}

fn new_row(model: &Model, input: &Struct) -> Result<String, String> {
    let mut text = head(&docs(&input.docs), &input.name, "");
    for field in &input.fields {
        let name = &field.name;
        if is_named(&field.kind, "Credential") {
            let password = "The password, 8 to 128 characters. Either it or `passwordHash` must be given.";
            let hash = "The hash that another system has stored: argon2's PHC string or bcrypt.";
            text += &member(&[password.to_owned()], "password", "?", "string | undefined");
            text += &member(&[hash.to_owned()], "passwordHash", "?", "string | undefined");
            continue;
        }
        let kind = typescript_type(model, field.kind.held())?;
        let (mark, kind) = match &field.kind {
            Kind::Optional(_) | Kind::Many(_) => ("?", format!("{kind} | null | undefined")),
            _ if model.entities().is_required(&input.name, &field.rust) => ("", kind),
            _ => ("?", format!("{kind} | undefined")),
        };
        text += &member(&with_default(model, field), name, mark, &kind);
    }
    Ok(text + "}\n")
}

fn change(model: &Model, entity: &Entity, input: &Struct) -> Result<String, String> {
    let stored = &model.get(&entity.name)?.fields;
    let (mut members, mut clears) = (String::new(), "");
    for field in &input.fields {
        let mut kind = typescript_type(model, field.kind.held())?;
        let of_row = stored.iter().find(|known| known.rust == field.rust);
        let of_row = of_row.ok_or_else(|| format!("{} has no {}", entity.name, field.rust))?;
        if matches!(of_row.kind, Kind::Optional(_) | Kind::Many(_)) {
            kind += " | null";
            clears = ", `null` clears it";
        }
        members += &member(&with_example(field), &field.name, "?", &format!("{kind} | undefined"));
    }
    let mut lines = docs(&input.docs);
    if let Some(line) = lines.last_mut() {
        write!(line, " `undefined` keeps a field{clears}.").ok();
    }
    Ok(head(&lines, &input.name, "") + &members + "}\n")
}

fn filter(model: &Model, entity: &Entity, input: &Struct) -> Result<String, String> {
    let has = |name: &str| input.fields.iter().any(|field| field.rust == name);
    let (base, inherited): (_, &[&str]) = match (has("created"), has("updated")) {
        (true, true) => (" extends ChangedFilter", &["created", "updated"]),
        (true, false) => (" extends CreatedFilter", &["created"]),
        _ => ("", &[]),
    };
    let mut text = head(&docs(&input.docs), &input.name, base);
    for field in input.fields.iter().filter(|field| !inherited.contains(&field.rust.as_str())) {
        let name = outside(model, entity, field)?;
        match &field.kind {
            Kind::Range(_) => text += &ends(model, "Range", field, &name, "Date")?,
            kind if is_named(kind, "DayRange") => text += &ends(model, "DayRange", field, &name, "string")?,
            Kind::Optional(held) if is_named(held, "Assignee") => {
                text += &member(&docs(&field.docs), &name, "?", "OneOrMany<number> | undefined");
                let nobody = format!("True for those assigned to nobody; not beside `{}`.", camel(&name));
                text += &member(&[nobody], "unassigned", "?", "boolean | undefined");
            }
            Kind::Optional(held) => {
                let kind = match &**held {
                    Kind::Many(held) => format!("OneOrMany<{}>", typescript_type(model, held)?),
                    held => typescript_type(model, held)?,
                };
                text += &member(&docs(&field.docs), &name, "?", &format!("{kind} | undefined"));
            }
            other => return Err(format!("{}.{}: a filter cannot hold {other:?}", input.name, field.rust)),
        }
    }
    Ok(text + "}\n")
}

/// Writes the two ends of a range, with the docs of `Range` or `DayRange` behind those of the field.
fn ends(model: &Model, range: &str, field: &Field, name: &str, kind: &str) -> Result<String, String> {
    let mut text = String::new();
    for end in &model.get(range)?.fields {
        let docs = [docs(&field.docs), docs(&end.docs)].concat().join(" ");
        let example = if range == "DayRange" { A_DAY } else { "" };
        let docs = [docs + example];
        text += &member(&docs, &format!("{name}_{}", end.rust), "?", &format!("{kind} | undefined"));
    }
    Ok(text)
}

fn order(model: &Model, entity: &Entity) -> Result<String, String> {
    let labels = model.labels(entity.named("OrderBy")?)?;
    let names: Vec<_> = labels.values.iter().map(|label| format!("'{}'", camel(label))).collect();
    let name = &entity.name;
    Ok(format!(
        "\n{}export type {name}Order = Order<{}>;\n",
        comment("", &docs(&labels.docs), ""),
        names.join(" | ")
    ))
}

fn head(docs: &[String], name: &str, base: &str) -> String {
    format!("\n{}export interface {name}{base} {{\n", comment("", docs, ""))
}

fn member(docs: &[String], name: &str, mark: &str, kind: &str) -> String {
    format!("{}  {}{mark}: {kind};\n", comment("  ", docs, ""), camel(name))
}

/// Translates docs. In place of how Rust writes a search they say what it finds.
fn docs(lines: &[String]) -> Vec<String> {
    let line = |line: &String| match line.split_once(": `Some(") {
        Some((text, _)) => format!("{text}. Every word of the search must begin one of them."),
        None => translated(line, "null"),
    };
    lines.iter().map(line).collect()
}

const A_DAY: &str = " A string such as '2026-11-25'.";

fn with_example(field: &Field) -> Vec<String> {
    let mut lines = docs(&field.docs);
    if let (Kind::Day, Some(line)) = (field.kind.held(), lines.last_mut()) {
        *line += A_DAY;
    }
    lines
}

/// Adds what a label is when it is left out.
fn with_default(model: &Model, field: &Field) -> Vec<String> {
    let mut lines = with_example(field);
    if let (Kind::Named(name), Some(line)) = (&field.kind, lines.last_mut())
        && let Some(default) = model.default_label(name)
    {
        write!(line, " '{default}' when not given.").ok();
    }
    lines
}

fn typescript_type(model: &Model, kind: &Kind) -> Result<String, String> {
    Ok(match kind {
        Kind::Id(_) | Kind::Integer => "number".to_owned(),
        Kind::Flag => "boolean".to_owned(),
        Kind::Text | Kind::Day => "string".to_owned(),
        Kind::Money => "Money".to_owned(),
        Kind::Moment => "Date".to_owned(),
        Kind::Many(held) => format!("readonly {}[]", typescript_type(model, held)?),
        kind if is_named(kind, "SearchText") => "string".to_owned(),
        Kind::Named(name) => model.labels(name)?.name.clone(),
        other => return Err(format!("an input of Node cannot hold {other:?}")),
    })
}
