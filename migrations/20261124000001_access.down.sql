-- The roles stay: they are the cluster's, and its other databases may use them.
drop policy users_read on crm.users;
drop policy users_admin on crm.users;
drop policy users_self on crm.users;
drop policy leads_read on crm.leads;
drop policy leads_admin on crm.leads;
drop policy leads_create on crm.leads;
drop policy leads_update on crm.leads;
drop policy leads_delete_own on crm.leads;
drop policy tasks_read on crm.tasks;
drop policy tasks_admin on crm.tasks;
drop policy tasks_create on crm.tasks;
drop policy tasks_update on crm.tasks;
drop policy tasks_delete_own on crm.tasks;
drop policy interactions_read on crm.interactions;
drop policy interactions_admin on crm.interactions;
drop policy interactions_create on crm.interactions;
drop policy interactions_update_own on crm.interactions;
drop policy interactions_delete_own on crm.interactions;
alter table crm.users disable row level security;
alter table crm.leads disable row level security;
alter table crm.tasks disable row level security;
alter table crm.interactions disable row level security;

revoke all on crm.users, crm.customers, crm.leads, crm.tasks, crm.interactions from crm_admin, crm_user, crm_reporter;
revoke all on schema crm from crm_admin, crm_user, crm_reporter;
revoke all on function crm.fold(text), crm.words(text) from crm_admin, crm_user, crm_reporter;

drop trigger customers_stamp on crm.customers;
drop trigger leads_stamp on crm.leads;
drop trigger tasks_stamp on crm.tasks;
drop trigger interactions_stamp on crm.interactions;
create or replace trigger customers_touch before update on crm.customers for each row execute function crm.touch();
create or replace trigger leads_touch before update on crm.leads for each row execute function crm.touch();
create or replace trigger tasks_touch before update on crm.tasks for each row execute function crm.touch();

drop function crm.touch_and_stamp();
drop function crm.stamp();
drop function crm.stamp_creator();
drop function crm.change_password(text, text);
drop procedure crm.act_as(bigint);
drop function crm.actor();
