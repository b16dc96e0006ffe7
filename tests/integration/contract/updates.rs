//! Changing a row.

use crm_core::{
    Customer, CustomerPatch, Interaction, InteractionPatch, InteractionType, Lead, LeadPatch, NewCustomer,
    NewInteraction, NewLead, NewTask, Patch, Priority, Role, Stage, Store, Task, TaskPatch, TaskStatus, User,
    UserPatch,
};

use super::tools::*;

pub(super) async fn each_field_of_a_user_changes_alone(crm: &dyn Store) {
    type P = UserPatch;
    let row = &mut user(crm, "ann@example.com").await;
    assert_change(crm, row, P { name: " Bob ".into(), ..P::default() }, |r| r.name = "Bob".into()).await;
    let email = "Bob@Example.com";
    assert_change(crm, row, P { email: email.into(), ..P::default() }, |r| r.email = email.parse().unwrap())
        .await;
    assert_change(crm, row, P { role: Role::Admin.into(), ..P::default() }, |r| r.role = Role::Admin).await;
}

pub(super) async fn each_field_of_a_customer_changes_alone(crm: &dyn Store) {
    type P = CustomerPatch;
    let d = P::default;
    let row = &mut customer(crm, "Acme").await;
    assert_change(crm, row, P { name: " Corp ".into(), ..d() }, |r| r.name = "Corp".into()).await;
    let email = "Info@Acme.com";
    assert_change(crm, row, P { email: email.into(), ..d() }, |r| r.email = email.parse().ok()).await;
    assert_change(crm, row, P { phone: " 555 01 ".into(), ..d() }, |r| r.phone = Some("555 01".into())).await;
    assert_change(crm, row, P { company: "Acme".into(), ..d() }, |r| r.company = Some("Acme".into())).await;
    let some = texts(&["a", "B"]);
    assert_change(crm, row, P { tags: texts(&["a", "B", "b"]).into(), ..d() }, |r| r.tags = some).await;
    assert_change(crm, row, P { notes: "a\r\nb".into(), ..d() }, |r| r.notes = Some("a\nb".into())).await;

    assert_change(crm, row, P { email: Patch::Clear, ..d() }, |r| r.email = None).await;
    assert_change(crm, row, P { phone: Patch::Clear, ..d() }, |r| r.phone = None).await;
    assert_change(crm, row, P { company: " ".into(), ..d() }, |r| r.company = None).await;
    assert_change(crm, row, P { tags: Patch::Clear, ..d() }, |r| r.tags = vec![]).await;
    assert_change(crm, row, P { notes: Patch::Clear, ..d() }, |r| r.notes = None).await;
}

pub(super) async fn each_field_of_a_lead_changes_alone(crm: &dyn Store) {
    type P = LeadPatch;
    let d = P::default;
    let (ann, acme) = (user(crm, "ann@example.com").await.id, customer(crm, "Acme").await.id);
    let row: &mut Lead = &mut create(crm, NewLead::new("Deal")).await;
    let value = "12.30".parse().ok();
    assert_change(crm, row, P { title: " Big ".into(), ..d() }, |r| r.title = "Big".into()).await;
    assert_change(crm, row, P { description: "x".into(), ..d() }, |r| r.description = Some("x".into())).await;
    assert_change(crm, row, P { stage: Stage::Closed.into(), ..d() }, |r| r.stage = Stage::Closed).await;
    assert_change(crm, row, P { value: value.into(), ..d() }, |r| r.value = value).await;
    assert_change(crm, row, P { customer_id: acme.into(), ..d() }, |r| r.customer_id = Some(acme)).await;
    assert_change(crm, row, P { assigned_to: ann.into(), ..d() }, |r| r.assigned_to = Some(ann)).await;

    assert_change(crm, row, P { description: Patch::Clear, ..d() }, |r| r.description = None).await;
    assert_change(crm, row, P { value: Patch::Clear, ..d() }, |r| r.value = None).await;
    assert_change(crm, row, P { customer_id: Patch::Clear, ..d() }, |r| r.customer_id = None).await;
    assert_change(crm, row, P { assigned_to: Patch::Clear, ..d() }, |r| r.assigned_to = None).await;
}

