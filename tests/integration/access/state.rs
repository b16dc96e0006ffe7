//! A few rows of known makers, the state of the tables that holds them, and what a deed makes of a state.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crm_core::{Action, EntityKind, Password};
use crm_tests::quick;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

/// Is the admin, and in each other table the row that the admin made.
pub(super) const ADMIN: i64 = 1;
/// Is the ordinary user, and the row made by that one.
pub(super) const USER: i64 = 2;
/// Is a further ordinary user, and the row made by that one.
pub(super) const OTHER: i64 = 3;
/// Is a further admin, and in each other table the row that nobody made.
pub(super) const OTHER_ADMIN: i64 = 4;
/// Is a retired user.
pub(super) const RETIRED: i64 = 5;

/// Is the id of the first row that the tests did not number themselves.
const FIRST_NEW: i64 = 1000;

const USERS: [i64; 5] = [ADMIN, USER, OTHER, OTHER_ADMIN, RETIRED];

/// Returns the password of a user.
pub(super) fn password(user: i64) -> Password {
    Password::new(format!("password of {user}"))
}

static HASHES: LazyLock<BTreeMap<i64, String>> = LazyLock::new(|| {
    let hash = |user| quick().hash(&password(user)).unwrap().reveal().to_owned();
    USERS.into_iter().map(|user| (user, hash(user))).collect()
});

/// Returns the hash of a user's password.
pub(super) fn hash(user: i64) -> &'static str {
    &HASHES[&user]
}

/// Empties the tables and puts the rows in, all of long ago.
pub(super) fn reset() -> String {
    let rows = [ADMIN, USER, OTHER, OTHER_ADMIN].map(rows_of);
    format!(
        "delete from crm.interactions; delete from crm.tasks; delete from crm.leads;
         delete from crm.customers; delete from crm.users;
         select setval(format('crm.%s_id_seq', t), {FIRST_NEW}, false)
         from unnest(array['users', 'customers', 'leads', 'tasks', 'interactions']) t;
         {} {}",
        USERS.map(user).concat(),
        rows.concat()
    )
}

fn user(id: i64) -> String {
    let role = if matches!(id, ADMIN | OTHER_ADMIN) { "admin" } else { "user" };
    let retired = if id == RETIRED { "'2001-01-01'" } else { "null" };
    format!(
        "insert into crm.users (id, name, email, password, role, created_at, updated_at, deactivated_at)
         values ({id}, 'User', 'user{id}@example.com', '{}', '{role}', '2001-01-01', '2001-01-01', {retired});",
        hash(id)
    )
}

/// Puts in what a user has made, under the user's number.
fn rows_of(id: i64) -> String {
    let creator = if id == OTHER_ADMIN { "null".to_owned() } else { id.to_string() };
    format!(
        "insert into crm.customers (id, name, email, tags, created_by, updated_by, created_at, updated_at)
         values ({id}, 'Acme', 'acme{id}@example.com', '{{tag{id}}}', {creator}, {OTHER}, '2001-01-01', '2001-01-01');
         insert into crm.leads
           (id, title, value, customer_id, assigned_to, created_by, updated_by, created_at, updated_at)
         values ({id}, 'Deal', 5, {id}, {id}, {creator}, {OTHER}, '2001-01-01', '2001-01-01');
         insert into crm.tasks
           (id, title, due_date, customer_id, assigned_to, created_by, updated_by, created_at, updated_at)
         values ({id}, 'Call', '2024-01-15', {id}, {id}, {creator}, {OTHER}, '2001-01-01', '2001-01-01');
         insert into crm.interactions (id, customer_id, type, date, created_by, created_at)
         values ({id}, {id}, 'call', '2001-01-01', {creator}, '2001-01-01');"
    )
}

