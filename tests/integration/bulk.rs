//! The ways of `create_many`, COPY for many rows of the trusted system, arrays for a few and for an actor, store the same.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Customer, CustomerId, Entity, ErrorCode, Interaction, InteractionType, Lead, NewCustomer, NewInteraction,
    NewLead, NewTask, NewUser, Password, PasswordHash, Priority, Repositories, Repository, Role, Stage, Task,
    TaskStatus, User, UserId, Valid, Validate,
};
use crm_postgres::Crm;
use crm_tests::{Database, amount};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use rust_decimal::Decimal;

/// Is a bcrypt hash of no password in particular.
const HASH: &str = "$2b$04$G46UZnhR7M7KIiI60A/1C.OrgJfSovw48A1l/Y8K4LruKEcRx6l7C";

/// Is a database with two customers and two users, of whom the first is an administrator.
struct World {
    database: Database,
    crm: Crm,
    customers: [CustomerId; 2],
    users: [UserId; 2],
}

impl World {
    async fn new() -> Self {
        let database = Database::fresh().await;
        let crm = database.crm.clone();
        let new = [Role::Admin, Role::User].map(|role| NewUser {
            role,
            ..NewUser::new("Actor", format!("{role}@example.net"), PasswordHash::new(HASH))
        });
        let users = crm.users().create_many(Valid::all(new).unwrap()).await.unwrap();
        let customers = ["Acme", "Globex"].map(NewCustomer::new);
        let customers = crm.customers().create_many(Valid::all(customers).unwrap()).await.unwrap();
        Self { database, crm, customers: [customers[0], customers[1]], users: [users[0], users[1]] }
    }
}

/// Texts that validation accepts, mostly.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "\\PC{1,30}",
        8 => "[a-z'\"\\\\{},;\u{e9}\u{1F600}]{1,20}",
        1 => Just("NULL".to_owned()),
        1 => Just("\u{10FFFF}".repeat(255)),
    ]
}

fn prose() -> impl Strategy<Value = Option<String>> {
    option::of(prop_oneof![9 => "[\\PC\n\t]{1,200}", 1 => Just("\u{20ac} ".repeat(40_000))])
}

fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    (-62_135_596_800_000_i64..253_402_300_800_000)
        .prop_map(|millis| DateTime::from_timestamp_millis(millis).expect("it is in the years 0001 to 9999"))
}

fn day() -> impl Strategy<Value = NaiveDate> {
    moment().prop_map(|moment| moment.date_naive())
}

fn one_of<T: Copy + std::fmt::Debug>(all: &'static [T]) -> impl Strategy<Value = T> {
    select(all)
}

fn some_of<T: Copy + std::fmt::Debug>(ids: [T; 2]) -> impl Strategy<Value = Option<T>> {
    option::of(prop_oneof![Just(ids[0]), Just(ids[1])])
}

fn customer() -> impl Strategy<Value = NewCustomer> {
    let email = option::of("[a-z'{}%|$&*`/+]{1,20}@[a-z]{1,9}[.][a-z]{2,5}");
    let phone = option::of("[+(]?[0-9]{3,9}[-. )0-9]{0,9}( ext[.] 7)?");
    (text(), email, phone, option::of(text()), vec(text(), 0..5), prose()).prop_map(
        |(name, email, phone, company, tags, notes)| NewCustomer {
            name,
            email,
            phone,
            company,
            tags,
            notes,
            created_by: None,
        },
    )
}

fn lead(world: &World) -> impl Strategy<Value = NewLead> + use<> {
    let value = option::of((0_i64..10_000_000_000).prop_map(|cents| Decimal::new(cents, 2)));
    (text(), prose(), one_of(Stage::ALL), value, some_of(world.customers), some_of(world.users)).prop_map(
        |(title, description, stage, value, customer_id, assigned_to)| NewLead {
            title,
            description,
            stage,
            value,
            customer_id,
            assigned_to,
            created_by: None,
        },
    )
}

fn task(world: &World) -> impl Strategy<Value = NewTask> + use<> {
    let (status, priority) = (one_of(TaskStatus::ALL), one_of(Priority::ALL));
    let due = option::of(day());
    (text(), prose(), status, priority, due, some_of(world.customers), some_of(world.users)).prop_map(
        |(title, description, status, priority, due_date, customer_id, assigned_to)| NewTask {
            title,
            description,
            status,
            priority,
            due_date,
            customer_id,
            assigned_to,
            created_by: None,
        },
    )
}

fn interaction(world: &World) -> impl Strategy<Value = NewInteraction> + use<> {
    let customer = select(world.customers.to_vec());
    (customer, one_of(InteractionType::ALL), prose(), option::of(moment())).prop_map(
        |(customer_id, kind, notes, date)| NewInteraction {
            customer_id,
            kind,
            notes,
            date,
            created_by: None,
        },
    )
}

