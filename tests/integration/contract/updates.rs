//! Changing a row at the same time as somebody else.

use crm_core::Store;

use super::tools::*;

pub(super) async fn of_two_updates_of_one_version_one_is_refused(crm: &dyn Store) {
    async fn case<E: Kind>(crm: &dyn Store) {
        let id = E::any(crm).await.id();
        let (one, other) = tokio::join!(
            E::of(crm).update(id, valid(E::change()), Some(1)),
            E::of(crm).update(id, valid(E::change()), Some(1)),
        );
        let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
        assert_stale(lost, &won.unwrap());
    }
    each_entity!(case(crm));
}
