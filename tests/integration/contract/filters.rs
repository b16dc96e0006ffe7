//! Filters: each alone, empty choices, ranges, and two together.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Assignee, Customer, CustomerFilter, DayRange, Entity, Interaction, InteractionFilter, InteractionType,
    Lead, LeadFilter, NewCustomer, NewInteraction, NewLead, NewTask, NewUser, Priority, Range, Role, Stage,
    Store, Task, TaskFilter, TaskStatus, User, UserFilter,
};
use rust_decimal::Decimal;

use super::tools::*;

fn since<T>(since: T) -> Range<T> {
    Range { since: Some(since), until: None }
}

fn until<T>(until: T) -> Range<T> {
    Range { since: None, until: Some(until) }
}

pub(super) async fn users_are_selected_by_each_filter(crm: &dyn Store) {
    type F = UserFilter;
    let d = F::default;
    let admin = NewUser { role: Role::Admin, ..NewUser::new("A", "Ann@Example.com", hash()) };
    let a: &User = &create(crm, admin).await;
    pause().await;
    let b = &user(crm, "bob@example.com").await;
    pause().await;
    let c = &user(crm, "cid@example.com").await;
    assert_selects(crm, d(), &[a, b, c]).await;
    assert_selects(crm, F { ids: Some(vec![c.id, a.id, 0.into()]), ..d() }, &[a, c]).await;
    assert_selects(crm, F { role: Some(vec![Role::User]), ..d() }, &[b, c]).await;
    assert_selects(crm, F { role: Some(Role::ALL.to_vec()), ..d() }, &[a, b, c]).await;
    let email = |emails| Some(texts(emails));
    assert_selects(crm, F { email: email(&["aNN@example.com", "cid@example.com"]), ..d() }, &[a, c]).await;
    assert_selects::<User>(crm, F { email: email(&["ann", " bob@example.com"]), ..d() }, &[]).await;
    assert_selects(crm, F { created: since(b.created_at), ..d() }, &[b, c]).await;
    assert_selects(crm, F { created: until(b.created_at), ..d() }, &[a]).await;
    pause().await;
    let a: &User = &update(crm, a.id, User::change()).await;
    assert_selects(crm, F { updated: since(a.updated_at), ..d() }, &[a]).await;
    assert_selects(crm, F { updated: until(a.updated_at), ..d() }, &[b, c]).await;

    assert_selects::<User>(crm, F { ids: Some(vec![]), ..d() }, &[]).await;
    assert_selects::<User>(crm, F { role: Some(vec![]), ..d() }, &[]).await;
    assert_selects::<User>(crm, F { email: Some(vec![]), ..d() }, &[]).await;
    let both = F { role: Some(vec![Role::User]), created: until(c.created_at), ..d() };
    assert_selects(crm, both, &[b]).await;
}

pub(super) async fn customers_are_selected_by_each_filter(crm: &dyn Store) {
    type F = CustomerFilter;
    let d = F::default;
    let new = |company: &str, email: &str, tags: &[&str]| NewCustomer {
        company: Some(company.into()),
        email: Some(email.into()),
        tags: texts(tags),
        ..NewCustomer::new("C")
    };
    let a: &Customer = &create(crm, new("Acme", "a@b.co", &["x", "y", "a b"])).await;
    pause().await;
    let b: &Customer = &create(crm, new("acme", "A@b.co", &["x", "Y"])).await;
    pause().await;
    let c: &Customer = &create(crm, NewCustomer::new("C")).await;
    assert_selects(crm, F { ids: Some(vec![b.id, b.id]), ..d() }, &[b]).await;
    let some = |list| Some(texts(list));
    assert_selects(crm, F { tags_any: some(&["y", "a b"]), ..d() }, &[a]).await;
    assert_selects(crm, F { tags_any: some(&["y", "Y", "nobody's"]), ..d() }, &[a, b]).await;
    assert_selects(crm, F { tags_all: some(&["x", "y"]), ..d() }, &[a]).await;
    assert_selects(crm, F { tags_all: some(&["x", "x"]), ..d() }, &[a, b]).await;
    assert_selects::<Customer>(crm, F { tags_all: some(&["x", "nobody's"]), ..d() }, &[]).await;
    assert_selects(crm, F { company: some(&["Acme", "Other"]), ..d() }, &[a]).await;
    assert_selects(crm, F { email: some(&["A@b.co"]), ..d() }, &[b]).await;
    assert_selects(crm, F { created: since(b.created_at), ..d() }, &[b, c]).await;
    assert_selects(crm, F { created: until(b.created_at), ..d() }, &[a]).await;
    pause().await;
    let a: &Customer = &update(crm, a.id, Customer::change()).await;
    assert_selects(crm, F { updated: since(a.updated_at), ..d() }, &[a]).await;
    assert_selects(crm, F { updated: until(c.updated_at), ..d() }, &[b]).await;

    assert_selects::<Customer>(crm, F { ids: Some(vec![]), ..d() }, &[]).await;
    assert_selects::<Customer>(crm, F { tags_any: Some(vec![]), ..d() }, &[]).await;
    assert_selects::<Customer>(crm, F { company: Some(vec![]), ..d() }, &[]).await;
    assert_selects::<Customer>(crm, F { email: Some(vec![]), ..d() }, &[]).await;
    // All of no tags is no condition.
    assert_selects(crm, F { tags_all: Some(vec![]), ..d() }, &[a, b, c]).await;
    let both = F { tags_any: some(&["x"]), tags_all: some(&["Y"]), ..d() };
    assert_selects(crm, both, &[b]).await;
    let both = F { company: some(&["Acme", "acme"]), text: "acme".parse().ok(), ..d() };
    assert_selects(crm, both, &[a, b]).await;
}

