//! The programs are run so that nothing secret shows, and what they cannot do is told.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crm_postgres::{Crm, ErrorCode, PgPool};
use crm_tests::Database;
use sqlx::{Connection as _, PgConnection};

use super::{Directory, filled, is_empty, state, until};
use crate::schema::catalogue::texts;

const PASSWORD: &str = "Hush/4711 %é";

#[tokio::test]
async fn a_password_shows_in_no_command_line_and_no_error() {
    let directory = Directory::new();
    let path = directory.file("crm.dump");
    let db = filled().await;
    db.execute("create table crm.parts (part int) partition by list (part)").await;
    let mut holding = db.connection().await;
    sqlx::raw_sql("begin; lock table crm.parts").execute(&mut holding).await.unwrap();
    let url = db.url.replacen("postgres@", "postgres:Hush%2F4711%20%25%C3%A9@", 1);
    let crm = Crm::connect(url).await.unwrap();
    let mut shown = String::new();
    let look = async {
        let dumping = "select pid::text from pg_stat_activity where datname = current_database() and application_name = 'pg_dump' and wait_event_type = 'Lock'";
        until(async || !texts(&db, dumping).await.is_empty()).await;
        let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        for process in processes {
            let of = |name| {
                fs::read(process.path().join(name)).map(|text| String::from_utf8_lossy(&text).into_owned())
            };
            if let (Ok(name), Ok(line)) = (of("comm"), of("cmdline"))
                && name.contains("pg_dump")
            {
                shown.push_str(&line);
            }
        }
        texts(&db, "select pg_terminate_backend(pid)::text from pg_stat_activity where datname = current_database() and application_name = 'pg_dump'").await;
    };
    let (done, ()) = tokio::join!(crm.backup(&path), look);
    let error = done.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unavailable);
    assert!(shown.contains("--schema=crm"), "{shown}");
    for text in [shown, format!("{error} {error:?}")] {
        assert!(!text.contains("Hush") && !text.contains("4711"), "{text}");
    }
    holding.close().await.unwrap();
}

#[tokio::test]
async fn a_login_with_a_password_can_back_up_and_restore() {
    let directory = Directory::new();
    let path = directory.file("crm.dump");
    let db = filled().await;
    let url = db.url.replacen("postgres@", "postgres:Hush%2F4711%20%25%C3%A9@", 1);
    assert!(!url.contains(PASSWORD));
    let crm = Crm::connect(url).await.unwrap();
    crm.backup(&path).await.unwrap();
    Database::bare().await.crm.restore(&path).await.unwrap();
}

#[tokio::test]
async fn a_hosts_pool_backs_up_and_restores() {
    let directory = Directory::new();
    let (db, other) = (filled().await, Database::bare().await);
    let path = directory.file("crm.dump");
    let pool = |db: &Database| PgPool::connect_lazy(&db.url).unwrap();
    Crm::from_pool(pool(&db)).backup(&path).await.unwrap();
    Crm::from_pool(pool(&other)).restore(&path).await.unwrap();
    assert_eq!(state(&other).await, state(&db).await);
}

#[tokio::test]
async fn limits_of_time_and_other_settings_of_the_url_do_not_matter() {
    let directory = Directory::new();
    let (db, other) = (filled().await, Database::bare().await);
    let path = directory.file("crm.dump");
    let settings = "&options[statement_timeout]=40&options[search_path]=crm,public&options[default_transaction_isolation]=serializable\
                    &options[DateStyle]=German&options[IntervalStyle]=sql_standard&options[default_transaction_read_only]=on";
    let connect = async |db: &Database| {
        Crm::builder(format!("{}{settings}", db.url)).max_connections(1).connect().await.unwrap()
    };
    connect(&db).await.backup(&path).await.unwrap();
    connect(&other).await.restore(&path).await.unwrap();
    assert_eq!(state(&other).await, state(&db).await);
}

/// Is a small disk, where the test may make one.
struct Disk(PathBuf);

impl Disk {
    fn new(directory: &Directory, size: &str) -> Option<Self> {
        let path = directory.file("disk");
        fs::create_dir(&path).unwrap();
        let option = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &option, "tmpfs"]).arg(&path).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(path))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_no_file() {
    let directory = Directory::new();
    let Some(disk) = Disk::new(&directory, "64k") else {
        eprintln!("skipped: only root can make a disk that is full");
        return;
    };
    let db = filled().await;
    let path = disk.0.join("crm.dump");
    let error = db.crm.backup(&path).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unavailable, "{error}");
    assert!(error.to_string().contains("No space left on device"), "{error}");
    assert_eq!(fs::read_dir(&disk.0).unwrap().count(), 0);
}

#[tokio::test]
async fn a_restore_makes_the_roles_on_a_server_without_them() {
    let directory = Directory::new();
    let path = directory.file("crm.dump");
    let db = filled().await;
    db.crm.backup(&path).await.unwrap();
    let before = state(&db).await;
    let server = Crm::embedded(None).await.unwrap();
    let superuser = crm_tests::superuser(server.url().unwrap());
    let mut connection = PgConnection::connect(&superuser).await.unwrap();
    let without = "drop schema crm cascade; drop role crm_admin, crm_user, crm_reporter; alter role crm_embedded createrole";
    sqlx::raw_sql(without).execute(&mut connection).await.unwrap();
    server.restore(&path).await.unwrap();
    super::works(&server).await;
    let members = "select count(*) from pg_roles where rolname in ('crm_admin', 'crm_user', 'crm_reporter') and not rolcanlogin";
    assert_eq!(super::count(&mut connection, members).await, 3);
    connection.close().await.unwrap();
    // An embedded server's own programs serve as well.
    server.backup(directory.file("again.dump")).await.unwrap();
    let other = Database::bare().await;
    other.crm.restore(directory.file("again.dump")).await.unwrap();
    assert_eq!(super::state(&other).await.0, before.0);
    assert!(!is_empty(&other).await);
}