/// Lists the columns of an entity's table.
pub(super) const fn columns(entity: EntityKind) -> &'static [&'static str] {
    match entity {
        EntityKind::User => &[
            "id",
            "name",
            "email",
            "password",
            "role",
            "created_at",
            "updated_at",
            "deactivated_at",
            "version",
        ],
        EntityKind::Customer => &[
            "id",
            "name",
            "email",
            "phone",
            "company",
            "tags",
            "notes",
            "created_at",
            "updated_at",
            "created_by",
            "updated_by",
            "version",
        ],
        EntityKind::Lead => &[
            "id",
            "title",
            "description",
            "stage",
            "value",
            "customer_id",
            "assigned_to",
            "created_at",
            "updated_at",
            "created_by",
            "updated_by",
            "version",
        ],
        EntityKind::Task => &[
            "id",
            "title",
            "description",
            "status",
            "priority",
            "due_date",
            "assigned_to",
            "customer_id",
            "created_at",
            "updated_at",
            "created_by",
            "updated_by",
            "version",
        ],
        EntityKind::Interaction => {
            &["id", "customer_id", "type", "notes", "date", "created_by", "created_at", "version"]
        }
        _ => panic!("say here what a new entity has"),
    }
}

/// Lists what a caller may write, and what the tests write there.
pub(super) const fn values(entity: EntityKind) -> &'static [(&'static str, &'static str)] {
    match entity {
        EntityKind::User => &[("name", "Changed"), ("email", "changed@example.com")],
        EntityKind::Customer => &[
            ("name", "Changed"),
            ("email", "changed@example.com"),
            ("phone", "+1-555-0199"),
            ("company", "Changed"),
            ("tags", "{Changed}"),
            ("notes", "Changed"),
        ],
        EntityKind::Lead => &[
            ("title", "Changed"),
            ("description", "Changed"),
            ("stage", "closed"),
            ("value", "7.00"),
            ("customer_id", "3"),
            ("assigned_to", "3"),
        ],
        EntityKind::Task => &[
            ("title", "Changed"),
            ("description", "Changed"),
            ("status", "completed"),
            ("priority", "high"),
            ("due_date", "2030-01-02"),
            ("assigned_to", "3"),
            ("customer_id", "3"),
        ],
        EntityKind::Interaction => &[
            ("customer_id", "3"),
            ("type", "note"),
            ("notes", "Changed"),
            ("date", "2030-01-02 03:04:05+00"),
        ],
        _ => panic!("say here what a new entity has"),
    }
}

/// Lists what a new row says of a user beside that.
pub(super) const NEW_USER: [(&str, &str); 2] = [("role", "user"), ("password", NEW)];

/// Stands for a password that is none of those at the beginning.
pub(super) const NEW: &str = "new";

/// Is a way to do an action: deactivating has two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Read,
    Create,
    Update,
    Delete,
    ChangeRole,
    Deactivate,
    Reactivate,
    SetPassword,
    ChangePassword,
}

impl Deed {
    pub(super) const fn of(action: Action) -> &'static [Self] {
        match action {
            Action::Read => &[Self::Read],
            Action::Create => &[Self::Create],
            Action::Update => &[Self::Update],
            Action::Delete => &[Self::Delete],
            Action::ChangeRole => &[Self::ChangeRole],
            Action::Deactivate => &[Self::Deactivate, Self::Reactivate],
            Action::SetPassword => &[Self::SetPassword],
            Action::ChangePassword => &[Self::ChangePassword],
            _ => panic!("say here by which deeds a new action is tried"),
        }
    }
}

/// Returns the role that a user does not have.
pub(super) const fn other_role(user: i64) -> &'static str {
    if matches!(user, ADMIN | OTHER_ADMIN) { "user" } else { "admin" }
}

type Values = BTreeMap<&'static str, Option<String>>;

/// Is all that the five tables hold. Of a moment it knows whether it is of long ago, of a password whether it is new, and a
/// row that the tests did not make has the id 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State(BTreeMap<(EntityKind, i64), Values>);

