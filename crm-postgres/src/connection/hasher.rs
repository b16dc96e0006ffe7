//! Passwords are hashed off the async threads and a few at a time: a hash takes a core for some 20 ms and 19 MiB, and a storm
//! of logins must leave both to others.

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use crm_core::{Credential, Error, Hashing, NewUser, Password, PasswordHash, Result};
use tokio::sync::Semaphore;

/// Hashes passwords in turn.
#[derive(Debug)]
pub(crate) struct Hasher {
    hashing: Hashing,
    turns: Arc<Semaphore>,
    patience: Duration,
}

/// Returns how many passwords are hashed at a time unless told otherwise: half as many as there are cores, at most 8.
pub(crate) fn default_turns() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    (cores / 2).clamp(1, 8)
}

impl Hasher {
    /// Makes a hasher that works on so many passwords at a time, and lets a call wait so long for its turn.
    pub(crate) fn new(hashing: Hashing, turns: usize, patience: Duration) -> Self {
        Self { hashing, turns: Arc::new(Semaphore::new(turns)), patience }
    }

    /// Checks a password; see [`Hashing::check`].
    pub(crate) async fn check(
        &self,
        password: Password,
        stored: Option<PasswordHash>,
    ) -> Result<Option<PasswordHash>> {
        self.run(move |hashing| hashing.check(&password, stored.as_ref())).await
    }

    /// Checks a password and hashes the one that follows it, in one turn.
    pub(crate) async fn exchange(
        &self,
        current: Password,
        stored: Option<PasswordHash>,
        new: Password,
    ) -> Result<PasswordHash> {
        self.run(move |hashing| hashing.verify(&current, stored.as_ref()).and_then(|()| hashing.hash(&new)))
            .await
    }

    /// Hashes a password.
    pub(crate) async fn hash(&self, password: Password) -> Result<PasswordHash> {
        self.run(move |hashing| hashing.hash(&password)).await
    }

    /// Returns the hash of a new user's password.
    pub(crate) async fn credential(&self, new: NewUser) -> Result<NewUser> {
        let credential = match new.credential {
            Credential::Password(password) => Credential::Hash(self.hash(password).await?),
            hash @ Credential::Hash(_) => hash,
        };
        Ok(NewUser { credential, ..new })
    }

    /// Waits for a turn and works on a thread for blocking work. The turn goes with the work: a call that is dropped does not
    /// make room before its hash is done.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hashing) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = tokio::time::timeout(self.patience, self.turns.clone().acquire_owned()).await;
        let turn = turn
            .map_err(|_| Error::Timeout {
                message: "no turn to hash a password came within the acquire timeout".to_owned(),
                outcome_unknown: false,
            })?
            .map_err(|error| Error::internal("the turns are closed", Some(error.into())))?;
        let hashing = self.hashing.clone();
        // The turn comes back with the result, so that the thread is free again, with its memory, when the next begins.
        let worked = tokio::task::spawn_blocking(move || (work(&hashing), turn)).await;
        let (result, turn) =
            worked.map_err(|error| Error::internal("the password was not hashed", Some(error.into())))?;
        drop(turn);
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use crm_core::ErrorCode;
    use futures_util::FutureExt as _;
    use futures_util::future::join_all;

    use super::*;

    const LONG: Duration = Duration::from_mins(10);

    fn hasher(turns: usize, patience: Duration) -> Hasher {
        Hasher::new(Hashing::new(8, 1, 1).unwrap(), turns, patience)
    }

    #[tokio::test]
    async fn as_many_are_worked_on_at_a_time_as_there_are_turns() {
        for turns in [1, 2, 3] {
            let hasher = hasher(turns, LONG);
            // Each waits for the others of its round, so that fewer at a time would never end.
            let (round, now, most) =
                (Arc::new(Barrier::new(turns)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let calls = (0..turns * 20).map(|_| {
                let (round, now, most) = (round.clone(), now.clone(), most.clone());
                hasher.run(move |_| {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    round.wait();
                    now.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                })
            });
            join_all(calls).await.into_iter().for_each(Result::unwrap);
            assert_eq!(most.load(Ordering::SeqCst), turns);
        }
    }

    #[tokio::test]
    async fn a_dropped_call_keeps_its_turn_until_its_work_is_done() {
        let hasher = hasher(1, Duration::from_millis(50));
        let (finish, end) = mpsc::channel::<()>();
        let mut call = Box::pin(hasher.run(move |_| {
            end.recv().unwrap();
            Ok(())
        }));
        assert!(call.as_mut().now_or_never().is_none());
        drop(call);
        let error = hasher.hash(Password::new("correct horse")).await.unwrap_err();
        assert_eq!((error.code(), error.outcome_unknown()), (ErrorCode::Timeout, false));
        finish.send(()).unwrap();
        let turn = hasher.turns.acquire().await.unwrap();
        drop(turn);
        hasher.hash(Password::new("correct horse")).await.unwrap();
    }

    #[tokio::test]
    async fn work_that_panics_gives_its_turn_back() {
        let hasher = hasher(1, LONG);
        let error = hasher.run(|_| -> Result<()> { panic!("on purpose") }).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Internal);
        hasher.hash(Password::new("correct horse")).await.unwrap();
    }
}
