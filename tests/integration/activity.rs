//! The activity report pages through exactly what the seed's plain query gives, near the top and far down.

use crm_core::{ActivityQuery, CustomerActivity, CustomerId, Reports, Repositories};
use crm_tests::{Database, amount};

/// Reads the report by the seed's query, with the contract's order.
async fn plain(database: &Database, include_inactive: bool) -> Vec<(i64, i64)> {
    let join = if include_inactive { "left join" } else { "join" };
    let sql = format!(
        "select c.id, count(i.id) from crm.customers c {join} crm.interactions i on i.customer_id = c.id
         group by c.id order by max(i.date) desc nulls last, c.id"
    );
    let mut connection = database.connection().await;
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap()
}

fn keys(rows: &[CustomerActivity]) -> Vec<(i64, i64)> {
    rows.iter().map(|row| (row.customer.id.0, row.interaction_count)).collect()
}

async fn paged(reports: &dyn Reports, limit: u32, include_inactive: bool) -> Vec<(i64, i64)> {
    let mut rows = Vec::new();
    let mut query = ActivityQuery { limit, cursor: None, include_inactive };
    loop {
        let page = reports.customer_activity(&query).await.unwrap();
        assert!(page.items.len() <= limit as usize);
        rows.extend(keys(&page.items));
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return rows;
        }
    }
}

#[tokio::test]
async fn paging_gives_what_the_plain_query_gives() {
    let random = &mut fastrand::Rng::with_seed(7);
    for _ in 0..15 {
        let database = Database::fresh().await;
        let (customers, interactions) = (random.u32(1..60), random.u32(0..300));
        // Few moments and few customers, so that many share a moment; some customers have no interaction.
        database
            .execute(&format!(
                "insert into crm.customers (name) select 'c' || n from generate_series(1, {customers}) n;
                 select setseed(0.{seed});
                 insert into crm.interactions (customer_id, type, date)
                 select 1 + floor(random() * {customers} * 0.8), 'call', timestamptz '2026-01-01' + floor(random() * 12) * interval '1 day'
                 from generate_series(1, {interactions})",
                seed = random.u32(1..9)
            ))
            .await;
        for include_inactive in [true, false] {
            let limit = random.u32(1..9);
            let found = paged(database.crm.reports(), limit, include_inactive).await;
            assert_eq!(found, plain(&database, include_inactive).await, "pages of {limit}");
        }
    }
}

#[tokio::test]
async fn a_page_for_which_the_walk_gives_up_is_the_same() {
    let database = Database::fresh().await;
    // Everybody was contacted long ago, and nearly everybody again lately, so that below those a walk meets 3,000 customers
    // of the pages before.
    database
        .execute(
            "insert into crm.customers (name) select 'c' || n from generate_series(1, 3040) n;
             insert into crm.interactions (customer_id, type, date)
             select n, 'call', timestamptz '2020-01-01' + (n * 7919 % 3040) * interval '1 minute' from generate_series(1, 3030) n;
             insert into crm.interactions (customer_id, type, date)
             select n, 'call', timestamptz '2026-01-01' + n * interval '1 minute' from generate_series(1, 3000) n",
        )
        .await;
    let reports = database.crm.reports();
    for include_inactive in [true, false] {
        let expected = plain(&database, include_inactive).await;
        assert_eq!(paged(reports, 400, include_inactive).await, expected);
        // The page that begins with the last customer contacted lately holds all the others.
        let first = ActivityQuery { limit: 1_000, cursor: None, include_inactive };
        let mut page = reports.customer_activity(&first).await.unwrap();
        while page.items.last().unwrap().customer.id != CustomerId(1) {
            page = reports
                .customer_activity(&ActivityQuery { cursor: page.next_cursor, ..first.clone() })
                .await
                .unwrap();
        }
        let rest = ActivityQuery { cursor: page.next_cursor, ..first };
        assert_eq!(keys(&reports.customer_activity(&rest).await.unwrap().items), expected[3_000..]);
    }
}

#[tokio::test]
async fn a_page_behind_very_many_interactions_of_one_customer_is_the_same() {
    let database = Database::fresh().await;
    // More in a row than the walk passes over, at the top and below those contacted in between.
    database
        .execute(
            "set session_replication_role = replica;
             insert into crm.customers (name) select 'c' || n from generate_series(1, 30) n;
             insert into crm.interactions (customer_id, type, date)
             select 2 + n, 'call', timestamptz '2026-01-01' + n * interval '1 day' from generate_series(1, 12) n;
             insert into crm.interactions (customer_id, type, date)
             select 2 + n, 'call', timestamptz '2020-01-01' + n * interval '1 day' from generate_series(5, 20) n;
             insert into crm.interactions (customer_id, type, date)
             select 1, 'call', timestamptz '2024-01-01' + n * interval '1 second' from generate_series(1, 251000) n",
        )
        .await;
    for newest in ["2025-12-01", "2027-01-01"] {
        database
            .execute(&format!(
                "insert into crm.interactions (customer_id, type, date) values (1, 'call', '{newest}')"
            ))
            .await;
        for include_inactive in [true, false] {
            let expected = plain(&database, include_inactive).await;
            for &limit in amount(&[5, 100][..], &[3, 5, 7, 100]) {
                assert_eq!(
                    paged(database.crm.reports(), limit, include_inactive).await,
                    expected,
                    "pages of {limit}"
                );
            }
        }
    }
}
