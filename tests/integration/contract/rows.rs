//! Creating, reading and deleting a row.

use chrono::{DurationRound, TimeDelta, Utc};
use crm_core::{
    Customer, Interaction, InteractionType, Lead, MAX_MONEY, MAX_PROSE, NewCustomer, NewInteraction, NewLead,
    NewTask, NewUser, Priority, Role, Stage, Store, Task, TaskStatus, User,
};

use super::tools::*;

pub(super) async fn create_returns_a_user_as_stored(crm: &dyn Store) {
    let new = NewUser { role: Role::Admin, ..NewUser::new(" Zoe\u{308} ", " Ann.Lee@Example.com ", hash()) };
    let made: User = create(crm, new).await;
    let expected = User {
        id: made.id,
        name: "Zo\u{eb}".into(),
        email: "Ann.Lee@Example.com".parse().unwrap(),
        role: Role::Admin,
        deactivated_at: None,
        created_at: made.created_at,
        updated_at: made.created_at,
        version: 1,
    };
    assert_eq!(made, expected);
    assert_eq!(get::<User>(crm, made.id).await, made);
    assert_eq!(user(crm, "b@example.com").await.role, Role::User);
}

pub(super) async fn create_returns_a_customer_as_stored(crm: &dyn Store) {
    let ann = user(crm, "ann@example.com").await;
    let new = NewCustomer {
        name: " Acme ".into(),
        email: Some(" Info@Acme.com ".into()),
        phone: Some("+1-555-0123".into()),
        company: Some("Acme Corp".into()),
        tags: texts(&[" VIP ", "vip", "b"]),
        notes: Some("one\r\ntwo\tthree ".into()),
        created_by: Some(ann.id),
    };
    let made: Customer = create(crm, new).await;
    let expected = Customer {
        id: made.id,
        name: "Acme".into(),
        email: Some("Info@Acme.com".parse().unwrap()),
        phone: Some("+1-555-0123".into()),
        company: Some("Acme Corp".into()),
        tags: texts(&["VIP", "b"]),
        notes: Some("one\ntwo\tthree".into()),
        created_by: Some(ann.id),
        updated_by: None,
        created_at: made.created_at,
        updated_at: made.created_at,
        version: 1,
    };
    assert_eq!(made, expected);
    assert_eq!(get::<Customer>(crm, made.id).await, made);

    let blank = NewCustomer { company: Some(" ".into()), notes: Some("\n".into()), ..NewCustomer::new("B") };
    let least: Customer = create(crm, blank).await;
    assert_eq!((least.email, least.phone, least.company, least.notes), (None, None, None, None));
    assert_eq!((least.tags, least.created_by), (vec![], None));
}

pub(super) async fn create_returns_a_lead_as_stored(crm: &dyn Store) {
    let (ann, acme) = (user(crm, "ann@example.com").await, customer(crm, "Acme").await);
    let new = NewLead {
        title: "Deal".into(),
        description: Some("large".into()),
        stage: Stage::Proposal,
        value: Some("1.5".parse().unwrap()),
        customer_id: Some(acme.id),
        assigned_to: Some(ann.id),
        created_by: Some(ann.id),
    };
    let made: Lead = create(crm, new).await;
    let expected = Lead {
        id: made.id,
        title: "Deal".into(),
        description: Some("large".into()),
        stage: Stage::Proposal,
        value: Some("1.50".parse().unwrap()),
        customer_id: Some(acme.id),
        assigned_to: Some(ann.id),
        created_by: Some(ann.id),
        updated_by: None,
        created_at: made.created_at,
        updated_at: made.created_at,
        version: 1,
    };
    assert_eq!(made, expected);
    assert_eq!(made.value.unwrap().to_string(), "1.50");
    assert_eq!(get::<Lead>(crm, made.id).await, made);

    let least: Lead = create(crm, NewLead::new("Least")).await;
    assert_eq!((least.description, least.stage, least.value), (None, Stage::Lead, None));
    assert_eq!((least.customer_id, least.assigned_to, least.created_by), (None, None, None));
}

