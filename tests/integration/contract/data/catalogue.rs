//! The catalogue: what the cases have to cover, a row each, and whether they do.
//!
//! The rows come from the code: the surface, the labels, the rights. Whether a row is covered is read off the calls that the cases made.

use std::collections::BTreeSet;

use crm_core::{Action, EntityKind, ErrorCode, Role, ViolationCode};
use serde_json::Value;

use super::runner::Event;
use super::sources::Sources;
use super::surface::REPOSITORIES;

/// Are the rows that no single call can show, and the tests that do: a file below `tests/integration` and a function in it.
pub(super) const ELSEWHERE: &[(&str, &str, &str)] = &[
    (
        "error timeout",
        "pool.rs",
        "an_answer_that_does_not_come_is_a_timeout_and_says_whether_the_outcome_is_known",
    ),
    (
        "error unavailable",
        "faults/server.rs",
        "a_server_that_is_down_is_unavailable_and_the_handle_works_when_it_is_up_again",
    ),
    (
        "error serialization",
        "faults/server.rs",
        "a_lost_race_between_serializable_transactions_is_a_serialization_error",
    ),
    ("error schema", "migrate.rs", "a_database_behind_the_library_is_told_until_it_is_migrated"),
    ("error internal", "schema/constraints.rs", "a_constraint_that_is_not_the_librarys_is_internal"),
    ("violation invalid_option", "backup/refused.rs", "a_backup_overwrites_nothing_and_needs_a_place"),
    ("violation invalid_backup", "backup/refused.rs", "a_dump_that_is_not_what_its_manifest_says_is_refused"),
    ("operation acting.actor", "contract/data/mod.rs", "a_handle_tells_in_whose_name_it_works_and_where"),
    (
        "operation acting.retry",
        "retry.rs",
        "a_user_runs_again_in_the_own_name_and_what_is_forbidden_is_not_tried_twice",
    ),
    ("operation crm.backup", "backup/whole.rs", "a_restored_database_equals_the_one_that_was_backed_up"),
    ("operation crm.close", "pool.rs", "a_closed_handle_says_so_and_closing_again_changes_nothing"),
    ("operation crm.connect", "pool.rs", "a_server_that_is_not_there_is_unavailable"),
    (
        "operation crm.embedded",
        "embedded.rs",
        "a_directory_persists_also_over_a_kill_and_has_one_opener_at_a_time",
    ),
    ("operation crm.migrate", "migrate.rs", "eight_handles_migrate_a_bare_database_at_once"),
    ("operation crm.migrate_to", "migrate.rs", "the_version_and_what_is_pending_follow_each_step"),
    ("operation crm.pending_migrations", "migrate.rs", "the_version_and_what_is_pending_follow_each_step"),
    ("operation crm.restore", "backup/whole.rs", "a_restored_database_equals_the_one_that_was_backed_up"),
    ("operation crm.retry", "retry.rs", "the_victim_of_a_deadlock_is_run_again"),
    ("operation crm.schema_version", "migrate.rs", "the_version_and_what_is_pending_follow_each_step"),
    ("operation crm.seed", "seed/samples.rs", "the_sample_rows_are_the_seeds_field_by_field"),
    ("operation crm.url", "contract/data/mod.rs", "a_handle_tells_in_whose_name_it_works_and_where"),
];

/// Are the edges of what a field takes: the field, the value, and the code of the violation where it is refused.
const EDGES: &[(&str, &str, &str)] = &[
    ("value", "0", ""),
    ("value", "0.01", ""),
    ("value", "99999999.99", ""),
    ("value", "100000000", "out_of_range"),
    ("value", "99999999.991", "out_of_range"),
    ("value", "-0.01", "out_of_range"),
    ("value", "0.001", "too_precise"),
    ("value", "1e2", "invalid_type"),
    ("due_date", "0001-01-01", ""),
    ("due_date", "9999-12-31", ""),
    ("due_date", "2028-02-29", ""),
    ("date", "0001-01-01T00:00:00.000Z", ""),
    ("date", "9999-12-31T23:59:59.999Z", ""),
    ("date", "2028-02-29T12:00:00.000Z", ""),
    ("date", "0001-01-01T00:00:00.000+00:01", "out_of_range"),
    ("date", "9999-12-31T23:59:59.999-00:01", "out_of_range"),
];

