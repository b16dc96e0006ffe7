//! Tags of a customer.

use crate::ViolationCode;
use crate::text::{self, Lines};
use crate::validation::Broken;
use crate::words::eq_folded;

/// Limits one tag, in characters.
pub const MAX_TAG: usize = 64;

/// Limits the tags of one customer.
pub const MAX_TAGS: usize = 100;

/// Normalises the list in place: trimmed, no duplicates (compared without regard to case, the first stays), in order.
pub(crate) fn normalise(tags: &mut Vec<String>) -> Result<(), Broken> {
    for tag in tags.iter_mut() {
        text::normalise(tag, Lines::One, MAX_TAG).map_err(|Broken(code, message)| {
            Broken(code, format!("must hold valid tags: a tag {message}"))
        })?;
        if tag.is_empty() {
            return Err(Broken::new(ViolationCode::Required, "must hold no empty tag"));
        }
    }
    drop_duplicates(tags);
    check_count(tags.len())
}

pub(crate) fn check_count(count: usize) -> Result<(), Broken> {
    if count > MAX_TAGS {
        let message = format!("must hold at most {MAX_TAGS} tags, not {count}");
        return Err(Broken::new(ViolationCode::TooLong, message));
    }
    Ok(())
}

fn holds(tags: &[String], tag: &str) -> bool {
    tags.iter().any(|known| eq_folded(known, tag))
}

fn drop_duplicates(tags: &mut Vec<String>) {
    let mut kept = Vec::with_capacity(tags.len());
    for tag in tags.drain(..) {
        if !holds(&kept, &tag) {
            kept.push(tag);
        }
    }
    *tags = kept;
}

/// Adds tags that are not there yet, compared without regard to case.
///
/// # Errors
/// `validation` when there would be too many.
pub fn with_tags(tags: &[String], added: &[String]) -> crate::Result<Vec<String>> {
    let mut all = [tags, added].concat();
    drop_duplicates(&mut all);
    check_count(all.len()).map_err(|broken| broken.on("tags"))?;
    Ok(all)
}

/// Removes tags, compared without regard to case.
#[must_use]
pub fn without_tags(tags: &[String], removed: &[String]) -> Vec<String> {
    tags.iter().filter(|tag| !holds(removed, tag)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(tags: &[&str]) -> Vec<String> {
        tags.iter().map(|&tag| tag.to_owned()).collect()
    }

    #[test]
    fn duplicates_are_dropped_keeping_the_first_and_the_order() {
        let mut tags = list(&[" VIP", "b", "vip", "\u{c9}t\u{e9}", "\u{e9}t\u{c9}"]);
        normalise(&mut tags).unwrap();
        assert_eq!(tags, list(&["VIP", "b", "\u{c9}t\u{e9}"]));
    }

    #[test]
    fn empty_long_and_too_many_tags_are_refused() {
        assert_eq!(normalise(&mut list(&["a", " "])).unwrap_err().0, ViolationCode::Required);
        assert_eq!(normalise(&mut vec!["x".repeat(65)]).unwrap_err().0, ViolationCode::TooLong);
        assert_eq!(normalise(&mut list(&["a\nb"])).unwrap_err().0, ViolationCode::InvalidCharacters);
        let mut many: Vec<_> = (0..101).map(|n| n.to_string()).collect();
        assert_eq!(normalise(&mut many).unwrap_err().0, ViolationCode::TooLong);
        many.pop();
        assert_eq!(normalise(&mut many), Ok(()));
    }
}
