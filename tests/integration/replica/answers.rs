//! What the replica answers, and what it does not.

use crm_core::{
    CustomerFilter, CustomerId, ErrorCode, List, NewUser, Password, Repositories as _, UserId, Validate as _,
};
use crm_postgres::Crm;
use crm_tests::Database;

use super::{Pair, add, known, leads, one, wait_for};

#[tokio::test]
async fn reports_and_exports_are_the_replicas_and_all_else_is_the_primarys() {
    let pair = Pair::start(&[]).await;
    let crm = pair.builder().connect().await.unwrap();
    let user = NewUser::new("Ann", "ann@example.com", Password::new("correct horse"));
    let ann = crm.users().create(user.validate().unwrap()).await.unwrap().id;
    pair.pause().await;
    add(&crm).await;
    for actor in [None, Some(ann)] {
        assert_eq!(known(&crm, actor).await, 1, "the replica has not heard of the second ones");
    }
    let all = CustomerFilter::default();
    assert_eq!(crm.customers().count(&all).await.unwrap(), 2);
    assert_eq!(crm.customers().list(&List::new()).await.unwrap().items.len(), 2);
    crm.customers().overview(CustomerId(2), 1).await.unwrap();
    for tx in [crm.begin().await.unwrap(), crm.acting_as(ann).begin().await.unwrap()] {
        assert_eq!(leads(&tx).await.unwrap(), 2, "a transaction is the primary's");
        tx.commit().await.unwrap();
    }
    pair.resume().await;
    for actor in [None, Some(ann)] {
        assert_eq!(known(&crm, actor).await, 2);
    }
}

#[tokio::test]
async fn a_user_of_whom_the_replica_has_not_heard_is_looked_up_at_the_primary() {
    let pair = Pair::start(&[]).await;
    let crm = pair.builder().connect().await.unwrap();
    pair.pause().await;
    let user = NewUser::new("Ann", "ann@example.com", Password::new("correct horse"));
    let ann = crm.users().create(user.validate().unwrap()).await.unwrap().id;
    add(&crm).await;
    assert_eq!(known(&crm, Some(ann)).await, 2, "the primary answers");
    let refused = leads(&crm.acting_as(UserId(ann.0 + 1))).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::PermissionDenied);
    assert_eq!(known(&crm, None).await, 1, "the replica is not given up for it");
}

#[tokio::test]
async fn closing_closes_the_connections_to_both() {
    let pair = Pair::start(&[]).await;
    let crm = pair.builder().application_name("closing").connect().await.unwrap();
    assert_eq!(leads(&crm).await.unwrap(), 1);
    let there = "select count(*) = 1 from pg_stat_activity where application_name = 'closing'";
    assert!(one::<bool>(&pair.primary, there).await && one::<bool>(&pair.replica, there).await);
    crm.close().await;
    let gone = "select count(*) = 0 from pg_stat_activity where application_name = 'closing'";
    wait_for(&pair.primary, gone).await;
    wait_for(&pair.replica, gone).await;
    assert_eq!(leads(&crm).await.unwrap_err().code(), ErrorCode::Closed);
}

#[tokio::test]
async fn a_replica_behind_a_migration_leaves_the_answer_to_the_primary() {
    let (database, behind) = (Database::fresh().await, Database::bare().await);
    add(&database.crm).await;
    let crm = database.builder().replica(&*behind.url).connect().await.unwrap();
    assert_eq!(known(&crm, None).await, 1);
}

#[tokio::test]
async fn a_replica_may_be_behind_a_pooler_and_its_statements_without_names() {
    let pair = Pair::start(&[]).await;
    let crm = pair.builder().prepared_statements(false).connect().await.unwrap();
    pair.pause().await;
    add(&crm).await;
    assert_eq!(known(&crm, None).await, 1);
}

#[tokio::test]
async fn a_replica_url_that_cannot_be_used_is_refused() {
    let database = Database::fresh().await;
    let cases = [
        (database.builder().replica("postgres://h1,h2/d?port=1,2,3"), "replica"),
        (database.builder().max_staleness(std::time::Duration::ZERO), "max_staleness"),
    ];
    for (builder, field) in cases {
        let error = builder.connect().await.unwrap_err();
        assert_eq!(error.violations()[0].field, field);
    }
    let shown = format!("{:?}", Crm::builder("postgres://h/d").replica("postgres://u:s3cret@h1:1,h2:2/d"));
    assert!(shown.contains("h1:1,h2:2") && !shown.contains("s3cret"), "{shown}");
}
