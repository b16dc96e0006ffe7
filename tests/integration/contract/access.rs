//! Acting as a user: who may act, whose name is on what is written, and what is refused how.

use crm_core::{
    ActivityQuery, Customer, CustomerFilter, CustomerPatch, DueTasksQuery, Interaction, InteractionType,
    Lead, LeadPatch, List, NewCustomer, NewInteraction, NewLead, NewTask, NewUser, Order, Password,
    Repositories, Role, Stage, Task, TrustedStore, User, UserId, UserPatch, Valid,
};
use futures_util::{StreamExt, TryStreamExt};

use super::tools::*;

pub(super) async fn with_role(crm: &dyn Repositories, role: Role) -> UserId {
    let new = NewUser { role, ..NewUser::new("Ann", fresh_email(), Password::new("correct horse")) };
    create::<User>(crm, new).await.id
}

/// Returns who made a row and who changed it last.
pub(super) trait Audit {
    fn audit(&self) -> (Option<UserId>, Option<UserId>);
}

macro_rules! audited {
    ($($entity:ident),+) => {$(
        impl Audit for $entity {
            fn audit(&self) -> (Option<UserId>, Option<UserId>) {
                (self.created_by, self.updated_by)
            }
        }
    )+};
}

audited!(Customer, Lead, Task);

pub(super) async fn what_an_actor_makes_names_the_actor(crm: &dyn TrustedStore) {
    for role in [Role::User, Role::Admin] {
        let ann = with_role(crm, role).await;
        let acting = crm.acting_as(ann);
        let acme = Customer::any(&*acting).await;
        assert_eq!(acme.audit(), (Some(ann), Some(ann)));
        assert_eq!(get::<Customer>(crm, acme.id).await, acme);
        assert_eq!(Lead::any(&*acting).await.audit(), (Some(ann), Some(ann)));
        assert_eq!(Task::any(&*acting).await.audit(), (Some(ann), Some(ann)));
        assert_eq!(Interaction::any(&*acting).await.created_by, Some(ann));

        let tagged = NewCustomer { tags: texts(&["x", "y, z"]), ..NewCustomer::new("B") };
        let many = Valid::all([NewCustomer::new("A"), tagged]).unwrap();
        let ids = acting.customers().create_many(many).await.unwrap();
        let made = crm.customers().get_many(&ids).await.unwrap();
        assert_eq!(made[1].tags, ["x", "y, z"]);
        assert!(made.iter().all(|row| row.audit() == (Some(ann), Some(ann)) && row.version == 1));
        let ids = acting.leads().create_many(Valid::all([NewLead::new("A")]).unwrap()).await.unwrap();
        assert_eq!(get::<Lead>(crm, ids[0]).await.audit(), (Some(ann), Some(ann)));
        let ids = acting.tasks().create_many(Valid::all([NewTask::new("A")]).unwrap()).await.unwrap();
        assert_eq!(get::<Task>(crm, ids[0]).await.audit(), (Some(ann), Some(ann)));
        let calls = Valid::all([NewInteraction::new(acme.id, InteractionType::Call)]).unwrap();
        let ids = acting.interactions().create_many(calls).await.unwrap();
        assert_eq!(get::<Interaction>(crm, ids[0]).await.created_by, Some(ann));
    }
}

pub(super) async fn what_an_actor_changes_names_the_actor(crm: &dyn TrustedStore) {
    let (ann, bob) = (with_role(crm, Role::User).await, with_role(crm, Role::User).await);
    let (acting, other) = (crm.acting_as(ann), crm.acting_as(bob));
    let changed = (Some(ann), Some(bob));

    let acme = Customer::any(&*acting).await;
    assert_eq!(update::<Customer>(&*other, acme.id, Customer::change()).await.audit(), changed);
    let lead = Lead::any(&*acting).await;
    assert_eq!(update::<Lead>(&*other, lead.id, Lead::change()).await.audit(), changed);
    let task = Task::any(&*acting).await;
    assert_eq!(update::<Task>(&*other, task.id, Task::change()).await.audit(), changed);

    let acme = Customer::any(&*acting).await.id;
    assert_eq!(other.customers().add_tags(acme, tags(&["x"])).await.unwrap().audit(), changed);
    let acme =
        create::<Customer>(&*acting, NewCustomer { tags: texts(&["x"]), ..NewCustomer::new("B") }).await;
    assert_eq!(other.customers().remove_tags(acme.id, tags(&["x"])).await.unwrap().audit(), changed);
    let lead = Lead::any(&*acting).await.id;
    assert_eq!(other.leads().move_to(lead, Stage::Closed).await.unwrap().audit(), changed);
    let task = Task::any(&*acting).await.id;
    assert_eq!(other.tasks().start(task).await.unwrap().audit(), changed);

    // What changes nothing names nobody anew.
    assert_eq!(acting.leads().move_to(lead, Stage::Closed).await.unwrap().audit(), changed);
    assert_eq!(acting.tasks().start(task).await.unwrap().audit(), changed);
    assert_eq!(acting.customers().remove_tags(acme.id, tags(&["x"])).await.unwrap().audit(), changed);
    assert_eq!(update::<Lead>(&*acting, lead, LeadPatch::default()).await.audit(), changed);
}

