//! The entities and the types of their inputs, as crm-core's `impl Entity for …` declares them.

use std::collections::BTreeMap;

use syn::{FnArg, ImplItem, ItemImpl, Pat, Type};

use super::model::{Model, Struct};

/// What the sources implement: [`Entity`](Self::list) for some types, and constructors of inputs.
#[derive(Default)]
pub(super) struct Entities {
    found: Vec<Entity>,
    /// The parameters of each type's `new`: the fields that must be given.
    constructors: BTreeMap<String, Vec<String>>,
}

/// An entity, by the names of its types.
pub(super) struct Entity {
    pub(super) name: String,
    types: BTreeMap<String, String>,
}

impl Entities {
    /// Keeps what an `impl` declares.
    pub(super) fn add(&mut self, item: &ItemImpl) -> Result<(), String> {
        let Some(name) = name_of(&item.self_ty) else { return Ok(()) };
        match &item.trait_ {
            Some((_, path, _)) if path.is_ident("Entity") => {
                let mut types = BTreeMap::new();
                for item in &item.items {
                    if let ImplItem::Type(item) = item {
                        let named = name_of(&item.ty).ok_or(format!("{name}: {} has no name", item.ident))?;
                        types.insert(item.ident.to_string(), named);
                    }
                }
                self.found.push(Entity { name, types });
            }
            None => {
                let new = item.items.iter().find_map(|item| match item {
                    ImplItem::Fn(method) if method.sig.ident == "new" => Some(&method.sig.inputs),
                    _ => None,
                });
                if let Some(inputs) = new {
                    let parameters = inputs.iter().filter_map(parameter).collect();
                    self.constructors.insert(name, parameters);
                }
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// Lists the entities in the order of `EntityKind`.
    pub(super) fn list(&self, model: &Model) -> Result<Vec<&Entity>, String> {
        let kinds = &model.labels("EntityKind")?.values;
        let named = |kind: &String| {
            let found = self.found.iter().find(|entity| entity.name.to_lowercase() == *kind);
            found.ok_or_else(|| format!("nothing implements Entity as {kind}"))
        };
        kinds.iter().map(named).collect()
    }

    /// Tells whether an input's field must be given.
    pub(super) fn is_required(&self, input: &str, field: &str) -> bool {
        self.constructors.get(input).is_some_and(|parameters| parameters.iter().any(|name| name == field))
    }
}

impl Entity {
    /// Returns the struct that is the entity's `New`, `Patch` or `Filter`.
    pub(super) fn input<'m>(&self, model: &'m Model, which: &str) -> Result<&'m Struct, String> {
        model.get(self.named(which)?)
    }

    /// Returns the name of one of the entity's types.
    pub(super) fn named(&self, which: &str) -> Result<&str, String> {
        let named = self.types.get(which).ok_or_else(|| format!("{} has no {which}", self.name))?;
        Ok(named)
    }
}

fn name_of(kind: &Type) -> Option<String> {
    match kind {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

fn parameter(input: &FnArg) -> Option<String> {
    match input {
        FnArg::Typed(input) => match &*input.pat {
            Pat::Ident(name) => Some(name.ident.to_string()),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    }
}
