//! Transactions that are under way: the connection of each, and the nested transactions that are open on it.

use std::sync::{Arc, MutexGuard as SyncGuard, PoisonError};
use std::time::Duration;

use crm_core::{Error, Result};
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::sync::{Mutex, MutexGuard, OwnedMutexGuard};

use crate::connection::call::{Failure, within};
use crate::connection::ending::roll_back;
use crate::connection::error_mapping::Intent;
use crate::connection::executor::Mark;
use crate::connection::pool::Lease;

pub(crate) const FINISHED: Error = Error::Closed(
    "the transaction is closed: an earlier error or a cancelled call rolled it back; begin a new one",
);

const NESTED: Error =
    Error::Closed("the transaction is closed while a nested one is open: end that one first");

/// A transaction with its nested ones, which share its connection.
struct Open {
    /// None while a call has the connection, and once the transaction is finished.
    connection: Mutex<Option<Held>>,
    levels: std::sync::Mutex<Levels>,
}

/// A transaction's connection, and what is known of it.
struct Held {
    lease: Lease,
    /// What a host's own SQL must leave as it is.
    mark: Option<Mark>,
    /// Whether a host's own SQL has run since the mark was last compared.
    doubtful: bool,
}

/// The open transactions on one connection.
#[derive(Default)]
struct Levels {
    /// Their numbers, the outermost first, each with its turn among the nested transactions of the one before.
    open: Vec<(u64, Option<OwnedMutexGuard<()>>)>,
    /// The number of the latest nested transaction.
    latest: u64,
    /// The savepoint of a dropped transaction, to which the next call goes back first.
    undo: Option<u64>,
}

impl Levels {
    fn position(&self, number: u64) -> Option<usize> {
        self.open.iter().position(|(open, _)| *open == number)
    }
}

impl Open {
    fn levels(&self) -> SyncGuard<'_, Levels> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes all levels, which lets those go on that wait for their turn: to find the transaction closed.
    fn close(&self) {
        let closed = std::mem::take(&mut self.levels().open);
        drop(closed);
    }
}

/// A transaction or a nested one, as its session and handles share it.
#[derive(Clone)]
pub(crate) struct Level {
    open: Arc<Open>,
    /// 0 for the outermost; a nested transaction's savepoint has it in its name.
    number: u64,
    /// The turn of the nested transactions of this one, of which one is open at a time.
    turn: Arc<Mutex<()>>,
}

impl std::fmt::Debug for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Level")
    }
}

/// Names the savepoint of a nested transaction. A host's SQL sets none of this name, because it sets none at all.
fn savepoint(number: u64) -> String {
    format!("crm_nested_{number}")
}

impl Level {
    /// Makes the outermost level of a transaction that was begun on a connection.
    pub(crate) fn outermost(lease: Lease) -> Self {
        let held = Held { lease, mark: None, doubtful: false };
        let levels = Levels { open: vec![(0, None)], ..Levels::default() };
        let open = Open { connection: Mutex::new(Some(held)), levels: std::sync::Mutex::new(levels) };
        Self { open: Arc::new(open), number: 0, turn: Arc::default() }
    }

    pub(crate) const fn is_nested(&self) -> bool {
        self.number > 0
    }

    /// Tells whether it is neither finished nor ended.
    pub(crate) fn is_open(&self) -> bool {
        self.open.levels().position(self.number).is_some()
    }

    /// Checks that it is open, and no nested transaction in it.
    fn check(&self) -> Result<()> {
        let levels = self.open.levels();
        match levels.position(self.number) {
            None => Err(FINISHED),
            Some(at) if at + 1 < levels.open.len() => Err(NESTED),
            Some(_) => Ok(()),
        }
    }

    /// Takes the connection for a call, when those before it have ended. While the call is under way the transaction has none: a call
    /// that is dropped midway finishes all of it.
    pub(crate) async fn take(&self) -> Result<Taken<'_>> {
        self.check()?;
        let slot = self.open.connection.lock().await;
        self.check()?;
        self.taken(slot).ok_or(FINISHED)
    }

    /// Takes the connection out of its place. What dropped transactions have left is to be undone first.
    fn taken<'l>(&'l self, mut slot: MutexGuard<'l, Option<Held>>) -> Option<Taken<'l>> {
        let mut held = slot.take()?;
        held.lease.begin_call();
        Some(Taken { slot, held: Some(held), level: self })
    }

    /// Waits until no other nested transaction is open, but not for ever.
    pub(crate) async fn turn(&self, timeout: Duration) -> Result<OwnedMutexGuard<()>> {
        if !self.is_open() {
            return Err(FINISHED);
        }
        tokio::time::timeout(timeout, self.turn.clone().lock_owned()).await.map_err(|_| Error::Timeout {
            message: "another nested transaction stayed open for longer than the call timeout".to_owned(),
            outcome_unknown: false,
        })
    }

    /// Ends this level and those above it where there is nothing to undo.
    fn leave(&self) {
        let mut levels = self.open.levels();
        if let Some(at) = levels.position(self.number) {
            levels.open.truncate(at);
        }
    }

    /// Ends a nested transaction and those in it, so that the next call begins by undoing them; tells whether it was open.
    fn abandon(&self) -> bool {
        let mut levels = self.open.levels();
        let Some(at) = levels.position(self.number) else { return false };
        levels.open.truncate(at);
        levels.undo = Some(levels.undo.map_or(self.number, |undo| undo.min(self.number)));
        true
    }

    /// Undoes it, with the nested transactions in it. One that is finished or ended stays as it is.
    pub(crate) async fn roll_back(&self, timeout: Duration) {
        if !self.is_nested() {
            self.open.close();
            let held = self.open.connection.lock().await.take();
            if let Some(held) = held {
                roll_back(held.lease, timeout).await;
            }
        } else if self.abandon() {
            let slot = self.open.connection.lock().await;
            // Where it cannot be undone, all of it is finished.
            if let Some(mut taken) = self.taken(slot)
                && taken.undo_dropped(timeout).await.is_ok()
            {
                taken.put_back();
            }
        }
    }

    /// Does the same without waiting: the next call undoes a nested transaction, and the outermost one's connection is returned to be
    /// rolled back, unless a call has it, which then closes it.
    pub(crate) fn forget(&self) -> Option<Lease> {
        if self.is_nested() {
            self.abandon();
            return None;
        }
        self.open.close();
        Some(self.open.connection.try_lock().ok()?.take()?.lease)
    }
}

