//! Texts of all kinds for whatever reads them: each is taken for what it is, or refused by the field and a code. None panics or
//! takes long.
//!
//! `PROPTEST_CASES=100000 cargo test -p crm-core fuzz` looks further.

mod texts;

use std::fmt::{Debug, Display};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use unicode_normalization::UnicodeNormalization as _;

use crate::values::password::{bcrypt_cost, tests::ARGON2I};
use crate::*;

/// Changes a text in a few places: puts something in, takes something out, repeats something.
fn mutated(valid: &'static [&'static str], pieces: &'static str) -> impl Strategy<Value = String> {
    let change = (0..4, any::<Index>(), any::<Index>(), pieces);
    (select(valid), vec(change, 0..5))
        .prop_map(|(valid, changes)| {
            changes.into_iter().fold(
                valid.chars().collect::<Vec<_>>(),
                |mut text, (kind, from, to, piece)| {
                    let (from, to) = (from.index(text.len() + 1), to.index(text.len() + 1));
                    let part = from.min(to)..from.max(to).min(from.min(to) + 20);
                    let piece: Vec<_> = piece.chars().collect();
                    match kind {
                        0 => drop(text.splice(from..from, piece)),
                        1 => drop(text.splice(from..(from + 1).min(text.len()), piece)),
                        2 => drop(text.drain(part)),
                        _ => {
                            let again = text[part.clone()].to_vec();
                            drop(text.splice(part.end..part.end, again));
                        }
                    }
                    text
                },
            )
        })
        .prop_map(|text| text.into_iter().collect())
}

