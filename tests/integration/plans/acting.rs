//! The same in the name of a user: looking the user up, and what row security adds to a statement.

use crm_core::*;
use crm_postgres::Tx;
use futures_util::TryStreamExt as _;

use super::whole::Sink;
use super::{Group, PAGE, Suite, data, filters, is_excepted, judge, writes};
use crate::seed::valid;

pub(super) const GROUP: Group = Group { name: "actor", operations: &[] };
pub(super) const WRITES: Group = Group { name: "actor's write", operations: &[] };

/// Is an ordinary user, and the customer whose phone the user writes down.
const USER: UserId = UserId(60_000);
const WRITTEN: CustomerId = CustomerId(123);

/// Is an administrator.
const ADMIN: UserId = UserId(7);

/// Runs a change in an actor's name and takes it back.
async fn undone<T>(
    suite: &mut Suite,
    (actor, name): (UserId, &str),
    indexes: &[&str],
    change: impl AsyncFnOnce(&Tx) -> Result<T>,
) {
    let crm = suite.capture.crm.acting_as(actor);
    let call = async {
        let tx = crm.begin().await?;
        let changed = change(&tx).await;
        tx.rollback().await?;
        changed
    };
    let indexes = [indexes, &["users_pkey"]].concat();
    suite.case(&format!("actor's write: {name}"), &indexes, writes::MANY, Box::pin(call)).await;
}

/// Takes the first page with each filter, as anybody may.
async fn filtered<E: Stored>(suite: &mut Suite, cases: Vec<filters::Case<E>>) {
    let crm = suite.capture.crm.acting_as(USER);
    let plural = E::KIND.plural();
    let indexed = cases.into_iter().filter(|case| !is_excepted(&format!("filter: {plural} {}", case.name)));
    for filters::Case { name, filter, indexes, budget, .. } in indexed {
        let name = format!("actor: list of {plural} {name}");
        let list = List::<E>::new().filter(filter);
        suite.case(&name, indexes, budget, E::repository(&crm).list(&list)).await;
    }
}

#[tokio::test]
async fn an_actor_is_looked_up_by_key_and_reads_no_more_than_the_trusted_system() {
    judge(&GROUP, &data::url().await, async |suite| {
        filtered(suite, filters::users()).await;
        filtered(suite, filters::customers()).await;
        filtered(suite, filters::leads()).await;
        filtered(suite, filters::tasks()).await;
        filtered(suite, filters::interactions()).await;

        let trusted = suite.capture.crm.clone();
        let crm = trusted.acting_as(USER);
        suite.case("actor: get", &["users_pkey", "leads_pkey"], 1, crm.leads().get(LeadId(7))).await;
        let none = crm.leads().create_many(Vec::new());
        suite.case("actor: nothing at all", &["users_pkey"], 1, none).await;
        let overview = crm.customers().overview(CustomerId(60_000), 10);
        suite.case("actor: overview", &["users_pkey", "idx_leads_customer_id"], PAGE, overview).await;
        let of = LeadFilter { customer_id: Some(vec![CustomerId(7)]), ..LeadFilter::default() };
        let streamed = crm.leads().stream(of.clone(), List::<Lead>::new().order).try_collect::<Vec<_>>();
        suite.case("actor: stream", &["users_pkey"], PAGE, streamed).await;
        let export = crm_postgres::Export::Leads(of, None);
        let mut sink = Sink(0);
        suite.case("actor: export", &["users_pkey"], PAGE, Box::pin(crm.export(&export, &mut sink))).await;

        let phone = CustomerPatch { phone: "+1-555-0000".into(), ..CustomerPatch::default() };
        let update = crm.customers().update(WRITTEN, valid(phone), None);
        suite.case("actor: update", &["users_pkey", "customers_pkey"], 1, update).await;
        let refused = async { Ok(crm.leads().delete(LeadId(60_000)).await.unwrap_err()) };
        let refused = suite.case("actor: delete, refused", &["users_pkey", "leads_pkey"], 1, refused).await;
        assert_eq!(refused.code(), ErrorCode::PermissionDenied);

        trusted.users().set_password(USER, valid(Password::new("correct horse"))).await.unwrap();
        let (current, new) = (Password::new("correct horse"), valid(Password::new("battery staple")));
        let change = crm.users().change_password(USER, current, new);
        suite.case("actor: change_password", &["users_pkey"], PAGE, change).await;
    })
    .await;
}

#[tokio::test]
async fn an_actor_writes_by_keys() {
    judge(&WRITES, &data::url().await, async |suite| {
        let many = || 0..writes::MANY;
        undone(suite, (USER, "create_many"), &["customers_pkey"], async |tx| {
            let leads = many().map(|n| valid(NewLead { created_by: None, ..writes::lead(n) }));
            tx.leads().create_many(leads.collect()).await?;
            let interactions =
                many().map(|n| valid(NewInteraction { created_by: None, ..writes::interaction(n) }));
            tx.interactions().create_many(interactions.collect()).await
        })
        .await;
        undone(suite, (USER, "own rows"), &["interactions_pkey", "leads_pkey"], async |tx| {
            let new = NewInteraction { created_by: None, ..writes::interaction(7) };
            let own = tx.interactions().create(valid(new)).await?;
            let notes = InteractionPatch { notes: "Other".into(), ..InteractionPatch::default() };
            tx.interactions().update(own.id, valid(notes), None).await?;
            tx.interactions().delete(own.id).await?;
            let own = tx.leads().create(valid(NewLead::new("New"))).await?;
            tx.leads().delete(own.id).await
        })
        .await;
        undone(suite, (ADMIN, "users"), &[], async |tx| {
            let new = NewUser::new("New", "new@crm.com", Password::new("correct horse"));
            let user = tx.users().create(valid(new)).await?;
            tx.users().set_password(user.id, valid(Password::new("battery staple"))).await?;
            tx.users().deactivate(user.id).await
        })
        .await;
    })
    .await;
}
