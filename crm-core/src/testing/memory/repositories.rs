//! The repositories: what all five have, and what each does beyond.

use std::cmp::Reverse;
use std::collections::HashMap;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::session::Session;
use super::table::{Prepared, Row, State, Stored, Table, now};
use crate::{
    Action, Changes, Customer, CustomerId, CustomerOverview, CustomerRepository, Error,
    InteractionRepository, Lead, LeadId, LeadRepository, List, Order, Page, Password, PasswordHash,
    Repository, Result, Stage, TagCount, Tags, Task, TaskId, TaskRepository, TaskStatus, User, UserId,
    UserRepository, Valid, check_recent, with_tags, without_tags,
};

impl Session {
    /// Makes ready what is to be stored, as far as that takes no rows; `name` says how the caller calls a field.
    fn prepare<E: Row>(&self, new: Valid<E::New>, name: impl FnOnce(&str) -> String) -> Result<Prepared<E>> {
        if let (Some(_), Some(field)) = (self.actor, E::reserved(&new)) {
            return Err(Error::PermissionDenied(format!("only the trusted system may give {}", name(field))));
        }
        Prepared::new(self.hashing(), new.into_inner())
    }

    /// Changes a row by itself; see [`State::change`].
    fn change<E: Row>(
        &self,
        action: Action,
        id: E::Id,
        change: impl FnOnce(&mut Stored<E>) -> Result<bool>,
    ) -> Result<E> {
        self.run(|state, by| state.change(by, &[action], id, None, change))
    }
}

#[async_trait]
impl<E: Row> Repository<E> for Session {
    async fn create(&self, new: Valid<E::New>) -> Result<E> {
        let prepared = self.prepare::<E>(new, str::to_owned)?;
        self.run(|state, by| {
            let row = state.insert(by, vec![prepared], |_, field| field.to_owned())?.swap_remove(0);
            Ok(E::clone(&row))
        })
    }

    async fn create_many(&self, new: Vec<Valid<E::New>>) -> Result<Vec<E::Id>> {
        if new.is_empty() {
            return self.run(|_, _| Ok(Vec::new()));
        }
        let name = |at: usize, field: &str| format!("[{at}].{field}");
        let prepared =
            new.into_iter().enumerate().map(|(at, new)| self.prepare::<E>(new, |field| name(at, field)));
        let prepared = prepared.collect::<Result<Vec<_>>>()?;
        let rows = self.run(|state, by| state.insert(by, prepared, name))?;
        Ok(rows.iter().map(|row| row.id()).collect())
    }

    async fn get(&self, id: E::Id) -> Result<E> {
        self.run(|state, _| Ok(E::clone(state.get(id)?)))
    }

    async fn find(&self, id: E::Id) -> Result<Option<E>> {
        self.run(|state, _| Ok(E::table(state).find(id).map(|row| E::clone(row))))
    }

    async fn get_many(&self, ids: &[E::Id]) -> Result<Vec<E>> {
        let found = |state: &mut State| {
            let table = E::table(state);
            ids.iter().filter_map(|&id| table.find(id)).map(|row| E::clone(row)).collect()
        };
        self.run(|state, _| Ok(found(state)))
    }

    async fn list(&self, list: &List<E>) -> Result<Page<E>> {
        let (limit, after) = list.start()?;
        self.run(|state, _| {
            let rows = E::table(state).select(&list.filter, list.order, after.as_ref());
            Ok(list.page(rows.iter().take(limit + 1).map(|row| E::clone(row)).collect()))
        })
    }

    fn stream(&self, filter: E::Filter, order: Order<E::OrderBy>) -> BoxStream<'_, Result<E>> {
        let snapshot = async move { self.run(|state, _| Ok(E::table(state).select(&filter, order, None))) };
        stream::once(snapshot)
            .map_ok(|rows| stream::iter(rows).map(|row| Ok(E::clone(&row))))
            .try_flatten()
            .boxed()
    }

    async fn count(&self, filter: &E::Filter) -> Result<i64> {
        self.run(|state, _| Ok(E::table(state).count(filter)))
    }

    async fn update(&self, id: E::Id, patch: Valid<E::Patch>, expected_version: Option<i64>) -> Result<E> {
        let actions = if patch.is_empty() { Vec::new() } else { E::actions(&patch) };
        self.run(|state, by| {
            state.change(by, &actions, id, expected_version, |row: &mut Stored<E>| {
                let changes = !patch.is_empty();
                row.apply(patch.into_inner());
                Ok(changes)
            })
        })
    }

    async fn delete(&self, id: E::Id) -> Result<()> {
        self.run(|state, by| state.delete::<E>(by, id))
    }
}

/// Sets a field unless it has the value already; tells whether it had to.
fn move_to<T: PartialEq>(field: &mut T, value: T) -> bool {
    let moves = *field != value;
    *field = value;
    moves
}

/// Finds the user with this email.
fn by_email<'s>(state: &'s State, email: &str) -> Option<&'s User> {
    state.users.rows().find(|user| user.email.is_sought_by(email))
}

/// Returns the change that gives a user another password.
fn renew(hash: PasswordHash) -> impl FnOnce(&mut Stored<User>) -> Result<bool> {
    |user| Ok(move_to(&mut user.password, Some(hash)))
}

#[async_trait]
impl UserRepository for Session {
    async fn find_by_email(&self, email: &str) -> Result<Option<User>> {
        self.run(|state, _| Ok(by_email(state, email).cloned()))
    }