pub(super) async fn leads_are_selected_by_each_filter(crm: &dyn Store) {
    type F = LeadFilter;
    let d = F::default;
    let (ann, bob) = (user(crm, "ann@example.com").await.id, user(crm, "bob@example.com").await.id);
    let acme = customer(crm, "Acme").await.id;
    let new = |stage, value: &str, customer_id, assigned_to| NewLead {
        stage,
        value: value.parse().ok(),
        customer_id,
        assigned_to,
        ..NewLead::new("Deal")
    };
    let a: &Lead = &create(crm, new(Stage::Lead, "10", Some(acme), Some(ann))).await;
    pause().await;
    let b: &Lead = &create(crm, new(Stage::Proposal, "20", None, Some(bob))).await;
    pause().await;
    let c: &Lead = &create(crm, new(Stage::Closed, "", None, None)).await;
    assert_selects(crm, F { ids: Some(vec![c.id, a.id]), ..d() }, &[a, c]).await;
    assert_selects(crm, F { stage: Some(vec![Stage::Lead, Stage::Closed]), ..d() }, &[a, c]).await;
    assert_selects(crm, F { customer_id: Some(vec![acme, 0.into()]), ..d() }, &[a]).await;
    let assigned = |users: &[_]| Some(Assignee::AnyOf(users.to_vec()));
    assert_selects(crm, F { assigned_to: assigned(&[bob, ann]), ..d() }, &[a, b]).await;
    assert_selects(crm, F { assigned_to: assigned(&[bob]), ..d() }, &[b]).await;
    assert_selects(crm, F { assigned_to: Some(Assignee::Unassigned), ..d() }, &[c]).await;
    let money = |text: &str| text.parse().ok();
    assert_selects(crm, F { min_value: money("10.00"), ..d() }, &[a, b]).await;
    assert_selects(crm, F { min_value: money("10.001"), ..d() }, &[b]).await;
    assert_selects(crm, F { max_value: money("10"), ..d() }, &[a]).await;
    assert_selects(crm, F { min_value: money("11"), max_value: money("20"), ..d() }, &[b]).await;
    assert_selects::<Lead>(crm, F { min_value: money("20"), max_value: money("10"), ..d() }, &[]).await;
    assert_selects(crm, F { text: "de".parse().ok(), ..d() }, &[a, b, c]).await;
    assert_selects(crm, F { created: since(b.created_at), ..d() }, &[b, c]).await;
    assert_selects(crm, F { created: until(b.created_at), ..d() }, &[a]).await;
    pause().await;
    let a: &Lead = &update(crm, a.id, Lead::change()).await;
    assert_selects(crm, F { updated: since(a.updated_at), ..d() }, &[a]).await;
    assert_selects(crm, F { updated: until(c.updated_at), ..d() }, &[b]).await;

    assert_selects::<Lead>(crm, F { ids: Some(vec![]), ..d() }, &[]).await;
    assert_selects::<Lead>(crm, F { stage: Some(vec![]), ..d() }, &[]).await;
    assert_selects::<Lead>(crm, F { customer_id: Some(vec![]), ..d() }, &[]).await;
    assert_selects::<Lead>(crm, F { assigned_to: assigned(&[]), ..d() }, &[]).await;
    let both = F { stage: Some(vec![Stage::Lead, Stage::Proposal]), min_value: money("15"), ..d() };
    assert_selects(crm, both, &[b]).await;
}

