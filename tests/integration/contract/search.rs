//! The search for words in texts of any size.

use crm_core::{Lead, LeadFilter, MAX_PROSE, NewLead, Store};

use super::tools::*;

pub(super) async fn texts_of_any_size_are_stored_and_found(crm: &dyn Store) {
    let huge_word = "\u{10400}".repeat(MAX_PROSE);
    let lead = NewLead { description: Some(huge_word.clone()), ..NewLead::new("one huge word") };
    let lead: &Lead = &create(crm, lead).await;
    let beginning: String = huge_word.chars().take(5_000).collect();
    let filter = |query: &str| LeadFilter { text: Some(query.parse().unwrap()), ..LeadFilter::default() };
    assert_selects(crm, filter(&beginning), &[lead]).await;

    let mut prose = String::new();
    for n in 0.. {
        let word = format!("\u{436}{n:x} ");
        if prose.chars().count() + word.chars().count() > MAX_PROSE {
            break;
        }
        prose.push_str(&word);
    }
    let last = prose.split_whitespace().last().unwrap().to_owned();
    let many: &Lead = &create(crm, NewLead { description: Some(prose), ..NewLead::new("many words") }).await;
    assert_selects(crm, filter(&last), &[many]).await;
    assert_selects(crm, filter("many words"), &[many]).await;
}
