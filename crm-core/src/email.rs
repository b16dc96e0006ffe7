//! Email addresses.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::validation::Broken;
use crate::{Error, Result, ViolationCode};

/// Is an email address: `local@domain.tld`, nothing around it.
///
/// The grammar is the one that browsers use for `<input type=email>` (WHATWG HTML, "valid e-mail address"), plus a dot
/// in the domain and the lengths of RFC 5321: 64 before the `@`, 254 in all. International domains are written in
/// their ASCII form (`xn--…`). The spelling is kept; users are compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Limits the whole address, in characters.
    pub const MAX: usize = 254;

    /// Returns the address as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes an address as a database holds it, where other programs than this library may have written it.
    #[must_use]
    pub const fn from_stored(stored: String) -> Self {
        Self(stored)
    }

    /// Trims the text in place and checks it; an empty text passes, its field says what that means.
    pub(crate) fn normalise(text: &mut String) -> Result<(), Broken> {
        let trimmed = text.trim();
        if trimmed.len() != text.len() {
            *text = trimmed.to_owned();
        }
        if text.is_empty() || is_address(text) {
            return Ok(());
        }
        let length = text.chars().count();
        Err(if length > Self::MAX {
            Broken::new(
                ViolationCode::TooLong,
                format!("must have at most {} characters, not {length}", Self::MAX),
            )
        } else {
            Broken::new(ViolationCode::InvalidEmail, "must be an email address such as ann@example.com")
        })
    }
}

fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let local_ok = (1..=64).contains(&local.len())
        && local.bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b));
    let label_ok = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= Email::MAX && local_ok && domain.contains('.') && domain.split('.').all(label_ok)
}

impl FromStr for Email {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut text = text.to_owned();
        match Self::normalise(&mut text) {
            Ok(()) if text.is_empty() => {
                Err(Broken::new(ViolationCode::Required, "must have a value").on("email"))
            }
            Ok(()) => Ok(Self(text)),
            Err(broken) => Err(broken.on("email")),
        }
    }
}

impl AsRef<str> for Email {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Deref for Email {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Email {
    /// Compares the spelling, case included.
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Email {
    /// Compares the spelling, case included.
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_texts() {
        for good in ["a@b.c", "Ann.O'Hara+crm@mail.example.com", "x@xn--mnchen-3ya.de", " a@b.co\n"] {
            assert_eq!(good.parse::<Email>().unwrap().as_str(), good.trim());
        }
        let bad = [
            "a",
            "a@b",
            "@b.c",
            "a@",
            "a@b..c",
            "a@-b.c",
            "a b@c.d",
            "<a@b.c>",
            "a@b.c, d@e.f",
            "\u{e4}@b.c",
            "a\0@b.c",
        ];
        for bad in bad {
            assert_eq!(
                bad.parse::<Email>().unwrap_err().violations()[0].code,
                ViolationCode::InvalidEmail,
                "{bad}"
            );
        }
    }

    #[test]
    fn addresses_have_at_most_254_characters() {
        let domain = format!("{}.{}.{}.com", "d".repeat(63), "d".repeat(63), "d".repeat(58));
        let longest = format!("{}@{domain}", "l".repeat(254 - 1 - domain.len()));
        assert_eq!(longest.len(), 254);
        assert!(longest.parse::<Email>().is_ok());
        let error = format!("l{longest}").parse::<Email>().unwrap_err();
        assert_eq!(error.violations()[0].code, ViolationCode::TooLong);
    }
}
