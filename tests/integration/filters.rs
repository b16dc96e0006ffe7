//! Filters take any value: what can match nothing is no error.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    CustomerFilter, CustomerId, InteractionFilter, InteractionType, LeadFilter, NewCustomer, NewInteraction,
    NewLead, NewTask, Range, Repositories, TaskFilter, UserFilter, Validate,
};
use crm_tests::Database;
use rust_decimal::Decimal;

#[tokio::test]
async fn texts_that_postgres_cannot_hold_match_nothing() {
    let database = Database::fresh().await;
    let customers = database.crm.customers();
    let customer =
        NewCustomer { tags: vec!["a".into()], company: Some("a".into()), ..NewCustomer::new("Acme") };
    customers.create(customer.validate().unwrap()).await.unwrap();
    let list = |texts: &[&str]| Some(texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
    for (filter, expected) in [
        (CustomerFilter { company: list(&["a\0"]), ..Default::default() }, 0),
        (CustomerFilter { company: list(&["a\0", "a"]), ..Default::default() }, 1),
        (CustomerFilter { email: list(&["\0"]), ..Default::default() }, 0),
        (CustomerFilter { tags_any: list(&["\0", "a"]), ..Default::default() }, 1),
        (CustomerFilter { tags_all: list(&["\0", "a"]), ..Default::default() }, 0),
        (CustomerFilter { text: Some("acme\0".parse().unwrap()), ..Default::default() }, 1),
    ] {
        assert_eq!(customers.count(&filter).await.unwrap(), expected, "{filter:?}");
    }
    assert!(database.crm.users().find_by_email("a\0@b.c").await.unwrap().is_none());
    let filter = UserFilter { email: list(&["a\0@b.c"]), ..Default::default() };
    assert_eq!(database.crm.users().count(&filter).await.unwrap(), 0);
}

#[tokio::test]
async fn the_ends_of_every_scale_can_be_asked_for() {
    let database = Database::fresh().await;
    let crm = &database.crm;
    let customer = crm.customers().create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap().id;
    let lead = NewLead { value: Some(Decimal::ONE), ..NewLead::new("lead") };
    crm.leads().create(lead.validate().unwrap()).await.unwrap();
    let task = NewTask { due_date: NaiveDate::from_ymd_opt(2026, 1, 1), ..NewTask::new("task") };
    crm.tasks().create(task.validate().unwrap()).await.unwrap();
    let call = NewInteraction::new(customer, InteractionType::Call);
    crm.interactions().create(call.validate().unwrap()).await.unwrap();

    let ever = Range { since: Some(DateTime::<Utc>::MIN_UTC), until: Some(DateTime::<Utc>::MAX_UTC) };
    let days = Range { since: Some(NaiveDate::MIN), until: Some(NaiveDate::MAX) };
    let never = Range { since: Some(DateTime::<Utc>::MAX_UTC), until: Some(DateTime::<Utc>::MIN_UTC) };
    for (created, expected) in [(ever, 1), (never, 0)] {
        let filter = InteractionFilter { date: created, created, ..Default::default() };
        assert_eq!(crm.interactions().count(&filter).await.unwrap(), expected);
        let filter = CustomerFilter { created, updated: created, ..Default::default() };
        assert_eq!(crm.customers().count(&filter).await.unwrap(), expected);
    }
    let filter = TaskFilter { due: days, ..Default::default() };
    assert_eq!(crm.tasks().count(&filter).await.unwrap(), 1);
    let filter =
        LeadFilter { min_value: Some(Decimal::MIN), max_value: Some(Decimal::MAX), ..Default::default() };
    assert_eq!(crm.leads().count(&filter).await.unwrap(), 1);
    let ids = [i64::MIN, 0, -1, i64::MAX].map(CustomerId).to_vec();
    assert!(crm.customers().get_many(&ids).await.unwrap().is_empty());
    let filter = CustomerFilter { ids: Some(ids), ..Default::default() };
    assert_eq!(crm.customers().count(&filter).await.unwrap(), 0);
}
