set local search_path = pg_catalog, pg_temp;

create or replace function crm.words(t text) returns tsvector language plpgsql immutable strict parallel restricted cost 1000 as $$
declare
  w pg_catalog.text collate pg_catalog."C" := pg_catalog.lower(pg_catalog."left"(t, 110000) collate pg_catalog."C");
begin
  if pg_catalog.octet_length(w) operator(pg_catalog.=) pg_catalog.char_length(w) then
    w := pg_catalog.regexp_replace(w, '[^a-z0-9 ]+', ' ', 'g');
  else
    w := pg_catalog.regexp_replace(
      crm.fold(w) collate pg_catalog."C",
      '[\u0001-\u001f\u0021-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u1680\u180e\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u3000-\u303f\ufe50-\ufe6f\ufeff\uff01-\uff0f]+',
      ' ', 'g'
    );
  end if;
  if pg_catalog.octet_length(w) operator(pg_catalog.>) 2046 then
    w := pg_catalog.regexp_replace(w, '([^ ]{250})[^ ]+', '\1', 'g');
  end if;
  return w::pg_catalog.tsvector;
end
$$;

-- The indexes hold the words of before.
reindex index crm.idx_customers_words;
reindex index crm.idx_leads_words;
reindex index crm.idx_tasks_words;
reindex index crm.idx_interactions_words;

update crm.compatibility set oldest_library = 20261122000001;