pub(super) async fn create_returns_a_task_as_stored(crm: &dyn Store) {
    let (ann, acme) = (user(crm, "ann@example.com").await, customer(crm, "Acme").await);
    let new = NewTask {
        title: "Call".into(),
        description: Some("soon".into()),
        status: TaskStatus::InProgress,
        priority: Priority::High,
        due_date: Some(day("2026-01-15")),
        assigned_to: Some(ann.id),
        customer_id: Some(acme.id),
        created_by: Some(ann.id),
    };
    let made: Task = create(crm, new).await;
    let expected = Task {
        id: made.id,
        title: "Call".into(),
        description: Some("soon".into()),
        status: TaskStatus::InProgress,
        priority: Priority::High,
        due_date: Some(day("2026-01-15")),
        assigned_to: Some(ann.id),
        customer_id: Some(acme.id),
        created_by: Some(ann.id),
        updated_by: None,
        created_at: made.created_at,
        updated_at: made.created_at,
        version: 1,
    };
    assert_eq!(made, expected);
    assert_eq!(get::<Task>(crm, made.id).await, made);

    let least: Task = create(crm, NewTask::new("Least")).await;
    assert_eq!((least.status, least.priority), (TaskStatus::Pending, Priority::Medium));
    assert_eq!((least.due_date, least.customer_id, least.assigned_to), (None, None, None));
}

pub(super) async fn create_returns_an_interaction_as_stored(crm: &dyn Store) {
    let (ann, acme) = (user(crm, "ann@example.com").await, customer(crm, "Acme").await);
    let new = NewInteraction {
        customer_id: acme.id,
        kind: InteractionType::Meeting,
        notes: Some("went well".into()),
        date: Some(at("2026-01-02T03:04:05.678999Z")),
        created_by: Some(ann.id),
    };
    let made: Interaction = create(crm, new).await;
    let expected = Interaction {
        id: made.id,
        customer_id: acme.id,
        kind: InteractionType::Meeting,
        notes: Some("went well".into()),
        date: at("2026-01-02T03:04:05.678Z"),
        created_by: Some(ann.id),
        created_at: made.created_at,
        version: 1,
    };
    assert_eq!(made, expected);
    assert_eq!(get::<Interaction>(crm, made.id).await, made);

    let least: Interaction = create(crm, NewInteraction::new(acme.id, InteractionType::Call)).await;
    assert!((least.date - Utc::now()).abs() < TimeDelta::minutes(10), "{}", least.date);
    assert_eq!((least.notes, least.created_by), (None, None));
}

pub(super) async fn moments_are_now_in_whole_milliseconds(crm: &dyn Store) {
    let acme = customer(crm, "Acme").await;
    let note: Interaction = create(crm, NewInteraction::new(acme.id, InteractionType::Note)).await;
    let retired = crm.users().deactivate(User::any(crm).await.id).await.unwrap();
    let moments =
        [acme.created_at, acme.updated_at, note.date, note.created_at, retired.deactivated_at.unwrap()];
    for moment in moments {
        assert_eq!(moment, moment.duration_trunc(TimeDelta::milliseconds(1)).unwrap());
        assert!((moment - Utc::now()).abs() < TimeDelta::minutes(10), "{moment}");
    }
}

