//! The records of Node: what Rust writes to the wire and what TypeScript reads from it, both from one list of fields.

use std::fmt::Write as _;

use super::File;
use super::kind::Kind;
use super::model::{Field, Model, Struct};
use super::text::{camel, header, plural_constant, rustfmt, translated, uncapitalised};

/// Generates the half that writes.
pub(super) fn rust(model: &Model) -> Result<File, String> {
    let records: Vec<_> = model.records().collect();
    let labels = model.record_labels()?;
    let mut names: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
    names.extend(labels.iter().map(|labels| labels.name.as_str()));
    names.push("Email");
    names.sort_unstable();
    let mut text = header("//!");
    text += "//! Records: entity → wire. `ts/generated/records.ts` reads the fields in the same order.\n\n";
    write!(
        text,
        "use crm_postgres::crm_core::{{{}}};\n\nuse crate::wire::{{Out, Wire}};\n",
        names.join(", ")
    )
    .ok();
    for record in records {
        let fields: Vec<&str> = record.fields.iter().map(|field| field.rust.as_str()).collect();
        write!(text, "\nimpl Wire for {} {{\nfn put(self, out: &mut Out) {{\n", record.name).ok();
        writeln!(text, "let Self {{ {} }} = self;", fields.join(", ")).ok();
        for field in &record.fields {
            writeln!(text, "{};", put(model, &field.rust, &field.kind)?).ok();
        }
        text += "}\n}\n";
    }
    Ok(File { path: "crm-node/src/generated/records.rs", text: rustfmt(&text)? })
}

/// Writes the call that puts a value on the wire.
fn put(model: &Model, name: &str, kind: &Kind) -> Result<String, String> {
    Ok(match kind {
        Kind::Id(_) => format!("out.whole({name}.0)"),
        Kind::Integer => format!("out.whole({name})"),
        Kind::Flag => format!("out.flag({name})"),
        Kind::Text => format!("out.text(&{name})"),
        Kind::Email => format!("out.text({name}.as_str())"),
        Kind::Money => format!("out.money({name})"),
        Kind::Moment => format!("out.moment({name})"),
        Kind::Day => format!("out.day({name})"),
        Kind::Named(label) if model.is_labels(label) => format!("out.label({label}::ALL, &{name})"),
        Kind::Many(held) if **held == Kind::Text => format!("out.texts(&{name})"),
        Kind::Named(_) | Kind::Page(_) | Kind::Many(_) => format!("{name}.put(out)"),
        Kind::Optional(held) => match &**held {
            Kind::Id(_) | Kind::Integer => format!("out.maybe_whole({name})"),
            Kind::Text => format!("out.maybe_text({name}.as_deref())"),
            Kind::Email => format!("out.maybe_text({name}.as_ref().map(Email::as_str))"),
            Kind::Money => format!("out.maybe_money({name})"),
            Kind::Moment => format!("out.maybe_moment({name})"),
            Kind::Day => format!("out.maybe_day({name})"),
            other => return Err(format!("{name}: the wire to Node has no optional {other:?}")),
        },
        Kind::Patch(_) | Kind::Range(_) | Kind::Foreign => {
            return Err(format!("{name}: no record holds {kind:?}"));
        }
    })
}

/// Generates the half that reads, with the types.
pub(super) fn typescript(model: &Model) -> Result<File, String> {
    let mut text = header("//");
    text += "// Records: wire → object. `src/generated/records.rs` writes the fields in the same order.\n";
    text += "import { type Page, page, text } from '../page.js';\n";
    text += "import type { Reader } from '../wire.js';\n";
    for labels in model.record_labels()? {
        let name = &labels.name;
        let constant = plural_constant(name);
        let values: Vec<_> = labels.values.iter().map(|label| format!("'{label}'")).collect();
        write!(
            text,
            "\n/** All values of {{@link {name}}}, in order. */\nexport const {constant} = Object.freeze([{}] as const);\n",
            values.join(", ")
        )
        .ok();
        text += &comment("", &labels.docs, "");
        writeln!(text, "export type {name} = (typeof {constant})[number];").ok();
    }
    for record in model.records() {
        text += &interface(model, record)?;
        text += &decoder(model, record)?;
    }
    Ok(File { path: "crm-node/ts/generated/records.ts", text })
}

