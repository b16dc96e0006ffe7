//! A database that cannot hold every character, or does not know them, is refused before anything is made in it.

use crm_core::{CustomerFilter, ErrorCode, Repositories as _};
use crm_postgres::Crm;
use crm_tests::Database;
use sqlx::{Connection as _, PgConnection};

/// Makes a database of this encoding and returns its URL.
async fn database(beside: &Database, encoding: &str) -> String {
    let (head, _) = beside.url.split_once('?').unwrap();
    let name = head.rsplit('/').next().unwrap();
    let new = format!("{name}_{}", encoding.to_lowercase());
    beside
        .execute(&format!(
            "create database {new} encoding '{encoding}' lc_collate 'C' lc_ctype 'C' template template0"
        ))
        .await;
    beside.url.replacen(&format!("/{name}?"), &format!("/{new}?"), 1)
}

#[tokio::test]
async fn a_database_that_is_not_utf8_is_refused_and_left_alone() {
    let db = Database::fresh().await;
    let directory = std::env::temp_dir().join(format!("crm-encoding-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("crm.dump");
    db.crm.backup(&path).await.unwrap();
    for encoding in ["LATIN1", "SQL_ASCII", "EUC_JP"] {
        let url = database(&db, encoding).await;
        let crm = Crm::connect(&*url).await.unwrap();
        for error in [
            crm.migrate().await.unwrap_err(),
            crm.migrate_to(0).await.unwrap_err(),
            crm.customers().count(&CustomerFilter::default()).await.unwrap_err(),
            crm.begin().await.unwrap_err(),
            crm.restore(&path).await.unwrap_err(),
        ] {
            assert_eq!(error.code(), ErrorCode::Schema, "{error}");
            assert!(error.to_string().contains(encoding) && error.to_string().contains("UTF8"), "{error}");
        }
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let made = sqlx::query_scalar::<_, bool>("select to_regnamespace('crm') is not null");
        assert!(!made.fetch_one(&mut connection).await.unwrap(), "{encoding}");
    }
    std::fs::remove_dir_all(directory).unwrap();
}
