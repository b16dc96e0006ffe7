//! Every operation of the contract, as the tables grow.

use std::time::Duration;

use crm_core::{
    ActivityQuery, Assignee, Cursor, CustomerFilter, CustomerOrderBy, DayRange, DueTasksQuery, Entity,
    InteractionFilter, InteractionOrderBy, LeadFilter, LeadId, LeadOrderBy, LeadPatch, List, NewCustomer,
    Order, Password, Position, Repositories as _, SearchText, SortKey, Stage, Tags, TaskFilter, TaskOrderBy,
    UserId, Validate as _,
};
use crm_postgres::{Crm, Result};
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::{StreamExt as _, TryStreamExt as _};

use crate::Options;
use crate::ground::Ground;
use crate::rounds::{alone, call};

/// Is an operation, handed a random number and the scale.
type Operation = (&'static str, fn(Crm, i64, i64) -> BoxFuture<'static, Result<()>>);

macro_rules! operations {
    ($($name:literal: |$crm:ident, $n:ident, $scale:ident| $call:expr;)+) => {
        &[$(($name, |$crm, $n, $scale| async move { let _ = ($n, $scale); $call.await.map(drop) }.boxed())),+]
    };
}

fn id<I: From<i64>>(n: i64, of: i64) -> I {
    I::from(1 + n.rem_euclid(of))
}

fn list<E: Entity>(filter: E::Filter) -> List<E> {
    List::new().filter(filter)
}

async fn changed<T>(crm: Crm, change: impl AsyncFnOnce(&crm_postgres::Tx) -> Result<T>) -> Result<()> {
    let tx = crm.begin().await?;
    change(&tx).await?;
    tx.rollback().await
}

fn words(text: &str) -> Option<SearchText> {
    text.parse().ok()
}

