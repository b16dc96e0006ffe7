//! Transactions: a copy of the tables, of which the changed rows go back on commit.

use async_trait::async_trait;

use super::acting::By;
use super::session::Session;
use super::table::{Row, State, is_same};
use crate::{Customer, Error, Interaction, Lead, Result, Task, Transaction, User};

pub(super) struct MemoryTransaction {
    session: Session,
    /// The tables as they were at the beginning.
    earlier: State,
    store: Session,
}

impl MemoryTransaction {
    pub(super) fn begin(store: &Session) -> Result<Self> {
        let (earlier, session) = store.begin()?;
        Ok(Self { session, earlier, store: store.clone() })
    }
}

impl Drop for MemoryTransaction {
    fn drop(&mut self) {
        self.session.finish(&mut self.session.lock());
    }
}

#[async_trait]
impl Transaction for MemoryTransaction {
    async fn begin(&self) -> Result<Box<dyn Transaction>> {
        let (earlier, session) = self.session.begin_nested().await?;
        Ok(Box::new(Self { session, earlier, store: self.session.clone() }))
    }

    async fn commit(self: Box<Self>) -> Result<()> {
        let own = self.session.open()?;
        let mut store = self.store.lock();
        if self.session.parent().is_some() {
            // Nobody else has changed anything: the outer one was closed meanwhile.
            store.state = own.state.clone();
            return Ok(());
        }
        let by = self.session.by_origin();
        let mut merge = Merge { by, earlier: &self.earlier, own: &own.state, merged: store.state.clone() };
        merge.apply_all()?;
        merge.check_all()?;
        store.state = merge.merged;
        Ok(())
    }

    async fn rollback(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

struct Merge<'a> {
    by: By,
    earlier: &'a State,
    own: &'a State,
    merged: State,
}

impl Merge<'_> {
    /// Takes over the rows that the transaction has changed, unless somebody else has changed one of them too.
    fn apply<E: Row>(&mut self) -> Result<()> {
        let (earlier, own, merged) =
            (E::table(self.earlier), E::table(self.own), E::table_mut(&mut self.merged));
        for id in own.changed_since(earlier) {
            if !is_same(merged.find(id), earlier.find(id)) {
                return Err(lost(format!("{} {id} was changed by somebody else", E::KIND)));
            }
            merged.put(id, own.find(id).cloned());
        }
        Ok(())
    }

    /// Checks the constraints again. A row of somebody else that refers to what the transaction has deleted came in
    /// between, so the transaction has to look again.
    fn check<E: Row>(&self) -> Result<()> {
        let own = E::table(self.own);
        for id in own.changed_since(E::table(self.earlier)) {
            let checked = own.find(id).map_or(Ok(()), |row| self.merged.check::<E>(self.by, row));
            checked.map_err(|failure| failure.error)?;
        }
        for row in E::table(&self.merged).rows() {
            if let Some(field) = self.merged.missing_reference(self.by, row) {
                return Err(lost(format!("{field} of {} {} was deleted", E::KIND, row.id())));
            }
        }
        Ok(())
    }
}

macro_rules! merge_all {
    ({} $($name:ident: $entity:ident, $repository:ident, $mock:ident;)+) => {
        impl Merge<'_> {
            fn apply_all(&mut self) -> Result<()> {
                $(self.apply::<$entity>()?;)+
                Ok(())
            }

            fn check_all(&self) -> Result<()> {
                $(self.check::<$entity>()?;)+
                Ok(())
            }
        }
    };
}

crate::with_entities!([merge_all]);

fn lost(how: String) -> Error {
    Error::Serialization(how)
}

crate::hand_out!(MemoryTransaction, session);

#[cfg(test)]
mod tests {
    use crate::testing::MemoryStore;
    use crate::{
        CustomerFilter, CustomerPatch, ErrorCode, LeadFilter, NewCustomer, NewLead, NewUser, PasswordHash,
        Repositories, Store, TrustedStore, UserFilter, Validate,
    };

    fn customer(name: &str) -> crate::Valid<NewCustomer> {
        NewCustomer::new(name).validate().unwrap()
    }

    fn user(email: &str) -> crate::Valid<NewUser> {
        let hash = PasswordHash::new(format!("$2b$10${}", ".".repeat(53)));
        NewUser::new("Ann", email, hash).validate().unwrap()
    }

    fn renamed(name: &str) -> crate::Valid<CustomerPatch> {
        CustomerPatch { name: name.into(), ..CustomerPatch::default() }.validate().unwrap()
    }

