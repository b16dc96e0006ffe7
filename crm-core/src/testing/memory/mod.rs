//! A store in memory.

mod acting;
mod entities;
mod reports;
mod repositories;
mod session;
mod table;
mod transaction;

use async_trait::async_trait;

use self::session::Session;
use self::transaction::MemoryTransaction;
use crate::{Hashing, Result, Store, Transaction, TrustedStore, UserId};

/// Keeps everything in memory and otherwise behaves as the database does; a clone is another handle on the same rows.
///
/// It passes the same contract as the PostgreSQL store, with one difference: no call waits for a transaction. A
/// transaction works on its own copy, and one that has changed the same row as somebody else fails on commit with
/// `serialization`. Only the nested transactions of one transaction take turns, and wait for each other without a limit.
///
/// Passwords are hashed with the least of argon2's parameters, so that tests are quick: the store of a test keeps no secret.
/// [`with_hashing`](Self::with_hashing) takes others.
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
#[derive(Clone, Debug)]
pub struct MemoryStore {
    session: Session,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_hashing(Hashing::new(8, 1, 1).expect("argon2 allows its least parameters"))
    }
}

impl MemoryStore {
    /// Makes a store that hashes passwords with these parameters.
    #[must_use]
    pub fn with_hashing(hashing: Hashing) -> Self {
        Self { session: Session::new(hashing) }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn begin(&self) -> Result<Box<dyn Transaction>> {
        Ok(Box::new(MemoryTransaction::begin(&self.session)?))
    }
}

impl TrustedStore for MemoryStore {
    fn acting_as(&self, actor: UserId) -> Box<dyn Store> {
        Box::new(Acting { session: self.session.acting_as(actor) })
    }
}

crate::hand_out!(MemoryStore, session);

/// Is the store in the name of a user.
struct Acting {
    session: Session,
}

#[async_trait]
impl Store for Acting {
    async fn begin(&self) -> Result<Box<dyn Transaction>> {
        Ok(Box::new(MemoryTransaction::begin(&self.session)?))
    }
}

crate::hand_out!(Acting, session);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NewUser, Password, Repositories, Validate};

    #[tokio::test]
    async fn a_login_replaces_a_hash_of_other_parameters_than_the_stores() {
        let [quick, slow] = [8, 16].map(|memory| Hashing::new(memory, 1, 1).unwrap());
        let password = || Password::new("correct horse");
        let crm = MemoryStore::with_hashing(slow.clone());
        for (email, hashing, version) in [("ann@example.com", slow, 1), ("bob@example.com", quick, 2)] {
            let new = NewUser::new("Ann", email, hashing.hash(&password()).unwrap());
            crm.users().create(new.validate().unwrap()).await.unwrap();
            for _ in 0..2 {
                let user = crm.users().authenticate(email, password()).await.unwrap();
                assert_eq!(user.version, version);
            }
        }
    }
}
