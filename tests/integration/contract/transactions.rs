//! Transactions.

use crm_core::{
    ActivityQuery, Customer, CustomerFilter, CustomerPatch, DueTasksQuery, Entity, Interaction, Lead,
    LeadFilter, LeadPatch, List, NewCustomer, NewLead, NewTask, NewUser, Order, Repositories, Stage, Store,
    Task, Transaction, User, UserFilter, Valid,
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

pub(super) async fn an_empty_transaction_commits_and_rolls_back(crm: &dyn Store) {
    begin(crm).await.commit().await.unwrap();
    begin(crm).await.rollback().await.unwrap();
    drop(begin(crm).await);
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

pub(super) async fn a_transaction_stays_usable_after_what_the_caller_can_mend(crm: &dyn Store) {
    let acme = customer(crm, "Acme").await;
    let tx = begin(crm).await;
    let made: Lead = create(&*tx, NewLead::new("kept")).await;
    let gone = i64::MAX.into();

    assert_not_found::<Lead, _>(tx.leads().get(gone).await, gone);
    assert_not_found::<Lead, _>(tx.leads().update(gone, valid(Lead::change()), None).await, gone);
    assert_not_found::<Lead, _>(tx.leads().delete(gone).await, gone);
    assert_not_found::<Lead, _>(tx.leads().move_to(gone, Stage::Closed).await, gone);
    assert_not_found::<Customer, _>(tx.customers().overview(i64::MAX.into(), 1).await, i64::MAX.into());

    assert_stale(tx.leads().update(made.id, valid(LeadPatch::default()), Some(9)).await, &made);
    assert_stale(tx.leads().update(made.id, valid(Lead::change()), Some(9)).await, &made);

    assert_eq!(code(tx.leads().list(&List::new().limit(0)).await), "validation");
    assert_eq!(code(tx.customers().overview(acme.id, 1_001).await), "validation");
    let wrong = ActivityQuery { limit: 0, ..ActivityQuery::default() };
    assert_eq!(code(tx.reports().customer_activity(&wrong).await), "validation");
    let many: Vec<_> = (0..100).map(|n| n.to_string()).collect();
    let patch = CustomerPatch { tags: many.into(), ..CustomerPatch::default() };
    let full: Customer = update(&*tx, acme.id, patch).await;
    assert_eq!(code(tx.customers().add_tags(acme.id, tags(&["x"])).await), "validation");

    assert_eq!(get::<Customer>(&*tx, acme.id).await, full);
    tx.commit().await.unwrap();
    assert_eq!(get::<Lead>(crm, made.id).await, made);
    assert_eq!(get::<Customer>(crm, acme.id).await, full);
}

/// Asserts that every call says `closed`, and so does the commit.
async fn assert_finished(tx: Box<dyn Transaction>) {
    async fn case<E: Kind>(tx: &dyn Repositories) {
        let repository = E::of(tx);
        assert_eq!(code(repository.get(1.into()).await), "closed");
        assert_eq!(code(repository.find(1.into()).await), "closed");
        assert_eq!(code(repository.get_many(&[1.into()]).await), "closed");
        assert_eq!(code(repository.list(&List::new()).await), "closed");
        assert_eq!(code(repository.count(&E::Filter::default()).await), "closed");
        let mut stream = repository.stream(E::Filter::default(), Order::default());
        assert_eq!(code(stream.next().await.unwrap()), "closed");
        assert_eq!(code(repository.update(1.into(), valid(E::change()), None).await), "closed");
        assert_eq!(code(repository.delete(1.into()).await), "closed");
    }
    let crm: &dyn Repositories = &*tx;
    each_entity!(case(crm));
    let ann = valid(NewUser::new("Ann", fresh_email(), hash()));
    assert_eq!(code(tx.users().create(ann.clone()).await), "closed");
    assert_eq!(code(tx.users().create_many(vec![ann]).await), "closed");
    assert_eq!(code(tx.users().find_by_email("ann@example.com").await), "closed");
    assert_eq!(code(tx.users().deactivate(1.into()).await), "closed");
    assert_eq!(code(tx.customers().add_tags(1.into(), tags(&["a"])).await), "closed");
    assert_eq!(code(tx.customers().tag_counts().await), "closed");
    assert_eq!(code(tx.customers().overview(1.into(), 1).await), "closed");
    assert_eq!(code(tx.leads().move_to(1.into(), Stage::Closed).await), "closed");
    assert_eq!(code(tx.tasks().complete(1.into()).await), "closed");
    let (asked, due) = (ActivityQuery::default(), DueTasksQuery::new(day("2026-01-01")));
    assert_eq!(code(tx.reports().customer_activity(&asked).await), "closed");
    assert_eq!(code(tx.reports().pipeline().await), "closed");
    assert_eq!(code(tx.reports().due_tasks(&due).await), "closed");
    assert_eq!(code(tx.reports().snapshot(&asked, &due).await), "closed");
    assert_eq!(code(tx.commit().await), "closed");
}

pub(super) async fn a_conflict_finishes_the_transaction(crm: &dyn Store) {
    let (ann, bob) = (user(crm, "ann@example.com").await, user(crm, "bob@example.com").await);
    let again = || valid(NewUser::new("Other", "Ann@example.com", hash()));

    let tx = begin(crm).await;
    create::<Lead>(&*tx, NewLead::new("lost")).await;
    assert_eq!(refusal(tx.users().create(again()).await), refused("conflict", "email"));
    assert_finished(tx).await;

    let tx = begin(crm).await;
    create::<Lead>(&*tx, NewLead::new("lost")).await;
    assert_eq!(refusal(tx.users().create_many(vec![again()]).await), refused("conflict", "[0].email"));
    assert_finished(tx).await;

    let tx = begin(crm).await;
    let patch = crm_core::UserPatch { email: "ann@example.com".into(), ..Default::default() };
    assert_eq!(refusal(tx.users().update(bob.id, valid(patch), None).await), refused("conflict", "email"));
    assert_finished(tx).await;

    assert_eq!(count::<Lead>(crm).await, 0);
    assert_eq!(crm.users().get_many(&[ann.id, bob.id]).await.unwrap(), [ann, bob]);
    assert_eq!(crm.users().count(&UserFilter::default()).await.unwrap(), 2);
}

pub(super) async fn a_missing_reference_finishes_the_transaction(crm: &dyn Store) {
    let dangling = || valid(NewLead { customer_id: Some(i64::MAX.into()), ..NewLead::new("Deal") });
    let tx = begin(crm).await;
    create::<Lead>(&*tx, NewLead::new("lost")).await;
    assert_eq!(refusal(tx.leads().create(dangling()).await), refused("missing_reference", "customer_id"));
    assert_finished(tx).await;

    let tx = begin(crm).await;
    let batch = vec![valid(NewLead::new("lost")), dangling()];
    let refusal_of_batch = refusal(tx.leads().create_many(batch).await);
    assert_eq!(refusal_of_batch, refused("missing_reference", "[1].customer_id"));
    assert_finished(tx).await;
    assert_eq!(count::<Lead>(crm).await, 0);
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
