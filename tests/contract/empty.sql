-- Empties the tables between two cases, and lets the ids begin anew. To delete some rows takes 2 ms; to truncate, or to restart the
-- sequences, makes a new file for each table, index and sequence, which takes 28.
delete from crm.interactions;
delete from crm.tasks;
delete from crm.leads;
delete from crm.customers;
delete from crm.users;
delete from crm.pipeline_totals;
select setval('crm.users_id_seq', 1, false), setval('crm.customers_id_seq', 1, false), setval('crm.leads_id_seq', 1, false),
  setval('crm.tasks_id_seq', 1, false), setval('crm.interactions_id_seq', 1, false);
