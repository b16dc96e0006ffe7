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
