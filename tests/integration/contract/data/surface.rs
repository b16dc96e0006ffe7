//! The surface: what the library has, in the words that Python and Node share, a line each.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::sources::{Named, Sources, head, inner};

/// Are the repositories: their name, their entity and the trait of what they have beside.
pub(super) const REPOSITORIES: [(&str, &str); 5] = [
    ("users", "User"),
    ("customers", "Customer"),
    ("leads", "Lead"),
    ("tasks", "Task"),
    ("interactions", "Interaction"),
];

/// Are the structs that a program is handed.
const RECORDS: [&str; 17] = [
    "User",
    "Customer",
    "Lead",
    "Task",
    "Interaction",
    "CustomerActivity",
    "DueTask",
    "PipelineStage",
    "Snapshot",
    "TagCount",
    "CustomerOverview",
    "Page",
    "Violation",
    "Migration",
    "Manifest",
    "Progress",
    "Seeded",
];

/// Are the types of the handles, by the names that they have here.
const HANDLES: [(&str, &str); 3] = [("crm", "Crm"), ("acting", "Acting"), ("transaction", "Tx")];

/// Lists everything that Rust has.
pub(super) fn of_rust(sources: &Sources) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for (name, entity) in REPOSITORIES {
        for owner in ["Repository", &format!("{entity}Repository")] {
            operations(sources, &mut lines, name, owner, entity);
        }
        for order in &sources.labels[&format!("{entity}OrderBy")] {
            lines.insert(format!("order {name} {order}"));
        }
    }
    operations(sources, &mut lines, "reports", "Reports", "");
    for (name, handle) in HANDLES {
        operations(sources, &mut lines, name, handle, "");
    }
    operations(sources, &mut lines, "crm", "Retry", "");
    operations(sources, &mut lines, "acting", "Retry", "");
    for (option, _) in sources.methods["Builder"].iter().filter(|(name, _)| name != "connect") {
        lines.insert(format!("operation crm.connect {option}?"));
    }
    for record in RECORDS {
        for field in fields(sources, record) {
            lines.insert(format!("field {record} {field}"));
        }
    }
    for (name, labels) in sources.labels.iter().filter(|(name, _)| !name.ends_with("OrderBy")) {
        for label in labels {
            lines.insert(format!("label {name} {label}"));
        }
    }
    for (variant, fields) in &sources.errors {
        let code = match variant.as_str() {
            "Taken" | "StaleVersion" => "conflict".to_owned(),
            other => snake(other),
        };
        for field in fields {
            match (field.name.as_str(), head(&field.kind).as_str()) {
                ("", "Violations") => lines.insert(format!("error {code} violations")),
                // Every error has a message and may have a cause.
                ("" | "message" | "source", _) => false,
                (name, _) => lines.insert(format!("error {code} {name}")),
            };
        }
    }
    lines
}

fn operations(sources: &Sources, lines: &mut BTreeSet<String>, name: &str, owner: &str, entity: &str) {
    for (operation, parameters) in &sources.methods[owner] {
        lines.insert(format!("operation {name}.{operation}"));
        for parameter in parameters.iter().flat_map(|parameter| given(sources, entity, parameter)) {
            // What two inputs of a call have is one parameter.
            if !(parameter.ends_with('?')
                && lines.contains(&format!("operation {name}.{operation} {parameter}")))
            {
                lines.insert(format!("operation {name}.{operation} {parameter}"));
            }
        }
    }
}

