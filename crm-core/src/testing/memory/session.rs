//! How a call reaches the rows: shared or a transaction's own, in whose name, and what a refusal leaves behind.

use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::lock::{Mutex as Turn, OwnedMutexGuard};

use super::acting::{Actor, By, look_up};
use super::table::State;
use crate::{DenialReason, Error, Hashing, Result, UserId};

/// Is what a refused statement leaves behind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Mode {
    /// Nothing: every call stands for itself.
    #[default]
    Single,
    /// A finished transaction.
    Transaction,
    /// The same, after it has happened.
    Finished,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) state: State,
    pub(super) mode: Mode,
    /// The turn of the nested transaction that is open.
    nested: Option<OwnedMutexGuard<()>>,
}

/// Is every repository, over the shared rows or over a transaction's own.
#[derive(Clone, Debug)]
pub(super) struct Session {
    inner: Arc<Mutex<Inner>>,
    hashing: Hashing,
    /// The user in whose name everything is done; none is the trusted system.
    pub(super) actor: Option<UserId>,
    /// In a transaction, what it began on.
    origin: Option<Arc<Origin>>,
}

/// Is what a transaction began on.
#[derive(Debug)]
struct Origin {
    store: Session,
    /// What the transaction is done as, from its beginning to its end.
    by: By,
    /// The transaction that a nested one belongs to.
    parent: Option<Session>,
    /// The turn of the nested transactions, of which one is open at a time.
    turn: Arc<Turn<()>>,
}

const FINISHED: Error =
    Error::Closed("the transaction is closed: an earlier error rolled it back; begin a new one");
const NESTED: Error =
    Error::Closed("the transaction is closed while a nested one is open: end that one first");

impl Session {
    pub(super) fn new(hashing: Hashing) -> Self {
        Self { inner: Arc::default(), hashing, actor: None, origin: None }
    }

    pub(super) fn acting_as(&self, actor: UserId) -> Self {
        Self { actor: Some(actor), ..self.clone() }
    }

    /// Begins a transaction: returns its own copy of the rows and a session on it.
    pub(super) fn begin(&self) -> Result<(State, Self)> {
        let inner = self.lock();
        let by = self.by(&inner.state).map_err(|failure| failure.error)?;
        Ok(self.copy(
            inner.state.clone(),
            Origin { store: self.clone(), by, parent: None, turn: Arc::default() },
        ))
    }

    /// Begins a nested transaction, when no other one is open.
    pub(super) async fn begin_nested(&self) -> Result<(State, Self)> {
        let Some(origin) = &self.origin else { return Err(FINISHED) };
        let turn = origin.turn.clone().lock_owned().await;
        let mut inner = self.open()?;
        inner.nested = Some(turn);
        let parent = Some(self.clone());
        let origin = Origin { store: origin.store.clone(), by: origin.by, parent, turn: Arc::default() };
        Ok(self.copy(inner.state.clone(), origin))
    }

    fn copy(&self, state: State, origin: Origin) -> (State, Self) {
        let own = Inner { state: state.clone(), mode: Mode::Transaction, nested: None };
        let session =
            Self { inner: Arc::new(Mutex::new(own)), origin: Some(Arc::new(origin)), ..self.clone() };
        (state, session)
    }

    /// Returns the transaction that a nested one belongs to.
    pub(super) fn parent(&self) -> Option<&Self> {
        self.origin.as_ref()?.parent.as_ref()
    }

    /// Returns the rows, unless the transaction is finished, one that it belongs to is, or a nested one is open.
    pub(super) fn open(&self) -> Result<MutexGuard<'_, Inner>> {
        let inner = self.lock();
        if inner.mode == Mode::Finished || self.parent().is_some_and(Self::is_finished) {
            return Err(FINISHED);
        }
        if inner.nested.is_some() {
            return Err(NESTED);
        }
        Ok(inner)
    }

    fn is_finished(&self) -> bool {
        self.lock().mode == Mode::Finished || self.parent().is_some_and(Self::is_finished)
    }

    /// Finishes the transaction, after which the one that it belongs to can be used again.
    pub(super) fn finish(&self, inner: &mut Inner) {
        if std::mem::replace(&mut inner.mode, Mode::Finished) != Mode::Finished
            && let Some(parent) = self.parent()
        {
            parent.lock().nested = None;
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no call panics while it holds the rows")
    }

    /// Returns in whose name a transaction is.
    pub(super) fn by_origin(&self) -> By {
        self.origin.as_ref().map_or(By::Trusted, |origin| origin.by)
    }

    pub(super) const fn hashing(&self) -> &Hashing {
        &self.hashing
    }

    /// Does one call. Whatever it refuses, it has changed nothing.
    pub(super) fn run<T>(&self, call: impl FnOnce(&mut State, By) -> Result<T, Failure>) -> Result<T> {
        let mut inner = self.open()?;
        let by = self.by(&inner.state);
        let result = by.and_then(|by| call(&mut inner.state, by));
        result.map_err(|Failure { error, by_database }| {
            if by_database && inner.mode == Mode::Transaction {
                self.finish(&mut inner);
            }
            error
        })
    }

    /// Looks up in whose name a call is made; in a transaction only whether that user is there still.
    fn by(&self, state: &State) -> Result<By, Failure> {
        let Some(actor) = self.actor else { return Ok(By::Trusted) };
        let Some(origin) = &self.origin else { return Ok(By::User(look_up(state, actor)?)) };
        let is_there = |state: &State| state.users.find(actor).is_some();
        // As the database does, it looks beyond the transaction's own copy: there the actor may be gone.
        Ok(match origin.by {
            By::User(found) => {
                let is_gone = !(is_there(state) && is_there(&origin.store.lock().state));
                By::User(Actor { is_gone, ..found })
            }
            By::Trusted => By::Trusted,
        })
    }

    /// Refuses an actor who is retired by now, which a transaction otherwise does not ask.
    pub(super) fn refuse_retired(&self, state: &State) -> Result<()> {
        if let (Some(actor), Some(origin)) = (self.actor, &self.origin) {
            for state in [state, &origin.store.lock().state] {
                look_up(state, actor).map_err(|failure| failure.error)?;
            }
        }
        Ok(())
    }

    /// Refuses what belongs to the trusted system.
    pub(super) fn refuse_actor(&self, what: &str) -> Result<()> {
        if self.actor.is_none() {
            return Ok(());
        }
        let message = format!("{what} belongs to the trusted system, not to a user");
        Err(Error::denied(DenialReason::TrustedOnly, message))
    }
}

/// Is a refused call: its error, and whether it is the database that refuses, which finishes a transaction.
pub(super) struct Failure {
    pub(super) error: Error,
    by_database: bool,
}

impl Failure {
    pub(super) const fn by_database(error: Error) -> Self {
        Self { error, by_database: true }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let by_database = matches!(error, Error::Taken { .. } | Error::MissingReference { .. });
        Self { error, by_database }
    }
}
