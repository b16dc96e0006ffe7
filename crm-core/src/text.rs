//! What every text goes through: trimmed, one kind of line end, NFC, no control characters, not too long.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::ViolationCode;
use crate::validation::Broken;

/// Limits a name, a title or a company, in characters.
pub const MAX_LINE: usize = 255;

/// Limits notes and descriptions, in characters.
pub const MAX_PROSE: usize = 100_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Lines {
    One,
    Many,
}

/// Normalises the text in place.
pub(crate) fn normalise(text: &mut String, lines: Lines, max: usize) -> Result<(), Broken> {
    let trimmed = text.trim();
    if trimmed.len() != text.len() {
        *text = trimmed.to_owned();
    }
    // Nearly all texts are plain, which one pass over their bytes tells; those of `compose` decode every character.
    if is_plain(text, lines) { check_length(text, max) } else { compose(text, lines, max) }
}

/// Tells whether nothing but the length can be wrong with the text: it is ASCII without control characters.
fn is_plain(text: &str, lines: Lines) -> bool {
    let many = lines == Lines::Many;
    let plain = |byte: &u8| matches!(byte, b' '..=b'~') || (many && matches!(byte, b'\n' | b'\t'));
    // A piece is looked at to its end, which takes a few instructions; to stop at a byte would take one at a time.
    text.as_bytes().chunks(32).all(|piece| piece.iter().fold(true, |all, byte| all & plain(byte)))
}

/// Does to any trimmed text what a plain one does not need.
fn compose(text: &mut String, lines: Lines, max: usize) -> Result<(), Broken> {
    if text.contains("\r\n") {
        *text = text.replace("\r\n", "\n");
    }
    if !text.is_ascii() && is_nfc_quick(text.chars()) != IsNormalized::Yes {
        *text = text.nfc().collect();
    }
    let forbidden = |c: char| c.is_control() && !(lines == Lines::Many && matches!(c, '\n' | '\t'));
    if text.chars().any(forbidden) {
        let message = match lines {
            Lines::One => "must not hold control characters, line breaks or tabs",
            Lines::Many => "must not hold control characters other than line breaks and tabs",
        };
        return Err(Broken::new(ViolationCode::InvalidCharacters, message));
    }
    check_length(text, max)
}

fn check_length(text: &str, max: usize) -> Result<(), Broken> {
    if text.len() > max {
        let length = text.chars().count();
        if length > max {
            let message = format!("must have at most {max} characters, not {length}");
            return Err(Broken::new(ViolationCode::TooLong, message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn normalised(text: &str, lines: Lines) -> Result<String, ViolationCode> {
        let mut text = text.to_owned();
        normalise(&mut text, lines, 20).map(|()| text).map_err(|Broken(code, _)| code)
    }

    #[test]
    fn texts_are_trimmed_composed_and_get_one_line_end() {
        assert_eq!(normalised(" \u{a0}Zoe\u{308} \n", Lines::One).unwrap(), "Zo\u{eb}");
        assert_eq!(normalised("a\r\nb\tc", Lines::Many).unwrap(), "a\nb\tc");
        assert_eq!(normalised("\u{e9}\r\nb", Lines::Many).unwrap(), "\u{e9}\nb");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_plain_text_becomes_what_the_longer_way_makes_of_it(
            text in "[ -~]{0,40}|[a-z \t\n]{0,70}|[a-c \r\n\t\u{0}-\u{a0}\u{300}-\u{315}\u{e9}]{0,40}|\\PC{0,40}",
            lines in prop_oneof![Just(Lines::One), Just(Lines::Many)],
            max in 0_usize..80,
        ) {
            prop_assert!(both_ways_agree(&text, lines, max));
        }
    }

    #[test]
    fn no_character_is_taken_for_plain_that_is_not() {
        for odd in '\0'..='\u{ff}' {
            for lines in [Lines::One, Lines::Many] {
                assert!(both_ways_agree(&format!("{}{odd}b", "a".repeat(40)), lines, 60), "{odd:?}");
            }
        }
    }

    fn both_ways_agree(text: &str, lines: Lines, max: usize) -> bool {
        let (mut short, mut long) = (text.to_owned(), text.trim().to_owned());
        normalise(&mut short, lines, max) == compose(&mut long, lines, max) && short == long
    }

    #[test]
    fn control_characters_are_refused() {
        for text in ["a\0b", "a\nb", "a\tb", "a\u{85}b", "a\u{7f}"] {
            assert_eq!(normalised(text, Lines::One), Err(ViolationCode::InvalidCharacters), "{text:?}");
        }
        for text in ["a\0b", "a\rb", "a\u{1b}b"] {
            assert_eq!(normalised(text, Lines::Many), Err(ViolationCode::InvalidCharacters), "{text:?}");
        }
    }

    #[test]
    fn length_counts_characters_not_bytes() {
        assert!(normalised(&"\u{e9}".repeat(20), Lines::One).is_ok());
        assert_eq!(normalised(&"\u{e9}".repeat(21), Lines::One), Err(ViolationCode::TooLong));
    }
}
