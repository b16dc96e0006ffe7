//! What the entities have in common that the clients look at.

use crm_core::{
    Customer, CustomerFilter, EntityKind, Interaction, InteractionFilter, Lead, LeadFilter, SearchText,
    Stored, Task, TaskFilter, User, UserFilter, UserId,
};

use crate::ledger::{Kind, Row};

/// Says who did something to a row: one of the users or the trusted system, where the entity keeps that.
#[derive(Clone, Copy, Debug)]
pub(super) enum Author {
    NotKept,
    Is(Option<UserId>),
}

impl Author {
    /// Tells whether it is this one, as far as that is kept.
    pub(super) fn fits(self, by: Option<i64>) -> bool {
        matches!(self, Self::NotKept) || self.known() == by
    }

    pub(super) fn known(self) -> Option<i64> {
        match self {
            Self::NotKept => None,
            Self::Is(author) => author.map(|UserId(id)| id),
        }
    }
}

/// Is an entity of which clients have rows.
pub(super) trait Own: Stored {
    /// Returns the field in which the clients keep what they call the row.
    fn name(&self) -> &str;
    /// Returns who made the row.
    fn created_by(&self) -> Author;
    /// Returns who changed it last.
    fn updated_by(&self) -> Author;
    /// Selects by id and, where the entity has texts, by words too.
    fn with(ids: Vec<Self::Id>, text: Option<SearchText>) -> Self::Filter;

    /// Tells whether a row of the ledger is one of this entity.
    fn has(row: &Row) -> bool {
        entity(row.number) == Some(Self::KIND)
    }
}

/// Returns the entity of the row that is kept under a number, if it is a single one.
pub(super) fn entity(number: i64) -> Option<EntityKind> {
    match Kind::of(number) {
        Kind::User => Some(EntityKind::User),
        Kind::Customer | Kind::Deal | Kind::Bulk => Some(EntityKind::Customer),
        Kind::Lead => Some(EntityKind::Lead),
        Kind::Task => Some(EntityKind::Task),
        Kind::Interaction => Some(EntityKind::Interaction),
        Kind::Many => None,
    }
}

macro_rules! own {
    ($($entity:ident, $filter:ident, $name:ident;)+) => {$(
        impl Own for $entity {
            fn name(&self) -> &str {
                &self.$name
            }

    fn created_by(&self) -> Author {
                Author::Is(self.created_by)
            }

            fn updated_by(&self) -> Author {
                Author::Is(self.updated_by)
            }

            fn with(ids: Vec<Self::Id>, text: Option<SearchText>) -> $filter {
                $filter { ids: Some(ids), text, ..$filter::default() }
            }
        }
    )+};
}

own! {
    Customer, CustomerFilter, name;
    Lead, LeadFilter, title;
    Task, TaskFilter, title;
}

impl Own for Interaction {
    fn name(&self) -> &str {
        self.notes.as_deref().unwrap_or_default()
    }

    fn created_by(&self) -> Author {
        Author::Is(self.created_by)
    }

    fn updated_by(&self) -> Author {
        Author::NotKept
    }

    fn with(ids: Vec<Self::Id>, text: Option<SearchText>) -> InteractionFilter {
        InteractionFilter { ids: Some(ids), text, ..InteractionFilter::default() }
    }
}

impl Own for User {
    fn name(&self) -> &str {
        &self.name
    }

    fn created_by(&self) -> Author {
        Author::NotKept
    }

    fn updated_by(&self) -> Author {
        Author::NotKept
    }

    fn with(ids: Vec<Self::Id>, _: Option<SearchText>) -> UserFilter {
        UserFilter { ids: Some(ids), ..UserFilter::default() }
    }
}
