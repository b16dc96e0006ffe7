//! The repositories of Python: a class each, with the calls that all of them have and those of its own.

use std::fmt::Write as _;

use super::super::File;
use super::super::kind::Kind;
use super::super::model::Model;
use super::super::text::{header, rustfmt, translated};
use super::calls::{Call, Class, Parameter, classes};
use super::docs;
use super::records::identifier;
use super::words::{comment, quoted, text_signature};

/// The calls whose bodies are written by hand: `repositories::<part>::<call>`.
const BY_HAND: [&str; 1] = ["users.authenticate"];

/// Generates the classes.
pub(super) fn rust(model: &Model) -> Result<File, String> {
    let mut text = header("//!");
    text += "//! Repositories: the calls of each entity, as Python has them.\n\n";
    text += "use crm_postgres::crm_core;\nuse pyo3::prelude::*;\nuse pyo3::types::PyDict;\n\n";
    text += "use crate::frames::FramesBase;\nuse crate::handle::{Handle, Store};\nuse crate::inputs::read;\n";
    text += "use crate::repositories::{ReportsBase, arguments, faces, users};\nuse crate::run::Face;\n";
    let classes = classes(model)?;
    text += "\nfaces! {\n";
    for Class { name, part, docs, .. } in &classes {
        let docs = quoted(&translated(&docs.join(" "), "nothing"));
        writeln!(text, "    {part}: {name}Base, {name}, Async{name}, {docs};").ok();
    }
    let frames = "Reads lists and reports as frames for pandas, Polars and Arrow.";
    write!(text, "    frames: FramesBase, Frames, AsyncFrames, \"{frames}\";\n}}\n").ok();
    for class in &classes {
        if let Some(entity) = &class.entity {
            text += &self::class(model, class, entity)?;
        }
    }
    Ok(File { path: "crm-python/src/generated/repositories.rs", text: rustfmt(&text)? })
}

fn class(model: &Model, class: &Class, entity: &str) -> Result<String, String> {
    let name = &class.name;
    let mut text = format!(
        "\n{}#[pyclass(frozen, subclass, name = \"{name}\", module = \"crm\")]\n\
         pub(crate) struct {name}Base(pub(crate) Handle);\n\n\
         impl {name}Base {{\npub(crate) fn of_handle(handle: Handle) -> PyClassInitializer<Self> {{\n\
         Self(handle).into()\n}}\n}}\n\n#[pymethods]\nimpl {name}Base {{\n",
        comment(&class.docs)
    );
    let mut methods = Vec::new();
    for call in &class.common {
        methods.push(comment(&docs::common(model, entity, call)?) + &common(entity, call));
    }
    for call in &class.special {
        methods.push(comment(&docs::special(call)) + &special(class, call)?);
    }
    text += &methods.join("\n");
    Ok(text + "}\n")
}

/// Writes a call that every repository has. The handle makes it.
fn common(entity: &str, call: &Call) -> String {
    let positional: Vec<_> = call.parameters.iter().filter(|parameter| !parameter.keyword_only).collect();
    let name = &call.name;
    let keywords = match name.as_str() {
        // The handle puts the positional arguments into the dict.
        "create" => Some(("fields", "Option<Bound<'_, PyDict>>")),
        "update" => Some(("fields", "Option<&Bound<'_, PyDict>>")),
        "list" | "stream" | "count" => Some(("options", "Option<&Bound<'_, PyDict>>")),
        _ => None,
    };
    let mut text = String::new();
    let mut parameters = "&self, py: Python<'_>".to_owned();
    for parameter in &positional {
        write!(parameters, ", {}: &Bound<'_, PyAny>", identifier(&parameter.name)).ok();
    }
    if let Some((keywords, kind)) = keywords {
        let mut names: Vec<_> = positional.iter().map(|parameter| identifier(&parameter.name)).collect();
        names.push(format!("**{keywords}"));
        let signature = names.join(", ");
        writeln!(
            text,
            "#[pyo3(signature = ({signature}), text_signature = \"{}\")]",
            text_signature(&call.parameters)
        )
        .ok();
        write!(parameters, ", {keywords}: {kind}").ok();
    }
    let given = if name == "create" {
        let pairs: Vec<_> = positional
            .iter()
            .map(|parameter| format!("(\"{}\", {})", parameter.name, identifier(&parameter.name)))
            .collect();
        format!("&[{}], fields", pairs.join(", "))
    } else {
        let positional = positional.iter().map(|parameter| parameter.name.clone());
        let keywords = keywords.map(|(keywords, _)| keywords.to_owned());
        positional.chain(keywords).collect::<Vec<_>>().join(", ")
    };
    write!(
        text,
        "fn {name}({parameters}) -> PyResult<Py<PyAny>> {{\n\
         self.0.{name}::<crm_core::{entity}>(py, {given})\n}}\n"
    )
    .ok();
    text
}