pub(super) async fn each_field_of_a_task_changes_alone(crm: &dyn Store) {
    type P = TaskPatch;
    let d = P::default;
    let (ann, acme) = (user(crm, "ann@example.com").await.id, customer(crm, "Acme").await.id);
    let row: &mut Task = &mut create(crm, NewTask::new("Call")).await;
    let (done, high, due) = (TaskStatus::Completed, Priority::High, day("2026-02-28"));
    assert_change(crm, row, P { title: " Write ".into(), ..d() }, |r| r.title = "Write".into()).await;
    assert_change(crm, row, P { description: "x".into(), ..d() }, |r| r.description = Some("x".into())).await;
    assert_change(crm, row, P { status: done.into(), ..d() }, |r| r.status = done).await;
    assert_change(crm, row, P { priority: high.into(), ..d() }, |r| r.priority = high).await;
    assert_change(crm, row, P { due_date: due.into(), ..d() }, |r| r.due_date = Some(due)).await;
    assert_change(crm, row, P { assigned_to: ann.into(), ..d() }, |r| r.assigned_to = Some(ann)).await;
    assert_change(crm, row, P { customer_id: acme.into(), ..d() }, |r| r.customer_id = Some(acme)).await;

    assert_change(crm, row, P { description: Patch::Clear, ..d() }, |r| r.description = None).await;
    assert_change(crm, row, P { due_date: Patch::Clear, ..d() }, |r| r.due_date = None).await;
    assert_change(crm, row, P { assigned_to: Patch::Clear, ..d() }, |r| r.assigned_to = None).await;
    assert_change(crm, row, P { customer_id: Patch::Clear, ..d() }, |r| r.customer_id = None).await;
}

pub(super) async fn each_field_of_an_interaction_changes_alone(crm: &dyn Store) {
    type P = InteractionPatch;
    let d = P::default;
    let (acme, other) = (customer(crm, "Acme").await.id, customer(crm, "Other").await.id);
    let row: &mut Interaction = &mut create(crm, NewInteraction::new(acme, InteractionType::Call)).await;
    let (kind, date) = (InteractionType::Email, at("2026-01-02T03:04:05.678Z"));
    assert_change(crm, row, P { customer_id: other.into(), ..d() }, |r| r.customer_id = other).await;
    assert_change(crm, row, P { kind: kind.into(), ..d() }, |r| r.kind = kind).await;
    assert_change(crm, row, P { notes: "x".into(), ..d() }, |r| r.notes = Some("x".into())).await;
    assert_change(crm, row, P { date: date.into(), ..d() }, |r| r.date = date).await;
    assert_change(crm, row, P { notes: Patch::Clear, ..d() }, |r| r.notes = None).await;
}

pub(super) async fn many_fields_change_at_once(crm: &dyn Store) {
    let new =
        NewCustomer { email: Some("a@b.co".into()), notes: Some("kept".into()), ..NewCustomer::new("A") };
    let row: &mut Customer = &mut create(crm, new).await;
    let patch = CustomerPatch {
        name: "B".into(),
        email: Patch::Clear,
        tags: texts(&["x"]).into(),
        ..CustomerPatch::default()
    };
    let edit = |row: &mut Customer| {
        (row.name, row.email, row.tags) = ("B".into(), None, texts(&["x"]));
    };
    assert_change(crm, row, patch, edit).await;
}

pub(super) async fn an_empty_patch_changes_nothing(crm: &dyn Store) {
    async fn case<E: Kind>(crm: &dyn Store) {
        let row = E::any(crm).await;
        let empty = || valid(E::Patch::default());
        pause().await;
        assert_eq!(E::of(crm).update(row.id(), empty(), None).await.unwrap(), row);
        assert_eq!(E::of(crm).update(row.id(), empty(), Some(1)).await.unwrap(), row);
        assert_stale(E::of(crm).update(row.id(), empty(), Some(2)).await, &row);
        assert_eq!(get::<E>(crm, row.id()).await, row);
    }
    each_entity!(case(crm));
}

pub(super) async fn a_patch_with_the_same_values_raises_the_version(crm: &dyn Store) {
    async fn case<E: Kind>(crm: &dyn Store) {
        let row = &mut E::any(crm).await;
        let once = update::<E>(crm, row.id(), E::change()).await;
        let twice = update::<E>(crm, row.id(), E::change()).await;
        assert_eq!((once.version(), twice.version()), (2, 3));
    }
    each_entity!(case(crm));
}

