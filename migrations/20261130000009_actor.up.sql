-- The refusal of an actor names the table crm.users, by which the library tells it from a missing right of the login: both are 42501,
-- and a message is no data. Everything else is as before; see the migration "access".

set local search_path = pg_catalog, pg_temp;

create or replace procedure crm.act_as(actor bigint) language plpgsql as $$
declare
  acting_role text;
  done text;
begin
  select 'crm_' || u.role::text into acting_role from crm.users u where u.id = actor and u.deactivated_at is null;
  if not found then
    raise exception 'user % is deactivated or does not exist', actor
      using errcode = '42501', schema = 'crm', table = 'users';
  end if;
  done := set_config('crm.actor', actor::text, true);
  done := set_config('role', acting_role, true);
end
$$;
