//! A database of which everything that an attack might change is looked at before and after.

use crm_core::{Credential, NewUser, Password, PasswordHash, Repositories, Role, User, UserId, Validate};
use crm_postgres::{Crm, PgPool, SeedPasswords};
use crm_tests::Database;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPoolOptions;

/// Is a bcrypt hash of no password in particular.
pub(super) const HASH: &str = "$2b$04$G46UZnhR7M7KIiI60A/1C.OrgJfSovw48A1l/Y8K4LruKEcRx6l7C";

/// Tells of the connection what must be the same before and after.
const CONNECTION: &str = "
    select concat_ws(E'\\n', session_user, current_user, current_setting('role'),
      coalesce(nullif(current_setting('crm.actor', true), ''), 'nobody'),
      coalesce(nullif(current_setting('crm.trusted_role', true), ''), 'none'),
      (select md5(string_agg(name || '=' || coalesce(setting, ''), E'\\n' order by name)) from pg_settings
         where name not like 'plpgsql.%'),
      (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()))";

/// Tells of the database what must be the same: whatever was there, the schema, and the roles of the library.
const DATABASE: &str = "
    with roles as (select oid, rolname from pg_roles where rolname in ('crm_admin', 'crm_user', 'crm_reporter', 'postgres'))
    select concat_ws(E'\\n',
      (select md5(string_agg(t::text, E'\\n' order by id)) from crm.users t where id <= $1),
      (select md5(string_agg(t::text, E'\\n' order by id)) from crm.customers t where id <= $2),
      (select md5(string_agg(t::text, E'\\n' order by id)) from crm.leads t where id <= $3),
      (select md5(string_agg(t::text, E'\\n' order by id)) from crm.tasks t where id <= $4),
      (select md5(string_agg(t::text, E'\\n' order by id)) from crm.interactions t where id <= $5),
      (select md5(string_agg(t::text, E'\\n')) from crm.compatibility t),
      (select md5(string_agg(concat_ws(' ', relname, relnamespace::regnamespace, relkind, relacl, relowner,
         relrowsecurity, relforcerowsecurity), E'\\n' order by oid)) from pg_class),
      (select md5(string_agg(p::text, E'\\n' order by schemaname, tablename, policyname)) from pg_policies p),
      (select md5(string_agg(concat_ws(' ', oid, prosrc, proacl, prosecdef), E'\\n' order by oid)) from pg_proc),
      (select md5(string_agg(concat_ws(' ', oid, tgname, tgenabled), E'\\n' order by oid)) from pg_trigger),
      (select md5(string_agg(concat_ws(' ', oid, conname, conrelid), E'\\n' order by oid)) from pg_constraint),
      (select md5(string_agg(a::text, E'\\n' order by attrelid, attnum)) from pg_attribute a
         where attrelid = 'crm.users'::regclass),
      (select md5(string_agg(r::text, E'\\n' order by rolname)) from pg_roles r where oid in (select oid from roles)),
      (select md5(string_agg(m::text, E'\\n' order by roleid, member)) from pg_auth_members m
         where member in (select oid from roles)),
      (select md5(string_agg(s::text, E'\\n')) from pg_db_role_setting s
         where setdatabase = (select oid from pg_database where datname = current_database())))";

pub(super) struct World {
    pub(super) database: Database,
    pool: PgPool,
    /// Works over one connection, which the test can have a look at.
    pub(super) crm: Crm,
    /// Hashes at once, over one connection too.
    pub(super) quick: Crm,
    pub(super) admin: UserId,
    pub(super) user: UserId,
    /// The largest id of each table that was there before.
    there: [i64; 5],
    before: [String; 2],
}

impl World {
    /// Makes a database with a few rows in each table.
    pub(super) async fn new() -> Self {
        let database = Database::fresh().await;
        database.crm.seed(SeedPasswords::default()).await.unwrap();
        let pool = PgPoolOptions::new().max_connections(1).connect(&database.url).await.unwrap();
        let crm = Crm::from_pool(pool.clone());
        let quick = database.builder().max_connections(1).connect().await.unwrap();
        let made = |role, email: &'static str| {
            let new = NewUser { role, ..NewUser::new("Actor", email, PasswordHash::new(HASH)) };
            let crm = crm.clone();
            async move { crm.users().create(new.validate().unwrap()).await.unwrap().id }
        };
        let (admin, user) =
            (made(Role::Admin, "chief@example.com").await, made(Role::User, "clerk@example.com").await);
        let mut there = [0; 5];
        for (last, table) in there.iter_mut().zip(["users", "customers", "leads", "tasks", "interactions"]) {
            let sql = AssertSqlSafe(format!("select max(id) from crm.{table}"));
            *last = sqlx::query_scalar(sql).fetch_one(&pool).await.unwrap();
        }
        let mut world = Self { database, pool, crm, quick, admin, user, there, before: Default::default() };
        world.before = world.look().await;
        world
    }

    async fn look(&self) -> [String; 2] {
        let connection = sqlx::query_scalar(CONNECTION).fetch_one(&self.pool).await.unwrap();
        let mut database = sqlx::query_scalar(DATABASE);
        for last in self.there {
            database = database.bind(last);
        }
        [connection, database.fetch_one(&self.pool).await.unwrap()]
    }

    /// Asserts that nothing but new rows has come of it, and that the connections are the trusted system's.
    pub(super) async fn assert_unharmed(&self) {
        let [connection, database] = self.look().await;
        assert_eq!(connection, self.before[0]);
        assert_eq!(database, self.before[1]);
        for crm in [&self.crm, &self.quick] {
            let trusted = NewUser::new("x", "last@example.com", PasswordHash::new(HASH));
            let id = crm.users().create(trusted.validate().unwrap()).await.unwrap().id;
            crm.users().delete(id).await.unwrap();
        }
    }

    /// Removes the users that were made.
    pub(super) async fn remove_users(&self) {
        sqlx::query("delete from crm.users where id > $1")
            .bind(self.there[0])
            .execute(&self.pool)
            .await
            .unwrap();
    }

    /// Makes the handles: the trusted one and those of an administrator and a user.
    pub(super) fn handles(&self) -> [Box<dyn Repositories + '_>; 3] {
        [
            Box::new(self.crm.clone()),
            Box::new(self.crm.acting_as(self.admin)),
            Box::new(self.crm.acting_as(self.user)),
        ]
    }
}

/// Makes a new user's credential as the handle may give it.
pub(super) fn credential(trusted: bool) -> Credential {
    if trusted { PasswordHash::new(HASH).into() } else { Password::new("correct horse").into() }
}

/// Compares a user with what it was made of, except the credential, which no entity has.
pub(super) fn same_user(new: &NewUser, stored: &User) -> bool {
    let NewUser { name, email, role, credential: _ } = new;
    *name == stored.name && *email == stored.email.as_str() && *role == stored.role
}
