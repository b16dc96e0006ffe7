//! Makes the database that the plans are looked at on: 100,000 rows in each table, as uneven as real ones. What is
//! done is old and what is open is new, a few customers have most of the contacts, some have none. Of the users, who are more than
//! anybody will have, the oldest are the administrators, and 50 of these do all the work.

use crm_tests::Database;
use tokio::sync::OnceCell;

/// Is how many rows each large table has.
pub(super) const ROWS: i64 = 100_000;

/// Returns the URL of the database, made by the test that comes first.
pub(super) async fn url() -> &'static str {
    static URL: OnceCell<String> = OnceCell::const_new();
    URL.get_or_init(|| {
        let rows =
            crm_tests::Rows { users: ROWS, customers: ROWS, leads: ROWS, tasks: ROWS, interactions: ROWS };
        filled(rows.sql())
    })
    .await
}

/// Is the customer with whom all the newest interactions of [`hostile`] are.
pub(super) const BUSY: i64 = 77;

/// Makes a database in which the newest 200,000 interactions are all with one customer; of leads that no other test
/// changes; of many users.
pub(super) async fn hostile() -> String {
    filled(
        "
        set session_replication_role = replica;
        insert into crm.users (name, email, password)
          select 'User ' || i, 'user' || i || '@crm.com', 'x' from generate_series(1, 10000) i;
        insert into crm.customers (name) select 'Customer ' || i from generate_series(1, 10000) i;
        insert into crm.interactions (customer_id, type, date)
          select case when i > 100000 then 77 else 1 + i * 2654435761 % 4294967296 % 10000 end, 'call',
            timestamptz '2024-01-01' + i * interval '1 min'
          from generate_series(1, 300000::bigint) i;
        insert into crm.leads (title, stage, value)
          select 'Deal', (array['lead', 'qualified', 'proposal', 'closed', 'closed'])[1 + i % 5]::crm.lead_stage, i
          from generate_series(1, 100000) i;
        "
        .to_owned(),
    )
    .await
}

async fn filled(rows: String) -> String {
    let database = Database::bare().await;
    crm_tests::fill(&database.url, &rows).await;
    database.crm.close().await;
    database.url
}
