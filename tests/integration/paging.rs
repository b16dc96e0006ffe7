//! Random lists, each paged through while other rows come and go, against a plain filter in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use crm_core::{
    ActivityQuery, Assignee, Customer, CustomerActivity, CustomerFilter, CustomerId, DayRange, Entity,
    Filter, Id, Interaction, InteractionFilter, InteractionType, Lead, LeadFilter, LeadOrderBy, List,
    NewCustomer, NewInteraction, NewLead, NewTask, NewUser, Order, OrderBy, PasswordHash, Priority, Range,
    Repositories, Repository, Stage, Task, TaskFilter, TaskStatus, UserId, Valid, Validate,
};
use crm_postgres::Crm;
use crm_tests::{Database, amount};
use fastrand::Rng;
use rust_decimal::Decimal;

const ROWS: i64 = 300;
const WORDS: [&str; 6] = ["Acme", "Umbrella", "\u{c4}rger", "acorn", "555-0123", "x"];

fn some<T>(random: &mut Rng, value: impl FnOnce(&mut Rng) -> T) -> Option<T> {
    random.bool().then(|| value(random))
}

fn rarely<T>(random: &mut Rng, value: impl FnOnce(&mut Rng) -> T) -> Option<T> {
    (random.u8(..4) == 0).then(|| value(random))
}

fn pick<T: Copy>(random: &mut Rng, from: &[T]) -> T {
    from[random.usize(..from.len())]
}

/// Draws up to three, possibly the same twice, possibly none.
fn few<T: Copy>(random: &mut Rng, from: &[T]) -> Vec<T> {
    (0..random.usize(..4)).map(|_| pick(random, from)).collect()
}

fn texts(random: &mut Rng, from: &[&str]) -> Vec<String> {
    few(random, from).into_iter().map(str::to_owned).collect()
}

fn title(random: &mut Rng) -> String {
    format!("{} {} {}", pick(random, &WORDS), pick(random, &WORDS), random.u8(..20))
}

fn moment(random: &mut Rng) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).unwrap() + TimeDelta::minutes(random.i64(0..20))
}

fn day(random: &mut Rng) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + TimeDelta::days(random.i64(0..20))
}

fn range<T>(random: &mut Rng, value: impl Fn(&mut Rng) -> T) -> Range<T> {
    Range { since: rarely(random, &value), until: rarely(random, &value) }
}

fn ids<I: Id>(random: &mut Rng, rows: &[I]) -> Option<Vec<I>> {
    rarely(random, |random| (0..random.usize(..rows.len())).map(|_| pick(random, rows)).collect())
}

struct World {
    users: Vec<UserId>,
    customers: Vec<CustomerId>,
}

impl World {
    fn assignee(&self, random: &mut Rng) -> Option<Assignee> {
        rarely(random, |random| {
            if random.bool() { Assignee::Unassigned } else { Assignee::AnyOf(few(random, &self.users)) }
        })
    }
}

/// Loads rows that stay, and starts a task that inserts and deletes others until it is told to stop.
async fn world(crm: &Crm, random: &mut Rng) -> World {
    let hash = PasswordHash::new(format!("$2b$10${}", ".".repeat(53)));
    let users = (0..5).map(|n| NewUser::new(format!("User {n}"), format!("u{n}@example.com"), hash.clone()));
    let users = crm.users().create_many(Valid::all(users).unwrap()).await.unwrap();
    let customers = (0..ROWS).map(|_| NewCustomer {
        company: some(random, title),
        email: some(random, |random| format!("{}@example.com", random.u8(..5))),
        tags: texts(random, &["a", "b", "c", "A"]),
        ..NewCustomer::new(title(random))
    });
    let customers =
        crm.customers().create_many(Valid::all(customers.collect::<Vec<_>>()).unwrap()).await.unwrap();
    let leads = (0..ROWS).map(|_| NewLead {
        description: some(random, title),
        stage: pick(random, Stage::ALL),
        value: some(random, |random| Decimal::new(random.i64(0..10), 0)),
        customer_id: some(random, |random| pick(random, &customers[..5])),
        assigned_to: some(random, |random| pick(random, &users)),
        ..NewLead::new(title(random))
    });
    crm.leads().create_many(Valid::all(leads.collect::<Vec<_>>()).unwrap()).await.unwrap();
    let tasks = (0..ROWS).map(|_| NewTask {
        status: pick(random, TaskStatus::ALL),
        priority: pick(random, Priority::ALL),
        due_date: some(random, day),
        assigned_to: some(random, |random| pick(random, &users)),
        customer_id: some(random, |random| pick(random, &customers[..5])),
        ..NewTask::new(title(random))
    });
    crm.tasks().create_many(Valid::all(tasks.collect::<Vec<_>>()).unwrap()).await.unwrap();
    let interactions = (0..ROWS).map(|_| NewInteraction {
        notes: some(random, title),
        date: Some(moment(random)),
        created_by: some(random, |random| pick(random, &users)),
        ..NewInteraction::new(pick(random, &customers[..5]), pick(random, InteractionType::ALL))
    });
    crm.interactions().create_many(Valid::all(interactions.collect::<Vec<_>>()).unwrap()).await.unwrap();
    World { users, customers }
}

