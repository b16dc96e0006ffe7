//! What a task of the runtime reads ahead for Python: parts that come one after the other, and a definite end.

use crm_postgres::{Error, Result};
use tokio::sync::mpsc;

/// Is the task's side.
pub(crate) struct Outgoing<T>(mpsc::Sender<Result<Option<T>>>);

impl<T> Clone for Outgoing<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Is Python's side. Dropping it ends the task's work.
pub(crate) struct Incoming<T>(mpsc::Receiver<Result<Option<T>>>);

/// Makes both sides, between which so many parts may wait.
pub(crate) fn incoming<T>(waiting: usize) -> (Outgoing<T>, Incoming<T>) {
    let (sender, receiver) = mpsc::channel(waiting);
    (Outgoing(sender), Incoming(receiver))
}

impl<T> Outgoing<T> {
    /// Hands a part on, when there is room for it.
    pub(crate) async fn hand_on(&self, part: T) -> Result<()> {
        self.0.send(Ok(Some(part))).await.map_err(|_| Error::Closed("the reading"))
    }

    /// Does the work, as long as somebody reads on, and tells how it has ended.
    pub(crate) async fn end_with(self, work: impl Future<Output = Result<()>>) {
        let ended = tokio::select! {
            ended = work => ended,
            () = self.0.closed() => return,
        };
        // Whoever does not listen any more knows.
        drop(self.0.send(ended.map(|()| None)).await);
    }
}

impl<T> Incoming<T> {
    /// Waits for the next part; none is the end. A task that is gone without having said so has not read everything.
    pub(crate) async fn next(&mut self) -> Result<Option<T>> {
        let gone = || Err(Error::internal("the reading broke off", None));
        self.0.recv().await.unwrap_or_else(gone)
    }
}
