//! What is done once: the first call's question about the schema, and the sample rows.

use crm_core::*;
use crm_postgres::SeedPasswords;

use super::capture::CHECKS;
use super::{Group, PAGE, data, judge};

pub(super) const GROUP: Group = Group { name: "start", operations: &["crm.seed"] };

#[tokio::test]
async fn what_is_done_once_reads_no_table_either() {
    judge(&GROUP, &data::url().await, async |suite| {
        let crm = suite.capture.new_handle();
        let (first, statements) = suite.capture.all_of(crm.users().find(UserId(7))).await;
        assert_eq!(first.unwrap().map(|user| user.id), Some(UserId(7)));
        let asks = |table: &str| statements.iter().any(|statement| statement.text.contains(table));
        // These questions have no name, and so no plan for any values.
        assert_eq!(asks(CHECKS[0]) && asks(CHECKS[1]), suite.capture.mode.is_custom());
        let (checks, statements): (Vec<_>, _) = statements
            .into_iter()
            .partition(|statement| CHECKS.iter().any(|table| statement.text.contains(table)));
        suite.judge("start: first call", &["users_pkey"], PAGE, &statements);
        // They read the catalogue, where other databases have their rows too.
        suite.judge("start: check", &[], u32::MAX, &checks);

        // The rows are loaded by the first of the two and found by the second.
        let crm = suite.capture.crm.clone();
        let (seeded, statements) = suite.of(Box::pin(crm.seed(SeedPasswords::default()))).await;
        assert_eq!(seeded.unwrap().is_some(), suite.capture.mode.is_custom());
        let indexes: &[&str] = if suite.capture.mode.is_custom() {
            &["idx_users_email", "users_pkey", "customers_pkey"]
        } else {
            &["idx_users_email"]
        };
        suite.judge("start: seed", indexes, PAGE, &statements);
    })
    .await;
}
