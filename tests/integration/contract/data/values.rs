//! The values of a case: what a name refers to, texts that are not written out, and the comparison with what came.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Is what names refer to.
pub(super) type Scope = HashMap<String, Value>;

/// Returns what a text such as `$page.items.0.id` refers to; another text is none.
fn reference<'t>(text: &'t str, scope: &Scope) -> Option<Value> {
    let path = text.strip_prefix('$')?;
    let is_name = |part: &'t str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let mut parts = path.split('.');
    let first =
        parts.next().filter(|part| is_name(part) && !part.starts_with(|c: char| c.is_ascii_digit()))?;
    if !parts.clone().all(is_name) {
        return None;
    }
    let mut value = scope.get(first).unwrap_or_else(|| panic!("nothing is called {first}: {text}"));
    for part in parts {
        let next = part.parse::<usize>().map_or_else(|_| value.get(part), |at| value.get(at));
        value = next.unwrap_or_else(|| panic!("{text} is nothing"));
    }
    Some(value.clone())
}

/// Puts in what names refer to, and writes out what is not.
pub(super) fn resolve(value: &Value, scope: &Scope) -> Value {
    match value {
        Value::String(text) => reference(text, scope).unwrap_or_else(|| value.clone()),
        Value::Array(items) => items.iter().map(|item| resolve(item, scope)).collect(),
        Value::Object(fields) => {
            let resolved: Map<_, _> =
                fields.iter().map(|(key, item)| (key.clone(), resolve(item, scope))).collect();
            made(&resolved).unwrap_or(Value::Object(resolved))
        }
        other => other.clone(),
    }
}

/// Writes out `{"repeat": ["a", 256]}`, `{"join": ["a", "b"]}` and `{"times": [3, "row #"]}`.
fn made(fields: &Map<String, Value>) -> Option<Value> {
    let (key, value) = fields.iter().next().filter(|_| fields.len() == 1)?;
    let items = value.as_array()?;
    let count = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    Some(match (key.as_str(), &items[..]) {
        ("repeat", [text, times]) => text.as_str().unwrap().repeat(count(times)).into(),
        ("join", parts) => parts.iter().map(|part| part.as_str().unwrap()).collect::<String>().into(),
        ("times", [times, item]) => (0..count(times)).map(|n| numbered(item, &n.to_string())).collect(),
        _ => return None,
    })
}

/// Puts a row's number in the place of each `#`.
fn numbered(value: &Value, number: &str) -> Value {
    match value {
        Value::String(text) => text.replace('#', number).into(),
        Value::Array(items) => items.iter().map(|item| numbered(item, number)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, item)| (key.clone(), numbered(item, number))).collect())
        }
        other => other.clone(),
    }
}

/// Compares what came with what was expected: of an object only the fields that are named.
pub(super) fn compare(actual: &Value, expected: &Value, path: &str) -> Result<(), String> {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => expected.iter().try_for_each(|(key, item)| {
            let actual = actual.get(key).ok_or_else(|| format!("{path} has no {key}"))?;
            compare(actual, item, &format!("{path}.{key}"))
        }),
        (Value::Array(actual), Value::Array(expected)) if actual.len() == expected.len() => {
            let pairs = actual.iter().zip(expected).enumerate();
            pairs.into_iter().try_for_each(|(n, (a, e))| compare(a, e, &format!("{path}[{n}]")))
        }
        (actual, expected) if actual == expected => Ok(()),
        (actual, expected) => Err(format!("{path} is {} instead of {}", brief(actual), brief(expected))),
    }
}

/// Shows the beginning of a value.
pub(super) fn brief(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 300 { text } else { text.chars().take(300).chain("…".chars()).collect() }
}

/// Are the fields that hold a moment.
pub(super) const MOMENTS: [&str; 5] =
    ["date", "created_at", "updated_at", "deactivated_at", "last_interaction"];

/// Writes each moment in UTC with milliseconds, as the cases do.
pub(super) fn shown(mut value: Value) -> Value {
    match &mut value {
        Value::Array(items) => items.iter_mut().for_each(|item| *item = shown(item.take())),
        Value::Object(fields) => {
            for (key, item) in fields {
                *item = match item.take() {
                    Value::String(text) if MOMENTS.contains(&key.as_str()) => {
                        let moment: chrono::DateTime<chrono::Utc> = text.parse().unwrap();
                        moment.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string().into()
                    }
                    item => shown(item),
                };
            }
        }
        _ => {}
    }
    value
}
