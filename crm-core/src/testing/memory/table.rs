//! The rows, and what the database does with them whatever the entity: keys, references, versions, rights.

use std::collections::{BTreeMap, HashSet};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use chrono::{DateTime, SubsecRound, Utc};

use super::acting::By;
use super::session::Failure;
use crate::{
    Action, Customer, Entity, EntityKind, Error, Filter, Hashing, Interaction, Lead, Order, PasswordHash,
    Position, Result, Task, User, UserId,
};

/// A row as it is stored: the entity, and the password that no entity shows.
#[derive(Clone, Debug)]
pub(super) struct Stored<E> {
    entity: E,
    pub(super) password: Option<PasswordHash>,
}

impl<E> Deref for Stored<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.entity
    }
}

impl<E> DerefMut for Stored<E> {
    fn deref_mut(&mut self) -> &mut E {
        &mut self.entity
    }
}

/// A row to be stored.
pub(super) struct Prepared<E: Entity> {
    new: E::New,
    password: Option<PasswordHash>,
}

impl<E: Row> Prepared<E> {
    pub(super) fn new(hashing: &Hashing, new: E::New) -> Result<Self> {
        Ok(Self { password: E::password(hashing, &new)?, new })
    }
}

/// One table. Copies share the rows until one of them changes one, and always the sequence of ids, so that an id is
/// handed out once whatever becomes of a transaction.
#[derive(Clone, Debug)]
pub(super) struct Table<E: Entity> {
    rows: BTreeMap<E::Id, Arc<Stored<E>>>,
    last_id: Arc<AtomicI64>,
}

impl<E: Entity> Default for Table<E> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), last_id: Arc::default() }
    }
}

impl<E: Row> Table<E> {
    fn next_id(&self) -> E::Id {
        (self.last_id.fetch_add(1, Relaxed) + 1).into()
    }

    pub(super) fn find(&self, id: E::Id) -> Option<&Arc<Stored<E>>> {
        self.rows.get(&id)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &E> {
        self.rows.values().map(|row| &row.entity)
    }

    /// Puts a row in the place of the one with this id, or takes that one away.
    pub(super) fn put(&mut self, id: E::Id, row: Option<Arc<Stored<E>>>) {
        match row {
            Some(row) => self.rows.insert(id, row),
            None => self.rows.remove(&id),
        };
    }

    /// Returns the ids of the rows that are not the same in an earlier copy.
    pub(super) fn changed_since(&self, earlier: &Self) -> Vec<E::Id> {
        let ids = self.rows.keys().chain(earlier.rows.keys().filter(|id| !self.rows.contains_key(id)));
        ids.copied().filter(|&id| !is_same(self.find(id), earlier.find(id))).collect()
    }

    pub(super) fn count(&self, filter: &E::Filter) -> i64 {
        self.rows().map(|row| i64::from(filter.matches(row))).sum()
    }

    /// Returns the rows that the filter selects, in order, from the one after a position.
    pub(super) fn select(
        &self,
        filter: &E::Filter,
        order: Order<E::OrderBy>,
        after: Option<&Position>,
    ) -> Vec<Arc<Stored<E>>> {
        let Order { by, descending } = order;
        let follows = |place: &Position| after.is_none_or(|after| place.compare(after, descending).is_gt());
        let mut found: Vec<_> = self
            .rows
            .values()
            .filter(|row| filter.matches(row))
            .map(|row| (row.position(by), row))
            .filter(|(place, _)| follows(place))
            .collect();
        found.sort_by(|(a, _), (b, _)| a.compare(b, descending));
        found.into_iter().map(|(_, row)| Arc::clone(row)).collect()
    }

    /// Does to the rows what the deletion of another row brings about, and returns the keys of those that go with it.
    fn follow_deletion(&mut self, of: Key, now: DateTime<Utc>) -> Vec<Key> {
        let refers = |row: &E, rule| {
            let references = row.references().into_iter();
            references
                .filter(|reference| reference.to == of && reference.on_delete == rule)
                .collect::<Vec<_>>()
        };
        let gone: Vec<_> =
            self.rows().filter(|row| !refers(row, OnDelete::Cascade).is_empty()).map(Entity::id).collect();
        self.rows.retain(|id, _| !gone.contains(id));
        for row in self.rows.values_mut() {
            // Each foreign key clears its own column by an update of its own.
            for reference in refers(row, OnDelete::Clear) {
                let row = Arc::make_mut(row);
                row.clear(reference.field);
                row.touch(now);
            }
        }
        gone.into_iter().map(Key::of::<E>).collect()
    }
}

/// Tells whether two copies have the very same row, or both none.
pub(super) fn is_same<E>(one: Option<&Arc<E>>, other: Option<&Arc<E>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// The key of a row of any table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Key {
    kind: EntityKind,
    id: i64,
}

impl Key {
    pub(super) fn of<E: Entity>(id: E::Id) -> Self {
        Self { kind: E::KIND, id: id.into() }
    }
}

/// A foreign key that is not null.
pub(super) struct Reference {
    pub(super) field: &'static str,
    pub(super) to: Key,
    pub(super) on_delete: OnDelete,
}

/// What becomes of a row when the row that it refers to is deleted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum OnDelete {
    /// It goes too.
    Cascade,
    /// It loses the reference.
    Clear,
}

