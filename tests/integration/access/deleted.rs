//! A user who is deleted leaves no reference behind, whoever deletes, and everything else of the rows stays as it was.

use crm_core::{EntityKind, ErrorCode, Repositories as _, UserId};
use crm_postgres::Crm;
use crm_tests::Database;
use sqlx::PgConnection;

use super::attempt::attempt;
use super::calls::call;
use super::state::{ADMIN, Deed, OTHER, OTHER_ADMIN, State, reset};
use crate::schema::catalogue::texts;

/// Has a row of each table for each way in which users 1 and 3 can stand in its three references.
const MIXED: &str = "
    with users (id) as (values (1), (3), (null))
    insert into crm.customers (id, name, created_by, updated_by, created_at, updated_at)
    select 100 + row_number() over (), 'Mixed', a.id, b.id, '2001-01-01', '2001-01-01' from users a, users b;
    with users (id) as (values (1), (3), (null))
    insert into crm.leads (id, title, assigned_to, created_by, updated_by, created_at, updated_at)
    select 100 + row_number() over (), 'Mixed', a.id, b.id, c.id, '2001-01-01', '2001-01-01' from users a, users b, users c;
    with users (id) as (values (1), (3), (null))
    insert into crm.tasks (id, title, assigned_to, created_by, updated_by, created_at, updated_at)
    select 100 + row_number() over (), 'Mixed', a.id, b.id, c.id, '2001-01-01', '2001-01-01' from users a, users b, users c;
    with users (id) as (values (1), (3), (null))
    insert into crm.interactions (id, customer_id, type, date, created_by, created_at)
    select 100 + row_number() over (), 4, 'call', '2001-01-01', a.id, '2001-01-01' from users a;";

/// Has rows that user 1 was the last to change and has no other part in. Whatever writes that name again while it is being
/// cleared changes nothing, so that PostgreSQL does not look whether the user is there.
const CHANGED: &str = "
    delete from crm.interactions; delete from crm.tasks; delete from crm.leads; delete from crm.customers;
    insert into crm.customers (id, name, created_by, updated_by, created_at, updated_at)
    values (1, 'Acme', 3, 1, '2001-01-01', '2001-01-01');
    insert into crm.leads (id, title, assigned_to, created_by, updated_by, created_at, updated_at)
    values (1, 'Deal', 3, 3, 1, '2001-01-01', '2001-01-01');
    insert into crm.tasks (id, title, assigned_to, created_by, updated_by, created_at, updated_at)
    values (1, 'Call', null, null, 1, '2001-01-01', '2001-01-01');";

/// Makes every foreign key anew, which looks at all rows.
const VALIDATE: &str = "
    do $$ declare k record; begin
      for k in select conrelid::regclass as t, conname, pg_get_constraintdef(oid) as def from pg_constraint
        where connamespace = 'crm'::regnamespace and contype = 'f'
      loop
        execute format('alter table %s drop constraint %I, add constraint %I %s', k.t, k.conname, k.conname, k.def);
      end loop;
    end $$";

/// Lists the references of the five tables to users who are not there.
const DANGLING: &str = "
    select format('%s %s: %s', t, id, reference) from (
      select 'customers' as t, id, unnest(array[created_by, updated_by]) as reference from crm.customers
      union all
      select 'leads', id, unnest(array[created_by, updated_by, assigned_to]) from crm.leads
      union all
      select 'tasks', id, unnest(array[created_by, updated_by, assigned_to]) from crm.tasks
      union all
      select 'interactions', id, created_by from crm.interactions
    ) r
    where reference is not null and not exists (select from crm.users u where u.id = reference)";

struct Stage {
    db: Database,
    crm: Crm,
    connection: PgConnection,
    before: State,
}

