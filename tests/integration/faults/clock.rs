//! A server whose clock steps: rows of before the step are then of the future. Nothing the library decides hangs on the time of day.

use crm_core::{
    Customer, CustomerFilter, CustomerOrderBy, CustomerPatch, List, NewCustomer, Order, Page, Patch,
    Repositories as _, Validate as _,
};
use crm_postgres::Crm;
use crm_tests::Database;
use futures_util::TryStreamExt as _;

/// Makes every row look as if the clock had been an hour ahead when it was written.
const STEP_BACK: &str = "
    set session_replication_role = replica;
    update crm.customers set created_at = created_at + interval '1 hour', updated_at = updated_at + interval '1 hour'";

async fn pages(crm: &Crm, order: Order<CustomerOrderBy>) -> Vec<Customer> {
    let mut list = List::new().order(order).limit(3);
    let mut all = Vec::new();
    loop {
        let Page { items, next_cursor } = crm.customers().list(&list).await.unwrap();
        all.extend(items);
        let Some(cursor) = next_cursor else { return all };
        list = list.after(cursor);
    }
}

#[tokio::test]
async fn after_a_step_back_versions_go_on_no_update_is_lost_and_lists_have_every_row_once() {
    let database = Database::fresh().await;
    let crm = &database.crm;
    let new = |name: &str| NewCustomer::new(name).validate().unwrap();
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(crm.customers().create(new(&format!("before {n}"))).await.unwrap().id);
    }
    database.execute(STEP_BACK).await;
    let old = crm.customers().get(ids[2]).await.unwrap();
    for n in 0..5 {
        ids.push(crm.customers().create(new(&format!("after {n}"))).await.unwrap().id);
    }
    let patch = || CustomerPatch { name: Patch::Set("changed".to_owned()), ..CustomerPatch::default() };
    let changed =
        crm.customers().update(old.id, patch().validate().unwrap(), Some(old.version)).await.unwrap();
    assert_eq!(changed.version, old.version + 1);
    assert!(changed.updated_at < old.updated_at, "the row's moment is the server's present one");
    // Who read before is told, although the row looks older than what was read.
    let stale =
        crm.customers().update(old.id, patch().validate().unwrap(), Some(old.version)).await.unwrap_err();
    assert!(matches!(stale, crm_core::Error::StaleVersion { current_version: 2, .. }), "{stale}");
    for by in [CustomerOrderBy::Id, CustomerOrderBy::CreatedAt, CustomerOrderBy::UpdatedAt] {
        for order in [Order::ascending(by), Order::descending(by)] {
            let mut paged: Vec<_> = pages(crm, order).await.into_iter().map(|row| row.id).collect();
            let streamed = crm.customers().stream(CustomerFilter::default(), order);
            let streamed: Vec<_> = streamed.map_ok(|row| row.id).try_collect().await.unwrap();
            assert_eq!(paged, streamed);
            paged.sort();
            assert_eq!(paged, ids);
        }
    }
}
