//! The model: what crm-core's sources declare, read from the sources themselves.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, ExprLit, Fields, Ident, Item, Lit, LitStr, Meta, Token, Visibility};

use super::entities::Entities;
use super::kind::Kind;

mod operations;

pub(super) use operations::{Method, Operations};

/// The declarations of crm-core, each under its name. No two may share one.
#[derive(Default)]
pub(super) struct Model {
    structs: BTreeMap<String, Struct>,
    labels: BTreeMap<String, Labels>,
    entities: Entities,
    /// The names of the structs in the order of the sources.
    order: Vec<String>,
    found: operations::Found,
}

/// A public struct with named fields.
pub(super) struct Struct {
    pub(super) name: String,
    pub(super) docs: Vec<String>,
    pub(super) fields: Vec<Field>,
    serialises: bool,
    generic: bool,
}

/// A public field.
pub(super) struct Field {
    /// The name in Rust, such as `kind`.
    pub(super) rust: String,
    /// The name outside, such as `type`.
    pub(super) name: String,
    pub(super) docs: Vec<String>,
    pub(super) kind: Kind,
    /// Whether the fields of its type stand in its place outside.
    pub(super) flattened: bool,
}

/// An enum whose values have labels.
pub(super) struct Labels {
    pub(super) name: String,
    pub(super) docs: Vec<String>,
    pub(super) values: Vec<String>,
    /// The label of the default value.
    pub(super) default: Option<String>,
}

impl Model {
    /// Reads all sources of a directory, but for its tests and its stores for tests.
    pub(super) fn read(directory: &Path) -> Result<Self, String> {
        let mut model = Self::default();
        for path in sources(directory)? {
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let file = syn::parse_file(&text).map_err(|error| format!("{}: {error}", path.display()))?;
            for item in file.items {
                model.add(item).map_err(|error| format!("{}: {error}", path.display()))?;
            }
        }
        Ok(model)
    }

    fn add(&mut self, item: Item) -> Result<(), String> {
        match item {
            Item::Trait(item) if is_public(&item.vis) => {
                self.found.add_trait(item);
                Ok(())
            }
            Item::Struct(item) if is_public(&item.vis) => {
                let Fields::Named(fields) = item.fields else { return Ok(()) };
                let name = item.ident.to_string();
                let public = fields.named.into_iter().filter(|field| is_public(&field.vis));
                let fields = public.map(|field| Field::read(&name, field)).collect::<Result<_, _>>()?;
                let declared = Struct {
                    docs: docs(&item.attrs),
                    fields,
                    serialises: derives(&item.attrs, "Serialize"),
                    generic: !item.generics.params.is_empty(),
                    name: name.clone(),
                };
                self.order.push(name.clone());
                unique(self.structs.insert(name.clone(), declared).is_none(), &name)
            }
            Item::Macro(item) if item.ident.as_ref().is_some_and(|name| name == "with_entities") => {
                self.found.add_list(&item.mac.tokens.to_string());
                Ok(())
            }
            Item::Macro(item) if item.mac.path.is_ident("labels") => {
                let labels: Labels = item.mac.parse_body().map_err(|error| format!("labels!: {error}"))?;
                let name = labels.name.clone();
                unique(self.labels.insert(name.clone(), labels).is_none(), &name)
            }
            Item::Impl(item) => self.entities.add(&item),
            _ => Ok(()),
        }
    }

    /// Returns the entities and the types that belong to them.
    pub(super) const fn entities(&self) -> &Entities {
        &self.entities
    }

    /// Returns a struct by its name.
    pub(super) fn get(&self, name: &str) -> Result<&Struct, String> {
        self.structs
            .get(name)
            .ok_or_else(|| format!("crm-core has no public struct {name} with named fields"))
    }

    /// Returns the enum with this name.
    pub(super) fn labels(&self, name: &str) -> Result<&Labels, String> {
        self.labels.get(name).ok_or_else(|| format!("crm-core has no labels! of the name {name}"))
    }

    /// Tells what a type's name means.
    pub(super) fn is_labels(&self, name: &str) -> bool {
        self.labels.contains_key(name)
    }

    /// Returns the label that an enum takes when none is given.
    pub(super) fn default_label(&self, name: &str) -> Option<&str> {
        self.labels.get(name)?.default.as_deref()
    }

