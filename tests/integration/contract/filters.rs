//! Filters: values that no row can hold, and ranges finer or wider than what rows hold.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Customer, CustomerFilter, DayRange, Interaction, InteractionFilter, InteractionType, Lead, LeadFilter,
    NewCustomer, NewInteraction, NewLead, NewTask, Range, Store, Task, TaskFilter, User, UserFilter,
};
use rust_decimal::Decimal;

use super::tools::*;

fn since<T>(since: T) -> Range<T> {
    Range { since: Some(since), until: None }
}

fn until<T>(until: T) -> Range<T> {
    Range { since: None, until: Some(until) }
}

pub(super) async fn a_text_that_no_row_can_hold_matches_nothing(crm: &dyn Store) {
    type U = UserFilter;
    type C = CustomerFilter;
    let ann = &user(crm, "ann@example.com").await;
    let acme: &Customer = &create(crm, NewCustomer { tags: texts(&["x"]), ..NewCustomer::new("Acme") }).await;
    for text in ["a\0b", ""] {
        let only = || Some(texts(&[text]));
        assert_eq!(crm.users().find_by_email(text).await.unwrap(), None);
        assert_selects::<User>(crm, U { email: only(), ..U::default() }, &[]).await;
        assert_selects::<Customer>(crm, C { email: only(), ..C::default() }, &[]).await;
        assert_selects::<Customer>(crm, C { company: only(), ..C::default() }, &[]).await;
        assert_selects::<Customer>(crm, C { tags_any: only(), ..C::default() }, &[]).await;
        assert_selects::<Customer>(crm, C { tags_all: only(), ..C::default() }, &[]).await;
        let email = Some(texts(&[text, "ann@example.com"]));
        assert_selects(crm, U { email, ..U::default() }, &[ann]).await;
        let (tags_any, tags_all) = (Some(texts(&[text, "x"])), Some(texts(&["x", text])));
        assert_selects(crm, C { tags_any, ..C::default() }, &[acme]).await;
        assert_selects::<Customer>(crm, C { tags_all, ..C::default() }, &[]).await;
    }
}

pub(super) async fn emails_are_folded_by_ascii_alone(crm: &dyn Store) {
    // Unicode's folding would make an `s` of the long one, and an `\u{e9}` of the capital.
    let (s, e) = (user(crm, "s@example.com").await, user(crm, "\u{e9}@example.com").await);
    let filter = |email: &str| UserFilter { email: Some(texts(&[email])), ..UserFilter::default() };
    for (email, user) in [("S@EXAMPLE.com", &s), ("\u{e9}@Example.com", &e)] {
        assert_eq!(crm.users().find_by_email(email).await.unwrap().as_ref(), Some(user));
        assert_selects(crm, filter(email), &[user]).await;
    }
    for email in ["\u{17f}@example.com", "\u{c9}@example.com"] {
        assert_eq!(crm.users().find_by_email(email).await.unwrap(), None);
        assert_selects::<User>(crm, filter(email), &[]).await;
    }
}

pub(super) async fn a_number_that_no_row_can_hold_matches_nothing(crm: &dyn Store) {
    type L = LeadFilter;
    let lead: &Lead = &create(crm, NewLead { value: "1".parse().ok(), ..NewLead::new("Deal") }).await;
    assert_selects(crm, L { min_value: Some(Decimal::MIN), ..L::default() }, &[lead]).await;
    assert_selects(crm, L { max_value: Some(Decimal::MAX), ..L::default() }, &[lead]).await;
    assert_selects::<Lead>(crm, L { min_value: Some(Decimal::MAX), ..L::default() }, &[]).await;
    assert_selects::<Lead>(crm, L { max_value: Some(Decimal::MIN), ..L::default() }, &[]).await;
    let ids = vec![i64::MIN.into(), i64::MAX.into()];
    assert_selects::<Lead>(crm, L { ids: Some(ids), ..L::default() }, &[]).await;
}

pub(super) async fn a_range_may_reach_beyond_what_a_row_can_hold(crm: &dyn Store) {
    type L = LeadFilter;
    type T = TaskFilter;
    let lead = &Lead::any(crm).await;
    let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    assert_selects(crm, L { created: since(first), updated: until(last), ..L::default() }, &[lead]).await;
    assert_selects::<Lead>(crm, L { created: since(last), ..L::default() }, &[]).await;
    assert_selects::<Lead>(crm, L { updated: until(first), ..L::default() }, &[]).await;

    let task: &Task = &create(crm, NewTask { due_date: Some(day("2026-01-01")), ..NewTask::new("a") }).await;
    let whole = Range { since: Some(NaiveDate::MIN), until: Some(NaiveDate::MAX) };
    assert_selects(crm, T { due: days(whole), ..T::default() }, &[task]).await;
    assert_selects::<Task>(crm, T { due: days(since(NaiveDate::MAX)), ..T::default() }, &[]).await;
    assert_selects::<Task>(crm, T { due: days(until(NaiveDate::MIN)), ..T::default() }, &[]).await;
}

pub(super) async fn the_ends_of_a_range_count_to_the_millisecond(crm: &dyn Store) {
    type F = InteractionFilter;
    let acme = customer(crm, "Acme").await.id;
    let date = at("2026-01-01T00:00:00.005Z");
    let new = NewInteraction { date: Some(date), ..NewInteraction::new(acme, InteractionType::Call) };
    let call: &Interaction = &create(crm, new).await;
    let shifted = |microseconds| date + chrono::TimeDelta::microseconds(microseconds);
    for within in [0, 1, 999] {
        assert_selects(crm, F { date: since(shifted(within)), ..F::default() }, &[call]).await;
        assert_selects::<Interaction>(crm, F { date: until(shifted(within)), ..F::default() }, &[]).await;
    }
    assert_selects::<Interaction>(crm, F { date: since(shifted(1_000)), ..F::default() }, &[]).await;
    assert_selects(crm, F { date: until(shifted(1_000)), ..F::default() }, &[call]).await;
}

/// Takes the bounds of a range for those of days, whose last one is inside.
fn days(range: Range<NaiveDate>) -> DayRange {
    DayRange { since: range.since, until: range.until }
}