/// What a row refers to.
pub(super) trait Referring {
    /// Returns the foreign keys that are not null, in the order in which the database has them.
    fn references(&self) -> Vec<Reference>;

    /// Makes a foreign key null.
    fn clear(&mut self, field: &str);
}

/// The table of an entity.
pub(super) trait Tabled: Entity {
    fn table(state: &State) -> &Table<Self>;

    fn table_mut(state: &mut State) -> &mut Table<Self>;
}

/// A row, as the code that all tables share needs it.
pub(super) trait Row: Tabled + Referring {
    /// Returns the hash of the password that a new row has.
    fn password(_hashing: &Hashing, _new: &Self::New) -> Result<Option<PasswordHash>> {
        Ok(None)
    }

    fn build(id: Self::Id, now: DateTime<Utc>, new: Self::New) -> Self;

    fn apply(&mut self, patch: Self::Patch);

    /// Returns what a patch takes the right to do.
    fn actions(_patch: &Self::Patch) -> Vec<Action> {
        vec![Action::Update]
    }

    /// Tells whether the row is the user's own.
    fn is_own(&self, user: UserId) -> bool;

    /// Notes who has made the row.
    fn stamp_creator(&mut self, _creator: UserId) {}

    /// Notes who has changed the row; nobody where the trusted system has.
    fn stamp(&mut self, _user: Option<UserId>) {}

    /// Does what the trigger does after every change.
    fn touch(&mut self, now: DateTime<Utc>);

    /// Returns the field that no two rows may share, and the value by which it is compared.
    fn unique(&self) -> Option<(&'static str, String)> {
        None
    }
}

macro_rules! state {
    ({} $($name:ident: $entity:ident, $repository:ident, $mock:ident;)+) => {
        /// The tables.
        #[derive(Clone, Debug, Default)]
        pub(super) struct State {
            $(pub(super) $name: Table<$entity>,)+
        }

        $(
            impl Tabled for $entity {
                fn table(state: &State) -> &Table<Self> {
                    &state.$name
                }

                fn table_mut(state: &mut State) -> &mut Table<Self> {
                    &mut state.$name
                }
            }
        )+

        impl State {
            fn has(&self, Key { kind, id }: Key) -> bool {
                match kind {
                    $(EntityKind::$entity => self.$name.find(id.into()).is_some(),)+
                }
            }

            /// Does to all tables what the deletion of a row brings about.
            fn follow_deletion(&mut self, of: Key, now: DateTime<Utc>) {
                $(
                    for gone in self.$name.follow_deletion(of, now) {
                        self.follow_deletion(gone, now);
                    }
                )+
            }
        }
    };
}

crate::with_entities!([state]);

