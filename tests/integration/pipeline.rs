//! The totals behind the pipeline report are at each moment what a look at the leads gives, whoever changes them and however.

use crm_core::{
    Customer, Error, Lead, NewCustomer, NewLead, PipelineStage, Repositories as _, Stage, Validate as _,
};
use crm_postgres::Crm;
use crm_tests::Database;
use rust_decimal::Decimal;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// Is the report by the seed's query, with the contract's empty stages.
const PLAIN: &str = "select s.stage::text, count(l.id), coalesce(sum(l.value), 0)
    from unnest(enum_range(null::crm.lead_stage)) s (stage) left join crm.leads l on l.stage = s.stage group by s.stage order by s.stage";
const KEPT: &str = "select s.stage::text, coalesce(sum(p.count), 0)::bigint, coalesce(sum(p.value), 0)
    from unnest(enum_range(null::crm.lead_stage)) s (stage) left join crm.pipeline_totals p on p.stage = s.stage group by s.stage order by s.stage";

async fn totals(connection: &mut PgConnection, sql: &'static str) -> Vec<(String, i64, Decimal)> {
    sqlx::query_as(sql).fetch_all(connection).await.unwrap()
}

/// Compares in one snapshot, and returns the number of leads.
async fn assert_right(connection: &mut PgConnection) -> i64 {
    let mut tx = connection.begin_with("begin isolation level repeatable read").await.unwrap();
    let plain = totals(&mut tx, PLAIN).await;
    assert_eq!(totals(&mut tx, KEPT).await, plain);
    tx.commit().await.unwrap();
    plain.iter().map(|(_, count, _)| count).sum()
}

