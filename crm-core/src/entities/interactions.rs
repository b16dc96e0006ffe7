//! Interactions: calls, emails, meetings and notes about a customer.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::label::labels;
use crate::values::range::{any_of, any_of_some};
use crate::{Changes, Filter};
use crate::{
    Check, CustomerId, Entity, EntityKind, InteractionId, Patch, Range, Repository, SearchText, UserId,
    Validate,
};
use crate::{OrderBy, SortKey};

labels! {
    /// Says what kind of contact it was.
    pub enum InteractionType ("type") {
        /// A telephone call.
        Call = "call",
        /// An email.
        Email = "email",
        /// A meeting.
        Meeting = "meeting",
        /// A note.
        Note = "note",
    }
}

/// Is one contact with a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interaction {
    /// The key.
    pub id: InteractionId,
    /// With whom; it goes with the customer.
    pub customer_id: CustomerId,
    /// What kind of contact it was.
    #[serde(rename = "type")]
    pub kind: InteractionType,
    /// What was said, at most 100,000 characters.
    pub notes: Option<String>,
    /// When it was.
    pub date: DateTime<Utc>,
    /// Who made the row; nothing when the system did, or the user is gone.
    pub created_by: Option<UserId>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
    /// Raised by one with every change.
    pub version: i64,
}

/// Creates an [`Interaction`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewInteraction {
    /// With whom.
    pub customer_id: CustomerId,
    /// What kind of contact it was.
    #[serde(rename = "type")]
    pub kind: InteractionType,
    /// What was said, at most 100,000 characters.
    #[serde(default)]
    pub notes: Option<String>,
    /// When it was, in the years 0001 to 9999; nothing means now.
    #[serde(default)]
    pub date: Option<DateTime<Utc>>,
    /// Who made the row; only the trusted system says so, an acting handle leaves it out.
    #[serde(default)]
    pub created_by: Option<UserId>,
}

impl NewInteraction {
    /// Describes a contact that happens now.
    #[must_use]
    pub const fn new(customer_id: CustomerId, kind: InteractionType) -> Self {
        Self { customer_id, kind, notes: None, date: None, created_by: None }
    }
}

impl Validate for NewInteraction {
    fn check(&mut self, check: &mut Check) {
        let Self { customer_id: _, kind: _, notes, date, created_by: _ } = self;
        check.prose("notes", notes);
        check.moment("date", date.as_mut());
    }
}

/// Changes an [`Interaction`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InteractionPatch {
    /// With whom.
    pub customer_id: Patch<CustomerId>,
    /// What kind of contact it was.
    #[serde(rename = "type")]
    pub kind: Patch<InteractionType>,
    /// What was said.
    pub notes: Patch<String>,
    /// When it was.
    pub date: Patch<DateTime<Utc>>,
}

impl Changes for InteractionPatch {
    fn is_empty(&self) -> bool {
        let Self { customer_id, kind, notes, date } = self;
        customer_id.is_keep() && kind.is_keep() && notes.is_keep() && date.is_keep()
    }
}

impl Validate for InteractionPatch {
    fn check(&mut self, check: &mut Check) {
        let Self { customer_id, kind, notes, date } = self;
        check.patch_required("customer_id", customer_id, |_, _| {});
        check.patch_required("type", kind, |_, _| {});
        check.patch(notes, |check, notes| check.prose("notes", notes));
        check.patch_required("date", date, |check, date| check.moment("date", Some(date)));
    }
}

/// Selects interactions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InteractionFilter {
    /// Any of these ids.
    pub ids: Option<Vec<InteractionId>>,
    /// With any of these customers.
    pub customer_id: Option<Vec<CustomerId>>,
    /// Any of these kinds.
    pub kind: Option<Vec<InteractionType>>,
    /// Made by any of these users.
    pub created_by: Option<Vec<UserId>>,
    /// When it was.
    pub date: Range<DateTime<Utc>>,
    /// Words in the notes: `Some("acme".parse()?)`.
    pub text: Option<SearchText>,
    /// When the row was made.
    pub created: Range<DateTime<Utc>>,
}

impl Filter<Interaction> for InteractionFilter {
    fn matches(&self, interaction: &Interaction) -> bool {
        let Self { ids, customer_id, kind, created_by, date, text, created } = self;
        any_of(ids.as_ref(), &interaction.id)
            && any_of(customer_id.as_ref(), &interaction.customer_id)
            && any_of(kind.as_ref(), &interaction.kind)
            && any_of_some(created_by.as_ref(), interaction.created_by.as_ref())
            && date.holds(&interaction.date)
            && text.as_ref().is_none_or(|text| text.matches(interaction.notes.as_deref()))
            && created.holds(&interaction.created_at)
    }
}

labels! {
    /// Is what a list of interactions can be ordered by.
    pub enum InteractionOrderBy ("order") {
        /// By id.
        Id = "id",
        /// By creation.
        CreatedAt = "created_at",
        /// By the moment of the contact.
        Date = "date",
    }
}

impl OrderBy for InteractionOrderBy {
    const ALL: &'static [Self] = Self::ALL;
    const ID: Self = Self::Id;

    fn takes(self, key: &SortKey) -> bool {
        match self {
            Self::Id => matches!(key, SortKey::Id),
            Self::CreatedAt | Self::Date => matches!(key, SortKey::Moment(_)),
        }
    }
}

impl Entity for Interaction {
    const KIND: EntityKind = EntityKind::Interaction;
    type Id = InteractionId;
    type New = NewInteraction;
    type Patch = InteractionPatch;
    type Filter = InteractionFilter;
    type OrderBy = InteractionOrderBy;

    fn id(&self) -> InteractionId {
        self.id
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn sort_key(&self, by: InteractionOrderBy) -> SortKey {
        match by {
            InteractionOrderBy::Id => SortKey::Id,
            InteractionOrderBy::CreatedAt => SortKey::Moment(self.created_at),
            InteractionOrderBy::Date => SortKey::Moment(self.date),
        }
    }

    fn reserved(new: &NewInteraction) -> Option<&'static str> {
        new.created_by.map(|_| "created_by")
    }
}

/// Stores interactions.
#[async_trait]
pub trait InteractionRepository: Repository<Interaction> {}
