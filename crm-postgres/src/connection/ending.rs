//! The ends of a transaction, after which its connection goes back to the pool.

use std::time::Duration;

use futures_util::FutureExt as _;

use crate::connection::call::{Failure, within};
use crate::connection::error_mapping::Intent;
use crate::connection::pool::Lease;

/// Commits a transaction and gives its connection back.
pub(crate) async fn commit(mut lease: Lease, timeout: Duration) -> Result<(), Failure> {
    within(timeout, Intent::Read, lease.check_before_commit()).await?;
    let commit = sqlx::raw_sql("commit").execute(lease.connection());
    let result = within(timeout, Intent::Write, commit).await;
    match result {
        Ok(_) => lease.release(),
        // A refused commit has mostly ended the transaction, but not if it was refused before it began.
        Err(Failure { lost: false, .. }) => roll_back(lease, timeout).await,
        Err(_) => {}
    }
    result.map(drop)
}

/// Rolls a transaction back and gives its connection back, or closes it where that fails.
pub(crate) async fn roll_back(mut lease: Lease, timeout: Duration) {
    let rollback = sqlx::raw_sql("rollback").execute(lease.connection());
    if within(timeout, Intent::Read, rollback).await.is_ok() {
        lease.release();
    }
}

/// Ends a transaction in which there is nothing to commit, and gives its connection back without waiting for the answer,
/// which the connection's next call finds before its own. The server takes one message after the other, so nothing that
/// follows is in the transaction; and were the end refused, the next call would fail before it sends anything.
pub(crate) fn end_unwaited(mut lease: Lease) {
    let sent = sqlx::raw_sql("commit").execute(lease.connection()).now_or_never();
    if !matches!(sent, Some(Err(_))) {
        lease.release();
    }
}
