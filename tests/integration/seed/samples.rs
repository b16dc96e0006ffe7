//! The library's sample rows are the seed's, once.

use crm_core::{ErrorCode, NewUser, Password, Repositories as _, UserFilter};
use crm_postgres::{Crm, SeedPasswords};
use crm_tests::Database;

use super::{SAMPLES, bcrypt, of_the_seed, valid};
use crate::schema::catalogue::texts;

/// Says all that the tables hold, a row a line.
const ROWS: &str = "
    select 'users ' || to_jsonb(t)::text from crm.users t union all
    select 'customers ' || to_jsonb(t)::text from crm.customers t union all
    select 'leads ' || to_jsonb(t)::text from crm.leads t union all
    select 'tasks ' || to_jsonb(t)::text from crm.tasks t union all
    select 'interactions ' || to_jsonb(t)::text from crm.interactions t order by 1";

/// Says the same but for what differs from one load to another: moments and hashes.
const FIELDS: &str = "
    select 'users ' || (to_jsonb(t) - '{created_at,updated_at,password}'::text[])::text from crm.users t union all
    select 'customers ' || (to_jsonb(t) - '{created_at,updated_at}'::text[])::text from crm.customers t union all
    select 'leads ' || (to_jsonb(t) - '{created_at,updated_at}'::text[])::text from crm.leads t union all
    select 'tasks ' || (to_jsonb(t) - '{created_at,updated_at}'::text[])::text from crm.tasks t union all
    select 'interactions ' || (to_jsonb(t) - '{created_at,date}'::text[])::text from crm.interactions t order by 1";

#[tokio::test]
async fn the_sample_rows_are_the_seeds_field_by_field() {
    let (db, seeds) = (Database::fresh().await, Database::fresh().await);
    sqlx::raw_sql(SAMPLES).execute(&mut of_the_seed(&seeds).await).await.unwrap();
    db.crm.seed(SeedPasswords::default()).await.unwrap().expect("there was nothing before");
    let rows = texts(&db, FIELDS).await;
    assert_eq!(rows, texts(&seeds, FIELDS).await);
    assert_eq!(rows.len(), 10);
    let moments = "select 'x' from crm.interactions
                   where date = created_at and date between now() - interval '1 minute' and now()";
    assert_eq!(texts(&db, moments).await.len(), 2, "a call takes place when it is stored");
}

#[tokio::test]
async fn seeding_again_returns_nothing_and_changes_nothing() {
    let db = Database::fresh().await;
    let none = SeedPasswords::default;
    assert!(db.crm.seed(none()).await.unwrap().is_some());
    let before = texts(&db, ROWS).await;
    let other = Some(Password::new("another password"));
    assert!(db.crm.seed(none()).await.unwrap().is_none());
    assert!(db.crm.seed(SeedPasswords { admin: other.clone(), user: other }).await.unwrap().is_none());
    assert!(db.builder().connect().await.unwrap().seed(none()).await.unwrap().is_none());
    assert_eq!(texts(&db, ROWS).await, before);
}

#[tokio::test]
async fn seeding_over_the_seeds_own_samples_changes_nothing() {
    let db = Database::fresh().await;
    sqlx::raw_sql(SAMPLES).execute(&mut of_the_seed(&db).await).await.unwrap();
    let before = texts(&db, ROWS).await;
    assert!(db.crm.seed(SeedPasswords::default()).await.unwrap().is_none());
    assert_eq!(texts(&db, ROWS).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_at_once_seed_once() {
    let db = Database::fresh().await;
    let mut started = Vec::new();
    for _ in 0..4 {
        let crm = Crm::connect(&*db.url).await.unwrap();
        started.push(tokio::spawn(async move { crm.seed(SeedPasswords::default()).await }));
    }
    let mut seeded = Vec::new();
    for one in started {
        seeded.extend(one.await.unwrap().unwrap());
    }
    assert_eq!(seeded.len(), 1, "one of them has loaded the rows");
    assert_eq!(texts(&db, ROWS).await.len(), 10);
    assert_logs_in(&db, "admin@crm.com", seeded[0].admin.reveal()).await;
}

#[tokio::test]
async fn an_email_that_somebody_else_has_is_told_and_nothing_is_loaded() {
    let db = Database::fresh().await;
    db.crm.users().create(valid(NewUser::new("Other", "User@crm.com", bcrypt()))).await.unwrap();
    let error = db.crm.seed(SeedPasswords::default()).await.unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::Conflict, Some("email")));
    assert_eq!(db.crm.users().count(&UserFilter::default()).await.unwrap(), 1);
}

/// Reads the stored hash and asserts that it is argon2id's, with OWASP's parameters, of this password.
async fn assert_logs_in(db: &Database, email: &str, password: &str) {
    use argon2::password_hash::PasswordVerifier as _;

    let hash = texts(db, &format!("select password::text from crm.users where email = '{email}'")).await;
    let [hash] = hash.as_slice() else { panic!("{email} is there {} times", hash.len()) };
    let parsed = argon2::PasswordHash::new(hash).unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    let argon = argon2::Argon2::default();
    argon.verify_password(password.as_bytes(), &parsed).expect("the password is the one that was told");
    argon.verify_password(b"another password", &parsed).unwrap_err();
}

#[tokio::test]
async fn given_passwords_are_used_and_missing_ones_made_up_and_told_once() {
    let db = Database::fresh().await;
    let given = SeedPasswords { admin: Some(Password::new("correct horse")), user: None };
    let crm = Crm::connect(&*db.url).await.unwrap();
    let seeded = crm.seed(given).await.unwrap().unwrap();
    assert_eq!(seeded.admin.reveal(), "correct horse");
    assert!(seeded.user.reveal().len() >= 22, "128 bits that nobody guesses");
    assert_logs_in(&db, "admin@crm.com", "correct horse").await;
    assert_logs_in(&db, "user@crm.com", seeded.user.reveal()).await;

    let other = Database::fresh().await;
    let made_up = other.crm.seed(SeedPasswords::default()).await.unwrap().unwrap();
    let all = [seeded.user.reveal(), made_up.admin.reveal(), made_up.user.reveal()];
    assert!(all[0] != all[1] && all[0] != all[2] && all[1] != all[2]);
}

#[tokio::test]
async fn neither_a_password_nor_a_hash_shows_in_debug() {
    let db = Database::fresh().await;
    let given = SeedPasswords { admin: Some(Password::new("correct horse")), user: None };
    let shown = format!("{given:?} {given:#?}");
    let seeded = db.crm.seed(given).await.unwrap().unwrap();
    let user = db.crm.users().find_by_email("admin@crm.com").await.unwrap().unwrap();
    let shown = format!("{shown} {seeded:?} {seeded:#?} {user:?} {:?}", db.crm);
    assert!(shown.contains("admin@crm.com"), "the output is that of the values");
    let hashes = texts(&db, "select password::text from crm.users").await;
    for secret in
        hashes.iter().map(String::as_str).chain([seeded.admin.reveal(), seeded.user.reveal(), "argon2"])
    {
        assert!(!shown.contains(secret));
    }
}