pub(super) async fn the_longest_and_largest_values_come_back(crm: &dyn Store) {
    let line = "\u{1d11e}".repeat(255);
    let prose = "\u{1d11e} ".repeat(MAX_PROSE / 2 - 1) + "\u{1d11e}!";
    let tags: Vec<_> = (0..100).map(|n| format!("{n:\u{20ac}>64}")).collect();
    let new = NewCustomer {
        company: Some(line.clone()),
        notes: Some(prose.clone()),
        tags: tags.clone(),
        ..NewCustomer::new(line.clone())
    };
    let made: Customer = create(crm, new).await;
    assert_eq!((made.name, made.company), (line.clone(), Some(line)));
    assert_eq!((made.notes, made.tags), (Some(prose), tags));

    let domain = [63, 63, 58].map(|length| "d".repeat(length)).join(".") + ".com";
    let email = format!("{}@{domain}", "l".repeat(254 - 1 - domain.len()));
    assert_eq!(user(crm, &email).await.email.as_str(), email);

    for value in ["0.00", "0.01", "99999999.99"] {
        let new = NewLead { value: Some(value.parse().unwrap()), ..NewLead::new("Deal") };
        assert_eq!(create::<Lead>(crm, new).await.value.unwrap().to_string(), value);
    }
    assert_eq!(MAX_MONEY.to_string(), "99999999.99");

    for edge in ["0001-01-01", "9999-12-31"] {
        let new = NewTask { due_date: Some(day(edge)), ..NewTask::new("Call") };
        assert_eq!(create::<Task>(crm, new).await.due_date, Some(day(edge)));
        let date = at(&format!("{edge}T23:59:59.999Z"));
        let new = NewInteraction { date: Some(date), ..NewInteraction::new(made.id, InteractionType::Note) };
        assert_eq!(create::<Interaction>(crm, new).await.date, date);
    }
}

pub(super) async fn texts_come_back_to_the_letter(crm: &dyn Store) {
    for text in NASTY {
        let new =
            NewCustomer { notes: Some(text.into()), ..NewCustomer::new(text.replace(['\n', '\t'], " ")) };
        let new = NewCustomer { tags: texts(&[&new.name]), company: Some(new.name.clone()), ..new };
        let made: Customer = create(crm, new.clone()).await;
        assert_eq!((made.name, made.company), (new.name, new.company));
        assert_eq!((made.notes, made.tags), (new.notes, new.tags));
    }
}

/// Texts that a careless way into the database would change.
pub(super) const NASTY: [&str; 12] = [
    "\\N",
    "\\.",
    "NULL",
    "null",
    "{a,b}",
    "a\"b'c\\d",
    "a\\\tb\\\nc",
    "$1 :name ?",
    "'; drop table crm.users; --",
    "%s {} {{}}",
    "\u{fffd}\u{feff}x\u{200b}",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{5e9}\u{5dc}\u{5d5}\u{5dd}",
];

pub(super) async fn create_refuses_a_taken_email(crm: &dyn Store) {
    user(crm, "ann@example.com").await;
    for email in ["ann@example.com", "Ann@EXAMPLE.com"] {
        let again = crm.users().create(valid(NewUser::new("Other", email, hash()))).await;
        assert_eq!(refusal(again), refused("conflict", "email"));
    }
    assert_eq!(crm.users().count(&crm_core::UserFilter::default()).await.unwrap(), 1);
}

pub(super) async fn customers_may_share_an_email(crm: &dyn Store) {
    for _ in 0..2 {
        let new = NewCustomer { email: Some("info@acme.com".into()), ..NewCustomer::new("Acme") };
        create::<Customer>(crm, new).await;
    }
}

