-- With the id behind the role, a list of a role's users comes from this index in the order of the list.
drop index crm.idx_users_role;
create index idx_users_role on crm.users (role, id);
