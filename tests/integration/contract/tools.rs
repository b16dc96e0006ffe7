//! What the cases are written with.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Customer, CustomerId, CustomerPatch, Entity, Error, Filter, Interaction, InteractionPatch,
    InteractionType, Lead, LeadPatch, List, NewCustomer, NewInteraction, NewLead, NewTask, NewUser, Order,
    OrderBy, PasswordHash, Repositories, Repository, Result, Tags, Task, TaskPatch, User, UserPatch, Valid,
    Validate, ViolationCode,
};
use futures_util::TryStreamExt;

/// Is an entity as a case about any of the five needs it.
pub(super) trait Kind: Entity {
    fn of(crm: &dyn Repositories) -> &dyn Repository<Self>;

    /// Makes a row like any other.
    async fn any(crm: &dyn Repositories) -> Self;

    /// Returns a change that such a row takes.
    fn change() -> Self::Patch;
}

macro_rules! kinds {
    ($($entity:ident, $repository:ident, |$crm:ident| $new:expr, $change:expr;)+) => {$(
        impl Kind for $entity {
            fn of(crm: &dyn Repositories) -> &dyn Repository<Self> {
                crm.$repository()
            }

            async fn any($crm: &dyn Repositories) -> Self {
                create($crm, $new).await
            }

            fn change() -> Self::Patch {
                $change
            }
        }
    )+};
}

kinds! {
    User, users, |_crm| NewUser::new("Ann", fresh_email(), hash()),
        UserPatch { name: "Other".into(), ..UserPatch::default() };
    Customer, customers, |_crm| NewCustomer::new("Acme"),
        CustomerPatch { name: "Other".into(), ..CustomerPatch::default() };
    Lead, leads, |_crm| NewLead::new("Deal"),
        LeadPatch { title: "Other".into(), ..LeadPatch::default() };
    Task, tasks, |_crm| NewTask::new("Call"),
        TaskPatch { title: "Other".into(), ..TaskPatch::default() };
    Interaction, interactions, |crm| NewInteraction::new(any_customer(crm).await, InteractionType::Note),
        InteractionPatch { notes: "Other".into(), ..InteractionPatch::default() };
}

async fn any_customer(crm: &dyn Repositories) -> CustomerId {
    Customer::any(crm).await.id
}

/// Does the same with each of the five entities.
macro_rules! each_entity {
    ($case:ident($crm:expr)) => {
        $case::<crm_core::User>($crm).await;
        $case::<crm_core::Customer>($crm).await;
        $case::<crm_core::Lead>($crm).await;
        $case::<crm_core::Task>($crm).await;
        $case::<crm_core::Interaction>($crm).await;
    };
}
pub(super) use each_entity;

pub(super) fn valid<T: Validate>(input: T) -> Valid<T> {
    input.validate().unwrap()
}

pub(super) async fn create<E: Kind>(crm: &dyn Repositories, new: E::New) -> E {
    E::of(crm).create(valid(new)).await.unwrap()
}

pub(super) async fn update<E: Kind>(crm: &dyn Repositories, id: E::Id, patch: E::Patch) -> E {
    E::of(crm).update(id, valid(patch), None).await.unwrap()
}

pub(super) async fn get<E: Kind>(crm: &dyn Repositories, id: E::Id) -> E {
    E::of(crm).get(id).await.unwrap()
}

pub(super) async fn user(crm: &dyn Repositories, email: &str) -> User {
    create(crm, NewUser::new("Ann", email, hash())).await
}

pub(super) async fn customer(crm: &dyn Repositories, name: &str) -> Customer {
    create(crm, NewCustomer::new(name)).await
}

pub(super) fn hash() -> PasswordHash {
    PasswordHash::new(format!("$2b$10${}", ".".repeat(53)))
}

pub(super) fn fresh_email() -> String {
    static LAST: AtomicU32 = AtomicU32::new(0);
    format!("user{}@example.com", LAST.fetch_add(1, Relaxed))
}

pub(super) fn tags(tags: &[&str]) -> Valid<Tags> {
    valid(tags.iter().copied().collect())
}

pub(super) fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().copied().map(str::to_owned).collect()
}

/// Reads `2026-01-02T03:04:05.678Z`.
pub(super) fn at(moment: &str) -> DateTime<Utc> {
    moment.parse().unwrap()
}

