//! Tags that several change at once.

use crm_core::{Customer, NewCustomer, Store};

use super::tools::*;

async fn tagged(crm: &dyn Store, tags: &[&str]) -> Customer {
    create(crm, NewCustomer { tags: texts(tags), ..NewCustomer::new("Acme") }).await
}

pub(super) async fn tags_added_and_removed_at_the_same_time_are_all_kept(crm: &dyn Store) {
    let id = tagged(crm, &["old", "stays"]).await.id;
    let customers = crm.customers();
    let (a, b, c, d) = tokio::join!(
        customers.add_tags(id, tags(&["a"])),
        customers.add_tags(id, tags(&["b"])),
        customers.remove_tags(id, tags(&["old"])),
        customers.add_tags(id, tags(&["c"])),
    );
    for result in [a, b, c, d] {
        result.unwrap();
    }
    let mut found = get::<Customer>(crm, id).await;
    found.tags.sort();
    assert_eq!((found.tags, found.version), (texts(&["a", "b", "c", "stays"]), 5));
}