pub(super) async fn what_the_trusted_system_changes_names_nobody(crm: &dyn TrustedStore) {
    let (ann, bob) = (with_role(crm, Role::User).await, with_role(crm, Role::User).await);
    let other = crm.acting_as(bob);
    let given: Lead = create(crm, NewLead { created_by: Some(ann), ..NewLead::new("Deal") }).await;
    assert_eq!(given.audit(), (Some(ann), None));
    let changed = other.leads().move_to(given.id, Stage::Closed).await.unwrap();
    assert_eq!(changed.audit(), (Some(ann), Some(bob)));
    assert_eq!(crm.leads().move_to(given.id, Stage::Closed).await.unwrap(), changed);
    assert_eq!(crm.leads().move_to(given.id, Stage::Lead).await.unwrap().audit(), (Some(ann), None));

    let acme = Customer::any(&*other).await;
    assert_eq!(update::<Customer>(crm, acme.id, Customer::change()).await.audit(), (Some(bob), None));
    let acme = Customer::any(&*other).await;
    let tagged = crm.customers().add_tags(acme.id, tags(&["x"])).await.unwrap();
    assert_eq!(tagged.audit(), (Some(bob), None));
    let task = Task::any(&*other).await;
    assert_eq!(crm.tasks().complete(task.id).await.unwrap().audit(), (Some(bob), None));
}

pub(super) async fn an_actor_reads_what_the_trusted_system_reads(crm: &dyn TrustedStore) {
    async fn case<E: Kind>(crm: &dyn TrustedStore, actor: UserId) {
        let row = E::any(crm).await;
        let acting = crm.acting_as(actor);
        let order = Order::default();
        let rows = read::<E>(&*acting, E::Filter::default(), order).await;
        assert_eq!(rows, read::<E>(crm, E::Filter::default(), order).await);
        assert_eq!(get::<E>(&*acting, row.id()).await, row);
        assert_eq!(E::of(&*acting).find(row.id()).await.unwrap(), Some(row.clone()));
        assert_eq!(E::of(&*acting).get_many(&[row.id()]).await.unwrap(), [row]);
    }
    for role in [Role::User, Role::Admin] {
        let ann = with_role(crm, role).await;
        case::<User>(crm, ann).await;
        case::<Customer>(crm, ann).await;
        case::<Lead>(crm, ann).await;
        case::<Task>(crm, ann).await;
        case::<Interaction>(crm, ann).await;
        let acting = crm.acting_as(ann);
        let (activity, due) = (ActivityQuery::default(), DueTasksQuery::new(day("2026-01-01")));
        let answers = acting.reports().snapshot(&activity, &due).await.unwrap();
        assert_eq!(answers, crm.reports().snapshot(&activity, &due).await.unwrap());
        let acme = customer(crm, "Acme").await.id;
        let overview = acting.customers().overview(acme, 1).await.unwrap();
        assert_eq!(overview, crm.customers().overview(acme, 1).await.unwrap());
        assert_eq!(acting.customers().tag_counts().await.unwrap(), []);
    }
}

/// Asserts that the actor is refused whatever the call.
async fn assert_may_not_act(crm: &dyn TrustedStore, actor: UserId, existing: &Customer) {
    let acting = crm.acting_as(actor);
    let customers = acting.customers();
    let id = existing.id;
    let denied = "permission_denied";
    assert_eq!(code(customers.get(id).await), denied);
    assert_eq!(code(customers.find(id).await), denied);
    assert_eq!(code(customers.get_many(&[id]).await), denied);
    assert_eq!(code(customers.list(&List::new()).await), denied);
    assert_eq!(code(customers.count(&CustomerFilter::default()).await), denied);
    let mut stream = customers.stream(CustomerFilter::default(), Order::default());
    assert_eq!(code(stream.next().await.unwrap()), denied);
    assert!(stream.next().await.is_none());
    assert_eq!(code(customers.create(valid(NewCustomer::new("A"))).await), denied);
    assert_eq!(code(customers.create_many(vec![valid(NewCustomer::new("A"))]).await), denied);
    assert_eq!(code(customers.update(id, valid(Customer::change()), None).await), denied);
    assert_eq!(code(customers.update(id, valid(CustomerPatch::default()), None).await), denied);
    assert_eq!(code(customers.delete(id).await), denied);
    assert_eq!(code(customers.add_tags(id, tags(&["x"])).await), denied);
    assert_eq!(code(customers.tag_counts().await), denied);
    assert_eq!(code(customers.overview(id, 1).await), denied);
    assert_eq!(code(acting.leads().move_to(i64::MAX.into(), Stage::Closed).await), denied);
    assert_eq!(code(acting.tasks().start(i64::MAX.into()).await), denied);
    let users = acting.users();
    let (present, new) = (Password::new("correct horse"), valid(Password::new("battery staple")));
    assert_eq!(code(users.find_by_email("ann@example.com").await), denied);
    assert_eq!(code(users.authenticate("ann@example.com", present.clone()).await), denied);
    assert_eq!(code(users.change_password(actor, present, new.clone()).await), denied);
    assert_eq!(code(users.set_password(actor, new).await), denied);
    assert_eq!(code(users.reactivate(actor).await), denied);
    let (activity, due) = (ActivityQuery::default(), DueTasksQuery::new(day("2026-01-01")));
    assert_eq!(code(acting.reports().customer_activity(&activity).await), denied);
    assert_eq!(code(acting.reports().pipeline().await), denied);
    assert_eq!(code(acting.reports().due_tasks(&due).await), denied);
    assert_eq!(code(acting.reports().snapshot(&activity, &due).await), denied);
    assert_eq!(acting.begin().await.err().unwrap().code().as_str(), denied);
    assert_eq!(crm.customers().list(&List::new()).await.unwrap().items, std::slice::from_ref(existing));
}

