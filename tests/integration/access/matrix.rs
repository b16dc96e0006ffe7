//! Every role, entity, action and row, own or another's: the table in crm-core, the acting handle and PostgreSQL say the same.

use crm_core::{Action, EntityKind, ErrorCode, Repositories, Role, UserId};
use crm_postgres::Crm;
use crm_tests::Database;
use sqlx::{AssertSqlSafe, PgConnection};

use super::attempt::{attempt, try_out};
use super::calls::{NEW_PASSWORD, call, statement};
use super::state::{ADMIN, Deed, OTHER, OTHER_ADMIN, RETIRED, State, USER, reset};

/// Is where a cell is tried.
struct Stage {
    crm: Crm,
    connection: PgConnection,
}

/// Is a deed to a row in a user's name.
#[derive(Clone, Copy, Debug)]
struct Cell {
    actor: i64,
    deed: Deed,
    entity: EntityKind,
    id: i64,
}

/// Lists the rows that are the actor's own, or not.
fn rows(deed: Deed, actor: i64, own: bool) -> &'static [i64] {
    match (deed, own, actor) {
        // One who is retired cannot act.
        (Deed::Reactivate, true, _) => &[],
        (Deed::Reactivate, false, _) => &[RETIRED],
        (_, true, ADMIN) => &[ADMIN],
        (_, true, _) => &[USER],
        (_, false, _) => &[OTHER, OTHER_ADMIN],
    }
}

fn cells(actor: i64, entity: EntityKind, action: Action, own: bool) -> Vec<Cell> {
    let cell = |deed| rows(deed, actor, own).iter().map(move |&id| Cell { actor, deed, entity, id });
    Deed::of(action).iter().copied().flat_map(cell).collect()
}

impl Stage {
    async fn set() -> Self {
        let db = Database::fresh().await;
        Self { crm: db.crm.clone(), connection: db.connection().await }
    }

    async fn reset(&mut self) -> State {
        sqlx::raw_sql(AssertSqlSafe(reset())).execute(&mut self.connection).await.unwrap();
        State::read(&mut self.connection).await
    }

    /// Tells whether PostgreSQL allows the deed.
    async fn in_sql(&mut self, role: &str, cell: Cell, before: &State) -> bool {
        let Cell { actor, deed, entity, id } = cell;
        let touched = attempt(&mut self.connection, role, actor, &statement(deed, entity, id)).await;
        let after = State::read(&mut self.connection).await;
        sqlx::raw_sql("rollback").execute(&mut self.connection).await.unwrap();
        let allowed = touched == Ok(1);
        let expected = if allowed { before.after(deed, entity, id, actor) } else { before.clone() };
        assert_eq!(after, expected, "{role} {cell:?} in SQL");
        if touched == Ok(0) {
            let see = statement(Deed::Read, entity, id);
            let seen = try_out(&mut self.connection, role, actor, &see).await;
            assert_eq!(seen, Ok(1), "a row that is not there is no refusal: {role} {cell:?}");
        } else if !allowed {
            assert_eq!(touched, Err("42501".to_owned()), "{role} {cell:?} in SQL");
        }
        allowed
    }

    /// Tells whether the acting handle allows the deed.
    async fn in_library(&mut self, cell: Cell, before: &State) -> bool {
        let crm = self.crm.acting_as(UserId(cell.actor));
        let allowed = is_allowed(&crm, cell).await;
        self.check(cell, before, allowed, "in the library").await;
        allowed
    }

    /// Tells whether a transaction of the acting handle allows the deed, and commits or rolls back.
    async fn in_transaction(&mut self, cell: Cell, before: &State, commit: bool) -> bool {
        let tx = self.crm.acting_as(UserId(cell.actor)).begin().await.unwrap();
        let allowed = is_allowed(&tx, cell).await;
        if !commit {
            tx.rollback().await.unwrap();
        } else if allowed {
            tx.commit().await.unwrap();
        } else {
            drop(tx.commit().await);
        }
        self.check(cell, before, allowed && commit, "in a transaction").await;
        allowed
    }

    /// Asserts that the deed and nothing else was done, or nothing at all.
    async fn check(&mut self, cell: Cell, before: &State, done: bool, place: &str) {
        let Cell { actor, deed, entity, id } = cell;
        let expected = if done { before.after(deed, entity, id, actor) } else { before.clone() };
        assert_eq!(State::read(&mut self.connection).await, expected, "{cell:?} {place}");
        if done && matches!(deed, Deed::SetPassword | Deed::ChangePassword) {
            let password = crm_core::Password::new(NEW_PASSWORD);
            let user = self.crm.users().authenticate(&format!("user{id}@example.com"), password).await;
            assert_eq!(user.unwrap().id, UserId(id));
        }
    }
}

async fn is_allowed(crm: &dyn Repositories, Cell { deed, entity, id, .. }: Cell) -> bool {
    match call(crm, deed, entity, id).await {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.code(), ErrorCode::PermissionDenied, "{deed:?} {entity} {id}: {error}");
            false
        }
    }
}

/// Tells whether an entity has an action at all.
fn exists(action: Action, entity: EntityKind) -> bool {
    entity == EntityKind::User
        || matches!(action, Action::Read | Action::Create | Action::Update | Action::Delete)
}

#[tokio::test]
async fn the_table_the_acting_handle_and_postgresql_agree_on_every_cell() {
    let mut stage = Stage::set().await;
    let mut before = stage.reset().await;
    for (&role, database_role, actor) in Role::ALL
        .iter()
        .zip([("crm_admin", ADMIN), ("crm_user", USER)])
        .map(|(role, (name, id))| (role, name, id))
    {
        for (&entity, &action, own) in EntityKind::ALL
            .iter()
            .flat_map(|entity| Action::ALL.iter().map(move |action| (entity, action)))
            .flat_map(|(entity, action)| [(entity, action, true), (entity, action, false)])
        {
            let allowed = role.allows(action, entity, own);
            if !exists(action, entity) {
                assert!(!allowed, "{role} {action} {entity}");
                continue;
            }
            for cell in cells(actor, entity, action, own) {
                assert_eq!(stage.in_sql(database_role, cell, &before).await, allowed, "{cell:?} in SQL");
                for commit in [false, true] {
                    let found = stage.in_transaction(cell, &before, commit).await;
                    assert_eq!(found, allowed, "{cell:?} in a transaction");
                }
                before = stage.reset().await;
                assert_eq!(stage.in_library(cell, &before).await, allowed, "{cell:?} in the library");
                before = stage.reset().await;
            }
        }
    }
}

#[tokio::test]
async fn the_reporter_reads_everything_but_passwords_and_does_nothing_else() {
    let mut stage = Stage::set().await;
    let before = stage.reset().await;
    for &entity in EntityKind::ALL {
        for &action in Action::ALL.iter().filter(|&&action| exists(action, entity)) {
            for own in [true, false] {
                for cell in cells(USER, entity, action, own) {
                    let allowed = stage.in_sql("crm_reporter", cell, &before).await;
                    assert_eq!(allowed, action == Action::Read, "{cell:?}");
                }
            }
        }
    }
}
