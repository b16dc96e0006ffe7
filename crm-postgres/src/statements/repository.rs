//! The operations that all repositories have.

use async_trait::async_trait;
use crm_core::Changes as _;
use crm_core::{
    Action, DenialReason, Entity, Error, List, Order, Page, Repository, Result, Role, UserId, Valid,
};
use futures_core::stream::BoxStream;
use sqlx::postgres::PgHasArrayType;
use sqlx::{Encode, Postgres, Type};
use tracing::instrument;

use crate::connection::error_mapping::Intent;
use crate::connection::session::Session;
use crate::sql::Sql;
use crate::statements::bulk;
use crate::statements::table::{Fields, Table, columns, read};
use crate::statements::{list, stream};

/// Collects the fields of one row for an INSERT.
#[derive(Default)]
struct Insert {
    columns: String,
    values: Sql,
}

impl Insert {
    fn column(&mut self, column: &str) {
        if !self.columns.is_empty() {
            self.columns.push_str(", ");
            self.values.push(", ");
        }
        self.columns.push_str(column);
    }
}

impl Fields for Insert {
    fn value<'t, T: Encode<'t, Postgres> + PgHasArrayType + Type<Postgres>>(
        &mut self,
        column: &'static str,
        value: T,
    ) {
        self.column(column);
        self.values.bind(value);
    }

    fn label(&mut self, column: &'static str, label: &'static str, enum_type: &'static str) {
        self.column(column);
        self.values.label(label, enum_type);
    }

    fn tags(&mut self, column: &'static str, tags: &[String]) {
        self.column(column);
        self.values.bind(tags);
    }

    fn creator(&mut self, creator: Option<UserId>) {
        if let Some(creator) = creator {
            self.value("created_by", creator.0);
        }
    }

    fn moment_or_now(&mut self, column: &'static str, moment: Option<chrono::DateTime<chrono::Utc>>) {
        if let Some(moment) = moment {
            self.value(column, moment);
        }
    }
}

/// Builds the statement that inserts one row and returns it.
pub(crate) fn insert<E: Table>(new: &E::New) -> Sql {
    let mut row = Insert::default();
    E::fields(new, &mut row);
    let Insert { columns, values } = row;
    let text = format!(
        "insert into {} as t ({columns}) values ({}) returning {}",
        E::TABLE,
        values.text,
        self::columns::<E>("t")
    );
    Sql { text, ..values }
}

/// Builds the statement that puts a row into a state and returns it; one that is there already is left alone.
pub(crate) fn move_to<E: Table>(id: E::Id, column: &str, label: &str, enum_type: &str) -> Sql {
    let mut sql = Sql::new(format!("update {} t set {column} = ", E::TABLE));
    sql.label(label, enum_type).push(" where t.id = ").bind(id.into());
    sql.push(&format!(" and t.{column} <> $1::text::{enum_type} returning {}", columns::<E>("t")));
    sql
}

impl Session {
    /// Reads rows that are of an entity.
    pub(crate) async fn entities<E: Table>(&self, intent: Intent, sql: Sql) -> Result<Vec<E>> {
        self.rows(intent, sql).await?.iter().map(read::<E>).collect()
    }

    /// Runs a statement that reads or returns one entity or none.
    pub(crate) async fn entity<E: Table>(&self, intent: Intent, sql: Sql) -> Result<Option<E>> {
        self.row(intent, sql).await?.as_ref().map(read::<E>).transpose()
    }

    /// Refuses a field that only the trusted system may give; `name` says how the caller calls it.
    pub(crate) fn refuse_reserved<E: Entity>(
        &self,
        new: &E::New,
        name: impl FnOnce(&str) -> String,
    ) -> Result<()> {
        match (self.actor, E::reserved(new)) {
            (Some(_), Some(field)) => Err(Error::reserved(name(field))),
            _ => Ok(()),
        }
    }

    /// Runs a change that leaves the row alone where it would change nothing, and returns the row either way.
    pub(crate) async fn change<E: Table>(&self, id: E::Id, update: Sql) -> Result<E> {
        match self.entity(Intent::Write, update).await? {
            Some(changed) => Ok(changed),
            None => self.get(id).await,
        }
    }
}

/// Makes the error of a row that the actor sees and row security keeps from a change.
fn refusal<E: Entity>(actor: UserId, action: &str, id: E::Id) -> Error {
    Error::denied(DenialReason::Row, format!("user {actor} may not {action} {} {id}", E::KIND))
}

fn not_found<E: Entity>(id: E::Id) -> Error {
    Error::NotFound { entity: E::KIND, id: id.into() }
}

