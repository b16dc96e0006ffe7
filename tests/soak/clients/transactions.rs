//! Transactions: committed, undone, dropped, broken off by a fault, and against one another.

use crm_core::{
    CustomerFilter, CustomerId, CustomerPatch, ErrorCode, InteractionType, NewCustomer, NewInteraction,
    NewLead, NewTask, Patch, Repositories as _, Store, Transaction,
};
use crm_postgres::{Attempt, Retry as _};

use super::writes::valid;
use super::{Called, Client, Fault, Op};
use crate::ledger::BULK;

const GROUP: &str = "transaction";
const BEGIN: Op = Op::read(GROUP, "begin");
/// Nothing within a transaction leaves anything open but its commit.
const WITHIN: Op = Op::read(GROUP, "a call in a transaction");
const COMMIT: Op = Op::write(GROUP, "commit");
const ROLLBACK: Op = Op::read(GROUP, "rollback");

impl Client {
    /// Creates a customer with a lead, a task and an interaction.
    pub(super) async fn deal(&mut self, store: &dyn Store, name: &str) -> Called<(i64, Vec<i64>)> {
        let tx = self.call(BEGIN, store.begin()).await?;
        let customer = self.call(WITHIN, tx.customers().create(valid(NewCustomer::new(name)))).await?.id;
        let lead = NewLead { customer_id: Some(customer), ..NewLead::new(name) };
        self.call(WITHIN, tx.leads().create(valid(lead))).await?;
        let task = NewTask { customer_id: Some(customer), ..NewTask::new(name) };
        self.call(WITHIN, tx.tasks().create(valid(task))).await?;
        self.call(WITHIN, tx.interactions().create(valid(contact(customer, name)))).await?;
        self.call(COMMIT, tx.commit()).await?;
        Ok((customer.0, Vec::new()))
    }

    /// Creates a customer with many interactions.
    pub(super) async fn bulk(&mut self, store: &dyn Store, name: &str) -> Called<(i64, Vec<i64>)> {
        let tx = self.call(BEGIN, store.begin()).await?;
        let customer = self.call(WITHIN, tx.customers().create(valid(NewCustomer::new(name)))).await?.id;
        let contacts = (0..BULK).map(|_| valid(contact(customer, name))).collect();
        let op = Op { group: "create_many", name: "create_many", ..WITHIN };
        self.call(op, tx.interactions().create_many(contacts)).await?;
        self.call(COMMIT, tx.commit()).await?;
        Ok((customer.0, Vec::new()))
    }

    pub(super) async fn delete_many(&mut self, store: &dyn Store, ids: &[i64]) -> Called<()> {
        let tx = self.call(BEGIN, store.begin()).await?;
        for id in ids {
            self.call(WITHIN, tx.customers().delete(CustomerId(*id))).await?;
        }
        self.call(COMMIT, tx.commit()).await
    }

    pub(super) async fn transact(&mut self) -> Called<()> {
        let acting = self.random.bool();
        let store = self.store(acting);
        let tx = self.call(BEGIN, store.begin()).await?;
        if self.random.bool() {
            return self.undo(tx).await;
        }
        match self.cross(&*tx).await {
            Ok(()) if self.random.bool() => self.call(COMMIT, tx.commit()).await,
            Ok(()) => self.call(ROLLBACK, tx.rollback()).await,
            Err(_) => {
                // A fault or a dropped call has finished it.
                let op = WITHIN.may(&[ErrorCode::Closed]);
                let gone_on = self.call(op, tx.customers().count(&CustomerFilter::default())).await;
                self.check(gone_on.is_err(), || "a transaction that has failed goes on".to_owned());
                let op = COMMIT.may(&[ErrorCode::Closed]);
                let committed = self.call(op, tx.commit()).await;
                self.check(committed.is_err(), || "a transaction that has failed commits".to_owned());
                Ok(())
            }
        }
    }

    /// Changes two customers that all share, in any order, so that one of two clients may lose against the other.
    async fn cross(&mut self, tx: &dyn Transaction) -> Called<()> {
        let anchors = self.shared.anchors.clone();
        for _ in 0..2 {
            let id = CustomerId(anchors[self.random.usize(0..anchors.len())]);
            let notes = format!("seen by {}", self.ledger.client);
            let patch = CustomerPatch { notes: Patch::Set(notes), ..CustomerPatch::default() };
            self.call(WITHIN, tx.customers().update(id, valid(patch), None)).await?;
            // A row that is not there leaves the transaction usable.
            let op = WITHIN.may(&[ErrorCode::NotFound]);
            match self.call(op, tx.customers().get(CustomerId(i64::MAX))).await {
                Err(Fault::Refused) => {}
                Err(fault) => return Err(fault),
                Ok(found) => self.find(format!("there is a {found:?}")),
            }
        }
        Ok(())
    }

    /// Changes two customers that all share in a transaction that is run again where it lost.
    pub(super) async fn run_again(&mut self) -> Called<()> {
        let acting = self.random.bool();
        let store = self.store(acting);
        let anchors = &self.shared.anchors;
        let ids = [0; 2].map(|_| CustomerId(anchors[self.random.usize(0..anchors.len())]));
        let notes = format!("seen by {}", self.ledger.client);
        let change = async |tx: Attempt| {
            for id in ids {
                let patch = CustomerPatch { notes: Patch::Set(notes.clone()), ..CustomerPatch::default() };
                tx.customers().update(id, valid(patch), None).await?;
            }
            Ok(())
        };
        self.call(Op::write(GROUP, "retry"), store.retry(change)).await
    }

    /// Writes what nobody may ever see, and undoes it or drops it.
    async fn undo(&mut self, tx: Box<dyn Transaction>) -> Called<()> {
        let name = "undone";
        let customer = self.call(WITHIN, tx.customers().create(valid(NewCustomer::new(name)))).await?.id;
        self.call(WITHIN, tx.interactions().create(valid(contact(customer, name)))).await?;
        let seen = self.call(WITHIN, tx.customers().get(customer)).await?;
        self.check(seen.name == name, || format!("{seen:?} was made in this transaction"));
        if self.random.bool() { self.call(ROLLBACK, tx.rollback()).await } else { Ok(()) }
    }
}

fn contact(customer: CustomerId, name: &str) -> NewInteraction {
    NewInteraction { notes: Some(name.to_owned()), ..NewInteraction::new(customer, InteractionType::Note) }
}
