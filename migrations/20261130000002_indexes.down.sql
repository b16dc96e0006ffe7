drop index crm.idx_customers_created_by;
drop index crm.idx_leads_created_by;
drop index crm.idx_tasks_created_by;
drop index crm.idx_customers_email;
create index idx_customers_email on crm.customers (email);
