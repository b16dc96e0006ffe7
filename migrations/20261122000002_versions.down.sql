drop trigger users_touch on crm.users;
drop trigger customers_touch on crm.customers;
drop trigger leads_touch on crm.leads;
drop trigger tasks_touch on crm.tasks;
drop trigger interactions_touch on crm.interactions;
drop function crm.touch();
drop function crm.touch_version();
