//! Transactions.

use crm_core::{
    ActivityQuery, Customer, CustomerFilter, DueTasksQuery, Entity, ErrorCode, Interaction, Lead, LeadFilter,
    List, NewCustomer, NewLead, NewTask, NewUser, Order, Repositories, Store, Task, Transaction, User, Valid,
};
use futures_util::{StreamExt, future};

use super::tools::*;

async fn begin(crm: &dyn Store) -> Box<dyn Transaction> {
    crm.begin().await.unwrap()
}

async fn count<E: Kind>(crm: &dyn Repositories) -> i64 {
    E::of(crm).count(&E::Filter::default()).await.unwrap()
}

/// Does one of each change; two rows of each entity stay.
async fn write<E: Kind>(crm: &dyn Repositories) {
    let (goes, stays) = (E::any(crm).await, E::any(crm).await);
    E::any(crm).await;
    E::of(crm).delete(goes.id()).await.unwrap();
    let changed = update::<E>(crm, stays.id(), E::change()).await;
    assert_eq!(get::<E>(crm, stays.id()).await, changed);
}

pub(super) async fn commit_makes_every_change_permanent(crm: &dyn Store) {
    async fn case<E: Kind>(crm: &dyn Store) {
        let before = count::<E>(crm).await;
        let tx = begin(crm).await;
        write::<E>(&*tx).await;
        tx.commit().await.unwrap();
        assert_eq!(count::<E>(crm).await, before + 2);
        let rows = read::<E>(crm, E::Filter::default(), Order::default()).await;
        assert_eq!(rows.iter().take(2).map(Entity::version).collect::<Vec<_>>(), [1, 2]);
    }
    each_entity!(case(crm));
}

pub(super) async fn rollback_and_drop_undo_every_change(crm: &dyn Store) {
    async fn case<E: Kind>(crm: &dyn Store) {
        let row = E::any(crm).await;
        let before = count::<E>(crm).await;
        for drops in [false, true] {
            let tx = begin(crm).await;
            write::<E>(&*tx).await;
            E::of(&*tx).delete(row.id()).await.unwrap();
            if drops {
                drop(tx);
            } else {
                tx.rollback().await.unwrap();
            }
            assert_eq!(count::<E>(crm).await, before);
            assert_eq!(get::<E>(crm, row.id()).await, row);
        }
        // What is undone holds nobody up.
        update::<E>(crm, row.id(), E::change()).await;
    }
    each_entity!(case(crm));
}

pub(super) async fn reads_inside_see_the_changes_and_reads_outside_do_not(crm: &dyn Store) {
    let acme = customer(crm, "Acme").await;
    let tx = begin(crm).await;
    let renamed: Customer = update(&*tx, acme.id, Customer::change()).await;
    let made: Customer = create(&*tx, NewCustomer { tags: texts(&["x"]), ..NewCustomer::new("New") }).await;

    assert_eq!(tx.customers().get_many(&[made.id, acme.id]).await.unwrap(), [made.clone(), renamed.clone()]);
    assert_eq!(tx.customers().find(made.id).await.unwrap(), Some(made.clone()));
    let inside = tx.customers().list(&List::new()).await.unwrap();
    assert_eq!(inside.items, [made.clone(), renamed.clone()]);
    let streamed = tx.customers().stream(CustomerFilter::default(), Order::default());
    let streamed: Vec<_> = streamed.map(Result::unwrap).collect().await;
    assert_eq!(streamed, inside.items);
    assert_eq!(count::<Customer>(&*tx).await, 2);
    assert_eq!(tx.customers().tag_counts().await.unwrap().len(), 1);
    assert_eq!(tx.customers().overview(acme.id, 1).await.unwrap().customer, renamed);

    assert_eq!(get::<Customer>(crm, acme.id).await, acme);
    assert_eq!(crm.customers().find(made.id).await.unwrap(), None);
    assert_eq!(crm.customers().list(&List::new()).await.unwrap().items, std::slice::from_ref(&acme));
    assert_eq!(count::<Customer>(crm).await, 1);
    assert!(crm.customers().tag_counts().await.unwrap().is_empty());

    tx.commit().await.unwrap();
    assert_eq!(crm.customers().get_many(&[made.id, acme.id]).await.unwrap(), [made, renamed]);
}

