//! Measures how a list makes its page and reads its cursor back: `cargo bench -p crm-core --bench pages`.

use std::time::Duration;

use criterion::{BatchSize, Criterion};
use crm_core::{
    Cursor, Customer, CustomerId, CustomerOrderBy, DEFAULT_LIMIT, List, Order, Position, SortKey,
};

fn main() {
    let criterion = Criterion::default().without_plots();
    let times = (Duration::from_millis(500), Duration::from_secs(2));
    let mut criterion = criterion.warm_up_time(times.0).measurement_time(times.1).configure_from_args();
    pages(&mut criterion);
    cursors(&mut criterion);
    criterion.final_summary();
}

/// Measures a page that is not the last, from the rows found to the page with its cursor, and the begin of the next one.
fn pages(criterion: &mut Criterion) {
    let list = List::<Customer>::new().order(Order::ascending(CustomerOrderBy::Name));
    for limit in [DEFAULT_LIMIT, 250] {
        let list = list.clone().limit(limit);
        let rows: Vec<_> = (0..=limit).map(|n| customer(n.into())).collect();
        criterion.bench_function(&format!("page/{limit} customers by name"), |bencher| {
            bencher.iter_batched(|| rows.clone(), |rows| list.page(rows), BatchSize::SmallInput);
        });
    }
    let rows = (0..=DEFAULT_LIMIT).map(|n| customer(n.into())).collect();
    let next = list.clone().after(list.page(rows).next_cursor);
    assert!(next.start().is_ok_and(|(_, after)| after.is_some()));
    criterion.bench_function("page/start after a cursor", |bencher| bencher.iter(|| next.start()));
}

/// Measures the cursor of each kind of order.
fn cursors(criterion: &mut Criterion) {
    let keys = [
        ("id", SortKey::Id),
        ("text", SortKey::Text("Acme Corporation".into())),
        ("moment", SortKey::Moment(moment())),
        ("day", SortKey::Day(moment().date_naive())),
        ("money", SortKey::Money("50000.00".parse().expect("it is an amount"))),
        ("rank", SortKey::Rank(2)),
    ];
    for (name, key) in keys {
        let position = Position { key, id: 123_456 };
        let cursor = Cursor::encode("leads", "-value", &position);
        assert_eq!(cursor.decode("leads", "-value", |_| true).ok().as_ref(), Some(&position), "{name}");
        criterion.bench_function(&format!("cursor/encode {name}"), |bencher| {
            bencher.iter(|| Cursor::encode("leads", "-value", &position));
        });
        criterion.bench_function(&format!("cursor/decode {name}"), |bencher| {
            bencher.iter(|| cursor.decode("leads", "-value", |_| true));
        });
    }
}

fn customer(id: i64) -> Customer {
    Customer {
        id: CustomerId(id),
        name: format!("Acme Corporation {id}"),
        email: "contact@acme.com".parse().ok(),
        phone: Some("+1-555-0123".into()),
        company: Some("Acme Corp".into()),
        tags: vec!["Enterprise".into(), "Technology".into()],
        notes: Some("Initial contact made, wants an offer for 50 seats by Friday.".into()),
        created_by: None,
        updated_by: None,
        created_at: moment(),
        updated_at: moment(),
        version: 1,
    }
}

fn moment() -> chrono::DateTime<chrono::Utc> {
    "2026-01-15T09:30:00.123456Z".parse().expect("it is a moment")
}