pub(super) async fn tasks_are_selected_by_each_filter(crm: &dyn Store) {
    type F = TaskFilter;
    let d = F::default;
    let (ann, acme) = (user(crm, "ann@example.com").await.id, customer(crm, "Acme").await.id);
    let new = |status, priority, due: &str, assigned_to, customer_id| NewTask {
        status,
        priority,
        due_date: due.parse().ok(),
        assigned_to,
        customer_id,
        ..NewTask::new("Call")
    };
    let (pending, started) = (TaskStatus::Pending, TaskStatus::InProgress);
    let a: &Task = &create(crm, new(pending, Priority::Low, "2026-01-01", Some(ann), None)).await;
    pause().await;
    let b: &Task = &create(crm, new(started, Priority::High, "2026-01-02", None, Some(acme))).await;
    pause().await;
    let c: &Task = &create(crm, new(TaskStatus::Completed, Priority::High, "", None, None)).await;
    assert_selects(crm, F { ids: Some(vec![a.id, 0.into()]), ..d() }, &[a]).await;
    assert_selects(crm, F { status: Some(vec![pending, started]), ..d() }, &[a, b]).await;
    assert_selects(crm, F { priority: Some(vec![Priority::High]), ..d() }, &[b, c]).await;
    assert_selects(crm, F { assigned_to: Some(ann.into()), ..d() }, &[a]).await;
    assert_selects(crm, F { assigned_to: Some(Assignee::Unassigned), ..d() }, &[b, c]).await;
    assert_selects(crm, F { customer_id: Some(vec![acme]), ..d() }, &[b]).await;
    assert_selects(crm, F { due: days(since(day("2026-01-01"))), ..d() }, &[a, b]).await;
    assert_selects(crm, F { due: days(since(day("2026-01-02"))), ..d() }, &[b]).await;
    assert_selects(crm, F { due: days(until(day("2026-01-01"))), ..d() }, &[a]).await;
    let one_day = Range { since: Some(day("2026-01-02")), until: Some(day("2026-01-02")) };
    assert_selects(crm, F { due: days(one_day), ..d() }, &[b]).await;
    assert_selects(crm, F { text: "call".parse().ok(), ..d() }, &[a, b, c]).await;
    assert_selects(crm, F { created: since(c.created_at), ..d() }, &[c]).await;
    assert_selects(crm, F { created: until(c.created_at), ..d() }, &[a, b]).await;
    pause().await;
    let a: &Task = &update(crm, a.id, Task::change()).await;
    assert_selects(crm, F { updated: since(a.updated_at), ..d() }, &[a]).await;
    assert_selects(crm, F { updated: until(c.updated_at), ..d() }, &[b]).await;

    assert_selects::<Task>(crm, F { ids: Some(vec![]), ..d() }, &[]).await;
    assert_selects::<Task>(crm, F { status: Some(vec![]), ..d() }, &[]).await;
    assert_selects::<Task>(crm, F { priority: Some(vec![]), ..d() }, &[]).await;
    assert_selects::<Task>(crm, F { assigned_to: Some(Assignee::AnyOf(vec![])), ..d() }, &[]).await;
    assert_selects::<Task>(crm, F { customer_id: Some(vec![]), ..d() }, &[]).await;
    let both = F { priority: Some(vec![Priority::High]), status: Some(vec![started]), ..d() };
    assert_selects(crm, both, &[b]).await;
}

