//! Every constraint has its meaning in the library's table, and every entry of the table has its constraint.

use std::collections::BTreeMap;

use crm_core::{
    CustomerId, CustomerPatch, Error, ErrorCode, InteractionPatch, InteractionType, LeadPatch, NewCustomer,
    NewInteraction, NewLead, NewTask, NewUser, Repositories as _, TaskPatch, UserId, UserPatch,
    Validate as _, ViolationCode,
};
use crm_postgres::{CONSTRAINTS, Refusal, SeedPasswords};
use crm_tests::Database;

use super::catalogue::texts;
use crate::seed::{bcrypt, valid};

#[tokio::test]
async fn the_table_of_constraints_and_the_database_name_the_same() {
    let db = Database::fresh().await;
    let found = texts(
        &db,
        "select k.conname::text from pg_constraint k
         where k.connamespace = 'crm'::regnamespace and k.contype in ('c', 'f', 'p', 'u', 'x')
           and k.conrelid <> 'crm._migrations'::regclass
         union all
         select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
         where c.relnamespace = 'crm'::regnamespace and i.indisunique
           and not exists (select from pg_constraint k where k.conindid = c.oid and k.contype in ('p', 'u', 'x'))
         order by 1",
    )
    .await;
    let mut listed: Vec<_> = CONSTRAINTS.iter().map(|(name, _)| *name).collect();
    listed.sort_unstable();
    assert_eq!(found, listed);
}

#[tokio::test]
async fn the_table_names_the_constraints_own_column_and_table() {
    let db = Database::fresh().await;
    let found = texts(
        &db,
        "select format('%s is about %s.%s', k.conname, t.relname, a.attname)
         from pg_constraint k
         join pg_class t on t.oid = k.conrelid
         join pg_attribute a on a.attrelid = k.conrelid and k.conkey = array[a.attnum]
         where k.connamespace = 'crm'::regnamespace and k.conrelid <> 'crm._migrations'::regclass",
    )
    .await;
    for (name, refusal) in CONSTRAINTS {
        // The one about an expression has no column: what it says is provoked below.
        let (table, field) = match refusal {
            Refusal::Taken(..) => continue,
            Refusal::Key(entity) => (entity.plural(), "id"),
            Refusal::MissingReference(field) | Refusal::OutOfRange(field) => {
                (name.split('_').nth(1).unwrap(), *field)
            }
        };
        let line = format!("{name} is about {table}.{field}");
        assert!(found.contains(&line), "{line} is not among {found:#?}");
    }
}

