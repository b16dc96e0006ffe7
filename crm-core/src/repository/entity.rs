//! What the five entities have in common.

use std::fmt::Debug;

use crate::{EntityKind, Id, OrderBy, Position, SortKey, Validate};

/// A row of one of the five tables, with the types that belong to it.
pub trait Entity: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// Which entity this is.
    const KIND: EntityKind;
    /// Its key.
    type Id: Id;
    /// What creates one.
    type New: Validate + Clone + Debug + Send + Sync + 'static;
    /// What changes one.
    type Patch: Changes + Validate + Clone + Debug + Default + Send + Sync + 'static;
    /// What selects some.
    type Filter: Filter<Self> + Clone + Debug + Default + Send + Sync + 'static;
    /// What a list of them can be ordered by.
    type OrderBy: OrderBy;

    /// Returns the key.
    fn id(&self) -> Self::Id;

    /// Returns the version, which every change raises by one.
    fn version(&self) -> i64;

    /// Returns the value by which the row takes its place in an order.
    fn sort_key(&self, by: Self::OrderBy) -> SortKey;

    /// Names the field of an input that only the trusted system may give, where it is given.
    fn reserved(new: &Self::New) -> Option<&'static str>;

    /// Returns the row's place in an order.
    fn position(&self, by: Self::OrderBy) -> Position {
        Position { key: self.sort_key(by), id: self.id().into() }
    }
}

/// A set of changes.
pub trait Changes {
    /// Tells whether nothing is changed.
    fn is_empty(&self) -> bool;
}

/// Selects rows: all the conditions that are given must hold. The values are typed, not validated: no match is no error.
/// What was stored is found by what was given: a text matches as given and as validation would have stored it, and a
/// moment counts to the millisecond.
pub trait Filter<E> {
    /// Tells whether the filter selects the row. This is the meaning that every store has to give it.
    fn matches(&self, row: &E) -> bool;
}
