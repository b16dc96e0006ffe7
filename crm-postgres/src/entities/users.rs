//! Users in SQL.

use async_trait::async_trait;
use crm_core::{
    Credential, DenialReason, Entity, Error, NewUser, Password, PasswordHash, Repository, Result, User,
    UserFilter, UserId, UserOrderBy, UserPatch, UserRepository, Valid,
};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row as _};
use tracing::instrument;

use crate::connection::call::within;
use crate::connection::error_mapping::{self as fault, Intent};
use crate::connection::session::{Session, gone};
use crate::connection::transaction::Tx;
use crate::sql::Sql;
use crate::sql::column::columns;
use crate::statements::filter::{Conditions, FOLDED_EMAIL};
use crate::statements::list;
use crate::statements::table::{Fields, Ordering, Reference, Table, columns, read};

const ROLE: &str = "crm.user_role";

impl Table for User {
    const TABLE: &'static str = "crm.users";

    columns! {
        id, name, email, role, deactivated_at, created_at, updated_at, version,
    }

    const UNIQUE: Option<&'static str> = Some(FOLDED_EMAIL);

    async fn prepare(session: &Session, new: Vec<NewUser>) -> Result<Vec<NewUser>> {
        session
            .try_right("insert into crm.users (name, email, password, role) select '', '', '', 'user'")
            .await?;
        let mut hashed = Vec::with_capacity(new.len());
        for new in new {
            hashed.push(session.pool.hasher.credential(new).await?);
        }
        Ok(hashed)
    }

    fn fields<F: Fields>(new: &NewUser, fields: &mut F) {
        let NewUser { name, email, role, credential } = new;
        let Credential::Hash(hash) = credential else { unreachable!("prepare has hashed it") };
        fields.value("name", name.as_str());
        fields.value("email", email.as_str());
        fields.label("role", role.as_str(), ROLE);
        fields.value("password", hash.reveal());
    }

    fn references(_new: &NewUser) -> Vec<Reference> {
        Vec::new()
    }

    fn unique(new: &NewUser) -> Option<String> {
        Some(new.email.to_ascii_lowercase())
    }

    fn assign(patch: &UserPatch, sql: &mut Sql) {
        let UserPatch { name, email, role } = patch;
        sql.set("name", name, |sql, name| sql.bind(name.as_str()))
            .set("email", email, |sql, email| sql.bind(email.as_str()))
            .set("role", role, |sql, role| sql.label(role.as_str(), ROLE));
    }

    fn condition(filter: &UserFilter, conditions: &mut Conditions<'_>) {
        let UserFilter { ids, role, email, created, updated } = filter;
        conditions
            .any_id("t.id", ids.as_ref())
            .any_label("t.role", ROLE, role.as_ref())
            .any_email(email.as_ref())
            .moments("t.created_at", created)
            .moments("t.updated_at", updated);
    }

    fn order(by: UserOrderBy) -> Ordering {
        match by {
            UserOrderBy::Id => Ordering::by("t.id"),
            UserOrderBy::CreatedAt => Ordering::by("t.created_at"),
            UserOrderBy::UpdatedAt => Ordering::by("t.updated_at"),
            UserOrderBy::Name => Ordering::by(r#"t.name collate "C""#),
        }
    }

    fn indexed_with(by: UserOrderBy) -> &'static [&'static str] {
        match by {
            UserOrderBy::Id => &["t.role"],
            UserOrderBy::CreatedAt | UserOrderBy::UpdatedAt | UserOrderBy::Name => &[],
        }
    }
}

#[async_trait]
impl UserRepository for Session {
    #[instrument(name = "crm.users.find_by_email", skip_all)]
    async fn find_by_email(&self, email: &str) -> Result<Option<User>> {
        let found = self.by_email(list::select::<User>(), email).await?;
        found.as_ref().map(read::<User>).transpose()
    }

    #[instrument(name = "crm.users.authenticate", skip_all)]
    async fn authenticate(&self, email: &str, password: Password) -> Result<User> {
        self.refuse_actor("a login")?;
        let sql =
            Sql::new(format!("select {}, t.password from crm.users t where true", columns::<User>("t")));
        let found = self.by_email(sql, email).await?;
        let user = found.as_ref().map(read::<User>).transpose()?.filter(|user| user.deactivated_at.is_none());
        // Who is deactivated is nobody here, in time as well.
        let stored = found.as_ref().filter(|_| user.is_some()).map(read_hash).transpose()?;
        let replacement = self.pool.hasher.check(password, stored.clone()).await?;
        let user = user.ok_or(Error::InvalidCredentials)?;
        let (Some(new), Some(stored)) = (replacement, stored) else { return Ok(user) };
        match self.replace_hash(user.id, &stored, &new).await {
            // Read anew, because the version is another now, and where the hash was another meanwhile the user may be too.
            Ok(_) => {
                let user = self.find(user.id).await?.filter(|user: &User| user.deactivated_at.is_none());
                user.ok_or(Error::InvalidCredentials)
            }
            Err(error) if self.transaction.is_none() => {
                // The password was right, and the next login can renew the hash.
                tracing::warn!(%error, id = %user.id, "the hash of a password was not renewed");
                Ok(user)
            }
            Err(error) => Err(error),
        }
    }

    #[instrument(name = "crm.users.change_password", skip_all, fields(%id))]
    async fn change_password(&self, id: UserId, current: Password, new: Valid<Password>) -> Result<()> {
        if let Some(actor) = self.actor.filter(|actor| *actor != id) {
            let message = format!("user {actor} may not change the password of user {id}");
            return Err(Error::denied(DenialReason::Row, message));
        }
        let stored = self.stored_hash(id).await?;
        if let (Some(actor), None) = (self.actor, &stored) {
            return Err(gone(actor));
        }
        let new = self.pool.hasher.exchange(current, stored.clone(), new.into_inner()).await?;
        match stored {
            Some(stored) if self.replace_hash(id, &stored, &new).await? => Ok(()),
            _ => Err(Error::InvalidCredentials),
        }
    }