const OPERATIONS: &[Operation] = operations! {
    "get": |crm, n, scale| crm.customers().get(id(n, 10_000 * scale));
    "get_many of 100": |crm, n, scale| async {
        let ids: Vec<LeadId> = (0..100).map(|k| id(n.wrapping_add(k * 7919), 20_000 * scale)).collect();
        crm.leads().get_many(&ids).await
    };
    "find_by_email": |crm, n, scale| async { crm.users().find_by_email(&format!("user{}@crm.com", id::<i64>(n, 50))).await };
    "list": |crm, n, scale| async { crm.customers().list(&List::new()).await };
    "list by name": |crm, n, scale| async {
        crm.customers().list(&List::new().order(Order::ascending(CustomerOrderBy::Name))).await
    };
    "list by value": |crm, n, scale| async {
        crm.leads().list(&List::new().order(Order::descending(LeadOrderBy::Value))).await
    };
    "list, from the middle": |crm, n, scale| async {
        let position = Position { key: SortKey::Id, id: 50_000 * scale };
        crm.interactions().list(&List::new().after(Some(Cursor::encode("interactions", "-id", &position)))).await
    };
    "list by date": |crm, n, scale| async {
        crm.interactions().list(&List::new().order(Order::descending(InteractionOrderBy::Date))).await
    };
    "list by due date": |crm, n, scale| async {
        crm.tasks().list(&List::new().order(Order::ascending(TaskOrderBy::DueDate))).await
    };
    "list of a company": |crm, n, scale| async {
        let company = Some(vec![format!("Company {}", n.rem_euclid(200))]);
        crm.customers().list(&list(CustomerFilter { company, ..Default::default() })).await
    };
    "list of a month": |crm, n, scale| async {
        let due = DayRange { since: "2025-03-01".parse().ok(), until: "2025-03-31".parse().ok() };
        crm.tasks().list(&list(TaskFilter { due, ..Default::default() })).await
    };
    "list of a stage": |crm, n, scale| async {
        crm.leads().list(&list(LeadFilter { stage: Some(vec![Stage::Proposal]), ..Default::default() })).await
    };
    "list of a customer": |crm, n, scale| async {
        let customer_id = Some(vec![id(n, 10_000 * scale)]);
        crm.interactions().list(&list(InteractionFilter { customer_id, ..Default::default() })).await
    };
    "list of two users": |crm, n, scale| async {
        let assigned_to = Some(Assignee::AnyOf(vec![UserId(7), UserId(8)]));
        crm.tasks().list(&list(TaskFilter { assigned_to, ..Default::default() })).await
    };
    "list with a rare word": |crm, n, scale| async {
        let text = words(&format!("customer{}", id::<i64>(n, 10_000 * scale)));
        crm.customers().list(&list(CustomerFilter { text, ..Default::default() })).await
    };
    "list with a tag": |crm, n, scale| async {
        let tags_any = Some(vec![format!("tag{}", n.rem_euclid(200))]);
        crm.customers().list(&list(CustomerFilter { tags_any, ..Default::default() })).await
    };
    "list with two tags": |crm, n, scale| async {
        let tags_all = Some(vec!["tag77".to_owned(), "seg1".to_owned()]);
        crm.customers().list(&list(CustomerFilter { tags_all, ..Default::default() })).await
    };
    "create": |crm, n, scale| changed(crm, async |tx| tx.customers().create(NewCustomer::new("New").validate()?).await);
    "create_many of 100": |crm, n, scale| changed(crm, async |tx| {
        let new = |_| NewCustomer::new("New").validate();
        tx.customers().create_many((0..100).map(new).collect::<Result<_, _>>()?).await
    });
    "update": |crm, n, scale| changed(crm, async |tx| {
        let patch = LeadPatch { description: "Other".into(), ..LeadPatch::default() };
        tx.leads().update(id(n, 20_000 * scale), patch.validate()?, None).await
    });
    "move_to": |crm, n, scale| changed(crm, async |tx| tx.leads().move_to(id(n, 20_000 * scale), Stage::Proposal).await);
    "complete": |crm, n, scale| changed(crm, async |tx| tx.tasks().complete(id(n, 20_000 * scale)).await);
    "add_tags": |crm, n, scale| changed(crm, async |tx| {
        tx.customers().add_tags(id(n, 10_000 * scale), Tags(vec!["new".to_owned()]).validate()?).await
    });
    "remove_tags": |crm, n, scale| changed(crm, async |tx| {
        tx.customers().remove_tags(id(n, 10_000 * scale), Tags(vec!["seg1".to_owned()]).validate()?).await
    });
    "start": |crm, n, scale| changed(crm, async |tx| tx.tasks().start(id(n, 20_000 * scale)).await);
    "reopen": |crm, n, scale| changed(crm, async |tx| tx.tasks().reopen(id(n, 20_000 * scale)).await);
    "deactivate": |crm, n, scale| changed(crm, async |tx| tx.users().deactivate(id(n, 50)).await);
    "authenticate": |crm, n, scale| async {
        let refused = crm.users().authenticate("user7@crm.com", Password::new("wrong horse")).await;
        assert!(refused.is_err());
        Ok(())
    };
    "delete of a lead": |crm, n, scale| changed(crm, async |tx| tx.leads().delete(id(n, 20_000 * scale)).await);
    "delete of an interaction": |crm, n, scale| changed(crm, async |tx| {
        tx.interactions().delete(id(n, 100_000 * scale)).await
    });
    "delete of a user": |crm, n, scale| changed(crm, async |tx| tx.users().delete(id(n, 50)).await);
    "delete of a task": |crm, n, scale| changed(crm, async |tx| tx.tasks().delete(id(n, 20_000 * scale)).await);
    "delete of a customer": |crm, n, scale| changed(crm, async |tx| tx.customers().delete(id(n, 10_000 * scale)).await);
    "overview": |crm, n, scale| crm.customers().overview(id(n, 10_000 * scale), 10);
    "customer_activity": |crm, n, scale| async { crm.reports().customer_activity(&ActivityQuery::default()).await };
    "pipeline": |crm, n, scale| crm.reports().pipeline();
    "due_tasks": |crm, n, scale| async {
        crm.reports().due_tasks(&DueTasksQuery::new("2025-11-01".parse().expect("a day"))).await
    };
    "snapshot": |crm, n, scale| async {
        let due = DueTasksQuery::new("2025-11-01".parse().expect("a day"));
        crm.reports().snapshot(&ActivityQuery::default(), &due).await
    };
    "stream, its first 1,000": |crm, n, scale| async {
        let rows = crm.interactions().stream(InteractionFilter::default(), Order::descending(InteractionOrderBy::Id));
        rows.take(1_000).try_collect::<Vec<_>>().await
    };
    "count of a customer's": |crm, n, scale| async {
        let customer_id = Some(vec![id(n, 10_000 * scale)]);
        crm.interactions().count(&InteractionFilter { customer_id, ..Default::default() }).await
    };
    "count of all": |crm, n, scale| async { crm.leads().count(&LeadFilter::default()).await };
    "tag_counts": |crm, n, scale| crm.customers().tag_counts();
};

pub(crate) async fn measure(options: &Options) -> Result<()> {
    let ground = Ground::open(options).await?;
    let scales = if options.scales.is_empty() { vec![1, 10, 50] } else { options.scales.clone() };
    let mut handles = Vec::new();
    for &scale in &scales {
        handles.push((scale, Crm::connect(ground.at_scale(scale).await?).await?));
    }
    println!(
        "µs at the scales {scales:?}, and what the last is of the first; medians of {} rounds",
        options.rounds
    );
    println!(
        "changes are made in a transaction, which is rolled back, and its two round trips are counted with them"
    );
    for &(name, operation) in OPERATIONS {
        let mut times = Vec::new();
        for (scale, crm) in &handles {
            let (scale, crm) = (*scale, crm.clone());
            let one = call(move |n| operation(crm.clone(), n.cast_signed(), scale));
            times.push(alone(options.rounds, one).await?);
        }
        let micros: Vec<_> = times.iter().map(|time| format!("{:>10.0}", time.as_secs_f64() * 1e6)).collect();
        println!("{name:<26}{}  {:>5}", micros.concat(), growth(&times));
    }
    Ok(())
}

fn growth(times: &[Duration]) -> String {
    match times {
        [first, .., last] => format!("{:.1}", last.as_secs_f64() / first.as_secs_f64()),
        _ => String::new(),
    }
}
