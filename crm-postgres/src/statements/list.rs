//! The statements of lists: which condition leads, in which order, and where a page begins.

use crm_core::{List, Order, OrderBy as _, Position, Result, SortKey};

use crate::connection::error_mapping::Intent;
use crate::connection::session::Session;
use crate::sql::Sql;
use crate::statements::filter::{Condition, Conditions};
use crate::statements::table::{Ordering, Ranks, Table, columns};

/// Begins `select … from … t where true`.
pub(crate) fn select<E: Table>() -> Sql {
    Sql::new(format!("select {} {}", columns::<E>("t"), from::<E>()))
}

fn from<E: Table>() -> String {
    format!("from {} t where true", E::TABLE)
}

/// Lists the columns as the table has them, for a part of a statement from which they are taken again. All of the table's would be too
/// many: no role may read a password.
fn uncast<E: Table>() -> String {
    E::COLUMNS.iter().map(|column| format!("t.{}", column.name)).collect::<Vec<_>>().join(", ")
}

fn conditions<E: Table>(sql: &mut Sql, filter: &E::Filter) -> Vec<Condition> {
    let mut conditions = Conditions::new(sql);
    E::condition(filter, &mut conditions);
    conditions.all
}

fn add(sql: &mut Sql, conditions: &[Condition]) {
    for condition in conditions {
        sql.push(" and ").push(&condition.text());
    }
}

/// Adds the conditions of a filter to a statement whose rows need no order.
pub(crate) fn restrict<E: Table>(sql: &mut Sql, filter: &E::Filter) {
    let conditions = conditions::<E>(sql, filter);
    add(sql, &conditions);
}

/// Reads the rows of a page, and one more where there is one.
///
/// Where the order has nulls, the rows with a value come first and those without follow. Each half comes from the index in
/// its order, which `nulls last` would not do both ways; and both from one statement, or a row that changes sides meanwhile
/// would be in both or in none. An append keeps the order of its parts, and the second is not begun when the first has
/// filled the page. (A part with a limit is never run in parallel.)
pub(crate) async fn rows<E: Table>(session: &Session, list: &List<E>) -> Result<Vec<E>> {
    let (limit, after) = list.start()?;
    let (limit, after) = (limit + 1, after.as_ref());
    let Ordering { expression, nullable, ranks: _ } = E::order(list.order.by);
    let mut sql = Sql::default();
    sql.text = if nullable {
        let mut half = |null: &str, after| {
            page(&mut sql, list, limit, after, Some(Condition::Fixed(format!("{expression} {null}"))))
        };
        match after.filter(|position| position.key == SortKey::Null) {
            Some(after) => half("is null", Some(after)),
            None => format!(
                "({}) union all ({}) limit {limit}",
                half("is not null", after),
                half("is null", None)
            ),
        }
    } else {
        page(&mut sql, list, limit, after, None)
    };
    session.entities(Intent::Read, sql).await
}

/// Builds the statement of a page.
///
/// A condition may lead the page: there is an index of its column together with the order. Written as an equation, the
/// planner would drop the column from the order and might then walk the whole table in the order alone, looking for the
/// few rows that fit; so the column stays in the order, and its value in the bounds (see [`arrange`]). Where several values
/// of one column are the only condition, the page takes a page for each of them and merges these.
fn page<E: Table>(
    sql: &mut Sql,
    list: &List<E>,
    limit: usize,
    after: Option<&Position>,
    half: Option<Condition>,
) -> String {
    sql.text = from::<E>();
    let mut conditions = conditions::<E>(sql, &list.filter);
    // Which of two conditions is better served by its index depends on the values, as do ranges, arrays and words. Of a
    // statement with a name the server soon keeps one plan for all values, so such a statement gets none.
    let plain = |condition: &Condition| {
        matches!(condition, Condition::Is(..) | Condition::IsNull(_) | Condition::IsAny(..))
    };
    sql.passing |= conditions.len() > 1 || !conditions.iter().all(plain);
    let indexed = E::indexed_with(list.order.by);

    if conditions.iter().any(|condition| matches!(condition, Condition::Searches(_))) {
        // The rows are collected before they are put in order, by `offset 0`, or the planner would walk the order again.
        add(sql, &conditions);
        sql.text = format!("from (select {} {} offset 0) t where true", uncast::<E>(), sql.text);
        conditions.clear();
    }
    conditions.extend(half);
    if let [Condition::IsAny(column, values)] = conditions.as_slice()
        && indexed.contains(column)
    {
        let each = Condition::Is(column, "lead.value".to_owned());
        arrange::<E>(sql, list.order, Some(&each), after);
        sql.text = format!(
            "from unnest({values}) as lead (value) cross join lateral (select {} {} limit {limit}) t",
            uncast::<E>(),
            sql.text
        );
        arrange::<E>(sql, list.order, None, None);
    } else {
        let of = |condition: &Condition| match condition {
            Condition::Is(column, _) | Condition::IsNull(column) => Some(*column),
            _ => None,
        };
        let lead =
            indexed.iter().find_map(|column| conditions.iter().position(|found| of(found) == Some(column)));
        let lead = lead.map(|at| conditions.remove(at));
        add(sql, &conditions);
        arrange::<E>(sql, list.order, lead.as_ref(), after);
    }
    format!("select {} {} limit {limit}", columns::<E>("t"), std::mem::take(&mut sql.text))
}

