//! What only customers have: tags and the overview.

use crm_core::{
    Customer, CustomerPatch, Entity, Interaction, InteractionType, Lead, MAX_TAGS, NewCustomer,
    NewInteraction, NewLead, NewTask, Patch, Stage, Store, TagCount, Task, TaskStatus, ViolationCode,
};

use super::tools::*;

async fn tagged(crm: &dyn Store, tags: &[&str]) -> Customer {
    create(crm, NewCustomer { tags: texts(tags), ..NewCustomer::new("Acme") }).await
}

pub(super) async fn tags_are_added_behind_the_others_without_regard_to_case(crm: &dyn Store) {
    let before = tagged(crm, &["b", "\u{c9}t\u{e9}"]).await;
    let after =
        crm.customers().add_tags(before.id, tags(&[" a ", "B", "\u{e9}T\u{c9}", "A", "c"])).await.unwrap();
    assert_eq!(after.tags, ["b", "\u{c9}t\u{e9}", "a", "c"]);
    assert_eq!(after.version, 2);
    let unstamped =
        Customer { tags: before.tags.clone(), version: 1, updated_at: before.updated_at, ..after.clone() };
    assert_eq!(unstamped, before);
    assert_eq!(get::<Customer>(crm, before.id).await, after);
}

pub(super) async fn tags_are_removed_without_regard_to_case(crm: &dyn Store) {
    let before = tagged(crm, &["VIP", "b", "\u{416}\u{443}\u{43a}"]).await;
    let after =
        crm.customers().remove_tags(before.id, tags(&["vip", "\u{436}\u{423}\u{41a}", "x"])).await.unwrap();
    assert_eq!((after.tags.as_slice(), after.version), (texts(&["b"]).as_slice(), 2));
    assert_eq!(get::<Customer>(crm, before.id).await, after);
    let none = crm.customers().remove_tags(before.id, tags(&["b"])).await.unwrap();
    assert!(none.tags.is_empty());
}

pub(super) async fn tags_that_change_nothing_do_not_raise_the_version(crm: &dyn Store) {
    let before = tagged(crm, &["VIP", "b"]).await;
    pause().await;
    assert_eq!(crm.customers().add_tags(before.id, tags(&["vip", "B"])).await.unwrap(), before);
    assert_eq!(crm.customers().add_tags(before.id, tags(&[])).await.unwrap(), before);
    assert_eq!(crm.customers().remove_tags(before.id, tags(&["x"])).await.unwrap(), before);
    assert_eq!(crm.customers().remove_tags(before.id, tags(&[])).await.unwrap(), before);
    assert_eq!(get::<Customer>(crm, before.id).await, before);
}

pub(super) async fn a_customer_has_at_most_100_tags(crm: &dyn Store) {
    let all: Vec<_> = (0..MAX_TAGS).map(|n| format!("t{n}")).collect();
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    let full = tagged(crm, &all[..99]).await;
    let too_many = crm.customers().add_tags(full.id, tags(&["x", "y"])).await;
    assert_eq!(violation(too_many), violated("tags", ViolationCode::TooLong));
    assert_eq!(get::<Customer>(crm, full.id).await, full);
    assert_eq!(crm.customers().add_tags(full.id, tags(&all)).await.unwrap().tags, all);
    assert_eq!(crm.customers().add_tags(full.id, tags(&["T0"])).await.unwrap().version, 2);
    let too_many = crm.customers().add_tags(full.id, tags(&["x"])).await;
    assert_eq!(violation(too_many), violated("tags", ViolationCode::TooLong));
}

pub(super) async fn tags_added_and_removed_at_the_same_time_are_all_kept(crm: &dyn Store) {
    let id = tagged(crm, &["old", "stays"]).await.id;
    let customers = crm.customers();
    let (a, b, c, d) = tokio::join!(
        customers.add_tags(id, tags(&["a"])),
        customers.add_tags(id, tags(&["b"])),
        customers.remove_tags(id, tags(&["old"])),
        customers.add_tags(id, tags(&["c"])),
    );
    for result in [a, b, c, d] {
        result.unwrap();
    }
    let mut found = get::<Customer>(crm, id).await;
    found.tags.sort();
    assert_eq!((found.tags, found.version), (texts(&["a", "b", "c", "stays"]), 5));
}

pub(super) async fn tags_of_no_customer_are_not_found(crm: &dyn Store) {
    let gone = i64::MAX.into();
    assert_not_found::<Customer, _>(crm.customers().add_tags(gone, tags(&["a"])).await, gone);
    assert_not_found::<Customer, _>(crm.customers().add_tags(gone, tags(&[])).await, gone);
    assert_not_found::<Customer, _>(crm.customers().remove_tags(gone, tags(&["a"])).await, gone);
}

