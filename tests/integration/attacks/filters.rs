//! What is sought: every text filter finds what a plain comparison finds, and no pattern, operator or quote means anything.

use std::str::FromStr as _;

use crm_core::{
    Customer, CustomerFilter, CustomerId, Entity, ErrorCode, Filter as _, InteractionFilter, InteractionType,
    LeadFilter, List, MAX_LIMIT, NewCustomer, NewInteraction, NewLead, NewTask, NewUser, PasswordHash,
    Repositories, Repository, SearchText, TaskFilter, UserFilter, Validate,
};
use crm_tests::is_turn;

use super::strings::{all, shown, sought};
use super::world::{HASH, World};

/// Fills the tables with the texts, wherever one fits.
async fn fill(world: &World) {
    let crm = &world.crm;
    let (mut customers, mut leads, mut tasks, mut interactions, mut users) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (n, text) in all().into_iter().enumerate() {
        let some = || Some(text.clone());
        let name = format!("Customer {n}");
        for new in [
            NewCustomer::new(&text),
            NewCustomer { company: some(), ..NewCustomer::new(&name) },
            NewCustomer { email: some(), ..NewCustomer::new(&name) },
            NewCustomer { phone: some(), ..NewCustomer::new(&name) },
            NewCustomer { tags: vec![text.clone(), "also".to_owned()], ..NewCustomer::new(&name) },
        ] {
            customers.extend(new.validate());
        }
        leads.extend(NewLead::new(&text).validate());
        // Without an index a search reads every text anew, so only one table has the longest.
        if text.len() < 1_000 {
            tasks.extend((NewTask { description: some(), ..NewTask::new("task") }).validate());
        }
        let call = NewInteraction::new(CustomerId(1), InteractionType::Call);
        interactions.extend((NewInteraction { notes: some(), ..call }).validate());
        users.extend(NewUser::new("User", &text, PasswordHash::new(HASH)).validate());
    }
    crm.customers().create_many(customers).await.unwrap();
    crm.leads().create_many(leads).await.unwrap();
    crm.tasks().create_many(tasks).await.unwrap();
    crm.interactions().create_many(interactions).await.unwrap();
    crm.users().create_many(users).await.unwrap();
}

/// Asserts that each handle whose turn it is finds by a filter the rows that it selects by its own meaning; returns how many.
async fn find<E: Entity>(
    turn: usize,
    repositories: &[&dyn Repository<E>],
    rows: &[E],
    filter: E::Filter,
    text: &str,
) -> usize {
    let expected: Vec<_> = rows.iter().filter(|row| filter.matches(row)).map(Entity::id).collect();
    let list = List::<E>::new().filter(filter).limit(MAX_LIMIT);
    for (_, repository) in repositories.iter().enumerate().filter(|(handle, _)| is_turn(turn + handle, 2)) {
        let count = repository.count(&list.filter).await.unwrap();
        assert_eq!(usize::try_from(count).unwrap(), expected.len(), "{}", shown(text));
        let found: Vec<_> = repository.list(&list).await.unwrap().items.iter().map(Entity::id).collect();
        assert_eq!(found, expected, "{}", shown(text));
    }
    expected.len()
}

async fn rows<E: Entity>(repository: &dyn Repository<E>) -> Vec<E> {
    let page = repository.list(&List::new().limit(MAX_LIMIT)).await.unwrap();
    assert_eq!(page.next_cursor, None);
    page.items
}

