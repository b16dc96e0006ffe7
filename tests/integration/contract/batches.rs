//! Creating many rows at once.

use crm_core::{
    Customer, CustomerFilter, Interaction, InteractionFilter, InteractionType, Lead, LeadFilter, NewCustomer,
    NewInteraction, NewLead, NewTask, NewUser, Priority, Role, Stage, Store, Task, TaskFilter, TaskStatus,
    User, UserFilter, Valid,
};

use super::rows::NASTY;
use super::tools::*;

/// Creates each row alone and all at once, and asserts that it comes to the same.
async fn assert_same_as_alone<E: Kind>(
    crm: &dyn Store,
    alone: Vec<E::New>,
    at_once: Vec<E::New>,
    unlike: impl Fn(&mut E, &E),
) {
    let made = E::of(crm).create_many(Valid::all(at_once).unwrap()).await.unwrap();
    assert!(made.is_sorted_by(|a, b| a < b));
    let made = E::of(crm).get_many(&made).await.unwrap();
    assert_eq!(made.len(), alone.len());
    for (new, made) in alone.into_iter().zip(made) {
        let mut expected: E = create(crm, new).await;
        expected.restamp(&made);
        unlike(&mut expected, &made);
        assert_eq!(made, expected);
        assert_eq!(made.version(), 1);
    }
}

pub(super) async fn many_rows_are_stored_as_one_by_one(crm: &dyn Store) {
    let (ann, acme) = (user(crm, "ann@example.com").await.id, customer(crm, "Acme").await.id);
    let users = || {
        let admin = NewUser { role: Role::Admin, ..NewUser::new(" A ", fresh_email(), hash()) };
        vec![admin, NewUser::new("B", fresh_email(), hash())]
    };
    assert_same_as_alone::<User>(crm, users(), users(), |expected, made| {
        (expected.id, expected.email, expected.created_at) = (made.id, made.email.clone(), made.created_at);
    })
    .await;
    let customers = || {
        let full = NewCustomer {
            name: " A ".into(),
            email: Some("Info@Acme.com".into()),
            phone: Some("555 0123".into()),
            company: Some("Acme".into()),
            tags: texts(&["a", "A", "b"]),
            notes: Some("x\r\ny".into()),
            created_by: Some(ann),
        };
        vec![NewCustomer::new("B"), full]
    };
    assert_same_as_alone::<Customer>(crm, customers(), customers(), |expected, made| {
        (expected.id, expected.created_at) = (made.id, made.created_at);
    })
    .await;
    let leads = || {
        let full = NewLead {
            title: "A".into(),
            description: Some("x".into()),
            stage: Stage::Qualified,
            value: "1.5".parse().ok(),
            customer_id: Some(acme),
            assigned_to: Some(ann),
            created_by: Some(ann),
        };
        vec![full, NewLead::new("B")]
    };
    assert_same_as_alone::<Lead>(crm, leads(), leads(), |expected, made| {
        (expected.id, expected.created_at) = (made.id, made.created_at);
    })
    .await;
    let tasks = || {
        let full = NewTask {
            title: "A".into(),
            description: Some("x".into()),
            status: TaskStatus::InProgress,
            priority: Priority::High,
            due_date: Some(day("2026-01-15")),
            assigned_to: Some(ann),
            customer_id: Some(acme),
            created_by: Some(ann),
        };
        vec![full, NewTask::new("B")]
    };
    assert_same_as_alone::<Task>(crm, tasks(), tasks(), |expected, made| {
        (expected.id, expected.created_at) = (made.id, made.created_at);
    })
    .await;
    let interactions = || {
        let full = NewInteraction {
            notes: Some("x".into()),
            date: Some(at("2026-01-02T03:04:05.678901Z")),
            created_by: Some(ann),
            ..NewInteraction::new(acme, InteractionType::Email)
        };
        vec![full, NewInteraction::new(acme, InteractionType::Call)]
    };
    assert_same_as_alone::<Interaction>(crm, interactions(), interactions(), |expected, made| {
        (expected.id, expected.created_at) = (made.id, made.created_at);
        if made.kind == InteractionType::Call {
            assert_eq!(made.date, made.created_at);
            expected.date = made.date;
        }
    })
    .await;
}

pub(super) async fn no_rows_are_no_error(crm: &dyn Store) {
    async fn case<E: Kind>(crm: &dyn Store) {
        assert_eq!(E::of(crm).create_many(vec![]).await.unwrap(), vec![]);
        assert_eq!(E::of(crm).count(&E::Filter::default()).await.unwrap(), 0);
    }
    each_entity!(case(crm));
}

