//! What is refused to an actor: another's rows, what a role never may, and what either does to a transaction.

use crm_core::{
    Customer, CustomerFilter, Entity, Interaction, InteractionPatch, Lead, LeadFilter, NewCustomer, NewLead,
    NewTask, NewUser, Password, Repositories, Role, Task, Transaction, TrustedStore, User, UserId, UserPatch,
};

use super::access::{Audit, with_role};
use super::tools::*;

const DENIED: &str = "permission_denied";

fn password() -> Password {
    Password::new("correct horse")
}

fn of_role(role: Role) -> UserPatch {
    UserPatch { role: role.into(), ..UserPatch::default() }
}

pub(super) async fn a_user_deletes_own_rows_only(crm: &dyn TrustedStore) {
    async fn case<E: Kind>(crm: &dyn TrustedStore, ann: UserId, bob: UserId) {
        let (acting, other) = (crm.acting_as(ann), crm.acting_as(bob));
        let (own, others, nobodys) = (E::any(&*acting).await, E::any(&*other).await, E::any(crm).await);
        for row in [&others, &nobodys] {
            assert_eq!(code(E::of(&*acting).delete(row.id()).await), DENIED);
            assert_eq!(&get::<E>(crm, row.id()).await, row);
        }
        E::of(&*acting).delete(own.id()).await.unwrap();
        assert_not_found::<E, _>(E::of(&*acting).delete(own.id()).await, own.id());
    }
    let (ann, bob) = (with_role(crm, Role::User).await, with_role(crm, Role::User).await);
    case::<Lead>(crm, ann, bob).await;
    case::<Task>(crm, ann, bob).await;
    case::<Interaction>(crm, ann, bob).await;

    let acting = crm.acting_as(ann);
    let acme = Customer::any(&*acting).await.id;
    for id in [acme, i64::MAX.into()] {
        assert_eq!(code(acting.customers().delete(id).await), DENIED);
    }
    for id in [ann, bob, i64::MAX.into()] {
        assert_eq!(code(acting.users().delete(id).await), DENIED);
    }
}

pub(super) async fn a_change_of_anothers_row_is_refused_unless_there_is_none(crm: &dyn TrustedStore) {
    async fn case<E: Kind>(acting: &dyn Repositories, others: &E) {
        let repository = E::of(acting);
        assert_eq!(code(repository.update(others.id(), valid(E::change()), None).await), DENIED);
        let right = Some(others.version());
        assert_eq!(code(repository.update(others.id(), valid(E::change()), right).await), DENIED);
        assert_stale(repository.update(others.id(), valid(E::change()), Some(9)).await, others);
        let empty = || valid(E::Patch::default());
        assert_eq!(&repository.update(others.id(), empty(), None).await.unwrap(), others);
        assert_stale(repository.update(others.id(), empty(), Some(9)).await, others);
        assert_eq!(&repository.get(others.id()).await.unwrap(), others);
        let gone = i64::MAX.into();
        assert_not_found::<E, _>(repository.update(gone, valid(E::change()), None).await, gone);
    }
    let (ann, bob) = (with_role(crm, Role::User).await, with_role(crm, Role::User).await);
    let (acting, other) = (crm.acting_as(ann), crm.acting_as(bob));
    case(&*acting, &Interaction::any(&*other).await).await;
    case(&*acting, &Interaction::any(crm).await).await;
    case(&*acting, &get::<User>(crm, bob).await).await;

    let own = Interaction::any(&*acting).await;
    let changed: Interaction = update(&*acting, own.id, Interaction::change()).await;
    assert_eq!((changed.created_by, changed.version), (Some(ann), 2));
    assert_eq!(update::<User>(&*acting, ann, User::change()).await.version, 2);
}

pub(super) async fn what_only_an_admin_may_is_refused_whether_there_is_a_row_or_not(crm: &dyn TrustedStore) {
    let (ann, bob) = (with_role(crm, Role::User).await, with_role(crm, Role::User).await);
    let acting = crm.acting_as(ann);
    let gone = UserId(i64::MAX);
    for id in [ann, bob, gone] {
        for role in [Role::User, Role::Admin] {
            assert_eq!(code(acting.users().update(id, valid(of_role(role)), None).await), DENIED);
            let named = UserPatch { name: "Other".into(), ..of_role(role) };
            assert_eq!(code(acting.users().update(id, valid(named), Some(9)).await), DENIED);
        }
        assert_eq!(code(acting.users().deactivate(id).await), DENIED);
        assert_eq!(code(acting.users().reactivate(id).await), DENIED);
        assert_eq!(code(acting.users().set_password(id, valid(password())).await), DENIED);
    }
    let new = || valid(NewUser::new("A", fresh_email(), password()));
    assert_eq!(code(acting.users().create(new()).await), DENIED);
    assert_eq!(code(acting.users().create_many(vec![new()]).await), DENIED);
    assert_eq!(crm.users().get_many(&[ann, bob]).await.unwrap().iter().map(Entity::version).sum::<i64>(), 2);

    let admin = crm.acting_as(with_role(crm, Role::Admin).await);
    assert_eq!(update::<User>(&*admin, bob, of_role(Role::Admin)).await.role, Role::Admin);
    admin.users().set_password(bob, valid(Password::new("battery staple"))).await.unwrap();
    admin.users().deactivate(bob).await.unwrap();
    assert_eq!(admin.users().reactivate(bob).await.unwrap().version, 5);
    admin.users().create_many(vec![new()]).await.unwrap();
    let made = admin.users().create(new()).await.unwrap();
    assert_eq!(crm.users().authenticate(made.email.as_str(), password()).await.unwrap(), made);
    assert_not_found::<User, _>(admin.users().set_password(gone, valid(password())).await, gone);
    assert_not_found::<User, _>(admin.users().deactivate(gone).await, gone);
}

