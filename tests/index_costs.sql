-- Measures what the indexes cost on a write: microseconds a statement on 100,000 rows a table, in one backend and without the
-- commit; medians of five interleaved rounds. Run it on an empty migrated database of a quiet machine:
--   psql URL -qf tests/index_costs.sql

set client_min_messages = warning;
insert into crm.users (name, email, password) select 'User ' || n, 'u' || n || '@crm.com', '' from generate_series(1, 50) n;
insert into crm.customers (name, email, phone, company, tags, notes)
select 'Customer ' || n, 'customer' || n || '@example.com', '+1-555-' || n, 'Company ' || n % 2000, array['seg' || n % 10, 'tag' || n % 200], 'Interested'
from generate_series(1, 100000) n;
insert into crm.leads (title, description, stage, value, customer_id, assigned_to)
select 'Deal ' || n, 'Description of the deal ' || n, 'lead', n / 100.0, n, 1 + n % 50 from generate_series(1, 100000) n;
insert into crm.tasks (title, description, due_date, customer_id, assigned_to)
select 'Task ' || n, 'Schedule the meeting ' || n, date '2026-01-01' + n % 300, n, 1 + n % 50 from generate_series(1, 100000) n;
insert into crm.interactions (customer_id, type, notes, date, created_by)
select n, 'call', 'Followed up on the proposal ' || n, timestamptz '2026-01-01' + n * interval '1 minute', 1 + n % 50 from generate_series(1, 100000) n;
vacuum analyze crm.customers, crm.leads, crm.tasks, crm.interactions;

create temp table writes (name text, statement text);
insert into writes values
  ('insert a customer', 'insert into crm.customers (name, email, phone, company, tags) values (''Customer '' || $1, ''customer'' || $1 || ''@example.com'', ''+1-555-'' || $1, ''Company '' || $1 % 2000, array[''seg'' || $1 % 10])'),
  ('insert a lead', 'insert into crm.leads (title, description, value, customer_id, assigned_to) values (''Deal '' || $1, ''Description of the deal '' || $1, $1 / 100.0, $1, 1 + $1 % 50)'),
  ('insert a task', 'insert into crm.tasks (title, description, due_date, customer_id, assigned_to) values (''Task '' || $1, ''Schedule the meeting '' || $1, date ''2026-01-01'' + $1 % 300, $1, 1 + $1 % 50)'),
  ('insert an interaction', 'insert into crm.interactions (customer_id, type, notes, created_by) values ($1, ''call'', ''Followed up on the proposal '' || $1, 1 + $1 % 50)'),
  ('move a lead to a stage', 'update crm.leads set stage = case stage when ''lead'' then ''qualified''::crm.lead_stage else ''lead'' end where id = $1'),
  ('complete or reopen a task', 'update crm.tasks set status = case status when ''pending'' then ''completed''::crm.task_status else ''pending'' end where id = $1'),
  ('change a customer''s phone', 'update crm.customers set phone = ''+1-556-'' || $1 where id = $1'),
  ('change a customer''s notes', 'update crm.customers set notes = ''Called '' || $1 where id = $1');

create temp table indexes as
select format('%I.%I', schemaname, indexname) as name, indexdef as definition from pg_indexes
where schemaname = 'crm' and tablename in ('customers', 'leads', 'tasks', 'interactions') and indexname like 'idx_%';
create temp table costs (round int, indexes text, name text, micros numeric);

create procedure pg_temp.measure(round int, indexes text) language plpgsql as $$
declare
  w record;
  began timestamptz;
begin
  for w in select * from writes loop
    for n in 1..200 loop execute w.statement using n; end loop;
    began := clock_timestamp();
    for n in 1..2000 loop execute w.statement using 1 + (n * 7919) % 100000; end loop;
    insert into costs values (round, indexes, w.name, extract(epoch from clock_timestamp() - began) * 1e6 / 2000);
  end loop;
end
$$;

create procedure pg_temp.drop_indexes(kind text) language plpgsql as $$
declare i record;
begin
  for i in select * from indexes where name like kind loop execute 'drop index if exists ' || i.name; end loop;
end
$$;

create procedure pg_temp.create_indexes() language plpgsql as $$
declare i record;
begin
  for i in select * from indexes where to_regclass(name) is null loop execute i.definition; end loop;
end
$$;

do $$
begin
  for round in 1..5 loop
    call pg_temp.create_indexes();
    call pg_temp.measure(round, 'all');
    call pg_temp.drop_indexes('%\_words');
    call pg_temp.measure(round, 'all but words');
    call pg_temp.drop_indexes('%');
    call pg_temp.measure(round, 'keys only');
    commit;
  end loop;
  call pg_temp.create_indexes();
end
$$;

select name,
  percentile_cont(0.5) within group (order by micros) filter (where indexes = 'all')::int as "all",
  percentile_cont(0.5) within group (order by micros) filter (where indexes = 'all but words')::int as "all but words",
  percentile_cont(0.5) within group (order by micros) filter (where indexes = 'keys only')::int as "keys only"
from costs group by name order by min(array_position(array(select name from writes), name));