impl State {
    pub(super) async fn read(connection: &mut PgConnection) -> Self {
        let mut state = BTreeMap::new();
        for &entity in EntityKind::ALL {
            let columns = columns(entity);
            let expressions: Vec<_> = columns.iter().map(|column| expression(column)).collect();
            let text = format!("select id, array[{}] from crm.{}", expressions.join(", "), entity.plural());
            let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(&mut *connection).await.unwrap();
            for row in rows {
                let id = row.get::<i64, _>(0);
                let id = if id < FIRST_NEW { id } else { 0 };
                let mut values: Values =
                    columns.iter().copied().zip(row.get::<Vec<Option<String>>, _>(1)).collect();
                values.remove("id");
                if let Some(Some(password)) = values.get_mut("password")
                    && !HASHES.values().any(|hash| hash == password)
                {
                    NEW.clone_into(password);
                }
                assert!(state.insert((entity, id), values).is_none(), "a deed makes one row");
            }
        }
        Self(state)
    }

    /// Returns the state after the deed of an actor who may do it.
    pub(super) fn after(&self, deed: Deed, entity: EntityKind, id: i64, actor: i64) -> Self {
        let mut state = self.clone();
        let mut set = |values: &[(&'static str, Option<&str>)]| {
            let row = state.0.get_mut(&(entity, id)).expect("the row is there");
            for (column, value) in values {
                row.insert(column, value.map(str::to_owned));
            }
            touch(row);
            if let Some(editor) = row.get_mut("updated_by") {
                *editor = Some(actor.to_string());
            }
        };
        match deed {
            Deed::Read => {}
            Deed::Create => {
                state.0.insert((entity, 0), new_row(entity, actor));
            }
            Deed::Update => {
                set(&values(entity).iter().map(|&(column, value)| (column, Some(value))).collect::<Vec<_>>());
            }
            Deed::ChangeRole => set(&[("role", Some(other_role(id)))]),
            Deed::Deactivate => set(&[("deactivated_at", Some("now"))]),
            Deed::Reactivate => set(&[("deactivated_at", None)]),
            Deed::SetPassword | Deed::ChangePassword => set(&[("password", Some(NEW))]),
            Deed::Delete => state.delete(entity, id),
        }
        state
    }

    /// Takes a row away; what refers to it goes with it or forgets it, and does not say that it was the actor who changed it.
    fn delete(&mut self, entity: EntityKind, id: i64) {
        self.0.remove(&(entity, id));
        let id = Some(id.to_string());
        if entity == EntityKind::Customer {
            self.0.retain(|_, row| row.get("customer_id").is_none_or(|customer| *customer != id));
        }
        if entity == EntityKind::User {
            for row in self.0.values_mut() {
                for column in ["assigned_to", "created_by", "updated_by"] {
                    if row.get(column) == Some(&id) {
                        row.insert(column, None);
                        touch(row);
                    }
                }
            }
        }
    }
}

fn new_row(entity: EntityKind, actor: i64) -> Values {
    let mut row: Values =
        columns(entity).iter().filter(|&&column| column != "id").map(|&column| (column, None)).collect();
    let of_user: &[_] = if entity == EntityKind::User { &NEW_USER } else { &[] };
    let kept = [("created_at", "now"), ("updated_at", "now"), ("version", "1")];
    let actor = actor.to_string();
    let makers = [("created_by", &*actor), ("updated_by", &*actor)];
    for (column, value) in values(entity).iter().chain(of_user).chain(&kept).copied().chain(makers) {
        if let Some(known) = row.get_mut(column) {
            *known = Some(value.to_owned());
        }
    }
    row
}

/// Does what the database does by itself with every change.
fn touch(row: &mut Values) {
    if let Some(Some(version)) = row.get_mut("version") {
        *version = (version.parse::<i64>().unwrap() + 1).to_string();
    }
    if let Some(moment) = row.get_mut("updated_at") {
        *moment = Some("now".to_owned());
    }
}

fn expression(column: &str) -> String {
    if column.ends_with("_at") {
        format!("case when {column} < '2002-01-01' then 'then' when {column} is not null then 'now' end")
    } else {
        format!("{column}::text")
    }
}
