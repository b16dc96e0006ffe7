//! No operation is without a case.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{Group, acting, keys, lists, reports, start, users, whole, writes};

const GROUPS: [&Group; 10] = [
    &lists::ORDERS,
    &lists::FILTERS,
    &keys::GROUP,
    &users::GROUP,
    &writes::GROUP,
    &whole::GROUP,
    &reports::GROUP,
    &reports::HISTORY,
    &acting::GROUP,
    &start::GROUP,
];

/// Are the operations without a case, and why.
const WITHOUT: &[(&str, &str)] = &[
    ("crm.migrate", SCHEMA),
    ("crm.migrate_to", SCHEMA),
    ("crm.schema_version", FIRST_CALL),
    ("crm.pending_migrations", FIRST_CALL),
    ("crm.close", "it asks nothing"),
    ("crm.begin_nested", "it sets a savepoint"),
    ("crm.backup", "it reads whole tables"),
    ("crm.restore", "it writes whole tables"),
];
const SCHEMA: &str = "it builds what the others stand on, and reads the tables to make an index";
const FIRST_CALL: &str = "it asks what every first call asks, which has a case";

/// Reads the sources of a crate.
fn sources(of: &str) -> String {
    fn read(directory: &Path, text: &mut String) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, text);
            } else {
                text.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut text = String::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(of).join("src"), &mut text);
    text
}

/// Takes out of a text what stands between the one and the other, wherever they stand.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> Vec<&'t str> {
    text.split(begin).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0)).collect()
}

#[test]
fn every_operation_has_a_case() {
    let library = sources("crm-postgres");
    let spans = between(&library, "#[instrument(name = \"", "\"");
    let spans: BTreeSet<_> = spans.into_iter().filter(|span| span.starts_with("crm.")).collect();
    assert!(spans.len() > 30, "{spans:?}");
    let covered = GROUPS.iter().flat_map(|group| group.operations).copied();
    let named: BTreeSet<_> = covered.chain(WITHOUT.iter().map(|(operation, _)| *operation)).collect();
    assert_eq!(named, spans, "the operations of the cases, and those of the library");
}

#[test]
fn every_method_of_the_traits_is_an_operation() {
    let library = sources("crm-postgres");
    let spans = between(&library, "#[instrument(name = \"crm.", "\"");
    let operations: BTreeSet<_> = spans.iter().filter_map(|span| span.split('.').next_back()).collect();
    let domain = sources("crm-core");
    let mut methods = BTreeSet::new();
    for (name, body) in between(&domain, "\npub trait ", "\n}").iter().filter_map(|text| text.split_once('{'))
    {
        let name = name.split([':', '<']).next().unwrap_or_default().trim();
        if name.ends_with("Repository") || name == "Reports" {
            methods.extend(between(body, "fn ", "("));
        }
    }
    assert!(methods.len() > 20, "{methods:?}");
    let unnamed: Vec<_> = methods.difference(&operations).collect();
    assert!(unnamed.is_empty(), "without a span: {unnamed:?}");
}
