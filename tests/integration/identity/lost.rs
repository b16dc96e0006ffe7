//! Connections of acting calls that are lost on the way.

use crm_core::ErrorCode;
use crm_postgres::Crm;
use sqlx::{AssertSqlSafe, Connection as _};

use super::ground::{Ground, lead, leads, store};
use crate::sessions::wait_for;

/// Returns a handle with one connection, which knows the schema and the statements.
async fn warm(ground: &Ground) -> Crm {
    let crm =
        ground.database.builder().application_name("victim").max_connections(1).connect().await.unwrap();
    ground.check_serves(&crm).await;
    crm
}

/// Kills the connection of that handle and waits until it is gone.
async fn kill(ground: &Ground) {
    let kill = "select pg_terminate_backend(pid, 60000) from pg_stat_activity
                where datname = current_database() and application_name = 'victim'";
    ground.database.execute(kill).await;
}

/// Starts a call that has to wait for a table, kills its connection meanwhile and returns how it ends.
async fn lose_at<T: Send + 'static>(
    ground: &Ground,
    table: &'static str,
    call: impl Future<Output = T> + Send + 'static,
) -> T {
    let mut lock = ground.database.connection().await;
    let held = format!("begin; lock table {table} in access exclusive mode");
    sqlx::raw_sql(AssertSqlSafe(held)).execute(&mut lock).await.unwrap();
    let call = tokio::spawn(call);
    wait_for(&ground.database, "application_name = 'victim' and wait_event_type = 'Lock'", 1).await;
    kill(ground).await;
    lock.close().await.unwrap();
    call.await.unwrap()
}

#[tokio::test]
async fn a_read_whose_connection_is_lost_is_repeated_in_the_same_name() {
    let ground = Ground::new().await;
    let crm = warm(&ground).await;
    for &who in &ground.everybody {
        for table in ["crm.users", "crm.leads"].into_iter().skip(usize::from(who.is_none())) {
            let store = store(&crm, who);
            let found = lose_at(&ground, table, async move { leads(&*store).await }).await;
            ground.check_leads(who, &found);
        }
    }
    ground.check_serves(&crm).await;
}

#[tokio::test]
async fn a_write_whose_connection_is_lost_before_its_commit_is_known_not_to_be_done() {
    let ground = Ground::new().await;
    let crm = warm(&ground).await;
    for &who in &ground.everybody[1..] {
        let acting = store(&crm, who);
        let write = async move { acting.leads().create(lead(who, "lost")).await };
        let error = lose_at(&ground, "crm.leads", write).await.unwrap_err();
        assert_eq!((error.code(), error.outcome_unknown()), (ErrorCode::Unavailable, false));
        assert!(error.retryable());
    }
    assert!(leads(&crm).await.iter().all(|lead| lead.title != "lost"));
    ground.check_serves(&crm).await;
}

#[tokio::test]
async fn a_write_whose_connection_is_lost_before_its_statement_was_sent_is_done_on_another() {
    let ground = Ground::new().await;
    let crm = warm(&ground).await;
    for &who in &ground.everybody[1..] {
        let acting = store(&crm, who);
        let write = async move { acting.leads().create(lead(who, "done")).await };
        // The call has to look the actor up before it is the actor.
        let written = lose_at(&ground, "crm.users", write).await.unwrap();
        assert_eq!((written.created_by, written.updated_by), (who, who));
        kill(&ground).await;
        let written = store(&crm, who).leads().create(lead(who, "done")).await.unwrap();
        assert_eq!((written.created_by, written.updated_by), (who, who));
        kill(&ground).await;
        store(&crm, who).begin().await.unwrap().rollback().await.unwrap();
    }
    ground.check_serves(&crm).await;
}

#[tokio::test]
async fn a_write_whose_connection_is_lost_at_its_commit_says_that_its_outcome_is_unknown() {
    let ground = Ground::new().await;
    ground
        .database
        .execute(
            "create function public.wait() returns trigger language plpgsql as $$
             begin
               perform pg_advisory_xact_lock(1);
               return null;
             end $$;
             create constraint trigger wait after insert on crm.leads deferrable initially deferred
               for each row when (new.title = 'lost') execute function public.wait()",
        )
        .await;
    let crm = warm(&ground).await;
    let who = ground.everybody[1];
    let mut lock = ground.database.connection().await;
    sqlx::raw_sql("select pg_advisory_lock(1)").execute(&mut lock).await.unwrap();
    let acting = store(&crm, who);
    let write = tokio::spawn(async move { acting.leads().create(lead(who, "lost")).await.map(drop) });
    wait_for(&ground.database, "wait_event_type = 'Lock' and query = 'commit'", 1).await;
    kill(&ground).await;
    let error = write.await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.outcome_unknown()), (ErrorCode::Unavailable, true));
    assert!(!error.retryable());
    drop(lock);
    ground.check_serves(&crm).await;
}

#[tokio::test]
async fn a_transaction_whose_connection_is_lost_is_undone_and_finished() {
    let ground = Ground::new().await;
    let crm = warm(&ground).await;
    for &who in &ground.everybody {
        let tx = store(&crm, who).begin().await.unwrap();
        tx.leads().create(lead(who, "undone")).await.unwrap();
        kill(&ground).await;
        let error = tx.leads().create(lead(who, "undone")).await.unwrap_err();
        assert_eq!((error.code(), error.outcome_unknown()), (ErrorCode::Unavailable, false));
        assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Closed);
        assert!(leads(&*store(&crm, None)).await.iter().all(|lead| lead.title != "undone"));
    }
    ground.check_serves(&crm).await;
}