/// Are the records that an operation's result shows.
const SHOWN_BY: [(&str, &str); 10] = [
    ("User", "users."),
    ("Customer", "customers."),
    ("Lead", "leads."),
    ("Task", "tasks."),
    ("Interaction", "interactions."),
    ("CustomerActivity", "reports.customer_activity"),
    ("DueTask", "reports.due_tasks"),
    ("PipelineStage", "reports.pipeline"),
    ("Snapshot", "reports.snapshot"),
    ("TagCount", "customers.tag_counts"),
];

/// Are the enums whose labels are values of a field.
const LABELLED: [(&str, &str); 5] = [
    ("Role", "role"),
    ("Stage", "stage"),
    ("TaskStatus", "status"),
    ("Priority", "priority"),
    ("InteractionType", "type"),
];

/// Lists the rows.
pub(super) fn rows(sources: &Sources, surface: &BTreeSet<String>) -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    for line in surface {
        let (kind, rest) = line.split_once(' ').unwrap();
        let (name, word) = rest.split_once(' ').unwrap_or((rest, ""));
        let of_handle = ["crm.", "acting."].iter().any(|handle| name.starts_with(handle));
        match kind {
            "operation" if word.is_empty() => drop(rows.insert(format!("operation {name}"))),
            "operation" if of_handle || name.starts_with("transaction.") => {}
            "operation" => {
                let word = word.trim_end_matches('?');
                rows.insert(format!("argument {name} {word}"));
                if name.ends_with(".update") && !["id", "expected_version"].contains(&word) {
                    rows.insert(format!("cleared {name} {word}"));
                }
            }
            "order" => rows.extend([format!("order {name} {word}"), format!("order {name} -{word}")]),
            "field" if SHOWN_BY.iter().any(|(record, _)| *record == name) => drop(rows.insert(line.clone())),
            _ => {}
        }
    }
    for (name, _) in LABELLED {
        rows.extend(sources.labels[name].iter().map(|label| format!("label {name} {label}")));
    }
    rows.extend(ErrorCode::ALL.iter().map(|code| format!("error {code}")));
    rows.extend(ViolationCode::ALL.iter().map(|code| format!("violation {code}")));
    rows.extend(EntityKind::ALL.iter().map(|entity| format!("not_found {entity}")));
    for kind in ["transaction", "nested"] {
        rows.extend(["commit", "rollback", "closed"].map(|end| format!("{kind} {end}")));
    }
    for &role in Role::ALL {
        rows.extend(cells().map(|(action, entity, own)| cell(role, action, entity, own)));
    }
    rows.extend(
        EDGES.iter().map(|(field, value, code)| format!("edge {field} {value} {code}").trim().to_owned()),
    );
    rows
}

/// Lists what can be done to what; a row that is made is always one's own, and only a user has a role or a password.
fn cells() -> impl Iterator<Item = (Action, EntityKind, bool)> {
    let of_users = [Action::ChangeRole, Action::Deactivate, Action::SetPassword, Action::ChangePassword];
    Action::ALL.iter().flat_map(move |&action| {
        let entities = EntityKind::ALL
            .iter()
            .filter(move |&&entity| entity == EntityKind::User || !of_users.contains(&action));
        let owners = if action == Action::Create { &[true][..] } else { &[true, false] };
        entities.flat_map(move |&entity| owners.iter().map(move |&own| (action, entity, own)))
    })
}

fn cell(role: Role, action: Action, entity: EntityKind, own: bool) -> String {
    let whose = match (action, own) {
        (Action::Create, _) => "a",
        (_, true) => "own",
        (_, false) => "another's",
    };
    let may = if role.allows(action, entity, own) { "may" } else { "may not" };
    format!("right {role} {may} {action} {whose} {entity}")
}