#[async_trait]
impl<E: Table> Repository<E> for Session {
    #[instrument(name = "crm.create", skip_all, fields(entity = %E::KIND))]
    async fn create(&self, new: Valid<E::New>) -> Result<E> {
        self.refuse_reserved::<E>(&new, str::to_owned)?;
        let new = E::prepare(self, vec![new.into_inner()]).await?;
        let created = self.entity(Intent::Write, insert::<E>(&new[0])).await?;
        created.ok_or_else(|| Error::internal("an insert has returned no row", None))
    }

    #[instrument(name = "crm.create_many", skip_all, fields(entity = %E::KIND, rows = new.len()))]
    async fn create_many(&self, new: Vec<Valid<E::New>>) -> Result<Vec<E::Id>> {
        bulk::create_many::<E>(self, new).await
    }

    #[instrument(name = "crm.get", skip_all, fields(entity = %E::KIND, %id))]
    async fn get(&self, id: E::Id) -> Result<E> {
        self.find(id).await?.ok_or_else(|| not_found::<E>(id))
    }

    #[instrument(name = "crm.find", skip_all, fields(entity = %E::KIND, %id))]
    async fn find(&self, id: E::Id) -> Result<Option<E>> {
        let mut sql = list::select::<E>();
        sql.push(" and t.id = ").bind(id.into());
        self.entity(Intent::Read, sql).await
    }

    #[instrument(name = "crm.get_many", skip_all, fields(entity = %E::KIND, ids = ids.len()))]
    async fn get_many(&self, ids: &[E::Id]) -> Result<Vec<E>> {
        let keys: Vec<i64> = ids.iter().map(|&id| id.into()).collect();
        let mut sql = list::select::<E>();
        sql.push(" and t.id = any(").bind(keys).push(")");
        let rows = self.entities::<E>(Intent::Read, sql).await?;
        let found: std::collections::HashMap<E::Id, E> =
            rows.into_iter().map(|row| (row.id(), row)).collect();
        Ok(ids.iter().filter_map(|id| found.get(id)).cloned().collect())
    }

    #[instrument(name = "crm.list", skip_all, fields(entity = %E::KIND, order = %list.order))]
    async fn list(&self, list: &List<E>) -> Result<Page<E>> {
        Ok(list.page(list::rows(self, list).await?))
    }

    fn stream(&self, filter: E::Filter, order: Order<E::OrderBy>) -> BoxStream<'_, Result<E>> {
        stream::stream(self, &filter, order)
    }

    #[instrument(name = "crm.count", skip_all, fields(entity = %E::KIND))]
    async fn count(&self, filter: &E::Filter) -> Result<i64> {
        let mut sql = Sql::new(format!("select count(*) from {} t where true", E::TABLE));
        list::restrict::<E>(&mut sql, filter);
        self.value(sql).await
    }

    #[instrument(name = "crm.update", skip_all, fields(entity = %E::KIND, %id))]
    async fn update(&self, id: E::Id, patch: Valid<E::Patch>, expected_version: Option<i64>) -> Result<E> {
        if !patch.is_empty() {
            let mut sql = Sql::new(format!("update {} t set ", E::TABLE));
            E::assign(&patch, &mut sql);
            sql.push(" where t.id = ").bind(id.into());
            if let Some(version) = expected_version {
                sql.push(" and t.version = ").bind(version);
            }
            sql.push(" returning ").push(&columns::<E>("t"));
            if let Some(updated) = self.entity(Intent::Write, sql).await? {
                return Ok(updated);
            }
        }
        let current: E = self.get(id).await?;
        match expected_version {
            Some(expected) if expected != current.version() => Err(Error::StaleVersion {
                entity: E::KIND,
                id: id.into(),
                current_version: current.version(),
            }),
            _ if patch.is_empty() => Ok(current),
            _ => Err(match self.actor {
                Some(actor) if !Role::User.allows(Action::Update, E::KIND, false) => {
                    refusal::<E>(actor, "change", id)
                }
                // The row was deleted and made again, or its version went back: the next try will tell.
                _ => Error::Serialization("the row changed while it was being updated".to_owned()),
            }),
        }
    }

    #[instrument(name = "crm.delete", skip_all, fields(entity = %E::KIND, %id))]
    async fn delete(&self, id: E::Id) -> Result<()> {
        let mut sql = Sql::new(format!("delete from {} t where t.id = ", E::TABLE));
        sql.bind(id.into()).push(" returning t.id");
        if self.row(Intent::Write, sql).await?.is_some() {
            return Ok(());
        }
        match self.actor {
            Some(actor) if Repository::<E>::find(self, id).await?.is_some() => {
                Err(refusal::<E>(actor, "delete", id))
            }
            _ => Err(not_found::<E>(id)),
        }
    }
}
