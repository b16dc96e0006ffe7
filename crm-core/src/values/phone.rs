//! Phone numbers, as people write them.

use crate::ViolationCode;
use crate::errors::Broken;
use crate::values::letters::digit;
use crate::values::text::{self, Lines, is_invisible, trim};

/// Limits a phone number, in characters.
const MAX: usize = 50;

/// Normalises the number in place: spaces, dashes and digits of all kinds become those of ASCII, and invisible
/// characters go. What else is written stays, for example words for an extension in any language.
pub(crate) fn normalise(number: &mut String) -> Result<(), Broken> {
    // A control character is left for the text's rule to refuse, which names its place.
    if !number.is_ascii() && !trim(number).contains(is_refused) {
        *number = in_ascii(number);
    }
    text::normalise(number, Lines::One, MAX)
}

/// Checks that a number that is not empty has enough digits.
pub(crate) fn check(number: &str) -> Result<(), Broken> {
    if number.bytes().filter(u8::is_ascii_digit).count() >= 3 {
        return Ok(());
    }
    let message = "must be a phone number with at least 3 digits, such as +1-555-0123";
    Err(Broken::new(ViolationCode::InvalidPhone, message))
}

fn is_refused(c: char) -> bool {
    c.is_control() && c != '\t'
}

fn in_ascii(number: &str) -> String {
    with_dashes(number.chars().filter(|&c| !is_invisible(c)).map(|c| match c {
        ' '..='~' => c,
        _ if c.is_whitespace() => ' ',
        _ if DASHES.contains(c) => '-',
        _ => c,
    }))
}

/// Collects characters with the digits of ASCII, and with a dash for each mark of a long vowel after a digit.
pub(crate) fn with_dashes(chars: impl Iterator<Item = char>) -> String {
    let mut after_digit = false;
    let plain = |c| {
        let plain = if after_digit && is_long_vowel(c) { '-' } else { digit(c).unwrap_or(c) };
        after_digit = plain.is_ascii_digit();
        plain
    };
    chars.map(plain).collect()
}

/// The dashes of Unicode, and five signs that people use as one: modifier minus, hyphen bullet, minus, box drawing.
const DASHES: &str = "-\u{58a}\u{5be}\u{1400}\u{1806}\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}\u{2e17}\u{2e1a}\
                      \u{2e3a}\u{2e3b}\u{2e40}\u{2e5d}\u{301c}\u{3030}\u{30a0}\u{fe31}\u{fe32}\u{fe58}\u{fe63}\u{ff0d}\
                      \u{10d6e}\u{10ead}\u{2d7}\u{2043}\u{2212}\u{2500}\u{2501}";

/// Tells the Japanese marks of a long vowel, which stand for a dash between digits.
const fn is_long_vowel(c: char) -> bool {
    matches!(c, '\u{30fc}' | '\u{ff70}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::text::tests::class;

    fn normalised(number: &str) -> Result<String, ViolationCode> {
        let mut number = number.to_owned();
        let checked = normalise(&mut number).and_then(|()| check(&number));
        checked.map(|()| number).map_err(|Broken(code, _)| code)
    }

    #[test]
    fn what_people_write_is_accepted_and_kept() {
        for good in [
            "+1-555-0123",
            "(030) 123 45.67",
            "555 0123 ext. 12",
            "0123/456x7",
            "110",
            "1-800-555-CAKE",
            "*100#",
            "+49 40 66969 123 Durchwahl 12",
            "+86 10 5550 0123 \u{8f6c} 8",
            "555 0123 or so",
        ] {
            assert_eq!(normalised(good).as_deref(), Ok(good));
        }
        for bad in ["12", "call me", "()-", "unbekannt", "\u{2460}\u{2461}\u{2462}"] {
            assert_eq!(normalised(bad), Err(ViolationCode::InvalidPhone), "{bad}");
        }
        assert_eq!(normalised("555\n0123"), Err(ViolationCode::InvalidCharacters));
        assert_eq!(normalised("\u{ff15}\u{0}\u{ff15}\u{ff15}"), Err(ViolationCode::InvalidCharacters));
        assert_eq!(normalised(&"5".repeat(51)), Err(ViolationCode::TooLong));
    }

    #[test]
    fn invisible_characters_go_and_spaces_dashes_and_digits_become_ascii() {
        for (given, kept) in [
            ("\u{202a}+49 152 28817386\u{202c}", "+49 152 28817386"),
            ("\u{2068}+82\u{a0}10\u{2011}0000\u{2011}1234\u{2069}", "+82 10-0000-1234"),
            ("+353\u{2013}20\u{2014}915\u{2212}0199", "+353-20-915-0199"),
            (
                "\u{ff10}\u{ff13}\u{ff0d}\u{ff15}\u{ff15}\u{3000}\u{5185}\u{7dda} 12",
                "03-55 \u{5185}\u{7dda} 12",
            ),
            ("+\u{662}\u{660} \u{665}\u{665}\u{665}", "+20 555"),
            (
                "03\u{30fc}1234\u{ff70}5678 \u{30bb}\u{30f3}\u{30bf}\u{30fc}",
                "03-1234-5678 \u{30bb}\u{30f3}\u{30bf}\u{30fc}",
            ),
            ("5\u{200b}5\u{ad}5\u{fe0f}", "555"),
            ("\u{feff}555\t\u{663}\u{2028}0123 ", "555 3 0123"),
            ("555\t0123", "555 0123"),
        ] {
            assert_eq!(normalised(given).as_deref(), Ok(kept), "{given:?}");
        }
    }

    #[test]
    fn the_dashes_are_those_of_unicode() {
        let (dashes, alike) = (class(r"\p{Pd}"), "\u{2d7}\u{2043}\u{2212}\u{2500}\u{2501}");
        for c in '\0'..=char::MAX {
            assert_eq!(DASHES.contains(c), dashes.contains(&c) || alike.contains(c), "{}", text::shown(c));
        }
    }
}
