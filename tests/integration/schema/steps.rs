//! Every migration can be taken back, and leaves nothing of itself behind.

use crm_tests::{Database, is_turn};

use super::catalogue::{dump, named, texts};

/// Lists 0 and the versions of the migrations.
async fn versions(bare: &Database) -> Vec<i64> {
    let pending = bare.crm.pending_migrations().await.unwrap();
    std::iter::once(0).chain(pending.iter().map(|migration| migration.version)).collect()
}

#[tokio::test]
async fn going_from_any_version_to_any_other_gives_the_schema_of_that_version() {
    let db = Database::bare().await;
    let versions = versions(&db).await;
    let mut schemas = Vec::new();
    for &version in &versions {
        db.crm.migrate_to(version).await.unwrap();
        schemas.push(dump(&db).await);
    }
    assert!(schemas.windows(2).all(|pair| pair[0] != pair[1]), "a migration that the dump does not see");
    for (n, &from) in versions.iter().enumerate() {
        for (m, (&to, schema)) in versions.iter().zip(&schemas).enumerate() {
            // From and to the ends always.
            let end = |n| n == 0 || n == versions.len() - 1;
            if !(end(n) || end(m) || is_turn(n + m, 5)) {
                continue;
            }
            db.crm.migrate_to(from).await.unwrap();
            db.crm.migrate_to(to).await.unwrap();
            assert_eq!(&dump(&db).await, schema, "from {from} to {to}");
            assert_eq!(db.crm.schema_version().await.unwrap(), (to > 0).then_some(to));
        }
    }
}

#[tokio::test]
async fn up_after_down_gives_the_schema_of_a_first_migration() {
    let (fresh, db) = (Database::fresh().await, Database::fresh().await);
    db.crm.migrate_to(0).await.unwrap();
    assert_ne!(dump(&db).await, dump(&fresh).await);
    db.crm.migrate().await.unwrap();
    assert_eq!(dump(&db).await, dump(&fresh).await);
    let oldest = texts(&db, "select oldest_library::text from crm.compatibility").await;
    let expected = texts(&fresh, "select oldest_library::text from crm.compatibility").await;
    assert_eq!(oldest, expected);
    assert_eq!(oldest.len(), 1);
}

#[tokio::test]
async fn migrate_to_zero_leaves_nothing_but_the_empty_history() {
    let db = Database::fresh().await;
    assert!(!named(&dump(&db).await, "function").is_empty());
    db.crm.seed(crm_postgres::SeedPasswords::default()).await.unwrap();
    db.crm.migrate_to(0).await.unwrap();
    let left = dump(&db).await;
    assert_eq!(named(&left, "relation"), ["_migrations", "_migrations_pkey"]);
    for kind in ["type", "label", "function", "trigger", "sequence", "view", "policy"] {
        assert_eq!(named(&left, kind), [""; 0], "{kind}");
    }
    let rows = texts(&db, "select version::text from crm._migrations").await;
    assert_eq!(rows, [""; 0]);
}
