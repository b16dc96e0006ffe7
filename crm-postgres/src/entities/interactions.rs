//! Interactions in SQL.

use crm_core::{
    Interaction, InteractionFilter, InteractionOrderBy, InteractionPatch, InteractionRepository,
    NewInteraction,
};

use crate::connection::session::Session;
use crate::sql::Sql;
use crate::sql::column::columns;
use crate::statements::filter::Conditions;
use crate::statements::table::{Fields, Ordering, Reference, Table};

const TYPE: &str = "crm.interaction_type";

/// Is the expression of `idx_interactions_words`.
const WORDS: &str = "crm.words(t.notes)";

impl Table for Interaction {
    const TABLE: &'static str = "crm.interactions";

    columns! {
        id, customer_id, kind as "type", notes, date, created_by, created_at, version,
    }

    fn fields<F: Fields>(new: &NewInteraction, fields: &mut F) {
        let NewInteraction { customer_id, kind, notes, date, created_by } = new;
        fields.value("customer_id", customer_id.0);
        fields.label("type", kind.as_str(), TYPE);
        fields.value("notes", notes.as_deref());
        fields.moment_or_now("date", *date);
        fields.creator(*created_by);
    }

    fn references(new: &NewInteraction) -> Vec<Reference> {
        vec![
            Reference::new("customer_id", "crm.customers", Some(new.customer_id)),
            Reference::new("created_by", "crm.users", new.created_by),
        ]
    }

    fn assign(patch: &InteractionPatch, sql: &mut Sql) {
        let InteractionPatch { customer_id, kind, notes, date } = patch;
        sql.set("customer_id", customer_id, |sql, id| sql.bind(id.0))
            .set("type", kind, |sql, kind| sql.label(kind.as_str(), TYPE))
            .set("notes", notes, |sql, notes| sql.bind(notes.as_str()))
            .set("date", date, |sql, date| sql.bind(*date));
    }

    fn condition(filter: &InteractionFilter, conditions: &mut Conditions<'_>) {
        let InteractionFilter { ids, customer_id, kind, created_by, date, text, created } = filter;
        conditions
            .any_id("t.id", ids.as_ref())
            .any_id("t.customer_id", customer_id.as_ref())
            .any_id("t.created_by", created_by.as_ref())
            .any_label("t.type", TYPE, kind.as_ref())
            .moments("t.date", date)
            .text(WORDS, text.as_ref())
            .moments("t.created_at", created);
    }

    fn order(by: InteractionOrderBy) -> Ordering {
        match by {
            InteractionOrderBy::Id => Ordering::by("t.id"),
            InteractionOrderBy::CreatedAt => Ordering::by("t.created_at"),
            InteractionOrderBy::Date => Ordering::by("t.date"),
        }
    }

    fn indexed_with(by: InteractionOrderBy) -> &'static [&'static str] {
        match by {
            InteractionOrderBy::Id => &["t.created_by", "t.type"],
            InteractionOrderBy::Date => &["t.customer_id"],
            InteractionOrderBy::CreatedAt => &[],
        }
    }
}

impl InteractionRepository for Session {}
