//! What a repository needs to know of its table, and the operations that all five have.

use async_trait::async_trait;
use crm_core::Changes as _;
use crm_core::{
    Action, DenialReason, Entity, Error, List, Order, Page, Repository, Result, Role, UserId, Valid,
};
use futures_core::stream::BoxStream;
use sqlx::postgres::{PgHasArrayType, PgRow};
use sqlx::{Encode, Postgres, Type};
use tracing::instrument;

use crate::bulk::{self, Reference};
use crate::fault::Intent;
use crate::filter::Conditions;
use crate::row::Columns;
use crate::session::Session;
use crate::sql::Sql;
use crate::{list, stream};

/// Ties an entity to its table. What is written here is all the SQL that the entity has of its own.
pub(crate) trait Table: Entity {
    /// The table, schema-qualified.
    const TABLE: &'static str;
    /// The columns in the order in which [`read`](Self::read) reads them, cast where the driver would look the type up.
    const COLUMNS: &'static [&'static str];

    /// Reads the entity from its columns.
    fn read(columns: &mut Columns<'_>) -> sqlx::Result<Self>;

    /// Does what new rows take that is no SQL.
    fn prepare(
        _session: &Session,
        new: Vec<Self::New>,
    ) -> impl Future<Output = Result<Vec<Self::New>>> + Send {
        std::future::ready(Ok(new))
    }

    /// Names the fields of a new row.
    fn fields<F: Fields>(new: &Self::New, fields: &mut F);

    /// Names the columns of a new row that refer to other tables.
    fn references(new: &Self::New) -> Vec<Reference>;

    /// Is the expression that is unique beside the key, where there is one.
    const UNIQUE: Option<&'static str> = None;

    /// Returns the value that a new row has for [`UNIQUE`](Self::UNIQUE).
    fn unique(_new: &Self::New) -> Option<String> {
        None
    }

    /// Adds the assignments of a patch.
    fn assign(patch: &Self::Patch, sql: &mut Sql);

    /// Adds the conditions of a filter.
    fn condition(filter: &Self::Filter, conditions: &mut Conditions<'_>);

    /// Returns what a list is ordered by.
    fn order(by: Self::OrderBy) -> Ordering;

    /// Lists the columns that have an index together with an order, first the column and then the order, the most telling
    /// column first.
    fn indexed_with(by: Self::OrderBy) -> &'static [&'static str];
}

/// Is the expression that a list is ordered by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ordering {
    pub(crate) expression: &'static str,
    pub(crate) nullable: bool,
}

impl Ordering {
    pub(crate) const fn by(expression: &'static str) -> Self {
        Self { expression, nullable: false }
    }

    pub(crate) const fn by_nullable(expression: &'static str) -> Self {
        Self { expression, nullable: true }
    }
}

/// Takes the fields of a new row, for an INSERT or for a COPY.
pub(crate) trait Fields {
    /// Takes a value.
    fn value<'t, T: Encode<'t, Postgres> + PgHasArrayType + Type<Postgres>>(
        &mut self,
        column: &'static str,
        value: T,
    );
    /// Takes a label of an enum type.
    fn label(&mut self, column: &'static str, label: &'static str, enum_type: &'static str);
    /// Takes tags.
    fn tags(&mut self, column: &'static str, tags: &[String]);
    /// Takes who made the row, where the trusted system says so; otherwise the database does.
    fn creator(&mut self, creator: Option<UserId>);
    /// Takes a moment, or the server's present one.
    fn moment_or_now(&mut self, column: &'static str, moment: Option<chrono::DateTime<chrono::Utc>>);
}

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

/// Lists the columns behind an alias of the table.
pub(crate) fn columns<E: Table>(alias: &str) -> String {
    let columns: Vec<_> = E::COLUMNS.iter().map(|column| format!("{alias}.{column}")).collect();
    columns.join(", ")
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

/// Reads an entity from a row of its columns.
pub(crate) fn read<E: Table>(row: &PgRow) -> Result<E> {
    part(&mut Columns::new(row)).map_err(|error| crate::fault::of_statement(error, Intent::Read))
}

/// Reads an entity from its columns, which may be a part of a row; an error names the entity's table and id.
pub(crate) fn part<E: Table>(columns: &mut Columns<'_>) -> sqlx::Result<E> {
    let key = columns.at();
    E::read(columns).map_err(|error| columns.of_row(E::TABLE, key, error))
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
