-- Splits a text into its lower-cased words. A word is a run of characters other than the separators: everything in
-- ASCII but letters and digits, and the spaces, punctuation and symbols listed. A word longer than a tsvector takes is
-- cut, and of a longer text than the library accepts only the beginning counts, so that no row is refused.
create or replace function crm.words(t text) returns tsvector language plpgsql immutable strict parallel safe cost 1000 as $$
declare
  w pg_catalog.text := pg_catalog.regexp_replace(
    crm.fold(pg_catalog."left"(t, 110000)) collate pg_catalog."C",
    '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u1680\u180e\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u3000-\u303f\ufe50-\ufe6f\ufeff\uff01-\uff0f]+',
    ' ', 'g'
  );
begin
  if pg_catalog.octet_length(w) operator(pg_catalog.>) 2046 then
    w := pg_catalog.regexp_replace(w collate pg_catalog."C", '([^ ]{250})[^ ]+', '\1', 'g');
  end if;
  return w::pg_catalog.tsvector;
end
$$;
