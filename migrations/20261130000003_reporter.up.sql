-- What a handle asks of the database before its first operation: which migrations it has, and how old a library may be. A login of
-- crm_reporter can then use the library's reports, lists and frames, and not only SQL.

set local search_path = pg_catalog, pg_temp;
select set_config('role', pg_get_userbyid(relowner), true) from pg_class where oid = 'crm.users'::regclass;

grant select on crm._migrations, crm.compatibility to crm_reporter;
