//! The cases of `tests/contract`, which every language runs; here on both stores.

mod calls;
mod cases;
mod catalogue;
mod inputs;
mod runner;
mod sources;
mod surface;
mod values;

use std::collections::BTreeSet;

use crm_core::testing::MemoryStore;
use crm_core::{TrustedStore, UserId};
use crm_tests::Database;
use sqlx::{Connection as _, PgConnection};

use self::runner::{Event, Runner};
use self::sources::Sources;

/// Lists the files of cases, each a test on each store.
macro_rules! files {
    ($($file:ident,)+) => {
        const FILES: &[&str] = &[$(stringify!($file)),+];

        mod memory {
            $(#[tokio::test]
            async fn $file() {
                super::in_memory(stringify!($file)).await;
            })+
        }

        mod postgres {
            $(#[tokio::test]
            async fn $file() {
                super::in_postgres(stringify!($file)).await;
            })+
        }
    };
}

files! {
    access,
    customers,
    filters,
    interactions,
    leads,
    orders,
    paging,
    passwords,
    refusals,
    reports,
    rights,
    search,
    tasks,
    transactions,
    users,
    values,
}

#[test]
fn every_file_of_cases_is_run() {
    let names = std::fs::read_dir(cases::folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> =
        names.filter_map(|name| Some(name.to_str()?.strip_suffix(".json")?.to_owned())).collect();
    names.sort();
    assert_eq!(FILES, names, "contract/data/mod.rs lists the files of tests/contract");
}

/// Runs a file's cases, each of which begins with what `empty` returns, and names all that fail.
async fn run<S: TrustedStore>(name: &str, mut empty: impl AsyncFnMut() -> S) -> Vec<Event> {
    let file = cases::read(name);
    let mut runner = Runner::new(&file);
    let mut failures = Vec::new();
    for case in file.cases.iter().filter(|case| !case.not.iter().any(|language| language == "rust")) {
        if let Err(failure) = runner.run(&empty().await, case).await {
            failures.push(format!("{name}.json: {}: {failure}", case.name));
        }
    }
    assert!(failures.is_empty(), "{} cases failed\n{}", failures.len(), failures.join("\n"));
    runner.events
}

async fn in_memory(name: &str) -> Vec<Event> {
    run(name, async || MemoryStore::default()).await
}

/// Empties the tables and lets the ids begin anew, which takes less than a database a case.
const EMPTY: &str = include_str!("../../../contract/empty.sql");

async fn in_postgres(name: &str) -> Vec<Event> {
    let database = Database::fresh().await;
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    run(name, async || {
        sqlx::raw_sql(EMPTY).execute(&mut connection).await.unwrap();
        database.crm.clone()
    })
    .await
}

#[tokio::test]
async fn a_handle_tells_in_whose_name_it_works_and_where() {
    let database = Database::fresh().await;
    assert_eq!(database.crm.acting_as(UserId(7)).actor(), UserId(7));
    assert_eq!(database.crm.url(), None, "only a server of its own has one");
}

/// Asserts that a generated file holds this text; with `CRM_GENERATE` set, writes it.
fn generated(name: &str, text: &str) {
    let path = cases::folder().join("catalogue").join(name);
    if std::env::var_os("CRM_GENERATE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stands == text, "tests/contract/catalogue/{name} is stale: {GENERATE}");
}

/// Writes the generated files anew.
const GENERATE: &str =
    "run CRM_GENERATE=1 cargo test -p crm-tests --test integration contract::data::generated";

mod generated_files {
    use super::*;

    #[test]
    fn the_surface_is_what_the_sources_declare() {
        let lines = surface::of_rust(&Sources::read());
        generated("surface.txt", &surface::written(&lines));
        for difference in surface::differences() {
            assert!(!difference.why.is_empty());
            let said = |line: &String| difference.rust.contains(line) == lines.contains(line);
            let all = difference.rust.iter().chain(&difference.python).chain(&difference.node);
            let wrong: Vec<_> = all.filter(|line| !said(line)).collect();
            assert!(wrong.is_empty(), "differences.json is wrong about Rust: {wrong:?}");
        }
    }

    #[tokio::test]
    async fn every_row_of_the_catalogue_has_a_case() {
        let sources = Sources::read();
        let rows = catalogue::rows(&sources, &surface::shared(&surface::of_rust(&sources)));
        let left_out = FILES.iter().flat_map(|name| cases::left_out(name));
        generated("rows.txt", &surface::written(&rows.iter().cloned().chain(left_out).collect()));
        let mut covered = BTreeSet::new();
        for name in FILES {
            covered.extend(in_memory(name).await.iter().flat_map(catalogue::covered));
        }
        for &(row, file, function) in catalogue::ELSEWHERE {
            let path = cases::folder().join("../integration").join(file);
            let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{row}: there is no {file}"));
            assert!(text.contains(&format!("fn {function}(")), "{row}: there is no {function} in {file}");
            assert!(rows.contains(row), "{row} is no row");
            assert!(covered.insert(row.to_owned()), "{row} has a case, and need not be proved elsewhere");
        }
        let bare: Vec<_> = rows.difference(&covered).cloned().collect();
        assert!(bare.is_empty(), "{} rows have no case in tests/contract:\n{}", bare.len(), bare.join("\n"));
    }
}
