//! The schema and what its functions do are the same whatever a database, a role or a host's connection has set.

use crm_core::{LeadFilter, NewLead, Repositories as _, Stage};
use crm_tests::Database;

use super::owners::works;
use crate::schema::catalogue::{dump, texts};
use crate::seed::valid;

const SETTINGS: [(&str, &str); 8] = [
    ("standard_conforming_strings", "off"),
    ("escape_string_warning", "on"),
    ("backslash_quote", "off"),
    ("array_nulls", "off"),
    ("transform_null_equals", "on"),
    ("check_function_bodies", "off"),
    ("plpgsql.variable_conflict", "error"),
    ("plpgsql.extra_errors", "all"),
];

#[tokio::test]
async fn what_a_database_sets_changes_neither_the_schema_nor_what_its_functions_do() {
    let db = Database::bare().await;
    let name = texts(&db, "select current_database()::text").await.remove(0);
    for (setting, value) in SETTINGS {
        db.execute(&format!("load 'plpgsql'; alter database {name} set {setting} = '{value}'")).await;
    }
    let crm = db.builder().connect().await.unwrap();
    crm.migrate().await.unwrap();
    assert_eq!(dump(&db).await, dump(&Database::fresh().await).await);
    works(&crm).await;
    let lead = crm.leads().create(valid(NewLead::new("Deal"))).await.unwrap().id;
    crm.leads().move_to(lead, Stage::Closed).await.unwrap();
    assert_eq!(crm.reports().pipeline().await.unwrap()[3].count, 1);
    let found = LeadFilter { text: Some("deal".parse().unwrap()), ..LeadFilter::default() };
    assert_eq!(crm.leads().count(&found).await.unwrap(), 1);
    db.execute("call crm.recount_pipeline(); delete from crm.users; truncate crm.leads").await;
    assert_eq!(crm.reports().pipeline().await.unwrap()[3].count, 0);
    crm.migrate_to(0).await.unwrap();
    crm.migrate().await.unwrap();
}

/// What a backslash means in a text depends on a setting. The rule of words is tested by itself.
#[tokio::test]
async fn no_function_of_the_schema_has_a_backslash_in_it() {
    let db = Database::fresh().await;
    let with_backslash = "select proname::text from pg_proc
        where pronamespace = 'crm'::regnamespace and position(chr(92) in prosrc) > 0 and proname <> 'words'";
    assert_eq!(texts(&db, with_backslash).await, [""; 0]);
}