/// Collects what the library said when a constraint refused.
#[derive(Default)]
struct Provoked(BTreeMap<&'static str, usize>);

impl Provoked {
    /// Asserts that the error is what the table says of the constraint.
    fn by<T: std::fmt::Debug>(&mut self, name: &'static str, result: crm_core::Result<T>) {
        let error = result.expect_err(name);
        let (_, refusal) = CONSTRAINTS.iter().find(|entry| entry.0 == name).unwrap();
        match (refusal, &error) {
            (Refusal::Key(expected), Error::Taken { entity, field }) => {
                assert_eq!((entity, field.as_str()), (expected, "id"), "{name}");
            }
            (Refusal::Taken(expected, of), Error::Taken { entity, field }) => {
                assert_eq!((entity, field.as_str()), (expected, *of), "{name}");
            }
            (Refusal::MissingReference(of), Error::MissingReference { field }) => {
                assert_eq!(field, of, "{name}");
            }
            (Refusal::OutOfRange(field), Error::Validation(violations)) => {
                let found: Vec<_> = violations.iter().map(|broken| (&*broken.field, broken.code)).collect();
                assert_eq!(found, [(*field, ViolationCode::OutOfRange)], "{name}");
            }
            _ => panic!("{name}: {error:?} instead of {refusal:?}"),
        }
        *self.0.entry(name).or_default() += 1;
    }
}

#[tokio::test]
async fn each_constraint_is_told_as_the_table_says() {
    let db = Database::fresh().await;
    let mut provoked = Provoked::default();
    keys(&db, &mut provoked).await;
    emails(&db, &mut provoked).await;
    references(&db, &mut provoked).await;
    years(&db, &mut provoked).await;
    behind_the_callers_back(&db, &mut provoked).await;
    let names: Vec<_> = provoked.0.into_keys().collect();
    let mut expected: Vec<_> = CONSTRAINTS.iter().map(|(name, _)| *name).collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

/// Takes the key that the sequence gives next, as a program that inserts ids of its own does.
async fn keys(db: &Database, provoked: &mut Provoked) {
    let crm = &db.crm;
    db.execute(
        "insert into crm.users (id, name, email, password) values (1, 'a', 'a@example.com', 'x');
         insert into crm.customers (id, name) values (1, 'a');
         insert into crm.leads (id, title) values (1, 'a');
         insert into crm.tasks (id, title) values (1, 'a');
         insert into crm.interactions (id, customer_id, type) values (1, 1, 'note');",
    )
    .await;
    let user = NewUser::new("b", "b@example.com", bcrypt());
    provoked.by("users_pkey", crm.users().create(valid(user)).await);
    provoked.by("customers_pkey", crm.customers().create(valid(NewCustomer::new("b"))).await);
    provoked.by("leads_pkey", crm.leads().create(valid(NewLead::new("b"))).await);
    provoked.by("tasks_pkey", crm.tasks().create(valid(NewTask::new("b"))).await);
    let call = NewInteraction::new(CustomerId(1), InteractionType::Call);
    provoked.by("interactions_pkey", crm.interactions().create(valid(call)).await);
}

async fn emails(db: &Database, provoked: &mut Provoked) {
    let users = db.crm.users();
    let taken = NewUser::new("b", "A@Example.com", bcrypt());
    provoked.by("idx_users_email", users.create(valid(taken)).await);
    let other = users.create(valid(NewUser::new("b", "b@example.com", bcrypt()))).await.unwrap();
    let patch = UserPatch { email: "a@EXAMPLE.com".to_owned().into(), ..UserPatch::default() };
    provoked.by("idx_users_email", users.update(other.id, valid(patch), None).await);
}

/// Points at nothing, in new rows and in changes.
async fn references(db: &Database, provoked: &mut Provoked) {
    let (crm, nobody, nothing) = (&db.crm, UserId(-1), CustomerId(-1));
    let created_by = Some(nobody);
    let acme = crm.customers().create(valid(NewCustomer::new("b"))).await.unwrap().id;
    let customer = NewCustomer { created_by, ..NewCustomer::new("c") };
    provoked.by("fk_customers_created_by", crm.customers().create(valid(customer)).await);

    let leads = crm.leads();
    let lead = leads.create(valid(NewLead::new("b"))).await.unwrap().id;
    for (name, new) in [
        ("fk_leads_customer", NewLead { customer_id: Some(nothing), ..NewLead::new("c") }),
        ("fk_leads_assigned_to", NewLead { assigned_to: Some(nobody), ..NewLead::new("c") }),
        ("fk_leads_created_by", NewLead { created_by, ..NewLead::new("c") }),
    ] {
        provoked.by(name, leads.create(valid(new)).await);
    }
    for (name, patch) in [
        ("fk_leads_customer", LeadPatch { customer_id: nothing.into(), ..LeadPatch::default() }),
        ("fk_leads_assigned_to", LeadPatch { assigned_to: nobody.into(), ..LeadPatch::default() }),
    ] {
        provoked.by(name, leads.update(lead, valid(patch), None).await);
    }

    let tasks = crm.tasks();
    let task = tasks.create(valid(NewTask::new("b"))).await.unwrap().id;
    for (name, new) in [
        ("fk_tasks_customer", NewTask { customer_id: Some(nothing), ..NewTask::new("c") }),
        ("fk_tasks_assigned_to", NewTask { assigned_to: Some(nobody), ..NewTask::new("c") }),
        ("fk_tasks_created_by", NewTask { created_by, ..NewTask::new("c") }),
    ] {
        provoked.by(name, tasks.create(valid(new)).await);
    }
    for (name, patch) in [
        ("fk_tasks_customer", TaskPatch { customer_id: nothing.into(), ..TaskPatch::default() }),
        ("fk_tasks_assigned_to", TaskPatch { assigned_to: nobody.into(), ..TaskPatch::default() }),
    ] {
        provoked.by(name, tasks.update(task, valid(patch), None).await);
    }

    let interactions = crm.interactions();
    let call = NewInteraction::new(acme, InteractionType::Call);
    let id = interactions.create(valid(call.clone())).await.unwrap().id;
    let of_nothing = NewInteraction::new(nothing, InteractionType::Call);
    provoked.by("fk_interactions_customer", interactions.create(valid(of_nothing)).await);
    let by_nobody = NewInteraction { created_by, ..call };
    provoked.by("fk_interactions_created_by", interactions.create(valid(by_nobody)).await);
    let patch = InteractionPatch { customer_id: nothing.into(), ..InteractionPatch::default() };
    provoked.by("fk_interactions_customer", interactions.update(id, valid(patch), None).await);
}

/// Lets a trigger write moments that no call of the library can.
async fn years(db: &Database, provoked: &mut Provoked) {
    let crm = &db.crm;
    db.execute(
        "create function eternal() returns trigger language plpgsql as $$
         begin return jsonb_populate_record(new, jsonb_build_object(tg_argv[0], 'infinity')); end $$",
    )
    .await;
    for &(name, _) in CONSTRAINTS {
        let Some((table, column)) = name.strip_prefix("chk_").and_then(|rest| rest.split_once('_')) else {
            continue;
        };
        if !column.ends_with("_at") {
            continue;
        }
        let event = if table == "compatibility" { "update" } else { "insert" };
        db.execute(&format!(
            "create trigger zz_eternal before {event} on crm.{table} for each row execute function eternal('{column}')"
        ))
        .await;
        let user = NewUser::new("e", "e@example.com", bcrypt());
        match table {
            "users" => provoked.by(name, crm.users().create(valid(user)).await),
            "customers" => provoked.by(name, crm.customers().create(valid(NewCustomer::new("e"))).await),
            "leads" => provoked.by(name, crm.leads().create(valid(NewLead::new("e"))).await),
            "tasks" => provoked.by(name, crm.tasks().create(valid(NewTask::new("e"))).await),
            "interactions" => {
                let call = NewInteraction::new(CustomerId(1), InteractionType::Call);
                provoked.by(name, crm.interactions().create(valid(call)).await);
            }
            _ => provoked.by(name, crm.seed(SeedPasswords::default()).await),
        }
        db.execute(&format!("drop trigger zz_eternal on crm.{table}")).await;
    }
}

/// Lets a trigger write what no call of the library can.
async fn behind_the_callers_back(db: &Database, provoked: &mut Provoked) {
    let crm = &db.crm;
    db.execute(
        "create function forge() returns trigger language plpgsql as $$
         begin new.updated_by := -1; return new; end $$;
         create trigger zz_forge before update on crm.customers for each row execute function forge();
         create trigger zz_forge before update on crm.leads for each row execute function forge();
         create trigger zz_forge before update on crm.tasks for each row execute function forge();",
    )
    .await;
    let customer = CustomerPatch { name: "d".to_owned().into(), ..CustomerPatch::default() };
    let result = crm.customers().update(CustomerId(1), valid(customer), None).await;
    provoked.by("fk_customers_updated_by", result);
    let lead = LeadPatch { title: "d".to_owned().into(), ..LeadPatch::default() };
    provoked.by("fk_leads_updated_by", crm.leads().update(crm_core::LeadId(1), valid(lead), None).await);
    let task = TaskPatch { title: "d".to_owned().into(), ..TaskPatch::default() };
    provoked.by("fk_tasks_updated_by", crm.tasks().update(crm_core::TaskId(1), valid(task), None).await);

    db.execute(
        "create function owe() returns trigger language plpgsql as $$
         begin new.value := -0.01; return new; end $$;
         create trigger owe before insert on crm.leads for each row execute function owe();
         create function untag() returns trigger language plpgsql as $$
         begin new.tags := '{a,null}'; return new; end $$;
         create trigger untag before insert on crm.customers for each row execute function untag();
         create function never() returns trigger language plpgsql as $$
         begin new.due_date := 'infinity'; return new; end $$;
         create trigger never before insert on crm.tasks for each row execute function never();
         create function ever() returns trigger language plpgsql as $$
         begin new.date := '-infinity'; return new; end $$;
         create trigger ever before insert on crm.interactions for each row execute function ever();",
    )
    .await;
    provoked.by("chk_leads_value", crm.leads().create(valid(NewLead::new("d"))).await);
    provoked.by("chk_customers_tags", crm.customers().create(valid(NewCustomer::new("d"))).await);
    provoked.by("chk_tasks_due_date", crm.tasks().create(valid(NewTask::new("d"))).await);
    let call = NewInteraction::new(crm_core::CustomerId(1), InteractionType::Call);
    provoked.by("chk_interactions_date", crm.interactions().create(valid(call)).await);
}

#[tokio::test]
async fn the_database_itself_refuses_what_validation_refuses_of_a_value() {
    let db = Database::fresh().await;
    let mut connection = db.connection().await;
    for (value, code) in [("-0.01", "23514"), ("100000000", "22003")] {
        let insert = format!("insert into crm.leads (title, value) values ('a', {value})");
        let error = sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(&mut connection).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().unwrap(), code, "{value}");
        let lead = NewLead { value: Some(value.parse().unwrap()), ..NewLead::new("a") };
        let error = lead.validate().unwrap_err();
        assert_eq!(error.violations()[0].code, ViolationCode::OutOfRange);
    }
    let least_and_most =
        "insert into crm.leads (title, value) values ('a', 0), ('b', 99999999.99), ('c', null)";
    let done = sqlx::raw_sql(least_and_most).execute(&mut connection).await.unwrap();
    assert_eq!(done.rows_affected(), 3);
}

#[tokio::test]
async fn a_constraint_that_is_not_the_librarys_is_internal() {
    let db = Database::fresh().await;
    db.execute("alter table crm.leads add constraint chk_of_the_host check (title <> 'no')").await;
    let error = db.crm.leads().create(valid(NewLead::new("no"))).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Internal);
}
