//! What is restored equals what was backed up.

use crm_postgres::prelude::*;
use crm_postgres::{Phase, Progress};
use crm_tests::{Database, Rows, amount, is_turn};

use super::{Directory, backed_up, count, digests, filled, filled_with, manifest_of, state, works};
use crate::schema::catalogue::texts;

#[tokio::test]
async fn a_restored_database_equals_the_one_that_was_backed_up() {
    let directory = Directory::new();
    let (db, path) = (filled().await, directory.file("crm.dump"));
    let manifest = db.crm.backup(&path).await.unwrap();
    assert_eq!(directory.names(), ["crm.dump", "crm.dump.json"]);
    let before = state(&db).await;
    let other = Database::bare().await;
    assert_eq!(other.crm.restore(&path).await.unwrap(), manifest);
    assert_eq!(state(&other).await, before);
    assert_eq!(manifest.rows["customers"], 303);
    assert_eq!(manifest.rows.keys().collect::<Vec<_>>(), before.1.keys().collect::<Vec<_>>());
    assert_eq!(manifest.schema_version, db.crm.schema_version().await.unwrap().unwrap());
    assert_eq!(i64::try_from(std::fs::metadata(&path).unwrap().len()), Ok(manifest.bytes));

    // It goes on as the first one does: ids, versions, rights, reports.
    let reports = |crm: &Crm| {
        let crm = crm.clone();
        async move { (crm.reports().pipeline().await.unwrap(), crm.customers().tag_counts().await.unwrap()) }
    };
    assert_eq!(reports(&db.crm).await, reports(&other.crm).await);
    works(&db.crm).await;
    works(&other.crm).await;
    // Apart from the moments of what both have made just now.
    let ids = "select (select max(id) from crm.customers) * 1000000 + (select max(id) from crm.leads)";
    assert_eq!(count(&mut other.connection().await, ids).await, count(&mut db.connection().await, ids).await);
    assert_eq!(reports(&db.crm).await, reports(&other.crm).await);
}

#[tokio::test]
async fn what_a_host_has_made_in_the_schema_is_restored_to_the_letter() {
    let directory = Directory::new();
    let db = Database::fresh().await;
    // Lines that mean something where pg_restore prints them itself.
    db.execute(
        "set check_function_bodies = off;
create function crm.hosts() returns int language plpgsql as $f$
SET statement_timeout = 0;
\\restrict x
\\unrestrict x
COPY crm.users (id) FROM stdin;
\\.
$f$;
comment on function crm.hosts() is 'one
SET lock_timeout = 0;
COPY crm.users (id) FROM stdin;
two'",
    )
    .await;
    let path = directory.file("crm.dump");
    db.crm.backup(&path).await.unwrap();
    let other = Database::bare().await;
    other.crm.restore(&path).await.unwrap();
    let letters = "select prosrc || obj_description(oid) from pg_proc where oid = 'crm.hosts'::regproc";
    assert_eq!(texts(&other, letters).await, texts(&db, letters).await);
}

#[tokio::test]
async fn a_restore_of_an_older_schema_can_be_migrated() {
    let directory = Directory::new();
    let (db, other) = (Database::fresh().await, Database::bare().await);
    let steps = {
        let bare = Database::bare().await;
        bare.crm.pending_migrations().await.unwrap()
    };
    for (_, step) in steps.iter().enumerate().filter(|(n, _)| is_turn(n + 1, 2)) {
        db.crm.migrate_to(step.version).await.unwrap();
        let path = directory.file(&step.version.to_string());
        let manifest = db.crm.backup(&path).await.unwrap();
        assert_eq!(manifest.schema_version, step.version);
        db.execute("drop schema if exists crm cascade").await;
        db.crm.restore(&path).await.unwrap();
        assert_eq!(db.crm.schema_version().await.unwrap(), Some(step.version));
    }
    other.crm.migrate().await.unwrap();
    assert_eq!(state(&db).await.0, state(&other).await.0);
    db.crm.migrate().await.unwrap();
    db.crm.customers().count(&CustomerFilter::default()).await.unwrap();
}

