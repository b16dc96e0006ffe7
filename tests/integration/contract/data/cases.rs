//! The files of cases: what they are made of, as `tests/contract/README.md` explains it.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Is a file of cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The steps that several cases begin with, by their names.
    #[serde(default)]
    pub(super) given: HashMap<String, Step>,
    pub(super) cases: Vec<Case>,
}

/// Is a case, which begins with an empty database.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    /// The languages that cannot even say it.
    #[serde(default)]
    pub(super) not: Vec<String>,
    pub(super) steps: Vec<Step>,
}

/// Is a step of a case.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Step {
    /// One of the file's `given`.
    Given(String),
    /// Steps that are done once for each row of a table.
    Each(Each),
    /// Steps in a transaction, or in a nested one where they are in one already.
    Transaction(Transaction),
    /// Waits until the next moment differs from the last.
    Pause(#[expect(dead_code, reason = "only tells the step from others")] Pause),
    /// The call of an operation.
    Call(Box<Call>),
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Each {
    /// The names of the columns, then the rows.
    pub(super) each: Vec<Vec<Value>>,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Transaction {
    #[serde(rename = "transaction")]
    pub(super) steps: Vec<Step>,
    #[serde(default)]
    pub(super) acting_as: Value,
    /// Whether it is undone and not committed.
    #[serde(default)]
    pub(super) rollback: bool,
    #[serde(default)]
    pub(super) error: Value,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pause {
    #[serde(rename = "pause")]
    _pause: bool,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    pub(super) op: Value,
    #[serde(default)]
    pub(super) args: Value,
    #[serde(default)]
    pub(super) acting_as: Value,
    /// Whether a step of a transaction is made beside it.
    #[serde(default)]
    pub(super) outside: bool,
    /// Whether a step of a nested transaction is made in the one around it.
    #[serde(default)]
    pub(super) outer: bool,
    #[serde(default, rename = "as")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) expect: Option<Value>,
    #[serde(default)]
    pub(super) error: Value,
}

/// Tells a null from nothing.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

pub(super) fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/contract"))
}

/// Reads the file of this name.
pub(super) fn read(name: &str) -> File {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}.json: {error}"))
}

/// Lists the cases of a file that a language leaves out.
pub(super) fn left_out(name: &str) -> Vec<String> {
    let cases = read(name).cases.into_iter();
    let left_out = cases.flat_map(|case| {
        case.not.into_iter().map(move |language| format!("left_out {language} {name}.{}", case.name))
    });
    left_out.collect()
}
