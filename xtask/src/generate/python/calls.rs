//! The calls of Python: what each is given and returns.

use super::super::kind::Kind;
use super::super::model::{Field, Method, Model, Operations, Struct};
use super::super::text::{capitalised, sentence};
use super::words::{Place, python_type};

/// A class of calls, such as `Leads`.
pub(super) struct Class {
    pub(super) name: String,
    /// The name that a handle gives it: `leads`.
    pub(super) part: String,
    pub(super) docs: Vec<String>,
    pub(super) entity: Option<String>,
    /// The calls that every repository has; the reports have none of them.
    pub(super) common: Vec<Call>,
    /// The calls that only this class has.
    pub(super) special: Vec<Call>,
}

/// A call.
pub(super) struct Call {
    pub(super) name: String,
    pub(super) docs: Vec<String>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) returns: String,
}

/// A parameter of a call, or a field of a dict.
#[derive(Clone)]
pub(super) struct Parameter {
    pub(super) name: String,
    /// The type in Python.
    pub(super) kind: String,
    /// The type in crm-core, for the fields of a new row and for what only one class takes.
    pub(super) of: Kind,
    /// Whether crm-core wants it validated.
    pub(super) validated: bool,
    /// The default in Python's spelling; nothing where it must be given.
    pub(super) default: Option<String>,
    pub(super) docs: Vec<String>,
    pub(super) keyword_only: bool,
}

impl Parameter {
    fn required(name: &str, kind: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.into(),
            of: Kind::Foreign,
            validated: false,
            default: None,
            docs: Vec::new(),
            keyword_only: false,
        }
    }

    pub(super) fn keyword(name: &str, kind: impl Into<String>, default: impl Into<String>) -> Self {
        Self { default: Some(default.into()), keyword_only: true, ..Self::required(name, kind) }
    }
}

/// Lists the classes, the repositories before the reports.
pub(super) fn classes(model: &Model) -> Result<Vec<Class>, String> {
    model.operations()?.into_iter().map(|operations| class(model, operations)).collect()
}

fn class(model: &Model, operations: Operations) -> Result<Class, String> {
    let part = operations.name;
    let special = operations.methods.into_iter().map(|method| {
        let name = method.name.clone();
        special(model, &part, method).map_err(|error| format!("{part}.{name}: {error}"))
    });
    Ok(Class {
        special: special.collect::<Result<_, _>>()?,
        common: operations.entity.as_deref().map_or(Ok(Vec::new()), |entity| common(model, entity))?,
        name: capitalised(&part),
        docs: operations.docs,
        entity: operations.entity,
        part,
    })
}

/// Lists the calls of every repository.
fn common(model: &Model, entity: &str) -> Result<Vec<Call>, String> {
    let id = Parameter::required("id", "int");
    let filter = filter(model, entity)?;
    let order = Parameter::keyword("order", order(model, entity)?, "'-id'");
    let page = [Parameter::keyword("limit", "int", "50"), Parameter::keyword("cursor", "str | None", "None")];
    let version = Parameter::keyword("expected_version", "int | None", "None");
    let streamed = [&filter[..], &[order]].concat();
    let listed = [&streamed[..], &page].concat();
    let update = [vec![id.clone(), version], patch(model, entity)?].concat();
    let rows = Parameter::required("rows", format!("Iterable[New{entity}]"));
    let calls = [
        ("create", new(model, entity, Place::Parameter)?, entity.to_owned()),
        ("create_many", vec![rows], "builtins.list[int]".to_owned()),
        ("get", vec![id.clone()], entity.to_owned()),
        ("find", vec![id.clone()], format!("{entity} | None")),
        ("get_many", vec![Parameter::required("ids", "Iterable[int]")], format!("builtins.list[{entity}]")),
        ("list", listed, format!("Page[{entity}]")),
        ("stream", streamed, format!("Rows[{entity}]")),
        ("count", filter, "int".to_owned()),
        ("update", update, entity.to_owned()),
        ("delete", vec![id], "None".to_owned()),
    ];
    let call = |(name, parameters, returns): (&str, _, _)| Call {
        name: name.to_owned(),
        docs: Vec::new(),
        parameters,
        returns,
    };
    Ok(calls.into_iter().map(call).collect())
}

/// Lists the fields of a new row.
pub(super) fn new(model: &Model, entity: &str, place: Place) -> Result<Vec<Parameter>, String> {
    let input = model.get(&format!("New{entity}"))?;
    let mut parameters = Vec::new();
    for field in &input.fields {
        if field.kind == Kind::Named("Credential".to_owned()) {
            for name in ["password", "password_hash"] {
                let either = ": `password` or `password_hash` must be given";
                let docs = field.docs.iter().map(|line| sentence(line, either)).collect();
                parameters.push(Parameter { docs, ..Parameter::keyword(name, "str | None", "None") });
            }
            continue;
        }
        let kind = python_type(model, &field.kind, place)?;
        let given = if model.entities().is_required(&input.name, &field.rust) {
            Parameter::required(&field.name, kind)
        } else {
            Parameter::keyword(&field.name, kind, default(model, field)?)
        };
        parameters.push(Parameter { docs: field.docs.clone(), of: field.kind.clone(), ..given });
    }
    Ok(parameters)
}

