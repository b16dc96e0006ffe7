//! Each index has the rows that its table has.

use sqlx::{AssertSqlSafe, Executor as _};

use super::{Invariant, Server};

/// Lists the trees: name, table, columns in order, and the condition of a partial one.
const TREES: &str = r"select c.relname || chr(10) || i.indrelid::regclass || chr(10)
      || substring(pg_get_indexdef(c.oid) from 'USING btree \((.*?)\)( INCLUDE .*)?( WHERE .*)?$') || chr(10)
      || coalesce(pg_get_expr(i.indpred, i.indrelid), 'true')
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
    where a.amname = 'btree' and c.relnamespace = 'crm'::regnamespace order by 1";

/// Asks what a GIN index finds.
const WORDS: [(&str, &str, &str); 5] = [
    ("idx_customers_tags", "crm.customers", "tags && array['anchor', 'Tag 1', 'Tag 2', 'Tag 3']"),
    (
        "idx_customers_words",
        "crm.customers",
        "crm.words(name || ' ' || coalesce(email, '') || ' ' || coalesce(company, '') || ' ' || coalesce(phone, ''))",
    ),
    ("idx_leads_words", "crm.leads", "crm.words(title || ' ' || coalesce(description, ''))"),
    ("idx_tasks_words", "crm.tasks", "crm.words(title || ' ' || coalesce(description, ''))"),
    ("idx_interactions_words", "crm.interactions", "crm.words(notes)"),
];

const BY_INDEX: &str = "set enable_seqscan = off; set enable_sort = off; set enable_bitmapscan = off; \
    set enable_incremental_sort = off; set max_parallel_workers_per_gather = 0";
const BY_WORDS: &str = "reset enable_bitmapscan";
const BY_TABLE: &str =
    "reset all; set enable_indexscan = off; set enable_indexonlyscan = off; set enable_bitmapscan = off";

pub(super) async fn check(server: &mut Server) -> Invariant {
    let mut indexes = Invariant::new("each index finds what its table has (by index)");
    let mut asked = Vec::new();
    for tree in server.texts(TREES).await {
        let parts: Vec<&str> = tree.split('\n').collect();
        let [name, table, columns, condition] = parts[..] else { panic!("{tree:?} is no tree") };
        let rows = format!("select 1 from {table} where {condition} order by {columns}");
        asked.push((name.to_owned(), BY_INDEX.to_owned(), rows));
    }
    for (name, table, expression) in WORDS {
        let condition = match name {
            "idx_customers_tags" => expression.to_owned(),
            _ => format!("{expression} @@ to_tsquery('simple', 'rust:* | python:* | node:*')"),
        };
        asked.push((
            name.to_owned(),
            format!("{BY_INDEX}; {BY_WORDS}"),
            format!("select 1 from {table} where {condition}"),
        ));
    }
    for (name, settings, rows) in asked {
        server.run(&settings).await;
        let plan = server.texts(&format!("explain {rows}")).await.join("\n");
        indexes.check(plan.contains(&name), || format!("{name} is not asked by {rows}: {plan}"));
        let count = format!("select count(*) from ({rows} offset 0) counted");
        let found = server.number(&count).await;
        server.run(BY_TABLE).await;
        let expected = server.number(&count).await;
        indexes.looked_at -= 1;
        indexes.equal(&name, &found, &expected);
    }
    server.0.execute(AssertSqlSafe("reset all")).await.expect("everybody may");
    indexes
}
