//! Email addresses.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use unicode_normalization::char::is_combining_mark;

use crate::errors::Broken;
use crate::values::text::{self, is_format, is_invisible, is_joiner, shown};
use crate::{Error, Result, ViolationCode};

/// An email address: `local@domain.tld`, nothing around it.
///
/// The grammar is the one that browsers use for `<input type=email>` (WHATWG HTML, "valid e-mail address"), plus the
/// letters of all scripts before and after the `@` (RFC 6531), a dot in the domain, and the lengths of RFC 5321: 64
/// characters before the `@`, 254 in all. The case is kept, and a domain is not brought into its ASCII form
/// (`xn--…`). All emails compare without regard to ASCII case.
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

    /// Returns the form in which validation stores an email: composed (NFC), trimmed, and without invisible characters.
    /// A filter compares with this form and with the text as it was given.
    #[must_use]
    pub fn stored_form(text: &str) -> Cow<'_, str> {
        let tidied = text::tidied(text);
        if tidied.is_ascii() || !tidied.contains(is_format) {
            return tidied;
        }
        let mut visible = String::with_capacity(tidied.len());
        for c in tidied.chars() {
            // A joiner is part of the spelling within words of some scripts.
            let joins = is_joiner(c) && visible.ends_with(|before: char| !before.is_ascii());
            if joins || !is_format(c) {
                visible.push(c);
            }
        }
        Cow::Owned(text::tidied(&visible).into_owned())
    }

    /// Tells whether a filter's email is the one that is stored: as given or in its stored form, without regard to ASCII
    /// case.
    pub(crate) fn is_sought_by(&self, given: &str) -> bool {
        self.eq_ignore_ascii_case(given) || self.eq_ignore_ascii_case(&Self::stored_form(given))
    }

    /// Brings the text into its stored form in place and checks it. An empty text passes: its field says what that means.
    pub(crate) fn normalise(text: &mut String) -> Result<(), Broken> {
        text::replace(text, Self::stored_form);
        if text.is_empty() { Ok(()) } else { check(text) }
    }
}

/// Checks an address, and says which part is wrong.
fn check(address: &str) -> Result<(), Broken> {
    let length = address.chars().count();
    if length > Email::MAX {
        let message = format!("must have at most {} characters, not {length}", Email::MAX);
        return Err(Broken::new(ViolationCode::TooLong, message));
    }
    let parts = address.rsplit_once('@').ok_or_else(|| "it has no @".to_owned());
    parts.and_then(|(local, domain)| check_local(local).and_then(|()| check_domain(domain))).map_err(
        |wrong| {
            Broken::new(
                ViolationCode::InvalidEmail,
                format!("must be an email address such as ann@example.com: {wrong}"),
            )
        },
    )
}

fn check_local(local: &str) -> Result<(), String> {
    const MAX: usize = 64;
    if local.is_empty() {
        return Err("there is nothing before the @".to_owned());
    }
    if let Some(wrong) = local.chars().find(|&c| !is_of_local(c)) {
        return Err(format!("the part before the @ must not hold {}", shown(wrong)));
    }
    let length = if local.len() > MAX { local.chars().count() } else { 0 };
    if length > MAX {
        return Err(format!("the part before the @ must have at most {MAX} characters, not {length}"));
    }
    Ok(())
}

fn check_domain(domain: &str) -> Result<(), String> {
    const MAX: usize = 63;
    let wrong = |what: &str| Err(what.to_owned());
    if domain.is_empty() {
        return wrong("there is no domain after the @");
    }
    if let Some(wrong) = domain.chars().find(|&c| c != '.' && !is_of_domain(c)) {
        return Err(format!("the domain after the @ must not hold {}", shown(wrong)));
    }
    if !domain.contains('.') {
        return wrong("the domain after the @ must have a dot");
    }
    for label in domain.split('.') {
        if label.is_empty() {
            return wrong("the domain after the @ must not begin or end with a dot, or have two in a row");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return wrong("no part of the domain after the @ may begin or end with a hyphen");
        }
        if label.len() > MAX && label.chars().count() > MAX {
            return Err(format!("each part of the domain after the @ must have at most {MAX} characters"));
        }
    }
    Ok(())
}

