//! Measures how a page is written for JavaScript: `cargo bench -p crm-node`. It takes the files that write it as its own,
//! because an addon cannot be linked into a program, and they need nothing of Node's.

use std::time::Duration;

use criterion::{BatchSize, Criterion};
use crm_postgres::prelude::*;

use crate::wire::{Out, Wire as _};

#[path = "../src/generated/mod.rs"]
mod generated;
#[path = "../src/records.rs"]
mod records;
#[expect(dead_code, reason = "it also reads")]
#[path = "../src/wire.rs"]
mod wire;

fn main() {
    let criterion = Criterion::default().without_plots();
    let times = (Duration::from_millis(500), Duration::from_secs(2));
    let mut criterion = criterion.warm_up_time(times.0).measurement_time(times.1).configure_from_args();
    for rows in [50, 250] {
        let page = Page { items: (1..=rows).map(customer).collect(), next_cursor: Some(cursor()) };
        criterion.bench_function(&format!("wire/page of {rows} customers"), |bencher| {
            bencher.iter_batched(|| page.clone(), written, BatchSize::SmallInput);
        });
    }
    criterion.final_summary();
}

/// Writes the page into what is empty at first, as a stream's part is; a call's page finds room that is kept from the call before.
fn written(page: Page<Customer>) -> Out {
    let mut out = Out::default();
    page.put(&mut out);
    out
}

fn cursor() -> Cursor {
    Cursor::from("MSBjdXN0b21lcnMgLWlkIDUwIGk")
}

fn customer(id: i64) -> Customer {
    let moment = "2026-01-15T09:30:00.123456Z".parse().expect("it is a moment");
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
        created_at: moment,
        updated_at: moment,
        version: 1,
    }
}
