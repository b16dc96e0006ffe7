-- Says everything that PostgreSQL knows of the schema crm, a fact a line, without the object ids. Rights that were granted
-- and revoked stand there as written out, which is the same as none written: the default.
with
  crm (oid) as (select 'crm'::regnamespace::oid),
  relations as (select c.* from pg_class c, crm where c.relnamespace = crm.oid)
select format('schema: owner %s, acl %s', pg_get_userbyid(nspowner), coalesce(nspacl, acldefault('n', nspowner)))
from pg_namespace n, crm where n.oid = crm.oid
union all
select format('relation %s: kind %s, %s, row security %s %s, owner %s, acl %s, options %s',
  relname, relkind, relpersistence, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner),
  coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner)), reloptions)
from relations
union all
select format('column %s.%s: number %s, %s, not null %s, default %s, identity "%s", generated "%s", collation %s, acl %s',
  c.relname, a.attname, row_number() over (partition by c.oid order by a.attnum),
  format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated,
  a.attcollation::regcollation, coalesce(a.attacl, acldefault('c', c.relowner)))
from relations c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
union all
select format('type %s: kind %s, %s, acl %s', t.typname, t.typtype, format_type(t.typbasetype, t.typtypmod),
  coalesce(t.typacl, acldefault('T', t.typowner)))
from pg_type t, crm where t.typnamespace = crm.oid and t.typtype <> 'c' and t.typelem = 0
union all
select format('label %s of %s: number %s',
  e.enumlabel, t.typname, row_number() over (partition by t.oid order by e.enumsortorder))
from pg_type t join pg_enum e on e.enumtypid = t.oid, crm where t.typnamespace = crm.oid
union all
select format('constraint %s on %s: %s, validated %s',
  k.conname, k.conrelid::regclass, pg_get_constraintdef(k.oid), k.convalidated)
from pg_constraint k, crm where k.connamespace = crm.oid
union all
select format('index %s: %s, valid %s, primary %s, clustered %s, replica identity %s',
  c.relname, pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisprimary, i.indisclustered, i.indisreplident)
from relations c join pg_index i on i.indexrelid = c.oid
union all
select format('trigger %s: %s, enabled %s', g.tgname, pg_get_triggerdef(g.oid), g.tgenabled)
from relations c join pg_trigger g on g.tgrelid = c.oid and not g.tgisinternal
union all
select format('function %s: %s, owner %s, acl %s', p.oid::regprocedure, pg_get_functiondef(p.oid),
  pg_get_userbyid(p.proowner), coalesce(p.proacl, acldefault('f', p.proowner)))
from pg_proc p, crm where p.pronamespace = crm.oid and p.prokind <> 'a'
union all
select format('sequence %s: %s from %s by %s, %s to %s, cache %s, cycle %s, of %s',
  c.relname, s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
  pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid))
from relations c
join pg_sequence s on s.seqrelid = c.oid
left join pg_depend d on d.objid = c.oid and d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
union all
select format('view %s: %s', relname, pg_get_viewdef(oid)) from relations where relkind in ('v', 'm')
union all
select format('policy %s on %s: %s', policyname, tablename, to_jsonb(p)) from pg_policies p where schemaname = 'crm'
order by 1
