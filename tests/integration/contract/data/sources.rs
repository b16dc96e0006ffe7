//! What the sources of the two crates declare, read from the sources themselves.

use std::collections::BTreeMap;
use std::path::Path;

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Fields, FnArg, GenericArgument, Ident, ImplItem, Item, LitStr, Pat, PathArguments, Signature,
    Token, TraitItem, Type, Visibility, braced, parenthesized,
};

/// Is a named value and its type: a field or a parameter.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) kind: Type,
}

/// Is what has been found, each under its name.
#[derive(Default)]
pub(super) struct Sources {
    /// The fields of the structs, those of a flattened struct in its place.
    pub(super) structs: BTreeMap<String, Vec<Named>>,
    /// The labels of the enums that have some.
    pub(super) labels: BTreeMap<String, Vec<String>>,
    /// The methods of the traits and the public ones of the types, with their parameters.
    pub(super) methods: BTreeMap<String, Vec<(String, Vec<Named>)>>,
    /// The variants of the error and their fields.
    pub(super) errors: Vec<(String, Vec<Named>)>,
}

impl Sources {
    /// Reads the sources of crm-core and crm-postgres.
    pub(super) fn read() -> Self {
        let mut found = Self::default();
        for package in ["crm-core", "crm-postgres"] {
            found.folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package).join("src"));
        }
        found
    }

    fn folder(&mut self, folder: &Path) {
        let mut entries: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                // The stores for tests have the same methods again.
                if !path.ends_with("testing") {
                    self.folder(&path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let file = syn::parse_file(&std::fs::read_to_string(&path).unwrap()).unwrap();
                file.items.into_iter().for_each(|item| self.item(item));
            }
        }
    }

    fn item(&mut self, item: Item) {
        match item {
            Item::Struct(item) if is_public(&item.vis) => {
                if let Fields::Named(fields) = item.fields {
                    let fields = fields.named.into_iter().filter(|field| is_public(&field.vis));
                    let fields = fields.map(|field| Named {
                        name: renamed(&field.attrs)
                            .unwrap_or_else(|| field.ident.as_ref().unwrap().to_string()),
                        kind: field.ty,
                    });
                    self.structs.insert(item.ident.to_string(), fields.collect());
                }
            }
            Item::Enum(item) if item.ident == "Error" && is_public(&item.vis) => {
                self.errors = item
                    .variants
                    .into_iter()
                    .map(|variant| {
                        let named = variant.fields.into_iter().map(|field| Named {
                            name: field.ident.map_or_else(String::new, |name| name.to_string()),
                            kind: field.ty,
                        });
                        (variant.ident.to_string(), named.collect())
                    })
                    .collect();
            }
            Item::Trait(item) => {
                let methods = item.items.into_iter().filter_map(|item| match item {
                    TraitItem::Fn(method) => Some(method.sig),
                    _ => None,
                });
                self.methods(&item.ident.to_string(), methods);
            }
            Item::Impl(item) if item.trait_.is_none() => {
                let methods = item.items.into_iter().filter_map(|item| match item {
                    ImplItem::Fn(method) if is_public(&method.vis) && !is_hidden(&method.attrs) => {
                        Some(method.sig)
                    }
                    _ => None,
                });
                self.methods(&head(&item.self_ty), methods);
            }
            Item::Macro(item) if item.mac.path.is_ident("labels") => {
                if let Ok(Labels(name, labels)) = item.mac.parse_body() {
                    self.labels.insert(name, labels);
                }
            }
            _ => {}
        }
    }

    fn methods(&mut self, owner: &str, methods: impl Iterator<Item = Signature>) {
        let methods = methods.map(|method| {
            let parameters = method.inputs.into_iter().filter_map(|input| match input {
                FnArg::Typed(input) => match *input.pat {
                    Pat::Ident(name) => Some(Named { name: name.ident.to_string(), kind: *input.ty }),
                    _ => None,
                },
                FnArg::Receiver(_) => None,
            });
            (method.ident.to_string(), parameters.collect())
        });
        self.methods.entry(owner.to_owned()).or_default().extend(methods);
    }

    /// Returns what `new` of a type is given, which is what must be given.
    pub(super) fn constructor(&self, name: &str) -> Vec<&str> {
        let methods = self.methods.get(name).into_iter().flatten();
        let new = methods.filter(|(method, _)| method == "new").flat_map(|(_, parameters)| parameters);
        new.map(|parameter| parameter.name.as_str()).collect()
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("doc") && attribute.parse_args::<Ident>().is_ok_and(|word| word == "hidden")
    })
}

/// Returns the name that serde gives a field; one that is flattened has none.
fn renamed(attributes: &[Attribute]) -> Option<String> {
    let mut name = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        attribute
            .parse_nested_meta(|meta| {
                if meta.path.is_ident("rename") {
                    name = Some(meta.value()?.parse::<LitStr>()?.value());
                } else if meta.path.is_ident("flatten") {
                    name = Some(String::new());
                } else if meta.input.peek(Token![=]) {
                    meta.value()?.parse::<LitStr>()?;
                }
                Ok(())
            })
            .unwrap();
    }
    name
}

/// Is what stands in `labels! { … }`.
struct Labels(String, Vec<String>);

impl Parse for Labels {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Attribute::parse_outer(input)?;
        input.parse::<Visibility>()?;
        input.parse::<Token![enum]>()?;
        let name = input.parse::<Ident>()?;
        let (field, variants);
        parenthesized!(field in input);
        field.parse::<LitStr>()?;
        braced!(variants in input);
        let label = |input: ParseStream<'_>| {
            Attribute::parse_outer(input)?;
            input.parse::<Ident>()?;
            input.parse::<Token![=]>()?;
            Ok(input.parse::<LitStr>()?.value())
        };
        let labels = Punctuated::<String, Token![,]>::parse_terminated_with(&variants, label)?;
        Ok(Self(name.to_string(), labels.into_iter().collect()))
    }
}

/// Returns the last word of a type's path: `Option` of `Option<Vec<UserId>>`, `Filter` of `&E::Filter`.
pub(super) fn head(kind: &Type) -> String {
    match kind {
        Type::Reference(reference) => head(&reference.elem),
        Type::Path(path) => path.path.segments.last().unwrap().ident.to_string(),
        _ => String::new(),
    }
}

/// Returns what a type holds: `Vec<UserId>` of `Option<Vec<UserId>>`.
pub(super) fn inner(kind: &Type) -> Option<&Type> {
    match kind {
        Type::Reference(reference) => inner(&reference.elem),
        Type::Path(path) => match &path.path.segments.last()?.arguments {
            PathArguments::AngleBracketed(arguments) => {
                arguments.args.iter().find_map(|argument| match argument {
                    GenericArgument::Type(kind) => Some(kind),
                    _ => None,
                })
            }
            _ => None,
        },
        _ => None,
    }
}
