//! The rules that every text goes through: trimmed, one kind of line break, NFC, no control characters, not too long.

use std::borrow::Cow;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::ViolationCode;
use crate::errors::Broken;

/// Limits a name, a title or a company, in characters.
pub const MAX_LINE: usize = 255;

/// Limits notes and descriptions, in characters.
pub const MAX_PROSE: usize = 100_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Lines {
    One,
    Many,
}

/// Normalises the text in place. A refused text stays as it was given.
pub(crate) fn normalise(text: &mut String, lines: Lines, max: usize) -> Result<(), Broken> {
    let trimmed = text.trim();
    // Nearly all texts are plain, which one pass over their bytes tells. `compose` decodes every character.
    if is_plain(trimmed, lines) {
        if trimmed.len() != text.len() {
            *text = trimmed.to_owned();
        }
    } else {
        compose(text, lines)?;
    }
    check_length(text, max)
}

/// Tells whether nothing but the length can be wrong with the text: it is ASCII without control characters.
fn is_plain(text: &str, lines: Lines) -> bool {
    let many = lines == Lines::Many;
    let plain = |byte: &u8| matches!(byte, b' '..=b'~') || (many && matches!(byte, b'\n' | b'\t'));
    // A piece is looked at to its end, which takes a few instructions; to stop at a byte would take one at a time.
    text.as_bytes().chunks(32).all(|piece| piece.iter().fold(true, |all, byte| all & plain(byte)))
}

/// Normalises a text of any characters.
fn compose(text: &mut String, lines: Lines) -> Result<(), Broken> {
    refuse_control_characters(text, lines)?;
    match lines {
        Lines::One => replace(text, stored_text),
        Lines::Many => {
            if text.contains(is_odd_line_break) {
                *text = with_line_feeds(text);
            }
            replace(text, tidied);
        }
    }
    Ok(())
}

/// Replaces a text by what is made of it, unless that is the same.
pub(crate) fn replace(text: &mut String, make: impl FnOnce(&str) -> Cow<'_, str>) {
    match make(text) {
        Cow::Borrowed(same) if same.len() == text.len() => {}
        other => *text = other.into_owned(),
    }
}

/// Returns the form in which validation stores a text of one line, such as a company or a tag: composed (NFC), without
/// the white space and the invisible characters around it, each tab a space. A text with nothing visible in it becomes
/// empty. A filter compares with this form and with the text as it was given.
///
/// ```
/// assert_eq!(crm_core::stored_text("\u{feff}Cafe\u{301} "), "Caf\u{e9}");
/// ```
#[must_use]
pub fn stored_text(text: &str) -> Cow<'_, str> {
    let tidied = tidied(text);
    if tidied.contains('\t') { Cow::Owned(tidied.replace('\t', " ")) } else { tidied }
}

/// Returns the text composed (NFC) and [trimmed](trim).
pub(crate) fn tidied(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim();
    if trimmed.is_ascii() {
        return Cow::Borrowed(trimmed);
    }
    if is_nfc_quick(trimmed.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(trim(trimmed));
    }
    // Composed first: trimming looks at neighbours, which composition may reorder.
    let composed: String = trimmed.nfc().collect();
    let kept = trim(&composed);
    if kept.len() == composed.len() { Cow::Owned(composed) } else { Cow::Owned(kept.to_owned()) }
}

/// Returns the text without the white space and the invisible format characters around it; nothing when no character
/// is visible.
pub(crate) fn trim(text: &str) -> &str {
    let mut kept = trim_start(text);
    while let Some(last) = kept.chars().next_back() {
        let before = &kept[..kept.len() - last.len_utf8()];
        if !(last.is_whitespace() || is_format(last)) || (is_joiner(last) && ends_with_virama(before)) {
            break;
        }
        kept = before;
    }
    if kept.chars().any(is_visible) { kept } else { "" }
}

fn trim_start(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_whitespace() || is_format(c))
}

/// Tells the zero-width joiner and non-joiner.
pub(crate) const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Tells whether a joiner after this text belongs to its last letter: in some scripts a name may end in a consonant, a
/// virama and a joiner, as in the older spelling of Malayalam (U+0D28 U+0D4D U+200D).
fn ends_with_virama(text: &str) -> bool {
    const VIRAMA: u8 = 9;
    text.chars().next_back().is_some_and(|c| canonical_combining_class(c) == VIRAMA)
}

/// Tells the invisible format characters: soft hyphen, zero-width, directional and other marks. The tags of the flags
/// are none, because they end an emoji.
pub(crate) const fn is_format(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}'
    )
}

/// Tells the characters that show nothing: the format characters, and those that only change the character before
/// them or fill a gap (variation selectors, tags, fillers). These stay at the end of a text, because there they may
/// belong to an emoji or a syllable, but a text needs something beside them.
pub(crate) const fn is_invisible(c: char) -> bool {
    is_format(c)
        || matches!(c,
            '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}'
        )
}

fn is_visible(c: char) -> bool {
    !c.is_whitespace() && !is_invisible(c)
}

/// Tells a line break that is no line feed.
const fn is_odd_line_break(c: char) -> bool {
    matches!(c, '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Replaces every kind of line break by a line feed; CRLF is one line break.
fn with_line_feeds(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\r' {
            rest.next_if_eq(&'\n');
        }
        plain.push(if is_odd_line_break(c) { '\n' } else { c });
    }
    plain
}

