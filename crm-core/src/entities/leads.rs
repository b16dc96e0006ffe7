//! Leads: deals on their way through the sales pipeline.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::label::labels;
use crate::values::money;
use crate::values::range::{any_of, any_of_some, within};
use crate::{
    Assignee, Check, CustomerId, Entity, EntityKind, LeadId, Patch, Range, Repository, Result, SearchText,
    UserId, Validate,
};
use crate::{Changes, Filter};
use crate::{OrderBy, SortKey};

labels! {
    /// Says how far a lead has come; the order is the pipeline's.
    #[derive(Default)]
    pub enum Stage ("stage") {
        /// Somebody may be interested.
        #[default]
        Lead = "lead",
        /// There is need and money.
        Qualified = "qualified",
        /// An offer was made.
        Proposal = "proposal",
        /// It was won or lost.
        Closed = "closed",
    }
}

/// Is a deal on its way through the sales pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// The key.
    pub id: LeadId,
    /// The title, 1 to 255 characters.
    pub title: String,
    /// What it is about, at most 100,000 characters.
    pub description: Option<String>,
    /// How far it has come.
    pub stage: Stage,
    /// What it is worth: 0 to 99,999,999.99, two decimals.
    #[serde(with = "rust_decimal::serde::str_option")]
    pub value: Option<Decimal>,
    /// Whose lead it is; it goes with the customer.
    pub customer_id: Option<CustomerId>,
    /// Who works on it.
    pub assigned_to: Option<UserId>,
    /// Who made the row; nothing when the system did, or the user is gone.
    pub created_by: Option<UserId>,
    /// Who last changed the row; nothing when the system did, or the user is gone.
    pub updated_by: Option<UserId>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
    /// When the row was last changed.
    pub updated_at: DateTime<Utc>,
    /// Raised by one with every change.
    pub version: i64,
}

/// Creates a [`Lead`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewLead {
    /// The title, 1 to 255 characters.
    pub title: String,
    /// What it is about, at most 100,000 characters.
    pub description: Option<String>,
    /// How far it has come.
    pub stage: Stage,
    /// What it is worth: 0 to 99,999,999.99, at most two decimals.
    #[serde(deserialize_with = "money::optional")]
    pub value: Option<Decimal>,
    /// Whose lead it is.
    pub customer_id: Option<CustomerId>,
    /// Who works on it.
    pub assigned_to: Option<UserId>,
    /// Who made the row; only the trusted system says so, an acting handle leaves it out.
    pub created_by: Option<UserId>,
}

impl NewLead {
    /// Describes a lead of which only the title is known.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }
}

impl Validate for NewLead {
    fn check(&mut self, check: &mut Check) {
        let Self { title, description, stage: _, value, customer_id: _, assigned_to: _, created_by: _ } =
            self;
        check.title("title", title);
        check.prose("description", description);
        check.money("value", value.as_mut());
    }
}

/// Changes a [`Lead`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeadPatch {
    /// The title.
    pub title: Patch<String>,
    /// What it is about.
    pub description: Patch<String>,
    /// How far it has come.
    pub stage: Patch<Stage>,
    /// What it is worth.
    #[serde(deserialize_with = "money::patch")]
    pub value: Patch<Decimal>,
    /// Whose lead it is.
    pub customer_id: Patch<CustomerId>,
    /// Who works on it.
    pub assigned_to: Patch<UserId>,
}

impl Changes for LeadPatch {
    fn is_empty(&self) -> bool {
        let Self { title, description, stage, value, customer_id, assigned_to } = self;
        title.is_keep()
            && description.is_keep()
            && stage.is_keep()
            && value.is_keep()
            && customer_id.is_keep()
            && assigned_to.is_keep()
    }
}

impl Validate for LeadPatch {
    fn check(&mut self, check: &mut Check) {
        let Self { title, description, stage, value, customer_id: _, assigned_to: _ } = self;
        check.patch_required("title", title, |check, title| check.title("title", title));
        check.patch(description, |check, description| check.prose("description", description));
        check.patch_required("stage", stage, |_, _| {});
        check.patch(value, |check, value| check.money("value", value.as_mut()));
    }
}