    #[tokio::test]
    async fn the_second_of_two_changes_of_one_row_is_refused() {
        let crm = MemoryStore::default();
        let id = crm.customers().create(customer("Acme")).await.unwrap().id;
        let tx = crm.begin().await.unwrap();
        tx.customers().update(id, renamed("mine"), None).await.unwrap();
        tx.customers().create(customer("left out with the rest")).await.unwrap();
        crm.customers().update(id, renamed("theirs"), None).await.unwrap();
        assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Serialization);
        assert_eq!(crm.customers().get(id).await.unwrap().name, "theirs");
        assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_change_of_a_row_that_somebody_deleted_is_refused() {
        let crm = MemoryStore::default();
        let id = crm.customers().create(customer("Acme")).await.unwrap().id;
        let tx = crm.begin().await.unwrap();
        tx.customers().update(id, renamed("mine"), None).await.unwrap();
        crm.customers().delete(id).await.unwrap();
        assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Serialization);
    }

    #[tokio::test]
    async fn changes_of_different_rows_are_both_kept() {
        let crm = MemoryStore::default();
        let one = crm.customers().create(customer("one")).await.unwrap().id;
        let other = crm.customers().create(customer("other")).await.unwrap().id;
        let tx = crm.begin().await.unwrap();
        tx.customers().update(one, renamed("mine"), None).await.unwrap();
        let made = tx.customers().create(customer("made inside")).await.unwrap().id;
        crm.customers().update(other, renamed("theirs"), None).await.unwrap();
        let later = crm.customers().create(customer("made outside")).await.unwrap().id;
        tx.commit().await.unwrap();
        let names: Vec<_> = crm.customers().get_many(&[one, other, made, later]).await.unwrap();
        let names: Vec<_> = names.iter().map(|customer| customer.name.as_str()).collect();
        assert_eq!(names, ["mine", "theirs", "made inside", "made outside"]);
    }

    #[tokio::test]
    async fn constraints_are_checked_again_on_commit() {
        let crm = MemoryStore::default();
        let tx = crm.begin().await.unwrap();
        tx.users().create(user("ann@example.com")).await.unwrap();
        crm.users().create(user("Ann@Example.com")).await.unwrap();
        let error = tx.commit().await.unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::Conflict, Some("email")));
        assert_eq!(crm.users().count(&UserFilter::default()).await.unwrap(), 1);

        let id = crm.customers().create(customer("Acme")).await.unwrap().id;
        let lead = || NewLead { customer_id: Some(id), ..NewLead::new("Deal") }.validate().unwrap();
        let tx = crm.begin().await.unwrap();
        tx.leads().create(lead()).await.unwrap();
        crm.customers().delete(id).await.unwrap();
        let error = tx.commit().await.unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::MissingReference, Some("customer_id")));
        assert_eq!(crm.leads().count(&LeadFilter::default()).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn rows_that_name_an_actor_who_was_deleted_meanwhile_are_denied_on_commit() {
        let crm = MemoryStore::default();
        let ann = crm.users().create(user("ann@example.com")).await.unwrap().id;
        let tx = crm.acting_as(ann).begin().await.unwrap();
        tx.customers().create(customer("Acme")).await.unwrap();
        crm.users().delete(ann).await.unwrap();
        assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::PermissionDenied);
        assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn deleting_what_somebody_began_to_refer_to_is_refused() {
        let crm = MemoryStore::default();
        let id = crm.customers().create(customer("Acme")).await.unwrap().id;
        let tx = crm.begin().await.unwrap();
        tx.customers().delete(id).await.unwrap();
        let lead = NewLead { customer_id: Some(id), ..NewLead::new("Deal") }.validate().unwrap();
        crm.leads().create(lead).await.unwrap();
        assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Serialization);
        assert!(crm.customers().find(id).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_call_outside_neither_sees_nor_waits_for_a_transaction() {
        let crm = MemoryStore::default();
        let id = crm.customers().create(customer("Acme")).await.unwrap().id;
        let tx = crm.begin().await.unwrap();
        tx.customers().update(id, renamed("mine"), None).await.unwrap();
        let theirs = crm.customers().update(id, renamed("theirs"), None).await.unwrap();
        assert_eq!((theirs.name.as_str(), theirs.version), ("theirs", 2));
        assert_eq!(tx.customers().get(id).await.unwrap().name, "mine");
        drop(tx);
        assert_eq!(crm.customers().get(id).await.unwrap(), theirs);
    }

    #[tokio::test]
    async fn ids_begin_at_1_and_a_clone_is_the_same_store() {
        let crm = MemoryStore::default();
        let first = crm.customers().create(customer("Acme")).await.unwrap();
        assert_eq!(first.id.0, 1);
        assert_eq!(crm.clone().customers().get(first.id).await.unwrap(), first);
    }
}
