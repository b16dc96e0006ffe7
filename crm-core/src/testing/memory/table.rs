//! The rows, and what the database does with them whatever the entity: keys, references, versions.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use chrono::{DateTime, SubsecRound, Utc};

use crate::{
    Customer, CustomerId, Entity, Error, Filter, Interaction, Lead, Order, Position, Result, Task, User,
    UserId, Valid,
};

/// Is one table. Copies share the rows until one of them changes one, and always the sequence of ids, so that an id is
/// handed out once whatever becomes of a transaction.
#[derive(Clone, Debug)]
pub(super) struct Table<E: Entity> {
    rows: BTreeMap<E::Id, Arc<E>>,
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

    pub(super) fn find(&self, id: E::Id) -> Option<&Arc<E>> {
        self.rows.get(&id)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Arc<E>> {
        self.rows.values()
    }

    /// Puts a row in the place of the one with this id, or takes that one away.
    pub(super) fn put(&mut self, id: E::Id, row: Option<Arc<E>>) {
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
    ) -> Vec<Arc<E>> {
        let Order { by, descending } = order;
        let follows = |place: &Position| after.is_none_or(|after| place.compare(after, descending).is_gt());
        let mut found: Vec<_> = self
            .rows()
            .filter(|row| filter.matches(row))
            .map(|row| (row.position(by), row))
            .filter(|(place, _)| follows(place))
            .collect();
        found.sort_by(|(a, _), (b, _)| a.compare(b, descending));
        found.into_iter().map(|(_, row)| Arc::clone(row)).collect()
    }

    fn delete_references(&mut self, to: CustomerId) {
        self.rows.retain(|_, row| !row.references().contains(&("customer_id", Target::Customer(to))));
    }

    fn clear_references(&mut self, to: UserId, now: DateTime<Utc>) {
        for row in self.rows.values_mut() {
            if row.references().iter().any(|(_, target)| *target == Target::User(to)) {
                let row = Arc::make_mut(row);
                let cleared =
                    row.user_fields().into_iter().filter_map(|user| user.take_if(|user| *user == to));
                // Each foreign key clears its own column by an update of its own.
                for _ in 0..cleared.count() {
                    row.touch(now);
                }
            }
        }
    }
}

/// Tells whether two copies have the very same row, or both none.
pub(super) fn is_same<E>(one: Option<&Arc<E>>, other: Option<&Arc<E>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// Is what a foreign key points at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    Customer(CustomerId),
    User(UserId),
}

/// Is a row, as the code that is the same for all five tables needs it.
pub(super) trait Row: Entity {
    fn table(state: &State) -> &Table<Self>;

    fn table_mut(state: &mut State) -> &mut Table<Self>;

    fn build(id: Self::Id, now: DateTime<Utc>, new: Self::New) -> Self;

    fn apply(&mut self, patch: Self::Patch);

    /// Does what the trigger does after every change.
    fn touch(&mut self, now: DateTime<Utc>);

    /// Returns the foreign keys that are not null, with their fields.
    fn references(&self) -> Vec<(&'static str, Target)> {
        Vec::new()
    }

    /// Returns the foreign keys that a user's deletion clears.
    fn user_fields(&mut self) -> Vec<&mut Option<UserId>> {
        Vec::new()
    }

    /// Returns the field that no two rows may share, and the value by which it is compared.
    fn unique(&self) -> Option<(&'static str, String)> {
        None
    }

    /// Does to the other tables what a deletion brings about.
    fn after_delete(_state: &mut State, _id: Self::Id) {}
}

/// Is the five tables.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) users: Table<User>,
    pub(super) customers: Table<Customer>,
    pub(super) leads: Table<Lead>,
    pub(super) tasks: Table<Task>,
    pub(super) interactions: Table<Interaction>,
}

impl State {
    pub(super) fn get<E: Row>(&self, id: E::Id) -> Result<&E> {
        let row = E::table(self).find(id).map(Arc::as_ref);
        row.ok_or_else(|| Error::NotFound { entity: E::KIND, id: id.into() })
    }

    /// Creates all rows or none; `name` says how a field of the nth row is called.
    pub(super) fn insert<E: Row>(
        &mut self,
        new: Vec<Valid<E::New>>,
        name: impl Fn(usize, &str) -> String,
    ) -> Result<Vec<Arc<E>>> {
        let now = now();
        let table = E::table(self);
        let mut taken: HashSet<_> = table.rows().filter_map(|row| row.unique()).collect();
        let mut rows = Vec::with_capacity(new.len());
        for (at, new) in new.into_iter().enumerate() {
            let row = E::build(table.next_id(), now, new.into_inner());
            if let Some((field, value)) = row.unique()
                && !taken.insert((field, value))
            {
                return Err(Error::Taken { entity: E::KIND, field: name(at, field) });
            }
            if let Some(field) = self.missing_reference(&row) {
                return Err(Error::MissingReference { field: name(at, field) });
            }
            rows.push(Arc::new(row));
        }
        for row in &rows {
            E::table_mut(self).put(row.id(), Some(Arc::clone(row)));
        }
        Ok(rows)
    }

    /// Changes a row; `change` tells whether it did, which is what raises the version.
    pub(super) fn change<E: Row>(
        &mut self,
        id: E::Id,
        expected_version: Option<i64>,
        change: impl FnOnce(&mut E) -> Result<bool>,
    ) -> Result<E> {
        let mut row = self.get::<E>(id)?.clone();
        let current_version = row.version();
        if expected_version.is_some_and(|expected| expected != current_version) {
            return Err(Error::StaleVersion { entity: E::KIND, id: id.into(), current_version });
        }
        if change(&mut row)? {
            row.touch(now());
            self.check(&row)?;
            E::table_mut(self).put(id, Some(Arc::new(row.clone())));
        }
        Ok(row)
    }

    pub(super) fn delete<E: Row>(&mut self, id: E::Id) -> Result<()> {
        self.get::<E>(id)?;
        E::table_mut(self).put(id, None);
        E::after_delete(self, id);
        Ok(())
    }

    /// Checks what the database's constraints check.
    pub(super) fn check<E: Row>(&self, row: &E) -> Result<()> {
        if let Some((field, value)) = row.unique() {
            let mut others = E::table(self).rows().filter(|other| other.id() != row.id());
            if others.any(|other| other.unique().is_some_and(|(_, other)| other == value)) {
                return Err(Error::Taken { entity: E::KIND, field: field.into() });
            }
        }
        self.missing_reference(row)
            .map_or(Ok(()), |field| Err(Error::MissingReference { field: field.into() }))
    }

    pub(super) fn missing_reference<E: Row>(&self, row: &E) -> Option<&'static str> {
        let is_missing = |target| match target {
            Target::Customer(id) => self.customers.find(id).is_none(),
            Target::User(id) => self.users.find(id).is_none(),
        };
        row.references().into_iter().find(|&(_, target)| is_missing(target)).map(|(field, _)| field)
    }

    pub(super) fn delete_rows_of(&mut self, customer: CustomerId) {
        self.leads.delete_references(customer);
        self.tasks.delete_references(customer);
        self.interactions.delete_references(customer);
    }

    pub(super) fn forget(&mut self, user: UserId) {
        let now = now();
        self.customers.clear_references(user, now);
        self.leads.clear_references(user, now);
        self.tasks.clear_references(user, now);
        self.interactions.clear_references(user, now);
    }
}

/// Returns the present in whole milliseconds, as the columns hold it.
pub(super) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}
