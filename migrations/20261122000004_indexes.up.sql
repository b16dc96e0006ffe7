-- Every index of the seed under its name, some with trailing columns. `id` behind a filter's column lets the default
-- order (by id) of the rows found come straight from the index. What each costs on a write stands in ARCHITECTURE.md.

-- Collation "C", because the case of an ASCII letter must not depend on the database's language (Turkish I).
create unique index idx_users_email on crm.users (lower(email collate "C"));
create index idx_users_role on crm.users (role);

create index idx_customers_email on crm.customers (email);
create index idx_customers_company on crm.customers (company, id);
create index idx_customers_tags on crm.customers using gin (tags);
-- The order by name, which is by code points whatever the collation.
create index idx_customers_name on crm.customers (name collate "C", id);
create index idx_customers_words on crm.customers using gin (
  crm.words(name || ' ' || coalesce(email, '') || ' ' || coalesce(company, '') || ' ' || coalesce(phone, ''))
);

-- With the value inside, the pipeline report reads this index and not the table.
create index idx_leads_stage on crm.leads (stage, id) include (value);
create index idx_leads_customer_id on crm.leads (customer_id, id);
create index idx_leads_assigned_to on crm.leads (assigned_to, id);
create index idx_leads_value on crm.leads (value, id);
create index idx_leads_words on crm.leads using gin (crm.words(title || ' ' || coalesce(description, '')));

create index idx_tasks_status on crm.tasks (status, id);
create index idx_tasks_priority on crm.tasks (priority, id);
create index idx_tasks_assigned_to on crm.tasks (assigned_to, id);
create index idx_tasks_customer_id on crm.tasks (customer_id, id);
create index idx_tasks_due_date on crm.tasks (due_date, id);
-- The report of due tasks, in its order; tasks that are done leave it, so that it stays small.
create index idx_tasks_open on crm.tasks (status, priority, due_date, id) where status <> 'completed';
create index idx_tasks_words on crm.tasks using gin (crm.words(title || ' ' || coalesce(description, '')));

-- A customer's interactions by date: the customer's page, and the last interaction of the activity report.
create index idx_interactions_customer_id on crm.interactions (customer_id, date, id);
create index idx_interactions_type on crm.interactions (type, id);
-- The activity report walks this one from the newest; customers of the same moment come by id.
create index idx_interactions_date on crm.interactions (date desc, customer_id);
create index idx_interactions_created_by on crm.interactions (created_by, id);
create index idx_interactions_words on crm.interactions using gin (crm.words(notes));
