//! Phone numbers, as people write them.

use crate::ViolationCode;
use crate::validation::Broken;

/// Limits a phone number, in characters.
pub(crate) const MAX: usize = 50;

/// Checks that the text is a number with the usual punctuation and, at the end, perhaps an extension.
pub(crate) fn check(text: &str) -> Result<(), Broken> {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_extension =
        |word: &str| ["x", "ext", "extension"].iter().any(|known| word.eq_ignore_ascii_case(known));
    let words_known = text
        .split(|c: char| c.is_ascii_digit() || is_punctuation(c))
        .all(|word| word.is_empty() || is_extension(word));
    if digits >= 3 && words_known {
        Ok(())
    } else {
        Err(Broken::new(
            ViolationCode::InvalidPhone,
            "must be a phone number with at least 3 digits such as +1-555-0123",
        ))
    }
}

/// Tells the usual punctuation.
const fn is_punctuation(c: char) -> bool {
    matches!(c, ' ' | '#' | '('..='/' | ':' | ';' | '[' | ']' | '\u{a0}' | '\u{2010}'..='\u{2013}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_accepted_and_other_text_is_not() {
        for good in ["+1-555-0123", "(030) 123 45.67", "555 0123 ext. 12", "0123/456x7", "110"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["12", "call me", "+1-555-CALL", "()-", "555 0123 or so"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_usual_punctuation_is_these_characters() {
        let usual = " .-/()[]+*#,;:\u{a0}\u{2010}\u{2011}\u{2012}\u{2013}";
        assert_eq!(('\0'..=char::MAX).filter(|&c| is_punctuation(c)).count(), usual.chars().count());
        assert!(usual.chars().all(is_punctuation));
    }
}
