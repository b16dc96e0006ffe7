//! Migrating is safe whoever else does, stays inside the schema crm, and a schema that does not fit is told.

use crm_core::{CustomerFilter, ErrorCode, NewCustomer, NewUser, Repositories as _, ViolationCode};
use crm_postgres::{Crm, SeedPasswords};
use crm_tests::Database;

use crate::schema::catalogue::{dump, named, texts};
use crate::seed::{bcrypt, valid};

/// Calls an operation that every migrated database takes, and returns the code when it is refused.
async fn used(crm: &Crm) -> Result<i64, ErrorCode> {
    crm.customers().count(&CustomerFilter::default()).await.map_err(|error| error.code())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_handles_migrate_a_bare_database_at_once() {
    let db = Database::bare().await;
    let mut handles = Vec::new();
    for pool in 0..4 {
        let crm = db.builder().application_name(format!("pool {pool}")).connect().await.unwrap();
        handles.extend([crm.clone(), crm]);
    }
    let started: Vec<_> = handles
        .into_iter()
        .map(|crm| tokio::spawn(async move { (crm.migrate().await, used(&crm).await) }))
        .collect();
    for migrated in started {
        let (migrated, used) = migrated.await.unwrap();
        migrated.unwrap();
        assert_eq!(used, Ok(0));
    }
    assert_eq!(dump(&db).await, dump(&Database::fresh().await).await);
    let repeated = "select version::text from crm._migrations group by version having count(*) > 1 or not bool_and(success)";
    assert_eq!(texts(&db, repeated).await, [""; 0]);
}

#[tokio::test]
async fn the_version_and_what_is_pending_follow_each_step() {
    let db = Database::bare().await;
    assert_eq!(db.crm.schema_version().await.unwrap(), None);
    let all = db.crm.pending_migrations().await.unwrap();
    assert!(!all.is_empty() && all.is_sorted_by(|a, b| a.version < b.version));
    assert!(all.iter().all(|migration| !migration.description.is_empty()));
    // Asking has left no trace.
    assert_eq!(texts(&db, "select nspname::text from pg_namespace where nspname = 'crm'").await, [""; 0]);
    for (at, migration) in all.iter().enumerate() {
        db.crm.migrate_to(migration.version).await.unwrap();
        assert_eq!(db.crm.schema_version().await.unwrap(), Some(migration.version));
        assert_eq!(db.crm.pending_migrations().await.unwrap(), all[at + 1..]);
    }
    db.crm.migrate().await.unwrap();
    assert_eq!(db.crm.schema_version().await.unwrap(), Some(all.last().unwrap().version));
    db.crm.migrate_to(0).await.unwrap();
    assert_eq!(db.crm.schema_version().await.unwrap(), None);
    assert_eq!(db.crm.pending_migrations().await.unwrap(), all);
}

#[tokio::test]
async fn a_version_that_does_not_exist_is_a_violation_and_changes_nothing() {
    let db = Database::fresh().await;
    let before = dump(&db).await;
    for version in [1, -1, 20_261_122_000_000, i64::MAX] {
        let error = db.crm.migrate_to(version).await.unwrap_err();
        let found: Vec<_> = error.violations().iter().map(|broken| (&*broken.field, broken.code)).collect();
        assert_eq!(found, [("version", ViolationCode::OutOfRange)]);
    }
    assert_eq!(dump(&db).await, before);
}

#[tokio::test]
async fn a_database_behind_the_library_is_told_until_it_is_migrated() {
    let db = Database::bare().await;
    let versions: Vec<_> =
        db.crm.pending_migrations().await.unwrap().iter().map(|step| step.version).collect();
    assert_eq!(used(&db.crm).await, Err(ErrorCode::Schema));
    for version in std::iter::once(0).chain(versions[..versions.len() - 1].iter().copied()) {
        db.crm.migrate_to(version).await.unwrap();
        assert_eq!(used(&db.crm).await, Err(ErrorCode::Schema), "at {version}");
        assert_eq!(db.crm.begin().await.unwrap_err().code(), ErrorCode::Schema);
        assert_eq!(db.crm.seed(SeedPasswords::default()).await.unwrap_err().code(), ErrorCode::Schema);
        let report = db.crm.reports().pipeline().await;
        assert_eq!(report.unwrap_err().code(), ErrorCode::Schema);
    }
    db.crm.migrate().await.unwrap();
    assert_eq!(used(&db.crm).await, Ok(0));
    db.crm.begin().await.unwrap().rollback().await.unwrap();
}

#[tokio::test]
async fn a_handle_notices_that_another_took_the_schema_away_and_that_it_is_back() {
    let db = Database::fresh().await;
    let old = db.builder().connect().await.unwrap();
    for name in ["a", "b"] {
        old.customers().create(valid(NewCustomer::new(name))).await.unwrap();
        old.users().list(&crm_core::List::new()).await.unwrap();
    }
    assert_eq!(used(&old).await, Ok(2));
    db.crm.migrate_to(0).await.unwrap();
    assert_eq!(used(&old).await, Err(ErrorCode::Schema));
    let create = old.customers().create(valid(NewCustomer::new("c"))).await;
    assert_eq!(create.unwrap_err().code(), ErrorCode::Schema);
    assert_eq!(old.reports().pipeline().await.unwrap_err().code(), ErrorCode::Schema);
    db.crm.migrate().await.unwrap();
    assert_eq!(used(&old).await, Ok(0));
    // Its prepared statements speak of tables and types that were made anew.
    old.customers().create(valid(NewCustomer::new("d"))).await.unwrap();
    old.users().list(&crm_core::List::new()).await.unwrap();
    old.reports().pipeline().await.unwrap();
}

#[tokio::test]
async fn a_read_survives_that_a_column_has_another_type_and_a_write_says_that_it_can_be_repeated() {
    let db = Database::fresh().await;
    let reader = db.builder().connect().await.unwrap();
    let writer = db.builder().connect().await.unwrap();
    reader.users().list(&crm_core::List::new()).await.unwrap();
    let user = |name: &str| valid(NewUser::new(name, format!("{name}@example.com"), bcrypt()));
    writer.users().create(user("a")).await.unwrap();
    // As a migration of a newer library may; the statements that the two have prepared return the type of before.
    db.execute("alter table crm.users alter column name type text").await;
    assert_eq!(reader.users().list(&crm_core::List::new()).await.unwrap().items.len(), 1);
    let error = writer.users().create(user("b")).await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), (ErrorCode::Unavailable, true));
    writer.users().create(user("b")).await.unwrap();
}

