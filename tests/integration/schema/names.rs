//! Every table, column, label, index and foreign key of the seed's document exists, under the seed's name.

use crm_tests::Database;

use super::catalogue::texts;

/// Lists the tables with their columns: the seed's in its order, then those of the contract, `!` for NOT NULL and `=`
/// for a default.
const COLUMNS: [(&str, &str); 5] = [
    (
        "users",
        "id bigint ! identity, name character varying(255) !, email character varying(255) !, \
         password character varying(255) !, role crm.user_role ! = 'user', \
         created_at timestamp(3) with time zone ! = now, updated_at timestamp(3) with time zone ! = now, \
         deactivated_at timestamp(3) with time zone, version bigint ! = 1",
    ),
    (
        "customers",
        "id bigint ! identity, name character varying(255) !, email character varying(255), \
         phone character varying(50), company character varying(255), tags text[] ! = '{}', notes text, \
         created_at timestamp(3) with time zone ! = now, updated_at timestamp(3) with time zone ! = now, \
         created_by bigint, updated_by bigint, version bigint ! = 1",
    ),
    (
        "leads",
        "id bigint ! identity, title character varying(255) !, description text, \
         stage crm.lead_stage ! = 'lead', value numeric(10,2), customer_id bigint, assigned_to bigint, \
         created_at timestamp(3) with time zone ! = now, updated_at timestamp(3) with time zone ! = now, \
         created_by bigint, updated_by bigint, version bigint ! = 1",
    ),
    (
        "tasks",
        "id bigint ! identity, title character varying(255) !, description text, \
         status crm.task_status ! = 'pending', priority crm.task_priority ! = 'medium', due_date date, \
         assigned_to bigint, customer_id bigint, \
         created_at timestamp(3) with time zone ! = now, updated_at timestamp(3) with time zone ! = now, \
         created_by bigint, updated_by bigint, version bigint ! = 1",
    ),
    (
        "interactions",
        "id bigint ! identity, customer_id bigint !, type crm.interaction_type !, notes text, \
         date timestamp(3) with time zone ! = now, created_by bigint, \
         created_at timestamp(3) with time zone ! = now, version bigint ! = 1",
    ),
];

#[tokio::test]
async fn the_tables_have_the_seeds_columns_as_the_contract_reads_them() {
    let db = Database::fresh().await;
    for (table, columns) in COLUMNS {
        let found = texts(
            &db,
            &format!(
                "select concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
                   case when a.attnotnull then '!' end, case a.attidentity when 'd' then 'identity' end,
                   '= ' || case pg_get_expr(d.adbin, d.adrelid)
                     when 'CURRENT_TIMESTAMP' then 'now'
                     else split_part(pg_get_expr(d.adbin, d.adrelid), '::', 1)
                   end)
                 from pg_attribute a
                 left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
                 where a.attrelid = 'crm.{table}'::regclass and a.attnum > 0 and not a.attisdropped
                 order by a.attnum"
            ),
        )
        .await;
        assert_eq!(found, columns.split(", ").collect::<Vec<_>>(), "{table}");
    }
}

#[tokio::test]
async fn the_enum_types_have_the_seeds_labels_in_its_order() {
    let db = Database::fresh().await;
    let types = texts(
        &db,
        "select t.typname || ': ' || string_agg(e.enumlabel, ', ' order by e.enumsortorder)
         from pg_type t join pg_enum e on e.enumtypid = t.oid
         where t.typnamespace = 'crm'::regnamespace group by t.typname order by t.typname",
    )
    .await;
    assert_eq!(
        types,
        [
            "interaction_type: call, email, meeting, note",
            "lead_stage: lead, qualified, proposal, closed",
            "task_priority: low, medium, high",
            "task_status: pending, in-progress, completed",
            "user_role: admin, user",
        ]
    );
}

