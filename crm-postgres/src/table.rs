//! What a repository needs to know of its table, and the operations that all five have.

use async_trait::async_trait;
use crm_core::{Changes as _, OrderBy as _};
use crm_core::{Entity, Error, List, Order, Page, Position, Repository, Result, SortKey, Valid};
use futures_core::stream::BoxStream;
use sqlx::postgres::PgRow;
use sqlx::{Encode, Postgres, Type};
use tracing::instrument;

use crate::bulk::{self, Reference};
use crate::fault::Intent;
use crate::row::Columns;
use crate::session::Session;
use crate::sql::{Lead, Sql};
use crate::stream;

/// Ties an entity to its table. What is written here is all the SQL that the entity has of its own.
pub(crate) trait Table: Entity {
    /// The table, schema-qualified.
    const TABLE: &'static str;
    /// The columns in the order in which [`read`](Self::read) reads them, as they are called behind the alias `t`.
    const COLUMNS: &'static str;

    /// Reads the entity from its columns.
    fn read(columns: &mut Columns<'_>) -> sqlx::Result<Self>;

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

    /// Adds the conditions of a filter, each with `and` before it.
    fn condition(filter: &Self::Filter, sql: &mut Sql);

    /// Returns what a list is ordered by.
    fn order(by: Self::OrderBy) -> Ordering;

    /// Lists the columns that have an index together with an order, first the column and then the order.
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
    fn value<'t, T: Encode<'t, Postgres> + Type<Postgres>>(&mut self, column: &'static str, value: T);
    /// Takes a label of an enum type.
    fn label(&mut self, column: &'static str, label: &'static str, enum_type: &'static str);
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
    fn value<'t, T: Encode<'t, Postgres> + Type<Postgres>>(&mut self, column: &'static str, value: T) {
        self.column(column);
        self.values.bind(value);
    }

    fn label(&mut self, column: &'static str, label: &'static str, enum_type: &'static str) {
        self.column(column);
        self.values.label(label, enum_type);
    }

    fn moment_or_now(&mut self, column: &'static str, moment: Option<chrono::DateTime<chrono::Utc>>) {
        if let Some(moment) = moment {
            self.value(column, moment);
        }
    }
}

/// Begins `select … from … t where true`.
pub(crate) fn select<E: Table>() -> Sql {
    Sql::new(format!("select {} from {} t where true", E::COLUMNS, E::TABLE))
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
        E::COLUMNS
    );
    Sql { text, ..values }
}

/// Builds the statement that puts a row into a state and returns it; one that is there already is left alone.
pub(crate) fn move_to<E: Table>(id: E::Id, column: &str, label: &str, enum_type: &str) -> Sql {
    let mut sql = Sql::new(format!("update {} t set {column} = ", E::TABLE));
    sql.label(label, enum_type).push(" where t.id = ").bind(id.into());
    sql.push(&format!(" and t.{column} <> $1::text::{enum_type} returning {}", E::COLUMNS));
    sql
}

/// Adds the order of a list and the place to begin after. A condition that leads becomes the beginning of both: as a
/// range, from one end of which to the other the index has exactly the rows of the page in their order.
pub(crate) fn arrange<E: Table>(sql: &mut Sql, order: Order<E::OrderBy>, after: Option<&Position>) {
    let Ordering { expression, nullable: _ } = E::order(order.by);
    let (direction, beyond, begin, end) =
        if order.descending { (" desc", "<", "<=", ">=") } else { ("", ">", ">=", "<=") };
    let mut by = Vec::new();
    let mut place = Vec::new();
    match sql.lead.take() {
        Some(Lead::One(column, value)) => {
            sql.push(&format!(" and {column} {end} {value}"));
            // The place to begin after says the same; with both, the server would begin here.
            if after.is_none() {
                sql.push(&format!(" and {column} {begin} {value}"));
            }
            by.push(column);
            place.push(value);
        }
        Some(Lead::Null(column)) => {
            // Stands in the order but not in the place, for nothing lies before or behind a null.
            sql.push(&format!(" and {column} is null"));
            by.push(column);
        }
        Some(Lead::Any(..)) | None => {}
    }
    let nulls = by.len() - place.len();
    if order.by != E::OrderBy::ID {
        by.push(expression);
    }
    by.push("t.id");
    if let Some(Position { key, id }) = after {
        let mut columns = by[nulls..].to_vec();
        match key {
            SortKey::Id => {}
            // Among the rows without a value the id alone decides.
            SortKey::Null => columns.retain(|column| *column != expression),
            key => place.push(sql.aside(|sql| match key {
                SortKey::Id | SortKey::Null => sql,
                SortKey::Text(text) => sql.bind(text.as_str()),
                SortKey::Moment(moment) => sql.bind(*moment),
                SortKey::Day(day) => sql.bind(*day),
                SortKey::Money(amount) => sql.bind(*amount),
                SortKey::Rank(rank) => sql.label(crate::tasks::priority_at(*rank), crate::tasks::PRIORITY),
            })),
        }
        place.push(sql.aside(|sql| sql.bind(*id)));
        sql.push(&format!(" and ({}) {beyond} ({})", columns.join(", "), place.join(", ")));
    }
    let by: Vec<_> = by.iter().map(|column| format!("{column}{direction}")).collect();
    sql.push(" order by ").push(&by.join(", "));
}

/// Begins the statement of a page with the conditions of its filter.
fn filtered<E: Table>(list: &List<E>) -> Sql {
    let mut sql = Sql { leading: E::indexed_with(list.order.by), ..select::<E>() };
    E::condition(&list.filter, &mut sql);
    if sql.searches {
        let found = sql.follow().text.replacen(E::COLUMNS, "t.*", 1);
        sql.text = format!("select {} from ({found} offset 0) t where true", E::COLUMNS);
    }
    sql
}

/// Builds the statement of a page. Where it is led by several values, it takes a page for each and merges them.
fn page<E: Table>(list: &List<E>, limit: usize, after: Option<&Position>) -> Sql {
    let mut sql = filtered(list);
    let any = sql.take_any();
    if let Some((column, _)) = any {
        sql.lead = Some(Lead::One(column, "lead.value".to_owned()));
    }
    arrange::<E>(&mut sql, list.order, after);
    sql.push(&format!(" limit {limit}"));
    if let Some((_, values)) = any {
        let each = sql.text.replacen(E::COLUMNS, "t.*", 1);
        sql.text = format!(
            "select {} from unnest({values}) as lead (value) cross join lateral ({each}) t",
            E::COLUMNS
        );
        arrange::<E>(&mut sql, list.order, None);
        sql.push(&format!(" limit {limit}"));
    }
    sql
}

impl Session {
    /// Reads rows that are of an entity.
    async fn entities<E: Table>(&self, intent: Intent, sql: Sql) -> Result<Vec<E>> {
        self.rows(intent, sql).await?.iter().map(read::<E>).collect()
    }

    /// Runs a statement that reads or returns one entity or none.
    pub(crate) async fn entity<E: Table>(&self, intent: Intent, sql: Sql) -> Result<Option<E>> {
        self.row(intent, sql).await?.as_ref().map(read::<E>).transpose()
    }

    /// Runs a change that leaves the row alone where it would change nothing, and returns the row either way.
    pub(crate) async fn change<E: Table>(&self, id: E::Id, update: Sql) -> Result<E> {
        match self.entity(Intent::Write, update).await? {
            Some(changed) => Ok(changed),
            None => self.get(id).await,
        }
    }

    /// Reads a page whose order has nulls: first the rows with a value, then, when the page is not full, those without.
    /// Each half comes from the index in its order, which one statement with `nulls last` would not do both ways.
    async fn list_with_nulls<E: Table>(
        &self,
        list: &List<E>,
        limit: usize,
        after: Option<&Position>,
    ) -> Result<Vec<E>> {
        let column = E::order(list.order.by).expression;
        let half = |null: &str, limit: usize, after: Option<&Position>| {
            let mut sql = filtered(list);
            sql.push(" and ").push(column).push(null);
            arrange::<E>(&mut sql, list.order, after);
            sql.push(&format!(" limit {limit}"));
            sql
        };
        let in_nulls = after.filter(|position| position.key == SortKey::Null);
        let mut rows = match in_nulls {
            Some(_) => Vec::new(),
            None => self.entities(Intent::Read, half(" is not null", limit, after)).await?,
        };
        if rows.len() < limit {
            rows.extend(self.entities(Intent::Read, half(" is null", limit - rows.len(), in_nulls)).await?);
        }
        Ok(rows)
    }
}

/// Reads an entity from a row of its columns.
pub(crate) fn read<E: Table>(row: &PgRow) -> Result<E> {
    E::read(&mut Columns::new(row)).map_err(|error| crate::fault::of_statement(error, Intent::Read))
}

fn not_found<E: Entity>(id: E::Id) -> Error {
    Error::NotFound { entity: E::KIND, id: id.into() }
}

#[async_trait]
impl<E: Table> Repository<E> for Session {
    #[instrument(name = "crm.create", skip_all, fields(entity = %E::KIND))]
    async fn create(&self, new: Valid<E::New>) -> Result<E> {
        let created = self.entity(Intent::Write, insert::<E>(&new)).await?;
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
        let mut sql = select::<E>();
        sql.push(" and t.id = ").bind(id.into());
        self.entity(Intent::Read, sql).await
    }

    #[instrument(name = "crm.get_many", skip_all, fields(entity = %E::KIND, ids = ids.len()))]
    async fn get_many(&self, ids: &[E::Id]) -> Result<Vec<E>> {
        let keys: Vec<i64> = ids.iter().map(|&id| id.into()).collect();
        let mut sql = select::<E>();
        sql.push(" and t.id = any(").bind(keys).push(")");
        let rows = self.entities::<E>(Intent::Read, sql).await?;
        let found: std::collections::HashMap<E::Id, E> =
            rows.into_iter().map(|row| (row.id(), row)).collect();
        Ok(ids.iter().filter_map(|id| found.get(id)).cloned().collect())
    }

    #[instrument(name = "crm.list", skip_all, fields(entity = %E::KIND, order = %list.order))]
    async fn list(&self, list: &List<E>) -> Result<Page<E>> {
        let (limit, after) = list.start()?;
        if E::order(list.order.by).nullable {
            return Ok(list.page(self.list_with_nulls(list, limit + 1, after.as_ref()).await?));
        }
        let sql = page(list, limit + 1, after.as_ref());
        Ok(list.page(self.entities(Intent::Read, sql).await?))
    }

    fn stream(&self, filter: E::Filter, order: Order<E::OrderBy>) -> BoxStream<'_, Result<E>> {
        stream::stream(self, &filter, order)
    }

    #[instrument(name = "crm.count", skip_all, fields(entity = %E::KIND))]
    async fn count(&self, filter: &E::Filter) -> Result<i64> {
        let mut sql = Sql::new(format!("select count(*) from {} t where true", E::TABLE));
        E::condition(filter, &mut sql);
        let row = self.row(Intent::Read, sql).await?;
        let count = row.map(|row| Columns::new(&row).next()).transpose();
        Ok(count.map_err(|error| crate::fault::of_statement(error, Intent::Read))?.unwrap_or_default())
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
            sql.push(" returning ").push(E::COLUMNS);
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
            // The row was deleted and made again, or its version went back: the next try will tell.
            _ => Err(Error::Serialization("the row changed while it was being updated".to_owned())),
        }
    }

    #[instrument(name = "crm.delete", skip_all, fields(entity = %E::KIND, %id))]
    async fn delete(&self, id: E::Id) -> Result<()> {
        let mut sql = Sql::new(format!("delete from {} t where t.id = ", E::TABLE));
        sql.bind(id.into()).push(" returning t.id");
        self.row(Intent::Write, sql).await?.map(drop).ok_or_else(|| not_found::<E>(id))
    }
}
