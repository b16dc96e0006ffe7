drop index crm.idx_users_role;
create index idx_users_role on crm.users (role);
