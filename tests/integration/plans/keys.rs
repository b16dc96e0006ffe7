//! What goes by a key: reading, changing and deleting single rows, and what the foreign keys look up meanwhile.

use crm_core::*;
use crm_postgres::Tx;

use super::{Group, PAGE, Suite, data, judge};

pub(super) const GROUP: Group = Group {
    name: "key",
    operations: &[
        "crm.get",
        "crm.find",
        "crm.get_many",
        "crm.update",
        "crm.delete",
        "crm.customers.add_tags",
        "crm.customers.remove_tags",
        "crm.customers.overview",
        "crm.leads.move_to",
        "crm.tasks.start",
        "crm.tasks.complete",
        "crm.tasks.reopen",
        "crm.begin",
        "crm.rollback",
    ],
};

/// Is the row that is read, changed or deleted.
const ID: i64 = 60_000;

async fn read<E: Entity>(suite: &mut Suite, repository: &dyn Repository<E>, index: &'static str)
where
    E::Id: From<i64>,
{
    let name = |what: &str| format!("key: {what} of {}", E::KIND.plural());
    let some: Vec<E::Id> = (1..=100).map(|n| (n * 900).into()).collect();
    suite.case(&name("get"), &[index], 1, repository.get(ID.into())).await;
    suite.case(&name("find"), &[index], 1, repository.find(ID.into())).await;
    let found = suite.case(&name("get_many"), &[index], 100, repository.get_many(&some)).await;
    assert_eq!(found.len(), 100);
}

/// Runs a change and takes it back.
pub(super) async fn undone<T>(
    suite: &mut Suite,
    name: &str,
    indexes: &[&str],
    change: impl AsyncFnOnce(&Tx) -> Result<T>,
) {
    let crm = suite.capture.crm.clone();
    let call = async {
        let tx = crm.begin().await?;
        let changed = change(&tx).await;
        tx.rollback().await?;
        changed
    };
    suite.case(name, indexes, PAGE, Box::pin(call)).await;
}

#[tokio::test]
async fn what_goes_by_a_key_looks_at_no_other_row() {
    judge(&GROUP, &data::url().await, async |suite| {
        let crm = suite.capture.crm.clone();
        read::<User>(suite, crm.users(), "users_pkey").await;
        read::<Customer>(suite, crm.customers(), "customers_pkey").await;
        read::<Lead>(suite, crm.leads(), "leads_pkey").await;
        read::<Task>(suite, crm.tasks(), "tasks_pkey").await;
        read::<Interaction>(suite, crm.interactions(), "interactions_pkey").await;

        let email = UserPatch { email: "Other@crm.com".into(), ..UserPatch::default() };
        undone(suite, "key: update of a user", &["users_pkey"], async |tx| {
            tx.users().update(ID.into(), email.validate()?, None).await
        })
        .await;
        let phone = CustomerPatch { phone: "+1-555-0000".into(), ..CustomerPatch::default() };
        undone(suite, "key: update of a customer", &["customers_pkey"], async |tx| {
            tx.customers().update(ID.into(), phone.validate()?, Some(1)).await
        })
        .await;
        undone(suite, "key: add_tags", &["customers_pkey"], async |tx| {
            tx.customers().add_tags(ID.into(), Tags(vec!["new".to_owned()]).validate()?).await
        })
        .await;
        undone(suite, "key: remove_tags", &["customers_pkey"], async |tx| {
            tx.customers().remove_tags(ID.into(), Tags(vec!["seg0".to_owned()]).validate()?).await
        })
        .await;
        let worth = LeadPatch {
            value: rust_decimal::Decimal::ONE.into(),
            customer_id: CustomerId(1).into(),
            ..LeadPatch::default()
        };
        undone(suite, "key: update of a lead", &["leads_pkey", "customers_pkey"], async |tx| {
            tx.leads().update(ID.into(), worth.validate()?, None).await
        })
        .await;
        undone(suite, "key: move_to", &["leads_pkey"], async |tx| {
            tx.leads().move_to(ID.into(), Stage::Proposal).await
        })
        .await;
        undone(suite, "key: complete, reopen and start", &["tasks_pkey"], async |tx| {
            let (tasks, id) = (tx.tasks(), TaskId(ID + 100));
            tasks.complete(id).await?;
            tasks.reopen(id).await?;
            tasks.start(id).await?;
            // A second time it only looks.
            tasks.start(id).await
        })
        .await;
        let moved = TaskPatch {
            due_date: "2026-01-01".parse::<chrono::NaiveDate>().unwrap().into(),
            customer_id: CustomerId(1).into(),
            assigned_to: UserId(2).into(),
            ..TaskPatch::default()
        };
        undone(suite, "key: update of a task", &["tasks_pkey", "customers_pkey", "users_pkey"], async |tx| {
            tx.tasks().update(ID.into(), moved.validate()?, None).await
        })
        .await;
        let notes = InteractionPatch { notes: "Other".into(), ..InteractionPatch::default() };
        undone(suite, "key: update of an interaction", &["interactions_pkey"], async |tx| {
            tx.interactions().update(ID.into(), notes.validate()?, None).await
        })
        .await;

        let cascade = [
            "customers_pkey",
            "idx_leads_customer_id",
            "idx_tasks_customer_id",
            "idx_interactions_customer_id",
        ];
        undone(suite, "key: delete of a customer", &cascade, async |tx| {
            tx.customers().delete(ID.into()).await
        })
        .await;
        undone(suite, "key: delete of a lead", &["leads_pkey"], async |tx| {
            tx.leads().delete(ID.into()).await
        })
        .await;
        undone(suite, "key: delete of a task", &["tasks_pkey"], async |tx| {
            tx.tasks().delete(ID.into()).await
        })
        .await;
        undone(suite, "key: delete of an interaction", &["interactions_pkey"], async |tx| {
            tx.interactions().delete(ID.into()).await
        })
        .await;
        let created_by = [
            "idx_customers_created_by",
            "idx_leads_created_by",
            "idx_tasks_created_by",
            "idx_interactions_created_by",
        ];
        undone(suite, "key: delete of a user", &created_by, async |tx| tx.users().delete(UserId(7)).await)
            .await;

        let overview = crm.customers().overview(ID.into(), 10);
        suite.case("key: overview", &cascade, PAGE, overview).await;
    })
    .await;
}
