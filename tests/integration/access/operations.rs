//! Every operation of a repository runs in the actor's name: what it reads is what the actor may see, what it writes says so.

use std::fmt::Debug;

use crm_core::{
    Action, ActivityQuery, Customer, CustomerId, DueTasksQuery, EntityKind, ErrorCode, Interaction, Lead,
    LeadId, List, NewCustomer, NewUser, Password, PasswordHash, Repositories, Result, Role, Stage, Tags,
    Task, TaskId, TaskStatus, User, UserId,
};
use crm_tests::Database;
use futures_util::TryStreamExt as _;

use super::calls::Sample;
use super::state::{ADMIN, OTHER, USER, password, reset};
use crate::schema::catalogue::texts;
use crate::seed::{bcrypt, valid};

/// Lets everybody see the own rows only. The tests that read under it see at once in whose name a call was made.
fn only_own() -> String {
    let policies = EntityKind::ALL.iter().map(|entity| {
        let (table, key) = (entity.plural(), if *entity == EntityKind::User { "id" } else { "created_by" });
        format!(
            "do $$ declare p text; begin
               for p in select policyname from pg_policies where schemaname = 'crm' and tablename = '{table}' loop
                 execute format('drop policy %I on crm.{table}', p);
               end loop;
             end $$;
             alter table crm.{table} enable row level security;
             create policy own on crm.{table} using ({key} = crm.actor());"
        )
    });
    let totals = "alter table crm.pipeline_totals enable row level security;
        create policy none on crm.pipeline_totals using (crm.actor() is null);";
    policies.chain([totals.to_owned()]).collect()
}

fn due() -> DueTasksQuery {
    DueTasksQuery::new("2024-01-14".parse().unwrap())
}

/// Asserts that each read of an entity gives the one row, of which alone the actor may know.
async fn reads<E: Sample>(crm: &dyn Repositories, own: i64) {
    let (repository, id) = (E::of(crm), E::Id::from(own));
    let list = List::new();
    let page = repository.list(&list).await.unwrap();
    assert_eq!(page.items.iter().map(E::id).collect::<Vec<_>>(), [id]);
    let streamed: Vec<E> = repository.stream(list.filter.clone(), list.order).try_collect().await.unwrap();
    assert_eq!(streamed, page.items);
    assert_eq!(repository.count(&list.filter).await.unwrap(), 1);
    assert_eq!(repository.find(id).await.unwrap().as_ref(), page.items.first());
    assert_eq!(&repository.get(id).await.unwrap(), &page.items[0]);
    assert_eq!(repository.get_many(&[E::Id::from(OTHER), id, id]).await.unwrap().len(), 2);
    let other = E::Id::from(OTHER);
    assert!(repository.find(other).await.unwrap().is_none());
    assert_eq!(repository.get(other).await.unwrap_err().code(), ErrorCode::NotFound);
}

async fn all_reads(crm: &dyn Repositories, own: i64) {
    reads::<User>(crm, own).await;
    reads::<Customer>(crm, own).await;
    reads::<Lead>(crm, own).await;
    reads::<Task>(crm, own).await;
    reads::<Interaction>(crm, own).await;

    let by_email = |id| async move { crm.users().find_by_email(&format!("user{id}@example.com")).await };
    assert_eq!(by_email(own).await.unwrap().unwrap().id, UserId(own));
    assert_eq!(by_email(OTHER).await.unwrap(), None);

    let tags = crm.customers().tag_counts().await.unwrap();
    assert_eq!(tags.iter().map(|count| &*count.tag).collect::<Vec<_>>(), [format!("tag{own}")]);
    let overview = crm.customers().overview(CustomerId(own), 10).await.unwrap();
    let found = (overview.open_leads.len(), overview.open_tasks.len(), overview.recent_interactions.len());
    assert_eq!(found, (1, 1, 1));
    let other = crm.customers().overview(CustomerId(OTHER), 10).await;
    assert_eq!(other.unwrap_err().code(), ErrorCode::NotFound);

    let (reports, activity, due) = (crm.reports(), ActivityQuery::default(), due());
    let customers = reports.customer_activity(&activity).await.unwrap();
    let counts: Vec<_> =
        customers.items.iter().map(|row| (row.customer.id.0, row.interaction_count)).collect();
    assert_eq!(counts, [(own, 1)]);
    let pipeline = reports.pipeline().await.unwrap();
    assert_eq!(pipeline.iter().map(|stage| stage.count).collect::<Vec<_>>(), [0; 4]);
    let tasks = reports.due_tasks(&due).await.unwrap();
    assert_eq!(tasks.items.iter().map(|row| row.task.id.0).collect::<Vec<_>>(), [own]);
    assert_eq!(tasks.items[0].assigned_to_name.as_deref(), Some("User"));
    let snapshot = reports.snapshot(&activity, &due).await.unwrap();
    let parts = (snapshot.customer_activity, snapshot.pipeline, snapshot.due_tasks);
    assert_eq!(parts, (customers, pipeline, tasks));
}