pub(super) async fn thousands_of_rows_come_back_in_order(crm: &dyn Store) {
    let new = (0..3_000).map(|n| NewCustomer::new(format!("Customer {n}")));
    let made = crm.customers().create_many(Valid::all(new).unwrap()).await.unwrap();
    let rows = crm.customers().get_many(&made).await.unwrap();
    assert_eq!(rows.len(), 3_000);
    for (n, row) in rows.iter().enumerate() {
        assert_eq!(row.name, format!("Customer {n}"));
    }
}

pub(super) async fn batch_texts_come_back_to_the_letter(crm: &dyn Store) {
    let new = NASTY.map(|text| {
        let line = text.replace(['\n', '\t'], " ");
        NewCustomer {
            company: Some(line.clone()),
            tags: vec![line.clone(), "plain".into()],
            notes: Some(text.into()),
            ..NewCustomer::new(line)
        }
    });
    let made = crm.customers().create_many(Valid::all(new.clone()).unwrap()).await.unwrap();
    for (new, made) in new.into_iter().zip(crm.customers().get_many(&made).await.unwrap()) {
        assert_eq!((made.name, made.company), (new.name, new.company));
        assert_eq!((made.notes, made.tags), (new.notes, new.tags));
    }
}

pub(super) async fn one_taken_email_refuses_all_and_names_its_row(crm: &dyn Store) {
    user(crm, "ann@example.com").await;
    let batch =
        |emails: &[&str]| Valid::all(emails.iter().map(|email| NewUser::new("A", *email, hash()))).unwrap();
    let refusals = [
        (batch(&["b@x.co", "c@x.co", "ANN@example.com", "d@x.co"]), "[2].email"),
        (batch(&["ann@example.com"]), "[0].email"),
        (batch(&["b@x.co", "c@x.co", "B@X.co"]), "[2].email"),
        (batch(&["b@x.co", "b@x.co", "ann@example.com"]), "[1].email"),
        (batch(&["ann@example.com", "b@x.co", "b@x.co"]), "[0].email"),
    ];
    for (new, field) in refusals {
        assert_eq!(refusal(crm.users().create_many(new).await), refused("conflict", field));
        assert_eq!(crm.users().count(&UserFilter::default()).await.unwrap(), 1);
    }
}

pub(super) async fn one_missing_reference_refuses_all_and_names_its_row(crm: &dyn Store) {
    let (ann, acme) = (user(crm, "ann@example.com").await.id, customer(crm, "Acme").await.id);
    let (no_user, no_customer) = (i64::MAX.into(), i64::MAX.into());
    let missing = |field| refused("missing_reference", field);

    let mut new: Vec<_> = (0..60).map(|n| NewLead::new(n.to_string())).collect();
    new[50].customer_id = Some(no_customer);
    new[55].assigned_to = Some(no_user);
    let refused = crm.leads().create_many(Valid::all(new).unwrap()).await;
    assert_eq!(refusal(refused), missing("[50].customer_id"));
    assert_eq!(crm.leads().count(&LeadFilter::default()).await.unwrap(), 0);

    let good = || NewTask { customer_id: Some(acme), assigned_to: Some(ann), ..NewTask::new("Call") };
    let new = [good(), NewTask { assigned_to: Some(no_user), ..good() }, good()];
    assert_eq!(refusal(crm.tasks().create_many(Valid::all(new).unwrap()).await), missing("[1].assigned_to"));
    assert_eq!(crm.tasks().count(&TaskFilter::default()).await.unwrap(), 0);

    let good =
        || NewInteraction { created_by: Some(ann), ..NewInteraction::new(acme, InteractionType::Call) };
    let new = [good(), good(), NewInteraction { created_by: Some(no_user), ..good() }];
    let refused = crm.interactions().create_many(Valid::all(new).unwrap()).await;
    assert_eq!(refusal(refused), missing("[2].created_by"));
    let new = [NewInteraction::new(no_customer, InteractionType::Call), good()];
    let refused = crm.interactions().create_many(Valid::all(new).unwrap()).await;
    assert_eq!(refusal(refused), missing("[0].customer_id"));
    assert_eq!(crm.interactions().count(&InteractionFilter::default()).await.unwrap(), 0);

    let new = [NewCustomer::new("A"), NewCustomer { created_by: Some(no_user), ..NewCustomer::new("B") }];
    let refused = crm.customers().create_many(Valid::all(new).unwrap()).await;
    assert_eq!(refusal(refused), missing("[1].created_by"));
    assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 1);
}
