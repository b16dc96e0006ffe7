//! The targets of speed and memory, of the library alone and beside tokio-postgres and bare SQL.

use std::time::{Duration, Instant};

use crm_core::{
    ActivityQuery, Customer, CustomerFilter, CustomerId, CustomerOrderBy, CustomerPatch, DueTasksQuery,
    InteractionFilter, InteractionOrderBy, NewCustomer, Order, Patch, Repositories as _, Valid,
    Validate as _,
};
use crm_postgres::{Crm, Result};
use crm_tests::execute;
use futures_util::TryStreamExt as _;
use sqlx::PgConnection;

use crate::ground::Ground;
use crate::rounds::{Call, alone, call, race};
use crate::{Options, median};

/// Is how many rows a bulk load has.
const MANY: usize = 100_000;

pub(crate) async fn measure(options: &Options) -> Result<()> {
    let ground = Ground::open(options).await?;
    let scale = options.scale(1);
    let (read, write) = (ground.at_scale(scale).await?, ground.copy_at_scale(scale).await?);
    println!("scale {scale}; medians of {} rounds", options.rounds);
    reports(options.rounds, &Crm::connect(&*read).await?).await?;
    hostile(options.rounds, &write).await?;
    calls(options.rounds, scale, &read, &write).await?;
    triggers(options.rounds, scale, &write).await?;
    bulk(options.rounds, &write).await?;
    memory(&Crm::connect(&*read).await?).await
}

/// Makes a call of a method of the handle.
fn of<F: Future<Output = Result<()>> + Send + 'static>(
    crm: &Crm,
    method: impl Fn(Crm, u64) -> F + Send + Sync + 'static,
) -> Call {
    let crm = crm.clone();
    call(move |n| method(crm.clone(), n))
}

async fn reports(rounds: usize, crm: &Crm) -> Result<()> {
    let (mut activity, mut due) =
        (ActivityQuery::default(), DueTasksQuery::new("2025-11-01".parse().expect("a day")));
    for page in 1..=20 {
        if page == 1 || page == 20 {
            let query = activity.clone();
            let time = alone(
                rounds,
                of(crm, move |crm, _| {
                    let query = query.clone();
                    async move { crm.reports().customer_activity(&query).await.map(drop) }
                }),
            );
            report(&format!("customer_activity, page {page}"), time.await?);
            let query = due.clone();
            let time = alone(
                rounds,
                of(crm, move |crm, _| {
                    let query = query.clone();
                    async move { crm.reports().due_tasks(&query).await.map(drop) }
                }),
            );
            report(&format!("due_tasks, page {page}"), time.await?);
        }
        activity.cursor = crm.reports().customer_activity(&activity).await?.next_cursor;
        due.cursor = crm.reports().due_tasks(&due).await?.next_cursor.or(due.cursor);
    }
    let time =
        alone(rounds, of(crm, |crm, _| async move { crm.reports().pipeline().await.map(drop) })).await?;
    report("pipeline", time);
    Ok(())
}

fn report(name: &str, time: Duration) {
    println!("{name:<44} {:>9.3} ms", time.as_secs_f64() * 1e3);
}

/// Gives one customer the newest 200,000 interactions and takes them away again.
async fn hostile(rounds: usize, url: &str) -> Result<()> {
    execute(
        url,
        "insert into crm.interactions (customer_id, type, date, notes)
         select 77, 'call', timestamptz '2030-01-01' + n * interval '1 s', 'hostile' from generate_series(1, 200000) n;",
    )
    .await;
    execute(url, "vacuum analyze crm.interactions").await;
    let crm = Crm::connect(url).await?;
    let first = ActivityQuery::default();
    let second =
        ActivityQuery { cursor: crm.reports().customer_activity(&first).await?.next_cursor, ..first.clone() };
    for (name, query) in [("first", first), ("second", second)] {
        let time = alone(
            rounds,
            of(&crm, move |crm, _| {
                let query = query.clone();
                async move { crm.reports().customer_activity(&query).await.map(drop) }
            }),
        );
        report(&format!("customer_activity, hostile, {name} page"), time.await?);
    }
    crm.close().await;
    execute(url, "delete from crm.interactions where notes = 'hostile'").await;
    execute(url, "vacuum analyze crm.interactions").await;
    Ok(())
}