#[tokio::test]
async fn every_read_is_the_actors_for_each_role_and_in_a_transaction() {
    let db = Database::fresh().await;
    db.execute(&reset()).await;
    db.execute(&only_own()).await;
    for actor in [ADMIN, USER] {
        let crm = db.crm.acting_as(UserId(actor));
        all_reads(&crm, actor).await;
        let tx = crm.begin().await.unwrap();
        all_reads(&tx, actor).await;
        tx.commit().await.unwrap();
    }
    assert_eq!(db.crm.leads().count(&crm_core::LeadFilter::default()).await.unwrap(), 4);
    assert_eq!(db.crm.reports().pipeline().await.unwrap()[0].count, 4);
}

/// Changes rows with everything beside `create`, `update` and `delete`.
async fn all_changes(crm: &dyn Repositories, actor: i64) {
    let (by, id) = (Some(UserId(actor)), CustomerId(OTHER));
    let tags = || valid(Tags(vec!["More".into()]));
    let customers = crm.customers();
    let added = customers.add_tags(id, tags()).await.unwrap();
    assert_eq!((added.tags.len(), added.updated_by), (2, by));
    let again = customers.add_tags(id, tags()).await.unwrap();
    assert_eq!(again, added);
    let removed = customers.remove_tags(id, tags()).await.unwrap();
    assert_eq!((removed.tags.len(), removed.updated_by), (1, by));

    let lead = crm.leads().move_to(LeadId(OTHER), Stage::Proposal).await.unwrap();
    assert_eq!((lead.stage, lead.updated_by), (Stage::Proposal, by));
    assert_eq!(crm.leads().move_to(LeadId(OTHER), Stage::Proposal).await.unwrap(), lead);

    let (tasks, id) = (crm.tasks(), TaskId(OTHER));
    for (task, status) in [
        (tasks.start(id).await, TaskStatus::InProgress),
        (tasks.complete(id).await, TaskStatus::Completed),
        (tasks.reopen(id).await, TaskStatus::Pending),
    ] {
        let task = task.unwrap();
        assert_eq!((task.status, task.updated_by), (status, by));
    }
    assert_eq!(tasks.reopen(id).await.unwrap().version, 4);

    // More rows than a statement takes at a time.
    let many: Vec<_> = (0..10_001).map(|n| valid(NewCustomer::new(format!("Customer {n}")))).collect();
    let ids = customers.create_many(many).await.unwrap();
    let made = customers.get_many(&[ids[0], ids[10_000]]).await.unwrap();
    for (customer, name) in made.iter().zip(["Customer 0", "Customer 10000"]) {
        assert_eq!((&*customer.name, customer.created_by, customer.updated_by), (name, by, by));
    }
    let leads = create_two::<Lead>(crm).await.unwrap();
    assert!(leads.iter().all(|lead| lead.created_by == by && lead.updated_by == by));
    let tasks = create_two::<Task>(crm).await.unwrap();
    assert!(tasks.iter().all(|task| task.created_by == by && task.updated_by == by));
    let interactions = create_two::<Interaction>(crm).await.unwrap();
    assert!(interactions.iter().all(|interaction| interaction.created_by == by));
}

