//! What no role may do, whatever the statement looks like: each is refused with SQLSTATE 42501.

use crm_core::EntityKind;
use crm_tests::Database;
use sqlx::postgres::PgDatabaseError;
use sqlx::{AssertSqlSafe, PgConnection};

use super::attempt::{sqlstate, try_out};
use super::state::{ADMIN, OTHER, State, USER, columns, hash, reset, values};

const ROLES: [(&str, i64); 3] = [("crm_admin", ADMIN), ("crm_user", USER), ("crm_reporter", USER)];

async fn stage() -> PgConnection {
    let db = Database::fresh().await;
    db.execute(&reset()).await;
    // A place of the host's where everybody may make what they like.
    db.execute("create schema host; grant usage, create on schema host to public").await;
    db.connection().await
}

/// Asserts that the roles are refused each of the statements, and that nothing has changed afterwards.
async fn refused(roles: &[(&str, i64)], statements: impl IntoIterator<Item = impl AsRef<str>>) {
    let mut connection = stage().await;
    let before = State::read(&mut connection).await;
    let mut tried = 0;
    for statement in statements {
        let statement = statement.as_ref();
        for (role, actor) in roles {
            let result = try_out(&mut connection, role, *actor, statement).await;
            assert_eq!(result, Err("42501".to_owned()), "{role}: {statement}");
            tried += 1;
        }
    }
    assert!(tried > 0);
    assert_eq!(State::read(&mut connection).await, before);
}

#[tokio::test]
async fn no_role_reads_a_password_however_it_asks() {
    refused(
        &ROLES,
        [
            "select password from crm.users",
            "select * from crm.users",
            "select u from crm.users u",
            "select to_jsonb(u) from crm.users u",
            "select (u).password from crm.users u",
            "select row(u.*) from crm.users u",
            "select count(password) from crm.users",
            "select count(*) from crm.users u where u is not null",
            "table crm.users",
            "select id from crm.users where password like '$argon2%'",
            "select id from crm.users where password > 'x' or true",
            "select id from crm.users order by password",
            "select id from crm.users group by id, password",
            "select distinct on (password) id from crm.users",
            "select sum(1) over (partition by password) from crm.users",
            "select id from crm.users a join crm.users b using (password, id)",
            "select a.id from crm.users a natural join crm.users b",
            "select 1 from crm.users a, lateral (select a.password) b",
            "with p as (select password from crm.users) select 1 from p",
            "select (select password from crm.users limit 1)",
            "select exists (select from crm.users where left(password, 1) = '$')",
            "update crm.users set name = 'x' where id = 2 returning password",
            "update crm.users set name = 'x' where id = 2 returning *",
            "update crm.users set name = password where id = 2",
            "update crm.users set name = 'x' where password like '$%'",
            "update crm.users set name = 'x' from (select password from crm.users) p",
            "insert into crm.users (name, email, password) values ('x', 'x', 'x') returning password",
            "insert into crm.users (name, email, password) select name, 'x', password from crm.users where id = 1",
            "insert into crm.customers (name) select password from crm.users",
            "delete from crm.users where id = 3 returning password",
            "delete from crm.users where password like '$%'",
            "delete from crm.customers using crm.users where password like '$%'",
            "copy crm.users to stdout",
            "copy crm.users (id, password) to stdout",
            "copy (select password from crm.users) to stdout",
            "declare c cursor for select password from crm.users",
            "explain select password from crm.users",
            "do 'begin perform password from crm.users; end'",
            "create temporary table t as select password from crm.users",
            "create view host.v as select password from crm.users; select * from host.v",
            "create view host.v as select * from crm.users; select count(*) from host.v",
            "create materialized view host.v as select password from crm.users",
            "create function host.f() returns setof varchar language sql as 'select password from crm.users';
             select * from host.f()",
            "create function host.f() returns bigint language sql security definer as
               'select count(password) from crm.users';
             select host.f()",
            // An operator that tells what it is shown.
            "create function host.f(varchar) returns boolean language plpgsql cost 0.0001 as
               $$ begin raise notice '%', $1; return true; end $$;
             select id from crm.users where host.f(password)",
            // What the planner has seen of the column.
            "select stavalues1 from pg_statistic",
            "create view crm.v as select id from crm.users",
            "create function crm.f() returns int language sql as 'select 1'",
            "create table crm.t (id int)",
            "create index on crm.users (password)",
        ],
    )
    .await;
}