fn new_customer(n: u64) -> NewCustomer {
    let mut new = NewCustomer::new(format!("Customer {n}"));
    new.email = Some(format!("customer{n}@example.com"));
    new.phone = Some("+1-555-9999999".to_owned());
    new.company = Some(format!("Company {}", n % 2_000));
    new.tags = vec![format!("seg{}", n % 10), format!("tag{}", n % 200)];
    new.notes = Some("Initial contact made, interested in the offer of the day".to_owned());
    new
}

/// Measures single calls and a list of 10,000 beside others, and the library over another pool.
async fn calls(rounds: usize, scale: i64, read: &str, write: &str) -> Result<()> {
    let customers = 10_000 * scale.unsigned_abs();
    let id = move |n: u64| CustomerId(i64::try_from(1 + n % customers).unwrap_or(1));
    let get = |crm: &Crm| of(crm, move |crm, n| async move { crm.customers().get(id(n)).await.map(drop) });
    let create = |crm: &Crm| {
        of(crm, |crm, n| async move { crm.customers().create(new_customer(n).validate()?).await.map(drop) })
    };
    let all = |crm: &Crm| {
        of(crm, |crm, _| async move {
            let order = Order::ascending(CustomerOrderBy::Id);
            let rows = crm.customers().stream(CustomerFilter::default(), order);
            let rows: Vec<Customer> = futures_util::StreamExt::take(rows, 10_000).try_collect().await?;
            assert_eq!(rows.len(), 10_000);
            Ok(())
        })
    };
    let (reader, writer) = (Crm::connect(read).await?, Crm::connect(write).await?);
    let host = sqlx::postgres::PgPoolOptions::new().max_connections(10);
    let host = Crm::from_pool_prepared(host.connect(read).await.expect("the server is there"));
    let mut get = vec![("ours", get(&reader)), ("ours over sqlx's pool", get(&host))];
    let (mut create, mut all) = (vec![("ours", create(&writer))], vec![("ours", all(&reader))]);
    beside(read, write, customers, &mut get, &mut create, &mut all);
    race("get @1", rounds, 1, &get).await?;
    race("get @16", rounds, 16, &get).await?;
    race("create @1", rounds, 1, &create).await?;
    race("create @16", rounds, 16, &create).await?;
    race("10,000 rows", rounds, 1, &all).await
}

type Contestants = Vec<(&'static str, Call)>;

#[cfg(feature = "peers")]
#[path = "peers.rs"]
mod peers;

#[cfg(feature = "peers")]
fn beside(
    read: &str,
    write: &str,
    customers: u64,
    get: &mut Contestants,
    create: &mut Contestants,
    all: &mut Contestants,
) {
    const NAME: &str = "tokio-postgres";
    let (reader, writer) = (peers::Peer::connect(read), peers::Peer::connect(write));
    let peer = reader.clone();
    get.push((
        NAME,
        call(move |n| {
            let peer = peer.clone();
            async move {
                peer.get(i64::try_from(1 + n % customers).unwrap_or(1)).await;
                Ok(())
            }
        }),
    ));
    create.push((
        NAME,
        call(move |n| {
            let peer = writer.clone();
            async move {
                peer.create(&new_customer(n)).await;
                Ok(())
            }
        }),
    ));
    all.push((
        NAME,
        call(move |_| {
            let peer = reader.clone();
            async move {
                assert_eq!(peer.all().await.len(), 10_000);
                Ok(())
            }
        }),
    ));
}

#[cfg(not(feature = "peers"))]
fn beside(_: &str, _: &str, _: u64, _: &mut Contestants, _: &mut Contestants, _: &mut Contestants) {
    println!("without tokio-postgres: it takes --features peers");
}

/// Measures what an update pays for its version and its moment.
async fn triggers(rounds: usize, scale: i64, url: &str) -> Result<()> {
    let customers = 10_000 * scale.unsigned_abs();
    let crm = Crm::connect(url).await?;
    let update = of(&crm, move |crm, n| async move {
        let patch =
            CustomerPatch { phone: Patch::Set(format!("+1-555-{n:020}")), ..CustomerPatch::default() };
        let id = CustomerId(i64::try_from(1 + n % customers).unwrap_or(1));
        crm.customers().update(id, patch.validate()?, None).await.map(drop)
    });
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (setting, times) in ["enable", "disable"].iter().zip(&mut times) {
            execute(url, &format!("alter table crm.customers {setting} trigger customers_touch")).await;
            times.push(alone(1, update.clone()).await?);
        }
    }
    execute(url, "alter table crm.customers enable trigger customers_touch").await;
    let [with, without] = times.map(|mut times| median(&mut times).as_secs_f64() * 1e6);
    println!(
        "update with its trigger {with:.1} µs, without {without:.1} µs: {:.1} % more",
        100.0 * (with / without - 1.0)
    );
    Ok(())
}

