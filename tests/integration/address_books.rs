//! Address books as exporters write them: whatever their owner calls right is stored, and nothing else.
//!
//! The files and the mapping of their columns are in `tests/address-books`.

use std::collections::HashMap;
use std::path::PathBuf;

use crm_core::{Customer, CustomerFilter, List, NewCustomer, Repositories as _, Valid};
use crm_tests::Database;
use serde::Deserialize;

/// The contacts that their owner calls wrong, too: the file, the row from 0, the field and the code.
const WRONG: [(&str, usize, &str, &str); 3] = [
    ("carddav.csv", 4, "name", "required"),
    ("google.csv", 7, "email", "invalid_email"),
    ("outlook.csv", 5, "phone", "invalid_phone"),
];

/// How the columns of a file become the fields of a customer.
#[derive(Deserialize)]
struct Mapping {
    delimiter: char,
    encoding: String,
    name: Name,
    email: FirstOf,
    phone: FirstOf,
    company: String,
    notes: String,
    tags: Tags,
}

#[derive(Deserialize)]
struct Name {
    join: Vec<String>,
    #[serde(rename = "else")]
    otherwise: String,
}

#[derive(Deserialize)]
struct FirstOf {
    first_of: Vec<String>,
    split: Option<String>,
}

#[derive(Deserialize)]
struct Tags {
    column: String,
    split: String,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("address-books")
}

/// Reads the mapping of each file from the notes beside the files.
fn mappings() -> Vec<(String, Mapping)> {
    let notes = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let json = notes.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let mut mappings: Vec<_> =
        serde_json::from_str::<HashMap<String, Mapping>>(json).unwrap().into_iter().collect();
    mappings.sort_by(|(one, _), (other, _)| one.cmp(other));
    mappings
}

/// Reads the customers of a file.
fn customers(file: &str, mapping: &Mapping) -> Vec<NewCustomer> {
    let text = std::fs::read_to_string(folder().join(file)).unwrap();
    let text = if mapping.encoding == "utf-8-sig" { text.strip_prefix('\u{feff}').unwrap() } else { &text };
    let delimiter = u8::try_from(mapping.delimiter).unwrap();
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let place = |name: &str| {
        header.iter().position(|column| column.trim_start_matches('\u{feff}') == name).unwrap_or_else(|| {
            panic!("{file} has no column {name}");
        })
    };
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    rows.iter()
        .map(|row| {
            let cell = |column: &String| &row[place(column)];
            let given = |cell: &&str| !cell.trim().is_empty();
            let first = |from: &FirstOf| {
                let cell = from.first_of.iter().map(cell).find(given)?;
                let split = from.split.as_deref().and_then(|split| cell.split(split).next());
                Some(split.unwrap_or(cell).to_owned())
            };
            let names: Vec<_> = mapping.name.join.iter().map(cell).filter(given).collect();
            let name =
                if names.is_empty() { cell(&mapping.name.otherwise).to_owned() } else { names.join(" ") };
            let tags = cell(&mapping.tags.column).split(&mapping.tags.split).map(str::trim);
            NewCustomer {
                name,
                email: first(&mapping.email),
                phone: first(&mapping.phone),
                company: Some(cell(&mapping.company).to_owned()),
                notes: Some(cell(&mapping.notes).to_owned()),
                tags: tags.filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
                created_by: None,
            }
        })
        .collect()
}

#[tokio::test]
async fn exactly_the_contacts_are_refused_that_their_owner_calls_wrong() {
    let database = Database::fresh().await;
    let mut refused = Vec::new();
    let mut stored = 0;
    for (file, mapping) in mappings() {
        let given = customers(&file, &mapping);
        assert_eq!(given.len(), 10, "{file}");
        let error = match Valid::all(given.clone()) {
            Ok(_) => Vec::new(),
            Err(error) => error.violations().to_vec(),
        };
        let wrong =
            |row: usize| error.iter().any(|violation| violation.field.starts_with(&format!("[{row}].")));
        let right: Vec<_> =
            (0..given.len()).filter(|&row| !wrong(row)).map(|row| given[row].clone()).collect();
        refused.extend(error.iter().map(|violation| {
            format!("{file}{}: {} ({})", violation.field, violation.code, violation.message)
        }));
        let valid = Valid::all(right.clone()).unwrap();
        let ids = database.crm.customers().create_many(valid).await.unwrap();
        stored += ids.len();
        for (id, given) in ids.into_iter().zip(right) {
            let customer = database.crm.customers().get(id).await.unwrap();
            assert_found(&database, &customer, &given).await;
        }
    }
    let expected = WRONG.map(|(file, row, field, code)| format!("{file}[{row}].{field}: {code} "));
    assert_eq!(refused.len(), expected.len(), "{refused:#?}");
    for (refused, expected) in refused.iter().zip(&expected) {
        assert!(refused.starts_with(expected), "{refused} instead of {expected}");
    }
    assert_eq!(stored, 47);
}

/// Asserts that a customer is found by what the address book has of it.
async fn assert_found(database: &Database, customer: &Customer, given: &NewCustomer) {
    let NewCustomer { name: _, email, phone: _, company, tags, notes: _, created_by: _ } = given.clone();
    let company = company.filter(|_| customer.company.is_some());
    let filter = CustomerFilter {
        ids: Some(vec![customer.id]),
        email: email.map(|email| vec![email]),
        company: company.map(|company| vec![company]),
        tags_all: Some(tags),
        ..CustomerFilter::default()
    };
    let found = database.crm.customers().list(&List::new().filter(filter)).await.unwrap();
    assert_eq!(found.items, std::slice::from_ref(customer), "{given:?}");
}