pub(super) async fn whoever_is_gone_retired_or_never_was_may_do_nothing(crm: &dyn TrustedStore) {
    let acme = customer(crm, "Acme").await;
    for never in [0, -1, i64::MAX] {
        assert_may_not_act(crm, UserId(never), &acme).await;
    }
    for role in [Role::User, Role::Admin] {
        let (gone, retired) = (with_role(crm, role).await, with_role(crm, role).await);
        crm.users().delete(gone).await.unwrap();
        crm.users().deactivate(retired).await.unwrap();
        assert_may_not_act(crm, gone, &acme).await;
        assert_may_not_act(crm, retired, &acme).await;
        crm.users().reactivate(retired).await.unwrap();
        assert_eq!(get::<Customer>(&*crm.acting_as(retired), acme.id).await, acme);
    }
}

pub(super) async fn a_handle_has_the_rights_that_the_role_has_at_each_operation(crm: &dyn TrustedStore) {
    let ann = with_role(crm, Role::User).await;
    let acting = crm.acting_as(ann);
    let become_ = async |role: Role| {
        update::<User>(crm, ann, UserPatch { role: role.into(), ..UserPatch::default() }).await;
    };
    for _ in 0..2 {
        let acme = customer(crm, "Acme").await.id;
        assert_eq!(code(acting.customers().delete(acme).await), "permission_denied");
        become_(Role::Admin).await;
        acting.customers().delete(acme).await.unwrap();
        become_(Role::User).await;
    }
    let acme = customer(crm, "Acme").await;
    let mut stream = acting.customers().stream(CustomerFilter::default(), Order::default());
    crm.users().deactivate(ann).await.unwrap();
    assert_eq!(code(stream.try_next().await), "permission_denied");
    drop(stream);
    crm.users().reactivate(ann).await.unwrap();
    let stream = acting.customers().stream(CustomerFilter::default(), Order::default());
    assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap(), [acme]);
}

pub(super) async fn only_the_trusted_system_says_who_made_a_row_or_gives_a_hash(crm: &dyn TrustedStore) {
    for role in [Role::User, Role::Admin] {
        let ann = with_role(crm, role).await;
        let acting = crm.acting_as(ann);
        let (acme, made_by) = (customer(crm, "Acme").await.id, Some(ann));
        let denied = "permission_denied";
        let new = valid(NewCustomer { created_by: made_by, ..NewCustomer::new("A") });
        assert_eq!(code(acting.customers().create(new.clone()).await), denied);
        let many = vec![valid(NewCustomer::new("A")), new];
        let error = acting.customers().create_many(many).await.unwrap_err();
        assert_eq!(error.code().as_str(), denied);
        assert!(error.to_string().contains("[1].created_by"), "{error}");
        let new = valid(NewLead { created_by: made_by, ..NewLead::new("A") });
        assert_eq!(code(acting.leads().create(new).await), denied);
        let new = valid(NewTask { created_by: made_by, ..NewTask::new("A") });
        assert_eq!(code(acting.tasks().create(new).await), denied);
        let call = NewInteraction::new(acme, InteractionType::Call);
        let new = valid(NewInteraction { created_by: made_by, ..call });
        assert_eq!(code(acting.interactions().create(new).await), denied);
        let new = valid(NewUser::new("A", fresh_email(), hash()));
        assert_eq!(code(acting.users().create(new.clone()).await), denied);
        let error = acting.users().create_many(vec![new]).await.unwrap_err();
        assert!(error.to_string().contains("[0].password_hash"), "{error}");
        let admin = acting.users().authenticate("ann@example.com", Password::new("correct horse")).await;
        assert_eq!(code(admin), denied);
        assert_eq!(acting.customers().create_many(Vec::new()).await.unwrap(), []);
    }
    assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 2);
}
