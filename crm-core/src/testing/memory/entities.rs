//! The five entities: how a row is made, changed and referred to.

use chrono::{DateTime, Utc};

use super::table::{Key, OnDelete, Reference, Referring, Row};
use crate::{
    Action, Credential, Customer, CustomerId, CustomerPatch, Email, Hashing, Interaction, InteractionId,
    InteractionPatch, Lead, LeadId, LeadPatch, NewCustomer, NewInteraction, NewLead, NewTask, NewUser,
    PasswordHash, Patch, Result, Task, TaskId, TaskPatch, User, UserId, UserPatch,
};

/// Changes a field that cannot be null; validation has refused to clear it.
fn set<T>(field: &mut T, patch: Patch<T>) {
    if let Patch::Set(value) = patch {
        *field = value;
    }
}

/// Lists the foreign keys of an entity, each with its target and what the deletion of that brings about.
macro_rules! references {
    ($entity:ident { $($field:ident: $target:ident $rule:ident,)* }) => {
        impl Referring for $entity {
            fn references(&self) -> Vec<Reference> {
                let all: [Option<Reference>; _] = [$(
                    Option::from(self.$field).map(|id| Reference {
                        field: stringify!($field),
                        to: Key::of::<$target>(id),
                        on_delete: OnDelete::$rule,
                    }),
                )*];
                all.into_iter().flatten().collect()
            }

            fn clear(&mut self, field: &str) {
                $(references!(@$rule self field $field);)*
                unreachable!("{field} cannot be null")
            }
        }
    };
    (@Cascade $row:ident $name:ident $field:ident) => {};
    (@Clear $row:ident $name:ident $field:ident) => {
        if $name == stringify!($field) {
            $row.$field = None;
            return;
        }
    };
}

references! { User {} }
references! { Customer { created_by: User Clear, updated_by: User Clear, } }
references! {
    Lead { customer_id: Customer Cascade, assigned_to: User Clear, created_by: User Clear, updated_by: User Clear, }
}
references! {
    Task { assigned_to: User Clear, customer_id: Customer Cascade, created_by: User Clear, updated_by: User Clear, }
}
references! { Interaction { customer_id: Customer Cascade, created_by: User Clear, } }

impl Row for User {
    fn password(hashing: &Hashing, new: &NewUser) -> Result<Option<PasswordHash>> {
        match &new.credential {
            Credential::Password(password) => hashing.hash(password).map(Some),
            Credential::Hash(hash) => Ok(Some(hash.clone())),
        }
    }