/// Refuses a control character that is neither white space around the text nor allowed in it.
fn refuse_control_characters(text: &str, lines: Lines) -> Result<(), Broken> {
    let allowed = |c: char| c == '\t' || (lines == Lines::Many && (c == '\n' || is_odd_line_break(c)));
    let kept = trim(text);
    let Some((at, found)) = kept.char_indices().find(|&(_, c)| c.is_control() && !allowed(c)) else {
        return Ok(());
    };
    let start = text.len() - trim_start(text).len();
    let place = text[..start + at].chars().count() + 1;
    let rule = match lines {
        Lines::One => "must not hold line breaks or other control characters",
        Lines::Many => "must not hold control characters other than line breaks and tabs",
    };
    let message = format!("{rule}: character {place} is {}", shown(found));
    Err(Broken::new(ViolationCode::InvalidCharacters, message))
}

/// Names a character in a message: `U+000A`, or `'<' (U+003C)` where it can be seen.
pub(crate) fn shown(c: char) -> String {
    let code_point = format!("U+{:04X}", u32::from(c));
    if is_visible(c) && !c.is_control() { format!("'{c}' ({code_point})") } else { code_point }
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
pub(crate) mod tests {
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
        assert_eq!(normalised("a\tb", Lines::One).unwrap(), "a b");
    }

    #[test]
    fn every_kind_of_line_break_becomes_a_line_feed() {
        for line_break in ["\r\n", "\r", "\n", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
            let text = format!("{line_break}a{line_break}{line_break}b{line_break}");
            assert_eq!(normalised(&text, Lines::Many).unwrap(), "a\n\nb", "{line_break:?}");
        }
        assert_eq!(normalised("a\n\rb", Lines::Many).unwrap(), "a\n\nb");
    }

    #[test]
    fn invisible_characters_around_a_text_go_and_those_that_belong_to_it_stay() {
        for around in
            ["\u{feff}", "\u{200b}", "\u{200e}", "\u{202a}", "\u{2068}", "\u{ad}", "\u{200d}", " \u{2060}\t"]
        {
            let text = format!("{around}a{around}b{around}");
            assert_eq!(
                normalised(&text, Lines::One).unwrap(),
                format!("a{}b", around.replace('\t', " ")),
                "{text:?}"
            );
            assert_eq!(normalised(around, Lines::One).unwrap(), "", "{around:?}");
        }
        // A family, a heart with its selector, a flag of tags, and a Malayalam name in its older spelling.
        for whole in [
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
            "\u{2764}\u{fe0f}",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e007f}",
            "\u{d30}\u{d3e}\u{d1c}\u{d28}\u{d4d}\u{200d}",
        ] {
            assert_eq!(normalised(whole, Lines::One).unwrap(), whole);
        }
    }

    #[test]
    fn a_text_with_nothing_visible_in_it_is_empty() {
        for text in [
            "\u{3164}",
            "\u{2800} \u{2800}",
            "\u{fe0f}",
            "\u{e0067}",
            "\u{115f}\u{1160}",
            "\u{200b}\u{34f}\u{200b}",
        ] {
            assert_eq!(normalised(text, Lines::One).unwrap(), "", "{text:?}");
            assert_eq!(normalised(text, Lines::Many).unwrap(), "", "{text:?}");
        }
    }

    #[test]
    fn the_invisible_characters_are_those_of_unicode() {
        let ignorable = class(r"\p{Default_Ignorable_Code_Point}");
        let format = class(r"[\p{Default_Ignorable_Code_Point}&&\p{Cf}]");
        let tags = '\u{e0020}'..='\u{e007f}';
        for c in '\0'..=char::MAX {
            assert_eq!(is_invisible(c), ignorable.contains(&c) || c == '\u{2800}', "{}", shown(c));
            // Unassigned characters within a block of format characters count as such.
            let expected = format.contains(&c) && !tags.contains(&c) || c == '\u{2065}';
            assert_eq!(is_format(c), expected, "{}", shown(c));
        }
    }

    /// Lists the characters of a class of Unicode's.
    pub(crate) fn class(class: &str) -> std::collections::HashSet<char> {
        use regex_syntax::hir::{Class, HirKind};

        let hir = regex_syntax::parse(class).unwrap();
        let HirKind::Class(Class::Unicode(class)) = hir.kind() else { panic!("{class} is one character") };
        class.ranges().iter().flat_map(|range| range.start()..=range.end()).collect()
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
        let (mut short, mut long) = (text.to_owned(), text.to_owned());
        let longer = compose(&mut long, lines).and_then(|()| check_length(&long, max));
        normalise(&mut short, lines, max) == longer && short == long
    }

    #[test]
    fn control_characters_are_refused_by_code_point_and_place() {
        let message = |text: &str, lines| {
            let mut given = text.to_owned();
            let Broken(code, message) = normalise(&mut given, lines, 20).unwrap_err();
            assert_eq!((code, &*given), (ViolationCode::InvalidCharacters, text));
            message
        };
        let of_line = "must not hold line breaks or other control characters";
        for (text, place) in [
            ("a\0b", "character 2 is U+0000"),
            ("a\nb", "character 2 is U+000A"),
            ("\u{feff} \u{e9}\u{85}b", "character 4 is U+0085"),
            ("a\u{7f}", "character 2 is U+007F"),
        ] {
            assert_eq!(message(text, Lines::One), format!("{of_line}: {place}"));
        }
        let of_lines = "must not hold control characters other than line breaks and tabs";
        for (text, place) in [("a\r\n\0b", "character 4 is U+0000"), (" a\u{1b}b", "character 3 is U+001B")] {
            assert_eq!(message(text, Lines::Many), format!("{of_lines}: {place}"));
        }
    }

    #[test]
    fn length_counts_characters_not_bytes() {
        assert!(normalised(&"\u{e9}".repeat(20), Lines::One).is_ok());
        assert_eq!(normalised(&"\u{e9}".repeat(21), Lines::One), Err(ViolationCode::TooLong));
    }
}