impl Stage {
    async fn set(rows: &str) -> Self {
        let db = Database::fresh().await;
        db.execute(&reset()).await;
        db.execute(rows).await;
        let mut connection = db.connection().await;
        let before = State::read(&mut connection).await;
        Self { crm: db.crm.clone(), db, connection, before }
    }

    async fn check_references(&self) {
        assert_eq!(texts(&self.db, DANGLING).await, [""; 0]);
        self.db.execute(VALIDATE).await;
    }

    /// Asserts that the user is gone, with all references and nothing else.
    async fn check(&mut self, user: i64) {
        self.check_references().await;
        let expected = self.before.after(Deed::Delete, EntityKind::User, user, ADMIN);
        assert_eq!(State::read(&mut self.connection).await, expected);
    }
}

#[tokio::test]
async fn an_admin_who_deletes_a_user_or_oneself_leaves_no_reference_behind() {
    for (user, rows) in [(ADMIN, MIXED), (OTHER, MIXED), (ADMIN, CHANGED)] {
        let mut stage = Stage::set(rows).await;
        stage.crm.acting_as(UserId(ADMIN)).users().delete(UserId(user)).await.unwrap();
        stage.check(user).await;

        let mut stage = Stage::set(rows).await;
        let tx = stage.crm.acting_as(UserId(ADMIN)).begin().await.unwrap();
        tx.users().delete(UserId(user)).await.unwrap();
        tx.commit().await.unwrap();
        stage.check(user).await;

        let mut stage = Stage::set(rows).await;
        stage.crm.users().delete(UserId(user)).await.unwrap();
        stage.check(user).await;
    }
}

#[tokio::test]
async fn raw_sql_under_the_role_leaves_no_reference_behind_either() {
    for (user, rows) in [(ADMIN, MIXED), (OTHER, MIXED), (ADMIN, CHANGED)] {
        for statement in [
            format!("delete from crm.users where id = {user} returning id"),
            format!("with gone as (delete from crm.users where id = {user} returning id) select * from gone"),
            format!("do $$ begin delete from crm.users where id = {user}; end $$; select 1"),
        ] {
            let mut stage = Stage::set(rows).await;
            let deleted = attempt(&mut stage.connection, "crm_admin", ADMIN, &statement).await;
            assert_eq!(deleted, Ok(1), "{statement}");
            sqlx::raw_sql("commit").execute(&mut stage.connection).await.unwrap();
            stage.check(user).await;
        }
    }
}

#[tokio::test]
async fn several_admins_and_their_rows_go_at_once() {
    let mut stage = Stage::set(MIXED).await;
    let delete = format!("delete from crm.users where id in ({ADMIN}, {OTHER}, {OTHER_ADMIN}) returning id");
    assert_eq!(attempt(&mut stage.connection, "crm_admin", ADMIN, &delete).await, Ok(3));
    sqlx::raw_sql("commit").execute(&mut stage.connection).await.unwrap();
    stage.check_references().await;
}

#[tokio::test]
async fn rows_that_the_actor_has_just_written_forget_the_actor_too() {
    let stage = Stage::set(MIXED).await;
    let tx = stage.crm.acting_as(UserId(ADMIN)).begin().await.unwrap();
    call(&tx, Deed::Update, EntityKind::Lead, 1).await.unwrap();
    call(&tx, Deed::Create, EntityKind::Task, 1).await.unwrap();
    tx.users().delete(UserId(ADMIN)).await.unwrap();
    // Nobody is left in whose name it could be.
    let error = call(&tx, Deed::Create, EntityKind::Customer, 1).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::PermissionDenied);
    drop(tx);

    let tx = stage.crm.acting_as(UserId(ADMIN)).begin().await.unwrap();
    call(&tx, Deed::Update, EntityKind::Lead, 1).await.unwrap();
    call(&tx, Deed::Create, EntityKind::Task, 1).await.unwrap();
    tx.users().delete(UserId(ADMIN)).await.unwrap();
    tx.commit().await.unwrap();
    stage.check_references().await;
}