/// Copies rows under new ids and deletes the copies, again and again.
async fn disturb(database: &Database, stop: &AtomicBool) {
    let mut connection = database.connection().await;
    while !stop.load(Ordering::Relaxed) {
        for (table, columns) in [
            ("customers", "name, email, phone, company, tags"),
            ("leads", "title, description, stage, value, customer_id, assigned_to"),
            ("tasks", "title, status, priority, due_date, assigned_to, customer_id"),
            ("interactions", "customer_id, type, notes, date, created_by"),
        ] {
            let come = format!(
                "insert into crm.{table} ({columns}) select {columns} from crm.{table} where id <= {ROWS} and id % 7 = 0"
            );
            let go = format!("delete from crm.{table} where id > {ROWS}");
            for sql in [come, go] {
                sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }
}

async fn check<E: Entity>(
    repository: &dyn Repository<E>,
    random: &mut Rng,
    filter: impl Fn(&mut Rng, &[E::Id]) -> E::Filter,
) {
    let stays = |row: &E| row.id().into() <= ROWS;
    let mut rows: Vec<E> = Vec::new();
    let mut cursor = None;
    loop {
        let page = repository.list(&List::new().limit(1_000).after(cursor)).await.unwrap();
        rows.extend(page.items.into_iter().filter(stays));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(i64::try_from(rows.len()).unwrap(), ROWS);
    let all: Vec<E::Id> = rows.iter().map(Entity::id).collect();
    for _ in 0..amount(60, 250) {
        let order = Order { by: pick(random, E::OrderBy::ALL), descending: random.bool() };
        let filter = filter(random, &all);
        let mut expected: Vec<&E> = rows.iter().filter(|row| filter.matches(row)).collect();
        expected.sort_by(|a, b| a.position(order.by).compare(&b.position(order.by), order.descending));
        let expected: Vec<E::Id> = expected.into_iter().map(Entity::id).collect();

        let limit = random.u32(5..100);
        let mut found: Vec<E::Id> = Vec::new();
        let mut cursor = None;
        loop {
            let list = List::<E>::new().filter(filter.clone()).order(order).limit(limit).after(cursor);
            let page = repository.list(&list).await.unwrap();
            assert!(page.items.len() <= limit as usize);
            found.extend(page.items.iter().filter(|row| stays(row)).map(Entity::id));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(found, expected, "{filter:?} by {order} in pages of {limit}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_lists_give_each_row_once_in_order_while_others_come_and_go() {
    let database = Arc::new(Database::fresh().await);
    let random = &mut Rng::with_seed(20_261_122);
    let world = world(&database.crm, random).await;
    let stop = Arc::new(AtomicBool::new(false));
    let disturbing = tokio::spawn({
        let (database, stop) = (database.clone(), stop.clone());
        async move { disturb(&database, &stop).await }
    });
    let crm = &database.crm;
    check::<Customer>(crm.customers(), random, |random, all| CustomerFilter {
        ids: ids(random, all),
        tags_any: rarely(random, |random| texts(random, &["a", "b", "c", "d"])),
        tags_all: rarely(random, |random| texts(random, &["a", "b", "A"])),
        company: rarely(random, |random| (0..30).map(|_| title(random)).collect()),
        email: rarely(random, |random| texts(random, &["1@example.com", "2@example.com", "1@EXAMPLE.com"])),
        text: rarely(random, |random| pick(random, &WORDS).parse().unwrap()),
        ..CustomerFilter::default()
    })
    .await;
    check::<Lead>(crm.leads(), random, |random, all| LeadFilter {
        ids: ids(random, all),
        stage: rarely(random, |random| few(random, Stage::ALL)),
        customer_id: rarely(random, |random| few(random, &world.customers[..6])),
        assigned_to: world.assignee(random),
        min_value: rarely(random, |random| Decimal::new(random.i64(0..100), 1)),
        max_value: rarely(random, |random| Decimal::new(random.i64(0..100), 1)),
        text: rarely(random, |random| pick(random, &WORDS).parse().unwrap()),
        ..LeadFilter::default()
    })
    .await;
    check::<Task>(crm.tasks(), random, |random, all| TaskFilter {
        ids: ids(random, all),
        status: rarely(random, |random| few(random, TaskStatus::ALL)),
        priority: rarely(random, |random| few(random, Priority::ALL)),
        assigned_to: world.assignee(random),
        customer_id: rarely(random, |random| few(random, &world.customers[..6])),
        due: DayRange { since: rarely(random, day), until: rarely(random, day) },
        text: rarely(random, |random| pick(random, &WORDS).parse().unwrap()),
        ..TaskFilter::default()
    })
    .await;
    check::<Interaction>(crm.interactions(), random, |random, all| InteractionFilter {
        ids: ids(random, all),
        customer_id: rarely(random, |random| few(random, &world.customers[..6])),
        kind: rarely(random, |random| few(random, InteractionType::ALL)),
        created_by: rarely(random, |random| few(random, &world.users)),
        date: range(random, moment),
        text: rarely(random, |random| pick(random, &WORDS).parse().unwrap()),
        ..InteractionFilter::default()
    })
    .await;
    stop.store(true, Ordering::Relaxed);
    disturbing.await.unwrap();
}

/// Lists again and again while something changes, and tells how often each row was on the page.
async fn watch<T, F: Future<Output = Vec<T>>>(
    database: &Database,
    change: &'static str,
    list: impl Fn() -> F,
    check: impl Fn(Vec<T>),
) {
    let stop = Arc::new(AtomicBool::new(false));
    let mut connection = database.connection().await;
    let changing = tokio::spawn({
        let stop = stop.clone();
        async move {
            while !stop.load(Ordering::Relaxed) {
                sqlx::raw_sql(change).execute(&mut connection).await.unwrap();
            }
        }
    });
    for _ in 0..500 {
        check(list().await);
    }
    stop.store(true, Ordering::Relaxed);
    changing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_gets_and_loses_its_value_is_on_the_page_once() {
    let database = Database::fresh().await;
    let crm = &database.crm;
    let lead = NewLead { value: Some(Decimal::ONE), ..NewLead::new("lead") };
    let id = crm.leads().create(lead.validate().unwrap()).await.unwrap().id;
    let change = "update crm.leads set value = case when value is null then 1 end";
    let list = || async {
        crm.leads().list(&List::new().order(Order::descending(LeadOrderBy::Value))).await.unwrap().items
    };
    watch(&database, change, list, |leads: Vec<Lead>| {
        assert_eq!(leads.iter().map(|lead| lead.id).collect::<Vec<_>>(), [id]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_whose_only_interaction_comes_and_goes_is_reported_once() {
    let database = Database::fresh().await;
    let crm = &database.crm;
    let id = crm.customers().create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap().id;
    let change = "insert into crm.interactions (customer_id, type) select id, 'call' from crm.customers;
                  delete from crm.interactions";
    let list = || async { crm.reports().customer_activity(&ActivityQuery::default()).await.unwrap().items };
    watch(&database, change, list, |rows: Vec<CustomerActivity>| {
        assert_eq!(rows.iter().map(|row| row.customer.id).collect::<Vec<_>>(), [id]);
    })
    .await;
}
