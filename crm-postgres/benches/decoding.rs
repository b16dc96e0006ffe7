//! Measures how rows become entities, and the entities are dropped: `cargo bench -p crm-postgres`. The rows come from a
//! private server, once; no call is measured.

use std::time::Duration;

use criterion::Criterion;
use crm_postgres::decoding::Decoded;
use crm_postgres::prelude::*;
use crm_postgres::{PgPool, Result, SeedPasswords};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;

#[tokio::main]
async fn main() -> Result<()> {
    let crm = Crm::embedded(None).await?;
    crm.seed(SeedPasswords::default()).await?;
    let pool = PgPool::connect(crm.url().expect("it is embedded")).await.expect("the server runs");
    let criterion = Criterion::default().without_plots();
    let times = (Duration::from_millis(500), Duration::from_secs(2));
    let mut criterion = criterion.warm_up_time(times.0).measurement_time(times.1).configure_from_args();
    measure::<User>(&mut criterion, &pool).await?;
    measure::<Customer>(&mut criterion, &pool).await?;
    measure::<Lead>(&mut criterion, &pool).await?;
    measure::<Task>(&mut criterion, &pool).await?;
    measure::<Interaction>(&mut criterion, &pool).await?;
    criterion.final_summary();
    pool.close().await;
    crm.close().await;
    Ok(())
}

/// Measures the decoding of one of the sample rows, which have a value in nearly every column.
async fn measure<E: Decoded>(criterion: &mut Criterion, pool: &PgPool) -> Result<()> {
    let rows = sqlx::query(AssertSqlSafe(E::select())).fetch_all(pool).await;
    let rows: Vec<PgRow> = rows.expect("the tables are there");
    let row = rows.first().expect("there are sample rows");
    E::decode(row)?;
    criterion.bench_function(&format!("decode/{}", E::KIND), |bencher| bencher.iter(|| E::decode(row)));
    Ok(())
}
