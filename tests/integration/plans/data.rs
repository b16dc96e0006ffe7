//! Says on what the plans are looked at: on a server with two databases, which is kept in `target`. Each table has 100,000 rows, as uneven as
//! real ones. What is done is old and what is open is new, a few customers have most of the contacts, some have none. Of the users, who
//! are more than anybody will have, the oldest are the administrators, and 50 of these do all the work.

use std::path::Path;

use crm_tests::{Cluster, Rows};
use tokio::sync::OnceCell;

/// Is how many rows each large table has.
pub(super) const ROWS: i64 = 100_000;

/// Is the customer with whom all the newest interactions of [`hostile`] are.
pub(super) const BUSY: i64 = 77;

/// Makes 300,000 interactions, of which the newest 200,000 are all with one customer; leads that no other test changes; many
/// users.
const HOSTILE: &str = "
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
    ";

/// Returns the URL of the database with as many users as others.
pub(super) async fn url() -> String {
    server().await.url("rows")
}

/// Returns the URL of the database with one customer who is busier than all others.
pub(super) async fn hostile() -> String {
    server().await.url("hostile")
}

/// Returns the server of both, started by the test that comes first.
async fn server() -> &'static Cluster {
    static SERVER: OnceCell<Cluster> = OnceCell::const_new();
    let rows = Rows { users: ROWS, customers: ROWS, leads: ROWS, tasks: ROWS, interactions: ROWS };
    let databases = [("rows", rows.sql()), ("hostile", HOSTILE.to_owned())];
    SERVER.get_or_init(|| Cluster::filled(Path::new(env!("CARGO_TARGET_TMPDIR")), &databases)).await
}
