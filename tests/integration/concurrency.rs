//! Many at once on the same rows, and many rows at once.

use crm_core::{
    CustomerFilter, CustomerId, CustomerPatch, Error, ErrorCode, LeadFilter, NewCustomer, NewLead, NewUser,
    PasswordHash, Patch, Repositories, Tags, UserFilter, Valid, Validate,
};
use crm_tests::Database;
use futures_util::future;

use crate::sessions::wait_for;

fn hash() -> PasswordHash {
    PasswordHash::new(format!("$2b$10${}", ".".repeat(53)))
}

#[tokio::test]
async fn of_two_updates_of_one_version_one_wins_and_the_other_learns_the_version() {
    let database = Database::fresh().await;
    let crm = &database.crm;
    let mut version = 1;
    let id = crm.customers().create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap().id;
    for _ in 0..20 {
        let update = |name: &str| {
            let patch = CustomerPatch { name: name.into(), ..Default::default() }.validate().unwrap();
            crm.customers().update(id, patch, Some(version))
        };
        let (one, two) = tokio::join!(update("one"), update("two"));
        let (won, lost) = match (one, two) {
            (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
            both => panic!("exactly one wins: {both:?}"),
        };
        assert_eq!(lost.code(), ErrorCode::Conflict);
        assert!(
            matches!(lost, Error::StaleVersion { current_version, .. } if current_version == won.version)
        );
        version = won.version;
    }
}

#[tokio::test]
async fn tags_added_and_removed_at_once_are_all_applied() {
    let database = Database::fresh().await;
    let crm = &database.crm;
    let had = (0..20).map(|n| format!("old {n}")).collect();
    let customer = NewCustomer { tags: had, ..NewCustomer::new("Acme") };
    let id = crm.customers().create(customer.validate().unwrap()).await.unwrap().id;
    let tag = |text: String| Tags(vec![text]).validate().unwrap();
    let calls = (0..40).map(|n| async move {
        match n % 2 {
            0 => crm.customers().add_tags(id, tag(format!("new {}", n / 2))).await,
            _ => crm.customers().remove_tags(id, tag(format!("OLD {}", n / 2))).await,
        }
    });
    for result in future::join_all(calls).await {
        result.unwrap();
    }
    let customer = crm.customers().get(id).await.unwrap();
    let mut tags = customer.tags;
    tags.sort();
    let mut expected: Vec<_> = (0..20).map(|n| format!("new {n}")).collect();
    expected.sort();
    assert_eq!(tags, expected);
    assert_eq!(customer.version, 41);
}

#[tokio::test]
async fn a_change_of_tags_is_decided_by_the_tags_that_it_waited_for() {
    let database = Database::fresh().await;
    let crm = &database.crm;
    let tags = |texts: &[&str]| Tags(texts.iter().map(|&text| text.to_owned()).collect()).validate().unwrap();
    // What a transaction that is not committed yet removes, another one adds, and the other way round.
    for (had, added) in [(&["a", "b"][..], true), (&["a"], false)] {
        let had = had.iter().map(|&tag| tag.to_owned()).collect();
        let customer = NewCustomer { tags: had, ..NewCustomer::new("Acme") };
        let id = crm.customers().create(customer.validate().unwrap()).await.unwrap().id;
        let tx = crm.begin().await.unwrap();
        let (customers, b) = (tx.customers(), tags(&["b"]));
        let first = if added { customers.remove_tags(id, b).await } else { customers.add_tags(id, b).await };
        first.unwrap();
        let second = async {
            let (customers, b) = (crm.customers(), tags(&["b"]));
            if added { customers.add_tags(id, b).await } else { customers.remove_tags(id, b).await }
        };
        let commit = async {
            wait_for(&database, "wait_event_type = 'Lock'", 1).await;
            tx.commit().await
        };
        let (second, committed) = tokio::join!(second, commit);
        committed.unwrap();
        let expected: &[&str] = if added { &["a", "b"] } else { &["a"] };
        assert_eq!(second.unwrap().tags, expected);
        assert_eq!(crm.customers().get(id).await.unwrap().tags, expected);
    }
}

#[tokio::test]
async fn a_hundred_thousand_rows_go_in_whole_and_their_ids_come_back_in_order() {
    let database = Database::fresh().await;
    let crm = &database.crm;
    let new = (0..100_000)
        .map(|n| NewCustomer { tags: vec![format!("t{n}")], ..NewCustomer::new(format!("c{n}")) });
    let ids = crm.customers().create_many(Valid::all(new).unwrap()).await.unwrap();
    assert_eq!(ids.len(), 100_000);
    let sample: Vec<CustomerId> = ids.iter().copied().step_by(999).collect();
    let found = crm.customers().get_many(&sample).await.unwrap();
    for (n, customer) in (0..100_000).step_by(999).zip(found) {
        assert_eq!((customer.name, customer.tags), (format!("c{n}"), vec![format!("t{n}")]));
    }
    assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 100_000);
}