#[tokio::test]
async fn a_database_that_needs_a_newer_library_is_refused() {
    let db = Database::fresh().await;
    db.execute("update crm.compatibility set oldest_library = 99990101000000").await;
    let before = dump(&db).await;
    assert_eq!(used(&db.crm).await, Err(ErrorCode::Schema));
    assert_eq!(db.crm.migrate().await.unwrap_err().code(), ErrorCode::Schema);
    assert_eq!(db.crm.migrate_to(0).await.unwrap_err().code(), ErrorCode::Schema);
    assert_eq!(dump(&db).await, before);
    db.execute("update crm.compatibility set oldest_library = 1").await;
    assert_eq!(used(&db.crm).await, Ok(0));
}

#[tokio::test]
async fn a_newer_migration_that_this_library_can_live_with_does_not_stop_it() {
    let db = Database::fresh().await;
    db.execute(
        "insert into crm._migrations (version, description, success, checksum, execution_time)
         values (99990101000000, 'of tomorrow', true, '\\x00', 1)",
    )
    .await;
    let fresh = db.builder().connect().await.unwrap();
    assert_eq!(used(&fresh).await, Ok(0));
    fresh.migrate().await.unwrap();
    assert_eq!(used(&fresh).await, Ok(0));
    assert_eq!(fresh.schema_version().await.unwrap(), Some(99_990_101_000_000));
    assert_eq!(fresh.pending_migrations().await.unwrap(), []);
    let tomorrow = "select description from crm._migrations where version = 99990101000000";
    assert_eq!(texts(&db, tomorrow).await, ["of tomorrow"]);
    // What it has made stands on this library's steps, which therefore stay.
    let before = dump(&db).await;
    assert_eq!(fresh.migrate_to(0).await.unwrap_err().code(), ErrorCode::Schema);
    assert_eq!(dump(&db).await, before);
    assert_eq!(used(&fresh).await, Ok(0));
}