    #[instrument(name = "crm.users.set_password", skip_all, fields(%id))]
    async fn set_password(&self, id: UserId, new: Valid<Password>) -> Result<()> {
        self.try_right("update crm.users set password = ''").await?;
        let new = self.pool.hasher.hash(new.into_inner()).await?;
        let mut sql = Sql::new("update crm.users t set password = ");
        sql.bind(new.reveal()).push(" where t.id = ").bind(id.0).push(" returning t.id");
        let changed = self.row(Intent::Write, sql).await?;
        changed.map(drop).ok_or(Error::NotFound { entity: User::KIND, id: id.0 })
    }

    #[instrument(name = "crm.users.deactivate", skip_all, fields(%id))]
    async fn deactivate(&self, id: UserId) -> Result<User> {
        self.change(id, retire(id, "current_timestamp", "is null")).await
    }

    #[instrument(name = "crm.users.reactivate", skip_all, fields(%id))]
    async fn reactivate(&self, id: UserId) -> Result<User> {
        self.change(id, retire(id, "null", "is not null")).await
    }
}

impl Session {
    /// Selects the user with this email. An imported email need not be in the form in which validation stores one, so another
    /// user may have that form; the one with the email as given counts first.
    async fn by_email(&self, mut select: Sql, email: &str) -> Result<Option<PgRow>> {
        let filter = UserFilter { email: Some(vec![email.to_owned()]), ..UserFilter::default() };
        list::restrict::<User>(&mut select, &filter);
        let rows = self.rows(Intent::Read, select).await?;
        let is_as_given = |row: &PgRow| {
            row.try_get::<&str, _>("email").is_ok_and(|stored| stored.eq_ignore_ascii_case(email.trim()))
        };
        let place = rows.iter().position(is_as_given).unwrap_or(0);
        Ok(rows.into_iter().nth(place))
    }

    /// Lets the database refuse an actor before a password is hashed, which would keep somebody's login waiting: tries the
    /// statement on no row.
    async fn try_right(&self, statement: &str) -> Result<()> {
        match self.actor {
            None => Ok(()),
            Some(_) => self.rows(Intent::Read, Sql::new(format!("{statement} where false"))).await.map(drop),
        }
    }

    /// Reads the hash of a user who is not deactivated, whoever acts. No role can read it, so for an actor this is done as the
    /// owner of the table, in one message with taking the role back that the transaction has had from its beginning: nothing
    /// else can come in between. Over a host's search path a function that takes a name would fit better than PostgreSQL's own,
    /// and could become the owner.
    async fn stored_hash(&self, id: UserId) -> Result<Option<PasswordHash>> {
        const SELECT: &str = "select t.password from crm.users t where t.deactivated_at is null and t.id = ";
        let rows = match (&self.transaction, self.actor) {
            (_, None) => {
                let mut sql = Sql::new(SELECT);
                sql.bind(id.0);
                self.rows(Intent::Read, sql).await?
            }
            (None, Some(_)) => {
                let tx = Tx::begin_on_pool(self, "begin").await?;
                let hash = Box::pin(tx.session().stored_hash(id)).await;
                tx.rollback().await?;
                return hash;
            }
            (Some(_), Some(_)) => {
                let mut taken = self.taken().await?;
                let text = format!(
                    "select pg_catalog.set_config('crm.acting_role', pg_catalog.current_setting('role'), true);
                     select pg_catalog.set_config('role', tableowner::pg_catalog.text, true) from pg_catalog.pg_tables
                     where schemaname = 'crm' and tablename = 'users';
                     {SELECT} '{id}';
                     select pg_catalog.set_config('role', pg_catalog.current_setting('crm.acting_role'), true)"
                );
                let read = sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(taken.connection());
                let rows = within(self.pool.settings.call_timeout, Intent::Read, read).await;
                self.settle(taken, rows).await?
            }
        };
        rows.iter().find(|row| row.try_column(COLUMN).is_ok()).map(read_hash).transpose()
    }

    /// Replaces a hash unless it is another one meanwhile, or the user is deactivated; tells whether it did.
    async fn replace_hash(&self, id: UserId, stored: &PasswordHash, new: &PasswordHash) -> Result<bool> {
        let mut sql = Sql::default();
        sql.argument(stored.reveal()).argument(new.reveal());
        if self.actor.is_some() {
            sql.push("select true where crm.change_password($1, $2)");
        } else {
            sql.push(
                "update crm.users set password = $2 where password::text = $1 and deactivated_at is null and id = ",
            );
            sql.bind(id.0).push(" returning true");
        }
        Ok(self.row(Intent::Write, sql).await?.is_some())
    }
}

const COLUMN: &str = "password";

fn read_hash(row: &PgRow) -> Result<PasswordHash> {
    let hash: String = row.try_get(COLUMN).map_err(|error| fault::of_statement(error, Intent::Read))?;
    Ok(PasswordHash::new(hash))
}

fn retire(id: UserId, at: &str, unless: &str) -> Sql {
    let mut sql = Sql::new(format!("update crm.users t set deactivated_at = {at} where t.id = "));
    sql.bind(id.0)
        .push(" and t.deactivated_at ")
        .push(unless)
        .push(" returning ")
        .push(&columns::<User>("t"));
    sql
}