fn user() -> impl Strategy<Value = NewUser> {
    let email = "[a-z'{}%|$&*`/+]{1,20}@[a-z]{1,9}[.][a-z]{2,5}";
    let password = "\\PC{8,40}".prop_map(Password::new);
    (text(), email, one_of(Role::ALL), password).prop_map(|(name, email, role, password)| NewUser {
        name,
        email,
        role,
        credential: password.into(),
    })
}

/// Is more rows than go as arrays.
const MANY: usize = 501;

/// Stores batches by each way and compares what comes back.
fn hold<E: Entity, S: Strategy<Value = E::New>>(
    cases: u32,
    strategy: impl FnOnce(&World) -> S,
    repository: for<'r> fn(&'r dyn Repositories) -> &'r dyn Repository<E>,
    alike: impl Fn(&E::New, E) -> E,
    filler: impl Fn(usize) -> E::New,
    check: &impl AsyncFn(&World, &[Valid<E::New>]),
) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(World::new());
    let acting = world.crm.acting_as(world.users[0]);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner
        .run(&vec(strategy(&world), 1..12), |batch| {
            let batch: Vec<_> = batch.into_iter().filter_map(|new| new.validate().ok()).collect();
            let stored: [Vec<E>; 3] = runtime.block_on(async {
                let mut stored = [Vec::new(), Vec::new(), Vec::new()];
                for (stored, crm) in stored.iter_mut().zip([&world.crm as &dyn Repositories, &acting]) {
                    let repository = repository(crm);
                    let ids = repository.create_many(batch.clone()).await.unwrap();
                    *stored = repository.get_many(&ids).await.unwrap();
                    assert_eq!(stored.len(), batch.len());
                    check(&world, &batch).await;
                    for id in ids {
                        repository.delete(id).await.unwrap();
                    }
                }
                let fillers = (batch.len()..MANY).map(|n| filler(n).validate().unwrap());
                let many = batch.iter().cloned().chain(fillers).collect();
                let tx = world.crm.begin().await.unwrap();
                let ids = repository(&tx).create_many(many).await.unwrap();
                stored[2] = repository(&tx).get_many(&ids[..batch.len()]).await.unwrap();
                tx.rollback().await.unwrap();
                stored
            });
            let [few, of_actor, copied] = stored
                .map(|rows| batch.iter().zip(rows).map(|(new, row)| alike(new, row)).collect::<Vec<_>>());
            prop_assert_eq!(&few, &of_actor);
            prop_assert_eq!(few, copied);
            Ok(())
        })
        .unwrap();
}

const NOBODY: Option<UserId> = None;
const NEVER: DateTime<Utc> = DateTime::UNIX_EPOCH;

#[test]
fn customers_of_an_actor_are_stored_as_those_of_the_system() {
    let alike = |new: &NewCustomer, row: Customer| {
        assert_eq!((&new.name, &new.tags, &new.notes), (&row.name, &row.tags, &row.notes));
        let (created_by, updated_by) = (NOBODY, NOBODY);
        Customer { id: 0.into(), created_by, updated_by, created_at: NEVER, updated_at: NEVER, ..row }
    };
    hold(25, |_| customer(), |crm| crm.customers(), alike, |_| NewCustomer::new("Filler"), &async |_, _| {});
}

#[test]
fn leads_of_an_actor_are_stored_as_those_of_the_system() {
    let alike = |new: &NewLead, row: Lead| {
        assert_eq!((&new.title, new.value, new.assigned_to), (&row.title, row.value, row.assigned_to));
        let (created_by, updated_by) = (NOBODY, NOBODY);
        Lead { id: 0.into(), created_by, updated_by, created_at: NEVER, updated_at: NEVER, ..row }
    };
    hold(25, lead, |crm| crm.leads(), alike, |_| NewLead::new("Filler"), &async |_, _| {});
}

#[test]
fn tasks_of_an_actor_are_stored_as_those_of_the_system() {
    let alike = |new: &NewTask, row: Task| {
        assert_eq!((&new.title, new.due_date, new.priority), (&row.title, row.due_date, row.priority));
        let (created_by, updated_by) = (NOBODY, NOBODY);
        Task { id: 0.into(), created_by, updated_by, created_at: NEVER, updated_at: NEVER, ..row }
    };
    hold(25, task, |crm| crm.tasks(), alike, |_| NewTask::new("Filler"), &async |_, _| {});
}

#[test]
fn interactions_of_an_actor_are_stored_as_those_of_the_system() {
    let alike = |new: &NewInteraction, row: Interaction| {
        assert_eq!((&new.notes, new.kind), (&row.notes, row.kind));
        assert!(if let Some(date) = new.date { date == row.date } else { row.date == row.created_at });
        let date = new.date.unwrap_or(NEVER);
        Interaction { id: 0.into(), date, created_by: NOBODY, created_at: NEVER, ..row }
    };
    hold(
        25,
        interaction,
        |crm| crm.interactions(),
        alike,
        |_| NewInteraction::new(CustomerId(1), InteractionType::Note),
        &async |_, _| {},
    );
}