/// Writes a call that only one repository has: reads what it is given, and makes it.
fn special(class: &Class, call: &Call) -> Result<String, String> {
    let path = format!("{}.{}", class.part, call.name);
    let mut text = String::new();
    let mut parameters = "&self, py: Python<'_>".to_owned();
    for Parameter { name, default, .. } in &call.parameters {
        match default {
            None => write!(parameters, ", {name}: &Bound<'_, PyAny>").ok(),
            Some(_) => write!(parameters, ", {name}: Option<&Bound<'_, PyAny>>").ok(),
        };
    }
    if call.parameters.iter().any(|parameter| parameter.default.is_some()) {
        let signature = call.parameters.iter().map(|Parameter { name, default, .. }| {
            if default.is_some() { format!("{name} = None") } else { name.clone() }
        });
        let signature: Vec<_> = signature.collect();
        writeln!(
            text,
            "#[pyo3(signature = ({}), text_signature = \"{}\")]",
            signature.join(", "),
            text_signature(&call.parameters)
        )
        .ok();
    }
    writeln!(text, "fn {}({parameters}) -> PyResult<Py<PyAny>> {{", call.name).ok();
    let names: Vec<_> = call.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    if BY_HAND.contains(&path.as_str()) {
        writeln!(text, "{}::{}(&self.0, py, {})\n}}", class.part, call.name, names.join(", ")).ok();
        return Ok(text);
    }
    for parameter in &call.parameters {
        let value = argument(parameter).map_err(|error| format!("{path}: {error}"))?;
        writeln!(text, "let {} = {value};", parameter.name).ok();
    }
    let borrows = call.parameters.iter().any(is_borrowed);
    let given: Vec<_> = call
        .parameters
        .iter()
        .map(|parameter| format!("{}{}", if is_borrowed(parameter) { "&" } else { "" }, parameter.name))
        .collect();
    let made = format!("crm.{}().{}({})", class.part, call.name, given.join(", "));
    // What a call borrows has to live as long as its future.
    let call = match (borrows, given.is_empty()) {
        (true, _) => format!("move |crm| Box::pin(async move {{ {made}.await }})"),
        (false, false) => format!("move |crm| {made}"),
        (false, true) => format!("|crm| {made}"),
    };
    writeln!(text, "self.0.call(py, \"{path}\", {call})\n}}").ok();
    Ok(text)
}

/// Writes the expression that reads what a call is given.
fn argument(parameter: &Parameter) -> Result<String, String> {
    let name = &parameter.name;
    let reader = match &parameter.of {
        Kind::Id(id) => return Ok(format!("crm_core::{id}(read({name}, \"{name}\")?)")),
        Kind::Named(kind) if kind == "Password" && parameter.validated => "arguments::password",
        Kind::Named(kind) if kind == "Password" => "arguments::compared",
        Kind::Named(kind) if kind == "Tags" => "arguments::tags",
        Kind::Text => return Ok(format!("read::<String>({name}, \"{name}\")?")),
        Kind::Integer | Kind::Flag | Kind::Named(_) => {
            return Ok(match &parameter.default {
                Some(default) => format!("{name}.map_or(Ok({default}), |{name}| read({name}, \"{name}\"))?"),
                None => format!("read({name}, \"{name}\")?"),
            });
        }
        other => return Err(format!("nothing reads {other:?} in Python; add the call to BY_HAND")),
    };
    Ok(format!("{reader}(py, {name}, \"{name}\")?"))
}

/// Tells whether crm-core borrows a parameter.
fn is_borrowed(parameter: &Parameter) -> bool {
    parameter.of == Kind::Text
}