pub(super) async fn a_user_changes_the_own_password_and_no_others(crm: &dyn TrustedStore) {
    let new = || valid(Password::new("battery staple"));
    for role in [Role::User, Role::Admin] {
        let (ann, bob) = (with_role(crm, role).await, with_role(crm, Role::User).await);
        let acting = crm.acting_as(ann);
        for id in [bob, i64::MAX.into()] {
            assert_eq!(code(acting.users().change_password(id, password(), new()).await), DENIED);
        }
        let wrong = acting.users().change_password(ann, Password::new(""), new()).await;
        assert_eq!(code(wrong), "invalid_credentials");
        acting.users().change_password(ann, password(), new()).await.unwrap();
        let now: User = get(crm, ann).await;
        assert_eq!(now.version, 2);
        assert_eq!(crm.users().authenticate(now.email.as_str(), new().into_inner()).await.unwrap(), now);

        let tx = acting.begin().await.unwrap();
        let wrong = tx.users().change_password(ann, password(), new()).await;
        assert_eq!(code(wrong), "invalid_credentials");
        tx.users().change_password(ann, new().into_inner(), valid(password())).await.unwrap();
        let made = Lead::any(&*tx).await;
        assert_eq!(made.audit(), (Some(ann), Some(ann)));
        tx.commit().await.unwrap();
        let login = crm.users().authenticate(now.email.as_str(), password()).await.unwrap();
        assert_eq!(login.version, 3);
    }
}

pub(super) async fn a_refusal_by_the_library_leaves_the_transaction_usable(crm: &dyn TrustedStore) {
    let (ann, bob) = (with_role(crm, Role::User).await, with_role(crm, Role::User).await);
    let others = Interaction::any(&*crm.acting_as(bob)).await;
    let lead = Lead::any(crm).await;
    let tx = crm.acting_as(ann).begin().await.unwrap();
    let made = Lead::any(&*tx).await;
    let change = InteractionPatch { notes: "Other".into(), ..InteractionPatch::default() };
    assert_eq!(code(tx.interactions().update(others.id, valid(change), None).await), DENIED);
    assert_eq!(code(tx.interactions().delete(others.id).await), DENIED);
    assert_eq!(code(tx.leads().delete(lead.id).await), DENIED);
    assert_eq!(code(tx.users().update(bob, valid(User::change()), None).await), DENIED);
    let forged = valid(NewTask { created_by: Some(bob), ..NewTask::new("A") });
    assert_eq!(code(tx.tasks().create(forged.clone()).await), DENIED);
    assert_eq!(code(tx.tasks().create_many(vec![forged]).await), DENIED);
    assert_eq!(code(tx.users().change_password(bob, password(), valid(password())).await), DENIED);
    assert_eq!(code(tx.users().authenticate("ann@example.com", password()).await), DENIED);
    tx.leads().delete(made.id).await.unwrap();
    let kept = Lead::any(&*tx).await;
    tx.commit().await.unwrap();
    assert_eq!(get::<Lead>(crm, kept.id).await.audit(), (Some(ann), Some(ann)));
    assert_eq!(crm.leads().count(&LeadFilter::default()).await.unwrap(), 2);
}

async fn assert_finished(tx: Box<dyn Transaction>) {
    assert_eq!(code(tx.leads().count(&LeadFilter::default()).await), "closed");
    assert_eq!(code(tx.commit().await), "closed");
}

pub(super) async fn a_refusal_by_the_database_finishes_the_transaction(crm: &dyn TrustedStore) {
    let (ann, acme) = (with_role(crm, Role::User).await, customer(crm, "Acme").await.id);
    let acting = crm.acting_as(ann);
    for refusal in 0..6 {
        let tx = acting.begin().await.unwrap();
        Lead::any(&*tx).await;
        let new = || valid(NewUser::new("A", fresh_email(), password()));
        let refused = match refusal {
            0 => tx.customers().delete(acme).await,
            1 => tx.users().update(ann, valid(of_role(Role::User)), None).await.map(drop),
            2 => tx.users().create(new()).await.map(drop),
            3 => tx.users().create_many(vec![new()]).await.map(drop),
            4 => tx.users().deactivate(ann).await.map(drop),
            _ => tx.users().set_password(ann, valid(password())).await,
        };
        assert_eq!(code(refused), DENIED, "{refusal}");
        assert_finished(tx).await;
    }
    assert_eq!(crm.leads().count(&LeadFilter::default()).await.unwrap(), 0);
}