pub(super) async fn interactions_are_selected_by_each_filter(crm: &dyn Store) {
    type F = InteractionFilter;
    let d = F::default;
    let (ann, acme) = (user(crm, "ann@example.com").await.id, customer(crm, "Acme").await.id);
    let other = customer(crm, "Other").await.id;
    let new = |customer, kind, date, created_by| NewInteraction {
        date: Some(at(date)),
        created_by,
        notes: Some("went well".into()),
        ..NewInteraction::new(customer, kind)
    };
    let (call, email) = (InteractionType::Call, InteractionType::Email);
    let a: &Interaction = &create(crm, new(acme, call, "2026-01-01T00:00:00Z", Some(ann))).await;
    pause().await;
    let b: &Interaction = &create(crm, new(acme, email, "2026-01-02T00:00:00Z", None)).await;
    pause().await;
    let c: &Interaction = &create(crm, new(other, call, "2026-01-03T00:00:00Z", None)).await;
    assert_selects(crm, F { ids: Some(vec![c.id, a.id]), ..d() }, &[a, c]).await;
    assert_selects(crm, F { customer_id: Some(vec![acme]), ..d() }, &[a, b]).await;
    assert_selects(crm, F { kind: Some(vec![email, InteractionType::Note]), ..d() }, &[b]).await;
    assert_selects(crm, F { created_by: Some(vec![ann]), ..d() }, &[a]).await;
    assert_selects(crm, F { date: since(b.date), ..d() }, &[b, c]).await;
    assert_selects(crm, F { date: until(b.date), ..d() }, &[a]).await;
    let first_two = Range { since: Some(a.date), until: Some(c.date) };
    assert_selects(crm, F { date: first_two, ..d() }, &[a, b]).await;
    assert_selects(crm, F { text: "well".parse().ok(), ..d() }, &[a, b, c]).await;
    assert_selects(crm, F { created: since(c.created_at), ..d() }, &[c]).await;
    assert_selects(crm, F { created: until(c.created_at), ..d() }, &[a, b]).await;

    assert_selects::<Interaction>(crm, F { ids: Some(vec![]), ..d() }, &[]).await;
    assert_selects::<Interaction>(crm, F { customer_id: Some(vec![]), ..d() }, &[]).await;
    assert_selects::<Interaction>(crm, F { kind: Some(vec![]), ..d() }, &[]).await;
    assert_selects::<Interaction>(crm, F { created_by: Some(vec![]), ..d() }, &[]).await;
    assert_selects(crm, F { kind: Some(vec![call]), date: since(b.date), ..d() }, &[c]).await;
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
    let k = user(crm, "k@example.com").await;
    let kelvin = "\u{212a}@example.com";
    assert_eq!(crm.users().find_by_email("K@example.com").await.unwrap().as_ref(), Some(&k));
    assert_eq!(crm.users().find_by_email(kelvin).await.unwrap(), None);
    let filter = |email: &str| UserFilter { email: Some(texts(&[email])), ..UserFilter::default() };
    assert_selects(crm, filter("K@example.com"), &[&k]).await;
    assert_selects::<User>(crm, filter(kelvin), &[]).await;
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

pub(super) async fn a_range_is_as_fine_as_its_ends(crm: &dyn Store) {
    type F = InteractionFilter;
    let acme = customer(crm, "Acme").await.id;
    let date = at("2026-01-01T00:00:00.005Z");
    let new = NewInteraction { date: Some(date), ..NewInteraction::new(acme, InteractionType::Call) };
    let call: &Interaction = &create(crm, new).await;
    let finer = |nanoseconds| date + chrono::TimeDelta::nanoseconds(nanoseconds);
    assert_selects::<Interaction>(crm, F { date: since(finer(1_000)), ..F::default() }, &[]).await;
    assert_selects(crm, F { date: until(finer(1_000)), ..F::default() }, &[call]).await;
    assert_selects(crm, F { date: since(finer(-1_000)), ..F::default() }, &[call]).await;
    assert_selects::<Interaction>(crm, F { date: until(finer(-1_000)), ..F::default() }, &[]).await;
}

pub(super) async fn every_filter_at_once_selects_what_meets_all(crm: &dyn Store) {
    let ann = user(crm, "ann@example.com").await.id;
    let acme = customer(crm, "Acme").await.id;
    let new = |title| NewTask {
        priority: Priority::High,
        due_date: Some(day("2026-01-01")),
        assigned_to: Some(ann),
        customer_id: Some(acme),
        ..NewTask::new(title)
    };
    let call: &Task = &create(crm, new("Call back")).await;
    let write: &Task = &create(crm, new("Write back")).await;
    let filter = TaskFilter {
        ids: Some(vec![call.id(), write.id()]),
        status: Some(vec![TaskStatus::Pending]),
        priority: Some(vec![Priority::High]),
        assigned_to: Some(ann.into()),
        customer_id: Some(vec![acme]),
        due: days(since(day("2026-01-01"))),
        text: "back call".parse().ok(),
        created: since(call.created_at),
        updated: since(call.updated_at),
    };
    assert_selects(crm, filter, &[call]).await;
}

/// Takes the bounds of a range for those of days, whose last one is inside.
fn days(range: Range<NaiveDate>) -> DayRange {
    DayRange { since: range.since, until: range.until }
}
