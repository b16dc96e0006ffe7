//! The filters that have an index: each with one value and with several, with values that few rows have and that many have.
#![expect(clippy::unnecessary_wraps, reason = "the fields of a filter are options")]

use crm_core::*;

use super::PAGE;

/// Is how many rows a step may look at where the planner weighs walking in the order of the list against collecting the
/// rows that fit: a part of the table, not all of it.
const WEIGHED: u32 = 15_000;

/// Is how many rows a word may have that stands in all of them, with those that other tests have made and taken back.
const FREQUENT: u32 = 120_000;

/// Is a list with a filter, and how it is to be served.
pub(super) struct Case<E: Entity> {
    pub(super) name: &'static str,
    pub(super) filter: E::Filter,
    /// The filter's fields that are set.
    pub(super) fields: &'static [&'static str],
    /// The indexes of which at least these are used.
    pub(super) indexes: &'static [&'static str],
    /// How many rows a step may look at.
    pub(super) budget: u32,
}

macro_rules! cases {
    ($filter:ident: $($name:literal, [$($index:literal),*], $budget:expr, { $($field:ident: $value:expr),* };)+) => {
        vec![$(Case {
            name: $name,
            filter: $filter { $($field: $value,)* ..$filter::default() },
            fields: &[$(stringify!($field)),*],
            indexes: &[$($index),*],
            budget: $budget,
        },)+]
    };
}

fn texts(texts: &[&str]) -> Option<Vec<String>> {
    Some(texts.iter().map(|&text| text.to_owned()).collect())
}

fn ids<I: From<i64>>(ids: impl IntoIterator<Item = i64>) -> Option<Vec<I>> {
    Some(ids.into_iter().map(I::from).collect())
}

fn words(text: &str) -> Option<SearchText> {
    Some(text.parse().unwrap())
}

fn money(amount: &str) -> Option<rust_decimal::Decimal> {
    Some(amount.parse().unwrap())
}

fn range<T: std::str::FromStr<Err: std::fmt::Debug>>(since: &str, until: &str) -> Range<T> {
    let bound = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
    Range { since: bound(since), until: bound(until) }
}

/// Takes the bounds of a range for those of days, whose last one is inside.
fn days(range: Range<chrono::NaiveDate>) -> DayRange {
    DayRange { since: range.since, until: range.until }
}

pub(super) fn users() -> Vec<Case<User>> {
    cases! { UserFilter:
        "of an id", ["users_pkey"], PAGE, { ids: ids([70_000]) };
        "of two ids", ["users_pkey"], PAGE, { ids: ids([70_000, 70_001]) };
        "of the role that many have", ["idx_users_role"], PAGE, { role: Some(vec![Role::User]) };
        "of the role that few have", ["idx_users_role"], PAGE, { role: Some(vec![Role::Admin]) };
        "of two roles", ["idx_users_role"], 2 * PAGE, { role: Some(vec![Role::User, Role::Admin]) };
        "with an email", ["idx_users_email"], PAGE, { email: texts(&["USER77@crm.com"]) };
        "with any of two emails", ["idx_users_email"], PAGE, { email: texts(&["user77@crm.com", "USER78@crm.com"]) };
        "by created", [], PAGE, { created: range("2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z") };
        "by updated", [], PAGE, { updated: range("2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z") };
    }
}

pub(super) fn customers() -> Vec<Case<Customer>> {
    cases! { CustomerFilter:
        "of an id", ["customers_pkey"], PAGE, { ids: ids([70_000]) };
        "of a hundred ids", ["customers_pkey"], 101, { ids: ids((1..=100).map(|n| n * 900)) };
        "with a tag that many have", [], WEIGHED, { tags_any: texts(&["seg3"]) };
        "with a tag that some have", [], WEIGHED, { tags_any: texts(&["tag77"]) };
        "with any of two tags", [], WEIGHED, { tags_any: texts(&["tag77", "tag78"]) };
        "with any of two tags, one frequent", [], WEIGHED, { tags_any: texts(&["tag77", "seg3"]) };
        "with a tag that nobody has", ["idx_customers_tags"], PAGE, { tags_any: texts(&["nothing"]) };
        "with both of two tags", ["idx_customers_tags"], 1_100, { tags_all: texts(&["tag77", "seg1"]) };
        "with two tags that nobody has both", ["idx_customers_tags"], PAGE, { tags_all: texts(&["tag77", "seg2"]) };
        "of a company", ["idx_customers_company"], PAGE, { company: texts(&["Company 77"]) };
        "of two companies", ["idx_customers_company"], 2 * PAGE, { company: texts(&["Company 77", "Company 78"]) };
        "with an email", ["idx_customers_email"], PAGE, { email: texts(&["Customer77@Example.com"]) };
        "with any of two emails", ["idx_customers_email"], PAGE, { email: texts(&["customer77@example.com", "customer78@example.com"]) };
        "with a rare word", ["idx_customers_words"], PAGE, { text: words("customer77777") };
        "with a frequent word", ["idx_customers_words"], FREQUENT, { text: words("customer") };
        "with pairs of characters", ["idx_customers_words"], PAGE, { text: words("\u{6771}\u{4eac}\u{96fb}\u{529b}") };
        "with the beginning of two words", ["idx_customers_words"], 120, { text: words("customer7777 comp") };
        "by created", [], PAGE, { created: range("2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z") };
        "by updated", [], PAGE, { updated: range("2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z") };
    }
}

