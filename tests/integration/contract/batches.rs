//! Creating many rows at once: thousands, and which row is to blame.

use crm_core::{
    CustomerFilter, InteractionFilter, InteractionType, LeadFilter, NewCustomer, NewInteraction, NewLead,
    NewTask, NewUser, Store, TaskFilter, UserFilter, Valid,
};

use super::tools::*;

pub(super) async fn thousands_of_rows_come_back_in_order(crm: &dyn Store) {
    let new = (0..3_000).map(|n| NewCustomer::new(format!("Customer {n}")));
    let made = crm.customers().create_many(Valid::all(new).unwrap()).await.unwrap();
    let rows = crm.customers().get_many(&made).await.unwrap();
    assert_eq!(rows.len(), 3_000);
    for (n, row) in rows.iter().enumerate() {
        assert_eq!(row.name, format!("Customer {n}"));
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