pub(super) fn day(day: &str) -> NaiveDate {
    day.parse().unwrap()
}

pub(super) fn ids<E: Entity>(rows: &[E]) -> Vec<E::Id> {
    rows.iter().map(Entity::id).collect()
}

pub(super) fn code<T: Debug>(result: Result<T>) -> &'static str {
    result.unwrap_err().code().as_str()
}

/// Returns the code of an error that is about a field, and the field.
pub(super) fn refusal<T: Debug>(result: Result<T>) -> (&'static str, String) {
    let error = result.unwrap_err();
    (error.code().as_str(), error.field().unwrap_or_default().to_owned())
}

pub(super) fn refused(code: &'static str, field: &str) -> (&'static str, String) {
    (code, field.to_owned())
}

/// Returns the field and the code of the only violation.
pub(super) fn violation<T: Debug>(result: Result<T>) -> (String, ViolationCode) {
    let error = result.unwrap_err();
    let [violation] = error.violations() else { panic!("{error} has no or many violations") };
    (violation.field.clone(), violation.code)
}

pub(super) fn violated(field: &str, code: ViolationCode) -> (String, ViolationCode) {
    (field.to_owned(), code)
}

/// Asserts that the error is `not_found`, with the entity and the id that were asked for.
pub(super) fn assert_not_found<E: Entity, T: Debug>(result: Result<T>, asked: E::Id) {
    match result {
        Err(Error::NotFound { entity, id }) => assert_eq!((entity, id), (E::KIND, asked.into())),
        other => panic!("{other:?} instead of not_found"),
    }
}

/// Asserts that the error is a stale version of this row.
pub(super) fn assert_stale<E: Entity, T: Debug>(result: Result<T>, row: &E) {
    match result {
        Err(Error::StaleVersion { entity, id, current_version }) => {
            assert_eq!((entity, id, current_version), (E::KIND, row.id().into(), row.version()));
        }
        other => panic!("{other:?} instead of a stale version"),
    }
}

/// Reads everything that the filter selects, page by page, and asserts that each row comes once and in order and that
/// one large page, the stream and the count agree.
pub(super) async fn read<E: Kind>(
    crm: &dyn Repositories,
    filter: E::Filter,
    order: Order<E::OrderBy>,
) -> Vec<E> {
    let list = List::<E>::new().filter(filter.clone()).order(order);
    let mut rows = Vec::new();
    let mut next = None;
    loop {
        let page = E::of(crm).list(&list.clone().limit(2).after(next)).await.unwrap();
        assert!(page.items.len() == 2 || page.next_cursor.is_none(), "only the last page may be short");
        rows.extend(page.items);
        next = page.next_cursor;
        if next.is_none() {
            break;
        }
    }
    let places: Vec<_> = rows.iter().map(|row| row.position(order.by)).collect();
    let in_order = places.is_sorted_by(|a, b| a.compare(b, order.descending).is_lt());
    assert!(in_order, "by {order}: {places:?}");
    let whole = E::of(crm).list(&list.limit(1_000)).await.unwrap();
    assert_eq!((&whole.items, whole.next_cursor), (&rows, None));
    let streamed: Vec<E> = E::of(crm).stream(filter.clone(), order).try_collect().await.unwrap();
    assert_eq!(streamed, rows, "the stream by {order}");
    assert_eq!(E::of(crm).count(&filter).await.unwrap(), i64::try_from(rows.len()).unwrap());
    rows
}

/// Asserts that the filter selects these rows and no other.
pub(super) async fn assert_selects<E: Kind>(crm: &dyn Repositories, filter: E::Filter, expected: &[&E]) {
    let all = read::<E>(crm, E::Filter::default(), Order::ascending(E::OrderBy::ID)).await;
    let matching: Vec<_> = all.into_iter().filter(|row| filter.matches(row)).collect();
    let selected = read::<E>(crm, filter.clone(), Order::ascending(E::OrderBy::ID)).await;
    assert_eq!(selected, matching, "the meaning in the domain of {filter:?}");
    let expected: Vec<_> = expected.iter().map(|row| row.id()).collect();
    assert_eq!(ids(&selected), expected, "{filter:?}");
}