    /// Lists the enums whose values have labels.
    pub(super) fn label_names(&self) -> impl Iterator<Item = &str> {
        self.labels.keys().map(String::as_str)
    }

    /// Lists the structs that callers are handed: those that serialise. A generic one is written by hand in each language,
    /// and so are the parts of an error.
    pub(super) fn records(&self) -> impl Iterator<Item = &Struct> {
        let structs = self.order.iter().map(|name| &self.structs[name]);
        structs.filter(|one| one.serialises && !one.generic && one.name != "Violation")
    }

    /// Lists the enums that the records use, in the order of their first use.
    pub(super) fn record_labels(&self) -> Result<Vec<&Labels>, String> {
        let mut found: Vec<&str> = Vec::new();
        for field in self.records().flat_map(|record| &record.fields) {
            let held = match &field.kind {
                Kind::Optional(held) | Kind::Many(held) => held,
                kind => kind,
            };
            if let Kind::Named(name) = held
                && self.is_labels(name)
                && !found.contains(&name.as_str())
            {
                found.push(name);
            }
        }
        found.into_iter().map(|name| self.labels(name)).collect()
    }
}

impl Field {
    fn read(owner: &str, field: syn::Field) -> Result<Self, String> {
        let rust = field.ident.map(|name| name.to_string()).unwrap_or_default();
        let at = |error| format!("{owner}.{rust}: {error}");
        let serde = Serde::read(&field.attrs).map_err(|error| at(error.to_string()))?;
        let kind = Kind::read(&field.ty).map_err(at)?;
        let name = serde.rename.unwrap_or_else(|| rust.trim_start_matches("r#").to_owned());
        Ok(Self { name, docs: docs(&field.attrs), kind, flattened: serde.flatten, rust })
    }
}

/// What serde's attributes say of a field.
#[derive(Default)]
struct Serde {
    rename: Option<String>,
    flatten: bool,
}

impl Serde {
    fn read(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut found = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("rename") {
                    found.rename = Some(meta.value()?.parse::<LitStr>()?.value());
                } else if meta.path.is_ident("flatten") {
                    found.flatten = true;
                } else if meta.input.peek(Token![=]) {
                    meta.value()?.parse::<LitStr>()?;
                }
                Ok(())
            })?;
        }
        Ok(found)
    }
}

impl Parse for Labels {
    /// Reads `/// docs` `pub enum Name ("field") { /// docs` `Variant = "label", … }`.
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let docs = docs(&Attribute::parse_outer(input)?);
        input.parse::<Visibility>()?;
        input.parse::<Token![enum]>()?;
        let name = input.parse::<Ident>()?.to_string();
        let (field, variants);
        syn::parenthesized!(field in input);
        field.parse::<LitStr>()?;
        syn::braced!(variants in input);
        let mut default = None;
        let mut values = Vec::new();
        while !variants.is_empty() {
            let attributes = Attribute::parse_outer(&variants)?;
            variants.parse::<Ident>()?;
            variants.parse::<Token![=]>()?;
            let label = variants.parse::<LitStr>()?.value();
            if attributes.iter().any(|attribute| attribute.path().is_ident("default")) {
                default = Some(label.clone());
            }
            values.push(label);
            variants.parse::<Option<Token![,]>>()?;
        }
        Ok(Self { name, docs, values, default })
    }
}

/// Lists the source files below a directory in a fixed order.
fn sources(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let fail = |error| format!("{}: {error}", directory.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path.is_dir() {
            if !path.ends_with("testing") {
                found.append(&mut sources(&path)?);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn unique(first: bool, name: &str) -> Result<(), String> {
    if first { Ok(()) } else { Err(format!("{name} is declared twice")) }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn derives(attributes: &[Attribute], wanted: &str) -> bool {
    let mut found = false;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        // What is no list of paths derives nothing.
        let _ = attribute.parse_nested_meta(|meta| {
            found |= meta.path.is_ident(wanted);
            Ok(())
        });
    }
    found
}

/// Returns the lines of a doc comment.
fn docs(attributes: &[Attribute]) -> Vec<String> {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    };
    attributes.iter().filter_map(line).collect()
}
