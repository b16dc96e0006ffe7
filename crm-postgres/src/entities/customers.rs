//! Customers in SQL.

use async_trait::async_trait;
use crm_core::{
    Customer, CustomerFilter, CustomerId, CustomerOrderBy, CustomerOverview, CustomerPatch,
    CustomerRepository, EntityKind, Error, Interaction, Lead, NewCustomer, Patch, Result, TagCount, Tags,
    Task, Valid, check_recent, with_tags,
};
use tracing::instrument;

use crate::connection::error_mapping::{self as fault, Intent};
use crate::connection::session::Session;
use crate::sql::Sql;
use crate::sql::column::columns;
use crate::sql::row::Columns;
use crate::statements::filter::Conditions;
use crate::statements::table::{self, Fields, Ordering, Reference, Table, columns};

/// Is the expression of `idx_customers_words`.
const WORDS: &str = "crm.words(t.name || ' ' || coalesce(t.email, '') || ' ' || coalesce(t.company, '') || ' ' \
                     || coalesce(t.phone, ''))";

impl Table for Customer {
    const TABLE: &'static str = "crm.customers";

    columns! {
        id, name, email, phone, company, tags, notes, created_by, updated_by, created_at, updated_at, version,
    }

    fn fields<F: Fields>(new: &NewCustomer, fields: &mut F) {
        let NewCustomer { name, email, phone, company, tags, notes, created_by } = new;
        fields.value("name", name.as_str());
        fields.value("email", email.as_deref());
        fields.value("phone", phone.as_deref());
        fields.value("company", company.as_deref());
        fields.tags("tags", tags);
        fields.value("notes", notes.as_deref());
        fields.creator(*created_by);
    }

    fn references(new: &NewCustomer) -> Vec<Reference> {
        vec![Reference::new("created_by", "crm.users", new.created_by)]
    }

    fn assign(patch: &CustomerPatch, sql: &mut Sql) {
        let CustomerPatch { name, email, phone, company, tags, notes } = patch;
        let tags = match tags {
            Patch::Clear => Patch::Set(Vec::new()),
            tags => tags.clone(),
        };
        sql.set("name", name, |sql, name| sql.bind(name.as_str()))
            .set("email", email, |sql, email| sql.bind(email.as_str()))
            .set("phone", phone, |sql, phone| sql.bind(phone.as_str()))
            .set("company", company, |sql, company| sql.bind(company.as_str()))
            .set("tags", &tags, |sql, tags| sql.bind(tags.as_slice()))
            .set("notes", notes, |sql, notes| sql.bind(notes.as_str()));
    }

    fn condition(filter: &CustomerFilter, conditions: &mut Conditions<'_>) {
        let CustomerFilter { ids, tags_any, tags_all, company, email, text, created, updated } = filter;
        conditions
            .any_id("t.id", ids.as_ref())
            .has_any("t.tags", tags_any.as_ref())
            .has_all("t.tags", tags_all.as_ref())
            .any_text("t.company", company.as_ref())
            .any_email(email.as_ref())
            .text(WORDS, text.as_ref())
            .moments("t.created_at", created)
            .moments("t.updated_at", updated);
    }

    fn order(by: CustomerOrderBy) -> Ordering {
        match by {
            CustomerOrderBy::Id => Ordering::by("t.id"),
            CustomerOrderBy::CreatedAt => Ordering::by("t.created_at"),
            CustomerOrderBy::UpdatedAt => Ordering::by("t.updated_at"),
            CustomerOrderBy::Name => Ordering::by(r#"t.name collate "C""#),
        }
    }

    fn indexed_with(by: CustomerOrderBy) -> &'static [&'static str] {
        match by {
            CustomerOrderBy::Id => &["t.company"],
            CustomerOrderBy::CreatedAt | CustomerOrderBy::UpdatedAt | CustomerOrderBy::Name => &[],
        }
    }
}

/// Builds an update of the tags that cannot lose a concurrent one: it locks the row before it reads the tags, and compares with the
/// locked row's tags, not with those of the statement's snapshot. It leaves the row alone when the tags stay the same or become too many.
fn retag(id: CustomerId, tags: &str, given: &Tags) -> Sql {
    let mut sql = Sql::new(format!(
        "with new as (
           select c.id, c.tags as had, {tags} as tags from crm.customers c where c.id = $2 for update
         )
         update crm.customers t set tags = new.tags from new
         where t.id = new.id and new.tags <> new.had and cardinality(new.tags) <= greatest({}, cardinality(new.had))
         returning {}",
        crm_core::MAX_TAGS,
        columns::<Customer>("t")
    ));
    sql.argument(given.0.as_slice()).argument(id.0);
    sql
}