/// A transaction's connection in the hands of a call, and the place to which it goes back. Dropping it finishes the transaction and
/// closes the connection.
pub(crate) struct Taken<'l> {
    slot: MutexGuard<'l, Option<Held>>,
    /// None once it was put back or handed out.
    held: Option<Held>,
    level: &'l Level,
}

impl Taken<'_> {
    fn held(&mut self) -> &mut Held {
        self.held.as_mut().expect("only what consumes it takes the connection out")
    }

    pub(crate) fn lease(&mut self) -> &mut Lease {
        &mut self.held().lease
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        self.lease().connection()
    }

    pub(crate) fn mark(&mut self) -> &mut Option<Mark> {
        &mut self.held().mark
    }

    /// Tells whether a host's own SQL has run since the mark was last compared; sets it.
    pub(crate) fn doubtful(&mut self) -> &mut bool {
        &mut self.held().doubtful
    }

    /// Puts the connection back for the next call. Where all transactions on it were dropped meanwhile there is none, and it is closed.
    pub(crate) fn put_back(mut self) {
        self.lease().end_call();
        if !self.level.open.levels().open.is_empty() {
            *self.slot = self.held.take();
        }
    }

    /// Finishes the transaction and hands out its connection.
    pub(crate) fn finish(mut self) -> Lease {
        self.level.open.close();
        self.held.take().expect("only what consumes it takes the connection out").lease
    }

    /// Ends the innermost transaction after a failed call, or all of it. Fails where a nested one cannot be undone, which ends all of it.
    pub(crate) async fn fail(mut self, lost: bool, whole: bool, timeout: Duration) -> Result<(), Failure> {
        if lost {
            return Ok(());
        }
        if whole || !self.level.is_nested() {
            roll_back(self.finish(), timeout).await;
            return Ok(());
        }
        self.level.abandon();
        self.undo_dropped(timeout).await?;
        self.put_back();
        Ok(())
    }

    /// Sets the savepoint of a nested transaction, which then is open.
    pub(crate) async fn set_savepoint(
        &mut self,
        turn: OwnedMutexGuard<()>,
        timeout: Duration,
    ) -> Result<Level, Failure> {
        let open = self.level.open.clone();
        let number = {
            let mut levels = open.levels();
            levels.latest += 1;
            levels.latest
        };
        self.execute(format!("savepoint {}", savepoint(number)), timeout).await?;
        let mut levels = open.levels();
        if levels.position(self.level.number).is_none() {
            // It was dropped meanwhile, and with it this savepoint is undone.
            return Err(Failure::of(FINISHED));
        }
        levels.open.push((number, Some(turn)));
        drop(levels);
        Ok(Level { open, number, turn: Arc::default() })
    }

    /// Releases the savepoint of a nested transaction, which then is ended.
    pub(crate) async fn release_savepoint(&mut self, timeout: Duration) -> Result<(), Failure> {
        self.execute(format!("release savepoint {}", savepoint(self.level.number)), timeout).await?;
        self.level.leave();
        Ok(())
    }

    /// Goes back to the savepoint of the outermost of the nested transactions that were dropped.
    pub(crate) async fn undo_dropped(&mut self, timeout: Duration) -> Result<(), Failure> {
        loop {
            let Some(number) = self.level.open.levels().undo else { return Ok(()) };
            let name = savepoint(number);
            self.execute(format!("rollback to savepoint {name}; release savepoint {name}"), timeout).await?;
            // What a host's SQL has changed since is undone too, the mark among it.
            let held = self.held();
            (held.mark, held.doubtful) = (None, false);
            // Meanwhile one that it was in may have been dropped as well.
            let mut levels = self.level.open.levels();
            levels.undo = levels.undo.filter(|undo| *undo != number);
        }
    }

    async fn execute(&mut self, statement: String, timeout: Duration) -> Result<(), Failure> {
        let call = sqlx::raw_sql(AssertSqlSafe(statement)).execute(self.connection());
        within(timeout, Intent::Read, call).await.map(drop)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.held.is_some() {
            self.level.open.close();
        }
    }
}
