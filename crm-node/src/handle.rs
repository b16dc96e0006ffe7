//! What JavaScript holds: a slot for the trusted system's handle, a user's, a transaction, a stream, or a backup.

#![expect(clippy::needless_pass_by_value, reason = "values from JavaScript come owned")]

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crm_postgres::background::Incoming;
use crm_postgres::crm_core::{Repositories, UserId, Violation};
use crm_postgres::{Acting, Crm, Error, Result, Tx};
use napi::bindgen_prelude::Utf16String;
use napi_derive::napi;
use tokio::sync::{Mutex, watch};

use crate::backup::Steps;
use crate::inputs::Values;
use crate::rows::Part;
use crate::runtime::entered;

/// Is what a handle may hold.
#[derive(Clone)]
pub(crate) enum Store {
    Crm(Crm),
    Acting(Acting),
    Tx(Arc<OpenTx>),
    Rows(Arc<Mutex<Incoming<Part>>>),
    Steps(Arc<Mutex<Steps>>),
}

/// Is a transaction that its calls share.
pub(crate) struct OpenTx {
    tx: Tx,
    finished: AtomicBool,
    /// Is held by the call under way; the others wait in the order in which they were made.
    turn: Mutex<()>,
    /// Says that what is under way is to be broken off.
    broken: watch::Sender<bool>,
    /// The transaction that a nested one belongs to.
    outer: Option<Arc<Self>>,
}

const TRANSACTION_ENDED: Error = Error::Closed("the transaction is closed: its function has ended");

impl OpenTx {
    pub(crate) fn new(tx: Tx, outer: Option<Arc<Self>>) -> Self {
        Self {
            tx,
            finished: AtomicBool::new(false),
            turn: Mutex::default(),
            broken: watch::Sender::new(false),
            outer,
        }
    }

    /// Begins a nested transaction, after the calls that were made before it. It keeps no turn, because it may have to wait for the end of
    /// another nested one. Until then the calls of this one are refused at once.
    pub(crate) async fn begin(&self) -> Result<Tx> {
        self.within(async {
            drop(self.turn.lock().await);
            self.open()?.begin().await
        })
        .await
    }

    fn open(&self) -> Result<&Tx> {
        if self.finished.load(Ordering::Relaxed) {
            return Err(TRANSACTION_ENDED);
        }
        Ok(&self.tx)
    }

    fn finish(&self) -> Result<&Tx> {
        let tx = self.open()?;
        self.finished.store(true, Ordering::Relaxed);
        Ok(tx)
    }

    /// Makes the changes permanent, after the calls that were made before.
    pub(crate) async fn commit(&self) -> Result<()> {
        let _turn = self.turn.lock().await;
        self.finish()?.commit_shared().await
    }

    /// Undoes the changes; a call under way is broken off. That would finish the outer transaction as well, so a nested one waits for the
    /// call's end, unless it is aborted.
    pub(crate) async fn rollback(&self, aborted: bool) -> Result<()> {
        let tx = self.finish()?;
        if aborted || self.outer.is_none() {
            self.broken.send_replace(true);
            return tx.rollback_shared().await;
        }
        let _turn = self.turn.lock().await;
        tx.rollback_shared().await
    }

    /// Does something in the transaction that ends with it.
    pub(crate) async fn within<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            done = work => done,
            () = self.broken_off() => Err(TRANSACTION_ENDED),
        }
    }

    /// Waits until it is broken off, or a transaction that it belongs to is.
    fn broken_off(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            let mut broken = self.broken.subscribe();
            let own = broken.wait_for(|broken| *broken);
            match &self.outer {
                None => drop(own.await),
                Some(outer) => tokio::select! {
                    _ = own => {}
                    () = outer.broken_off() => {}
                },
            }
        })
    }
}

impl Store {
    pub(crate) fn repositories(&self) -> Result<&dyn Repositories> {
        match self {
            Self::Crm(crm) => Ok(crm),
            Self::Acting(acting) => Ok(acting),
            Self::Tx(open) => Ok(open.open()?),
            Self::Rows(_) | Self::Steps(_) => Err(Error::internal("a stream has no repositories", None)),
        }
    }

    /// Makes a call; in a transaction when it is its turn.
    pub(crate) async fn turn<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        let Self::Tx(open) = self else { return call.await };
        open.within(async {
            let _turn = open.turn.lock().await;
            call.await
        })
        .await
    }

    pub(crate) fn trusted(&self) -> Result<&Crm> {
        match self {
            Self::Crm(crm) => Ok(crm),
            _ => Err(Error::internal("this handle is not the trusted system's", None)),
        }
    }
}

/// Is a handle. It is made empty, and what it holds comes when the call that opens it has succeeded.
#[napi]
pub struct Handle {
    slot: Arc<OnceLock<Store>>,
    /// What is wrong with what was given for a user's id.
    refused: Vec<Violation>,
}

#[napi]
impl Handle {
    /// Makes an empty handle.
    #[napi(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self { slot: Arc::default(), refused: Vec::new() }
    }

    /// Returns the URL of an embedded server.
    #[napi(getter)]
    #[must_use]
    pub fn url(&self) -> Option<String> {
        self.slot.get()?.trusted().ok()?.url().map(str::to_owned)
    }

    /// Makes the handle of a user. What cannot be an id is refused by each of its calls.
    #[napi]
    #[must_use]
    pub fn acting_as(&self, numbers: &[f64], count: u32, text: Utf16String) -> Self {
        let mut values = Values::new(&numbers[..count as usize], &text);
        let read = values.read("user_id");
        let mut acting = Self::new();
        match values.all(read) {
            Err(error) => acting.refused = error.violations().to_vec(),
            Ok(id) => {
                if let Some(Store::Crm(crm)) = self.slot.get() {
                    // It is empty, so this cannot fail.
                    drop(acting.slot.set(Store::Acting(crm.acting_as(UserId(id)))));
                }
            }
        }
        acting
    }

    /// Lets go of what it holds: a stream ends, and so does a backup.
    #[napi]
    pub fn release(&mut self) {
        let _entered = entered();
        self.slot = Arc::default();
    }
}

impl Handle {
    pub(crate) fn store(&self) -> Result<&Store> {
        if !self.refused.is_empty() {
            return Err(Error::validation(self.refused.iter().cloned()));
        }
        self.slot.get().ok_or(Error::Closed("the handle is closed: connect again"))
    }

    /// Returns where to put what it is to hold.
    pub(crate) fn slot(&self) -> Arc<OnceLock<Store>> {
        self.slot.clone()
    }
}

/// Puts into a handle what it is to hold.
pub(crate) fn fill(slot: &Arc<OnceLock<Store>>, store: Store) -> Result<()> {
    slot.set(store).map_err(|_| Error::internal("the handle holds something already", None))
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.release();
    }
}