pub(super) fn leads() -> Vec<Case<Lead>> {
    cases! { LeadFilter:
        "of an id", ["leads_pkey"], PAGE, { ids: ids([70_000]) };
        "of two ids", ["leads_pkey"], PAGE, { ids: ids([70_000, 70_001]) };
        "in a stage", ["idx_leads_stage"], PAGE, { stage: Some(vec![Stage::Qualified]) };
        "in two stages", ["idx_leads_stage"], 2 * PAGE, { stage: Some(vec![Stage::Qualified, Stage::Lead]) };
        "in every stage", ["idx_leads_stage"], 4 * PAGE, { stage: Some(Stage::ALL.to_vec()) };
        "of a customer", ["idx_leads_customer_id"], PAGE, { customer_id: ids([7]) };
        "of two customers", ["idx_leads_customer_id"], PAGE, { customer_id: ids([7, 8]) };
        "assigned to a user", ["idx_leads_assigned_to"], PAGE, { assigned_to: Some(UserId(7).into()) };
        "assigned to two users", ["idx_leads_assigned_to"], 2 * PAGE, { assigned_to: ids([7, 8]).map(Assignee::AnyOf) };
        "assigned to nobody", ["idx_leads_assigned_to"], PAGE, { assigned_to: Some(Assignee::Unassigned) };
        "worth at least what few are", ["idx_leads_value"], PAGE, { min_value: money("10099.80") };
        "worth at least what many are", [], WEIGHED, { min_value: money("1000") };
        "worth at most what few are", ["idx_leads_value"], PAGE, { max_value: money("100.20") };
        "worth at most what many are", [], WEIGHED, { max_value: money("9000") };
        "worth something in a narrow range", ["idx_leads_value"], 101, { min_value: money("5000"), max_value: money("5005") };
        "with a rare word", ["idx_leads_words"], PAGE, { text: words("77777") };
        "with a frequent word", ["idx_leads_words"], FREQUENT, { text: words("deal") };
        "by created", [], PAGE, { created: range("2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z") };
        "by updated", [], PAGE, { updated: range("2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z") };
    }
}

pub(super) fn tasks() -> Vec<Case<Task>> {
    cases! { TaskFilter:
        "of an id", ["tasks_pkey"], PAGE, { ids: ids([70_000]) };
        "of two ids", ["tasks_pkey"], PAGE, { ids: ids([70_000, 70_001]) };
        "in a status", ["idx_tasks_status"], PAGE, { status: Some(vec![TaskStatus::Pending]) };
        "in two statuses", ["idx_tasks_status"], 2 * PAGE, { status: Some(vec![TaskStatus::Pending, TaskStatus::InProgress]) };
        "of a priority", ["idx_tasks_priority"], PAGE, { priority: Some(vec![Priority::High]) };
        "of two priorities", ["idx_tasks_priority"], 2 * PAGE, { priority: Some(vec![Priority::High, Priority::Low]) };
        "assigned to a user", ["idx_tasks_assigned_to"], PAGE, { assigned_to: Some(UserId(7).into()) };
        "assigned to two users", ["idx_tasks_assigned_to"], 2 * PAGE, { assigned_to: ids([7, 8]).map(Assignee::AnyOf) };
        "assigned to nobody", ["idx_tasks_assigned_to"], PAGE, { assigned_to: Some(Assignee::Unassigned) };
        "of a customer", ["idx_tasks_customer_id"], PAGE, { customer_id: ids([7]) };
        "of two customers", ["idx_tasks_customer_id"], PAGE, { customer_id: ids([7, 8]) };
        "due on a day", ["idx_tasks_due_date"], 200, { due: days(range("2025-01-01", "2025-01-01")) };
        "due since a day close to the end", [], WEIGHED, { due: days(range("2026-09-01", "")) };
        "due since a day close to the beginning", [], WEIGHED, { due: days(range("2024-03-01", "")) };
        "due until a day close to the beginning", ["idx_tasks_due_date"], 1_500, { due: days(range("", "2024-01-05")) };
        "with a rare word", ["idx_tasks_words"], PAGE, { text: words("77777") };
        "with a frequent word", ["idx_tasks_words"], FREQUENT, { text: words("meet") };
        "by created", [], PAGE, { created: range("2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z") };
        "by updated", [], PAGE, { updated: range("2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z") };
    }
}

pub(super) fn interactions() -> Vec<Case<Interaction>> {
    cases! { InteractionFilter:
        "of an id", ["interactions_pkey"], PAGE, { ids: ids([70_000]) };
        "of two ids", ["interactions_pkey"], PAGE, { ids: ids([70_000, 70_001]) };
        "of a customer", ["idx_interactions_customer_id"], PAGE, { customer_id: ids([7]) };
        "of two customers", ["idx_interactions_customer_id"], 2 * PAGE, { customer_id: ids([7, 8]) };
        "of a type", ["idx_interactions_type"], PAGE, { kind: Some(vec![InteractionType::Call]) };
        "of two types", ["idx_interactions_type"], 2 * PAGE, { kind: Some(vec![InteractionType::Call, InteractionType::Note]) };
        "made by a user", ["idx_interactions_created_by"], PAGE, { created_by: ids([7]) };
        "made by two users", ["idx_interactions_created_by"], 2 * PAGE, { created_by: ids([7, 8]) };
        "of a short time", ["idx_interactions_date"], 200, { date: range("2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z") };
        "since lately", [], 300, { date: range("2025-11-24T00:00:00Z", "") };
        "since long ago", [], WEIGHED, { date: range("2024-02-01T00:00:00Z", "") };
        "until long ago", ["idx_interactions_date"], 300, { date: range("", "2024-01-02T00:00:00Z") };
        "with a rare word", ["idx_interactions_words"], PAGE, { text: words("28c8edde3d61a0411511d3b1866f0636") };
        "with a frequent word", ["idx_interactions_words"], FREQUENT, { text: words("proposal") };
        "by created", [], PAGE, { created: range("2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z") };
    }
}