pub(super) async fn tags_are_counted_most_used_first_then_by_code_points(crm: &dyn Store) {
    assert_eq!(crm.customers().tag_counts().await.unwrap(), []);
    tagged(crm, &["x", "b", "\u{e9}", "a b"]).await;
    tagged(crm, &["X", "b", "Z", "ab"]).await;
    let gone = tagged(crm, &["gone", "b"]).await;
    tagged(crm, &["x"]).await;
    crm.customers().delete(gone.id).await.unwrap();
    let changed = tagged(crm, &["gone"]).await;
    update::<Customer>(crm, changed.id, CustomerPatch { tags: Patch::Clear, ..CustomerPatch::default() })
        .await;
    let counted = crm.customers().tag_counts().await.unwrap();
    let expected = [("b", 2), ("x", 2), ("X", 1), ("Z", 1), ("a b", 1), ("ab", 1), ("\u{e9}", 1)]
        .map(|(tag, count)| TagCount { tag: tag.into(), count });
    assert_eq!(counted, expected);
}

pub(super) async fn the_overview_shows_what_is_open_and_recent(crm: &dyn Store) {
    let (acme, other) = (customer(crm, "Acme").await, customer(crm, "Other").await.id);
    let lead = |title, stage, customer| NewLead { stage, customer_id: Some(customer), ..NewLead::new(title) };
    let open: Lead = create(crm, lead("open", Stage::Lead, acme.id)).await;
    create::<Lead>(crm, lead("closed", Stage::Closed, acme.id)).await;
    create::<Lead>(crm, lead("other", Stage::Lead, other)).await;
    let newer: Lead = create(crm, lead("newer", Stage::Proposal, acme.id)).await;
    let task =
        |title, status, customer| NewTask { status, customer_id: Some(customer), ..NewTask::new(title) };
    let pending: Task = create(crm, task("pending", TaskStatus::Pending, acme.id)).await;
    create::<Task>(crm, task("done", TaskStatus::Completed, acme.id)).await;
    create::<Task>(crm, task("other", TaskStatus::Pending, other)).await;
    let started: Task = create(crm, task("started", TaskStatus::InProgress, acme.id)).await;
    let call = |date, customer| NewInteraction {
        date: Some(at(date)),
        ..NewInteraction::new(customer, InteractionType::Call)
    };
    let middle: Interaction = create(crm, call("2026-01-02T00:00:00Z", acme.id)).await;
    let tied: Interaction = create(crm, call("2026-01-02T00:00:00Z", acme.id)).await;
    let latest: Interaction = create(crm, call("2026-01-03T00:00:00Z", acme.id)).await;
    let oldest: Interaction = create(crm, call("2026-01-01T00:00:00Z", acme.id)).await;
    create::<Interaction>(crm, call("2026-01-04T00:00:00Z", other)).await;

    let overview = crm.customers().overview(acme.id, 3).await.unwrap();
    assert_eq!(overview.customer, acme);
    assert_eq!(overview.open_leads, [newer, open]);
    assert_eq!(overview.open_tasks, [started, pending]);
    let newest = [latest, tied, middle, oldest];
    assert_eq!(overview.recent_interactions, newest[..3]);
    let overview = crm.customers().overview(acme.id, 1_000).await.unwrap();
    assert_eq!(overview.recent_interactions, newest);
    assert!(crm.customers().overview(acme.id, 0).await.unwrap().recent_interactions.is_empty());
}

pub(super) async fn the_overview_of_a_new_customer_is_empty(crm: &dyn Store) {
    let acme = customer(crm, "Acme").await;
    let overview = crm.customers().overview(acme.id, 10).await.unwrap();
    assert_eq!(overview.customer, acme);
    assert_eq!((overview.open_leads, overview.open_tasks), (vec![], vec![]));
    assert_eq!(overview.recent_interactions, []);
}

pub(super) async fn the_overview_refuses_no_customer_and_too_many_interactions(crm: &dyn Store) {
    let acme = customer(crm, "Acme").await.id();
    for recent in [1_001, u32::MAX] {
        let refused = crm.customers().overview(acme, recent).await;
        assert_eq!(violation(refused), violated("recent", ViolationCode::OutOfRange));
    }
    let gone = i64::MAX.into();
    assert_not_found::<Customer, _>(crm.customers().overview(gone, 10).await, gone);
}
