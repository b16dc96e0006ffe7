//! Texts of all kinds for the rules of texts: what they accept stays as it is from then on, the database can hold it, and
//! a filter finds it by what was given.

use chrono::DateTime;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use unicode_normalization::is_nfc;

use super::{config, validated};
use crate::*;

/// Pieces that a rule treats in a way of its own, and that change their meaning beside each other.
const PIECES: &[&str] = &[
    " ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\u{b}",
    "\u{c}",
    "\u{85}",
    "\u{a0}",
    "\u{2000}",
    "\u{2028}",
    "\u{2029}",
    "\u{3000}",
    "\u{ad}",
    "\u{200b}",
    "\u{200c}",
    "\u{200d}",
    "\u{200e}",
    "\u{202a}",
    "\u{202c}",
    "\u{2060}",
    "\u{2069}",
    "\u{feff}",
    "\u{34f}",
    "\u{115f}",
    "\u{1160}",
    "\u{2800}",
    "\u{3164}",
    "\u{fe0f}",
    "\u{e0067}",
    "\u{e007f}",
    "\0",
    "\u{7}",
    "\u{1b}",
    "\u{9f}",
    "\u{301}",
    "\u{308}",
    "\u{315}",
    "\u{327}",
    "\u{94d}",
    "\u{d4d}",
    "\u{93c}",
    "\u{e4c}",
    "\u{1100}",
    "\u{1161}",
    "\u{11a8}",
    "\u{212a}",
    "\u{212b}",
    "\u{37e}",
    "\u{1fef}",
    "\u{387}",
    "\u{fb01}",
    "-",
    "\u{2010}",
    "\u{2013}",
    "\u{2212}",
    "\u{ff0d}",
    "\u{30fc}",
    "\u{ff70}",
    "0",
    "5",
    "7",
    "\u{663}",
    "\u{96b}",
    "\u{ff15}",
    "\u{1d7d8}",
    "\u{2460}",
    "+",
    "(",
    ")",
    "ext.",
    "@",
    "@b.co",
    ".",
    "a",
    "e",
    "E",
    "Z",
    "\u{e9}",
    "\u{130}",
    "\u{df}",
    "\u{915}",
    "\u{4eac}",
    "\u{1f468}",
    "\u{2764}",
];

fn pieces() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => vec(select(PIECES), 0..10).prop_map(|pieces| pieces.concat()),
        2 => "[a-zA-Z0-9 ]{0,8}\\PC{0,4}[a-zA-Z0-9 ]{0,8}",
        1 => any::<String>(),
    ]
}

fn email() -> impl Strategy<Value = String> {
    (vec(select(PIECES), 0..4), vec(select(PIECES), 0..3)).prop_map(|(local, label)| {
        let (local, label) = (local.concat(), label.concat());
        format!("a{local}@b{label}.co")
    })
}

fn phone() -> impl Strategy<Value = String> {
    vec(select(PIECES), 0..6).prop_map(|pieces| format!("55{}5", pieces.concat()))
}

fn customer() -> impl Strategy<Value = NewCustomer> {
    let parts = (pieces(), email(), phone(), pieces(), vec(pieces(), 0..3), pieces());
    parts.prop_map(|(name, email, phone, company, tags, notes)| NewCustomer {
        name,
        email: Some(email),
        phone: Some(phone),
        company: Some(company),
        tags,
        notes: Some(notes),
        created_by: None,
    })
}

const FIELDS: &[&str] = &["name", "email", "phone", "company", "tags", "notes"];

