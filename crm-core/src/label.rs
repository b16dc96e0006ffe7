//! Enums that are known outside by a label: entity enums, codes, orders.

/// Declares an enum whose variants have a label, the same in SQL, Python, Node and serde.
///
/// It gets `ALL`, `as_str`, `Display`, `FromStr` (error: `validation`), `Serialize` and `Deserialize`.
macro_rules! labels {
    ($(#[$meta:meta])* $vis:vis enum $name:ident ($field:literal) {
        $($(#[$vmeta:meta])* $variant:ident = $label:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        $vis enum $name {
            $($(#[$vmeta])* #[serde(rename = $label)] $variant,)+
        }

        impl $name {
            /// Lists every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the label by which the value is known in SQL and in every language.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::Error;

            fn from_str(label: &str) -> Result<Self, Self::Err> {
                match label {
                    $($label => Ok(Self::$variant),)+
                    _ => Err(crate::errors::unknown_label($field, label, &[$($label),+])),
                }
            }
        }
    };
}
pub(crate) use labels;