/// Makes any texts, those that are nearly right, and those of the alphabet.
fn texts(
    valid: &'static [&'static str],
    pieces: &'static str,
    alphabet: &'static str,
) -> impl Strategy<Value = String> {
    prop_oneof![4 => mutated(valid, pieces), 2 => alphabet, 1 => any::<String>()]
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

/// Returns the one violation of an error, as field and code.
fn only(error: &Error) -> (&str, ViolationCode) {
    let [violation] = error.violations() else { panic!("{error:?}") };
    (&violation.field, violation.code)
}

/// Asserts that a label is the text of one of the values, or refused.
fn label<L: FromStr<Err = Error> + Display>(text: &str) {
    match text.parse::<L>() {
        Ok(value) => assert_eq!(value.to_string(), text),
        Err(error) => assert_eq!(only(&error).1, ViolationCode::InvalidChoice),
    }
}

/// Asserts that what validation takes it takes again, unchanged, and that it refuses by the fields there are.
fn validated<T: Validate + Clone + PartialEq + Debug>(input: T, fields: &[&str], secret: Option<&str>) {
    match input.validate() {
        Ok(valid) => assert_eq!(*valid.clone().into_inner().validate().unwrap(), *valid),
        Err(error) => {
            assert!(!error.violations().is_empty());
            for violation in error.violations() {
                assert!(fields.contains(&&*violation.field), "{violation:?}");
            }
            let told = format!("{error} {error:?}");
            assert!(!secret.is_some_and(|secret| secret.len() > 7 && told.contains(secret)), "{told}");
        }
    }
}

fn json<T: DeserializeOwned + Validate>(text: &str) {
    if let Ok(input) = serde_json::from_str::<T>(text) {
        drop(input.validate());
    }
}

const CURSORS: &[&str] = &[
    "1 leads -value 7 n12.50",
    "1 leads -value 7 0",
    "1 leads -value 7 tZo\u{eb} x",
    "1 leads -value 7 m1767323045678000",
    "1 leads -value 7 d2026-01-02",
    "1 leads -value 7 r2",
    "1 leads -value 7 i",
];

const HASHES: &[&str] = &[
    ARGON2I,
    "$argon2id$v=19$m=64,t=2,p=2$c2FsdHNhbHQ$u5FbxbNSh1+1OeYFBPQHNc5VFKr9pMNJIzsw/4BaR8Y",
    "$argon2d$m=8,t=1,p=1,keyid=aGk,data=aGk$c2FsdHNhbHQ$u5FbxbNSh1+1OeYFBPQHNc5VFKr9pMNJIzsw/4BaR8Y",
    "$2b$04$G46UZnhR7M7KIiI60A/1C.OrgJfSovw48A1l/Y8K4LruKEcRx6l7C",
    "$2a$31$G46UZnhR7M7KIiI60A/1C.OrgJfSovw48A1l/Y8K4LruKEcRx6l7C",
    "$argon2id$v=19$m=4194304,t=4294967295,p=16777215$c2FsdHNhbHQ$u5FbxbNSh1+1OeYFBPQHNc5VFKr9pMNJIzsw/4BaR8Y",
];

/// Tells whether a test can afford to verify the hash.
fn is_cheap(hash: &PasswordHash) -> bool {
    match hash.argon2() {
        Some((_, params)) => u64::from(params.m_cost()) * u64::from(params.t_cost()) < 1_000,
        None => bcrypt_cost(hash.reveal()).is_none_or(|cost| cost <= 4),
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_email_is_taken_and_stays_as_it_is_or_is_refused(text in texts(
        &["ann@example.com", "Ann.O'Hara+crm@mail.example.co.uk", "x@xn--mnchen-3ya.de"],
        "[@. a\u{e4}\u{0}<>\"\u{ad}\u{200d}\u{308}-]{1,3}|[a.]{60,80}",
        "[a@.-]{0,12}|[a-z]{60,65}@([a-z]{60,64}[.]){1,5}com",
    )) {
        match text.parse::<Email>() {
            Ok(email) => prop_assert_eq!(email.as_str().parse::<Email>().unwrap(), email),
            Err(error) => {
                let (field, code) = only(&error);
                prop_assert_eq!(field, "email");
                let known = [ViolationCode::Required, ViolationCode::TooLong, ViolationCode::InvalidEmail];
                prop_assert!(known.contains(&code));
            }
        }
    }

    #[test]
    fn an_amount_is_read_exactly_or_refused(text in texts(
        &["12.50", "-0.01", "+99999999.99", "79228162514264337593543950335", "0.0000001"],
        "[0-9.+eE_ -]{1,3}|0{1,40}|9{1,40}|[\u{660}\u{ff11}]",
        "[+-]?[0-9]{0,30}[.]?[0-9]{0,30}",
    )) {
        match parse_money(&text) {
            Ok(amount) => {
                prop_assert_eq!(parse_money(&amount.to_string()).unwrap(), amount);
                // Zeros around it change nothing, and the driver's own reading is the same.
                let trimmed = crate::values::text::trim(&text).trim_start_matches('+');
                let trimmed = if trimmed.contains('.') { trimmed.trim_end_matches('0').trim_end_matches('.') } else { trimmed };
                prop_assert_eq!(trimmed.parse::<Decimal>().unwrap_or_default(), amount);
            }
            Err(error) => {
                let (field, code) = only(&error);
                prop_assert_eq!(field, "amount");
                let known = [ViolationCode::InvalidType, ViolationCode::OutOfRange, ViolationCode::TooPrecise];
                prop_assert!(known.contains(&code));
            }
        }
    }

    #[test]
    fn a_position_that_is_read_can_be_written_down_again(plain in texts(CURSORS, "[0-9 tmdnri.+e_-]{1,3}|9{18,40}|\u{0}|\\PC", "1 leads -value -?[0-9]{1,20} [0timdnr].{0,30}"), raw in any::<bool>()) {
        let text = if raw { plain.clone() } else { URL_SAFE_NO_PAD.encode(&plain) };
        match Cursor::from(&*text).decode("leads", "-value", |_| true) {
            Ok(position) => {
                let again = Cursor::encode("leads", "-value", &position);
                prop_assert_eq!(again.decode("leads", "-value", |_| true).unwrap(), position);
            }
            Err(error) => prop_assert_eq!(only(&error), ("cursor", ViolationCode::InvalidCursor)),
        }
    }

    #[test]
    fn letters_of_a_cursor_are_one_or_refused(text in texts(
        &["MSBsZWFkcyAtdmFsdWUgNyBuMTIuNTA", "MSBsZWFkcyAtdmFsdWUgNyAw"], "[A-Za-z0-9_=-]{1,3}|\\PC", "[A-Za-z0-9_-]{0,60}",
    )) {
        if let Err(error) = Cursor::from(&*text).decode("leads", "-value", |_| true) {
            prop_assert_eq!(only(&error), ("cursor", ViolationCode::InvalidCursor));
        }
    }

    #[test]
    fn a_search_has_words_or_is_refused(
        text in texts(&["acme corp", "Zo\u{eb} 12", "\u{130}I\u{307}"], "\\PC{1,3}|(a ){1,70}|a{240,260}|\u{301}{1,30}", "\\PC{0,20}"),
        other in any::<String>(),
    ) {
        match text.parse::<SearchText>() {
            Ok(search) => {
                prop_assert!((1..=MAX_WORDS).contains(&search.words().len()));
                prop_assert!(search.words().iter().all(|word| (1..=MAX_WORD).contains(&word.chars().count())));
                prop_assert_eq!(&search.words().join(" ").parse::<SearchText>().unwrap(), &search);
                let stored: String = text.nfc().collect();
                prop_assert!(search.matches([&*stored]));
                search.matches([&*other, &*text]);
            }
            Err(error) => {
                let (field, code) = only(&error);
                prop_assert_eq!(field, "text");
                prop_assert!([ViolationCode::NoWord, ViolationCode::TooLong].contains(&code));
            }
        }
    }

    #[test]
    fn a_label_is_one_of_those_known_or_refused(text in texts(
        &["in-progress", "qualified", "-created_at", "due_date", "admin", "email", "permission_denied"], "[-_ a-zA-Z]{1,2}", "-?[a-z_]{0,12}",
    )) {
        label::<Stage>(&text);
        label::<TaskStatus>(&text);
        label::<Priority>(&text);
        label::<Role>(&text);
        label::<InteractionType>(&text);
        label::<EntityKind>(&text);
        label::<ErrorCode>(&text);
        label::<ViolationCode>(&text);
        label::<Order<UserOrderBy>>(&text);
        label::<Order<CustomerOrderBy>>(&text);
        label::<Order<LeadOrderBy>>(&text);
        label::<Order<TaskOrderBy>>(&text);
        label::<Order<InteractionOrderBy>>(&text);
    }

    #[test]
    fn a_customer_is_valid_for_good_or_refused_by_its_fields(
        texts in vec(texts(&["Acme", "+1-555-0123 ext. 7", "a\nb\t", "e\u{301}"], "[0-9x()+ \t\r\n\u{0}]{1,3}|\\PC|a{250,260}", "\\PC{0,20}"), 5),
        tags in prop_oneof![vec("[aA ]{0,2}|\\PC|x{60,70}", 0..8), vec("[a-z]{1,2}", 90..110)],
    ) {
        let [name, email, phone, company, notes] = texts.try_into().unwrap();
        let new = NewCustomer {
            name, email: Some(email), phone: Some(phone), company: Some(company), notes: Some(notes), tags, created_by: None,
        };
        validated(new, &["name", "email", "phone", "company", "notes", "tags"], None);
    }

    #[test]
    fn a_lead_is_valid_for_good_or_refused_by_its_fields(title in any::<String>(), parts in any::<(u32, u32, u32, bool)>(), scale in 0_u32..=28) {
        let value = Decimal::from_parts(parts.0, parts.1 % 4, parts.2 % 2, parts.3, scale);
        validated(NewLead { value: Some(value), ..NewLead::new(title) }, &["title", "value"], None);
    }

    #[test]
    fn a_hash_that_is_taken_can_be_verified_and_no_other_costs_much(text in texts(HASHES, "[$,=a-zA-Z0-9./+]{1,3}|[0-9]{1,12}|\\PC", "[$]argon2(i|d|id)[$]v=[0-9]{1,2}[$]m=[0-9]{1,10},t=[0-9]{1,10},p=[0-9]{1,9}[$][A-Za-z0-9/+]{0,90}[$][A-Za-z0-9/+]{0,90}|[$]2[abxy][$][0-9+]{2}[$][./A-Za-z0-9]{52,54}")) {
        let hash = PasswordHash::new(&*text);
        validated(NewUser::new("Ann", "ann@example.com", hash.clone()), &["password_hash"], Some(&text));
        let hashing = Hashing::new(8, 1, 1).unwrap();
        if is_cheap(&hash) {
            // What is taken for a hash is one that a password can be compared with.
            prop_assert_eq!(hashing.is_of(&hash, &Password::new("wrong horse")).is_some(), hash.check().is_ok());
            let refused = hashing.check(&Password::new("wrong horse"), Some(&hash)).unwrap_err();
            prop_assert_eq!(refused.code(), ErrorCode::InvalidCredentials);
        }
    }

    #[test]
    fn json_is_read_or_refused_without_a_panic(text in mutated(
        &[
            r#"{"name":"Acme","email":"a@b.co","tags":["a"],"phone":null,"notes":"x"}"#,
            r#"{"title":"Deal","value":"12.50","stage":"lead","customer_id":1}"#,
            r#"{"title":"Call","due_date":"2026-01-02","status":"pending","priority":"low"}"#,
            r#"{"customer_id":1,"type":"call","date":"2026-01-02T03:04:05.678Z"}"#,
        ],
        "[\\[\\]{}:,\"0-9eE.+-]{1,3}|null|1e999|[0-9]{20,40}|\\\\u[dD]800|\\PC",
    )) {
        json::<NewCustomer>(&text);
        json::<CustomerPatch>(&text);
        json::<NewLead>(&text);
        json::<LeadPatch>(&text);
        json::<NewTask>(&text);
        json::<TaskPatch>(&text);
        json::<NewInteraction>(&text);
        json::<InteractionPatch>(&text);
        json::<UserPatch>(&text);
        drop(serde_json::from_str::<Cursor>(&text));
        drop(serde_json::from_str::<Email>(&text));
    }
}