#[tokio::test]
async fn every_text_filter_finds_what_a_plain_comparison_finds() {
    let world = World::new().await;
    fill(&world).await;
    let acting = world.crm.acting_as(world.user);
    let (customers, users) = (rows(world.crm.customers()).await, rows(world.crm.users()).await);
    let (of_customers, of_users) = (
        [world.crm.customers() as &dyn Repository<_>, acting.customers()],
        [world.crm.users(), acting.users()],
    );
    let mut found = [0; 5];
    for (n, text) in sought().into_iter().enumerate() {
        let one = || Some(vec![text.clone()]);
        let two = || Some(vec!["also".to_owned(), text.clone()]);
        let none = CustomerFilter::default;
        let filters = [
            CustomerFilter { company: one(), ..none() },
            CustomerFilter { email: two(), ..none() },
            CustomerFilter { tags_any: one(), ..none() },
            CustomerFilter { tags_all: two(), ..none() },
        ];
        for (found, filter) in found.iter_mut().zip(filters) {
            *found += find(n, &of_customers, &customers, filter, &text).await;
        }
        let all = CustomerFilter { company: two(), email: one(), tags_any: two(), tags_all: one(), ..none() };
        find(n, &of_customers, &customers, all, &text).await;
        let filter = UserFilter { email: two(), ..UserFilter::default() };
        found[4] += find(n, &of_users.map(|users| users as &dyn Repository<_>), &users, filter, &text).await;
        let filter = UserFilter { email: one(), ..UserFilter::default() };
        let expected = users.iter().find(|user| filter.matches(user));
        for (_, repository) in of_users.iter().enumerate().filter(|(handle, _)| is_turn(n + handle, 2)) {
            let user = repository.find_by_email(&text).await.unwrap();
            assert_eq!(user.as_ref(), expected, "{}", shown(&text));
        }
    }
    assert!(found.iter().all(|&found| found >= 10), "{found:?}");
    world.assert_unharmed().await;
}

#[tokio::test]
async fn every_search_finds_what_a_plain_comparison_finds() {
    let world = World::new().await;
    fill(&world).await;
    let (crm, acting) = (&world.crm, world.crm.acting_as(world.user));
    let (customers, leads) = (rows(crm.customers()).await, rows(crm.leads()).await);
    let (tasks, interactions) = (rows(crm.tasks()).await, rows(crm.interactions()).await);
    let mut found = 0;
    for (n, query) in sought().into_iter().enumerate() {
        let text = match SearchText::from_str(&query) {
            Ok(text) => Some(text),
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::Validation);
                continue;
            }
        };
        let filter = CustomerFilter { text: text.clone(), ..Default::default() };
        found += find(n, &[crm.customers(), acting.customers()], &customers, filter, &query).await;
        let filter = LeadFilter { text: text.clone(), ..Default::default() };
        found += find(n, &[crm.leads(), acting.leads()], &leads, filter, &query).await;
        let filter = TaskFilter { text: text.clone(), ..Default::default() };
        found += find(n, &[crm.tasks(), acting.tasks()], &tasks, filter, &query).await;
        let filter = InteractionFilter { text, ..Default::default() };
        found += find(n, &[crm.interactions(), acting.interactions()], &interactions, filter, &query).await;
    }
    assert!(found > 500, "{found}");
    world.assert_unharmed().await;
}

#[tokio::test]
async fn a_pattern_is_a_literal() {
    let world = World::new().await;
    let company = |company: &str| NewCustomer {
        company: Some(company.to_owned()),
        tags: vec![company.to_owned()],
        ..NewCustomer::new(company)
    };
    for name in ["%", "_", "a", "ab", "a%"] {
        world.crm.customers().create(company(name).validate().unwrap()).await.unwrap();
    }
    let rows: Vec<Customer> = rows(world.crm.customers()).await;
    for pattern in ["%", "_", "a%"] {
        let one = || Some(vec![pattern.to_owned()]);
        for filter in [
            CustomerFilter { company: one(), ..Default::default() },
            CustomerFilter { tags_any: one(), ..Default::default() },
            CustomerFilter { tags_all: one(), ..Default::default() },
        ] {
            assert_eq!(rows.iter().filter(|row| filter.matches(row)).count(), 1);
            assert_eq!(world.crm.customers().count(&filter).await.unwrap(), 1);
        }
    }
}
