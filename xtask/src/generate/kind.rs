//! The kinds of values that fields hold.

use syn::{GenericArgument, PathArguments, Type};

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A key, by the name of its type: `LeadId`.
    Id(String),
    Integer,
    Flag,
    Text,
    Email,
    /// An amount with two decimals.
    Money,
    Moment,
    Day,
    Optional(Box<Kind>),
    Many(Box<Kind>),
    Page(Box<Kind>),
    /// A change: a value, nothing, or neither.
    Patch(Box<Kind>),
    /// A range from `since` to `until`.
    Range(Box<Kind>),
    /// A struct or an enum of crm-core, by its name.
    Named(String),
    /// A type that only Rust has, such as a tuple.
    Foreign,
}

impl Kind {
    /// Returns the kind of the value that an optional field or a change holds; any other kind is its own.
    pub(super) fn held(&self) -> &Self {
        match self {
            Self::Optional(held) | Self::Patch(held) => held,
            kind => kind,
        }
    }

    /// Reads a type.
    pub(super) fn read(kind: &Type) -> Result<Self, String> {
        let Type::Path(path) = kind else { return Ok(Self::Foreign) };
        let last = path.path.segments.last().ok_or("a type has a name")?;
        let name = last.ident.to_string();
        let held = || match &last.arguments {
            PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
                Some(GenericArgument::Type(held)) => Self::read(held).map(Box::new),
                _ => Err(format!("{name} holds no type")),
            },
            _ => Err(format!("{name} holds no type")),
        };
        Ok(match name.as_str() {
            "Option" => Self::Optional(held()?),
            "Vec" => Self::Many(held()?),
            "Page" => Self::Page(held()?),
            "Patch" => Self::Patch(held()?),
            "Range" => Self::Range(held()?),
            "String" => Self::Text,
            "Email" => Self::Email,
            "Decimal" => Self::Money,
            "DateTime" => Self::Moment,
            "NaiveDate" => Self::Day,
            "bool" => Self::Flag,
            "i64" | "i32" | "u32" | "usize" => Self::Integer,
            _ if name.ends_with("Id") => Self::Id(name),
            _ => Self::Named(name),
        })
    }
}
