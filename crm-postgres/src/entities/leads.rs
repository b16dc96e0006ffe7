//! Leads in SQL.

use async_trait::async_trait;
use crm_core::{Lead, LeadFilter, LeadId, LeadOrderBy, LeadPatch, LeadRepository, NewLead, Result, Stage};
use rust_decimal::Decimal;
use tracing::instrument;

use crate::connection::session::Session;
use crate::sql::Sql;
use crate::sql::column::columns;
use crate::statements::filter::Conditions;
use crate::statements::table::{Fields, Ordering, Reference, Table};

pub(crate) const STAGE: &str = "crm.lead_stage";

/// Is the expression of `idx_leads_words`.
const WORDS: &str = "crm.words(t.title || ' ' || coalesce(t.description, ''))";

impl Table for Lead {
    const TABLE: &'static str = "crm.leads";

    columns! {
        id, title, description, stage, value, customer_id, assigned_to, created_by, updated_by, created_at, updated_at, version,
    }

    fn fields<F: Fields>(new: &NewLead, fields: &mut F) {
        let NewLead { title, description, stage, value, customer_id, assigned_to, created_by } = new;
        fields.value("title", title.as_str());
        fields.value("description", description.as_deref());
        fields.label("stage", stage.as_str(), STAGE);
        fields.value("value", *value);
        fields.value("customer_id", customer_id.map(i64::from));
        fields.value("assigned_to", assigned_to.map(i64::from));
        fields.creator(*created_by);
    }

    fn references(new: &NewLead) -> Vec<Reference> {
        vec![
            Reference::new("customer_id", "crm.customers", new.customer_id),
            Reference::new("assigned_to", "crm.users", new.assigned_to),
            Reference::new("created_by", "crm.users", new.created_by),
        ]
    }

    fn assign(patch: &LeadPatch, sql: &mut Sql) {
        let LeadPatch { title, description, stage, value, customer_id, assigned_to } = patch;
        sql.set("title", title, |sql, title| sql.bind(title.as_str()))
            .set("description", description, |sql, description| sql.bind(description.as_str()))
            .set("stage", stage, |sql, stage| sql.label(stage.as_str(), STAGE))
            .set("value", value, |sql, value: &Decimal| sql.bind(*value))
            .set("customer_id", customer_id, |sql, id| sql.bind(id.0))
            .set("assigned_to", assigned_to, |sql, id| sql.bind(id.0));
    }

    fn condition(filter: &LeadFilter, conditions: &mut Conditions<'_>) {
        let LeadFilter { ids, stage, customer_id, assigned_to, min_value, max_value, text, created, updated } =
            filter;
        conditions
            .any_id("t.id", ids.as_ref())
            .any_id("t.customer_id", customer_id.as_ref())
            .assigned(assigned_to.as_ref())
            .any_label("t.stage", STAGE, stage.as_ref())
            .compare("t.value", ">=", *min_value)
            .compare("t.value", "<=", *max_value)
            .text(WORDS, text.as_ref())
            .moments("t.created_at", created)
            .moments("t.updated_at", updated);
    }

    fn order(by: LeadOrderBy) -> Ordering {
        match by {
            LeadOrderBy::Id => Ordering::by("t.id"),
            LeadOrderBy::CreatedAt => Ordering::by("t.created_at"),
            LeadOrderBy::UpdatedAt => Ordering::by("t.updated_at"),
            LeadOrderBy::Title => Ordering::by(r#"t.title collate "C""#),
            LeadOrderBy::Value => Ordering::by_nullable("t.value"),
        }
    }

    fn indexed_with(by: LeadOrderBy) -> &'static [&'static str] {
        match by {
            LeadOrderBy::Id => &["t.customer_id", "t.assigned_to", "t.stage"],
            LeadOrderBy::CreatedAt | LeadOrderBy::UpdatedAt | LeadOrderBy::Title | LeadOrderBy::Value => &[],
        }
    }
}

#[async_trait]
impl LeadRepository for Session {
    #[instrument(name = "crm.leads.move_to", skip_all, fields(%id, %stage))]
    async fn move_to(&self, id: LeadId, stage: Stage) -> Result<Lead> {
        self.change(id, crate::statements::move_to::<Lead>(id, "stage", stage.as_str(), STAGE)).await
    }
}