/// Measures many rows at once beside a COPY of the same rows that are encoded already.
async fn bulk(rounds: usize, url: &str) -> Result<()> {
    let crm = Crm::connect(url).await?;
    let rows: Vec<NewCustomer> = (0..MANY as u64).map(new_customer).collect();
    let mut connection = <PgConnection as sqlx::Connection>::connect(url).await.expect("the server is there");
    let copied = copy_of(&crm, &mut connection, &rows).await?;
    let mut times = [Vec::new(), Vec::new()];
    for turn in 0..2 * rounds {
        // The one that came second comes first in the next round.
        let ours = [true, false, false, true][turn % 4];
        let given = rows.clone();
        let start = Instant::now();
        if ours {
            let valid =
                given.into_iter().map(crm_core::Validate::validate).collect::<Result<Vec<Valid<_>>, _>>()?;
            assert_eq!(crm.customers().create_many(valid).await?.len(), MANY);
        } else {
            let mut copy = connection.copy_in_raw(COPY).await.expect("the server takes it");
            for piece in copied.chunks(PIECE) {
                copy.send(piece).await.expect("the server takes it");
            }
            assert_eq!(copy.finish().await.expect("the rows fit"), MANY as u64);
        }
        times[usize::from(!ours)].push(start.elapsed());
        execute(url, "delete from crm.customers where name like 'Customer %' and phone = '+1-555-9999999'")
            .await;
        execute(url, "vacuum crm.customers").await;
        execute(url, "checkpoint").await;
    }
    let [ours, copy] = times.map(|mut times| median(&mut times).as_secs_f64() * 1e3);
    println!(
        "create_many of {MANY} customers, validated, {ours:.0} ms; the same rows by bare COPY {copy:.0} ms: {:.2}",
        ours / copy
    );
    Ok(())
}

/// Is how many bytes are sent at once.
const PIECE: usize = 128 * 1024;

const COPY: &str = "copy crm.customers (name, email, phone, company, tags, notes) from stdin (format binary)";

/// Has the server encode the rows for a COPY.
async fn copy_of(crm: &Crm, connection: &mut PgConnection, rows: &[NewCustomer]) -> Result<Vec<u8>> {
    let valid =
        rows.iter().cloned().map(crm_core::Validate::validate).collect::<Result<Vec<Valid<_>>, _>>()?;
    let ids = crm.customers().create_many(valid).await?;
    let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return Ok(Vec::new()) };
    let copy = format!(
        "copy (select name, email, phone, company, tags, notes from crm.customers where id between {first} and {last}) to stdout (format binary)"
    );
    let pieces = connection.copy_out_raw(&copy).await.expect("the server gives it");
    let bytes = pieces.try_fold(Vec::new(), |mut bytes, piece| async move {
        bytes.extend_from_slice(&piece);
        Ok(bytes)
    });
    Ok(bytes.await.expect("the server gives it"))
}

/// Measures how much more memory a stream over all interactions takes.
async fn memory(crm: &Crm) -> Result<()> {
    let order = Order::ascending(InteractionOrderBy::Id);
    let idle = resident();
    let (mut rows, mut most) = (0_u64, idle);
    let mut stream = crm.interactions().stream(InteractionFilter::default(), order);
    while stream.try_next().await?.is_some() {
        rows += 1;
        if rows % 10_000 == 0 {
            most = most.max(resident());
        }
    }
    println!("a stream of {rows} rows: {} KiB above idle", most - idle);
    Ok(())
}

/// Returns how much memory this process has now, in KiB, where the system tells.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or_default()
}