pub(super) async fn create_refuses_a_reference_to_nothing(crm: &dyn Store) {
    let (no_user, no_customer) = (i64::MAX.into(), i64::MAX.into());
    let acme = customer(crm, "Acme").await.id;
    let missing = |field| refused("missing_reference", field);

    let new = NewCustomer { created_by: Some(no_user), ..NewCustomer::new("B") };
    assert_eq!(refusal(crm.customers().create(valid(new)).await), missing("created_by"));

    let new = || NewLead::new("Deal");
    let leads = [
        (NewLead { customer_id: Some(no_customer), ..new() }, "customer_id"),
        (NewLead { assigned_to: Some(no_user), ..new() }, "assigned_to"),
        (NewLead { created_by: Some(no_user), ..new() }, "created_by"),
    ];
    for (new, field) in leads {
        assert_eq!(refusal(crm.leads().create(valid(new)).await), missing(field));
    }

    let new = || NewTask::new("Call");
    let tasks = [
        (NewTask { customer_id: Some(no_customer), ..new() }, "customer_id"),
        (NewTask { assigned_to: Some(no_user), ..new() }, "assigned_to"),
        (NewTask { created_by: Some(no_user), ..new() }, "created_by"),
    ];
    for (new, field) in tasks {
        assert_eq!(refusal(crm.tasks().create(valid(new)).await), missing(field));
    }

    let new = |customer| NewInteraction::new(customer, InteractionType::Call);
    let interactions = [
        (new(no_customer), "customer_id"),
        (NewInteraction { created_by: Some(no_user), ..new(acme) }, "created_by"),
    ];
    for (new, field) in interactions {
        assert_eq!(refusal(crm.interactions().create(valid(new)).await), missing(field));
    }
}

pub(super) async fn every_call_on_no_row_says_not_found(crm: &dyn Store) {
    async fn case<E: Kind>(crm: &dyn Store) {
        let gone = E::any(crm).await.id();
        E::of(crm).delete(gone).await.unwrap();
        for id in [gone, 0.into(), (-1).into(), i64::MAX.into(), i64::MIN.into()] {
            assert_not_found::<E, _>(E::of(crm).get(id).await, id);
            assert_eq!(E::of(crm).find(id).await.unwrap(), None);
            assert_not_found::<E, _>(E::of(crm).update(id, valid(E::change()), None).await, id);
            assert_not_found::<E, _>(E::of(crm).update(id, valid(E::change()), Some(1)).await, id);
            assert_not_found::<E, _>(E::of(crm).update(id, valid(E::Patch::default()), None).await, id);
            assert_not_found::<E, _>(E::of(crm).delete(id).await, id);
        }
    }
    each_entity!(case(crm));
}

pub(super) async fn an_id_is_never_handed_out_twice(crm: &dyn Store) {
    async fn case<E: Kind>(crm: &dyn Store) {
        let first = E::any(crm).await.id();
        let second = E::any(crm).await.id();
        assert!(first < second);
        E::of(crm).delete(second).await.unwrap();
        let tx = crm.begin().await.unwrap();
        let undone = E::any(&*tx).await.id();
        tx.rollback().await.unwrap();
        assert!(undone > second);
        assert!(E::any(crm).await.id() > undone);
    }
    each_entity!(case(crm));
}

pub(super) async fn get_many_keeps_the_order_asked_with_repeats_and_without_the_missing(crm: &dyn Store) {
    async fn case<E: Kind>(crm: &dyn Store) {
        let (a, b, c) = (E::any(crm).await, E::any(crm).await, E::any(crm).await);
        let asked = [c.id(), a.id(), i64::MAX.into(), c.id(), 0.into(), b.id()];
        let found = E::of(crm).get_many(&asked).await.unwrap();
        assert_eq!(found, [c.clone(), a, c, b]);
        assert_eq!(E::of(crm).get_many(&[]).await.unwrap(), []);
        assert_eq!(E::of(crm).get_many(&[0.into()]).await.unwrap(), []);
    }
    each_entity!(case(crm));
}

pub(super) async fn delete_takes_the_row_and_no_other(crm: &dyn Store) {
    async fn case<E: Kind>(crm: &dyn Store) {
        let (stays, goes) = (E::any(crm).await, E::any(crm).await);
        E::of(crm).delete(goes.id()).await.unwrap();
        assert_eq!(E::of(crm).find(goes.id()).await.unwrap(), None);
        assert_eq!(get::<E>(crm, stays.id()).await, stays);
    }
    each_entity!(case(crm));
}