pub(super) async fn reports_inside_see_the_changes(crm: &dyn Store) {
    let tx = begin(crm).await;
    let call = Interaction::any(&*tx).await;
    create::<Lead>(&*tx, NewLead { value: "5".parse().ok(), ..NewLead::new("Deal") }).await;
    let today = day("2026-01-01");
    create::<Task>(&*tx, NewTask { due_date: Some(today), ..NewTask::new("Call") }).await;
    let (asked, due) = (ActivityQuery::default(), DueTasksQuery::new(today));
    let inside = tx.reports().snapshot(&asked, &due).await.unwrap();
    assert_eq!(inside.customer_activity.items[0].last_interaction, Some(call.date));
    assert_eq!(inside.pipeline[0].count, 1);
    assert_eq!(inside.due_tasks.items.len(), 1);
    assert_eq!(tx.reports().customer_activity(&asked).await.unwrap(), inside.customer_activity);
    assert_eq!(tx.reports().pipeline().await.unwrap(), inside.pipeline);
    assert_eq!(tx.reports().due_tasks(&due).await.unwrap(), inside.due_tasks);
    let outside = crm.reports().snapshot(&asked, &due).await.unwrap();
    assert_eq!((outside.customer_activity.items.len(), outside.pipeline[0].count), (0, 0));
    assert_eq!(outside.due_tasks.items.len(), 0);
}

pub(super) async fn a_deletion_inside_reaches_what_refers_to_the_row(crm: &dyn Store) {
    let (ann, acme) = (user(crm, "ann@example.com").await.id, customer(crm, "Acme").await.id);
    let gone: Lead = create(crm, NewLead { customer_id: Some(acme), ..NewLead::new("Deal") }).await;
    let task: Task = create(crm, NewTask { assigned_to: Some(ann), ..NewTask::new("Call") }).await;
    let tx = begin(crm).await;
    tx.customers().delete(acme).await.unwrap();
    tx.users().delete(ann).await.unwrap();
    assert_eq!(tx.leads().find(gone.id).await.unwrap(), None);
    assert_eq!(get::<Task>(&*tx, task.id).await.assigned_to, None);
    assert_eq!(get::<Lead>(crm, gone.id).await, gone);
    assert_eq!(get::<Task>(crm, task.id).await, task);
    tx.commit().await.unwrap();
    assert_eq!(crm.leads().find(gone.id).await.unwrap(), None);
    let task_now: Task = get(crm, task.id).await;
    assert_eq!((task_now.assigned_to, task_now.version), (None, 2));
}

pub(super) async fn concurrent_calls_on_one_transaction_queue(crm: &dyn Store) {
    let acme = customer(crm, "Acme").await.id;
    let tx = begin(crm).await;
    let leads = (0..20).map(|n| {
        let new = NewLead { customer_id: Some(acme), ..NewLead::new(n.to_string()) };
        create::<Lead>(&*tx, new)
    });
    let tags = (0..20).map(|n| tx.customers().add_tags(acme, tags(&[&n.to_string()])));
    let (leads, tagged) = tokio::join!(future::join_all(leads), future::try_join_all(tags));
    assert_eq!((leads.len(), tagged.unwrap().len()), (20, 20));
    tx.commit().await.unwrap();
    assert_eq!(crm.leads().count(&LeadFilter::default()).await.unwrap(), 20);
    let acme: Customer = get(crm, acme).await;
    assert_eq!((acme.tags.len(), acme.version), (20, 21));
}

pub(super) async fn two_transactions_on_different_rows_both_commit(crm: &dyn Store) {
    let (a, b) = (customer(crm, "a").await.id, customer(crm, "b").await.id);
    let (one, other) = (begin(crm).await, begin(crm).await);
    update::<Customer>(&*one, a, Customer::change()).await;
    update::<Customer>(&*other, b, Customer::change()).await;
    create::<Customer>(&*one, NewCustomer::new("c")).await;
    create::<Customer>(&*other, NewCustomer::new("d")).await;
    other.commit().await.unwrap();
    one.commit().await.unwrap();
    let rows = crm.customers().get_many(&[a, b]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.version).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(count::<Customer>(crm).await, 4);
}

