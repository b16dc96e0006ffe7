//! Writes the declarations of the bindings from crm-core's own source. See "Generated code" in ARCHITECTURE.md.

mod entities;
mod inputs;
mod kind;
mod model;
mod node_inputs;
mod node_records;
mod python;
mod text;

use std::fs;

use model::Model;

use crate::process::root;

/// A generated file: its path in the workspace, and its text.
struct File {
    path: &'static str,
    text: String,
}

/// Generates every file from the current sources.
fn files() -> Result<Vec<File>, String> {
    let model = Model::read(&root().join("crm-core/src"))?;
    let mut files = vec![
        inputs::rust(&model)?,
        node_records::rust(&model)?,
        node_records::typescript(&model)?,
        node_inputs::typescript(&model)?,
    ];
    files.extend(python::files(&model)?);
    Ok(files)
}

/// Writes the files that are stale.
pub(crate) fn write() -> Result<(), String> {
    for File { path, text } in files()? {
        if current(path) != text {
            fs::write(root().join(path), text).map_err(|error| format!("{path}: {error}"))?;
            println!("wrote {path}");
        }
    }
    Ok(())
}

/// Fails with the names of the files that are stale.
pub(crate) fn check() -> Result<(), String> {
    let stale: Vec<_> =
        files()?.into_iter().filter(|file| current(file.path) != file.text).map(|file| file.path).collect();
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("stale: {}; renew with: cargo xtask generate", stale.join(", ")))
}

/// Returns what a file holds now; nothing if it does not exist.
fn current(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}
