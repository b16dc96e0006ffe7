//! `max_staleness`: what the replica must have replayed before it answers.

use std::time::Duration;

use crm_core::{ErrorCode, Repositories as _};
use crm_postgres::Crm;
use crm_tests::{Cluster, Stop};

use super::{DATABASE, Pair, add, filled, known, leads};

/// Is longer than any of these tests takes.
const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn a_replica_that_lags_behind_is_asked_again_when_it_has_caught_up() {
    let pair = Pair::start(&[]).await;
    pair.pause().await;
    let crm = pair.builder().connect().await.unwrap();
    add(&crm).await;
    let bounded = pair.builder().max_staleness(HOUR).connect().await.unwrap();
    assert_eq!(
        known(&bounded, None).await,
        2,
        "nothing tells how old the replica's answer would be: the primary's"
    );
    assert_eq!(known(&crm, None).await, 1, "without a bound the replica answers");
    pair.resume().await;
    pair.pause().await;
    add(&crm).await;
    assert_eq!(
        known(&bounded, None).await,
        2,
        "the replica has what the bound asks for, and not the third ones"
    );
}

#[tokio::test]
async fn no_staleness_at_all_is_what_the_primary_has() {
    let pair = Pair::start(&[]).await;
    let crm = pair.builder().max_staleness(Duration::ZERO).connect().await.unwrap();
    for there in 2..20 {
        add(&crm).await;
        assert_eq!(known(&crm, None).await, there, "whoever answers");
    }
    pair.pause().await;
    assert_eq!(known(&crm, None).await, 19);
    add(&crm).await;
    assert_eq!(known(&crm, None).await, 20);
}

#[tokio::test]
async fn a_promoted_replica_is_none_any_more() {
    let pair = Pair::start(&[]).await;
    let crm = pair.builder().max_staleness(HOUR).connect().await.unwrap();
    let unbounded = pair.builder().connect().await.unwrap();
    pair.pause().await;
    assert_eq!(known(&crm, None).await, 1, "the replica is as the first mark has it");
    pair.replica.execute("select pg_wal_replay_resume()").await;
    pair.replica.promote();
    add(&crm).await;
    assert_eq!(known(&crm, None).await, 2, "the primary answers");
    assert_eq!(known(&unbounded, None).await, 1, "whoever sets no bound asks nothing of the server");
}

#[tokio::test]
async fn after_a_failover_a_replica_that_follows_the_new_primary_is_used() {
    let mut pair = Pair::start(&[]).await;
    let mut other = pair.primary.replica(&[]).await;
    let (url, stays) = (pair.primary.url(DATABASE), other.url(DATABASE));
    let (hosts, promoted) =
        (format!("127.0.0.1:{}", pair.primary.port()), format!("127.0.0.1:{}", pair.replica.port()));
    let url = url.replace(&hosts, &format!("{hosts},{promoted}")) + "?target_session_attrs=read-write";
    let crm = Crm::builder(&*url).replica(stays).max_staleness(HOUR).connect().await.unwrap();
    assert_eq!(leads(&crm).await.unwrap(), 1, "there is a mark from before");
    pair.primary.stop(Stop::Fast).await;
    pair.replica.promote();
    other.stop(Stop::Fast).await;
    other.follow(&pair.replica, &[]);
    other.launch().await;
    add(&Crm::connect(&*url).await.unwrap()).await;
    let pair = Pair { primary: pair.replica, replica: other };
    pair.pause().await;
    assert_eq!(
        known(&crm, None).await,
        2,
        "with a mark from before the failover the primary answers first, then the replica"
    );
    add(&crm).await;
    assert_eq!(known(&crm, None).await, 2, "the replica of the new primary answers");
}

#[tokio::test]
async fn another_cluster_is_no_replica() {
    let pair = Pair::start(&[]).await;
    let mut other = Cluster::make(None).await;
    other.launch().await;
    let other = Pair::copies_of(&filled(other).await, &[]).await;
    // It is not to be left because it seems to lag behind.
    for _ in 0..4 {
        other.primary.execute("select pg_logical_emit_message(false, '', ''), pg_switch_wal()").await;
    }
    other.catch_up().await;
    let url = other.replica.url(DATABASE);
    let crm = pair.builder().replica(url).max_staleness(HOUR).connect().await.unwrap();
    add(&crm).await;
    assert_eq!(known(&crm, None).await, 2);
}

#[tokio::test]
async fn without_the_primary_nobody_knows_how_stale_a_replica_is() {
    let mut pair = Pair::start(&[]).await;
    let strict = pair.builder().max_staleness(Duration::ZERO).connect().await.unwrap();
    let marked = pair.builder().max_staleness(HOUR).connect().await.unwrap();
    let unbounded = pair.builder().connect().await.unwrap();
    pair.catch_up().await;
    assert_eq!(known(&marked, None).await, 1);
    pair.primary.kill();
    assert_eq!(leads(&strict).await.unwrap_err().code(), ErrorCode::Unavailable);
    assert_eq!(known(&marked, None).await, 1, "what was found before holds for the hour");
    assert_eq!(known(&unbounded, None).await, 1);
    assert_eq!(unbounded.leads().get(crm_core::LeadId(1)).await.unwrap_err().code(), ErrorCode::Unavailable);
    pair.primary.launch().await;
    add(&unbounded).await;
    assert_eq!(leads(&strict).await.unwrap(), 2);
}
