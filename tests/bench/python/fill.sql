-- Copies the rows of the seed's schema (public) into the library's (crm), which has to be migrated and empty.
insert into crm.users (id, name, email, password, role, created_at, updated_at)
select id, name, email, password, role::text::crm.user_role, created_at, updated_at from public.users;
insert into crm.customers (id, name, email, phone, company, tags, notes, created_at, updated_at)
select id, name, email, phone, company, tags, notes, created_at, updated_at from public.customers;
insert into crm.leads (id, title, description, stage, value, customer_id, assigned_to, created_at, updated_at)
select id, title, description, stage::text::crm.lead_stage, value, customer_id, assigned_to, created_at, updated_at from public.leads;
insert into crm.tasks (id, title, description, status, priority, due_date, assigned_to, customer_id, created_at, updated_at)
select id, title, description, status::text::crm.task_status, priority::text::crm.task_priority, due_date, assigned_to, customer_id,
  created_at, updated_at
from public.tasks;
insert into crm.interactions (id, customer_id, type, notes, date, created_by, created_at)
select id, customer_id, type::text::crm.interaction_type, notes, date, created_by, created_at from public.interactions;
select setval('crm.' || t || '_id_seq', (xpath('/row/max/text()', query_to_xml('select max(id) from crm.' || t, false, true, '')))[1]::text::bigint)
from unnest(array['users', 'customers', 'leads', 'tasks', 'interactions']) t;