/// Lists what a parameter means: itself, or the fields of an input. What may be left out has a `?` behind it.
fn given(sources: &Sources, entity: &str, parameter: &Named) -> Vec<String> {
    let name = &parameter.name;
    let optional = |names: &[&str]| names.iter().map(|name| format!("{name}?")).collect::<Vec<_>>();
    let held = inner(&parameter.kind).map(head).unwrap_or_default();
    match (head(&parameter.kind).as_str(), held.as_str()) {
        ("List", _) => [filter(sources, entity), optional(&["order", "limit", "cursor"])].concat(),
        ("Filter", _) => filter(sources, entity),
        ("Order", _) => optional(&["order"]),
        ("Valid", "New") => input(sources, &format!("New{entity}")),
        ("Valid", "Patch") => {
            fields(sources, &format!("{entity}Patch")).iter().map(|field| format!("{field}?")).collect()
        }
        ("Vec", "Valid") => vec!["rows".to_owned()],
        (query @ ("ActivityQuery" | "DueTasksQuery" | "SeedPasswords"), _) => input(sources, query),
        ("Option", _) => optional(&[name]),
        _ => vec![name.clone()],
    }
}

/// Lists the fields of an input; those that `new` is given are required.
fn input(sources: &Sources, name: &str) -> Vec<String> {
    let required = sources.constructor(name);
    let field = |field: &Named| match (field.name.as_str(), head(&field.kind).as_str()) {
        (_, "Credential") => vec!["password?".to_owned(), "password_hash?".to_owned()],
        ("type", _) if required.contains(&"kind") => vec!["type".to_owned()],
        (name, _) if required.contains(&name) => vec![name.to_owned()],
        (name, _) => vec![format!("{name}?")],
    };
    sources.structs[name].iter().flat_map(field).collect()
}

fn filter(sources: &Sources, entity: &str) -> Vec<String> {
    let field = |Named { name, kind }: &Named| {
        // `kind` is what a word of Rust's is called; the field is the entity's.
        let name = if name == "kind" { "type" } else { name };
        match (head(kind).as_str(), inner(kind).map(head).unwrap_or_default().as_str()) {
            ("Range" | "DayRange", _) => vec![format!("{name}_since?"), format!("{name}_until?")],
            (_, "Assignee") => vec![format!("{name}?"), "unassigned?".to_owned()],
            _ => vec![format!("{name}?")],
        }
    };
    sources.structs[&format!("{entity}Filter")].iter().flat_map(field).collect()
}

/// Lists the fields of a struct, and in the place of a flattened one its own.
fn fields(sources: &Sources, name: &str) -> Vec<String> {
    let field = |field: &Named| match field.name.as_str() {
        "" => fields(sources, &head(&field.kind)),
        name => vec![name.to_owned()],
    };
    sources.structs[name].iter().flat_map(field).collect()
}

fn snake(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

/// Writes lines that differ in their last word as one: `order leads: id title value`.
pub(super) fn written(lines: &BTreeSet<String>) -> String {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for line in lines {
        let mut words = line.splitn(3, ' ');
        let (kind, name) = (words.next().unwrap(), words.next().unwrap());
        let word = words.next().unwrap_or_default();
        groups.entry(format!("{kind} {name}:")).or_default().push(word);
    }
    let separator = |words: &[&str]| if words.iter().any(|word| word.contains(' ')) { "\n    " } else { " " };
    let line = |(group, words): (&String, &Vec<&str>)| {
        let separator = separator(words);
        format!(
            "{group}{separator}{}",
            words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(separator)
        )
    };
    groups.iter().map(|group| line(group).trim_end().to_owned()).collect::<Vec<_>>().join("\n") + "\n"
}

/// Is what one language has and another has not, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Difference {
    pub(super) why: String,
    #[serde(default)]
    pub(super) rust: BTreeSet<String>,
    #[serde(default)]
    pub(super) python: BTreeSet<String>,
    #[serde(default)]
    pub(super) node: BTreeSet<String>,
}

/// Reads what is meant to differ.
pub(super) fn differences() -> Vec<Difference> {
    let text = std::fs::read_to_string(super::cases::folder().join("catalogue/differences.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Returns what Rust shares with the others, in their words.
pub(super) fn shared(lines: &BTreeSet<String>) -> BTreeSet<String> {
    let mut shared = lines.clone();
    for Difference { rust, python, node, .. } in differences() {
        shared.retain(|line| !rust.contains(line));
        shared.extend(python.intersection(&node).cloned());
    }
    shared
}
