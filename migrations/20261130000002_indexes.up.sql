-- Emails compare without regard to case, a customer's too, so their index does. And the deletion of a user no longer reads every
-- customer, lead and task to clear created_by.
--
-- Before that, it looks for operators, functions and types of other roles in the library's own indexes, checks, columns, triggers and
-- functions. The first migrations ran with the search path of whoever migrated, so an operator such as public.<>(crm.task_status,
-- crm.task_status) could get in, and would run with the owner's rights ever after. It refuses these and names each; what was dropped
-- on its advice it makes again.
--
-- An index is built under a lock that lets others read the table and not write it.

set local search_path = pg_catalog, pg_temp;
select set_config('role', pg_get_userbyid(relowner), true) from pg_class where oid = 'crm.users'::regclass;

-- The library's parts as the migrations up to here have made them. An index and a check can be made again, so they have a definition.
create function crm.parts() returns table (kind text, relation text, name text, definition text) language sql as $parts$
  values
    ('index', 'users', 'idx_users_email', 'create unique index idx_users_email on crm.users (lower(email collate "C"))'),
    ('index', 'users', 'idx_users_role', 'create index idx_users_role on crm.users (role, id)'),
    ('index', 'customers', 'idx_customers_email', 'create index idx_customers_email on crm.customers (email)'),
    ('index', 'customers', 'idx_customers_company', 'create index idx_customers_company on crm.customers (company, id)'),
    ('index', 'customers', 'idx_customers_tags', 'create index idx_customers_tags on crm.customers using gin (tags)'),
    ('index', 'customers', 'idx_customers_name', 'create index idx_customers_name on crm.customers (name collate "C", id)'),
    ('index', 'customers', 'idx_customers_words', 'create index idx_customers_words on crm.customers using gin (crm.words('
      'name || '' '' || coalesce(email, '''') || '' '' || coalesce(company, '''') || '' '' || coalesce(phone, '''')))'),
    ('index', 'leads', 'idx_leads_stage', 'create index idx_leads_stage on crm.leads (stage, id)'),
    ('index', 'leads', 'idx_leads_customer_id', 'create index idx_leads_customer_id on crm.leads (customer_id, id)'),
    ('index', 'leads', 'idx_leads_assigned_to', 'create index idx_leads_assigned_to on crm.leads (assigned_to, id)'),
    ('index', 'leads', 'idx_leads_value', 'create index idx_leads_value on crm.leads (value, id)'),
    ('index', 'leads', 'idx_leads_words',
      'create index idx_leads_words on crm.leads using gin (crm.words(title || '' '' || coalesce(description, '''')))'),
    ('index', 'tasks', 'idx_tasks_status', 'create index idx_tasks_status on crm.tasks (status, id)'),
    ('index', 'tasks', 'idx_tasks_priority', 'create index idx_tasks_priority on crm.tasks (priority, id)'),
    ('index', 'tasks', 'idx_tasks_assigned_to', 'create index idx_tasks_assigned_to on crm.tasks (assigned_to, id)'),
    ('index', 'tasks', 'idx_tasks_customer_id', 'create index idx_tasks_customer_id on crm.tasks (customer_id, id)'),
    ('index', 'tasks', 'idx_tasks_due_date', 'create index idx_tasks_due_date on crm.tasks (due_date, id)'),
    ('index', 'tasks', 'idx_tasks_open',
      'create index idx_tasks_open on crm.tasks (status, priority, due_date, id) where status <> ''completed'''),
    ('index', 'tasks', 'idx_tasks_words',
      'create index idx_tasks_words on crm.tasks using gin (crm.words(title || '' '' || coalesce(description, '''')))'),
    ('index', 'interactions', 'idx_interactions_customer_id',
      'create index idx_interactions_customer_id on crm.interactions (customer_id, date, id)'),
    ('index', 'interactions', 'idx_interactions_type', 'create index idx_interactions_type on crm.interactions (type, id)'),
    ('index', 'interactions', 'idx_interactions_date',
      'create index idx_interactions_date on crm.interactions (date desc, customer_id)'),
    ('index', 'interactions', 'idx_interactions_created_by',
      'create index idx_interactions_created_by on crm.interactions (created_by, id)'),
    ('index', 'interactions', 'idx_interactions_words',
      'create index idx_interactions_words on crm.interactions using gin (crm.words(notes))'),
    ('check', 'customers', 'chk_customers_tags', 'check (array_position(tags, null) is null)'),
    ('check', 'leads', 'chk_leads_value', 'check (value >= 0 and value < ''NaN'')')
  union all
  select 'column', relation, column_name, null
  from (values
    ('users', '{id,name,email,password,role,created_at,updated_at,deactivated_at,version}'::text[]),
    ('customers', '{id,name,email,phone,company,tags,notes,created_at,updated_at,created_by,updated_by,version}'),
    ('leads', '{id,title,description,stage,value,customer_id,assigned_to,created_at,updated_at,created_by,updated_by,version}'),
    ('tasks', '{id,title,description,status,priority,due_date,assigned_to,customer_id,created_at,updated_at,created_by,updated_by,version}'),
    ('interactions', '{id,customer_id,type,notes,date,created_by,created_at,version}'),
    ('pipeline_totals', '{stage,count,value}'),
    ('compatibility', '{oldest_library,seeded_at}')
  ) columns (relation, names), unnest(names) column_name
  union all
  select 'trigger', relation, relation || suffix, null
  from unnest('{users,customers,leads,tasks,interactions}'::text[]) relation, unnest('{_touch,_stamp}'::text[]) suffix
  union all
  select 'trigger', 'leads', 'leads_' || name || '_pipeline', null from unnest('{add_to,take_from,move_in,empty}'::text[]) name
$parts$;

do $$
declare
  named text;
  advice text;
  part record;
begin
  with
    objects (classid, objid, objsubid, what, advice) as (
      select 'pg_class'::regclass, c.oid, 0, format('the index crm.%I', p.name), format('drop index crm.%I;', p.name)
      from crm.parts() p
      join pg_class c on c.relnamespace = 'crm'::regnamespace and c.relname = p.name and c.relkind = 'i'
      where p.kind = 'index'
      union all
      select 'pg_constraint'::regclass, k.oid, 0, format('the check %I of crm.%I', p.name, p.relation),
        format('alter table crm.%I drop constraint %I;', p.relation, p.name)
      from crm.parts() p
      join pg_constraint k on k.conrelid = format('crm.%I', p.relation)::regclass and k.conname = p.name
      where p.kind = 'check'
      union all
      select o.classid, o.objid, o.objsubid, format('the column crm.%I.%I', p.relation, p.name),
        case when o.classid = 'pg_class'::regclass and t.typtype = 'd' then
          format('alter table crm.%I alter column %I type %s;', p.relation, p.name,
            format_type(t.typbasetype, coalesce(nullif(t.typtypmod, -1), a.atttypmod)))
        end
      from crm.parts() p
      join pg_attribute a on a.attrelid = format('crm.%I', p.relation)::regclass and a.attname = p.name
      join pg_type t on t.oid = a.atttypid
      cross join lateral (
        select 'pg_class'::regclass, a.attrelid, a.attnum::int
        union all
        select 'pg_attrdef'::regclass, d.oid, 0 from pg_attrdef d where d.adrelid = a.attrelid and d.adnum = a.attnum
      ) o (classid, objid, objsubid)
      where p.kind = 'column'
      union all
      select 'pg_trigger'::regclass, g.oid, 0, format('the trigger %I on crm.%I', p.name, p.relation), null
      from crm.parts() p
      join pg_trigger g on g.tgrelid = format('crm.%I', p.relation)::regclass and g.tgname = p.name
      where p.kind = 'trigger'
      union all
      select 'pg_proc'::regclass, f.oid, 0, 'the function ' || f.oid::regprocedure, null
      from pg_proc f where f.pronamespace = 'crm'::regnamespace
    ),
    foreigners as (
      select distinct o.what, o.advice, format('%s of %I', concat_ws(' ', r.type, r.identity), pg_get_userbyid(coalesce(
        (select s.refobjid from pg_shdepend s
         where s.dbid = (select b.oid from pg_database b where b.datname = current_database())
           and s.classid = d.refclassid and s.objid = d.refobjid and s.deptype = 'o'),
        -- Of what the server's first superuser owns, no owner is recorded.
        10
      ))) as what_it_uses
      from objects o
      join pg_depend d on d.classid = o.classid and d.objid = o.objid and d.objsubid = o.objsubid
      cross join pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid) r
      where r.schema not in ('pg_catalog', 'crm')
    )
  select string_agg(format('%s uses %s', what, what_it_uses), '; ' order by what, what_it_uses),
    (select string_agg(distinct f.advice, ' ') from foreigners f)
  into named, advice
  from foreigners;
  if named is not null then
    raise exception using errcode = 'object_not_in_prerequisite_state', message = format(
      'the library has parts in the schema crm that use what is not its own and that run with the rights of the owner %I: %s. '
      'Find out what it has done. Then run the following as the owner, and migrate again, which makes the dropped parts again: %s',
      current_user, named, coalesce(advice, 'nothing; make these parts again as the library''s migrations do'));
  end if;

  for part in select p.* from crm.parts() p where p.kind = 'index' and to_regclass(format('crm.%I', p.name)) is null loop
    execute part.definition;
  end loop;
  for part in
    select p.* from crm.parts() p
    where p.kind = 'check'
      and not exists (select from pg_constraint k where k.conrelid = format('crm.%I', p.relation)::regclass and k.conname = p.name)
  loop
    execute format('alter table crm.%I add constraint %I %s', part.relation, part.name, part.definition);
  end loop;
end
$$;

drop function crm.parts();

drop index crm.idx_customers_email;
create index idx_customers_email on crm.customers (lower(email collate "C"));

create index idx_customers_created_by on crm.customers (created_by, id);
create index idx_leads_created_by on crm.leads (created_by, id);
create index idx_tasks_created_by on crm.tasks (created_by, id);
