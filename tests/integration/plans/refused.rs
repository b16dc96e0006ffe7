//! The guard itself: each of what it is to refuse, in a plan made up, and each with as little as it lets pass.

use serde_json::{Value, json};

use super::capture::Statement;

const BUDGET: u32 = 51;

/// Makes a step of a plan.
fn step(kind: &str, (rows, loops): (u32, u32), below: &[&Value]) -> Value {
    json!({"Node Type": kind, "Actual Rows": rows, "Actual Loops": loops, "Plans": below})
}

/// Makes a step that reads a table, by an index or not.
fn reading(kind: &str, table: &str, of: (u32, u32), removed: u32) -> Value {
    let mut step = step(kind, of, &[]);
    step["Relation Name"] = table.into();
    step["Rows Removed by Filter"] = removed.into();
    if kind.contains("Index") {
        step["Index Name"] = "an_index".into();
    }
    step
}

fn offences(plan: &Value) -> Vec<String> {
    let statement = json!({"Query Text": "select", "Plan": plan});
    Statement::parse(&statement.to_string()).unwrap().offences(BUDGET)
}

#[test]
fn a_scan_of_a_large_table_is_refused_and_one_of_a_small_table_is_not() {
    for table in ["users", "customers", "leads", "tasks", "interactions"] {
        assert_eq!(offences(&reading("Seq Scan", table, (1, 1), 0)), [format!("scans {table}")]);
    }
    assert!(offences(&reading("Seq Scan", "compatibility", (1, 1), 0)).is_empty());
}

#[test]
fn rows_are_counted_over_all_the_loops_with_those_looked_at_in_vain() {
    let refused = |of, removed| !offences(&reading("Index Scan", "leads", of, removed)).is_empty();
    assert!(!refused((51, 1), 0) && refused((52, 1), 0));
    assert!(!refused((1, 51), 0) && refused((1, 52), 0));
    assert!(!refused((1, 1), 50) && refused((1, 1), 51));
    // A look that finds nothing is one, too.
    assert!(!refused((0, 51), 0) && refused((0, 52), 0));
    let bitmap = |table| offences(&reading("Bitmap Heap Scan", table, (52, 1), 0)).len();
    assert_eq!((bitmap("leads"), bitmap("compatibility")), (1, 0));
}

#[test]
fn a_sort_of_more_than_a_page_is_refused() {
    for kind in ["Sort", "Incremental Sort"] {
        let sort = |rows| offences(&step(kind, (1, 1), &[&step("Append", (rows, 1), &[])]));
        assert_eq!((sort(51).len(), sort(52)), (0, vec!["sorts 52 rows".to_owned()]));
    }
}

#[test]
fn a_join_of_more_than_a_page_is_refused_by_what_it_takes_and_by_what_it_gives() {
    for kind in ["Nested Loop", "Hash Join", "Merge Join"] {
        let join = |rows, left, right| {
            let (left, right) = (step("CTE Scan", left, &[]), step("Function Scan", right, &[]));
            offences(&step(kind, (rows, 1), &[&left, &right])).len()
        };
        assert_eq!(join(51, (51, 1), (1, 51)), 0);
        assert_eq!(join(52, (4, 1), (13, 4)), 1);
        assert_eq!(join(1, (1, 1), (52, 1)), 1);
        assert_eq!(join(1, (52, 1), (0, 52)), 1);
    }
}
