//! Users in SQL.

use async_trait::async_trait;
use crm_core::{Email, NewUser, Result, User, UserFilter, UserId, UserOrderBy, UserPatch, UserRepository};
use tracing::instrument;

use crate::bulk::Reference;
use crate::fault::Intent;
use crate::filter::Conditions;
use crate::list;
use crate::row::Columns;
use crate::session::Session;
use crate::sql::Sql;
use crate::table::{Fields, Ordering, Table, columns};

const ROLE: &str = "crm.user_role";

/// Is the expression of `idx_users_email`.
const FOLDED_EMAIL: &str = r#"lower(t.email collate "C")"#;

impl Table for User {
    const TABLE: &'static str = "crm.users";
    const COLUMNS: &'static [&'static str] =
        &["id", "name", "email", "role::text", "deactivated_at", "created_at", "updated_at", "version"];
    const UNIQUE: Option<&'static str> = Some(FOLDED_EMAIL);

    fn read(columns: &mut Columns<'_>) -> sqlx::Result<Self> {
        Ok(Self {
            id: columns.id()?,
            name: columns.next()?,
            email: Email::from_stored(columns.next()?),
            role: columns.label()?,
            deactivated_at: columns.optional_moment()?,
            created_at: columns.moment()?,
            updated_at: columns.moment()?,
            version: columns.next()?,
        })
    }

    fn fields<F: Fields>(new: &NewUser, fields: &mut F) {
        let NewUser { name, email, role, password_hash } = new;
        fields.value("name", name.as_str());
        fields.value("email", email.as_str());
        fields.label("role", role.as_str(), ROLE);
        fields.value("password", password_hash.reveal());
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
        let folded =
            email.as_ref().map(|emails| emails.iter().map(|email| email.to_ascii_lowercase()).collect());
        conditions
            .any_id("t.id", ids.as_ref())
            .any_label("t.role", ROLE, role.as_ref())
            .any_text(FOLDED_EMAIL, folded.as_ref())
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

    fn indexed_with(_by: UserOrderBy) -> &'static [&'static str] {
        &[]
    }
}

#[async_trait]
impl UserRepository for Session {
    #[instrument(name = "crm.users.find_by_email", skip_all)]
    async fn find_by_email(&self, email: &str) -> Result<Option<User>> {
        let mut sql = list::select::<User>();
        let filter = UserFilter { email: Some(vec![email.trim().to_owned()]), ..UserFilter::default() };
        list::restrict::<User>(&mut sql, &filter);
        self.entity(Intent::Read, sql).await
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

fn retire(id: UserId, at: &str, unless: &str) -> Sql {
    let mut sql = Sql::new(format!("update crm.users t set deactivated_at = {at} where t.id = "));
    sql.bind(id.0)
        .push(" and t.deactivated_at ")
        .push(unless)
        .push(" returning ")
        .push(&columns::<User>("t"));
    sql
}
