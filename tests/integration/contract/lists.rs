//! Lists: every page of every order, cursors that somebody forged, streams.

use crm_core::{
    Cursor, Customer, CustomerFilter, CustomerOrderBy, Error, Interaction, InteractionOrderBy,
    InteractionType, Lead, LeadFilter, LeadOrderBy, List, NewCustomer, NewInteraction, NewLead, NewTask,
    NewUser, Order, OrderBy, Position, Priority, Repositories, SortKey, Store, Task, TaskOrderBy, User,
    UserOrderBy, Valid, ViolationCode,
};
use futures_util::StreamExt;

use super::tools::*;

/// Reads all rows in every order, in both directions.
async fn read_in_every_order<E: Kind>(crm: &dyn Repositories, rows: usize) {
    for &by in E::OrderBy::ALL {
        for order in [Order::ascending(by), Order::descending(by)] {
            assert_eq!(read::<E>(crm, E::Filter::default(), order).await.len(), rows, "by {order}");
        }
    }
}

/// Asserts the order of all rows, named by their place in `rows`.
async fn assert_order<E: Kind>(crm: &dyn Store, rows: &[E], order: Order<E::OrderBy>, places: &[usize]) {
    let found = ids(&read::<E>(crm, E::Filter::default(), order).await);
    let found: Vec<_> = found.iter().map(|id| rows.iter().position(|row| row.id() == *id).unwrap()).collect();
    assert_eq!(found, places, "by {order}");
}

async fn create_all<E: Kind>(crm: &dyn Store, new: impl IntoIterator<Item = E::New>) -> Vec<E> {
    let mut rows = Vec::new();
    for new in new {
        rows.push(create(crm, new).await);
    }
    rows
}

pub(super) async fn an_empty_list_has_one_empty_page(crm: &dyn Store) {
    async fn case<E: Kind>(crm: &dyn Store) {
        read_in_every_order::<E>(crm, 0).await;
    }
    each_entity!(case(crm));
}

pub(super) async fn users_are_listed_in_every_order(crm: &dyn Store) {
    let named = |name: &str| NewUser::new(name, fresh_email(), hash());
    let rows = create_all::<User>(crm, ["ann", "Zoe", "ann", "\u{c4}nne", "Ann"].map(named)).await;
    crm.users().deactivate(rows[1].id).await.unwrap();
    read_in_every_order::<User>(crm, 5).await;
    assert_order(crm, &rows, Order::ascending(UserOrderBy::Name), &[4, 1, 0, 2, 3]).await;
    assert_order(crm, &rows, Order::descending(UserOrderBy::Name), &[3, 2, 0, 1, 4]).await;
}

pub(super) async fn customers_are_listed_in_every_order(crm: &dyn Store) {
    // By code points: neither case, nor accents, nor spaces and hyphens count as a language's rules have it.
    let names = ["b", "a b", "ab", "a-b", "B", "\u{e9}", "b", "\u{ff5e}", "\u{1d11e}", "10", "9"];
    let rows = create_all::<Customer>(crm, names.map(NewCustomer::new)).await;
    read_in_every_order::<Customer>(crm, 11).await;
    let by_name = [9, 10, 4, 1, 3, 2, 0, 6, 5, 7, 8];
    assert_order(crm, &rows, Order::ascending(CustomerOrderBy::Name), &by_name).await;
    let reversed: Vec<_> = by_name.into_iter().rev().collect();
    assert_order(crm, &rows, Order::descending(CustomerOrderBy::Name), &reversed).await;
    assert_order(crm, &rows, Order::default(), &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]).await;
}

pub(super) async fn leads_are_listed_in_every_order_with_nulls_last(crm: &dyn Store) {
    let valued = |(title, value): (&str, &str)| NewLead { value: value.parse().ok(), ..NewLead::new(title) };
    let leads =
        [("b", "10"), ("a", ""), ("c", "9.50"), ("a", "10.00"), ("C", ""), ("a", "0"), ("b", "99999999.99")];
    let rows = create_all::<Lead>(crm, leads.map(valued)).await;
    read_in_every_order::<Lead>(crm, 7).await;
    assert_order(crm, &rows, Order::ascending(LeadOrderBy::Value), &[5, 2, 0, 3, 6, 1, 4]).await;
    assert_order(crm, &rows, Order::descending(LeadOrderBy::Value), &[6, 3, 0, 2, 5, 4, 1]).await;
    assert_order(crm, &rows, Order::ascending(LeadOrderBy::Title), &[4, 1, 3, 5, 0, 6, 2]).await;
}

pub(super) async fn tasks_are_listed_in_every_order_with_nulls_last(crm: &dyn Store) {
    let due = |(priority, due): (Priority, &str)| NewTask {
        priority,
        due_date: due.parse().ok(),
        ..NewTask::new("t")
    };
    let (low, medium, high) = (Priority::Low, Priority::Medium, Priority::High);
    let tasks = [
        (high, "2026-01-02"),
        (low, ""),
        (medium, "2026-01-01"),
        (high, "2026-01-02"),
        (low, "0001-01-01"),
        (medium, ""),
    ];
    let rows = create_all::<Task>(crm, tasks.map(due)).await;
    read_in_every_order::<Task>(crm, 6).await;
    assert_order(crm, &rows, Order::ascending(TaskOrderBy::DueDate), &[4, 2, 0, 3, 1, 5]).await;
    assert_order(crm, &rows, Order::descending(TaskOrderBy::DueDate), &[3, 0, 2, 4, 5, 1]).await;
    assert_order(crm, &rows, Order::ascending(TaskOrderBy::Priority), &[1, 4, 2, 5, 0, 3]).await;
    assert_order(crm, &rows, Order::descending(TaskOrderBy::Priority), &[3, 0, 5, 2, 4, 1]).await;
    assert_order(crm, &rows, Order::ascending(TaskOrderBy::Title), &[0, 1, 2, 3, 4, 5]).await;
}

