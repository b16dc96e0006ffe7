//! Creating and reading a row: what the cases of `tests/contract` cannot say of moments, ids and all five entities.

use chrono::{DurationRound, TimeDelta, Utc};
use crm_core::{Interaction, InteractionType, NewInteraction, Store, User};

use super::tools::*;

pub(super) async fn moments_are_now_in_whole_milliseconds(crm: &dyn Store) {
    let acme = customer(crm, "Acme").await;
    let note: Interaction = create(crm, NewInteraction::new(acme.id, InteractionType::Note)).await;
    let retired = crm.users().deactivate(User::any(crm).await.id).await.unwrap();
    let moments =
        [acme.created_at, acme.updated_at, note.date, note.created_at, retired.deactivated_at.unwrap()];
    for moment in moments {
        assert_eq!(moment, moment.duration_trunc(TimeDelta::milliseconds(1)).unwrap());
        assert!((moment - Utc::now()).abs() < TimeDelta::minutes(10), "{moment}");
    }
}

pub(super) async fn every_call_on_no_row_says_not_found(crm: &dyn Store) {
    async fn case<E: Kind>(crm: &dyn Store) {
        let gone = E::any(crm).await.id();
        E::of(crm).delete(gone).await.unwrap();
        for id in [gone, 0.into(), (-1).into(), i64::MAX.into(), i64::MIN.into()] {
            assert_not_found::<E, _>(E::of(crm).get(id).await, id);
            assert_eq!(E::of(crm).find(id).await.unwrap(), None);
            assert_not_found::<E, _>(E::of(crm).update(id, valid(E::change()), None).await, id);
            assert_not_found::<E, _>(E::of(crm).update(id, valid(E::change()), Some(1)).await, id);
            assert_not_found::<E, _>(E::of(crm).update(id, valid(E::Patch::default()), None).await, id);
            assert_not_found::<E, _>(E::of(crm).delete(id).await, id);
        }
    }
    each_entity!(case(crm));
}

pub(super) async fn an_id_is_never_handed_out_twice(crm: &dyn Store) {
    async fn case<E: Kind>(crm: &dyn Store) {
        let first = E::any(crm).await.id();
        let second = E::any(crm).await.id();
        assert!(first < second);
        E::of(crm).delete(second).await.unwrap();
        let tx = crm.begin().await.unwrap();
        let undone = E::any(&*tx).await.id();
        tx.rollback().await.unwrap();
        assert!(undone > second);
        assert!(E::any(crm).await.id() > undone);
    }
    each_entity!(case(crm));
}
