//! What is refused before anything is written.

use std::fs;
use std::path::{Path, PathBuf};

use crm_postgres::prelude::*;
use crm_postgres::{Error, Manifest};
use crm_tests::Database;

use super::{Directory, backed_up, filled, is_empty, manifest_of};

/// Tells the code of a refusal and of its violation of the path, if it is one.
fn refusal(done: Result<Manifest, Error>) -> (ErrorCode, Option<ViolationCode>) {
    let error = done.unwrap_err();
    assert!(error.violations().iter().all(|violation| violation.field == "path"), "{error}");
    (error.code(), error.violations().first().map(|violation| violation.code))
}

const OPTION: (ErrorCode, Option<ViolationCode>) =
    (ErrorCode::Validation, Some(ViolationCode::InvalidOption));
const BACKUP: (ErrorCode, Option<ViolationCode>) =
    (ErrorCode::Validation, Some(ViolationCode::InvalidBackup));
const SCHEMA: (ErrorCode, Option<ViolationCode>) = (ErrorCode::Schema, None);

#[tokio::test]
async fn a_backup_overwrites_nothing_and_needs_a_place() {
    let directory = Directory::new();
    let db = Database::fresh().await;
    let there = directory.file("there");
    fs::write(&there, "mine").unwrap();
    fs::write(directory.file("mine.json"), "{\"format\": 1}").unwrap();
    std::os::unix::fs::symlink("/nowhere", directory.file("link")).unwrap();
    let before = directory.names();
    let paths = [
        there.clone(),
        directory.file("mine"),
        directory.file("link"),
        directory.file("none/crm.dump"),
        there.join("crm.dump"),
        directory.0.clone(),
        directory.file("crm.dump/"),
        PathBuf::new(),
        PathBuf::from("/"),
        directory.file("nul\0"),
        directory.file(&"x".repeat(300)),
    ];
    for path in paths {
        assert_eq!(refusal(db.crm.backup(&path).await), OPTION, "{}", path.display());
        assert_eq!(directory.names(), before);
    }
    assert_eq!(fs::read_to_string(there).unwrap(), "mine");
}

