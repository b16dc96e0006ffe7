//! What is generated for Python.

mod calls;
mod docs;
mod frames;
mod inputs;
mod records;
mod repositories;
mod types;
mod words;

use super::File;
use super::model::Model;

/// Generates every file of the Python package.
pub(super) fn files(model: &Model) -> Result<Vec<File>, String> {
    Ok(vec![
        records::rust(model)?,
        repositories::rust(model)?,
        frames::rust(model)?,
        types::python(model)?,
        inputs::python(model)?,
    ])
}