/// Adds the whole order at once, nulls last both ways: for rows that are all read, and so may be sorted.
pub(crate) fn arrange_all<E: Table>(sql: &mut Sql, order: Order<E::OrderBy>) {
    let direction = if order.descending { "desc" } else { "asc" };
    if order.by == E::OrderBy::ID {
        sql.push(&format!(" order by t.id {direction}"));
    } else {
        let Ordering { expression, nullable, ranks: _ } = E::order(order.by);
        // Where there are no nulls, an index serves the order only without these words.
        let nulls = if nullable { " nulls last" } else { "" };
        sql.push(&format!(" order by {expression} {direction}{nulls}, t.id {direction}"));
    }
}

/// Adds the order of a page and the place to begin after. A condition that leads becomes the beginning of both: as a
/// range, from one end of which to the other the index has exactly the rows of the page in their order.
fn arrange<E: Table>(
    sql: &mut Sql,
    order: Order<E::OrderBy>,
    lead: Option<&Condition>,
    after: Option<&Position>,
) {
    let (direction, beyond, begin, end) =
        if order.descending { (" desc", "<", "<=", ">=") } else { ("", ">", ">=", "<=") };
    let mut by = Vec::new();
    // The columns in the bounds and their values: a null stands in the order only, for nothing lies before or behind it.
    let (mut columns, mut place) = (Vec::new(), Vec::new());
    match lead {
        Some(Condition::Is(column, value)) => {
            sql.push(&format!(" and {column} {end} {value}"));
            // The place to begin after says the same; with both, the server would begin here.
            if after.is_none() {
                sql.push(&format!(" and {column} {begin} {value}"));
            }
            by.push(*column);
            columns.push(*column);
            place.push(value.clone());
        }
        Some(Condition::IsNull(column)) => {
            sql.push(&format!(" and {column} is null"));
            by.push(*column);
        }
        _ => {}
    }
    let Ordering { expression, nullable: _, ranks } = E::order(order.by);
    if order.by != E::OrderBy::ID {
        by.push(expression);
    }
    by.push("t.id");
    if let Some(Position { key, id }) = after {
        let key = sql.aside(|sql| match key {
            SortKey::Id | SortKey::Null => sql,
            SortKey::Text(text) => sql.bind(text.as_str()),
            SortKey::Moment(moment) => sql.bind(*moment),
            SortKey::Day(day) => sql.bind(*day),
            SortKey::Money(amount) => sql.bind(*amount),
            SortKey::Rank(rank) => match ranks {
                Some(Ranks { enum_type, label }) => sql.label(label(*rank), enum_type),
                None => sql.bind(*rank),
            },
        });
        if !key.is_empty() {
            columns.push(expression);
            place.push(key);
        }
        columns.push("t.id");
        place.push(sql.aside(|sql| sql.bind(*id)));
        sql.push(&format!(" and ({}) {beyond} ({})", columns.join(", "), place.join(", ")));
    }
    let by: Vec<_> = by.iter().map(|column| format!("{column}{direction}")).collect();
    sql.push(" order by ").push(&by.join(", "));
}
