alter table crm.users
  drop constraint chk_users_created_at,
  drop constraint chk_users_updated_at,
  drop constraint chk_users_deactivated_at;
alter table crm.customers
  drop constraint chk_customers_created_at,
  drop constraint chk_customers_updated_at;
alter table crm.leads
  drop constraint chk_leads_created_at,
  drop constraint chk_leads_updated_at;
alter table crm.tasks
  drop constraint chk_tasks_created_at,
  drop constraint chk_tasks_updated_at,
  drop constraint chk_tasks_due_date,
  add constraint chk_tasks_due_date check (isfinite(due_date));
alter table crm.interactions
  drop constraint chk_interactions_created_at,
  drop constraint chk_interactions_date,
  add constraint chk_interactions_date check (isfinite(date));
alter table crm.compatibility
  drop constraint chk_compatibility_seeded_at;
