//! On the rows that are hardest on paging.

use crm_core::{DueTasksQuery, Repositories as _};
use crm_tests::Database;

use super::{Plain, activity, day, due_tasks};

#[tokio::test]
async fn one_customer_with_most_of_the_newest_contacts_and_pages_that_end_among_equals_change_nothing() {
    let database = Database::fresh().await;
    // Everybody was contacted at one of two moments long ago, and most again at one of two lately, so that below those a walk
    // meets more customers of earlier pages than it has patience for; whatever is newer is with one of them.
    database
        .execute(
            "insert into crm.customers (name, email) select 'c' || n, 'c' || n || '@example.com' from generate_series(1, 1600) n;
             insert into crm.interactions (customer_id, type, date)
             select n, 'call', timestamptz '2020-01-01' + n % 2 * interval '1 day' from generate_series(1, 1550) n;
             insert into crm.interactions (customer_id, type, date)
             select n, 'email', timestamptz '2026-01-01' + n / 7 % 2 * interval '1 day' from generate_series(1, 1400) n;
             insert into crm.interactions (customer_id, type, date)
             select 777, 'note', timestamptz '2026-02-01' + n * interval '1 second' from generate_series(1, 3000) n",
        )
        .await;
    let mut plain = Plain::connect(&database.url).await;
    for include_inactive in [true, false] {
        let expected = plain.activity(include_inactive).await;
        assert_eq!(expected[0].customer.id.0, 777);
        let limits = [33, 100, 701, 1_000];
        // The last row of a page and the first of the next one are of the same moment.
        assert!(
            limits
                .iter()
                .all(|&limit| { expected[limit - 1].last_interaction == expected[limit].last_interaction })
        );
        for limit in limits {
            let found = activity(database.crm.reports(), limit.try_into().unwrap(), include_inactive).await;
            assert_eq!(found, expected, "pages of {limit}");
        }
    }
}

#[tokio::test]
async fn due_tasks_that_are_all_equal_but_for_their_id_come_once_each() {
    let database = Database::fresh().await;
    // The ids are not in the order in which the rows lie.
    database
        .execute(
            "insert into crm.tasks (id, title, priority, status, due_date)
             select 1 + n * 37 % 301, 'Same', (array['high', 'low'])[1 + n % 2]::crm.task_priority,
               (array['pending', 'in-progress', 'completed'])[1 + n % 3]::crm.task_status, '2026-03-01'
             from generate_series(1, 301) n",
        )
        .await;
    let mut plain = Plain::connect(&database.url).await;
    let statuses = crm_core::TaskStatus::ALL.to_vec();
    let query = DueTasksQuery { statuses, ..DueTasksQuery::new(day("2026-03-02")) };
    let expected = plain.due_tasks(&query).await;
    assert_eq!(expected.len(), 301);
    for limit in [1, 2, 7, 150, 300, 301, 302] {
        assert_eq!(due_tasks(database.crm.reports(), limit, &query).await, expected, "pages of {limit}");
    }
}