    fn build(id: UserId, now: DateTime<Utc>, new: NewUser) -> Self {
        let NewUser { name, email, role, credential: _ } = new;
        Self {
            id,
            name,
            email: Email::from_stored(email),
            role,
            deactivated_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    fn apply(&mut self, patch: UserPatch) {
        let UserPatch { name, email, role } = patch;
        set(&mut self.name, name);
        if let Patch::Set(email) = email {
            self.email = Email::from_stored(email);
        }
        set(&mut self.role, role);
    }

    fn actions(patch: &UserPatch) -> Vec<Action> {
        let UserPatch { name, email, role } = patch;
        let update = (!(name.is_keep() && email.is_keep())).then_some(Action::Update);
        let change_role = (!role.is_keep()).then_some(Action::ChangeRole);
        update.into_iter().chain(change_role).collect()
    }

    fn is_own(&self, user: UserId) -> bool {
        self.id == user
    }

    fn touch(&mut self, now: DateTime<Utc>) {
        self.updated_at = now;
        self.version += 1;
    }

    fn unique(&self) -> Option<(&'static str, String)> {
        Some(("email", self.email.to_ascii_lowercase()))
    }
}

impl Row for Customer {
    fn build(id: CustomerId, now: DateTime<Utc>, new: NewCustomer) -> Self {
        let NewCustomer { name, email, phone, company, tags, notes, created_by } = new;
        Self {
            id,
            name,
            email: email.map(Email::from_stored),
            phone,
            company,
            tags,
            notes,
            created_by,
            updated_by: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    fn apply(&mut self, patch: CustomerPatch) {
        let CustomerPatch { name, email, phone, company, tags, notes } = patch;
        set(&mut self.name, name);
        match email {
            Patch::Keep => {}
            Patch::Clear => self.email = None,
            Patch::Set(email) => self.email = Some(Email::from_stored(email)),
        }
        phone.apply(&mut self.phone);
        company.apply(&mut self.company);
        tags.apply_required(&mut self.tags);
        notes.apply(&mut self.notes);
    }

    fn is_own(&self, user: UserId) -> bool {
        self.created_by == Some(user)
    }

    fn stamp_creator(&mut self, creator: UserId) {
        self.created_by = Some(creator);
    }

    fn stamp(&mut self, user: Option<UserId>) {
        self.updated_by = user;
    }

    fn touch(&mut self, now: DateTime<Utc>) {
        self.updated_at = now;
        self.version += 1;
    }
}

impl Row for Lead {
    fn build(id: LeadId, now: DateTime<Utc>, new: NewLead) -> Self {
        let NewLead { title, description, stage, value, customer_id, assigned_to, created_by } = new;
        Self {
            id,
            title,
            description,
            stage,
            value,
            customer_id,
            assigned_to,
            created_by,
            updated_by: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    fn apply(&mut self, patch: LeadPatch) {
        let LeadPatch { title, description, stage, value, customer_id, assigned_to } = patch;
        set(&mut self.title, title);
        description.apply(&mut self.description);
        set(&mut self.stage, stage);
        value.apply(&mut self.value);
        customer_id.apply(&mut self.customer_id);
        assigned_to.apply(&mut self.assigned_to);
    }

    fn is_own(&self, user: UserId) -> bool {
        self.created_by == Some(user)
    }

    fn stamp_creator(&mut self, creator: UserId) {
        self.created_by = Some(creator);
    }

    fn stamp(&mut self, user: Option<UserId>) {
        self.updated_by = user;
    }

    fn touch(&mut self, now: DateTime<Utc>) {
        self.updated_at = now;
        self.version += 1;
    }
}

impl Row for Task {
    fn build(id: TaskId, now: DateTime<Utc>, new: NewTask) -> Self {
        let NewTask { title, description, status, priority, due_date, assigned_to, customer_id, created_by } =
            new;
        Self {
            id,
            title,
            description,
            status,
            priority,
            due_date,
            assigned_to,
            customer_id,
            created_by,
            updated_by: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    fn apply(&mut self, patch: TaskPatch) {
        let TaskPatch { title, description, status, priority, due_date, assigned_to, customer_id } = patch;
        set(&mut self.title, title);
        description.apply(&mut self.description);
        set(&mut self.status, status);
        set(&mut self.priority, priority);
        due_date.apply(&mut self.due_date);
        assigned_to.apply(&mut self.assigned_to);
        customer_id.apply(&mut self.customer_id);
    }

    fn is_own(&self, user: UserId) -> bool {
        self.created_by == Some(user)
    }

    fn stamp_creator(&mut self, creator: UserId) {
        self.created_by = Some(creator);
    }

    fn stamp(&mut self, user: Option<UserId>) {
        self.updated_by = user;
    }

    fn touch(&mut self, now: DateTime<Utc>) {
        self.updated_at = now;
        self.version += 1;
    }
}

impl Row for Interaction {
    fn build(id: InteractionId, now: DateTime<Utc>, new: NewInteraction) -> Self {
        let NewInteraction { customer_id, kind, notes, date, created_by } = new;
        let date = date.unwrap_or(now);
        Self { id, customer_id, kind, notes, date, created_by, created_at: now, version: 1 }
    }

    fn apply(&mut self, patch: InteractionPatch) {
        let InteractionPatch { customer_id, kind, notes, date } = patch;
        set(&mut self.customer_id, customer_id);
        set(&mut self.kind, kind);
        notes.apply(&mut self.notes);
        set(&mut self.date, date);
    }

    fn is_own(&self, user: UserId) -> bool {
        self.created_by == Some(user)
    }

    fn stamp_creator(&mut self, creator: UserId) {
        self.created_by = Some(creator);
    }

    fn touch(&mut self, _now: DateTime<Utc>) {
        self.version += 1;
    }
}
