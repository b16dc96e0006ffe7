-- truncate crm.leads, crm.pipeline_totals: the server has emptied the totals already when the trigger of leads runs, and refuses to
-- truncate in it what the statement itself truncates. By its size, because there can be totals that this transaction does not see.

set local search_path = pg_catalog, pg_temp;
select set_config('role', pg_get_userbyid(relowner), true) from pg_class where oid = 'crm.users'::regclass;

create or replace function crm.empty_pipeline() returns trigger language plpgsql security definer as $$
begin
  if pg_catalog.pg_relation_size('crm.pipeline_totals'::pg_catalog.regclass) operator(pg_catalog.>) 0 then
    -- Truncated as the leads are: a deletion would leave the rows that this transaction does not see.
    truncate crm.pipeline_totals;
  end if;
  return null;
end
$$;