fn interface(model: &Model, record: &Struct) -> Result<String, String> {
    let base = record.fields.iter().find(|field| field.flattened);
    let extends = match base.map(|field| &field.kind) {
        Some(Kind::Named(base)) => format!(" extends {base}"),
        _ => String::new(),
    };
    let mut text =
        format!("\n{}export interface {}{extends} {{\n", comment("", &record.docs, ""), record.name);
    for field in own_fields(record) {
        text += &comment("  ", &field.docs, example(&field.kind));
        writeln!(text, "  {}: {};", camel(&field.name), typescript_type(model, &field.kind)?).ok();
    }
    Ok(text + "}\n")
}

fn decoder(model: &Model, record: &Struct) -> Result<String, String> {
    let name = &record.name;
    let mut text =
        format!("\n/** @internal */\nexport const {} = (from: Reader): {name} => ({{\n", uncapitalised(name));
    for field in &record.fields {
        let read = read(model, &field.kind)?;
        if field.flattened {
            writeln!(text, "  ...{read},").ok();
        } else {
            writeln!(text, "  {}: {read},", camel(&field.name)).ok();
        }
    }
    Ok(text + "});\n")
}

fn own_fields(record: &Struct) -> impl Iterator<Item = &Field> {
    record.fields.iter().filter(|field| !field.flattened)
}

/// Writes the call that reads a value from the wire.
fn read(model: &Model, kind: &Kind) -> Result<String, String> {
    Ok(match kind {
        Kind::Many(held) => format!("from.many({})", decode(held)?),
        Kind::Page(held) => format!("page({})(from)", decode(held)?),
        Kind::Named(label) if model.is_labels(label) => format!("from.label({})", plural_constant(label)),
        Kind::Named(record) => format!("{}(from)", uncapitalised(record)),
        Kind::Optional(held) => format!("from.maybe{}()", scalar(held)?),
        scalar_kind => format!("from.{}()", uncapitalised(scalar(scalar_kind)?)),
    })
}

/// Names the function that reads one of many values.
fn decode(kind: &Kind) -> Result<String, String> {
    match kind {
        Kind::Text => Ok("text".to_owned()),
        Kind::Named(record) => Ok(uncapitalised(record)),
        other => Err(format!("the wire to Node has no list of {other:?}")),
    }
}

fn scalar(kind: &Kind) -> Result<&'static str, String> {
    Ok(match kind {
        Kind::Id(_) | Kind::Integer => "Number",
        Kind::Flag => "Flag",
        Kind::Text | Kind::Email | Kind::Money | Kind::Day => "Text",
        Kind::Moment => "Moment",
        other => return Err(format!("the wire to Node has no optional {other:?}")),
    })
}

fn typescript_type(model: &Model, kind: &Kind) -> Result<String, String> {
    Ok(match kind {
        Kind::Id(_) | Kind::Integer => "number".to_owned(),
        Kind::Flag => "boolean".to_owned(),
        Kind::Text | Kind::Email | Kind::Money | Kind::Day => "string".to_owned(),
        Kind::Moment => "Date".to_owned(),
        Kind::Optional(held) => format!("{} | null", typescript_type(model, held)?),
        Kind::Many(held) => format!("{}[]", typescript_type(model, held)?),
        Kind::Page(held) => format!("Page<{}>", typescript_type(model, held)?),
        Kind::Named(name) => {
            if !model.is_labels(name) {
                model.get(name)?;
            }
            name.clone()
        }
        Kind::Patch(_) | Kind::Range(_) | Kind::Foreign => return Err(format!("no record holds {kind:?}")),
    })
}

/// Says how a value is written that JavaScript has no type for.
fn example(kind: &Kind) -> &'static str {
    match kind {
        Kind::Money => " A string such as '50000.00'.",
        Kind::Day => " A string such as '2026-11-25'.",
        Kind::Optional(held) => example(held),
        _ => "",
    }
}

/// Writes docs as a comment of TypeScript.
pub(super) fn comment(indent: &str, docs: &[String], behind: &str) -> String {
    let lines: Vec<_> = docs.iter().map(|line| translated(line, "null")).collect();
    match &lines[..] {
        [line] => format!("{indent}/** {line}{behind} */\n"),
        lines => {
            let body: String =
                lines.iter().map(|line| format!("{indent} * {line}\n").replace(" \n", "\n")).collect();
            format!("{indent}/**\n{body}{indent} */\n")
        }
    }
}
