//! What the trusted system changes was changed by nobody, and what another left on a connection is not the library's.

use crm_core::{CustomerFilter, CustomerPatch, ErrorCode, NewCustomer, Patch, Repositories as _, UserId};
use crm_postgres::Crm;
use crm_tests::Database;
use sqlx::postgres::{PgPool, PgPoolOptions};

use super::state::{ADMIN, USER, reset};
use crate::schema::catalogue::texts;
use crate::seed::valid;

#[tokio::test]
async fn what_the_trusted_system_changes_was_changed_by_nobody_whatever_the_statement_says() {
    for table in ["customers", "leads", "tasks"] {
        let db = Database::fresh().await;
        db.execute(&reset()).await;
        let editors =
            format!("select coalesce(updated_by::text, 'nobody') from crm.{table} where id = {USER}");
        assert_eq!(texts(&db, &editors).await, ["3"]);
        for given in ["1", "1", "2", "null", "updated_by"] {
            db.execute(&format!("update crm.{table} set updated_by = {given} where id = {USER}")).await;
            assert_eq!(texts(&db, &editors).await, ["nobody"], "{table} {given}");
        }
        // A user's change is the user's, and the trusted system's next one nobody's again, also where it changes nothing.
        for (actor, changed) in [(ADMIN, "created_by = created_by"), (USER, "updated_by = updated_by")] {
            let own = if table == "customers" { "notes = notes" } else { "description = description" };
            db.execute(&format!(
                "begin; call crm.act_as({actor}); update crm.{table} set {own} where id = {USER}; commit"
            ))
            .await;
            assert_eq!(texts(&db, &editors).await, [actor.to_string()]);
            db.execute(&format!("update crm.{table} set {changed} where id = {USER}")).await;
            assert_eq!(texts(&db, &editors).await, ["nobody"], "{table} {changed}");
        }
    }
}

#[tokio::test]
async fn a_trusted_handle_leaves_no_editor() {
    let db = Database::fresh().await;
    db.execute(&reset()).await;
    let acting = db.crm.acting_as(UserId(USER));
    let id = acting.customers().create(valid(NewCustomer::new("Acme"))).await.unwrap().id;
    for _ in 0..2 {
        let patch = || CustomerPatch { name: Patch::Set("Other".to_owned()), ..CustomerPatch::default() };
        assert_eq!(
            acting.customers().update(id, valid(patch()), None).await.unwrap().updated_by,
            Some(UserId(USER))
        );
        assert_eq!(db.crm.customers().update(id, valid(patch()), None).await.unwrap().updated_by, None);
        assert_eq!(db.crm.customers().update(id, valid(patch()), None).await.unwrap().updated_by, None);
    }
}

/// Leaves the pool's only connection in a transaction that has failed.
async fn spoil(pool: &PgPool) {
    let mut connection = pool.acquire().await.unwrap();
    sqlx::raw_sql("begin; select 1 / 0").execute(&mut *connection).await.unwrap_err();
    let error = sqlx::raw_sql("select").execute(&mut *connection).await.unwrap_err();
    assert_eq!(super::attempt::sqlstate(&error), "25P02");
}

#[tokio::test]
async fn a_connection_left_in_a_failed_transaction_fails_one_call_at_most() {
    let db = Database::fresh().await;
    db.execute(&reset()).await;
    let pool = PgPoolOptions::new().max_connections(1).connect(&db.url).await.unwrap();
    let crm = Crm::from_pool(pool.clone());
    let acting = crm.acting_as(UserId(ADMIN));
    let filter = CustomerFilter::default();
    // The first round is the handle's first call, which asks for the schema.
    for _ in 0..3 {
        for way in 0..5 {
            spoil(&pool).await;
            let mut failures = 0;
            for _ in 0..3 {
                let result = match way {
                    0 => crm.customers().count(&filter).await.map(drop),
                    1 => acting.customers().count(&filter).await.map(drop),
                    2 => match crm.begin().await {
                        Ok(tx) => tx.commit().await,
                        Err(error) => Err(error),
                    },
                    3 => crm.customers().create(valid(NewCustomer::new("Acme"))).await.map(drop),
                    _ => acting.customers().create(valid(NewCustomer::new("Acme"))).await.map(drop),
                };
                if let Err(error) = result {
                    assert_eq!(error.code(), ErrorCode::Unavailable, "{way}: {error}");
                    assert!(error.retryable() && !error.outcome_unknown(), "{way}: {error}");
                    failures += 1;
                }
            }
            assert!(failures <= 1, "{way}: {failures} calls failed");
        }
    }
}