#[tokio::test]
async fn a_file_that_comes_meanwhile_stays_and_the_backup_is_refused() {
    let directory = Directory::new();
    let db = filled().await;
    let path = directory.file("crm.dump");
    let done = db.crm.backup_with(&path, |_| fs::write(&path, "mine").unwrap()).await;
    assert_eq!(refusal(done), OPTION);
    assert_eq!(directory.names(), ["crm.dump"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    // Of two at once one is refused, and the other one's manifest fits its dump.
    let path = directory.file("both.dump");
    let (one, two) = tokio::join!(db.crm.backup(&path), db.crm.backup(&path));
    let (whole, refused) = if one.is_ok() { (one, two) } else { (two, one) };
    assert_eq!(refusal(refused), OPTION);
    assert_eq!(Database::bare().await.crm.restore(&path).await.unwrap(), whole.unwrap());
    assert_eq!(directory.names(), ["both.dump", "both.dump.json", "crm.dump"]);
}

#[tokio::test]
async fn what_a_killed_backup_has_left_is_removed_and_another_under_way_is_not() {
    let directory = Directory::new();
    let (db, path, _) = backed_up(&directory).await;
    fs::rename(&path, directory.file(".crm-backup-1-0.tmp")).unwrap();
    fs::remove_file(manifest_of(&path)).unwrap();
    for n in 0..50 {
        fs::write(directory.file(&format!(".crm-backup-{}-{n}.tmp", std::process::id())), "").unwrap();
    }
    assert_eq!(refusal(Database::bare().await.crm.restore(&path).await), OPTION);
    let under_way = fs::File::create(directory.file(".crm-backup-2-0.tmp")).unwrap();
    under_way.lock().unwrap();
    db.crm.backup(&path).await.unwrap();
    assert_eq!(directory.names(), [".crm-backup-2-0.tmp", "crm.dump", "crm.dump.json"]);
    Database::bare().await.crm.restore(&path).await.unwrap();
}

#[tokio::test]
async fn what_only_has_a_temporary_name_hangs_no_backup_and_stays() {
    let directory = Directory::new();
    let db = filled().await;
    let precious = directory.file("precious");
    fs::write(&precious, "mine").unwrap();
    let mine =
        [".crm-backup-notes.tmp", ".crm-backup-1-.tmp", ".crm-backup-1-2-3.tmp", ".crm-backup-+1-2.tmp"];
    for name in mine {
        fs::write(directory.file(name), "mine").unwrap();
    }
    pipe(&directory.file(".crm-backup-1-0.tmp"));
    std::os::unix::fs::symlink(&precious, directory.file(".crm-backup-1-1.tmp")).unwrap();
    fs::create_dir(directory.file(".crm-backup-1-2.tmp")).unwrap();
    let before = directory.names();
    let path = directory.file("crm.dump");
    within_a_minute(db.crm.backup(&path)).await.unwrap();
    let mut after = directory.names();
    after.retain(|name| !name.starts_with("crm.dump"));
    assert_eq!(after, before);
}

fn pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Fails where something waits for the other end of a pipe.
async fn within_a_minute<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(std::time::Duration::from_mins(1), work).await.expect("it hangs")
}

#[tokio::test]
async fn a_pipe_is_neither_a_dump_nor_a_manifest() {
    let directory = Directory::new();
    let (_, path, _) = backed_up(&directory).await;
    let db = Database::bare().await;
    pipe(&directory.file("pipe"));
    assert_eq!(refusal(within_a_minute(db.crm.restore(directory.file("pipe"))).await), OPTION);
    fs::remove_file(manifest_of(&path)).unwrap();
    pipe(&manifest_of(&path));
    assert_eq!(refusal(within_a_minute(db.crm.restore(&path)).await), BACKUP);
    assert!(is_empty(&db).await);
}

#[tokio::test]
async fn a_restore_needs_a_dump_with_its_manifest() {
    let directory = Directory::new();
    let (_, path, _) = backed_up(&directory).await;
    let db = Database::bare().await;
    for path in [directory.file("none"), directory.0.clone(), PathBuf::new(), directory.file("nul\0")] {
        assert_eq!(refusal(db.crm.restore(&path).await), OPTION, "{}", path.display());
    }
    fs::copy(&path, directory.file("alone")).unwrap();
    assert_eq!(refusal(db.crm.restore(directory.file("alone")).await), BACKUP);
    assert!(is_empty(&db).await);
}

#[tokio::test]
async fn a_restore_goes_only_into_a_database_without_the_schema() {
    let directory = Directory::new();
    let (db, path, _) = backed_up(&directory).await;
    let before = super::state(&db).await;
    assert_eq!(refusal(db.crm.restore(&path).await), SCHEMA);
    assert_eq!(super::state(&db).await, before);
    let down = Database::fresh().await;
    down.crm.migrate_to(0).await.unwrap();
    assert_eq!(refusal(down.crm.restore(&path).await), SCHEMA);
    down.execute("drop schema crm cascade").await;
    down.crm.restore(&path).await.unwrap();
}

#[tokio::test]
async fn a_backup_needs_a_schema_its_owner_and_an_open_handle() {
    let directory = Directory::new();
    let path = directory.file("crm.dump");
    let bare = Database::bare().await;
    assert_eq!(refusal(bare.crm.backup(&path).await), SCHEMA);
    let db = Database::fresh().await;
    db.execute("drop role if exists backup_reader; create role backup_reader login; grant crm_reporter to backup_reader").await;
    let reader = Crm::connect(db.url.replacen("postgres@", "backup_reader@", 1)).await.unwrap();
    assert_eq!(refusal(reader.backup(&path).await), SCHEMA);
    // Whom row security does not bind still cannot read the passwords.
    db.execute("alter role backup_reader bypassrls").await;
    assert_eq!(refusal(reader.backup(&path).await), (ErrorCode::PermissionDenied, None));
    let refused = refusal(reader.restore(&path).await);
    assert_eq!(refused, OPTION);
    reader.close().await;
    assert_eq!(refusal(reader.backup(&path).await), (ErrorCode::Closed, None));
    db.execute("drop owned by backup_reader; drop role backup_reader").await;
    assert_eq!(directory.names(), [""; 0]);
}

#[tokio::test]
async fn a_login_that_may_not_create_is_denied() {
    let directory = Directory::new();
    let (_, path, _) = backed_up(&directory).await;
    let db = Database::bare().await;
    db.execute("drop role if exists nobody_much; create role nobody_much login").await;
    let poor = Crm::connect(db.url.replacen("postgres@", "nobody_much@", 1)).await.unwrap();
    assert_eq!(refusal(poor.restore(&path).await), (ErrorCode::PermissionDenied, None));
    assert!(is_empty(&db).await);
    db.execute("drop role nobody_much").await;
}

/// Changes a manifest.
fn rewrite(dump: &Path, change: impl FnOnce(&mut serde_json::Value)) {
    let path = manifest_of(dump);
    let mut json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut json);
    fs::write(path, serde_json::to_vec(&json).unwrap()).unwrap();
}

/// Makes the manifest say of the dump what is so.
fn reseal(dump: &Path) {
    let output = std::process::Command::new("sha256sum").arg(dump).output().unwrap();
    let digest = String::from_utf8(output.stdout).unwrap()[..64].to_owned();
    rewrite(dump, |json| {
        json["sha256"] = digest.into();
        json["bytes"] = fs::metadata(dump).unwrap().len().into();
    });
}

