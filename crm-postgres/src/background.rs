//! Work in the background of a caller in another language, whose own thread must not do it.

use tokio::sync::mpsc;

use crate::{Error, Result};

/// Runs a future in the runtime's threads, for work that would keep the caller's thread busy; it ends when it is dropped.
///
/// # Errors
/// Those of the future; `internal` when it has panicked.
pub async fn elsewhere<T: Send + 'static>(
    future: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

    impl<T> Drop for AbortOnDrop<T> {
        fn drop(&mut self) {
            self.0.abort();
        }
    }

    let mut task = AbortOnDrop(tokio::spawn(future));
    (&mut task.0).await.map_err(|error| Error::internal("a task has failed", Some(error.into())))?
}

/// Is the task's side of what it reads ahead for the caller: parts that come one after the other, and a definite end.
#[derive(Debug)]
pub struct Outgoing<T>(mpsc::Sender<Result<Option<T>>>);

impl<T> Clone for Outgoing<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Is the caller's side. Dropping it ends the task's work.
#[derive(Debug)]
pub struct Incoming<T>(mpsc::Receiver<Result<Option<T>>>);

/// Makes both sides, between which so many parts may wait.
#[must_use]
pub fn incoming<T>(waiting: usize) -> (Outgoing<T>, Incoming<T>) {
    let (sender, receiver) = mpsc::channel(waiting);
    (Outgoing(sender), Incoming(receiver))
}

impl<T> Outgoing<T> {
    /// Hands a part on, when there is room for it.
    ///
    /// # Errors
    /// `closed` when nobody reads on.
    pub async fn hand_on(&self, part: T) -> Result<()> {
        self.0
            .send(Ok(Some(part)))
            .await
            .map_err(|_| Error::Closed("the reading is closed: nobody reads its rows any more"))
    }

    /// Does the work, as long as somebody reads on, and tells how it has ended.
    pub async fn end_with(self, work: impl Future<Output = Result<()>>) {
        tokio::select! {
            ended = work => self.end(ended).await,
            () = self.0.closed() => {}
        }
    }

    /// Does the work up to where it hands a part on that nobody waits for: what is under way, such as a call of a transaction, which
    /// would end with it, is not broken off.
    pub async fn end_with_whole(self, work: impl Future<Output = Result<()>>) {
        let ended = work.await;
        self.end(ended).await;
    }

    async fn end(self, ended: Result<()>) {
        // Whoever does not listen any more knows.
        drop(self.0.send(ended.map(|()| None)).await);
    }
}

impl<T> Incoming<T> {
    /// Waits for the next part; none is the end. A task that is gone without having said so has not read everything.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn next(&mut self) -> Result<Option<T>> {
        let gone = || Err(Error::internal("the reading broke off", None));
        self.0.recv().await.unwrap_or_else(gone)
    }
}