#[tokio::test]
async fn the_statistics_show_no_role_a_password() {
    let db = Database::fresh().await;
    db.execute(&reset()).await;
    db.execute("analyze crm.users").await;
    let mut connection = db.connection().await;
    let shown =
        "select from pg_stats where schemaname = 'crm' and tablename = 'users' and attname = 'password'";
    assert_eq!(sqlx::raw_sql(shown).fetch_all(&mut connection).await.unwrap().len(), 1);
    for (role, actor) in ROLES {
        assert_eq!(try_out(&mut connection, role, actor, shown).await, Ok(0), "{role}");
    }
}

#[tokio::test]
async fn no_role_writes_what_is_the_databases_own() {
    let mut statements = Vec::new();
    for &entity in EntityKind::ALL {
        let table = entity.plural();
        let given: Vec<_> =
            values(entity).iter().map(|(column, value)| (*column, format!("'{value}'"))).collect();
        let kept = ["id", "created_at", "updated_at", "version", "created_by", "updated_by"];
        for column in kept.into_iter().filter(|column| columns(entity).contains(column)) {
            let own = match column {
                "created_at" | "updated_at" => "'2001-01-01'".to_owned(),
                "version" => "7".to_owned(),
                _ => USER.to_string(),
            };
            for value in [own, OTHER.to_string(), "null".to_owned(), "default".to_owned()] {
                if column.ends_with("_at") && value == OTHER.to_string() {
                    continue;
                }
                let all =
                    || given.iter().map(|(column, value)| (*column, &**value)).chain([(column, &*value)]);
                let (names, values): (Vec<_>, Vec<_>) = all().unzip();
                let (names, values) = (names.join(", "), values.join(", "));
                statements.push(format!("insert into crm.{table} ({names}) values ({values})"));
                statements.push(format!("update crm.{table} set {column} = {value} where id = {USER}"));
            }
            statements.push(format!("update crm.{table} set {column} = {column}"));
            statements.push(format!("copy crm.{table} ({column}) from stdin"));
        }
        let (first, value) = &given[0];
        statements.push(format!(
            "insert into crm.{table} ({first}) values ({value}) on conflict (id) do update set version = 7"
        ));
    }
    refused(&ROLES, statements).await;
}

#[tokio::test]
async fn no_role_has_the_rights_of_an_owner() {
    let mut statements = Vec::new();
    for table in EntityKind::ALL.iter().map(|entity| entity.plural()) {
        statements.extend([
            format!("truncate crm.{table} cascade"),
            format!("create table host.t (id bigint references crm.{table} (id))"),
            format!(
                "create trigger t before insert on crm.{table} for each row execute function crm.touch()"
            ),
            format!("alter table crm.{table} disable trigger all"),
            format!("alter table crm.{table} disable row level security"),
            format!("alter table crm.{table} add column x int"),
            format!("create policy p on crm.{table} using (true)"),
            format!("drop table crm.{table} cascade"),
            format!("select nextval('crm.{table}_id_seq')"),
            format!("select setval('crm.{table}_id_seq', 1)"),
            format!("select last_value from crm.{table}_id_seq"),
        ]);
    }
    statements.extend(
        [
            "delete from crm._migrations",
            "update crm.compatibility set oldest_library = 1",
            "call crm.act_as(1)",
            "call crm.act_as(2)",
            "drop schema crm cascade",
            "drop function crm.actor() cascade",
            "create or replace function crm.actor() returns bigint language sql as 'select 1::bigint'",
            "alter function crm.change_password(text, text) owner to current_user",
            "create role crm_other",
        ]
        .map(str::to_owned),
    );
    refused(&ROLES, statements).await;
    // A reporter reads them, for the library asks before its first operation.
    let own = ["select version from crm._migrations", "select * from crm.compatibility"];
    refused(&[("crm_admin", ADMIN), ("crm_user", USER)], own).await;
}

