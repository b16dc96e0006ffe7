create or replace function crm.empty_pipeline() returns trigger language plpgsql security definer as $$
begin
  -- Truncated as the leads are: a deletion would leave the rows that this transaction does not see.
  truncate crm.pipeline_totals;
  return null;
end
$$;
