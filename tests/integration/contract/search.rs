//! The search for words.

use crm_core::{
    Customer, CustomerFilter, Interaction, InteractionFilter, InteractionType, Lead, LeadFilter, MAX_PROSE,
    NewCustomer, NewInteraction, NewLead, NewTask, Store, Task, TaskFilter,
};

use super::tools::*;

/// Asserts that a query finds these customers.
async fn assert_finds(crm: &dyn Store, query: &str, expected: &[&Customer]) {
    let filter = CustomerFilter { text: Some(query.parse().unwrap()), ..CustomerFilter::default() };
    assert_selects(crm, filter, expected).await;
}

pub(super) async fn every_word_begins_some_word_of_the_customer(crm: &dyn Store) {
    let new = NewCustomer {
        email: Some("contact@example.com".into()),
        phone: Some("+1-555-0123".into()),
        company: Some("Roadrunner Traps".into()),
        notes: Some("secret".into()),
        tags: texts(&["hidden"]),
        ..NewCustomer::new("Acme Corporation")
    };
    let acme: &Customer = &create(crm, new).await;
    let corporate = &customer(crm, "Corporate Acne").await;
    for query in ["acme", "ACM", "corp acme", "contact", "example com", "0123", "1 55", "trap road"] {
        assert_finds(crm, query, &[acme]).await;
    }
    assert_finds(crm, "a corp", &[acme, corporate]).await;
    for query in ["cme", "corporations", "acme x", "secret", "hidden", "1230"] {
        assert_finds(crm, query, &[]).await;
    }
}

pub(super) async fn case_does_not_matter_in_any_alphabet(crm: &dyn Store) {
    let arger = &customer(crm, "\u{c4}RGER \u{e9}cole").await;
    let zhuk = &customer(crm, "\u{416}\u{443}\u{43a} \u{3a3}\u{3a9}\u{3a3}").await;
    let istanbul = &customer(crm, "\u{130}stanbul STRA\u{1e9e}E").await;
    for query in ["\u{e4}r", "\u{c4}R", "\u{c9}CO", "a\u{308}rger e\u{301}"] {
        assert_finds(crm, query, &[arger]).await;
    }
    for query in ["\u{436}\u{423}", "\u{3c3}\u{3c9}\u{3c3}", "\u{3a3}\u{3c9}"] {
        assert_finds(crm, query, &[zhuk]).await;
    }
    for query in ["istan", "\u{130}STAN", "stra\u{df}e"] {
        assert_finds(crm, query, &[istanbul]).await;
    }
    // A letter is another with an accent, and no letter is two.
    for query in ["arger", "ecole", "strasse", "\u{131}stanbul"] {
        assert_finds(crm, query, &[]).await;
    }
}

pub(super) async fn punctuation_separates_words(crm: &dyn Store) {
    let ohara = &customer(crm, "O'Hara-Smith & Co. (Dublin)/Cork_2").await;
    for query in ["hara", "smith", "co dublin", "o'hara-smith", "(cork)", "2", "hara\u{2014}o", "cork\u{a0}2"]
    {
        assert_finds(crm, query, &[ohara]).await;
    }
    let tokyo = &customer(crm, "\u{6771}\u{4eac}\u{3000}\u{300c}\u{682a}\u{300d}").await;
    for query in ["\u{6771}", "\u{682a}", "\u{682a}\u{3001}\u{6771}\u{4eac}"] {
        assert_finds(crm, query, &[tokyo]).await;
    }
    assert_finds(crm, "\u{4eac}", &[]).await;
}

pub(super) async fn operators_and_wildcards_are_only_punctuation(crm: &dyn Store) {
    let acme = &customer(crm, "Acme 100").await;
    let other = &customer(crm, "Acne 1x0").await;
    for query in ["acm_", "100%", "!acme", "acme:*", "acme & 100", "'acme'", "acme\\", "<-> acme | 1"] {
        assert_finds(crm, query, &[acme]).await;
    }
    for query in ["ac%e", "1_0", "acme & 1x0"] {
        assert_finds(crm, query, &[]).await;
    }
    assert_finds(crm, "ac & 1", &[acme, other]).await;
    let title = &customer(crm, "and or not the of").await;
    for word in ["and", "not", "the of"] {
        assert_finds(crm, word, &[title]).await;
    }
}

pub(super) async fn a_changed_text_is_found_by_its_new_words(crm: &dyn Store) {
    let acme = customer(crm, "Acme").await;
    let acme: &Customer = &update(crm, acme.id, Customer::change()).await;
    assert_finds(crm, "acme", &[]).await;
    assert_finds(crm, "other", &[acme]).await;
}

pub(super) async fn leads_tasks_and_interactions_are_searched_in_their_own_texts(crm: &dyn Store) {
    let text = |query: &str| Some(query.parse().unwrap());
    let new = NewLead { description: Some("large\nenterprise".into()), ..NewLead::new("Software Deal") };
    let lead: &Lead = &create(crm, new).await;
    create::<Lead>(crm, NewLead::new("Startup")).await;
    assert_selects(crm, LeadFilter { text: text("deal enter"), ..Default::default() }, &[lead]).await;
    assert_selects::<Lead>(crm, LeadFilter { text: text("deal start"), ..Default::default() }, &[]).await;

    let new = NewTask { description: Some("Schedule demo".into()), ..NewTask::new("Follow up") };
    let task: &Task = &create(crm, new).await;
    create::<Task>(crm, NewTask::new("Send")).await;
    assert_selects(crm, TaskFilter { text: text("up demo"), ..Default::default() }, &[task]).await;

    let acme = customer(crm, "Acme").await.id;
    let new = NewInteraction {
        notes: Some("Client was happy".into()),
        ..NewInteraction::new(acme, InteractionType::Call)
    };
    let call: &Interaction = &create(crm, new).await;
    create::<Interaction>(crm, NewInteraction::new(acme, InteractionType::Call)).await;
    assert_selects(crm, InteractionFilter { text: text("HAPP cli"), ..Default::default() }, &[call]).await;
    assert_selects::<Interaction>(crm, InteractionFilter { text: text("acme"), ..Default::default() }, &[])
        .await;
}

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