#[tokio::test]
async fn a_hundred_thousand_rows_with_one_bad_reference_leave_nothing_and_name_the_row() {
    let database = Database::fresh().await;
    let crm = &database.crm;
    let id = crm.customers().create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap().id;
    let new = (0..100_000).map(|n| {
        let customer = if n == 77_777 { CustomerId(id.0 + 1_000_000) } else { id };
        NewLead { customer_id: Some(customer), ..NewLead::new(format!("lead {n}")) }
    });
    let error = crm.leads().create_many(Valid::all(new).unwrap()).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::MissingReference);
    assert_eq!(error.field(), Some("[77777].customer_id"));
    assert_eq!(crm.leads().count(&LeadFilter::default()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_batch_with_a_bad_row_is_refused_before_the_server_sees_it() {
    let new = (0..100_000).map(|n| NewCustomer::new(if n == 50 { String::new() } else { format!("c{n}") }));
    let error = Valid::all(new).unwrap_err();
    assert_eq!(error.violations().len(), 1);
    assert_eq!(error.violations()[0].field, "[50].name");
    let error = Valid::all((0..100_000).map(|_| NewCustomer::default())).unwrap_err();
    assert_eq!(error.violations().len(), 1_000);
}

#[tokio::test]
async fn a_refused_batch_in_a_transaction_names_the_row_although_others_are_not_committed() {
    let database = Database::fresh().await;
    let crm = &database.crm;
    let tx = crm.begin().await.unwrap();
    let id = tx.customers().create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap().id;
    let leads = [Some(id), None, Some(CustomerId(id.0 + 1)), Some(id)];
    let leads = leads.map(|customer_id| NewLead { customer_id, ..NewLead::new("lead") });
    let error = tx.leads().create_many(Valid::all(leads).unwrap()).await.unwrap_err();
    assert_eq!(error.field(), Some("[2].customer_id"));
    assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_taken_email_in_a_batch_names_the_row() {
    let database = Database::fresh().await;
    let crm = &database.crm;
    let user = |email: &str| NewUser::new("Ann", email, hash());
    crm.users().create(user("ann@example.com").validate().unwrap()).await.unwrap();
    for (emails, field) in [
        (["bob@example.com", "ANN@example.com", "cid@example.com"], "[1].email"),
        (["bob@example.com", "cid@example.com", "Bob@Example.com"], "[2].email"),
    ] {
        let error = crm.users().create_many(Valid::all(emails.map(user)).unwrap()).await.unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::Conflict, Some(field)));
    }
    assert_eq!(crm.users().count(&UserFilter::default()).await.unwrap(), 1);
}

#[tokio::test]
async fn an_update_that_waited_for_a_delete_finds_nothing() {
    let database = Database::fresh().await;
    let crm = &database.crm;
    let id = crm.customers().create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap().id;
    let tx = crm.begin().await.unwrap();
    tx.customers().delete(id).await.unwrap();
    let patch = CustomerPatch { phone: Patch::Set("555 0123".into()), ..Default::default() };
    let update = crm.customers().update(id, patch.validate().unwrap(), None);
    let (update, commit) = tokio::join!(update, tx.commit());
    commit.unwrap();
    assert_eq!(update.unwrap_err().code(), ErrorCode::NotFound);
}