async fn rows(connection: &mut PgConnection) -> i64 {
    sqlx::query_scalar("select count(*) from crm.pipeline_totals").fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn whatever_changes_leads_changes_the_totals() {
    let db = Database::fresh().await;
    let connection = &mut db.connection().await;
    for (statement, leads) in [
        (
            "insert into crm.leads (title, stage, value) values ('a', 'lead', 1.25), ('b', 'closed', 2), ('c', 'lead', null)",
            3,
        ),
        ("insert into crm.leads (title) select 'none' where false", 3),
        ("update crm.leads set stage = 'proposal' where title = 'a'", 3),
        ("update crm.leads set stage = 'qualified', value = 7.50", 3),
        ("update crm.leads set value = null where title = 'b'", 3),
        ("update crm.leads set value = 99999999.99 where title = 'b'", 3),
        ("update crm.leads set title = 'd' where title = 'c'", 3),
        ("begin; delete from crm.leads; rollback", 3),
        (
            "begin; savepoint s; update crm.leads set stage = 'closed'; rollback to s; update crm.leads set stage = 'lead'; commit",
            3,
        ),
        (
            "insert into crm.leads (id, title) select id, title from crm.leads on conflict (id) do update set stage = 'closed'",
            3,
        ),
        (
            "with gone as (delete from crm.leads where title = 'd' returning *) insert into crm.leads (title, value) select title, 1 from gone, generate_series(1, 3)",
            5,
        ),
        (
            "insert into crm.customers (id, name) values (7, 'c'); update crm.leads set customer_id = 7 where title = 'd'",
            5,
        ),
        ("delete from crm.customers", 2),
        ("truncate crm.leads", 0),
        ("insert into crm.leads (title, value) values ('after', 5)", 1),
        ("truncate crm.leads, crm.pipeline_totals", 0),
        ("insert into crm.leads (title, value) values ('again', 5)", 1),
        (
            "begin; truncate crm.pipeline_totals, crm.leads; insert into crm.leads (title) values ('both'); commit",
            1,
        ),
        ("begin isolation level repeatable read; truncate crm.leads; truncate crm.leads; commit", 0),
        ("insert into crm.leads (title, value) values ('last', 5)", 1),
        ("truncate crm.customers, crm.pipeline_totals cascade", 0),
        ("insert into crm.leads (title, value) values ('after', 5)", 1),
    ] {
        sqlx::raw_sql(statement).execute(&mut *connection).await.unwrap();
        assert_eq!(assert_right(connection).await, leads, "{statement}");
    }
    let report = db.crm.reports().pipeline().await.unwrap();
    assert_eq!(report[0], PipelineStage { stage: Stage::Lead, count: 1, total_value: Decimal::new(500, 2) });
    assert!(report[1..].iter().all(|stage| stage.count == 0 && stage.total_value.is_zero()));
}

#[tokio::test]
async fn who_loads_leads_without_triggers_counts_them_anew() {
    let db = Database::fresh().await;
    db.execute(
        "set session_replication_role = replica;
         insert into crm.leads (title, stage, value) select 'l', 'proposal', 1.5 from generate_series(1, 100)",
    )
    .await;
    assert_eq!(db.crm.reports().pipeline().await.unwrap()[2].count, 0);
    db.execute("call crm.recount_pipeline()").await;
    let proposal = db.crm.reports().pipeline().await.unwrap().remove(2);
    assert_eq!((proposal.count, proposal.total_value), (100, Decimal::new(15_000, 2)));
}

async fn some_writes(crm: &Crm, random: &mut fastrand::Rng) -> Result<(), Error> {
    let lead = |random: &mut fastrand::Rng| {
        let mut new = NewLead::new("Lead");
        new.stage = Stage::ALL[random.usize(..4)];
        new.value = random.bool().then(|| Decimal::new(random.i64(0..1_000_000), 2));
        new.validate()
    };
    for _ in 0..60 {
        match random.u32(..5) {
            0 => drop(crm.leads().create(lead(random)?).await?),
            1 => drop(crm.leads().create_many(vec![lead(random)?, lead(random)?]).await?),
            2 => {
                let tx = crm.begin().await?;
                let made: Lead = tx.leads().create(lead(random)?).await?;
                tx.leads().move_to(made.id, Stage::Closed).await?;
                if random.bool() { tx.commit().await? } else { tx.rollback().await? }
            }
            3 => {
                let customer: Customer =
                    crm.customers().create(NewCustomer::new("Customer").validate()?).await?;
                let mut new = NewLead::new("Of a customer");
                new.customer_id = Some(customer.id);
                crm.leads().create(new.validate()?).await?;
                crm.customers().delete(customer.id).await?;
            }
            _ => {
                let page = crm.leads().list(&crm_core::List::new().limit(5)).await?;
                for lead in page.items {
                    // Somebody else may have been faster.
                    let moved = crm.leads().move_to(lead.id, Stage::ALL[random.usize(..4)]).await;
                    if !matches!(moved, Ok(_) | Err(Error::NotFound { .. })) {
                        return moved.map(drop);
                    }
                }
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn concurrent_writers_keep_the_totals_right_and_few() {
    let db = Database::fresh().await;
    let writers: Vec<_> = (0..8)
        .map(|seed| {
            let crm = db.crm.clone();
            tokio::spawn(async move { some_writes(&crm, &mut fastrand::Rng::with_seed(seed)).await })
        })
        .collect();
    let connection = &mut db.connection().await;
    let mut looks = 0;
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        assert_right(connection).await;
        looks += 1;
    }
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert!(looks > 5, "{looks} looks");
    assert!(assert_right(connection).await > 100);
    // One of 64 transactions folds, by chance.
    let mut before = rows(connection).await;
    let lead = db.crm.leads().list(&crm_core::List::new().limit(1)).await.unwrap().items[0].id;
    for n in 0..5_000 {
        db.crm.leads().move_to(lead, Stage::ALL[n % 4]).await.unwrap();
        let now = rows(connection).await;
        if now < before {
            assert_right(connection).await;
            return;
        }
        before = now;
    }
    panic!("{before} rows, and none was folded");
}

#[tokio::test]
async fn a_transaction_folds_once_at_the_most() {
    let db = Database::fresh().await;
    let connection = &mut db.connection().await;
    sqlx::raw_sql("insert into crm.leads (title) select 'l' from generate_series(1, 5)")
        .execute(&mut *connection)
        .await
        .unwrap();
    let mut folds = 0;
    for _ in 0..1_000 {
        let before = rows(connection).await;
        let mut tx = connection.begin().await.unwrap();
        // Of this and of the transactions before.
        let deleted = "select pg_stat_get_xact_tuples_deleted('crm.pipeline_totals'::regclass)";
        let earlier: i64 = sqlx::query_scalar(deleted).fetch_one(&mut *tx).await.unwrap();
        // Row by row, and each row may fold.
        sqlx::raw_sql("update crm.leads set value = coalesce(value, 0) + 1").execute(&mut *tx).await.unwrap();
        let deleted: i64 = sqlx::query_scalar(deleted).fetch_one(&mut *tx).await.unwrap();
        let deleted = deleted - earlier;
        tx.commit().await.unwrap();
        // The fold of the first row takes what was there and the row's own two, up to its limit.
        assert!([0, (before + 2).min(10_000)].contains(&deleted), "{deleted} of {before} rows");
        folds += i32::from(deleted > 0);
    }
    assert!(folds > 0);
    assert_eq!(assert_right(connection).await, 5);
}

#[tokio::test]
async fn a_truncation_and_a_recount_know_more_than_their_transactions_snapshot() {
    let db = Database::fresh().await;
    let (one, other) = (&mut db.connection().await, &mut db.connection().await);
    for begin in
        ["begin isolation level repeatable read; select 1", "begin isolation level serializable; select 1"]
    {
        sqlx::raw_sql(begin).execute(&mut *one).await.unwrap();
        sqlx::raw_sql("insert into crm.leads (title) values ('unseen')").execute(&mut *other).await.unwrap();
        let error =
            sqlx::raw_sql("savepoint s; call crm.recount_pipeline()").execute(&mut *one).await.unwrap_err();
        assert_eq!(error.into_database_error().unwrap().code().as_deref(), Some("25001"));
        sqlx::raw_sql("rollback to s; truncate crm.leads; commit").execute(&mut *one).await.unwrap();
        assert_eq!(assert_right(one).await, 0);
    }
}

#[tokio::test]
async fn a_fold_is_no_serialization_failure_and_waits_for_nobody() {
    let db = Database::fresh().await;
    let (one, other) = (&mut db.connection().await, &mut db.connection().await);
    sqlx::raw_sql("insert into crm.leads (title) select 'l' from generate_series(1, 5)")
        .execute(&mut *one)
        .await
        .unwrap();
    let move_all = "update crm.leads set stage = (case stage when 'lead' then 'closed' else 'lead' end)::crm.lead_stage where id % 2 = ";
    for isolation in ["read committed", "repeatable read"] {
        // One of 64 transactions folds, while the other one is open and has folded or not.
        for _ in 0..200 {
            for connection in [&mut *one, &mut *other] {
                let begin = format!("begin isolation level {isolation}; set local lock_timeout = '5s'");
                sqlx::raw_sql(AssertSqlSafe(begin)).execute(connection).await.unwrap();
            }
            for (connection, part) in [(&mut *one, 0), (&mut *other, 1)] {
                sqlx::raw_sql(AssertSqlSafe(format!("{move_all}{part}"))).execute(connection).await.unwrap();
            }
            for connection in [&mut *other, &mut *one] {
                sqlx::raw_sql("commit").execute(connection).await.unwrap();
            }
        }
        assert_eq!(assert_right(one).await, 5);
    }
}