#[tokio::test]
async fn a_user_gives_nobody_a_role_and_no_other_user_anything() {
    let users = [("crm_user", USER)];
    let own = format!("where id = {USER}");
    refused(
        &users,
        [
            format!("update crm.users set role = 'admin' {own}"),
            format!("update crm.users set role = 'user' {own}"),
            format!("update crm.users set role = role {own}"),
            format!("update crm.users set name = 'x', role = 'admin' {own}"),
            format!("update crm.users set (name, role) = ('x', 'admin') {own}"),
            format!("update crm.users set deactivated_at = null {own}"),
            format!("update crm.users set password = 'x' {own}"),
            "insert into crm.users (name, email, password) values ('x', 'x', 'x')".to_owned(),
            "insert into crm.users (name, email, password, role) values ('x', 'x', 'x', 'admin')".to_owned(),
            format!("delete from crm.users {own}"),
            // Row security keeps nobody from trying to make a row another's, only from ending up there.
            "insert into crm.interactions (customer_id, type, created_by) values (2, 'call', 2)".to_owned(),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_reporter_changes_nothing_not_even_a_password_of_the_one_it_says_to_be() {
    let mut statements = vec![
        format!("select crm.change_password('{}', 'x')", hash(USER)),
        "select id from crm.users for update".to_owned(),
        "select id from crm.customers for share".to_owned(),
    ];
    for &entity in EntityKind::ALL {
        let table = entity.plural();
        for column in columns(entity) {
            statements.push(format!("update crm.{table} set {column} = {column} where false"));
            statements.push(format!(
                "insert into crm.{table} ({column}) select {column} from crm.{table} where false"
            ));
        }
        statements.push(format!("delete from crm.{table} where false"));
        statements.push(format!("insert into crm.{table} default values"));
    }
    refused(&[("crm_reporter", USER)], statements).await;
}

#[tokio::test]
async fn an_error_quotes_no_password() {
    let mut connection = stage().await;
    for (role, actor, code, statement) in [
        ("crm_user", USER, "23502", "update crm.users set name = null where id = 2"),
        ("crm_admin", ADMIN, "23502", "update crm.users set name = null where id = 3"),
        ("crm_admin", ADMIN, "23505", "update crm.users set email = 'user1@example.com' where id = 3"),
        ("crm_admin", ADMIN, "23502", "insert into crm.users (name, password) values ('x', 'secret')"),
    ] {
        let text = format!("begin; set local role {role}; set local crm.actor = '{actor}'; {statement}");
        let error = sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut connection).await.unwrap_err();
        sqlx::raw_sql("rollback").execute(&mut connection).await.unwrap();
        let sqlx::Error::Database(error) = error else { panic!("{error}") };
        assert_eq!(error.code().unwrap(), code, "{statement}");
        let error = error.downcast_ref::<PgDatabaseError>();
        let said = format!("{} {:?} {:?}", error.message(), error.detail(), error.hint());
        assert!(!said.contains("$argon2") && !said.contains("secret"), "{said}");
    }
}

#[tokio::test]
async fn a_role_of_users_without_an_actor_owns_no_row() {
    let mut connection = stage().await;
    for actor in ["", "0", "-1", "3000"] {
        for statement in [
            "update crm.users set name = 'x'",
            "update crm.interactions set notes = 'x'",
            "delete from crm.leads",
            "delete from crm.tasks",
            "delete from crm.interactions",
            "select 1 where crm.change_password(null, 'x')",
        ] {
            let actor =
                format!("begin; set local role crm_user; set local crm.actor = '{actor}'; {statement}");
            let done = sqlx::raw_sql(AssertSqlSafe(&*actor)).execute(&mut connection).await.unwrap();
            sqlx::raw_sql("rollback").execute(&mut connection).await.unwrap();
            assert_eq!(done.rows_affected(), 0, "{actor}");
        }
    }
    // Nobody makes what would be nobody's.
    let create =
        "begin; set local role crm_user; insert into crm.interactions (customer_id, type) values (2, 'call')";
    let error = sqlx::raw_sql(create).execute(&mut connection).await.unwrap_err();
    assert_eq!(sqlstate(&error), "42501");
}