/// Leaves out the fields that a rule refuses, so that the others are looked at all the same.
fn accepted(new: NewCustomer) -> NewCustomer {
    let NewCustomer { name, email, phone, company, tags, notes, created_by } = new;
    let keep = |field: NewCustomer| field.validate().is_ok();
    let of = |name: &str| NewCustomer::new(name);
    NewCustomer {
        email: email.filter(|email| keep(NewCustomer { email: Some(email.clone()), ..of("A") })),
        phone: phone.filter(|phone| keep(NewCustomer { phone: Some(phone.clone()), ..of("A") })),
        company: company.filter(|company| keep(NewCustomer { company: Some(company.clone()), ..of("A") })),
        tags: tags
            .into_iter()
            .filter(|tag| keep(NewCustomer { tags: vec![tag.clone()], ..of("A") }))
            .collect(),
        notes: notes.filter(|notes| keep(NewCustomer { notes: Some(notes.clone()), ..of("A") })),
        name: if keep(of(&name)) { name } else { "A".to_owned() },
        created_by,
    }
}

/// Makes the row of an input as it is.
fn row(new: NewCustomer) -> Customer {
    let NewCustomer { name, email, phone, company, tags, notes, created_by } = new;
    Customer {
        id: CustomerId(1),
        name,
        email: email.map(Email::from_stored),
        phone,
        company,
        tags,
        notes,
        created_by,
        updated_by: None,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
        version: 1,
    }
}

/// Makes a filter of everything that an input says.
fn filter(new: &NewCustomer) -> CustomerFilter {
    let given = |value: &Option<String>| value.clone().map(|value| vec!["other".to_owned(), value]);
    CustomerFilter {
        company: given(&new.company),
        email: given(&new.email),
        tags_any: (!new.tags.is_empty()).then(|| new.tags.clone()),
        tags_all: Some(new.tags.clone()),
        ..CustomerFilter::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_text_that_is_accepted_is_valid_for_good(new in customer()) {
        validated(new.clone(), FIELDS, None);
        validated(accepted(new), &[], None);
    }

    #[test]
    fn a_text_that_is_accepted_fits_the_database(new in customer()) {
        let stored = accepted(new).validate().unwrap().into_inner();
        let line = |text: &str, max: usize| {
            assert!(!text.is_empty() && text.chars().count() <= max && is_nfc(text), "{text:?}");
            assert!(!text.chars().any(char::is_control) && text.trim() == text, "{text:?}");
        };
        line(&stored.name, 255);
        stored.tags.iter().for_each(|tag| line(tag, 64));
        stored.company.iter().for_each(|company| line(company, 255));
        stored.email.iter().for_each(|email| line(email, 254));
        if let Some(phone) = &stored.phone {
            line(phone, 50);
            prop_assert!(phone.bytes().filter(u8::is_ascii_digit).count() >= 3);
        }
        if let Some(notes) = &stored.notes {
            prop_assert!(is_nfc(notes) && notes.trim() == notes);
            let refused = |c: char| c.is_control() && !matches!(c, '\n' | '\t') || matches!(c, '\u{2028}' | '\u{2029}');
            prop_assert!(!notes.contains(refused));
        }
    }

    #[test]
    fn what_was_stored_is_found_by_what_was_given(new in customer()) {
        let mut given = accepted(new);
        let stored = given.clone().validate().unwrap().into_inner();
        // A text of which nothing is left is stored as none, which no filter finds.
        given.company = given.company.filter(|_| stored.company.is_some());
        prop_assert!(filter(&given).matches(&row(stored.clone())), "{stored:?}");
        prop_assert!(filter(&stored).matches(&row(stored)));
    }

    #[test]
    fn what_another_program_stored_is_found_by_the_same_text(new in customer()) {
        prop_assert!(filter(&new).matches(&row(new.clone())));
    }

    #[test]
    fn a_phone_of_any_script_becomes_one_of_ascii(text in "[+(]?\\p{Nd}{3,12}([\\p{Zs}\\p{Pd}\u{2212}]\\p{Nd}{1,9}){0,2}") {
        let new = NewCustomer { phone: Some(text), ..NewCustomer::new("A") };
        prop_assert!(new.validate().unwrap().phone.as_ref().unwrap().is_ascii());
    }
}
