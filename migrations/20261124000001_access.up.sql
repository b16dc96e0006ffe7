-- Who may do what, at the level of the database: the table of crm-core's access.rs in grants and policies (a test walks
-- every cell). An acting handle runs as crm_admin or crm_user with the user's id in the setting crm.actor; crm_reporter is
-- for the logins of reporting scripts. Whoever owns the tables is the trusted system and is not bound by any of it.

-- What another role has made in a schema of the search path must not stand in for what is meant here.
set local search_path = pg_catalog, pg_temp;

-- The roles are the cluster's: another of its databases may have made them, or be making them at this moment. They are granted
-- to the owner of the tables, as whom, or as a member of whom, the trusted system logs in.
do $$
declare
  wanted constant text[] := array['crm_admin', 'crm_user', 'crm_reporter'];
  may_become constant text := case when current_setting('server_version_num')::int < 160000 then 'member' else 'set' end;
  owner constant text := (select pg_get_userbyid(relowner) from pg_class where oid = 'crm.users'::regclass);
  wish text := '';
  wished text;
begin
  foreach wished in array wanted loop
    perform from pg_roles r where r.rolname = wished and (
      r.rolcanlogin or r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication
      or exists (select from pg_auth_members m where m.member = r.oid)
    );
    if found then
      raise exception using errcode = 'reserved_name', message = format(
        'the role %I is somebody''s already: it may log in, has rights of its own or is a member of another role. Rename it; '
        'the library needs the name for a role without any', wished);
    end if;
  end loop;
  for attempt in 1..50 loop
    begin
      foreach wished in array wanted loop
        if to_regrole(wished) is null then
          wish := format('create role %I nologin', wished);
          execute wish;
        end if;
        if not pg_has_role(owner, wished, may_become) then
          wish := format('grant %I to %I', wished, owner);
          execute wish;
        end if;
      end loop;
      -- What follows belongs to the owner, also where a member migrates.
      wish := format('set role %I', owner);
      perform set_config('role', owner, true);
      return;
    exception
      when insufficient_privilege then
        raise exception using errcode = '42501', message = format(
          '%I may not %s; an administrator of the server has to run: %s', current_user, wish,
          coalesce((select string_agg(format('create role %I nologin; ', r), '') from unnest(wanted) r
                    where to_regrole(r) is null), '')
          || format('grant crm_admin, crm_user, crm_reporter to %I;', owner)
        );
      -- Another database's migration was faster, or changes the same role ("tuple concurrently updated").
      when unique_violation or duplicate_object or internal_error then
        perform pg_sleep(0.02 * attempt);
    end;
  end loop;
  raise exception 'other databases of this server kept changing the roles crm_admin, crm_user and crm_reporter';
end
$$;

-- The user in whose name the transaction runs, as far as it runs as a role of a user: the owner, as whom a foreign key's
-- actions run too, acts for nobody.
create function crm.actor() returns bigint language sql stable parallel safe
  return case when current_user in ('crm_admin', 'crm_user') then nullif(current_setting('crm.actor', true), '')::bigint end;

-- Turns the rest of the transaction into that user's. Both settings are the transaction's and end with it, however it ends.
-- A procedure, and assignments instead of a query, because every operation of an acting handle waits for this. It runs as
-- the trusted system, so it uses no operator or function that one of another schema could fit better.
create procedure crm.act_as(actor bigint) language plpgsql as $$
declare
  acting_role text;
  done text;
begin
  select 'crm_' || u.role::text into acting_role from crm.users u where u.id = actor and u.deactivated_at is null;
  if not found then
    raise exception 'user % is deactivated or does not exist', actor using errcode = '42501';
  end if;
  done := set_config('crm.actor', actor::text, true);
  done := set_config('role', acting_role, true);
end
$$;