#[test]
fn users_of_an_actor_are_stored_as_those_of_the_system_and_can_log_in() {
    let alike = |new: &NewUser, row: User| {
        assert_eq!((&new.name, &*new.email, new.role), (&row.name, row.email.as_str(), row.role));
        User { id: 0.into(), created_at: NEVER, updated_at: NEVER, ..row }
    };
    let log_in = async |world: &World, batch: &[Valid<NewUser>]| {
        for new in batch {
            let crm_core::Credential::Password(password) = &new.credential else { unreachable!() };
            world.crm.users().authenticate(&new.email, password.clone()).await.unwrap();
        }
    };
    let filler = |n| NewUser::new("Filler", format!("filler{n}@example.org"), PasswordHash::new(HASH));
    hold(10, |_| user(), |crm| crm.users(), alike, filler, &log_in);
}

#[tokio::test]
async fn many_rows_of_an_actor_keep_their_order() {
    let rows = amount(25_000, 100_000);
    let world = World::new().await;
    let crm = world.crm.acting_as(world.users[1]);
    let new = (0..rows).map(|n| NewCustomer {
        tags: vec![format!("tag {}", n % 7), format!("{n}")],
        ..NewCustomer::new(format!("Customer {n}"))
    });
    let ids = crm.customers().create_many(Valid::all(new).unwrap()).await.unwrap();
    assert_eq!(ids.len(), rows);
    let stored = crm.customers().get_many(&ids).await.unwrap();
    assert_eq!(stored.len(), rows);
    for (n, customer) in stored.iter().enumerate() {
        assert_eq!(customer.name, format!("Customer {n}"));
        assert_eq!(customer.tags[1], format!("{n}"));
        assert_eq!((customer.created_by, customer.created_at), (Some(world.users[1]), stored[0].created_at));
    }
}

#[tokio::test]
async fn a_large_batch_of_an_actor_keeps_its_order_across_its_parts() {
    let world = World::new().await;
    let crm = world.crm.acting_as(world.users[1]);
    let notes = Some("\u{10ffff}".repeat(100_000));
    let new = (0..120).map(|n| NewCustomer { notes: notes.clone(), ..NewCustomer::new(format!("{n}")) });
    let ids = crm.customers().create_many(Valid::all(new).unwrap()).await.unwrap();
    let stored = crm.customers().get_many(&ids).await.unwrap();
    assert!(stored.iter().enumerate().all(|(n, customer)| customer.name == n.to_string()));
    assert!(stored.len() == 120 && stored.iter().all(|customer| customer.notes == notes));
}

#[tokio::test]
async fn a_refused_batch_of_an_actor_names_its_row_in_any_part() {
    let world = World::new().await;
    let admin = world.crm.acting_as(world.users[0]);
    for row in [0, 9_999, 10_000, 10_001] {
        let lead = |n: usize| NewLead::new(format!("{n}"));
        let new = |reference: fn(NewLead) -> NewLead| {
            Valid::all((0..10_002).map(|n| if n < row { lead(n) } else { reference(lead(n)) })).unwrap()
        };
        let customer = |lead| NewLead { customer_id: Some(CustomerId(i64::MAX)), ..lead };
        let error = admin.leads().create_many(new(customer)).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::MissingReference);
        assert_eq!(error.field(), Some(&*format!("[{row}].customer_id")));
        let user = |lead| NewLead { assigned_to: Some(UserId(-1)), ..lead };
        let error = admin.leads().create_many(new(user)).await.unwrap_err();
        assert_eq!(error.field(), Some(&*format!("[{row}].assigned_to")));
    }
    assert_eq!(world.crm.leads().count(&crm_core::LeadFilter::default()).await.unwrap(), 0);

    let user = |email: &str| NewUser::new("x", email, Password::new("correct horse"));
    for (emails, row) in [
        (["a@example.com", "b@example.com", "ADMIN@example.net"], 2),
        (["a@example.com", "User@Example.net", "admin@example.net"], 1),
        (["a@example.com", "b@example.com", "A@Example.com"], 2),
    ] {
        let error = admin.users().create_many(Valid::all(emails.map(user)).unwrap()).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Conflict);
        assert_eq!(error.field(), Some(&*format!("[{row}].email")));
    }
    assert_eq!(world.crm.users().count(&crm_core::UserFilter::default()).await.unwrap(), 2);
}

#[tokio::test]
async fn an_empty_batch_is_no_error_for_whoever_is_there() {
    let world = World::new().await;
    let crm = world.crm.acting_as(world.users[1]);
    assert_eq!(crm.customers().create_many(Vec::new()).await.unwrap(), []);
    assert_eq!(crm.users().create_many(Vec::new()).await.unwrap(), []);
    let nobody = world.crm.acting_as(UserId(i64::MAX)).customers().create_many(Vec::new()).await;
    assert_eq!(nobody.unwrap_err().code(), ErrorCode::PermissionDenied);
    assert_eq!(world.database.crm.customers().create_many(Vec::new()).await.unwrap(), []);
}