    async fn authenticate(&self, email: &str, password: Password) -> Result<User> {
        self.refuse_actor("a login")?;
        self.run(|state, by| {
            let user = by_email(state, email).map(|user| state.get::<User>(user.id)).transpose()?;
            let stored = user.and_then(|user| user.password.as_ref());
            let replacement = self.hashing().check(&password, stored)?;
            let user = user.filter(|user| user.deactivated_at.is_none()).ok_or(Error::InvalidCredentials)?;
            match replacement {
                None => Ok(User::clone(user)),
                Some(new) => state.change(by, &[], user.id, None, renew(new)),
            }
        })
    }

    async fn change_password(&self, id: UserId, current: Password, new: Valid<Password>) -> Result<()> {
        if self.actor.is_some_and(|actor| actor != id) {
            return Err(Error::PermissionDenied("a user changes only the own password this way".to_owned()));
        }
        self.run(|state, by| {
            self.refuse_retired(state)?;
            let user = state.users.find(id).filter(|user| user.deactivated_at.is_none());
            self.hashing().verify(&current, user.and_then(|user| user.password.as_ref()))?;
            let new = self.hashing().hash(&new)?;
            state.change(by, &[Action::ChangePassword], id, None, renew(new)).map(drop)
        })
    }

    async fn set_password(&self, id: UserId, new: Valid<Password>) -> Result<()> {
        let new = self.hashing().hash(&new)?;
        self.change(Action::SetPassword, id, renew(new)).map(drop)
    }

    async fn deactivate(&self, id: UserId) -> Result<User> {
        self.change(Action::Deactivate, id, |user: &mut Stored<User>| {
            let was_active = user.deactivated_at.is_none();
            user.deactivated_at.get_or_insert_with(now);
            Ok(was_active)
        })
    }

    async fn reactivate(&self, id: UserId) -> Result<User> {
        self.change(Action::Deactivate, id, |user: &mut Stored<User>| {
            Ok(user.deactivated_at.take().is_some())
        })
    }
}

impl Session {
    fn change_tags(
        &self,
        id: CustomerId,
        changed: impl FnOnce(&[String]) -> Result<Vec<String>>,
    ) -> Result<Customer> {
        self.change(Action::Update, id, |customer: &mut Stored<Customer>| {
            let tags = changed(&customer.tags)?;
            Ok(move_to(&mut customer.tags, tags))
        })
    }
}

#[async_trait]
impl CustomerRepository for Session {
    async fn add_tags(&self, id: CustomerId, tags: Valid<Tags>) -> Result<Customer> {
        self.change_tags(id, |known| with_tags(known, &tags.0))
    }

    async fn remove_tags(&self, id: CustomerId, tags: Valid<Tags>) -> Result<Customer> {
        self.change_tags(id, |known| Ok(without_tags(known, &tags.0)))
    }

    async fn tag_counts(&self) -> Result<Vec<TagCount>> {
        self.run(|state, _| {
            let mut counts = HashMap::new();
            for tag in state.customers.rows().flat_map(|customer| &customer.tags) {
                *counts.entry(tag).or_insert(0) += 1;
            }
            let mut counts: Vec<_> =
                counts.into_iter().map(|(tag, count)| TagCount { tag: tag.clone(), count }).collect();
            counts.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.tag.cmp(&b.tag)));
            Ok(counts)
        })
    }

    async fn overview(&self, id: CustomerId, recent: u32) -> Result<CustomerOverview> {
        let recent = check_recent(recent)?;
        self.run(|state, _| {
            let customer = Customer::clone(state.get(id)?);
            let is_open_lead = |lead: &Lead| lead.customer_id == Some(id) && lead.stage != Stage::Closed;
            let is_open_task =
                |task: &Task| task.customer_id == Some(id) && task.status != TaskStatus::Completed;
            let mut recent_interactions =
                newest_first(&state.interactions, |interaction| interaction.customer_id == id);
            recent_interactions.sort_by_key(|interaction| Reverse(interaction.date));
            recent_interactions.truncate(recent);
            Ok(CustomerOverview {
                customer,
                open_leads: newest_first(&state.leads, is_open_lead),
                open_tasks: newest_first(&state.tasks, is_open_task),
                recent_interactions,
            })
        })
    }
}

/// Returns some rows by descending id.
fn newest_first<E: Row>(table: &Table<E>, wanted: impl Fn(&E) -> bool) -> Vec<E> {
    let mut rows: Vec<E> = table.rows().filter(|row| wanted(row)).cloned().collect();
    rows.sort_unstable_by_key(|row| Reverse(row.id()));
    rows
}

#[async_trait]
impl LeadRepository for Session {
    async fn move_to(&self, id: LeadId, stage: Stage) -> Result<Lead> {
        self.change(Action::Update, id, |lead: &mut Stored<Lead>| Ok(move_to(&mut lead.stage, stage)))
    }
}

impl Session {
    fn put_in(&self, id: TaskId, status: TaskStatus) -> Result<Task> {
        self.change(Action::Update, id, |task: &mut Stored<Task>| Ok(move_to(&mut task.status, status)))
    }
}

#[async_trait]
impl TaskRepository for Session {
    async fn start(&self, id: TaskId) -> Result<Task> {
        self.put_in(id, TaskStatus::InProgress)
    }

    async fn complete(&self, id: TaskId) -> Result<Task> {
        self.put_in(id, TaskStatus::Completed)
    }

    async fn reopen(&self, id: TaskId) -> Result<Task> {
        self.put_in(id, TaskStatus::Pending)
    }
}

#[async_trait]
impl InteractionRepository for Session {}
