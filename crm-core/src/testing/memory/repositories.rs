//! What the five repositories do beyond the common.

use std::cmp::Reverse;
use std::collections::HashMap;

use async_trait::async_trait;

use super::Session;
use super::table::{Row, Table, now};
use crate::{
    Customer, CustomerId, CustomerOverview, CustomerRepository, InteractionRepository, Lead, LeadId,
    LeadRepository, Result, Stage, TagCount, Tags, Task, TaskId, TaskRepository, TaskStatus, User, UserId,
    UserRepository, Valid, check_recent, with_tags, without_tags,
};

/// Sets a field unless it has the value already; tells whether it had to.
fn move_to<T: PartialEq>(field: &mut T, value: T) -> bool {
    let moves = *field != value;
    *field = value;
    moves
}

#[async_trait]
impl UserRepository for Session {
    async fn find_by_email(&self, email: &str) -> Result<Option<User>> {
        self.run(|state| {
            let is_sought = |user: &&User| user.email.as_str().eq_ignore_ascii_case(email);
            Ok(state.users.rows().map(AsRef::as_ref).find(is_sought).cloned())
        })
    }

    async fn deactivate(&self, id: UserId) -> Result<User> {
        self.run(|state| {
            state.change(id, None, |user: &mut User| {
                let was_active = user.deactivated_at.is_none();
                user.deactivated_at.get_or_insert_with(now);
                Ok(was_active)
            })
        })
    }

    async fn reactivate(&self, id: UserId) -> Result<User> {
        self.run(|state| state.change(id, None, |user: &mut User| Ok(user.deactivated_at.take().is_some())))
    }
}

impl Session {
    fn change_tags(
        &self,
        id: CustomerId,
        changed: impl FnOnce(&[String]) -> Result<Vec<String>>,
    ) -> Result<Customer> {
        self.run(|state| {
            state.change(id, None, |customer: &mut Customer| {
                let tags = changed(&customer.tags)?;
                Ok(move_to(&mut customer.tags, tags))
            })
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
        self.run(|state| {
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
        self.run(|state| {
            let recent = check_recent(recent)?;
            let customer = state.get::<Customer>(id)?.clone();
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
    let mut rows: Vec<E> = table.rows().map(AsRef::as_ref).filter(|row| wanted(row)).cloned().collect();
    rows.sort_unstable_by_key(|row| Reverse(row.id()));
    rows
}

#[async_trait]
impl LeadRepository for Session {
    async fn move_to(&self, id: LeadId, stage: Stage) -> Result<Lead> {
        self.run(|state| state.change(id, None, |lead: &mut Lead| Ok(move_to(&mut lead.stage, stage))))
    }
}

impl Session {
    fn put_in(&self, id: TaskId, status: TaskStatus) -> Result<Task> {
        self.run(|state| state.change(id, None, |task: &mut Task| Ok(move_to(&mut task.status, status))))
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
