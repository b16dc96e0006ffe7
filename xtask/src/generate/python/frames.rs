//! The lists that Python reads as frames.

use std::fmt::Write as _;

use super::super::File;
use super::super::model::Model;
use super::super::text::{header, rustfmt, wrapped};
use super::calls::{Parameter, classes};
use super::words::{comment, text_signature};

/// Generates the class that reads lists.
pub(super) fn rust(model: &Model) -> Result<File, String> {
    let mut text = header("//!");
    text += "//! Frames: the lists of each entity, as Python reads them.\n\n";
    text += "use crm_postgres::{Export, crm_core};\nuse pyo3::prelude::*;\nuse pyo3::types::PyDict;\n\n";
    text += "use crate::handle::Handle;\n\n";
    text += "/// Reads lists as frames.\n";
    text += "#[pyclass(frozen, subclass, name = \"Frames\", module = \"crm\")]\n";
    text += "pub(crate) struct ListFrames(pub(crate) Handle);\n\n#[pymethods]\nimpl ListFrames {\n";
    let mut methods = Vec::new();
    for class in classes(model)? {
        let Some(entity) = &class.entity else { continue };
        let stream = class.common.iter().find(|call| call.name == "stream");
        let stream = stream.ok_or("every repository has a stream")?;
        let part = &class.part;
        let docs = format!(
            "Reads {part} as a frame: those that the filter selects, without an order in no particular one. \
             `progress` is called with the number of rows read so far."
        );
        let mut method = comment(&wrapped(&docs, ""));
        writeln!(
            method,
            "#[pyo3(signature = (**options), text_signature = \"{}\")]",
            text_signature(&parameters(&stream.parameters))
        )
        .ok();
        write!(
            method,
            "fn {part}(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {{\n\
             self.list::<crm_core::{entity}>(py, options, Export::{})\n}}\n",
            class.name
        )
        .ok();
        methods.push(method);
    }
    text += &methods.join("\n");
    Ok(File { path: "crm-python/src/generated/frames.rs", text: rustfmt(&(text + "}\n"))? })
}

/// Returns the parameters of a frame: those of a stream, but that no order is the fastest one.
fn parameters(stream: &[Parameter]) -> Vec<Parameter> {
    let mut parameters = stream.to_vec();
    for parameter in &mut parameters {
        if parameter.name == "order" {
            parameter.default = Some("None".to_owned());
        }
    }
    parameters.push(Parameter::keyword("progress", "_Progress | None", "None"));
    parameters
}
