//! Makes the database that the plans are looked at on: 100,000 rows in each table, as uneven as real ones. What is
//! done is old and what is open is new, a few customers have most of the contacts, some have none. Of the users, who are more than
//! anybody will have, the oldest are the administrators, and 50 of these do all the work.

use crm_tests::Database;
use tokio::sync::OnceCell;

/// Is the migration before the indexes, which are made faster over rows that are there.
const BEFORE_INDEXES: i64 = 20_261_122_000_003;

/// Is how many rows each large table has.
pub(super) const ROWS: i64 = 100_000;

const FILL: &str = r"
set session_replication_role = replica;
insert into crm.users (name, email, password, role, created_at)
  select 'User ' || i, 'user' || i || '@crm.com', 'x', (case when i <= 1000 then 'admin' else 'user' end)::crm.user_role,
    timestamptz '2024-01-01' + i * interval '10 min'
  from generate_series(1, 100000) i;
insert into crm.customers (name, email, phone, company, tags, notes, created_by, created_at)
  select 'Customer ' || i, 'customer' || i || '@example.com', '+1-555-' || lpad(i::text, 7, '0'),
    'Company ' || i % 2000, array['seg' || i % 10, 'tag' || i * 7 % 200], case when i % 5 > 0 then 'Interested' end,
    1 + i % 50, timestamptz '2024-01-01' + i * interval '10 min'
  from generate_series(1, 100000) i;
insert into crm.leads (title, description, stage, value, customer_id, assigned_to, created_at)
  select 'Deal ' || i, 'Description of the deal ' || md5(i::text),
    (case when i < 80000 and i % 20 > 0 then 'closed'
          else (array['lead', 'qualified', 'proposal', 'closed'])[1 + i % 4] end)::crm.lead_stage,
    case when i % 23 > 0 then 100 + i * 7907 % 1000000 / 100.0 end,
    1 + i * 7919 % 100000, case when i % 17 > 0 then 1 + i % 50 end, timestamptz '2024-01-01' + i * interval '10 min'
  from generate_series(1, 100000::bigint) i;
insert into crm.tasks (title, description, status, priority, due_date, assigned_to, customer_id, created_at)
  select 'Task ' || i, 'Schedule the meeting ' || md5(i::text),
    (case when i < 90000 and i % 50 > 0 then 'completed'
          else (array['pending', 'in-progress', 'completed'])[1 + i % 3] end)::crm.task_status,
    (array['high', 'low', 'low', 'medium', 'medium', 'medium'])[1 + i / 3 % 6]::crm.task_priority,
    case when i % 11 > 0 then date '2024-01-01' + (i / 100 + i * 37 % 60)::int end,
    case when i % 19 > 0 then 1 + i % 50 end, case when i % 7 > 0 then 1 + i * 7919 % 100000 end,
    timestamptz '2024-01-01' + i * interval '10 min'
  from generate_series(1, 100000::bigint) i;
insert into crm.interactions (customer_id, type, notes, date, created_by, created_at)
  select case when c % 50 = 0 then c - 1 else c end, (array['call', 'email', 'meeting', 'note'])[1 + i % 4]::crm.interaction_type,
    case when i % 7 > 0 then 'Followed up on the proposal ' || md5(i::text) end, d, 1 + i % 50, d
  from (
    select i, 1 + i * 2654435761 % 4294967296 % case when i % 10 < 3 then 5000 else 100000 end as c,
      timestamptz '2024-01-01' + i * interval '10 min' as d
    from generate_series(1, 100000::bigint) i
  ) x;
";

/// Returns the URL of the database, made by the test that comes first.
pub(super) async fn url() -> &'static str {
    static URL: OnceCell<String> = OnceCell::const_new();
    URL.get_or_init(|| filled(FILL)).await
}

/// Is the customer with whom all the newest interactions of [`hostile`] are.
pub(super) const BUSY: i64 = 77;

/// Makes a database in which the newest 200,000 interactions are all with one customer; of leads that no other test
/// changes; of many users.
pub(super) async fn hostile() -> String {
    filled(
        r"
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
        ",
    )
    .await
}

async fn filled(fill: &str) -> String {
    let Database { crm, url } = Database::bare().await;
    crm.migrate_to(BEFORE_INDEXES).await.unwrap();
    crm_tests::execute(&url, fill).await;
    crm.migrate().await.unwrap();
    crm_tests::execute(
        &url,
        "vacuum analyze crm.customers, crm.users, crm.leads, crm.tasks, crm.interactions",
    )
    .await;
    crm.close().await;
    url
}
