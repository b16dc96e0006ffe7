//! Whatever validation accepts comes back from PostgreSQL unchanged, by `create` and by `create_many`.

use std::cell::Cell;

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::testing::MemoryStore;
use crm_core::{
    CustomerFilter, CustomerPatch, InteractionType, List, NewCustomer, NewInteraction, NewLead, NewTask,
    Patch, Repositories, Valid, Validate,
};
use crm_tests::Database;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rust_decimal::Decimal;

/// Texts of all kinds: any characters, control characters and NUL among them, spaces at the ends, long ones.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => any::<String>(),
        20 => "\\PC{1,40}",
        1 => "[ \\t\\r\\n\\x00-\\x1f]{0,3}\\PC{0,10}[ \\u{a0}\\r\\n]{0,3}",
        5 => "[\u{feff}\u{200b}\u{202a} \t]{1,2}\\PC{0,10}[\u{200e}\u{202c}\u{a0}]{0,2}",
        20 => "[a-zA-Z\u{e9}e\u{301}\u{1F600}'\"\\\\%_;$-]{1,60}",
        2 => Just("x".repeat(255)),
        2 => Just("\u{10FFFF}".repeat(255)),
    ]
}

fn money() -> impl Strategy<Value = Decimal> {
    // Two decimals more often, or few amounts are accepted.
    let scale = prop_oneof![3 => Just(2_u32), 1 => 0_u32..4];
    (-1_000_000_000_i64..20_000_000_000, scale).prop_map(|(units, scale)| Decimal::new(units, scale))
}

fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    (-100_000_000_000_i64..300_000_000_000, 0u32..1_000_000_000).prop_map(|(seconds, nanos)| {
        DateTime::from_timestamp(seconds, nanos).expect("the calendar goes further")
    })
}

fn day() -> impl Strategy<Value = NaiveDate> {
    (-1_000_000_i32..5_000_000)
        .prop_map(|day| NaiveDate::from_num_days_from_ce_opt(day).expect("it goes further"))
}

fn customer() -> impl Strategy<Value = NewCustomer> {
    let option = || proptest::option::of(text());
    let phone = proptest::option::of("[+(]?[0-9]{2,9}[-. )0-9]{0,9}( ext[.] 7)?");
    (text(), phone, option(), proptest::collection::vec(text(), 0..4), option()).prop_map(
        |(name, phone, company, tags, notes)| NewCustomer {
            phone,
            company,
            tags,
            notes,
            ..NewCustomer::new(name)
        },
    )
}

/// Runs a property against one database; each case is counted by whether validation accepted it.
fn hold<S: Strategy>(strategy: S, case: &impl AsyncFn(&Database, S::Value) -> bool) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(Database::fresh());
    let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    runner
        .run(&strategy, |value| {
            let count = if runtime.block_on(case(&database, value)) { &accepted } else { &refused };
            count.set(count.get() + 1);
            Ok(())
        })
        .unwrap();
    assert!(accepted.get() > 30 && refused.get() > 30, "{accepted:?} accepted, {refused:?} refused");
    runtime.block_on(database.crm.close());
}

#[test]
fn texts_and_tags_come_back_unchanged() {
    hold(customer(), &async |database, new| {
        let Ok(valid) = new.validate() else { return false };
        let crm = &database.crm;
        let made = crm.customers().create(valid.clone()).await.unwrap();
        let bulk = crm.customers().create_many(vec![valid.clone()]).await.unwrap();
        let patch = CustomerPatch { notes: Patch::from(valid.notes.clone()), ..Default::default() };
        let made = crm.customers().update(made.id, patch.validate().unwrap(), None).await.unwrap();
        for customer in [made.clone(), crm.customers().get(bulk[0]).await.unwrap()] {
            let NewCustomer { name, email: _, phone, company, tags, notes, created_by: _ } = &*valid;
            assert_eq!((&customer.name, &customer.phone, &customer.company), (name, phone, company));
            assert_eq!((&customer.tags, &customer.notes), (tags, notes));
        }
        true
    });
}

#[test]
fn what_was_given_finds_what_was_stored() {
    hold(customer(), &async |database, given| {
        let Ok(valid) = given.clone().validate() else { return false };
        assert_found(&database.crm, &given, valid.clone()).await;
        assert_found(&MemoryStore::default(), &given, valid).await;
        true
    });
}