#[tokio::test]
async fn the_handle_that_has_restored_and_those_that_were_there_before_use_the_new_schema() {
    let directory = Directory::new();
    let (_, path, _) = backed_up(&directory).await;
    let db = Database::bare().await;
    let bystander = db.builder().connect().await.unwrap();
    let refused = bystander.customers().count(&CustomerFilter::default()).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Schema);
    db.crm.restore(&path).await.unwrap();
    for crm in [&db.crm, &bystander] {
        assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 303);
    }
    works(&db.crm).await;
    works(&bystander).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_go_on_and_the_backup_is_of_one_moment() {
    let directory = Directory::new();
    let db = filled().await;
    let writing = {
        let crm = db.crm.clone();
        tokio::spawn(async move {
            // Always two together: a moment at which there is one more lead than customers with its name never was.
            for _ in 0_u64.. {
                let tx = crm.begin().await.unwrap();
                let pair = tx.customers().create(NewCustomer::new("pair").validate().unwrap()).await.unwrap();
                let lead = NewLead { customer_id: Some(pair.id), ..NewLead::new("pair") };
                tx.leads().create(lead.validate().unwrap()).await.unwrap();
                tx.commit().await.unwrap();
            }
        })
    };
    for n in 0..amount(2, 5) {
        let path = directory.file(&n.to_string());
        let manifest = db.crm.backup(&path).await.unwrap();
        let other = Database::bare().await;
        other.crm.restore(&path).await.unwrap();
        let mut connection = other.connection().await;
        let pairs = count(&mut connection, "select count(*) from crm.customers where name = 'pair'").await;
        let leads = count(&mut connection, "select count(*) from crm.leads where title = 'pair'").await;
        assert_eq!(pairs, leads);
        assert_eq!(pairs, manifest.rows["customers"] - 303);
        let totals = count(&mut connection, "select sum(count)::bigint from crm.pipeline_totals").await;
        assert_eq!(totals, manifest.rows["leads"]);
    }
    assert!(!writing.is_finished(), "it has written to the end");
    writing.abort();
}

/// Lists the phases in the order in which they came.
fn phases(seen: &[Progress]) -> Vec<Phase> {
    let mut phases: Vec<_> = seen.iter().map(|progress| progress.phase).collect();
    phases.dedup();
    phases
}

#[tokio::test]
async fn progress_only_grows_and_arrives_at_the_end() {
    let directory = Directory::new();
    let db = filled().await;
    let path = directory.file("crm.dump");
    let mut seen = Vec::new();
    let manifest = db.crm.backup_with(&path, |progress| seen.push(progress.clone())).await.unwrap();
    let total = manifest.rows.values().sum::<i64>();
    assert_eq!(phases(&seen), [Phase::Counting, Phase::Dumping, Phase::Hashing]);
    assert!(seen.is_sorted_by_key(|progress| (progress.rows, progress.total_rows, progress.bytes)));
    let last = seen.last().unwrap();
    assert_eq!((last.rows, last.total_rows, last.bytes), (total, total, manifest.bytes));
    let mut tables: Vec<_> = seen.iter().filter_map(|progress| progress.table.clone()).collect();
    tables.dedup();
    tables.sort();
    assert_eq!(tables, manifest.rows.keys().cloned().collect::<Vec<_>>());

    let mut seen = Vec::new();
    let other = Database::bare().await;
    other.crm.restore_with(&path, |progress| seen.push(progress.clone())).await.unwrap();
    let expected = [Phase::Hashing, Phase::Schema, Phase::Loading, Phase::Indexing, Phase::Counting];
    assert_eq!(phases(&seen), expected);
    assert!(seen.is_sorted_by_key(|progress| (progress.rows, progress.bytes)));
    assert!(seen.iter().all(|progress| progress.total_rows == total && progress.rows <= total));
    assert_eq!(seen.last().unwrap().rows, total);
    let mut tables: Vec<_> = seen.iter().filter_map(|progress| progress.table.clone()).collect();
    tables.dedup();
    tables.sort();
    assert_eq!(tables, manifest.rows.keys().cloned().collect::<Vec<_>>());
}

