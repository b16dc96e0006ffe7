-- The pipeline report without a look at the leads: what each statement changes of a stage's count and value is one row here, and
-- the report is their sum. Rows are only ever added, and now and then many are folded into a few, without waiting for anybody: so
-- writers never block one another, as they would over one row a stage. A row that was rolled back was never there, and a
-- snapshot sees the totals that fit its leads.
--
-- These functions run as the owner in the middle of somebody's statement; see the versions for why everything is named with its schema.

-- What is counted must be what is there once nobody else can write. It must be the first statement of the migration.
set transaction isolation level read committed;
set local search_path = pg_catalog, pg_temp;
select set_config('role', pg_get_userbyid(relowner), true) from pg_class where oid = 'crm.users'::regclass;

create table crm.pipeline_totals (
  stage crm.lead_stage not null,
  count bigint not null,
  value numeric not null
)
-- What is folded leaves dead rows, by the number of writes and not by the size of the table.
with (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
-- It has no key, and without this nobody could write leads in a database that publishes all its tables.
alter table crm.pipeline_totals replica identity full;

-- Adds up the rows that nobody else is adding up, at most so many that one writer does not wait for it. One transaction in 64 does so, chosen by
-- the hash of its id so that no regular pattern of writes always misses it; once at most, for which crm.folded is its flag; and only in
-- read committed, where a concurrent fold cannot fail it. It has nothing to do with crm.fold, which lowers letters.
create function crm.fold_pipeline() returns void language plpgsql as $$
begin
  if pg_catalog.hashint8(pg_catalog.txid_current_if_assigned()) operator(pg_catalog.&) 63 operator(pg_catalog.=) 0
    and pg_catalog.current_setting('transaction_isolation') operator(pg_catalog.=) 'read committed'
    and coalesce(pg_catalog.current_setting('crm.folded', true), '') operator(pg_catalog.=) ''
  then
    perform pg_catalog.set_config('crm.folded', 'yes', true);
    with folded as (
      delete from crm.pipeline_totals
      where ctid operator(pg_catalog.=) any (array(select p.ctid from crm.pipeline_totals p limit 10000 for update skip locked))
      returning stage, count, value
    )
    insert into crm.pipeline_totals
    select f.stage, pg_catalog.sum(f.count), pg_catalog.sum(f.value) from folded f group by f.stage;
  end if;
end
$$;

create function crm.add_to_pipeline() returns trigger language plpgsql security definer as $$
begin
  insert into crm.pipeline_totals
  select l.stage, pg_catalog.count(*), coalesce(pg_catalog.sum(l.value), 0) from added l group by l.stage;
  perform crm.fold_pipeline();
  return null;
end
$$;

create function crm.take_from_pipeline() returns trigger language plpgsql security definer as $$
begin
  insert into crm.pipeline_totals
  select l.stage, operator(pg_catalog.-) pg_catalog.count(*), operator(pg_catalog.-) coalesce(pg_catalog.sum(l.value), 0)
  from removed l group by l.stage;
  perform crm.fold_pipeline();
  return null;
end
$$;

create function crm.move_in_pipeline() returns trigger language plpgsql security definer as $$
begin
  insert into crm.pipeline_totals values
    (old.stage, -1, operator(pg_catalog.-) coalesce(old.value, 0)), (new.stage, 1, coalesce(new.value, 0));
  perform crm.fold_pipeline();
  return null;
end
$$;

create function crm.empty_pipeline() returns trigger language plpgsql security definer as $$
begin
  -- Truncated as the leads are: a deletion would leave the rows that this transaction does not see.
  truncate crm.pipeline_totals;
  return null;
end
$$;

create trigger leads_add_to_pipeline after insert on crm.leads
  referencing new table as added for each statement execute function crm.add_to_pipeline();
create trigger leads_take_from_pipeline after delete on crm.leads
  referencing old table as removed for each statement execute function crm.take_from_pipeline();
-- For each row, unlike the others, because most updates change neither and then cost nothing.
create trigger leads_move_in_pipeline after update on crm.leads for each row
  when (old.stage <> new.stage or old.value is distinct from new.value) execute function crm.move_in_pipeline();
create trigger leads_empty_pipeline after truncate on crm.leads
  for each statement execute function crm.empty_pipeline();

-- Counts anew, for whoever has changed leads with the triggers off, as loads with session_replication_role = replica do, or has restored both
-- tables' data with the triggers on.
create procedure crm.recount_pipeline() language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'the pipeline is counted in a transaction of the level read committed' using errcode = '25001';
  end if;
  lock table crm.leads in share row exclusive mode;
  delete from crm.pipeline_totals;
  insert into crm.pipeline_totals select l.stage, count(*), coalesce(sum(l.value), 0) from crm.leads l group by l.stage;
end
$$;
call crm.recount_pipeline();

revoke execute on function crm.fold_pipeline(), crm.add_to_pipeline(), crm.take_from_pipeline(), crm.move_in_pipeline(),
  crm.empty_pipeline() from public;
revoke execute on procedure crm.recount_pipeline() from public;
grant select on crm.pipeline_totals to crm_admin, crm_user, crm_reporter;

-- The value was in it for the report alone.
drop index crm.idx_leads_stage;
create index idx_leads_stage on crm.leads (stage, id);
