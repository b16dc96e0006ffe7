//! Phone numbers, as people write them.

use crate::ViolationCode;
use crate::text::{self, Lines, is_invisible, trim};
use crate::validation::Broken;

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
    let mut plain = String::with_capacity(number.len());
    for c in number.chars().filter(|&c| !is_invisible(c)) {
        let after_digit = plain.ends_with(|c: char| c.is_ascii_digit());
        plain.push(match c {
            ' '..='~' => c,
            _ if c.is_whitespace() => ' ',
            _ if DASHES.contains(c) || (after_digit && is_long_vowel(c)) => '-',
            _ => digit(c).unwrap_or(c),
        });
    }
    plain
}

/// The dashes of Unicode, and five signs that people use as one: modifier minus, hyphen bullet, minus, box drawing.
const DASHES: &str = "-\u{58a}\u{5be}\u{1400}\u{1806}\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}\u{2e17}\u{2e1a}\
                      \u{2e3a}\u{2e3b}\u{2e40}\u{2e5d}\u{301c}\u{3030}\u{30a0}\u{fe31}\u{fe32}\u{fe58}\u{fe63}\u{ff0d}\
                      \u{10d6e}\u{10ead}\u{2d7}\u{2043}\u{2212}\u{2500}\u{2501}";

/// Tells the Japanese marks of a long vowel, which stand for a dash between digits.
const fn is_long_vowel(c: char) -> bool {
    matches!(c, '\u{30fc}' | '\u{ff70}')
}

/// Returns the ASCII digit for a decimal digit of any script.
fn digit(c: char) -> Option<char> {
    let zero = ZEROS[..ZEROS.partition_point(|&zero| zero <= c)].last()?;
    char::from_digit(u32::from(c) - u32::from(*zero), 10)
}

/// The zeros of all scripts in the order of code points; the other nine digits follow each.
const ZEROS: &[char] = &[
    '\u{30}',
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{de6}',
    '\u{e50}',
    '\u{ed0}',
    '\u{f20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17e0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19d0}',
    '\u{1a80}',
    '\u{1a90}',
    '\u{1b50}',
    '\u{1bb0}',
    '\u{1c40}',
    '\u{1c50}',
    '\u{a620}',
    '\u{a8d0}',
    '\u{a900}',
    '\u{a9d0}',
    '\u{a9f0}',
    '\u{aa50}',
    '\u{abf0}',
    '\u{ff10}',
    '\u{104a0}',
    '\u{10d30}',
    '\u{10d40}',
    '\u{11066}',
    '\u{110f0}',
    '\u{11136}',
    '\u{111d0}',
    '\u{112f0}',
    '\u{11450}',
    '\u{114d0}',
    '\u{11650}',
    '\u{116c0}',
    '\u{116d0}',
    '\u{116da}',
    '\u{11730}',
    '\u{118e0}',
    '\u{11950}',
    '\u{11bf0}',
    '\u{11c50}',
    '\u{11d50}',
    '\u{11da0}',
    '\u{11f50}',
    '\u{16130}',
    '\u{16a60}',
    '\u{16ac0}',
    '\u{16b50}',
    '\u{16d70}',
    '\u{1ccf0}',
    '\u{1d7ce}',
    '\u{1d7d8}',
    '\u{1d7e2}',
    '\u{1d7ec}',
    '\u{1d7f6}',
    '\u{1e140}',
    '\u{1e2f0}',
    '\u{1e4f0}',
    '\u{1e5f1}',
    '\u{1e950}',
    '\u{1fbf0}',
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::class;

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
    fn the_digits_and_dashes_are_those_of_unicode() {
        let (digits, dashes, alike) =
            (class(r"\p{Nd}"), class(r"\p{Pd}"), "\u{2d7}\u{2043}\u{2212}\u{2500}\u{2501}");
        for c in '\0'..=char::MAX {
            assert_eq!(digit(c).is_some(), digits.contains(&c), "{}", text::shown(c));
            assert_eq!(DASHES.contains(c), dashes.contains(&c) || alike.contains(c), "{}", text::shown(c));
        }
        assert!(ZEROS.is_sorted());
        assert_eq!(digit('\u{1d7ff}'), Some('9'));
    }
}