#[tokio::test]
async fn the_manifest_says_what_is_in_the_dump_and_only_the_owner_reads_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = Directory::new();
    let (db, path) = (filled().await, directory.file("crm.dump"));
    let manifest = db.crm.backup(&path).await.unwrap();
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(manifest_of(&path)).unwrap()).unwrap();
    assert_eq!(json["format"], 1);
    assert_eq!(json["sha256"], *manifest.sha256);
    assert_eq!(json["rows"]["customers"], 303);
    let found = digests(&db).await;
    let counts =
        found.iter().map(|(table, digest)| (table.clone(), digest.split(' ').next().unwrap().to_owned()));
    let expected = manifest.rows.iter().map(|(table, rows)| (table.clone(), rows.to_string()));
    assert!(counts.eq(expected));
    for file in [&path, &manifest_of(&path)] {
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn only_the_schema_crm_is_dumped_and_a_hosts_tables_stay() {
    let directory = Directory::new();
    let (db, path) = (filled().await, directory.file("crm.dump"));
    db.execute(
        "create table public.hosts (id int); create publication everything for table crm.leads, public.hosts",
    )
    .await;
    db.crm.backup(&path).await.unwrap();
    let other = Database::bare().await;
    other.execute("create table public.others (id int); insert into public.others values (1)").await;
    other.crm.restore(&path).await.unwrap();
    let mut connection = other.connection().await;
    assert_eq!(count(&mut connection, "select count(*) from public.others").await, 1);
    let hosts = "select count(*) from pg_class where relname = 'hosts'";
    assert_eq!(count(&mut connection, hosts).await, 0);
}

#[tokio::test]
async fn what_the_login_lost_is_restored_to_the_login_that_restores() {
    let directory = Directory::new();
    let (_, path, _) = backed_up(&directory).await;
    let db = Database::bare().await;
    db.execute(
        "drop role if exists restorer;
         create role restorer login createrole; grant crm_admin, crm_user, crm_reporter to restorer;
         do $$ begin execute format('grant create on database %I to restorer', current_database()); end $$",
    )
    .await;
    let url = db.url.replacen("postgres@", "restorer@", 1);
    let crm = Crm::connect(url).await.unwrap();
    crm.restore(&path).await.unwrap();
    works(&crm).await;
    let owners = "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  where n.nspname = 'crm' and pg_get_userbyid(c.relowner) <> 'restorer'";
    assert_eq!(count(&mut db.connection().await, owners).await, 0);
    // It can be backed up again by its owner.
    crm.backup(directory.file("again.dump")).await.unwrap();
    db.execute("drop owned by restorer cascade; drop role restorer").await;
}

/// `cargo test --release -p crm-tests --test integration -- --ignored --nocapture million`
#[tokio::test]
#[ignore = "takes minutes"]
async fn a_million_interactions_are_restored_as_they_were() {
    let directory = Directory::new();
    let started = std::time::Instant::now();
    let db = filled_with(Rows { interactions: 1_166_667, ..Rows::at_scale(10) }).await;
    println!("filled after {:.1?}", started.elapsed());
    let path = directory.file("crm.dump");
    let began = std::time::Instant::now();
    let manifest = db.crm.backup(&path).await.unwrap();
    println!(
        "{} rows, {} bytes: backup {:.1?}",
        manifest.rows.values().sum::<i64>(),
        manifest.bytes,
        began.elapsed()
    );
    assert!(manifest.rows["interactions"] >= 1_000_000);
    let other = Database::bare().await;
    let began = std::time::Instant::now();
    other.crm.restore(&path).await.unwrap();
    println!("restore {:.1?}", began.elapsed());
    assert_eq!(state(&other).await, state(&db).await);
    println!("{:#?}", digests(&other).await);
}
