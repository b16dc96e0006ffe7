//! What becomes of a transaction whose actor changes meanwhile.

use crm_core::{
    Customer, CustomerFilter, Lead, LeadFilter, NewCustomer, NewLead, Password, Repositories, Role,
    Transaction, TrustedStore, User, UserPatch,
};

use super::access::{Audit, with_role};
use super::tools::*;

const DENIED: &str = "permission_denied";

fn password() -> Password {
    Password::new("correct horse")
}

fn of_role(role: Role) -> UserPatch {
    UserPatch { role: role.into(), ..UserPatch::default() }
}

async fn assert_finished(tx: Box<dyn Transaction>) {
    assert_eq!(code(tx.leads().count(&LeadFilter::default()).await), "closed");
    assert_eq!(code(tx.commit().await), "closed");
}

pub(super) async fn a_transaction_keeps_the_role_of_its_beginning(crm: &dyn TrustedStore) {
    for inside in [false, true] {
        let admin = with_role(crm, Role::Admin).await;
        let (acme, other) = (customer(crm, "Acme").await.id, customer(crm, "Other").await.id);
        let acting = crm.acting_as(admin);
        let tx = acting.begin().await.unwrap();
        let change: &dyn Repositories = if inside { &*tx } else { crm };
        update::<User>(change, admin, of_role(Role::User)).await;
        tx.customers().delete(acme).await.unwrap();
        if inside {
            tx.users().change_password(admin, password(), valid(password())).await.unwrap();
        }
        tx.customers().delete(other).await.unwrap();
        tx.commit().await.unwrap();
        let left = customer(crm, "Left").await.id;
        assert_eq!(code(acting.customers().delete(left).await), DENIED);
    }
}

pub(super) async fn whoever_is_retired_in_the_middle_of_a_transaction_ends_it(crm: &dyn TrustedStore) {
    for inside in [false, true] {
        let admin = with_role(crm, Role::Admin).await;
        let acting = crm.acting_as(admin);
        let tx = acting.begin().await.unwrap();
        let before = Customer::any(&*tx).await;
        let retire: &dyn Repositories = if inside { &*tx } else { crm };
        retire.users().deactivate(admin).await.unwrap();
        let after = Customer::any(&*tx).await;
        let lead = create::<Lead>(&*tx, NewLead { customer_id: Some(before.id), ..NewLead::new("A") }).await;
        assert_eq!(lead.audit(), (Some(admin), Some(admin)));
        tx.commit().await.unwrap();
        assert_eq!(crm.customers().get_many(&[before.id, after.id]).await.unwrap(), [before, after]);
        assert_eq!(code(acting.leads().get(lead.id).await), DENIED);

        let admin = with_role(crm, Role::Admin).await;
        let tx = crm.acting_as(admin).begin().await.unwrap();
        let retire: &dyn Repositories = if inside { &*tx } else { crm };
        retire.users().deactivate(admin).await.unwrap();
        assert_eq!(code(tx.users().change_password(admin, password(), valid(password())).await), DENIED);
        tx.commit().await.unwrap();
    }
}

pub(super) async fn whoever_is_deleted_in_the_middle_of_a_transaction_writes_no_more(crm: &dyn TrustedStore) {
    for inside in [false, true] {
        for write in 0..3 {
            let admin = with_role(crm, Role::Admin).await;
            let lead = Lead::any(crm).await.id;
            let tx = crm.acting_as(admin).begin().await.unwrap();
            let delete: &dyn Repositories = if inside { &*tx } else { crm };
            delete.users().delete(admin).await.unwrap();
            assert!(tx.leads().count(&LeadFilter::default()).await.unwrap() > 0, "reading goes on");
            let new = valid(NewCustomer::new("A"));
            let refused = match write {
                0 => tx.customers().create(new).await.map(drop),
                1 => tx.customers().create_many(vec![new]).await.map(drop),
                _ => tx.leads().update(lead, valid(Lead::change()), None).await.map(drop),
            };
            assert_eq!(code(refused), DENIED, "{write}, inside: {inside}");
            assert_finished(tx).await;
        }
    }
    assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 0);
}