/// Lists the rows that a call covers.
pub(super) fn covered(event: &Event) -> Vec<String> {
    let Event { op, args, outcome, expected, .. } = event;
    let (part, operation) = op.split_once('.').unwrap();
    let mut rows = edges(event);
    if event.actor.is_some() {
        rows.push("operation crm.acting_as".to_owned());
    }
    rows.extend(right(event));
    match outcome {
        Ok(came) => {
            if part == "transaction" {
                let handle = if event.actor.is_some() { "acting" } else { "crm" };
                rows.extend([format!("transaction {operation}"), format!("operation {handle}.transaction")]);
            } else if part == "nested" {
                rows.extend([format!("nested {operation}"), "operation transaction.transaction".to_owned()]);
            } else {
                rows.push(format!("operation {op}"));
            }
            for (name, value) in args.as_object().into_iter().flatten() {
                rows.push(match value {
                    Value::Null => format!("cleared {op} {name}"),
                    _ => format!("argument {op} {name}"),
                });
            }
            let many = came["items"].as_array().is_some_and(|items| items.len() > 1) && !expected.is_null();
            if let (true, Some(order)) = (many, args["order"].as_str()) {
                rows.push(format!("order {part} {order}"));
            }
            let records = SHOWN_BY.iter().filter(|(_, shown_by)| op.starts_with(shown_by));
            for (record, _) in records {
                named(expected, &mut |field, _| rows.push(format!("field {record} {field}")));
            }
            for (name, of) in LABELLED {
                named(expected, &mut |field, value| {
                    if let (true, Some(label)) = (field == of, value.as_str()) {
                        rows.push(format!("label {name} {label}"));
                    }
                });
            }
        }
        Err(told) => {
            let code = told["code"].as_str().unwrap();
            rows.push(format!("error {code}"));
            if code == "not_found" {
                rows.push(format!("not_found {}", told["entity"].as_str().unwrap()));
            }
            if operation == "commit" && code == "closed" {
                rows.push(format!("{part} closed"));
            }
            for violation in told["violations"].as_array().into_iter().flatten() {
                let (field, code) = (violation[0].as_str().unwrap(), violation[1].as_str().unwrap());
                rows.push(format!("violation {code}"));
                if operation == "update" && code == "required" {
                    rows.push(format!("cleared {op} {field}"));
                }
            }
        }
    }
    rows
}

/// Visits each field that is named in a value and is not null.
fn named(value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| named(item, visit)),
        Value::Object(fields) => {
            for (name, item) in fields.iter().filter(|(_, item)| !item.is_null()) {
                visit(name, item);
                named(item, visit);
            }
        }
        _ => {}
    }
}

fn edges(event: &Event) -> Vec<String> {
    let given = |field: &str, value: &str| {
        event.args[field].as_str() == Some(value)
            || event.args[field].as_i64().is_some_and(|n| n.to_string() == value)
    };
    let came = |field: &str, code: &str| match &event.outcome {
        Ok(_) => code.is_empty() && !event.expected[field].is_null(),
        Err(told) => told["violations"] == serde_json::json!([[field, code]]),
    };
    let edges = EDGES.iter().filter(|(field, value, code)| given(field, value) && came(field, code));
    edges.map(|(field, value, code)| format!("edge {field} {value} {code}").trim().to_owned()).collect()
}

/// Returns the cell of the rights that a call of an actor's has tried; what came of it has to be what the table says.
fn right(event: &Event) -> Option<String> {
    let (role, own) = event.actor?;
    let (part, operation) = event.op.split_once('.')?;
    let entity =
        REPOSITORIES.iter().position(|(name, _)| *name == part).map(|place| EntityKind::ALL[place])?;
    let action = match operation {
        "get" => Action::Read,
        "create" => Action::Create,
        "update" if event.args.get("role").is_some() => Action::ChangeRole,
        "update" => Action::Update,
        "delete" => Action::Delete,
        "deactivate" => Action::Deactivate,
        "set_password" => Action::SetPassword,
        "change_password" => Action::ChangePassword,
        _ => return None,
    };
    let came = match &event.outcome {
        Ok(_) => true,
        Err(told) if told["code"] == "permission_denied" => false,
        Err(_) => return None,
    };
    let own = own || action == Action::Create;
    (role.allows(action, entity, own) == came).then(|| cell(role, action, entity, own))
}