/// Writes the default of a field of a new row.
fn default(model: &Model, field: &Field) -> Result<String, String> {
    let none = || format!("{} has no default in Python", field.name);
    match &field.kind {
        Kind::Optional(_) => Ok("None".to_owned()),
        Kind::Many(_) => Ok("()".to_owned()),
        Kind::Named(name) if model.is_labels(name) => {
            let label = model.labels(name)?.default.as_ref().ok_or_else(none)?;
            Ok(format!("'{label}'"))
        }
        _ => Err(none()),
    }
}

/// Lists the fields of a change. Those that the row may be without can be cleared.
fn patch(model: &Model, entity: &str) -> Result<Vec<Parameter>, String> {
    let row = model.get(entity)?;
    let parameter = |field: &Field| {
        let Kind::Patch(held) = &field.kind else { return Err(format!("{} is no change", field.name)) };
        let mut kind = python_type(model, held, Place::Parameter)?;
        if matches!(stored(row, field)?.kind, Kind::Optional(_) | Kind::Many(_)) {
            kind += " | None";
        }
        Ok(Parameter { docs: field.docs.clone(), ..Parameter::keyword(&field.name, kind, "...") })
    };
    model.get(&format!("{entity}Patch"))?.fields.iter().map(parameter).collect()
}

/// Lists the conditions of a filter.
fn filter(model: &Model, entity: &str) -> Result<Vec<Parameter>, String> {
    let row = model.get(entity)?;
    let mut parameters = Vec::new();
    for field in &model.get(&format!("{entity}Filter"))?.fields {
        // A filter names its fields as Rust does; outside they are called as the row's.
        let name = stored(row, field).map_or(&field.name, |stored| &stored.name);
        let mut condition =
            |name: &str, kind: String, default| parameters.push(Parameter::keyword(name, kind, default));
        let held = match &field.kind {
            Kind::Optional(held) => held,
            kind => kind,
        };
        match held {
            Kind::Range(_) | Kind::Named(_) if ends(held).is_some() => {
                let kind = python_type(model, ends(held).unwrap_or(held), Place::Parameter)?;
                for end in ["since", "until"] {
                    condition(&format!("{name}_{end}"), format!("{kind} | None"), "None");
                }
            }
            Kind::Named(kind) if kind == "Assignee" => {
                condition(name, "int | Iterable[int] | None".to_owned(), "None");
                condition("unassigned", "bool".to_owned(), "False");
            }
            Kind::Many(held) => {
                let kind = python_type(model, held, Place::Parameter)?;
                condition(name, format!("{kind} | Iterable[{kind}] | None"), "None");
            }
            held => {
                let kind = python_type(model, held, Place::Parameter)?;
                condition(name, format!("{kind} | None"), "None");
            }
        }
    }
    Ok(parameters)
}

/// Returns what the ends of a range are.
fn ends(kind: &Kind) -> Option<&Kind> {
    match kind {
        Kind::Range(held) => Some(held),
        Kind::Named(name) if name == "DayRange" => Some(&Kind::Day),
        _ => None,
    }
}

/// Returns the field of a row that an input's field is about.
fn stored<'m>(row: &'m Struct, field: &Field) -> Result<&'m Field, String> {
    let found = row.fields.iter().find(|stored| stored.rust == field.rust);
    found.ok_or_else(|| format!("{} has no field {}", row.name, field.rust))
}

/// Writes the type of an order: each value, and with a `-` the other way round.
fn order(model: &Model, entity: &str) -> Result<String, String> {
    let labels = &model.labels(&format!("{entity}OrderBy"))?.values;
    let values: Vec<_> = labels.iter().map(|label| format!("\"{label}\", \"-{label}\"")).collect();
    Ok(format!("Literal[{}]", values.join(", ")))
}

/// Reads a call that only one class has.
fn special(model: &Model, part: &str, method: Method) -> Result<Call, String> {
    let mut parameters: Vec<Parameter> = Vec::new();
    let is_query = |kind: &Kind| matches!(kind, Kind::Named(name) if name.ends_with("Query"));
    let queries = method.parameters.iter().filter(|parameter| is_query(&parameter.kind)).count();
    for parameter in &method.parameters {
        match &parameter.kind {
            Kind::Named(query) if is_query(&parameter.kind) => {
                for field in &model.get(query)?.fields {
                    let is_known = parameters.iter().any(|known| known.name == field.name);
                    // A cursor belongs to one list.
                    if !is_known && (queries == 1 || field.name != "cursor") {
                        let kind = python_type(model, &field.kind, Place::Query)?;
                        parameters.push(Parameter::required(&field.name, kind));
                    }
                }
            }
            kind => {
                let name = outer_name(&parameter.name, kind);
                let default = defaults(&format!("{part}.{}", method.name), &name);
                let given = Parameter::required(&name, python_type(model, kind, Place::Parameter)?);
                let validated = parameter.validated;
                parameters.push(Parameter { default, of: kind.clone(), validated, ..given });
            }
        }
    }
    let returns =
        method.returns.map_or(Ok("None".to_owned()), |kind| python_type(model, &kind, Place::Record))?;
    Ok(Call { name: method.name, docs: method.docs, parameters, returns })
}

/// Names a parameter in Python, where no type says that it is a password.
fn outer_name(name: &str, kind: &Kind) -> String {
    match kind {
        Kind::Named(password) if password == "Password" && name != "password" => format!("{name}_password"),
        _ => name.to_owned(),
    }
}

/// Returns the default of a parameter that Rust's callers have to give.
fn defaults(call: &str, parameter: &str) -> Option<String> {
    match (call, parameter) {
        ("customers.overview", "recent") => Some("10".to_owned()),
        _ => None,
    }
}
