//! The operations of the reports, and those that only one repository has.

use std::collections::BTreeMap;

use syn::{
    FnArg, GenericArgument, ItemTrait, Pat, PathArguments, PathSegment, ReturnType, Signature, TraitItem,
    Type, TypeParamBound,
};

use super::super::kind::Kind;
use super::{Model, docs};

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
    /// What a handle hands out, with the trait of each, as the list of entities has it.
    handed_out: Vec<(String, String)>,
}

impl Found {
    /// Reads the list of entities, whose lines are `leads: Lead, LeadRepository, MockLeadRepository;`.
    pub(super) fn add_list(&mut self, text: &str) {
        for line in text.split(';') {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let [.., name, ":", _, ",", declared, ",", _] = words[..] {
                self.handed_out.push((name.to_owned(), declared.to_owned()));
            }
        }
    }

    pub(super) fn add_trait(&mut self, item: ItemTrait) {
        self.traits.insert(item.ident.to_string(), item);
    }
}

impl Model {
    /// Lists what a handle hands out, in the order of the list of entities.
    pub(in crate::generate) fn operations(&self) -> Result<Vec<Operations>, String> {
        if self.found.handed_out.is_empty() {
            return Err("crm-core has no macro with_entities that lists the entities".to_owned());
        }
        let reports = ("reports".to_owned(), "Reports".to_owned());
        self.found
            .handed_out
            .iter()
            .chain([&reports])
            .map(|(name, declared)| self.read_operations(name, declared))
            .collect()
    }

    fn operations_trait(&self, name: &str) -> Result<&ItemTrait, String> {
        self.found.traits.get(name).ok_or_else(|| format!("crm-core has no public trait {name}"))
    }

    fn read_operations(&self, name: &str, declared: &str) -> Result<Operations, String> {
        let at = |error| format!("{declared}: {error}");
        let declared = self.operations_trait(declared)?;
        let methods = methods(declared).map(|(docs, method)| Method::read(docs, method));
        Ok(Operations {
            docs: docs(&declared.attrs),
            entity: declared.supertraits.iter().find_map(entity),
            methods: methods.collect::<Result<_, _>>().map_err(at)?,
            name: name.to_owned(),
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