pub(super) async fn many_rows_are_created_in_a_transaction(crm: &dyn Store) {
    let tx = begin(crm).await;
    let new = (0..1_200).map(|n| NewCustomer::new(n.to_string()));
    let ids = tx.customers().create_many(Valid::all(new).unwrap()).await.unwrap();
    assert_eq!(tx.customers().get_many(&ids).await.unwrap().len(), 1_200);
    assert_eq!(count::<Customer>(crm).await, 0);
    tx.commit().await.unwrap();
    assert_eq!(count::<Customer>(crm).await, 1_200);
}

pub(super) async fn a_function_over_repositories_works_on_both(crm: &dyn Store) {
    async fn sign_up(crm: &dyn Repositories, email: &str) -> crm_core::Result<User> {
        let ann = crm.users().create(valid(NewUser::new("Ann", email, hash()))).await?;
        let lead = NewLead { assigned_to: Some(ann.id), ..NewLead::new("Deal") };
        crm.leads().create(valid(lead)).await?;
        Ok(ann)
    }

    let ann = sign_up(crm, "ann@example.com").await.unwrap();
    let tx = begin(crm).await;
    let bob = sign_up(&*tx, "bob@example.com").await.unwrap();
    tx.commit().await.unwrap();
    let both = LeadFilter {
        assigned_to: Some(crm_core::Assignee::AnyOf(vec![ann.id, bob.id])),
        ..LeadFilter::default()
    };
    assert_eq!(crm.leads().count(&both).await.unwrap(), 2);
}

pub(super) async fn what_is_taken_in_a_nested_transaction_is_found_in_the_outer_one(crm: &dyn Store) {
    async fn get_or_create(tx: &dyn Transaction, email: &str) -> crm_core::Result<User> {
        let nested = tx.begin().await?;
        match nested.users().create(valid(NewUser::new("Ann", email, hash()))).await {
            Ok(user) => nested.commit().await.map(|()| user),
            Err(error) if error.code() == ErrorCode::Conflict => {
                Ok(tx.users().find_by_email(email).await?.unwrap())
            }
            Err(error) => Err(error),
        }
    }

    let tx = begin(crm).await;
    let ann = get_or_create(&*tx, "ann@example.com").await.unwrap();
    assert_eq!(get_or_create(&*tx, "ANN@example.com").await.unwrap(), ann);
    tx.commit().await.unwrap();
    let tx = begin(crm).await;
    assert_eq!(get_or_create(&*tx, "ann@example.com").await.unwrap(), ann);
    tx.commit().await.unwrap();
    assert_eq!(count::<User>(crm).await, 1);
}

pub(super) async fn nested_transactions_of_one_transaction_take_turns(crm: &dyn Store) {
    let tx = begin(crm).await;
    let one_by_one = (0..10).map(|n| {
        let tx = &tx;
        async move {
            let nested = tx.begin().await.unwrap();
            customer(&*nested, &n.to_string()).await;
            if n % 2 == 0 {
                nested.commit().await.unwrap();
            } else {
                nested.rollback().await.unwrap();
            }
        }
    });
    future::join_all(one_by_one).await;
    tx.commit().await.unwrap();
    assert_eq!(count::<Customer>(crm).await, 5);
}

pub(super) async fn dropping_a_nested_transaction_undoes_it(crm: &dyn Store) {
    let tx = begin(crm).await;
    let acme = customer(&*tx, "Acme").await;
    let nested = tx.begin().await.unwrap();
    update::<Customer>(&*nested, acme.id, Customer::change()).await;
    let innermost = nested.begin().await.unwrap();
    customer(&*innermost, "New").await;
    drop(nested);
    assert_eq!(innermost.commit().await.unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(tx.customers().list(&List::new()).await.unwrap().items, std::slice::from_ref(&acme));
    drop(tx.begin().await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(crm.customers().list(&List::new()).await.unwrap().items, [acme]);
}

pub(super) async fn committing_around_an_open_nested_transaction_is_refused_and_undoes_everything(
    crm: &dyn Store,
) {
    let tx = begin(crm).await;
    customer(&*tx, "Acme").await;
    let nested = tx.begin().await.unwrap();
    customer(&*nested, "New").await;
    assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Closed);
    let closed = nested.customers().count(&CustomerFilter::default()).await.unwrap_err();
    assert_eq!(closed.code(), ErrorCode::Closed);
    assert_eq!(nested.commit().await.unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(count::<Customer>(crm).await, 0);
}
