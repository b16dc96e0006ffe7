//! What a deletion does to the rows that refer to the deleted one.

use crm_core::{
    Customer, Entity, Interaction, InteractionType, Lead, NewCustomer, NewInteraction, NewLead, NewTask,
    Store, Task, User,
};

use super::tools::*;

pub(super) async fn deleting_a_customer_deletes_what_belongs_to_it(crm: &dyn Store) {
    let (ann, goes, stays) =
        (user(crm, "ann@example.com").await, customer(crm, "goes").await.id, customer(crm, "stays").await.id);
    let mut left = Vec::new();
    for id in [goes, stays] {
        let lead = NewLead { customer_id: Some(id), assigned_to: Some(ann.id), ..NewLead::new("Deal") };
        let task = NewTask { customer_id: Some(id), assigned_to: Some(ann.id), ..NewTask::new("Call") };
        let call =
            NewInteraction { created_by: Some(ann.id), ..NewInteraction::new(id, InteractionType::Call) };
        left.push((
            create::<Lead>(crm, lead).await,
            create::<Task>(crm, task).await,
            create::<Interaction>(crm, call).await,
        ));
    }
    let free: Lead = create(crm, NewLead::new("of nobody")).await;
    crm.customers().delete(goes).await.unwrap();

    let (lead, task, call) = &left[0];
    assert_eq!(crm.leads().find(lead.id).await.unwrap(), None);
    assert_eq!(crm.tasks().find(task.id).await.unwrap(), None);
    assert_eq!(crm.interactions().find(call.id).await.unwrap(), None);
    let (lead, task, call) = &left[1];
    assert_eq!(&get::<Lead>(crm, lead.id).await, lead);
    assert_eq!(&get::<Task>(crm, task.id).await, task);
    assert_eq!(&get::<Interaction>(crm, call.id).await, call);
    assert_eq!(get::<Lead>(crm, free.id).await, free);
    assert_eq!(get::<User>(crm, ann.id).await, ann);
}

pub(super) async fn deleting_a_user_clears_the_references_and_raises_the_versions(crm: &dyn Store) {
    let (ann, bob) = (user(crm, "ann@example.com").await.id, user(crm, "bob@example.com").await.id);
    let acme: Customer = create(crm, NewCustomer { created_by: Some(ann), ..NewCustomer::new("Acme") }).await;
    let assigned: Lead =
        create(crm, NewLead { assigned_to: Some(ann), created_by: Some(bob), ..NewLead::new("a") }).await;
    let created: Lead =
        create(crm, NewLead { assigned_to: Some(bob), created_by: Some(ann), ..NewLead::new("b") }).await;
    let both: Lead =
        create(crm, NewLead { assigned_to: Some(ann), created_by: Some(ann), ..NewLead::new("c") }).await;
    let neither: Lead =
        create(crm, NewLead { assigned_to: Some(bob), created_by: Some(bob), ..NewLead::new("d") }).await;
    let task: Task =
        create(crm, NewTask { assigned_to: Some(ann), created_by: Some(bob), ..NewTask::new("e") }).await;
    let call =
        NewInteraction { created_by: Some(ann), ..NewInteraction::new(acme.id, InteractionType::Call) };
    let call: Interaction = create(crm, call).await;
    pause().await;
    crm.users().delete(ann).await.unwrap();

    let now: Customer = get(crm, acme.id).await;
    assert_eq!((now.created_by, now.version, now.name), (None, 2, acme.name));
    assert!(now.updated_at > acme.updated_at && now.created_at == acme.created_at);
    let now: Lead = get(crm, assigned.id).await;
    assert_eq!((now.assigned_to, now.created_by, now.version), (None, Some(bob), 2));
    assert!(now.updated_at > assigned.updated_at);
    let now: Lead = get(crm, created.id).await;
    assert_eq!((now.assigned_to, now.created_by, now.version), (Some(bob), None, 2));
    let now: Lead = get(crm, both.id).await;
    assert_eq!((now.assigned_to, now.created_by), (None, None));
    assert!(now.version() > both.version);
    assert_eq!(get::<Lead>(crm, neither.id).await, neither);
    let now: Task = get(crm, task.id).await;
    assert_eq!((now.assigned_to, now.created_by, now.version), (None, Some(bob), 2));
    assert!(now.updated_at > task.updated_at);
    let now: Interaction = get(crm, call.id).await;
    assert_eq!(now, Interaction { created_by: None, version: 2, ..call });
}

pub(super) async fn a_deactivated_user_keeps_what_refers_to_it(crm: &dyn Store) {
    let ann = user(crm, "ann@example.com").await.id;
    let lead: Lead = create(crm, NewLead { assigned_to: Some(ann), ..NewLead::new("Deal") }).await;
    crm.users().deactivate(ann).await.unwrap();
    assert_eq!(get::<Lead>(crm, lead.id).await, lead);
    create::<Lead>(crm, NewLead { assigned_to: Some(ann), ..NewLead::new("Deal") }).await;
}
