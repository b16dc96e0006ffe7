//! Operators, functions and types of another login do not get into the library's indexes, checks, columns and functions; those that did
//! before are found.

use crm_core::{ErrorCode, NewCustomer, Repositories as _};
use crm_postgres::Crm;
use sqlx::postgres::PgPool;

use super::cluster::Cluster;
use super::hijack::{SAME, TYPES, caught, set};
use super::owners::works;
use crate::seed::valid;

/// Lists what the schema depends on beside itself and PostgreSQL.
const FOREIGN: &str = "
    select distinct o.identity
    from pg_depend d
    cross join pg_identify_object(d.classid, d.objid, d.objsubid) s
    cross join pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid) o
    where o.schema not in ('pg_catalog', 'crm', 'information_schema', 'pg_toast')
      and (s.schema = 'crm' or s.identity like '% on crm.%')";

/// The version before the one that looks for them.
const BEFORE: i64 = 20_261_130_000_001;

async fn stage() -> Cluster {
    let cluster = Cluster::cleared().await;
    cluster.administer(&["create role owner login createrole", "create role mallory login"]).await;
    cluster.database("app", "owner").await;
    cluster
}

/// The parts that the migration may make again.
const PARTS: &str = "
    select pg_get_indexdef(i.indexrelid) from pg_index i where i.indrelid::regclass::text like 'crm.%'
    union all
    select k.conrelid::regclass || ': ' || pg_get_constraintdef(k.oid) from pg_constraint k
    where k.connamespace = 'crm'::regnamespace
    union all
    select format('%s.%s %s', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod)) from pg_attribute a
    where a.attrelid = 'crm.customers'::regclass and a.attnum > 0 and not a.attisdropped
    order by 1";

#[tokio::test]
async fn a_migration_over_a_hosts_pool_finds_nothing_of_another_login() {
    let cluster = stage().await;
    let rights = "create schema evil authorization mallory; grant usage on schema evil to public";
    cluster.execute("postgres", "app", rights).await;
    set(&cluster, "evil", "evil, pg_catalog", &SAME).await;
    cluster
        .execute(
            "mallory",
            "app",
            &format!(
                "{TYPES} delete from evil.seen;
                 create domain evil.date as pg_catalog.date; create domain evil.timestamptz as pg_catalog.timestamptz;
                 create function evil.isfinite(pg_catalog.date) returns boolean immutable language sql as 'select true';
                 create function evil.immutably(numeric, int) returns boolean immutable language sql as 'select true';
                 create operator evil.>= (function = evil.immutably, leftarg = numeric, rightarg = int)"
            ),
        )
        .await;
    let url = format!("{}&options[search_path]=evil,pg_catalog", cluster.url("owner", "app"));
    let crm = Crm::from_pool(PgPool::connect(&url).await.unwrap());
    for _ in 0..2 {
        crm.migrate().await.unwrap();
        assert_eq!(caught(&cluster, "evil").await, [""; 0]);
        assert_eq!(cluster.texts("app", FOREIGN).await, [""; 0]);
        crm.migrate_to(0).await.unwrap();
        assert_eq!(caught(&cluster, "evil").await, [""; 0]);
    }
}

/// Makes, as mallory, what fits the library's expressions better than PostgreSQL's own.
const PLANTED: &str = "
    create function public.differs(crm.task_status, crm.task_status) returns boolean immutable language sql as 'select true';
    create operator public.<> (function = public.differs, leftarg = crm.task_status, rightarg = crm.task_status);
    create function public.lower(varchar) returns text immutable language sql as 'select pg_catalog.lower($1::text)';
    create function public.at_least(numeric, int) returns boolean immutable language sql as 'select true';
    create operator public.>= (function = public.at_least, leftarg = numeric, rightarg = int);
    create domain public.prose as text;";

/// Makes parts of the schema as the first migrations did over a path with `public`.
const TAKEN_IN: &str = "
    set search_path = public;
    drop index crm.idx_tasks_open, crm.idx_users_email;
    create index idx_tasks_open on crm.tasks (status, priority, due_date, id) where status <> 'completed';
    create unique index idx_users_email on crm.users (lower(email collate \"C\"));
    alter table crm.leads drop constraint chk_leads_value,
      add constraint chk_leads_value check (value >= 0 and value < 'NaN');
    alter table crm.customers alter column notes type prose;
    -- The host's own are not the library's business.
    create index idx_of_the_host on crm.customers (lower(name));
    alter table crm.leads add constraint chk_of_the_host check (value >= 0);";

#[tokio::test]
async fn what_got_in_before_is_named_and_made_again_as_the_message_says() {
    let cluster = stage().await;
    let crm = cluster.crm("owner", "app").await;
    crm.migrate_to(BEFORE).await.unwrap();
    let rights =
        "grant create, usage on schema public to mallory, public; grant usage on schema crm to mallory";
    cluster.execute("postgres", "app", rights).await;
    cluster.execute("mallory", "app", PLANTED).await;
    cluster.execute("owner", "app", TAKEN_IN).await;
    let error = crm.migrate().await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Schema, "{error}");
    let text = error.to_string();
    for named in [
        "the index crm.idx_tasks_open uses operator public.<>(crm.task_status,crm.task_status) of mallory",
        "the index crm.idx_users_email uses function public.lower(character varying) of mallory",
        "the check chk_leads_value of crm.leads uses operator public.>=(numeric,integer) of mallory",
        "the column crm.customers.notes uses type public.prose of mallory",
    ] {
        assert!(text.contains(named), "{named} is not in {text}");
    }
    assert!(!text.contains("of_the_host"), "{text}");
    assert_eq!(crm.schema_version().await.unwrap(), Some(BEFORE));

    let (_, advice) = text.split_once("parts again: ").unwrap();
    cluster.execute("owner", "app", advice).await;
    crm.migrate().await.unwrap();
    assert_eq!(crm.pending_migrations().await.unwrap(), []);
    // The host's are there still, and nothing else.
    let foreign = cluster.texts("app", FOREIGN).await;
    assert_eq!(foreign.len(), 2, "{foreign:?}");
    cluster
        .execute(
            "owner",
            "app",
            "drop index crm.idx_of_the_host; alter table crm.leads drop constraint chk_of_the_host",
        )
        .await;
    assert_eq!(cluster.texts("app", FOREIGN).await, [""; 0]);
    works(&crm).await;
    crm.customers().create(valid(NewCustomer::new("Acme"))).await.unwrap();

    // What is made again is what a first migration makes.
    let again = cluster.texts("app", PARTS).await;
    cluster.database("other", "owner").await;
    cluster.crm("owner", "other").await.migrate().await.unwrap();
    assert_eq!(again, cluster.texts("other", PARTS).await);
}
