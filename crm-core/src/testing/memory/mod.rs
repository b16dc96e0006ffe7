//! A store in memory.

mod entities;
mod reports;
mod repositories;
mod table;
mod transaction;

use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};

use self::table::{Row, State};
use self::transaction::MemoryTransaction;
use crate::{Changes, Error, List, Order, Page, Repository, Result, Store, Transaction, Valid};

/// Keeps everything in memory and otherwise behaves as the database does; a clone is another handle on the same rows.
///
/// It passes the same contract as the PostgreSQL store, with one difference: no call waits for a transaction. A
/// transaction works on its own copy, and one that has changed the same row as somebody else fails on commit with
/// `serialization`. The hash of a password is not kept.
///
/// ```
/// use crm_core::testing::MemoryStore;
/// use crm_core::{CustomerFilter, NewCustomer, Repositories, Store, Validate};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> crm_core::Result<()> {
/// let crm = MemoryStore::default();
/// let tx = crm.begin().await?;
/// tx.customers().create(NewCustomer::new("Acme Corporation").validate()?).await?;
/// assert_eq!(crm.customers().count(&CustomerFilter::default()).await?, 0);
/// tx.commit().await?;
/// assert_eq!(crm.customers().count(&CustomerFilter::default()).await?, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    session: Session,
}

#[async_trait]
impl Store for MemoryStore {
    async fn begin(&self) -> Result<Box<dyn Transaction>> {
        Ok(Box::new(MemoryTransaction::begin(self.session.clone())))
    }
}

crate::hand_out!(MemoryStore, session);

/// Is what a refused statement leaves behind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Mode {
    /// Nothing: every call stands for itself.
    #[default]
    Single,
    /// A finished transaction.
    Transaction,
    /// The same, after it has happened.
    Finished,
}

#[derive(Debug, Default)]
struct Inner {
    state: State,
    mode: Mode,
}

/// Is every repository, over the shared rows or over a transaction's own.
#[derive(Clone, Debug, Default)]
struct Session {
    inner: Arc<Mutex<Inner>>,
}

impl Session {
    fn transaction(state: State) -> Self {
        Self { inner: Arc::new(Mutex::new(Inner { state, mode: Mode::Transaction })) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no call panics while it holds the rows")
    }

    /// Does one call. Whatever it refuses, it has changed nothing.
    fn run<T>(&self, call: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let mut inner = self.lock();
        if inner.mode == Mode::Finished {
            return Err(Error::Closed("transaction"));
        }
        let result = call(&mut inner.state);
        let by_database = matches!(result, Err(Error::Taken { .. } | Error::MissingReference { .. }));
        if by_database && inner.mode == Mode::Transaction {
            inner.mode = Mode::Finished;
        }
        result
    }
}

#[async_trait]
impl<E: Row> Repository<E> for Session {
    async fn create(&self, new: Valid<E::New>) -> Result<E> {
        self.run(|state| {
            let row = state.insert::<E>(vec![new], |_, field| field.to_owned())?.swap_remove(0);
            Ok(E::clone(&row))
        })
    }

    async fn create_many(&self, new: Vec<Valid<E::New>>) -> Result<Vec<E::Id>> {
        let rows = self.run(|state| state.insert::<E>(new, |at, field| format!("[{at}].{field}")))?;
        Ok(rows.iter().map(|row| row.id()).collect())
    }

    async fn get(&self, id: E::Id) -> Result<E> {
        self.run(|state| state.get(id).cloned())
    }

    async fn find(&self, id: E::Id) -> Result<Option<E>> {
        self.run(|state| Ok(E::table(state).find(id).map(|row| E::clone(row))))
    }

    async fn get_many(&self, ids: &[E::Id]) -> Result<Vec<E>> {
        let found = |state: &mut State| {
            let table = E::table(state);
            ids.iter().filter_map(|&id| table.find(id)).map(|row| E::clone(row)).collect()
        };
        self.run(|state| Ok(found(state)))
    }

    async fn list(&self, list: &List<E>) -> Result<Page<E>> {
        self.run(|state| {
            let (limit, after) = list.start()?;
            let rows = E::table(state).select(&list.filter, list.order, after.as_ref());
            Ok(list.page(rows.iter().take(limit + 1).map(|row| E::clone(row)).collect()))
        })
    }

    fn stream(&self, filter: E::Filter, order: Order<E::OrderBy>) -> BoxStream<'_, Result<E>> {
        let snapshot = async move { self.run(|state| Ok(E::table(state).select(&filter, order, None))) };
        stream::once(snapshot)
            .map_ok(|rows| stream::iter(rows).map(|row| Ok(E::clone(&row))))
            .try_flatten()
            .boxed()
    }

    async fn count(&self, filter: &E::Filter) -> Result<i64> {
        self.run(|state| Ok(E::table(state).count(filter)))
    }

    async fn update(&self, id: E::Id, patch: Valid<E::Patch>, expected_version: Option<i64>) -> Result<E> {
        self.run(|state| {
            state.change(id, expected_version, |row: &mut E| {
                let changes = !patch.is_empty();
                row.apply(patch.into_inner());
                Ok(changes)
            })
        })
    }

    async fn delete(&self, id: E::Id) -> Result<()> {
        self.run(|state| state.delete::<E>(id))
    }
}