fn is_of_local(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    }
    let is_selector = matches!(c, '\u{fe00}'..='\u{fe0f}');
    !c.is_control() && !c.is_whitespace() && (!is_invisible(c) || is_joiner(c) || is_selector)
}

/// Tells the letters, digits and marks of all scripts, and the five signs that names of domains may have (RFC 5892).
fn is_of_domain(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '-';
    }
    let is_sign = matches!(c, '\u{b7}' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{30fb}');
    is_joiner(c) || is_sign || ((c.is_alphanumeric() || is_combining_mark(c)) && !is_invisible(c))
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
    fn addresses_are_taken_in_all_scripts_and_stored_as_written() {
        for good in [
            "a@b.c",
            "Ann.O'Hara+crm@mail.example.com",
            "x@xn--mnchen-3ya.de",
            " a@b.co\n",
            "jens.br\u{f6}mmel@m\u{fc}ller.example",
            "\u{738b}\u{5c0f}\u{660e}@example.org",
            "\u{43e}\u{43b}\u{44c}\u{433}\u{430}@\u{43f}\u{440}\u{438}\u{43c}\u{435}\u{440}.\u{440}\u{444}",
            // Marks that are no letters, and a joiner within a word.
            "x@\u{e44}\u{e17}\u{e22}\u{e25}\u{e31}\u{e01}\u{e29}\u{e13}\u{e4c}.\u{e44}\u{e17}\u{e22}",
            "\u{639}\u{644}\u{6cc}\u{200c}\u{631}\u{636}\u{627}@\u{645}\u{62b}\u{627}\u{644}.\u{627}\u{6cc}",
            "\u{2764}\u{fe0f}@example.com",
        ] {
            assert_eq!(good.parse::<Email>().unwrap().as_str(), good.trim());
        }
    }

    #[test]
    fn invisible_characters_go_and_letters_are_composed() {
        for (given, stored) in [
            ("o.shevchuk@example.com\u{200b}", "o.shevchuk@example.com"),
            ("info@donau\u{ad}dampfer.example", "info@donaudampfer.example"),
            ("\u{feff}\u{202a}ann@example.com\u{202c}", "ann@example.com"),
            ("zoe\u{200b}\u{308}@example.com", "zo\u{eb}@example.com"),
            ("a\u{200d}nn@example.com", "ann@example.com"),
        ] {
            assert_eq!(given.parse::<Email>().unwrap().as_str(), stored);
        }
    }

    #[test]
    fn the_message_says_which_part_is_wrong() {
        let long = format!("{}@b.co", "a".repeat(65));
        for (bad, wrong) in [
            ("a", "it has no @"),
            ("anna at work", "it has no @"),
            ("@b.c", "there is nothing before the @"),
            ("a@", "there is no domain after the @"),
            ("a b@c.d", "the part before the @ must not hold U+0020"),
            ("<a@b.c>", "the part before the @ must not hold '<' (U+003C)"),
            ("a@b.c, d@e.f", "the part before the @ must not hold '@' (U+0040)"),
            ("a\0@b.c", "the part before the @ must not hold U+0000"),
            ("a\u{a0}b@c.d", "the part before the @ must not hold U+00A0"),
            ("a\u{3164}@c.d", "the part before the @ must not hold U+3164"),
            (&long, "the part before the @ must have at most 64 characters, not 65"),
            ("a@b", "the domain after the @ must have a dot"),
            ("a@b..c", "the domain after the @ must not begin or end with a dot, or have two in a row"),
            ("a@-b.c", "no part of the domain after the @ may begin or end with a hyphen"),
            ("a@b_c.d", "the domain after the @ must not hold '_' (U+005F)"),
            ("\u{201e}a@b.com\u{201c}", "the domain after the @ must not hold '\u{201c}' (U+201C)"),
            ("a@example\u{3002}com", "the domain after the @ must not hold '\u{3002}' (U+3002)"),
        ] {
            let error = bad.parse::<Email>().unwrap_err();
            let [violation] = error.violations() else { panic!("{error}") };
            assert_eq!(violation.code, ViolationCode::InvalidEmail, "{bad}");
            assert_eq!(
                violation.message,
                format!("must be an email address such as ann@example.com: {wrong}")
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
