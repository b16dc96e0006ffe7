//! Texts of generated files: names in each language's style, doc comments, formatted Rust.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// The first lines of a generated file, behind the language's comment sign.
pub(super) fn header(sign: &str) -> String {
    format!("{sign} Generated from crm-core's sources by `cargo xtask generate`. Do not edit.\n")
}

/// Spells a name as JavaScript does: `customer_id` becomes `customerId`.
pub(super) fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |spelt, word| spelt + &capitalised(word))
}

/// Spells a type's name as a value of JavaScript: `DueTask` becomes `dueTask`.
pub(super) fn uncapitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Begins a word with a capital letter.
pub(super) fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Spells the plural of a type's name as a constant: `TaskStatus` becomes `TASK_STATUSES`.
pub(super) fn plural_constant(name: &str) -> String {
    let mut constant = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !constant.is_empty() {
            constant.push('_');
        }
        constant.extend(letter.to_uppercase());
    }
    match constant.strip_suffix('Y') {
        Some(stem) => format!("{stem}IES"),
        None if constant.ends_with('S') => constant + "ES",
        None => constant + "S",
    }
}

/// Spells a type's name as a value of Rust: `DueTask` becomes `due_task`.
pub(super) fn snake(name: &str) -> String {
    let mut spelt = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !spelt.is_empty() {
            spelt.push('_');
        }
        spelt.extend(letter.to_lowercase());
    }
    spelt
}

/// Breaks a text into lines of doc comments, all but the first behind an indent.
pub(super) fn wrapped(text: &str, indent: &str) -> Vec<String> {
    const WIDTH: usize = 92;
    let start = text.len() - text.trim_start().len();
    let mut lines = vec![text[..start].to_owned()];
    let mut is_begun = false;
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("it begins with one");
        if is_begun && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(format!("{indent}{word}"));
        } else {
            if is_begun {
                line.push(' ');
            }
            line.push_str(word);
        }
        is_begun = true;
    }
    lines
}

/// Puts words between a sentence and its full stop.
pub(super) fn sentence(text: &str, end: &str) -> String {
    match text.strip_suffix('.') {
        Some(text) => format!("{text}{end}."),
        None => format!("{text}{end}"),
    }
}

/// Translates a line of crm-core's docs: what Rust has no word for is `nothing` there, and links lose their brackets.
pub(super) fn translated(line: &str, nothing: &str) -> String {
    let words =
        line.split_inclusive(|c: char| !c.is_alphabetic()).map(|word| match word.strip_prefix("nothing") {
            Some(rest) if rest.chars().count() <= 1 => format!("{nothing}{rest}"),
            _ => word.to_owned(),
        });
    without_links(&words.collect::<String>())
}

/// Replaces ``[`Lead`](crate::Lead)`` and ``[`Lead`]`` by `` `Lead` ``.
fn without_links(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line;
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((name, after)) = link.split_once("`]") else { break };
        for part in [before, "`", name, "`"] {
            plain.push_str(part);
        }
        rest =
            after.strip_prefix('(').and_then(|target| target.split_once(')')).map_or(after, |(_, end)| end);
    }
    plain + rest
}

/// Formats Rust as the workspace does.
pub(super) fn rustfmt(text: &str) -> Result<String, String> {
    let fail = |error: std::io::Error| format!("rustfmt: {error}");
    let mut child = Command::new("rustfmt")
        .current_dir(crate::process::root())
        .args(["--edition", "2024"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(fail)?;
    let mut input = child.stdin.take().expect("it was piped");
    input.write_all(text.as_bytes()).map_err(fail)?;
    drop(input);
    let output = child.wait_with_output().map_err(fail)?;
    if output.status.success() {
        String::from_utf8(output.stdout).map_err(|error| format!("rustfmt: {error}"))
    } else {
        Err(format!("rustfmt refuses what was generated:\n{text}"))
    }
}