const TAGS_WITH: &str = "c.tags || array(
    select given.tag from unnest($1::text[]) with ordinality as given (tag, n)
    where not exists (select from unnest(c.tags) as had (tag) where crm.fold(had.tag) = crm.fold(given.tag))
    order by given.n)";

const TAGS_WITHOUT: &str = "array(
    select had.tag from unnest(c.tags) with ordinality as had (tag, n)
    where not exists (select from unnest($1::text[]) as given (tag) where crm.fold(had.tag) = crm.fold(given.tag))
    order by had.n)";

#[async_trait]
impl CustomerRepository for Session {
    #[instrument(name = "crm.customers.add_tags", skip_all, fields(%id))]
    async fn add_tags(&self, id: CustomerId, tags: Valid<Tags>) -> Result<Customer> {
        let customer: Customer = self.change(id, retag(id, TAGS_WITH, &tags)).await?;
        with_tags(&customer.tags, &tags.0)?;
        Ok(customer)
    }

    #[instrument(name = "crm.customers.remove_tags", skip_all, fields(%id))]
    async fn remove_tags(&self, id: CustomerId, tags: Valid<Tags>) -> Result<Customer> {
        self.change(id, retag(id, TAGS_WITHOUT, &tags)).await
    }

    #[instrument(name = "crm.customers.tag_counts", skip_all)]
    async fn tag_counts(&self) -> Result<Vec<TagCount>> {
        let sql = Sql::new(
            r#"select tag, count(*) from crm.customers t, unnest(t.tags) as tag
               group by tag order by count(*) desc, tag collate "C""#,
        );
        let rows = self.rows(Intent::Read, sql).await?;
        let read = rows.iter().map(|row| {
            let mut columns = Columns::new(row);
            Ok(TagCount { tag: columns.next()?, count: columns.next()? })
        });
        read.collect::<sqlx::Result<_>>().map_err(|error| fault::of_statement(error, Intent::Read))
    }

    #[instrument(name = "crm.customers.overview", skip_all, fields(%id))]
    async fn overview(&self, id: CustomerId, recent: u32) -> Result<CustomerOverview> {
        check_recent(recent)?;
        let rows = self.rows(Intent::Read, overview(id, recent)).await?;
        let mut found = Found::default();
        for row in &rows {
            found.take(Columns::new(row)).map_err(|error| fault::of_statement(error, Intent::Read))?;
        }
        let Found { customer, open_leads, open_tasks, recent_interactions } = found;
        let customer = customer.ok_or(Error::NotFound { entity: EntityKind::Customer, id: id.0 })?;
        Ok(CustomerOverview { customer, open_leads, open_tasks, recent_interactions })
    }
}

/// Asks for the four parts in one statement, and so in one round trip and one snapshot: a row is of one kind, and the
/// columns of the other kinds are null in it.
fn overview(id: CustomerId, recent: u32) -> Sql {
    let mut sql = Sql::new(format!(
        "select {customer}, {lead}, {task}, {interaction}
         from generate_series(1, 4) as kind
         left join crm.customers c on kind = 1 and c.id = $1
         left join lateral (
           select * from crm.leads where kind = 2 and customer_id = $1 and stage <> 'closed'
         ) l on true
         left join lateral (
           select * from crm.tasks where kind = 3 and customer_id = $1 and status <> 'completed'
         ) k on true
         left join lateral (
           select * from crm.interactions where kind = 4 and customer_id = $1 order by date desc, id desc limit $2
         ) i on true
         order by kind, l.id desc, k.id desc, i.date desc, i.id desc",
        customer = columns::<Customer>("c"),
        lead = columns::<Lead>("l"),
        task = columns::<Task>("k"),
        interaction = columns::<Interaction>("i"),
    ));
    sql.argument(id.0).argument(i64::from(recent));
    sql
}

#[derive(Default)]
struct Found {
    customer: Option<Customer>,
    open_leads: Vec<Lead>,
    open_tasks: Vec<Task>,
    recent_interactions: Vec<Interaction>,
}

impl Found {
    fn take(&mut self, mut columns: Columns<'_>) -> sqlx::Result<()> {
        self.customer = self.customer.take().or(part(&mut columns)?);
        self.open_leads.extend(part::<Lead>(&mut columns)?);
        self.open_tasks.extend(part::<Task>(&mut columns)?);
        self.recent_interactions.extend(part::<Interaction>(&mut columns)?);
        Ok(())
    }
}

/// Reads the entity at these columns, or passes them over when its key is null.
fn part<E: Table>(columns: &mut Columns<'_>) -> sqlx::Result<Option<E>> {
    if columns.is_null()? {
        columns.skip(E::COLUMNS.len());
        return Ok(None);
    }
    table::part(columns).map(Some)
}