/// Is what a host application keeps in the same database, under the very names of the library's.
const HOST: &str = "
    create schema host;
    create table host._sqlx_migrations (version bigint primary key, description text not null,
      installed_on timestamptz not null default now(), success boolean not null, checksum bytea not null,
      execution_time bigint not null);
    insert into host._sqlx_migrations values (1, 'of the host', default, true, '\\x00', 1);
    create table host._migrations (id int); insert into host._migrations values (1);
    create table host.compatibility (oldest_library text); insert into host.compatibility values ('of the host');
    create table host.users (name text); insert into host.users values ('of the host');
    create table host.customers (name text); insert into host.customers values ('of the host');
    create table host.leads (name text); create table host.tasks (name text); create table host.interactions (name text);
    create type host.user_role as enum ('host'); create type host.lead_stage as enum ('host');
    create type host.task_status as enum ('host'); create type host.task_priority as enum ('host');
    create type host.interaction_type as enum ('host');
    create function host.words(text) returns tsvector language sql as 'select null::tsvector';
    create function host.fold(text) returns text language sql as 'select null::text';
    create function host.touch() returns trigger language plpgsql as 'begin return null; end';";

const HOST_STATE: &str = "
    select 'history ' || description from host._sqlx_migrations
    union all select 'ids ' || id from host._migrations
    union all select 'compatibility ' || oldest_library from host.compatibility
    union all select 'users ' || name from host.users
    union all select 'customers ' || name from host.customers
    union all select 'leads ' || name from host.leads
    union all select 'tasks ' || name from host.tasks
    union all select 'interactions ' || name from host.interactions
    union all
    select format('%s %s of %s', c.oid::regclass, c.relkind, pg_get_userbyid(c.relowner)) from pg_class c
    where c.relnamespace in ('host'::regnamespace, 'public'::regnamespace)
    union all
    select p.oid::regprocedure::text from pg_proc p
    where p.pronamespace in ('host'::regnamespace, 'public'::regnamespace)
    union all
    select t.oid::regtype::text from pg_type t
    where t.typnamespace in ('host'::regnamespace, 'public'::regnamespace)
    union all
    select nspname from pg_namespace where nspname not like 'pg\\_%' and nspname <> 'crm'
    order by 1";

#[tokio::test]
async fn nothing_outside_the_schema_crm_is_touched_or_mistaken_for_the_librarys() {
    let db = Database::bare().await;
    db.execute(HOST).await;
    let before = texts(&db, HOST_STATE).await;
    assert!(before.contains(&"users of the host".to_owned()));
    // The host's names come first wherever the library does not say which it means.
    let crm = Crm::connect(format!("{}&options[search_path]=host,public", db.url)).await.unwrap();
    crm.migrate().await.unwrap();
    assert_eq!(dump(&db).await, dump(&Database::fresh().await).await);
    crm.seed(SeedPasswords::default()).await.unwrap().expect("the sample rows are loaded");
    let today = chrono::NaiveDate::from_ymd_opt(2024, 1, 14).unwrap();
    let due = crm_core::DueTasksQuery::new(today);
    let snapshot = crm.reports().snapshot(&crm_core::ActivityQuery::default(), &due).await.unwrap();
    assert_eq!((snapshot.customer_activity.items.len(), snapshot.due_tasks.items.len()), (2, 1));
    let found = CustomerFilter { text: Some("ACME".parse().unwrap()), ..CustomerFilter::default() };
    assert_eq!(crm.customers().count(&found).await.unwrap(), 1);
    let many = crm_core::Valid::all(vec![NewCustomer::new("a"), NewCustomer::new("b")]).unwrap();
    crm.customers().create_many(many).await.unwrap();
    assert_eq!(texts(&db, HOST_STATE).await, before);
    crm.migrate_to(0).await.unwrap();
    assert_eq!(texts(&db, HOST_STATE).await, before);
}

