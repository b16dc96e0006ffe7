//! Filters take any value: what can match nothing is no error.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    ActivityQuery, Cursor, CustomerFilter, CustomerId, DayRange, DueTasksQuery, InteractionFilter,
    InteractionType, LeadFilter, List, NewCustomer, NewInteraction, NewLead, NewTask, Range, Repositories,
    SearchText, Tags, TaskFilter, UserFilter, Validate, ViolationCode,
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
async fn of_two_users_whose_emails_differ_by_their_form_the_one_as_given_is_found() {
    let database = Database::fresh().await;
    database
        .execute(
            "insert into crm.users (name, email, password) values
               ('composed', U&'caf\\00e9@example.com', 'x'), ('decomposed', U&'cafe\\0301@example.com', 'x')",
        )
        .await;
    for (email, name) in [
        ("caf\u{e9}@example.com", "composed"),
        ("Cafe\u{301}@example.com", "decomposed"),
        (" caf\u{e9}@example.com", "composed"),
    ] {
        let found = database.crm.users().find_by_email(email).await.unwrap().unwrap();
        assert_eq!(found.name, name, "{email:?}");
    }
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
    let days = DayRange { since: Some(NaiveDate::MIN), until: Some(NaiveDate::MAX) };
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

#[tokio::test]
async fn a_forged_cursor_is_refused_whatever_it_holds() {
    use base64::Engine as _;

    let database = Database::fresh().await;
    let cursor = |plain: &str| Cursor::from(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(plain));
    for plain in ["t2 -9999-01-01", "t2 +99999-01-01", "t9 2026-01-01", "t2", "d2026-01-01", "i"] {
        let cursor = Some(cursor(&format!("1 due_tasks -priority,due_date 7 {plain}")));
        let query = DueTasksQuery { cursor, ..DueTasksQuery::new(NaiveDate::MAX) };
        let error = database.crm.reports().due_tasks(&query).await.unwrap_err();
        assert_eq!(error.violations()[0].code, ViolationCode::InvalidCursor, "{plain}");
    }
    for plain in ["m9223372036854775807", "m-9223372036854775808", "mx", "t"] {
        let cursor = Some(cursor(&format!("1 customer_activity -last_interaction 7 {plain}")));
        let query = ActivityQuery { cursor, ..ActivityQuery::default() };
        let error = database.crm.reports().customer_activity(&query).await.unwrap_err();
        assert_eq!(error.violations()[0].code, ViolationCode::InvalidCursor, "{plain}");
    }
}

#[test]
fn a_search_of_too_many_words_is_refused() {
    let words =
        |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(" ").parse::<SearchText>();
    assert!(words(64).is_ok());
    assert_eq!(words(65).unwrap_err().violations()[0].code, ViolationCode::TooLong);
}

#[tokio::test]
async fn tags_that_are_too_many_already_can_be_removed_and_not_added_to() {
    let database = Database::fresh().await;
    let customers = database.crm.customers();
    database
        .execute("insert into crm.customers (name, tags) select 'x', array_agg('t' || n) from generate_series(1, 150) n")
        .await;
    let id = customers.list(&List::new()).await.unwrap().items[0].id;
    let tags = |tag: &str| Tags(vec![tag.to_owned()]).validate().unwrap();
    assert_eq!(customers.remove_tags(id, tags("T1")).await.unwrap().tags.len(), 149);
    assert_eq!(customers.add_tags(id, tags("T2")).await.unwrap().tags.len(), 149);
    let error = customers.add_tags(id, tags("new")).await.unwrap_err();
    assert_eq!(error.violations()[0].code, ViolationCode::TooLong);
}
