//! The rights that the roles have, computed by PostgreSQL itself.

use crm_tests::Database;

use crate::schema::catalogue::texts;

/// Lists the rights in the schema and who has each: a right to a table, or to the columns of which it is one. What everybody
/// may execute takes the right to the schema as well, or is a trigger's.
const RIGHTS: &str = "
    with
      roles (role) as (values ('crm_admin'), ('crm_user'), ('crm_reporter'), ('public')),
      relations as (
        select c.oid, c.relname, c.relkind = 'S' as is_sequence from pg_class c
        where c.relnamespace = 'crm'::regnamespace and c.relkind in ('r', 'v', 'm', 'p', 'S')
      ),
      columns as (
        select role, c.oid, relname, a.attname, privilege || grantable as privilege,
          has_column_privilege(role, c.oid, a.attnum, privilege || grantable) as has
        from roles, unnest(array['select', 'insert', 'update', 'references']) as privilege,
          unnest(array['', ' with grant option']) as grantable, relations c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where not is_sequence
      ),
      rights (role, what) as (
        select role, format('%s on %s', privilege, relname)
          || case when bool_and(has) then '' else format(' (%s)', string_agg(attname, ', ' order by attname) filter (where has)) end
        from columns group by role, relname, privilege having bool_or(has)
        union all
        select role, format('%s on %s', privilege, relname)
        from roles, relations, unnest(array['delete', 'truncate', 'trigger']) as privilege
        where not is_sequence and has_table_privilege(role, oid, privilege)
        union all
        select role, format('%s on sequence %s', privilege, relname)
        from roles, relations, unnest(array['usage', 'select', 'update']) as privilege
        where is_sequence and has_sequence_privilege(role, oid, privilege)
        union all
        select role, format('execute on %s', p.proname) from roles, pg_proc p
        where p.pronamespace = 'crm'::regnamespace and has_function_privilege(role, p.oid, 'execute')
        union all
        select role, format('%s on the schema', privilege)
        from roles, unnest(array['usage', 'create']) as privilege where has_schema_privilege(role, 'crm', privilege)
      )
    select format('%s: %s', what, case when bool_or(role = 'public') then 'everybody'
      else string_agg(substr(role, 5), ', ' order by role) end)
    from rights group by what order by what collate \"C\"";

const EXPECTED: &str = "
    delete on customers: admin
    delete on interactions: admin, user
    delete on leads: admin, user
    delete on tasks: admin, user
    delete on users: admin
    execute on actor: everybody
    execute on change_password: admin, user
    execute on fold: everybody
    execute on stamp: everybody
    execute on stamp_creator: everybody
    execute on touch: everybody
    execute on touch_and_stamp: everybody
    execute on touch_version: everybody
    execute on words: everybody
    insert on customers (company, email, name, notes, phone, tags): admin, user
    insert on interactions (customer_id, date, notes, type): admin, user
    insert on leads (assigned_to, customer_id, description, stage, title, value): admin, user
    insert on tasks (assigned_to, customer_id, description, due_date, priority, status, title): admin, user
    insert on users (email, name, password, role): admin
    select on _migrations: reporter
    select on compatibility: reporter
    select on customers: admin, reporter, user
    select on interactions: admin, reporter, user
    select on leads: admin, reporter, user
    select on pipeline_totals: admin, reporter, user
    select on tasks: admin, reporter, user
    select on users (created_at, deactivated_at, email, id, name, role, updated_at, version): admin, reporter, user
    update on customers (company, email, name, notes, phone, tags): admin, user
    update on interactions (customer_id, date, notes, type): admin, user
    update on leads (assigned_to, customer_id, description, stage, title, value): admin, user
    update on tasks (assigned_to, customer_id, description, due_date, priority, status, title): admin, user
    update on users (deactivated_at, email, name, password, role): admin
    update on users (email, name): user
    usage on the schema: admin, reporter, user";

#[tokio::test]
async fn the_roles_have_exactly_these_rights() {
    let db = Database::fresh().await;
    let rights = texts(&db, RIGHTS).await;
    let expected: Vec<_> = EXPECTED.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(rights, expected, "\n{}", rights.join("\n"));
}