pub(super) async fn an_update_moves_updated_at_and_not_created_at(crm: &dyn Store) {
    let before = customer(crm, "Acme").await;
    pause().await;
    let after: Customer = update(crm, before.id, Customer::change()).await;
    assert_eq!(after.created_at, before.created_at);
    assert!(after.updated_at > before.updated_at);

    let before = User::any(crm).await;
    pause().await;
    let after: User = update(crm, before.id, User::change()).await;
    assert!(after.created_at == before.created_at && after.updated_at > before.updated_at);

    let before = Lead::any(crm).await;
    pause().await;
    let after: Lead = update(crm, before.id, Lead::change()).await;
    assert!(after.created_at == before.created_at && after.updated_at > before.updated_at);

    let before = Task::any(crm).await;
    pause().await;
    let after: Task = update(crm, before.id, Task::change()).await;
    assert!(after.created_at == before.created_at && after.updated_at > before.updated_at);
}

pub(super) async fn a_stale_version_is_refused_with_the_current_one(crm: &dyn Store) {
    async fn case<E: Kind>(crm: &dyn Store) {
        let first = E::any(crm).await;
        let change = || valid(E::change());
        let second = E::of(crm).update(first.id(), change(), Some(1)).await.unwrap();
        assert_eq!(second.version(), 2);
        for expected in [1, 3, 0, i64::MAX] {
            assert_stale(E::of(crm).update(first.id(), change(), Some(expected)).await, &second);
        }
        assert_eq!(get::<E>(crm, first.id()).await, second);
    }
    each_entity!(case(crm));
}

pub(super) async fn of_two_updates_of_one_version_one_is_refused(crm: &dyn Store) {
    async fn case<E: Kind>(crm: &dyn Store) {
        let id = E::any(crm).await.id();
        let (one, other) = tokio::join!(
            E::of(crm).update(id, valid(E::change()), Some(1)),
            E::of(crm).update(id, valid(E::change()), Some(1)),
        );
        let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
        assert_stale(lost, &won.unwrap());
    }
    each_entity!(case(crm));
}

pub(super) async fn update_refuses_a_taken_email(crm: &dyn Store) {
    user(crm, "ann@example.com").await;
    let bob = user(crm, "bob@example.com").await;
    let patch = |email: &str| valid(UserPatch { email: email.into(), ..UserPatch::default() });
    let taken = crm.users().update(bob.id, patch("ANN@example.com"), None).await;
    assert_eq!(refusal(taken), refused("conflict", "email"));
    assert_eq!(get::<User>(crm, bob.id).await, bob);
    let own = crm.users().update(bob.id, patch("BOB@example.com"), None).await.unwrap();
    assert_eq!(own.email.as_str(), "BOB@example.com");
}

pub(super) async fn a_freed_email_can_be_taken(crm: &dyn Store) {
    let ann = user(crm, "ann@example.com").await;
    crm.users().delete(ann.id).await.unwrap();
    let ann = user(crm, "ann@example.com").await;
    let patch = UserPatch { email: "lee@example.com".into(), ..UserPatch::default() };
    update::<User>(crm, ann.id, patch).await;
    user(crm, "Ann@example.com").await;
}

pub(super) async fn update_refuses_a_reference_to_nothing(crm: &dyn Store) {
    let (no_user, no_customer) = (i64::MAX.into(), i64::MAX.into());
    let missing = |field| refused("missing_reference", field);

    let lead = Lead::any(crm).await;
    let leads = [
        (LeadPatch { customer_id: Patch::Set(no_customer), ..LeadPatch::default() }, "customer_id"),
        (LeadPatch { assigned_to: Patch::Set(no_user), ..LeadPatch::default() }, "assigned_to"),
    ];
    for (patch, field) in leads {
        assert_eq!(refusal(crm.leads().update(lead.id, valid(patch), None).await), missing(field));
    }
    assert_eq!(get::<Lead>(crm, lead.id).await, lead);

    let task = Task::any(crm).await;
    let tasks = [
        (TaskPatch { customer_id: Patch::Set(no_customer), ..TaskPatch::default() }, "customer_id"),
        (TaskPatch { assigned_to: Patch::Set(no_user), ..TaskPatch::default() }, "assigned_to"),
    ];
    for (patch, field) in tasks {
        assert_eq!(refusal(crm.tasks().update(task.id, valid(patch), None).await), missing(field));
    }
    assert_eq!(get::<Task>(crm, task.id).await, task);

    let interaction = Interaction::any(crm).await;
    let patch = InteractionPatch { customer_id: Patch::Set(no_customer), ..InteractionPatch::default() };
    let refused = crm.interactions().update(interaction.id, valid(patch), None).await;
    assert_eq!(refusal(refused), missing("customer_id"));
    assert_eq!(get::<Interaction>(crm, interaction.id).await, interaction);
}
