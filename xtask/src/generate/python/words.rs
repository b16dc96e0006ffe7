//! The words of Python: its types and texts.

use super::super::kind::Kind;
use super::super::model::Model;
use super::calls::Parameter;

/// Where a type is written, which decides how wide it is.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// What a program is handed: exactly what it is.
    Record,
    /// A parameter: all that is understood.
    Parameter,
    /// A parameter of a report, where one value does for a list of them.
    Query,
    /// A field of a dict of `create_many`, in `inputs.py`, which imports the types by their names.
    Dict,
}

/// Writes a type.
pub(super) fn python_type(model: &Model, kind: &Kind, place: Place) -> Result<String, String> {
    Ok(match kind {
        Kind::Id(_) | Kind::Integer => "int".to_owned(),
        Kind::Flag => "bool".to_owned(),
        Kind::Text | Kind::Email => "str".to_owned(),
        Kind::Money => match place {
            Place::Record => "decimal.Decimal".to_owned(),
            Place::Parameter | Place::Query => "_Money".to_owned(),
            Place::Dict => "Decimal | int | str".to_owned(),
        },
        Kind::Moment => match place {
            Place::Dict => "datetime".to_owned(),
            _ => "datetime.datetime".to_owned(),
        },
        Kind::Day => match place {
            // `date` is the name of a field there.
            Place::Dict => "Day".to_owned(),
            _ => "datetime.date".to_owned(),
        },
        Kind::Optional(held) => format!("{} | None", python_type(model, held, place)?),
        Kind::Many(held) => {
            let held = python_type(model, held, place)?;
            match place {
                Place::Record => format!("builtins.list[{held}]"),
                Place::Parameter | Place::Dict => format!("Iterable[{held}]"),
                Place::Query => format!("{held} | Iterable[{held}]"),
            }
        }
        Kind::Page(held) => format!("Page[{}]", python_type(model, held, place)?),
        Kind::Named(name) => match name.as_str() {
            "Cursor" | "Password" | "SearchText" => "str".to_owned(),
            "Tags" => python_type(model, &Kind::Many(Box::new(Kind::Text)), place)?,
            name if model.is_labels(name) => name.to_owned(),
            name => model.get(name)?.name.clone(),
        },
        other => return Err(format!("Python has no type for {other:?}")),
    })
}

/// Lists the values of a label, which is a str in Python, as the end of a sentence.
pub(super) fn choices(model: &Model, kind: &Kind) -> Result<String, String> {
    match kind {
        Kind::Optional(held) => choices(model, held),
        Kind::Named(name) if model.is_labels(name) => {
            let values: Vec<_> =
                model.labels(name)?.values.iter().map(|label| format!("'{label}'")).collect();
            match &values[..] {
                [before @ .., last] if !before.is_empty() => Ok(format!(": {} or {last}", before.join(", "))),
                values => Ok(format!(": {}", values.join(", "))),
            }
        }
        _ => Ok(String::new()),
    }
}

/// Writes a text between quotes.
pub(super) fn quoted(text: &str) -> String {
    if text.contains('"') { format!("'{text}'") } else { format!("\"{text}\"") }
}

/// Writes the signature that Python shows.
pub(super) fn text_signature(parameters: &[Parameter]) -> String {
    let mut parts = vec!["$self".to_owned()];
    for Parameter { name, default, keyword_only, .. } in parameters {
        if *keyword_only && !parts.iter().any(|part| part == "*") {
            parts.push("*".to_owned());
        }
        parts.push(default.as_ref().map_or_else(|| name.clone(), |default| format!("{name}={default}")));
    }
    format!("({})", parts.join(", "))
}

/// Writes a doc comment of Rust.
pub(super) fn comment(lines: &[String]) -> String {
    lines.iter().map(|line| format!("/// {line}").trim_end().to_owned() + "\n").collect()
}