#[tokio::test]
async fn a_dump_that_is_not_what_its_manifest_says_is_refused() {
    let directory = Directory::new();
    let (_, path, _) = backed_up(&directory).await;
    let whole = fs::read(&path).unwrap();
    let db = Database::bare().await;
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let longer = [&whole[..], b"\n"].concat();
    for dump in [changed, longer, whole[..whole.len() - 1].to_vec(), Vec::new()] {
        fs::write(&path, dump).unwrap();
        assert_eq!(refusal(db.crm.restore(&path).await), BACKUP);
    }
    // A manifest that fits, but of no dump that pg_restore can read to its end.
    for dump in [b"no dump".to_vec(), Vec::new(), whole[..middle].to_vec()] {
        fs::write(&path, dump).unwrap();
        reseal(&path);
        assert_eq!(refusal(db.crm.restore(&path).await), BACKUP);
    }
    assert!(is_empty(&db).await);
    fs::write(&path, whole).unwrap();
    reseal(&path);
    db.crm.restore(&path).await.unwrap();
}

#[tokio::test]
async fn a_dump_with_other_rows_than_its_manifest_says_is_rolled_back() {
    let directory = Directory::new();
    let (_, path, manifest) = backed_up(&directory).await;
    let db = Database::bare().await;
    let tasks = manifest.rows["tasks"];
    let changes: [fn(&mut serde_json::Value); 4] = [
        |rows| rows["tasks"] = (rows["tasks"].as_i64().unwrap() + 1).into(),
        |rows| rows["tasks"] = 0.into(),
        |rows| rows["others"] = 0.into(),
        |rows| drop(rows.as_object_mut().unwrap().remove("tasks")),
    ];
    for change in changes {
        rewrite(&path, |json| change(&mut json["rows"]));
        assert_eq!(refusal(db.crm.restore(&path).await), BACKUP);
        assert!(is_empty(&db).await);
        rewrite(&path, |json| {
            json["rows"]["tasks"] = tasks.into();
            json["rows"].as_object_mut().unwrap().remove("others");
        });
    }
    db.crm.restore(&path).await.unwrap();
}

#[tokio::test]
async fn a_manifest_stays_whose_dump_was_moved() {
    let directory = Directory::new();
    let (db, path, _) = backed_up(&directory).await;
    fs::rename(&path, directory.file("moved")).unwrap();
    assert_eq!(refusal(db.crm.backup(&path).await), OPTION);
    fs::rename(manifest_of(&path), manifest_of(&directory.file("moved"))).unwrap();
    Database::bare().await.crm.restore(directory.file("moved")).await.unwrap();
}

#[tokio::test]
async fn a_manifest_with_numbers_that_no_table_has_is_refused() {
    let directory = Directory::new();
    let (_, path, _) = backed_up(&directory).await;
    for rows in [serde_json::json!({"a": i64::MAX, "b": 1}), serde_json::json!({"a": -1})] {
        rewrite(&path, |json| json["rows"] = rows);
        assert_eq!(refusal(Database::bare().await.crm.restore(&path).await), BACKUP);
    }
}

#[tokio::test]
async fn a_manifest_of_another_format_or_of_a_newer_library_is_refused() {
    let directory = Directory::new();
    let (_, path, _) = backed_up(&directory).await;
    let db = Database::bare().await;
    let kept = fs::read(manifest_of(&path)).unwrap();
    for json in ["", "{", "[]", "{}", "{\"format\": 1}", "{\"format\": \"1\"}", "{\"format\": 2}"] {
        fs::write(manifest_of(&path), json).unwrap();
        assert_eq!(refusal(db.crm.restore(&path).await), BACKUP, "{json}");
    }
    fs::write(manifest_of(&path), &kept).unwrap();
    rewrite(&path, |json| json["format"] = 2.into());
    assert_eq!(refusal(db.crm.restore(&path).await), BACKUP);
    rewrite(&path, |json| {
        json["format"] = 1.into();
        json["oldest_library"] = 99_990_101_000_000_i64.into();
    });
    assert_eq!(refusal(db.crm.restore(&path).await), SCHEMA);
    assert!(is_empty(&db).await);
    rewrite(&path, |json| {
        json["oldest_library"] = 1.into();
        json["of_tomorrow"] = true.into();
    });
    db.crm.restore(&path).await.unwrap();
}

#[tokio::test]
async fn a_dump_that_needs_what_is_not_here_is_refused_whole() {
    let directory = Directory::new();
    let path = directory.file("crm.dump");
    let db = filled().await;
    db.execute(
        "drop role if exists of_the_host; create role of_the_host; grant usage on schema crm to of_the_host",
    )
    .await;
    db.crm.backup(&path).await.unwrap();
    db.execute("drop owned by of_the_host; drop role of_the_host").await;
    let other = Database::bare().await;
    assert_eq!(refusal(other.crm.restore(&path).await), SCHEMA);
    assert!(is_empty(&other).await);
}
