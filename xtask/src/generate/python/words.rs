//! The words of Python's docs.

use super::super::kind::Kind;
use super::super::model::Model;

/// Lists the values of a label, which is a str in Python, as the end of a sentence.
pub(super) fn choices(model: &Model, kind: &Kind) -> Result<String, String> {
    match kind {
        Kind::Optional(held) => choices(model, held),
        Kind::Named(name) if model.is_labels(name) => {
            let values: Vec<_> =
                model.labels(name)?.labels.iter().map(|label| format!("'{label}'")).collect();
            match &values[..] {
                [before @ .., last] if !before.is_empty() => Ok(format!(": {} or {last}", before.join(", "))),
                values => Ok(format!(": {}", values.join(", "))),
            }
        }
        _ => Ok(String::new()),
    }
}
