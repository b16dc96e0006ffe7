//! The docs of Python's calls.

use super::super::kind::Kind;
use super::super::model::Model;
use super::super::text::{sentence, snake, translated, wrapped};
use super::calls::{Call, Parameter};
use super::words::choices;

/// Says what a call does that every repository has. Only `create` differs from one entity to the next.
pub(super) fn common(model: &Model, entity: &str, call: &Call) -> Result<Vec<String>, String> {
    let row = snake(entity).replace('_', " ");
    let article = if row.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    let lines: &[&str] = match call.name.as_str() {
        "create" => {
            let mut lines = vec![format!("Creates {article} {row} and returns it as stored."), String::new()];
            let raises = "Raises ConflictError when a unique value is taken, MissingReferenceError when a reference \
                          points at nothing.";
            lines.extend(wrapped(raises, ""));
            lines.extend([String::new(), "Args:".to_owned()]);
            for parameter in &call.parameters {
                let line = format!("    {}: {}", parameter.name, field(model, parameter)?);
                lines.extend(wrapped(&line, "        "));
            }
            return Ok(lines);
        }
        "create_many" => &[
            "Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with",
            "`__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,",
            "`[50].name` for the 51st.",
        ],
        "get" => &["Reads a row, or raises NotFoundError."],
        "find" => &["Reads a row, or returns None."],
        "get_many" => &["Reads rows in the order asked: repeats are repeated, missing ones left out."],
        "list" => &[
            "Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it",
            "when it descends; the limit is 1 to 1,000.",
        ],
        "stream" => &["Reads any number of rows from one snapshot, in bounded memory."],
        "count" => &["Counts the rows that a filter selects."],
        "update" => &[
            "Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is",
            "not the row's it raises ConflictError.",
        ],
        "delete" => &["Deletes a row, or raises NotFoundError."],
        name => return Err(format!("the call {name} has no docs for Python")),
    };
    Ok(lines.iter().map(|&line| line.to_owned()).collect())
}

/// Says what a field of a new row is, in one line.
fn field(model: &Model, parameter: &Parameter) -> Result<String, String> {
    let docs: Vec<_> = parameter.docs.iter().map(|line| translated(line, "None")).collect();
    let money = match &parameter.of {
        Kind::Money => true,
        Kind::Optional(held) => **held == Kind::Money,
        _ => false,
    };
    let form = if money { " A Decimal, an int or a str such as '12.50', never a float." } else { "" };
    Ok(sentence(&docs.join(" "), &choices(model, &parameter.of)?) + form)
}

/// Translates the docs of a call that only one repository has: its errors are exceptions in Python.
pub(super) fn special(call: &Call) -> Vec<String> {
    let none = if call.returns.ends_with("| None") { " Returns None when there is none." } else { "" };
    let lines: Vec<_> = call.docs.iter().map(|line| translated(line, "nothing")).collect();
    let (before, errors) = match lines.iter().position(|line| line == "# Errors") {
        Some(place) => (&lines[..place], &lines[place + 1..]),
        None => (&lines[..], &[][..]),
    };
    let before = before.join(" ");
    let mut docs = wrapped(&(before.trim_end().to_owned() + none), "");
    if !errors.is_empty() {
        docs.push(String::new());
        docs.extend(wrapped(&format!("Raises {}", exceptions(&errors.join(" "))), ""));
    }
    docs
}

/// Replaces the codes of errors by the names of Python's exceptions: `` `not_found` `` by `NotFoundError`.
fn exceptions(line: &str) -> String {
    const CODES: [(&str, &str); 6] = [
        ("`not_found`", "NotFoundError"),
        ("`validation`", "ValidationError"),
        ("`conflict`", "ConflictError"),
        ("`missing_reference`", "MissingReferenceError"),
        ("`invalid_credentials`", "InvalidCredentialsError"),
        ("`permission_denied`", "PermissionDeniedError"),
    ];
    CODES.iter().fold(line.to_owned(), |line, (code, exception)| line.replace(code, exception))
}