/// Selects leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeadFilter {
    /// Any of these ids.
    pub ids: Option<Vec<LeadId>>,
    /// Any of these stages.
    pub stage: Option<Vec<Stage>>,
    /// Of any of these customers.
    pub customer_id: Option<Vec<CustomerId>>,
    /// Who works on it.
    pub assigned_to: Option<Assignee>,
    /// Worth at least this.
    pub min_value: Option<Decimal>,
    /// Worth at most this.
    pub max_value: Option<Decimal>,
    /// Words in title and description: `Some("acme".parse()?)`.
    pub text: Option<SearchText>,
    /// When the row was made.
    pub created: Range<DateTime<Utc>>,
    /// When the row was last changed.
    pub updated: Range<DateTime<Utc>>,
}

impl Filter<Lead> for LeadFilter {
    fn matches(&self, lead: &Lead) -> bool {
        let Self { ids, stage, customer_id, assigned_to, min_value, max_value, text, created, updated } =
            self;
        let texts = || [Some(lead.title.as_str()), lead.description.as_deref()].into_iter().flatten();
        any_of(ids.as_ref(), &lead.id)
            && any_of(stage.as_ref(), &lead.stage)
            && any_of_some(customer_id.as_ref(), lead.customer_id.as_ref())
            && assigned_to.as_ref().is_none_or(|sought| sought.matches(lead.assigned_to))
            && within(*min_value, *max_value, lead.value)
            && text.as_ref().is_none_or(|text| text.matches(texts()))
            && created.holds(&lead.created_at)
            && updated.holds(&lead.updated_at)
    }
}

labels! {
    /// Is what a list of leads can be ordered by.
    pub enum LeadOrderBy ("order") {
        /// By id.
        Id = "id",
        /// By creation.
        CreatedAt = "created_at",
        /// By the last change.
        UpdatedAt = "updated_at",
        /// By title, by code points.
        Title = "title",
        /// By value.
        Value = "value",
    }
}

impl OrderBy for LeadOrderBy {
    const ALL: &'static [Self] = Self::ALL;
    const ID: Self = Self::Id;

    fn takes(self, key: &SortKey) -> bool {
        match self {
            Self::Id => matches!(key, SortKey::Id),
            Self::CreatedAt | Self::UpdatedAt => matches!(key, SortKey::Moment(_)),
            Self::Title => matches!(key, SortKey::Text(_)),
            Self::Value => matches!(key, SortKey::Money(_) | SortKey::Null),
        }
    }
}

impl Entity for Lead {
    const KIND: EntityKind = EntityKind::Lead;
    type Id = LeadId;
    type New = NewLead;
    type Patch = LeadPatch;
    type Filter = LeadFilter;
    type OrderBy = LeadOrderBy;

    fn id(&self) -> LeadId {
        self.id
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn sort_key(&self, by: LeadOrderBy) -> SortKey {
        match by {
            LeadOrderBy::Id => SortKey::Id,
            LeadOrderBy::CreatedAt => SortKey::Moment(self.created_at),
            LeadOrderBy::UpdatedAt => SortKey::Moment(self.updated_at),
            LeadOrderBy::Title => SortKey::Text(self.title.clone()),
            LeadOrderBy::Value => SortKey::or_null(self.value, SortKey::Money),
        }
    }

    fn reserved(new: &NewLead) -> Option<&'static str> {
        new.created_by.map(|_| "created_by")
    }
}

/// Stores leads.
#[async_trait]
pub trait LeadRepository: Repository<Lead> {
    /// Moves a lead to a stage, from any to any; where it is there already, nothing changes.
    ///
    /// # Errors
    /// `not_found`.
    async fn move_to(&self, id: LeadId, stage: Stage) -> Result<Lead>;
}