-- Replaces the actor's own password by one who knows the present hash, which no role can read.
create function crm.change_password(present text, new text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update crm.users set password = new
  where id = nullif(current_setting('crm.actor', true), '')::bigint and password = present and deactivated_at is null;
  return found;
end
$$;

-- created_by and updated_by name the actor; what the trusted system changes was changed by nobody. A foreign key's action,
-- which runs inside the trigger of another statement, writes neither, so that clearing the references to a deleted user brings
-- none of them back.
create function crm.stamp() returns trigger language plpgsql as $$
begin
  new.created_by := crm.actor();
  new.updated_by := crm.actor();
  return new;
end
$$;

create function crm.stamp_creator() returns trigger language plpgsql as $$
begin
  new.created_by := crm.actor();
  return new;
end
$$;

create function crm.touch_and_stamp() returns trigger language plpgsql as $$
begin
  new.version := old.version operator(pg_catalog.+) 1;
  new.updated_at := current_timestamp;
  if current_user operator(pg_catalog.=) 'crm_admin' or current_user operator(pg_catalog.=) 'crm_user' then
    new.updated_by := crm.actor();
  elsif pg_catalog.pg_trigger_depth() operator(pg_catalog.=) 1 then
    new.updated_by := null;
  end if;
  return new;
end
$$;

create trigger customers_stamp before insert on crm.customers for each row
  when (current_user in ('crm_admin', 'crm_user')) execute function crm.stamp();
create trigger leads_stamp before insert on crm.leads for each row
  when (current_user in ('crm_admin', 'crm_user')) execute function crm.stamp();
create trigger tasks_stamp before insert on crm.tasks for each row
  when (current_user in ('crm_admin', 'crm_user')) execute function crm.stamp();
create trigger interactions_stamp before insert on crm.interactions for each row
  when (current_user in ('crm_admin', 'crm_user')) execute function crm.stamp_creator();

create or replace trigger customers_touch before update on crm.customers
  for each row execute function crm.touch_and_stamp();
create or replace trigger leads_touch before update on crm.leads for each row execute function crm.touch_and_stamp();
create or replace trigger tasks_touch before update on crm.tasks for each row execute function crm.touch_and_stamp();

-- Grants by column: the keys, the versions and the audit columns are the database's own, and no role reads a password.
grant usage on schema crm to crm_admin, crm_user, crm_reporter;

revoke execute on procedure crm.act_as(bigint) from public;
revoke execute on function crm.change_password(text, text) from public;
grant execute on function crm.change_password(text, text) to crm_admin, crm_user;
grant execute on function crm.actor(), crm.fold(text), crm.words(text) to crm_admin, crm_user, crm_reporter;

grant select (id, name, email, role, created_at, updated_at, deactivated_at, version) on crm.users
  to crm_admin, crm_user, crm_reporter;
grant select on crm.customers, crm.leads, crm.tasks, crm.interactions to crm_admin, crm_user, crm_reporter;

grant insert (name, email, password, role), update (name, email, password, role, deactivated_at) on crm.users to crm_admin;
grant update (name, email) on crm.users to crm_user;
grant
  insert (name, email, phone, company, tags, notes),
  update (name, email, phone, company, tags, notes)
  on crm.customers to crm_admin, crm_user;
grant
  insert (title, description, stage, value, customer_id, assigned_to),
  update (title, description, stage, value, customer_id, assigned_to)
  on crm.leads to crm_admin, crm_user;
grant
  insert (title, description, status, priority, due_date, assigned_to, customer_id),
  update (title, description, status, priority, due_date, assigned_to, customer_id)
  on crm.tasks to crm_admin, crm_user;
grant
  insert (customer_id, type, notes, date),
  update (customer_id, type, notes, date)
  on crm.interactions to crm_admin, crm_user;
grant delete on crm.users, crm.customers, crm.leads, crm.tasks, crm.interactions to crm_admin;
grant delete on crm.leads, crm.tasks, crm.interactions to crm_user;

-- Row security, where a rule speaks of rows. Everybody sees every row, so that a refusal is told from a row that is not there.
alter table crm.users enable row level security;
create policy users_read on crm.users for select to crm_admin, crm_user, crm_reporter using (true);
create policy users_admin on crm.users to crm_admin using (true);
create policy users_self on crm.users for update to crm_user using (id = crm.actor());

alter table crm.leads enable row level security;
create policy leads_read on crm.leads for select to crm_admin, crm_user, crm_reporter using (true);
create policy leads_admin on crm.leads to crm_admin using (true);
create policy leads_create on crm.leads for insert to crm_user with check (true);
create policy leads_update on crm.leads for update to crm_user using (true);
create policy leads_delete_own on crm.leads for delete to crm_user using (created_by = crm.actor());

alter table crm.tasks enable row level security;
create policy tasks_read on crm.tasks for select to crm_admin, crm_user, crm_reporter using (true);
create policy tasks_admin on crm.tasks to crm_admin using (true);
create policy tasks_create on crm.tasks for insert to crm_user with check (true);
create policy tasks_update on crm.tasks for update to crm_user using (true);
create policy tasks_delete_own on crm.tasks for delete to crm_user using (created_by = crm.actor());

alter table crm.interactions enable row level security;
create policy interactions_read on crm.interactions for select to crm_admin, crm_user, crm_reporter using (true);
create policy interactions_admin on crm.interactions to crm_admin using (true);
create policy interactions_create on crm.interactions for insert to crm_user with check (created_by = crm.actor());
create policy interactions_update_own on crm.interactions for update to crm_user using (created_by = crm.actor());
create policy interactions_delete_own on crm.interactions for delete to crm_user using (created_by = crm.actor());
