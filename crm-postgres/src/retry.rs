//! Transactions that are run again when they lost against a concurrent one.

use std::sync::Arc;
use std::time::Duration;

use crm_core::{Error, ErrorCode, Result, Store, Transaction, Violation, ViolationCode};

/// Is how often [`retry`](Retry::retry) runs a transaction at the most.
#[doc(hidden)]
pub const ATTEMPTS: u32 = 10;

/// Limits the first pause, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(500)];

/// Returns how long to wait after so many runs: by chance, up to 10 ms after the first, twice as long after each further one, and
/// half a second at the most. Without chance those that have met would meet again.
#[doc(hidden)]
#[must_use]
pub fn pause(attempts: u32) -> Duration {
    let [first, longest] = PAUSES;
    let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
    first.saturating_mul(doubled).min(longest).mul_f64(fastrand::f64())
}

/// Checks how often a transaction is to be run at the most.
///
/// # Errors
/// `validation` unless it is at least once.
#[doc(hidden)]
pub fn check_attempts(attempts: u32) -> Result<()> {
    if attempts > 0 {
        return Ok(());
    }
    Err(Error::validation([Violation::new("attempts", ViolationCode::OutOfRange, "must be at least 1")]))
}

/// Runs transactions again that lost against concurrent ones; every [`Store`] can: a `Crm`, an `Acting`, the in-memory store, a
/// `dyn Store`.
pub trait Retry: Store {
    /// Runs `work` in a transaction, commits it when it returns and hands on what it returned.
    ///
    /// Where `work` or the commit fails with `serialization`, the transaction is rolled back and, after a pause of some
    /// milliseconds up to half a second, run again from the beginning; after 10 runs the last error is returned
    /// ([`retry_up_to`](Self::retry_up_to) takes another number). So whatever `work` does beside the transaction is done again
    /// too. Any other error rolls back and is returned at once, and dropping the future rolls back.
    ///
    /// At PostgreSQL's usual isolation, read committed, only deadlocks come out: two that read a row, compute and write it do not hinder each
    /// other, and one change is lost. Pass `expected_version` there, or connect with `?options[default_transaction_isolation]=serializable`.
    ///
    /// A `serialization` has to come out of `work` to be seen: where it was swallowed, the transaction is finished all the same,
    /// and committing it says `closed`, which is returned and not run again.
    ///
    /// `work` borrows what it uses: `async |tx| …`, not `async move`; a closure that has to own something is written
    /// `move |tx| { let name = name.clone(); async move { … } }`. Either can be spawned, as `tx` is a value and no reference.
    ///
    /// ```no_run
    /// # async fn example(crm: crm_postgres::Crm, id: crm_core::LeadId) -> crm_postgres::Result<()> {
    /// use crm_postgres::{prelude::*, rust_decimal::Decimal};
    ///
    /// let doubled = crm
    ///     .retry(async |tx| {
    ///         let value = tx.leads().get(id).await?.value.unwrap_or_default();
    ///         let patch = LeadPatch { value: Patch::Set(value * Decimal::TWO), ..LeadPatch::default() };
    ///         tx.leads().update(id, patch.validate()?, None).await
    ///     })
    ///     .await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of `work`, of beginning and of committing; `serialization` when all runs have failed so.
    fn retry<T, F, Run>(&self, work: F) -> impl Future<Output = Result<T>>
    where
        F: FnMut(Attempt) -> Run,
        Run: Future<Output = Result<T>>;

    /// Does the same, but runs `work` so many times at the most.
    ///
    /// # Errors
    /// As [`retry`](Self::retry); `validation` when it is to be run not even once.
    fn retry_up_to<T, F, Run>(&self, attempts: u32, work: F) -> impl Future<Output = Result<T>>
    where
        F: FnMut(Attempt) -> Run,
        Run: Future<Output = Result<T>>;
}

impl<S: Store + ?Sized> Retry for S {
    async fn retry<T, F, Run>(&self, work: F) -> Result<T>
    where
        F: FnMut(Attempt) -> Run,
        Run: Future<Output = Result<T>>,
    {
        self.retry_up_to(ATTEMPTS, work).await
    }

    async fn retry_up_to<T, F, Run>(&self, attempts: u32, mut work: F) -> Result<T>
    where
        F: FnMut(Attempt) -> Run,
        Run: Future<Output = Result<T>>,
    {
        check_attempts(attempts)?;
        let mut made = 0;
        loop {
            let result = run(self, &mut work).await;
            made += 1;
            match result {
                Err(error) if error.code() == ErrorCode::Serialization && made < attempts => {
                    tokio::time::sleep(pause(made)).await;
                }
                result => return result,
            }
        }
    }
}

async fn run<S, T, F, Run>(store: &S, work: &mut F) -> Result<T>
where
    S: Store + ?Sized,
    F: FnMut(Attempt) -> Run,
    Run: Future<Output = Result<T>>,
{
    let tx = Arc::new(store.begin().await?);
    let result = work(Attempt(tx.clone())).await;
    match (result, Arc::into_inner(tx)) {
        (Ok(value), Some(tx)) => tx.commit().await.map(|()| value),
        (Ok(_), None) => Err(KEPT),
        (Err(error), tx) => {
            if let Some(tx) = tx {
                // What went wrong first is what matters.
                drop(tx.rollback().await);
            }
            Err(error)
        }
    }
}

const KEPT: Error = Error::Closed(
    "the transaction cannot be committed, because the function that retry ran still holds it: it is rolled back",
);

/// Is the transaction of one run of [`retry`](Retry::retry): the repositories, all or nothing. It is over when the run is.
pub struct Attempt(Arc<Box<dyn Transaction>>);

impl Attempt {
    /// Begins a nested transaction; see [`Transaction::begin`].
    ///
    /// # Errors
    /// As [`Transaction::begin`].
    pub async fn begin(&self) -> Result<Box<dyn Transaction>> {
        self.0.begin().await
    }
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attempt")
    }
}

crm_core::hand_out!(Attempt, through 0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_a_second_and_are_left_to_chance() {
        for (attempts, most) in [(1, 10), (2, 20), (6, 320), (7, 500), (u32::MAX, 500)] {
            let pauses: Vec<_> = (0..1_000).map(|_| pause(attempts)).collect();
            let (least, longest) = (pauses.iter().min().unwrap(), pauses.iter().max().unwrap());
            assert!(*longest < Duration::from_millis(most), "{longest:?} after {attempts}");
            // A thousand times in a row it would have to miss a half.
            assert!(*longest > Duration::from_millis(most) / 2 && *least < Duration::from_millis(most) / 2);
        }
    }
}