/// Asserts that a store finds a row by the texts from which it was made.
async fn assert_found(crm: &dyn Repositories, given: &NewCustomer, valid: Valid<NewCustomer>) {
    let stored = crm.customers().create(valid).await.unwrap();
    // A company of which validation leaves nothing is none.
    let company = given.company.clone().filter(|_| stored.company.is_some());
    let filter = CustomerFilter {
        ids: Some(vec![stored.id]),
        company: company.map(|company| vec![company]),
        tags_any: (!given.tags.is_empty()).then(|| given.tags.clone()),
        tags_all: Some(given.tags.clone()),
        ..CustomerFilter::default()
    };
    let found = crm.customers().list(&List::new().filter(filter)).await.unwrap();
    assert_eq!(found.items, [stored], "{given:?}");
}

#[test]
fn what_was_accepted_once_is_accepted_again_as_it_is() {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    runner
        .run(&customer(), |new| {
            if let Ok(valid) = new.validate() {
                let again = valid.clone().into_inner().validate();
                prop_assert_eq!(again.unwrap(), valid);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn money_comes_back_unchanged() {
    hold(money(), &async |database, value| {
        let Ok(valid) = (NewLead { value: Some(value), ..NewLead::new("lead") }).validate() else {
            return false;
        };
        let made = database.crm.leads().create(valid.clone()).await.unwrap();
        let bulk = database.crm.leads().create_many(vec![valid.clone()]).await.unwrap();
        let bulk = database.crm.leads().get(bulk[0]).await.unwrap();
        for lead in [made, bulk] {
            assert_eq!(lead.value.unwrap().to_string(), valid.value.unwrap().to_string());
            assert_eq!(lead.value.unwrap(), value);
        }
        true
    });
}

#[test]
fn days_come_back_unchanged() {
    hold(day(), &async |database, day| {
        let Ok(valid) = (NewTask { due_date: Some(day), ..NewTask::new("task") }).validate() else {
            return false;
        };
        let made = database.crm.tasks().create(valid.clone()).await.unwrap();
        let bulk = database.crm.tasks().create_many(vec![valid]).await.unwrap();
        assert_eq!(made.due_date, Some(day));
        assert_eq!(database.crm.tasks().get(bulk[0]).await.unwrap().due_date, Some(day));
        true
    });
}

#[test]
fn moments_come_back_to_the_millisecond() {
    hold(moment(), &async |database, date| {
        let crm = &database.crm;
        let customer = match crm.customers().list(&List::new()).await.unwrap().items.pop() {
            Some(customer) => customer.id,
            None => crm.customers().create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap().id,
        };
        let new = NewInteraction { date: Some(date), ..NewInteraction::new(customer, InteractionType::Note) };
        let Ok(valid) = new.validate() else { return false };
        let stored = valid.date.unwrap();
        assert_eq!(stored.timestamp_millis(), date.timestamp_millis());
        let made = crm.interactions().create(valid.clone()).await.unwrap();
        let bulk = crm.interactions().create_many(vec![valid]).await.unwrap();
        assert_eq!(made.date, stored);
        assert_eq!(crm.interactions().get(bulk[0]).await.unwrap().date, stored);
        true
    });
}

#[tokio::test]
async fn what_no_language_can_hold_is_kept_out() {
    let database = Database::fresh().await;
    let mut connection = database.connection().await;
    for refused in [
        "insert into crm.leads (title, value) values ('x', 'NaN')",
        "insert into crm.tasks (title, due_date) values ('x', 'infinity')",
        "insert into crm.customers (name, tags) values ('x', '{a,null}')",
        "with c as (insert into crm.customers (name) values ('x') returning id)
         insert into crm.interactions (customer_id, type, date) select id, 'call', '-infinity' from c",
        "insert into crm.customers (name, created_at) values ('Acme', 'infinity')",
    ] {
        let error = sqlx::raw_sql(refused).execute(&mut connection).await.unwrap_err();
        assert!(error.as_database_error().unwrap().constraint().is_some(), "{refused}");
    }
}

#[tokio::test]
async fn a_leap_second_is_carried_over_before_it_is_stored() {
    let database = Database::fresh().await;
    let crm = &database.crm;
    let customer = crm.customers().create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap().id;
    let date = Some("2016-12-31T23:59:60.5Z".parse().unwrap());
    let new = NewInteraction { date, ..NewInteraction::new(customer, InteractionType::Note) };
    let valid = new.validate().unwrap();
    let expected = valid.date.unwrap();
    assert_eq!(crm.interactions().create(valid).await.unwrap().date, expected);
    assert_eq!(expected.to_rfc3339(), "2017-01-01T00:00:00.500+00:00");
}