impl State {
    pub(super) fn get<E: Row>(&self, id: E::Id) -> Result<&Arc<Stored<E>>> {
        E::table(self).find(id).ok_or_else(|| Error::NotFound { entity: E::KIND, id: id.into() })
    }

    /// Creates all rows or none; `name` says how a field of the nth row is called.
    pub(super) fn insert<E: Row>(
        &mut self,
        by: By,
        prepared: Vec<Prepared<E>>,
        name: impl Fn(usize, &str) -> String,
    ) -> Result<Vec<Arc<Stored<E>>>, Failure> {
        by.need(Action::Create, E::KIND)?;
        let now = now();
        let table = E::table(self);
        let mut taken: HashSet<_> = table.rows().filter_map(E::unique).collect();
        let mut rows = Vec::with_capacity(prepared.len());
        for (at, Prepared { new, password }) in prepared.into_iter().enumerate() {
            let mut entity = E::build(table.next_id(), now, new);
            if let Some(actor) = by.user() {
                entity.stamp_creator(actor);
                entity.stamp(Some(actor));
            }
            if let Some((field, value)) = entity.unique()
                && !taken.insert((field, value))
            {
                return Err(Error::Taken { entity: E::KIND, field: name(at, field) }.into());
            }
            if let Some(field) = self.missing_reference(by, &entity) {
                return Err(Failure::by_database(by.missing(field, |field| name(at, field))));
            }
            rows.push(Arc::new(Stored { entity, password }));
        }
        for row in &rows {
            E::table_mut(self).put(row.id(), Some(Arc::clone(row)));
        }
        Ok(rows)
    }

    /// Changes a row; `change` tells whether it did, which is what raises the version.
    pub(super) fn change<E: Row>(
        &mut self,
        by: By,
        actions: &[Action],
        id: E::Id,
        expected_version: Option<i64>,
        change: impl FnOnce(&mut Stored<E>) -> Result<bool>,
    ) -> Result<E, Failure> {
        for &action in actions {
            by.need(action, E::KIND)?;
        }
        let mut row = self.get::<E>(id)?.as_ref().clone();
        let current_version = row.version();
        if expected_version.is_some_and(|expected| expected != current_version) {
            return Err(Error::StaleVersion { entity: E::KIND, id: id.into(), current_version }.into());
        }
        for &action in actions {
            by.need_for(action, &*row)?;
        }
        if change(&mut row)? {
            row.touch(now());
            row.stamp(by.user());
            self.check(by, &*row)?;
            E::table_mut(self).put(id, Some(Arc::new(row.clone())));
        }
        Ok(row.entity)
    }

    pub(super) fn delete<E: Row>(&mut self, by: By, id: E::Id) -> Result<(), Failure> {
        by.need(Action::Delete, E::KIND)?;
        by.need_for::<E>(Action::Delete, self.get(id)?)?;
        E::table_mut(self).put(id, None);
        self.follow_deletion(Key::of::<E>(id), now());
        Ok(())
    }

    /// Checks what the database's constraints check.
    pub(super) fn check<E: Row>(&self, by: By, row: &E) -> Result<(), Failure> {
        if let Some((field, value)) = row.unique() {
            let mut others = E::table(self).rows().filter(|other| other.id() != row.id());
            if others.any(|other| other.unique().is_some_and(|(_, other)| other == value)) {
                return Err(Error::Taken { entity: E::KIND, field: field.into() }.into());
            }
        }
        self.missing_reference(by, row)
            .map_or(Ok(()), |field| Err(Failure::by_database(by.missing(field, str::to_owned))))
    }

    pub(super) fn missing_reference<E: Row>(&self, by: By, row: &E) -> Option<&'static str> {
        let is_lost = |Key { kind, id }| kind == EntityKind::User && by.lost(id.into());
        let is_missing = |to| !self.has(to) || is_lost(to);
        row.references()
            .into_iter()
            .find(|reference| is_missing(reference.to))
            .map(|reference| reference.field)
    }
}

/// Returns the present in whole milliseconds, as the columns hold it.
pub(super) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}
