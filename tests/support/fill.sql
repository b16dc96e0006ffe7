-- Fills an empty schema with rows as uneven as real ones: what is done is old and what is open is new, a few customers have most of
-- the contacts, every fiftieth has none. The counts stand in braces; moments and days span the same years whatever they are.
set session_replication_role = replica;
insert into crm.users (name, email, password, role, created_at)
  select 'User ' || i, 'user' || i || '@crm.com', 'x', (case when i <= {users} / 100 then 'admin' else 'user' end)::crm.user_role,
    timestamptz '2024-01-01' + i * (interval '1000000 min' / {users})
  from generate_series(1, {users}) i;
insert into crm.customers (name, email, phone, company, tags, notes, created_by, created_at)
  select 'Customer ' || i, 'customer' || i || '@example.com', '+1-555-' || lpad(i::text, 7, '0'),
    'Company ' || i % ({customers} / 50), array['seg' || i % 10, 'tag' || i * 7 % 200],
    case when i % 5 > 0 then 'Interested in the offer ' || md5(i::text) end,
    1 + i % 50, timestamptz '2024-01-01' + i * (interval '1000000 min' / {customers})
  from generate_series(1, {customers}::bigint) i;
insert into crm.leads (title, description, stage, value, customer_id, assigned_to, created_at)
  select 'Deal ' || i, 'Description of the deal ' || md5(i::text),
    (case when i < {leads} * 0.8 and i % 20 > 0 then 'closed'
          else (array['lead', 'qualified', 'proposal', 'closed'])[1 + i % 4] end)::crm.lead_stage,
    case when i % 23 > 0 then 100 + i * 7907 % 1000000 / 100.0 end,
    1 + i * 7919 % {customers}, case when i % 17 > 0 then 1 + i % 50 end,
    timestamptz '2024-01-01' + i * (interval '1000000 min' / {leads})
  from generate_series(1, {leads}::bigint) i;
insert into crm.tasks (title, description, status, priority, due_date, assigned_to, customer_id, created_at)
  select 'Task ' || i, 'Schedule the meeting ' || md5(i::text),
    (case when i < {tasks} * 0.9 and i % 50 > 0 then 'completed'
          else (array['pending', 'in-progress', 'completed'])[1 + i % 3] end)::crm.task_status,
    (array['high', 'low', 'low', 'medium', 'medium', 'medium'])[1 + i / 3 % 6]::crm.task_priority,
    case when i % 11 > 0 then date '2024-01-01' + (i * 1000 / {tasks} + i * 37 % 60)::int end,
    case when i % 19 > 0 then 1 + i % 50 end, case when i % 7 > 0 then 1 + i * 7919 % {customers} end,
    timestamptz '2024-01-01' + i * (interval '1000000 min' / {tasks})
  from generate_series(1, {tasks}::bigint) i;
insert into crm.interactions (customer_id, type, notes, date, created_by, created_at)
  select case when c % 50 = 0 then c - 1 else c end, (array['call', 'email', 'meeting', 'note'])[1 + i % 4]::crm.interaction_type,
    case when i % 7 > 0 then 'Followed up on the proposal ' || md5(i::text) end, d, 1 + i % 50, d
  from (
    select i, 1 + i * 2654435761 % 4294967296 % ({customers} / case when i % 10 < 3 then 20 else 1 end) as c,
      timestamptz '2024-01-01' + i * (interval '1000000 min' / {interactions}) as d
    from generate_series(1, {interactions}::bigint) i
  ) x;