#[tokio::test]
async fn a_failing_migration_leaves_the_step_before_it_and_can_be_repeated() {
    let db = Database::bare().await;
    db.execute("create schema crm; create table crm.customers (name text)").await;
    assert_eq!(db.crm.migrate().await.unwrap_err().code(), ErrorCode::Schema);
    let left = dump(&db).await;
    assert_eq!(named(&left, "relation"), ["_migrations", "_migrations_pkey", "customers"]);
    assert_eq!(named(&left, "type"), [""; 0]);
    assert_eq!(db.crm.schema_version().await.unwrap(), None);
    assert_eq!(used(&db.crm).await, Err(ErrorCode::Schema));
    db.execute("drop table crm.customers").await;
    db.crm.migrate().await.unwrap();
    assert_eq!(dump(&db).await, dump(&Database::fresh().await).await);
    assert_eq!(used(&db.crm).await, Ok(0));
}

#[tokio::test]
async fn a_step_that_fails_later_on_keeps_the_steps_before_it_whole() {
    let db = Database::bare().await;
    let steps = db.crm.pending_migrations().await.unwrap();
    let (mut before, mut whole) = (0, Vec::new());
    for step in &steps {
        db.crm.migrate_to(step.version).await.unwrap();
        let reached = dump(&db).await;
        if named(&reached, "index").contains(&"idx_users_email") {
            break;
        }
        (before, whole) = (step.version, reached);
    }
    db.crm.migrate_to(before).await.unwrap();
    // Two rows that the unique index of the next step cannot take.
    db.execute(
        "insert into crm.users (name, email, password) values ('a', 'a@example.com', 'x'), ('b', 'A@example.com', 'x')",
    )
    .await;
    assert_eq!(db.crm.migrate().await.unwrap_err().field(), Some("email"));
    assert_eq!(dump(&db).await, whole);
    assert_eq!(db.crm.schema_version().await.unwrap(), Some(before));
    db.execute("delete from crm.users where name = 'b'").await;
    db.crm.migrate().await.unwrap();
    assert_eq!(db.crm.pending_migrations().await.unwrap(), []);
}

/// Waits until a statement finds a row, or none any more, and gives up when something hangs.
async fn until(db: &Database, statement: &str, found: bool) {
    for _ in 0..10_000 {
        if texts(db, statement).await.is_empty() != found {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("{statement} stays as it is");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_is_dropped_midway_undoes_itself_and_frees_the_way() {
    let db = Database::fresh().await;
    let before = dump(&db).await;
    let mut other = db.connection().await;
    sqlx::raw_sql("begin; lock table crm.users").execute(&mut other).await.unwrap();
    let crm = db.crm.clone();
    let down = tokio::spawn(async move { crm.migrate_to(0).await });
    let waiting = "select 'x' from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()";
    until(&db, waiting, true).await;
    down.abort();
    assert!(down.await.unwrap_err().is_cancelled());
    let held = "select 'x' from pg_locks l join pg_database d on d.oid = l.database
                where d.datname = current_database() and l.locktype = 'advisory'";
    until(&db, held, false).await;
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    // The steps are undone one by one, the newest first: what is gone is gone whole, and comes back.
    db.crm.migrate().await.unwrap();
    assert_eq!(dump(&db).await, before);
    assert_eq!(used(&db.crm).await, Ok(0));
}