async fn create_two<E: Sample>(crm: &dyn Repositories) -> Result<Vec<E>> {
    let ids = E::of(crm).create_many(vec![valid(E::new()), valid(E::new())]).await?;
    assert!(ids.is_sorted());
    E::of(crm).get_many(&ids).await
}

/// Makes two users at once, as an admin can.
async fn create_users(crm: &dyn Repositories) -> Result<Vec<UserId>> {
    let user = |n: i64| valid(NewUser::new("New", format!("new{n}@example.com"), password(n)));
    crm.users().create_many(vec![user(1), user(2)]).await
}

#[tokio::test]
async fn every_change_names_the_actor_for_each_role_and_in_a_transaction() {
    let db = Database::fresh().await;
    let trusted = db.crm.clone();
    for (actor, role) in [(ADMIN, Role::Admin), (USER, Role::User)] {
        for in_transaction in [false, true] {
            db.execute(&reset()).await;
            let crm = trusted.acting_as(UserId(actor));
            if in_transaction {
                let tx = crm.begin().await.unwrap();
                all_changes(&tx, actor).await;
                tx.commit().await.unwrap();
            } else {
                all_changes(&crm, actor).await;
            }
            let users = create_users(&crm).await.map_err(|error| error.code());
            if role.allows(Action::Create, EntityKind::User, false) {
                assert_eq!(users.map(|ids| ids.len()), Ok(2));
            } else {
                assert_eq!(users, Err(ErrorCode::PermissionDenied));
            }
            let makers =
                "select distinct format('%s %s', created_by, updated_by) from crm.customers where id >= 1000";
            assert_eq!(texts(&db, makers).await, [format!("{actor} {actor}")]);
        }
    }
}

#[tokio::test]
async fn what_only_the_trusted_system_may_say_or_ask_is_refused_for_each_role() {
    let db = Database::fresh().await;
    db.execute(&reset()).await;
    let trusted = db.crm.clone();
    let before = texts(&db, STATE).await;
    for actor in [ADMIN, USER] {
        let crm = trusted.acting_as(UserId(actor));
        for creator in [actor, OTHER] {
            let by = Some(UserId(creator));
            let customer = || valid(NewCustomer { created_by: by, ..Customer::new() });
            let lead = || valid(crm_core::NewLead { created_by: by, ..Lead::new() });
            let task = || valid(crm_core::NewTask { created_by: by, ..Task::new() });
            let interaction = || valid(crm_core::NewInteraction { created_by: by, ..Interaction::new() });
            denied(crm.customers().create(customer()).await);
            denied(crm.customers().create_many(vec![valid(Customer::new()), customer()]).await);
            denied(crm.leads().create(lead()).await);
            denied(crm.leads().create_many(vec![valid(Lead::new()), lead()]).await);
            denied(crm.tasks().create(task()).await);
            denied(crm.tasks().create_many(vec![valid(Task::new()), task()]).await);
            denied(crm.interactions().create(interaction()).await);
            denied(crm.interactions().create_many(vec![valid(Interaction::new()), interaction()]).await);
        }
        let hash: PasswordHash = bcrypt();
        let user = valid(NewUser::new("New", "new@example.com", hash));
        denied(crm.users().create(user.clone()).await);
        denied(crm.users().create_many(vec![user]).await);
        let email = format!("user{actor}@example.com");
        denied(crm.users().authenticate(&email, password(actor)).await);
        denied(crm.users().authenticate("nobody@example.com", Password::new("a password")).await);
    }
    assert_eq!(texts(&db, STATE).await, before);
}

/// Says how many rows there are of each table and what was the last to happen.
const STATE: &str = "
    select format('users %s %s', count(*), max(updated_at)) from crm.users
    union all select format('customers %s %s', count(*), max(updated_at)) from crm.customers
    union all select format('leads %s %s', count(*), max(updated_at)) from crm.leads
    union all select format('tasks %s %s', count(*), max(updated_at)) from crm.tasks
    union all select format('interactions %s %s', count(*), max(version)) from crm.interactions";

fn denied<T: Debug>(result: Result<T>) {
    assert_eq!(result.unwrap_err().code(), ErrorCode::PermissionDenied);
}
