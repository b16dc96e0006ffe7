-- Every moment and day lies in the years 0001 to 9999 (UTC), whoever writes: the years that Rust, Python and JavaScript all have.
-- Other rows could be stored by SQL and then not be read: a page with one of them failed as a whole.
--
-- It finds the rows that are there already, names them and changes nothing. It locks each table against reading and writing
-- until it has read all of them twice.

set local search_path = pg_catalog, pg_temp;
select set_config('role', pg_get_userbyid(relowner), true) from pg_class where oid = 'crm.users'::regclass;

alter table crm.users
  add constraint chk_users_created_at check (
    created_at >= '0001-01-01 00:00:00+00' and created_at < '10000-01-01 00:00:00+00'
  ) not valid,
  add constraint chk_users_updated_at check (
    updated_at >= '0001-01-01 00:00:00+00' and updated_at < '10000-01-01 00:00:00+00'
  ) not valid,
  add constraint chk_users_deactivated_at check (
    deactivated_at >= '0001-01-01 00:00:00+00' and deactivated_at < '10000-01-01 00:00:00+00'
  ) not valid;
alter table crm.customers
  add constraint chk_customers_created_at check (
    created_at >= '0001-01-01 00:00:00+00' and created_at < '10000-01-01 00:00:00+00'
  ) not valid,
  add constraint chk_customers_updated_at check (
    updated_at >= '0001-01-01 00:00:00+00' and updated_at < '10000-01-01 00:00:00+00'
  ) not valid;
alter table crm.leads
  add constraint chk_leads_created_at check (
    created_at >= '0001-01-01 00:00:00+00' and created_at < '10000-01-01 00:00:00+00'
  ) not valid,
  add constraint chk_leads_updated_at check (
    updated_at >= '0001-01-01 00:00:00+00' and updated_at < '10000-01-01 00:00:00+00'
  ) not valid;
alter table crm.tasks
  drop constraint chk_tasks_due_date,
  add constraint chk_tasks_created_at check (
    created_at >= '0001-01-01 00:00:00+00' and created_at < '10000-01-01 00:00:00+00'
  ) not valid,
  add constraint chk_tasks_updated_at check (
    updated_at >= '0001-01-01 00:00:00+00' and updated_at < '10000-01-01 00:00:00+00'
  ) not valid,
  add constraint chk_tasks_due_date check (due_date between '0001-01-01' and '9999-12-31') not valid;
alter table crm.interactions
  drop constraint chk_interactions_date,
  add constraint chk_interactions_created_at check (
    created_at >= '0001-01-01 00:00:00+00' and created_at < '10000-01-01 00:00:00+00'
  ) not valid,
  add constraint chk_interactions_date check (
    date >= '0001-01-01 00:00:00+00' and date < '10000-01-01 00:00:00+00'
  ) not valid;
alter table crm.compatibility
  add constraint chk_compatibility_seeded_at check (
    seeded_at >= '0001-01-01 00:00:00+00' and seeded_at < '10000-01-01 00:00:00+00'
  ) not valid;

do $$
declare
  part record;
  broken bigint;
  ids text;
  named text[] := '{}';
begin
  for part in
    select k.conrelid::regclass as relation, a.attname as column_name, pg_get_expr(k.conbin, k.conrelid) as expression
    from pg_constraint k
    join pg_attribute a on a.attrelid = k.conrelid and k.conkey = array[a.attnum]
    where k.connamespace = 'crm'::regnamespace and k.contype = 'c' and not k.convalidated
      and k.conname = format('chk_%s_%s', (select c.relname from pg_class c where c.oid = k.conrelid), a.attname)
    order by 1, 2
  loop
    execute format(
      'select count(*), array_to_string((array_agg(b.id order by b.id))[1:5], '', '')
       from (select (to_jsonb(t)->>''id'')::bigint as id from %s t where not (%s)) b',
      part.relation, part.expression
    ) into broken, ids;
    if broken > 0 then
      named := named || format('%s.%s%s%s', part.relation, part.column_name, ' of the rows with the ids ' || nullif(ids, ''),
        case when broken > 5 then format(' and %s more', broken - 5) end);
    end if;
  end loop;
  if named <> '{}' then
    raise exception using errcode = 'object_not_in_prerequisite_state', message = format(
      'these moments and days lie outside the years 0001 to 9999 (UTC), where not every language can read them: %s. '
      'This migration has changed nothing: correct these rows, then migrate again', array_to_string(named, '; '));
  end if;
end
$$;

alter table crm.users
  validate constraint chk_users_created_at,
  validate constraint chk_users_updated_at,
  validate constraint chk_users_deactivated_at;
alter table crm.customers
  validate constraint chk_customers_created_at,
  validate constraint chk_customers_updated_at;
alter table crm.leads
  validate constraint chk_leads_created_at,
  validate constraint chk_leads_updated_at;
alter table crm.tasks
  validate constraint chk_tasks_created_at,
  validate constraint chk_tasks_updated_at,
  validate constraint chk_tasks_due_date;
alter table crm.interactions
  validate constraint chk_interactions_created_at,
  validate constraint chk_interactions_date;
alter table crm.compatibility
  validate constraint chk_compatibility_seeded_at;