pub(super) async fn a_transaction_keeps_the_role_of_its_beginning(crm: &dyn TrustedStore) {
    for inside in [false, true] {
        let admin = with_role(crm, Role::Admin).await;
        let (acme, other) = (customer(crm, "Acme").await.id, customer(crm, "Other").await.id);
        let acting = crm.acting_as(admin);
        let tx = acting.begin().await.unwrap();
        let change: &dyn Repositories = if inside { &*tx } else { crm };
        update::<User>(change, admin, of_role(Role::User)).await;
        tx.customers().delete(acme).await.unwrap();
        if inside {
            tx.users().change_password(admin, password(), valid(password())).await.unwrap();
        }
        tx.customers().delete(other).await.unwrap();
        tx.commit().await.unwrap();
        let left = customer(crm, "Left").await.id;
        assert_eq!(code(acting.customers().delete(left).await), DENIED);
    }
}

pub(super) async fn whoever_is_retired_in_the_middle_of_a_transaction_ends_it(crm: &dyn TrustedStore) {
    for inside in [false, true] {
        let admin = with_role(crm, Role::Admin).await;
        let acting = crm.acting_as(admin);
        let tx = acting.begin().await.unwrap();
        let before = Customer::any(&*tx).await;
        let retire: &dyn Repositories = if inside { &*tx } else { crm };
        retire.users().deactivate(admin).await.unwrap();
        let after = Customer::any(&*tx).await;
        let lead = create::<Lead>(&*tx, NewLead { customer_id: Some(before.id), ..NewLead::new("A") }).await;
        assert_eq!(lead.audit(), (Some(admin), Some(admin)));
        tx.commit().await.unwrap();
        assert_eq!(crm.customers().get_many(&[before.id, after.id]).await.unwrap(), [before, after]);
        assert_eq!(code(acting.leads().get(lead.id).await), DENIED);

        let admin = with_role(crm, Role::Admin).await;
        let tx = crm.acting_as(admin).begin().await.unwrap();
        let retire: &dyn Repositories = if inside { &*tx } else { crm };
        retire.users().deactivate(admin).await.unwrap();
        assert_eq!(code(tx.users().change_password(admin, password(), valid(password())).await), DENIED);
        tx.commit().await.unwrap();
    }
}

pub(super) async fn whoever_is_deleted_in_the_middle_of_a_transaction_writes_no_more(crm: &dyn TrustedStore) {
    for inside in [false, true] {
        for write in 0..3 {
            let admin = with_role(crm, Role::Admin).await;
            let lead = Lead::any(crm).await.id;
            let tx = crm.acting_as(admin).begin().await.unwrap();
            let delete: &dyn Repositories = if inside { &*tx } else { crm };
            delete.users().delete(admin).await.unwrap();
            assert!(tx.leads().count(&LeadFilter::default()).await.unwrap() > 0, "reading goes on");
            let new = valid(NewCustomer::new("A"));
            let refused = match write {
                0 => tx.customers().create(new).await.map(drop),
                1 => tx.customers().create_many(vec![new]).await.map(drop),
                _ => tx.leads().update(lead, valid(Lead::change()), None).await.map(drop),
            };
            assert_eq!(code(refused), DENIED, "{write}, inside: {inside}");
            assert_finished(tx).await;
        }
    }
    assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 0);
}

pub(super) async fn deleting_a_user_leaves_no_reference_and_writes_no_name(crm: &dyn TrustedStore) {
    for acts in [true, false] {
        let (admin, ann) = (with_role(crm, Role::Admin).await, with_role(crm, Role::User).await);
        let (acting, other) = (crm.acting_as(admin), crm.acting_as(ann));
        let both = Customer::any(&*acting).await;
        let made = Customer::any(&*acting).await;
        let made: Customer = update(&*other, made.id, Customer::change()).await;
        let changed = Lead::any(&*other).await;
        let changed: Lead = update(&*acting, changed.id, Lead::change()).await;
        let assigned = NewTask { assigned_to: Some(admin), ..NewTask::new("A") };
        let assigned: Task = create(&*other, assigned).await;
        let call = Interaction::any(&*acting).await;
        let untouched = Lead::any(&*other).await;
        let deletes: &dyn Repositories = if acts { &*acting } else { crm };
        deletes.users().delete(admin).await.unwrap();

        let now: Customer = get(crm, both.id).await;
        assert_eq!((now.audit(), now.version), ((None, None), 3));
        let now: Customer = get(crm, made.id).await;
        assert_eq!((now.audit(), now.version), ((None, Some(ann)), 3));
        let now: Lead = get(crm, changed.id).await;
        assert_eq!((now.audit(), now.version), ((Some(ann), None), 3));
        let now: Task = get(crm, assigned.id).await;
        assert_eq!((now.audit(), now.assigned_to, now.version), ((Some(ann), Some(ann)), None, 2));
        let now: Interaction = get(crm, call.id).await;
        assert_eq!((now.created_by, now.version), (None, 2));
        assert_eq!(get::<Lead>(crm, untouched.id).await, untouched);
        assert_eq!(code(acting.users().get(ann).await), DENIED);
    }
}
