//! Acting as a user whose role changes meanwhile.

use crm_core::{
    Customer, CustomerFilter, Lead, NewUser, Order, Password, Repositories, Role, Task, TrustedStore, User,
    UserId, UserPatch,
};
use futures_util::TryStreamExt;

use super::tools::*;

pub(super) async fn with_role(crm: &dyn Repositories, role: Role) -> UserId {
    let new = NewUser { role, ..NewUser::new("Ann", fresh_email(), Password::new("correct horse")) };
    create::<User>(crm, new).await.id
}

/// Returns who made a row and who changed it last.
pub(super) trait Audit {
    fn audit(&self) -> (Option<UserId>, Option<UserId>);
}

macro_rules! audited {
    ($($entity:ident),+) => {$(
        impl Audit for $entity {
            fn audit(&self) -> (Option<UserId>, Option<UserId>) {
                (self.created_by, self.updated_by)
            }
        }
    )+};
}

audited!(Customer, Lead, Task);

pub(super) async fn a_handle_has_the_rights_that_the_role_has_at_each_operation(crm: &dyn TrustedStore) {
    let ann = with_role(crm, Role::User).await;
    let acting = crm.acting_as(ann);
    let become_ = async |role: Role| {
        update::<User>(crm, ann, UserPatch { role: role.into(), ..UserPatch::default() }).await;
    };
    for _ in 0..2 {
        let acme = customer(crm, "Acme").await.id;
        assert_eq!(code(acting.customers().delete(acme).await), "permission_denied");
        become_(Role::Admin).await;
        acting.customers().delete(acme).await.unwrap();
        become_(Role::User).await;
    }
    let acme = customer(crm, "Acme").await;
    let mut stream = acting.customers().stream(CustomerFilter::default(), Order::default());
    crm.users().deactivate(ann).await.unwrap();
    assert_eq!(code(stream.try_next().await), "permission_denied");
    drop(stream);
    crm.users().reactivate(ann).await.unwrap();
    let stream = acting.customers().stream(CustomerFilter::default(), Order::default());
    assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap(), [acme]);
}
