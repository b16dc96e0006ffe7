//! Backups are whole or not there, and what is restored is what was backed up.

mod interrupted;
mod programs;
mod refused;
mod whole;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crm_postgres::{Crm, Manifest};
use crm_tests::{Database, Rows};
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::sync::OnceCell;

use crate::schema::catalogue::{dump, texts};

/// Is a directory of a test's own, removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("crm-backups-{}-{count}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Names what is in it, hidden files too.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Makes a small database that has rows in every table.
async fn filled() -> Database {
    static TEMPLATE: OnceCell<Database> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(|| async {
        let rows = Rows { users: 50, customers: 300, leads: 500, tasks: 500, interactions: 2_000 };
        let db = filled_with(rows).await;
        db.crm.close().await;
        db
    });
    template.await.copy().await
}

/// Makes a database of so many rows, the sample users among them, and texts of every kind.
async fn filled_with(rows: Rows) -> Database {
    let db = Database::bare().await;
    crm_tests::fill(&db.url, &rows.sql()).await;
    db.crm.seed(crm_postgres::SeedPasswords::default()).await.unwrap();
    db.execute(
        r#"insert into crm.customers (name, notes, tags) values
            ('Ünïcødé ☃', E'tab\there\nCOPY crm.users (id) FROM stdin;\n\\.\nback\\slash \\N', '{a,"b \"c\"","NULL"}');
          delete from crm.interactions where id % 7 = 0; update crm.leads set value = null where id % 5 = 0;"#,
    )
    .await;
    db
}

/// Tells of each table how many rows it has and their digest.
async fn digests(db: &Database) -> BTreeMap<String, String> {
    let tables = texts(
        db,
        "select relname::text from pg_class where relnamespace = 'crm'::regnamespace and relkind = 'r'",
    )
    .await;
    let mut digests = BTreeMap::new();
    for table in tables {
        let digest = format!(
            "select count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') from crm.{table} t"
        );
        digests.insert(table, texts(db, &digest).await.remove(0));
    }
    digests
}

/// Tells everything that a restore has to bring back: the schema with its rights, the rows, and where the ids go on.
async fn state(db: &Database) -> (Vec<String>, BTreeMap<String, String>, Vec<String>) {
    let sequences = "select sequencename || ' ' || coalesce(last_value, 0) from pg_sequences where schemaname = 'crm' order by 1";
    (dump(db).await, digests(db).await, texts(db, sequences).await)
}

/// Tells whether the database is without a schema `crm`.
async fn is_empty(db: &Database) -> bool {
    texts(db, "select 'x' from pg_namespace where nspname = 'crm'").await.is_empty()
}

/// Puts the backup of a small database, which is made once, into a directory; returns also a database like it.
async fn backed_up(directory: &Directory) -> (Database, PathBuf, Manifest) {
    static BACKUP: OnceCell<([Vec<u8>; 2], Manifest)> = OnceCell::const_new();
    let make = async || {
        let directory = Directory::new();
        let path = directory.file("crm.dump");
        let manifest = filled().await.crm.backup(&path).await.unwrap();
        ([&path, &manifest_of(&path)].map(|file| fs::read(file).unwrap()), manifest)
    };
    let ([dump, json], manifest) = BACKUP.get_or_init(make).await;
    let path = directory.file("crm.dump");
    fs::write(&path, dump).unwrap();
    fs::write(manifest_of(&path), json).unwrap();
    (filled().await, path, manifest.clone())
}

fn manifest_of(dump: &Path) -> PathBuf {
    let mut path = dump.as_os_str().to_owned();
    path.push(".json");
    path.into()
}

/// Waits until something holds, and gives up when it hangs.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..6_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("it never holds");
}

async fn count(connection: &mut PgConnection, statement: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(connection).await.unwrap()
}

/// Looks whether a handle can be used, as the trusted system and as a user.
async fn works(crm: &Crm) {
    use crm_postgres::prelude::*;
    let acting = crm.acting_as(crm.users().find_by_email("admin@crm.com").await.unwrap().unwrap().id);
    let customer = acting.customers().create(NewCustomer::new("new").validate().unwrap()).await.unwrap();
    assert_eq!(customer.created_by, Some(acting.actor()));
    acting.leads().create(NewLead::new("new").validate().unwrap()).await.unwrap();
}