/// Lists the seed's indexes: the name, the table, the way of access and what it begins with.
const INDEXES: [(&str, &str, &str, &str); 18] = [
    ("idx_users_email", "users", "btree", r#"lower(email COLLATE "C")"#),
    ("idx_users_role", "users", "btree", "role"),
    ("idx_customers_email", "customers", "btree", r#"lower(email COLLATE "C")"#),
    ("idx_customers_company", "customers", "btree", "company"),
    ("idx_customers_tags", "customers", "gin", "tags"),
    ("idx_leads_stage", "leads", "btree", "stage"),
    ("idx_leads_customer_id", "leads", "btree", "customer_id"),
    ("idx_leads_assigned_to", "leads", "btree", "assigned_to"),
    ("idx_leads_value", "leads", "btree", "value"),
    ("idx_tasks_status", "tasks", "btree", "status"),
    ("idx_tasks_priority", "tasks", "btree", "priority"),
    ("idx_tasks_assigned_to", "tasks", "btree", "assigned_to"),
    ("idx_tasks_customer_id", "tasks", "btree", "customer_id"),
    ("idx_tasks_due_date", "tasks", "btree", "due_date"),
    ("idx_interactions_customer_id", "interactions", "btree", "customer_id"),
    ("idx_interactions_type", "interactions", "btree", "type"),
    ("idx_interactions_date", "interactions", "btree", "date"),
    ("idx_interactions_created_by", "interactions", "btree", "created_by"),
];

#[tokio::test]
async fn every_index_of_the_seed_exists_begins_with_its_column_and_covers_all_rows() {
    let db = Database::fresh().await;
    let found = texts(
        &db,
        "select format('%s on %s using %s (%s) unique %s', c.relname, t.relname, m.amname,
           case when pg_get_indexdef(i.indexrelid, 1, true) like 'lower(%' then
             replace(replace(pg_get_indexdef(i.indexrelid, 1, true), '(email)::text', 'email'), 'email::text', 'email')
           else pg_get_indexdef(i.indexrelid, 1, true) end,
           i.indisunique)
         from pg_index i
         join pg_class c on c.oid = i.indexrelid
         join pg_am m on m.oid = c.relam
         join pg_class t on t.oid = i.indrelid
         where c.relnamespace = 'crm'::regnamespace and i.indpred is null and i.indisvalid",
    )
    .await;
    for (name, table, access, first) in INDEXES {
        let unique = if name == "idx_users_email" { "t" } else { "f" };
        let line = format!("{name} on {table} using {access} ({first}) unique {unique}");
        assert!(found.contains(&line), "{line} is not among {found:#?}");
    }
}

#[tokio::test]
async fn the_seeds_six_foreign_keys_and_who_made_a_row_have_an_index() {
    let db = Database::fresh().await;
    let indexed = texts(
        &db,
        "select distinct k.conname::text from pg_constraint k
         join pg_index i on i.indrelid = k.conrelid and i.indkey[0] = k.conkey[1]
         where k.connamespace = 'crm'::regnamespace and k.contype = 'f' order by 1",
    )
    .await;
    let expected = FOREIGN_KEYS.iter().filter(|key| key.4 == Origin::Seed || key.0.ends_with("_created_by"));
    let mut expected: Vec<_> = expected.map(|key| key.0).collect();
    expected.sort_unstable();
    assert_eq!(indexed, expected);
}

/// Says where a foreign key was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Origin {
    /// In the seed's list of constraints.
    Seed,
    /// In the contract's reading of the seed's audit columns.
    Audit,
}

/// Lists the foreign keys: the name, the column, the table it points at, and what the deletion of a row there does.
const FOREIGN_KEYS: [(&str, &str, &str, &str, Origin); 12] = [
    ("fk_leads_customer", "leads.customer_id", "customers", "cascade", Origin::Seed),
    ("fk_leads_assigned_to", "leads.assigned_to", "users", "set null", Origin::Seed),
    ("fk_tasks_assigned_to", "tasks.assigned_to", "users", "set null", Origin::Seed),
    ("fk_tasks_customer", "tasks.customer_id", "customers", "cascade", Origin::Seed),
    ("fk_interactions_customer", "interactions.customer_id", "customers", "cascade", Origin::Seed),
    ("fk_interactions_created_by", "interactions.created_by", "users", "set null", Origin::Seed),
    ("fk_customers_created_by", "customers.created_by", "users", "set null", Origin::Audit),
    ("fk_customers_updated_by", "customers.updated_by", "users", "set null", Origin::Audit),
    ("fk_leads_created_by", "leads.created_by", "users", "set null", Origin::Audit),
    ("fk_leads_updated_by", "leads.updated_by", "users", "set null", Origin::Audit),
    ("fk_tasks_created_by", "tasks.created_by", "users", "set null", Origin::Audit),
    ("fk_tasks_updated_by", "tasks.updated_by", "users", "set null", Origin::Audit),
];

#[tokio::test]
async fn the_foreign_keys_are_the_contracts_and_do_what_it_says_on_delete() {
    let db = Database::fresh().await;
    let found = texts(
        &db,
        "select format('%s: %s.%s to %s.%s on delete %s, on update %s, deferrable %s, validated %s', k.conname,
           t.relname, a.attname, r.relname, b.attname,
           case k.confdeltype when 'c' then 'cascade' when 'n' then 'set null' else k.confdeltype::text end,
           k.confupdtype, k.condeferrable, k.convalidated)
         from pg_constraint k
         join pg_class t on t.oid = k.conrelid
         join pg_class r on r.oid = k.confrelid
         join pg_attribute a on a.attrelid = k.conrelid and k.conkey = array[a.attnum]
         join pg_attribute b on b.attrelid = k.confrelid and k.confkey = array[b.attnum]
         where k.connamespace = 'crm'::regnamespace and k.contype = 'f' order by 1",
    )
    .await;
    let mut expected: Vec<_> = FOREIGN_KEYS
        .iter()
        .map(|(name, column, target, action, _)| {
            format!(
                "{name}: {column} to {target}.id on delete {action}, on update a, deferrable f, validated t"
            )
        })
        .collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