pub(super) async fn interactions_are_listed_in_every_order(crm: &dyn Store) {
    let acme = customer(crm, "Acme").await.id;
    let call =
        |date| NewInteraction { date: Some(at(date)), ..NewInteraction::new(acme, InteractionType::Call) };
    let dates = [
        "2026-01-02T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "2026-01-02T00:00:00.001Z",
        "2026-01-02T00:00:00Z",
        "9999-12-31T23:59:59.999Z",
    ];
    let rows = create_all::<Interaction>(crm, dates.map(call)).await;
    read_in_every_order::<Interaction>(crm, 5).await;
    assert_order(crm, &rows, Order::ascending(InteractionOrderBy::Date), &[1, 0, 3, 2, 4]).await;
    assert_order(crm, &rows, Order::descending(InteractionOrderBy::Date), &[4, 2, 3, 0, 1]).await;
}

pub(super) async fn a_malformed_cursor_is_refused(crm: &dyn Store) {
    let invalid = || violated("cursor", ViolationCode::InvalidCursor);
    for text in ["", "x", "!", "MQ", "\u{e4}", "a\0b", "MSBsZWFkcyAtaWQgMQ", &"A".repeat(10_000)] {
        let list = List::<Lead>::new().after(Cursor::from(text));
        assert_eq!(violation(crm.leads().list(&list).await), invalid(), "{text:?}");
    }
    let forged = [
        (LeadOrderBy::Id, SortKey::Text("a".into())),
        (LeadOrderBy::Id, SortKey::Null),
        (LeadOrderBy::Title, SortKey::Null),
        (LeadOrderBy::Title, SortKey::Rank(1)),
        (LeadOrderBy::Title, SortKey::Text("a\0b".into())),
        (LeadOrderBy::CreatedAt, SortKey::Id),
        (LeadOrderBy::Value, SortKey::Text("1".into())),
    ];
    for (by, key) in forged {
        let order = Order::ascending(by);
        let cursor = Cursor::encode("leads", &order.to_string(), &Position { key, id: 1 });
        let list = List::<Lead>::new().order(order).after(cursor);
        assert_eq!(violation(crm.leads().list(&list).await), invalid(), "by {order}");
    }
    let order = Order::ascending(TaskOrderBy::Priority);
    for rank in [-1, 3, i32::MAX] {
        let place = Position { key: SortKey::Rank(rank), id: 1 };
        let cursor = Cursor::encode("tasks", &order.to_string(), &place);
        let list = List::<Task>::new().order(order).after(cursor);
        assert_eq!(violation(crm.tasks().list(&list).await), invalid(), "rank {rank}");
    }
}

pub(super) async fn a_cursor_may_be_any_place_in_the_order(crm: &dyn Store) {
    let rows = create_all::<Lead>(crm, ["a", "b"].map(NewLead::new)).await;
    let places = [
        (LeadOrderBy::Id, SortKey::Id, i64::MIN),
        (LeadOrderBy::Title, SortKey::Text(String::new()), i64::MAX),
        (LeadOrderBy::Title, SortKey::Text("Z\u{1d11e}".repeat(1_000)), 0),
        (LeadOrderBy::CreatedAt, SortKey::Moment(at("0001-01-01T00:00:00Z")), 0),
        (LeadOrderBy::Value, SortKey::Money("-123456789012345678901234567.8".parse().unwrap()), 0),
        (LeadOrderBy::Value, SortKey::Null, 0),
    ];
    for (by, key, id) in places {
        let order = Order::ascending(by);
        let cursor = Cursor::encode("leads", &order.to_string(), &Position { key, id });
        let page = crm.leads().list(&List::new().order(order).after(cursor)).await.unwrap();
        assert_eq!(ids(&page.items), ids(&rows), "by {order}");
    }
}

pub(super) async fn a_stream_is_one_snapshot(crm: &dyn Store) {
    let rows = create_all::<Lead>(crm, ["a", "b", "c"].map(NewLead::new)).await;
    let mut stream = crm.leads().stream(LeadFilter::default(), Order::ascending(LeadOrderBy::Title));
    assert_eq!(stream.next().await.unwrap().unwrap(), rows[0]);
    crm.leads().delete(rows[1].id).await.unwrap();
    update::<Lead>(crm, rows[2].id, Lead::change()).await;
    create::<Lead>(crm, NewLead::new("d")).await;
    let rest: Vec<_> = stream.map(Result::unwrap).collect().await;
    assert_eq!(rest, rows[1..]);
}

pub(super) async fn a_stream_can_be_dropped_midway(crm: &dyn Store) {
    let new = (0..2_500).map(|n| NewCustomer::new(n.to_string()));
    crm.customers().create_many(Valid::all(new).unwrap()).await.unwrap();
    for _ in 0..20 {
        let mut stream = crm.customers().stream(CustomerFilter::default(), Order::default());
        assert_eq!(stream.next().await.unwrap().unwrap().name, "2499");
    }
    let whole = crm.customers().stream(CustomerFilter::default(), Order::default());
    assert_eq!(whole.collect::<Vec<Result<_, Error>>>().await.len(), 2_500);
}
