//! Tags of a customer.

use std::collections::HashSet;

use crate::ViolationCode;
use crate::errors::Broken;
use crate::values::text::{self, Lines};
use crate::values::words::{fold, same};

/// Limits one tag, in characters.
pub const MAX_TAG: usize = 64;

/// Limits the tags of one customer.
pub const MAX_TAGS: usize = 100;

/// Normalises the list in place: trimmed, no duplicates (compared without regard to case, the first stays), in order.
/// Returns every rule that is broken, each once.
pub(crate) fn normalise(tags: &mut Vec<String>) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut note = |found: Broken| {
        if !broken.contains(&found) {
            broken.push(found);
        }
    };
    for tag in tags.iter_mut() {
        if let Err(Broken(code, message)) = text::normalise(tag, Lines::One, MAX_TAG) {
            note(Broken(code, format!("must hold valid tags: a tag {message}")));
        } else if tag.is_empty() {
            note(Broken::new(ViolationCode::Required, "must hold no empty tag"));
        }
    }
    drop_duplicates(tags);
    check_count(tags.len()).unwrap_or_else(note);
    broken
}

pub(crate) fn check_count(count: usize) -> Result<(), Broken> {
    if count > MAX_TAGS {
        let message = format!("must hold at most {MAX_TAGS} tags, not {count}");
        return Err(Broken::new(ViolationCode::TooLong, message));
    }
    Ok(())
}

/// Is how many tags are compared each with each, which for few is quicker than to write them down lower-cased.
const FEW: usize = 8;

fn drop_duplicates(tags: &mut Vec<String>) {
    if tags.len() > FEW {
        drop_duplicates_of_many(tags);
        return;
    }
    let mut at = 1;
    while at < tags.len() {
        let (before, rest) = tags.split_at(at);
        if before.iter().any(|tag| same(tag, &rest[0])) {
            tags.remove(at);
        } else {
            at += 1;
        }
    }
}

fn drop_duplicates_of_many(tags: &mut Vec<String>) {
    let mut seen = HashSet::with_capacity(tags.len());
    tags.retain(|tag| seen.insert(fold(tag)));
}

/// Adds tags that are not there yet, compared without regard to case.
///
/// # Errors
/// `validation` when there would be too many.
pub fn with_tags(tags: &[String], added: &[String]) -> crate::Result<Vec<String>> {
    let mut all = [tags, added].concat();
    drop_duplicates(&mut all);
    // A customer that another program gave too many may keep them, and be told so only when more come.
    if all.len() > tags.len() {
        check_count(all.len()).map_err(|broken| broken.on("tags"))?;
    }
    Ok(all)
}

/// Removes tags, compared without regard to case.
#[must_use]
pub fn without_tags(tags: &[String], removed: &[String]) -> Vec<String> {
    let removed: HashSet<_> = removed.iter().map(|tag| fold(tag)).collect();
    tags.iter().filter(|tag| !removed.contains(&fold(tag))).cloned().collect()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn list(tags: &[&str]) -> Vec<String> {
        tags.iter().map(|&tag| tag.to_owned()).collect()
    }

    #[test]
    fn duplicates_are_dropped_keeping_the_first_and_the_order() {
        let mut tags = list(&[" VIP", "b", "vip", "\u{c9}t\u{e9}", "\u{e9}t\u{c9}"]);
        assert_eq!(normalise(&mut tags), []);
        assert_eq!(tags, list(&["VIP", "b", "\u{c9}t\u{e9}"]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn few_tags_lose_the_duplicates_that_many_would(
            tags in vec("[aAbB]{0,2}|[a\u{e9}\u{c9}\u{3c3}\u{3c2}\u{130}\u{df}\u{1e9e}]{0,2}|\\PC{0,2}", 0..=FEW),
        ) {
            let (mut few, mut many) = (tags.clone(), tags);
            drop_duplicates(&mut few);
            drop_duplicates_of_many(&mut many);
            prop_assert_eq!(few, many);
        }
    }

    #[test]
    fn empty_long_and_too_many_tags_are_refused_all_at_once() {
        let codes = |tags: &mut Vec<String>| {
            normalise(tags).into_iter().map(|Broken(code, _)| code).collect::<Vec<_>>()
        };
        let mut tags = vec!["a".to_owned(), " ".to_owned(), "x".repeat(65), String::new(), "a\nb".to_owned()];
        let expected = [ViolationCode::Required, ViolationCode::TooLong, ViolationCode::InvalidCharacters];
        assert_eq!(codes(&mut tags), expected);
        let mut many: Vec<_> = (0..101).map(|n| n.to_string()).collect();
        assert_eq!(codes(&mut many), [ViolationCode::TooLong]);
        many.pop();
        assert_eq!(codes(&mut many), []);
    }
}
