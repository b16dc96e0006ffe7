//! The operations of the reports, and those that only one repository has.

use std::collections::BTreeMap;

use syn::{
    FnArg, GenericArgument, ImplItem, ItemImpl, ItemTrait, Pat, PathArguments, PathSegment, ReturnType,
    Signature, TraitItem, Type, TypeParamBound,
};

use super::super::kind::Kind;
use super::{Model, Struct, docs};

/// A trait of operations, as a handle hands it out.
pub(in crate::generate) struct Operations {
    /// The name that the handle gives it: `leads`.
    pub(in crate::generate) name: String,
    pub(in crate::generate) docs: Vec<String>,
    /// The entity whose repository it is.
    pub(in crate::generate) entity: Option<String>,
    /// The methods that only this trait has.
    pub(in crate::generate) methods: Vec<Method>,
}

/// A method of a trait.
pub(in crate::generate) struct Method {
    pub(in crate::generate) name: String,
    pub(in crate::generate) docs: Vec<String>,
    pub(in crate::generate) parameters: Vec<Parameter>,
    /// What it returns when it succeeds.
    pub(in crate::generate) returns: Option<Kind>,
}

/// A parameter of a method.
pub(in crate::generate) struct Parameter {
    pub(in crate::generate) name: String,
    pub(in crate::generate) kind: Kind,
    /// Whether it is a `Valid`, which the caller has to make.
    pub(in crate::generate) validated: bool,
}

/// What the sources declare about operations.
#[derive(Default)]
pub(super) struct Found {
    traits: BTreeMap<String, ItemTrait>,
    /// The parameters of each type's `new`, which are the fields that must be given.
    constructors: BTreeMap<String, Vec<String>>,
}

impl Found {
    pub(super) fn add_trait(&mut self, item: ItemTrait) {
        self.traits.insert(item.ident.to_string(), item);
    }

    pub(super) fn add_constructor(&mut self, item: &ItemImpl) {
        let Some(owner) = last_segment(&item.self_ty) else { return };
        for item in &item.items {
            if let ImplItem::Fn(method) = item
                && method.sig.ident == "new"
            {
                let names = typed(&method.sig).map(|(name, _)| name).collect();
                self.constructors.insert(owner.ident.to_string(), names);
            }
        }
    }
}

impl Model {
    /// Lists what a handle hands out, in the order of the trait `Repositories`.
    pub(in crate::generate) fn operations(&self) -> Result<Vec<Operations>, String> {
        let handle = self.operations_trait("Repositories")?;
        methods(handle).map(|(_, handed_out)| self.read_operations(handed_out)).collect()
    }

    /// Tells whether a field of an input must be given.
    pub(in crate::generate) fn is_required(&self, input: &Struct, field: &str) -> bool {
        self.found.constructors.get(&input.name).is_some_and(|names| names.iter().any(|name| name == field))
    }

    fn operations_trait(&self, name: &str) -> Result<&ItemTrait, String> {
        self.found.traits.get(name).ok_or_else(|| format!("crm-core has no public trait {name}"))
    }

    fn read_operations(&self, handed_out: &Signature) -> Result<Operations, String> {
        let name = handed_out.ident.to_string();
        let at = |error| format!("Repositories::{name}: {error}");
        let Some(Kind::Named(declared)) = returned(handed_out).map_err(at)? else {
            return Err(at("it returns no trait".to_owned()));
        };
        let declared = self.operations_trait(&declared)?;
        let methods = methods(declared).map(|(docs, method)| Method::read(docs, method));
        Ok(Operations {
            docs: docs(&declared.attrs),
            entity: declared.supertraits.iter().find_map(entity),
            methods: methods.collect::<Result<_, _>>().map_err(at)?,
            name: name.clone(),
        })
    }
}

impl Method {
    fn read(docs: Vec<String>, method: &Signature) -> Result<Self, String> {
        let name = method.ident.to_string();
        let at = |error| format!("{name}: {error}");
        let parameter = |(name, kind)| {
            let validated = last_segment(kind).is_some_and(|segment| segment.ident == "Valid");
            Ok(Parameter { name, kind: read(kind)?, validated })
        };
        let parameters = typed(method).map(parameter).collect::<Result<_, String>>().map_err(at)?;
        Ok(Self { docs, parameters, returns: returned(method).map_err(at)?, name })
    }
}

/// Lists the methods of a trait with their docs.
fn methods(item: &ItemTrait) -> impl Iterator<Item = (Vec<String>, &Signature)> {
    item.items.iter().filter_map(|item| match item {
        TraitItem::Fn(method) => Some((docs(&method.attrs), &method.sig)),
        _ => None,
    })
}

/// Lists the parameters of a function, but for `self`.
fn typed(function: &Signature) -> impl Iterator<Item = (String, &Type)> {
    function.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) => match &*input.pat {
            Pat::Ident(name) => Some((name.ident.to_string(), &*input.ty)),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    })
}

/// Returns the entity of a supertrait `Repository<Lead>`.
fn entity(bound: &TypeParamBound) -> Option<String> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    let repository = bound.path.segments.last().filter(|segment| segment.ident == "Repository")?;
    Some(last_segment(held(repository)?)?.ident.to_string())
}

fn returned(function: &Signature) -> Result<Option<Kind>, String> {
    match &function.output {
        ReturnType::Default => Ok(None),
        ReturnType::Type(_, kind) => match read(kind)? {
            // `()` is the only tuple that an operation returns.
            Kind::Foreign => Ok(None),
            kind => Ok(Some(kind)),
        },
    }
}

/// Reads the type of a parameter or a result: what it refers to, and what a `Valid` or a `Result` holds.
fn read(kind: &Type) -> Result<Kind, String> {
    match kind {
        Type::Reference(reference) => read(&reference.elem),
        Type::TraitObject(object) => match object.bounds.first() {
            Some(TypeParamBound::Trait(bound)) => {
                let name = bound.path.segments.last().ok_or("a trait has a name")?;
                Ok(Kind::Named(name.ident.to_string()))
            }
            _ => Err("a trait object has a trait".to_owned()),
        },
        _ => match last_segment(kind) {
            Some(segment) if segment.ident == "Valid" || segment.ident == "Result" => {
                read(held(segment).ok_or("Valid and Result hold a type")?)
            }
            Some(segment) if segment.ident == "str" => Ok(Kind::Text),
            _ => Kind::read(kind),
        },
    }
}

fn last_segment(kind: &Type) -> Option<&PathSegment> {
    match kind {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// Returns the first type between a segment's angle brackets.
fn held(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(kind) => Some(kind),
        _ => None,
    })
}
