//! Calls that write a client's own rows, and those on the rows that all share.

use crm_core::{
    Customer, CustomerId, CustomerPatch, ErrorCode, Interaction, InteractionId, InteractionPatch,
    InteractionType, Lead, LeadId, LeadPatch, NewCustomer, NewInteraction, NewLead, NewTask, NewUser,
    PasswordHash, Patch, Priority, Stage, Store, Tags, Task, TaskId, TaskPatch, User, UserId, Valid,
};
use crm_postgres::chrono::NaiveDate;
use crm_postgres::rust_decimal::Decimal;

use super::own::{Own, entity};
use super::{Called, Client, Fault, Op};
use crate::ledger::{Kind, RING, Row, acts, rows, stays};

const CREATE: Op = Op::write("create", "create");
const UPDATE: Op = Op::write("update", "update");
const DELETE: Op = Op::write("delete", "delete");
const TAGS: Op = Op::write("tags", "add_tags");

/// Makes an input that the soak itself has thought of.
pub(super) fn valid<T: crm_core::Validate>(input: T) -> Valid<T> {
    input.validate().expect("the soak's inputs are valid")
}

impl Client {
    /// Creates the next row, or, where the ring is full, lets the oldest go.
    pub(super) async fn write(&mut self) -> Called<()> {
        if self.ledger.ring.len() >= RING {
            return self.retire().await;
        }
        let number = self.ledger.next;
        let name = self.ledger.name(number);
        let store = self.store(acts(number));
        let created = match Kind::of(number) {
            Kind::Deal => self.deal(&*store, &name).await,
            Kind::Bulk => self.bulk(&*store, &name).await,
            Kind::Many => self.many(&*store, &name, number).await,
            _ => self.one(&*store, &name, number).await,
        };
        match created {
            Ok((id, ids)) => {
                let updated_by = acts(number).then_some(self.ledger.actor);
                let row = Row { number, id, ids, version: 1, unknown: 0, updated_by };
                self.ledger.ring.push_back(row);
            }
            Err(Fault::Unknown) => self.ledger.unknown.push(number),
            // The same again in some other turn.
            Err(fault) => return Err(fault),
        }
        self.ledger.next += 1;
        Ok(())
    }

    async fn one(&mut self, store: &dyn Store, name: &str, number: i64) -> Called<(i64, Vec<i64>)> {
        let shared = self.shared.clone();
        let customer = CustomerId(shared.anchors[self.random.usize(0..shared.anchors.len())]);
        let user = Some(UserId(shared.users[self.random.usize(0..shared.users.len())].0));
        let id = match Kind::of(number) {
            Kind::User => {
                let email = format!("{}-{number}@example.com", self.ledger.client);
                let hash = PasswordHash::new(format!("$2b$10${}", ".".repeat(53)));
                let new = NewUser::new(name, email, hash);
                let row = self.call(CREATE, store.users().create(valid(new))).await?;
                self.check_new(&row, name, None);
                row.id.0
            }
            Kind::Lead => {
                let value = self.random.bool().then(|| Decimal::new(self.random.i64(0..10_000_000), 2));
                let stage = Stage::ALL[self.random.usize(0..4)];
                let new = NewLead {
                    stage,
                    value,
                    customer_id: Some(customer),
                    assigned_to: user,
                    ..NewLead::new(name)
                };
                let row = self.call(CREATE, store.leads().create(valid(new))).await?;
                self.check_new(&row, name, Some(number));
                row.id.0
            }
            Kind::Task => {
                let day =
                    NaiveDate::from_ymd_opt(2026, 3, self.random.u32(1..31)).expect("March has 31 days");
                let priority = Priority::ALL[self.random.usize(0..3)];
                let new = NewTask {
                    priority,
                    due_date: Some(day),
                    customer_id: Some(customer),
                    assigned_to: user,
                    ..NewTask::new(name)
                };
                let row = self.call(CREATE, store.tasks().create(valid(new))).await?;
                self.check_new(&row, name, Some(number));
                row.id.0
            }
            Kind::Interaction => {
                let kind = InteractionType::ALL[self.random.usize(0..4)];
                let new =
                    NewInteraction { notes: Some(name.to_owned()), ..NewInteraction::new(customer, kind) };
                let row = self.call(CREATE, store.interactions().create(valid(new))).await?;
                self.check_new(&row, name, Some(number));
                row.id.0
            }
            _ => {
                let new = NewCustomer {
                    email: Some("contact@example.com".to_owned()),
                    tags: vec![format!("Tag {}", number % 20)],
                    ..NewCustomer::new(name)
                };
                let row = self.call(CREATE, store.customers().create(valid(new))).await?;
                self.check_new(&row, name, Some(number));
                row.id.0
            }
        };
        Ok((id, Vec::new()))
    }

    fn check_new<E: Own>(&mut self, row: &E, name: &str, number: Option<i64>) {
        let by = number.filter(|number| acts(*number)).map(|_| self.ledger.actor);
        let is_by = row.created_by().fits(by) && row.updated_by().fits(by);
        let is_right = row.name() == name && row.version() == 1 && is_by;
        self.check(is_right, || format!("{name} was created as {row:?}"));
    }

    async fn many(&mut self, store: &dyn Store, name: &str, number: i64) -> Called<(i64, Vec<i64>)> {
        let count = rows(number)[1];
        let new = (0..count).map(|_| valid(NewCustomer::new(name))).collect();
        let op = Op::write("create_many", "create_many");
        let ids: Vec<i64> =
            self.call(op, store.customers().create_many(new)).await?.into_iter().map(i64::from).collect();
        self.check(ids.len() == usize::try_from(count).expect("there are few"), || {
            format!("{name} has the ids {ids:?}")
        });
        Ok((ids[0], ids))
    }

    /// Lets the oldest row go: one of three stays, the others are deleted.
    async fn retire(&mut self) -> Called<()> {
        let row = self.ledger.ring[0].clone();
        if stays(row.number) {
            self.ledger.ring.pop_front();
            return Ok(());
        }
        // A user may delete leads, tasks and interactions of its own.
        let is_users = matches!(Kind::of(row.number), Kind::Lead | Kind::Task | Kind::Interaction);
        let may_act = self.is_admin || (acts(row.number) && is_users);
        let acting = may_act && self.random.bool();
        let store = self.store(acting);
        let deleted = match Kind::of(row.number) {
            Kind::Many => self.delete_many(&*store, &row.ids).await,
            Kind::User => self.call(DELETE, store.users().delete(UserId(row.id))).await,
            Kind::Lead => self.call(DELETE, store.leads().delete(LeadId(row.id))).await,
            Kind::Task => self.call(DELETE, store.tasks().delete(TaskId(row.id))).await,
            Kind::Interaction => self.call(DELETE, store.interactions().delete(InteractionId(row.id))).await,
            Kind::Customer | Kind::Deal | Kind::Bulk => {
                self.call(DELETE, store.customers().delete(CustomerId(row.id))).await
            }
        };
        match deleted {
            Ok(()) => {}
            Err(Fault::Unknown) => self.ledger.unknown.push(row.number),
            Err(fault) => return Err(fault),
        }
        self.ledger.ring.pop_front();
        Ok(())
    }

    /// Changes one of the latest rows, with or without saying at which version it is.
    pub(super) async fn update(&mut self) -> Called<()> {
        let Some(at) = self.pick(|row| entity(row.number).is_some()) else { return Ok(()) };
        let row = self.ledger.ring[at].clone();
        let expected = self.random.bool().then_some(row.version);
        // A stale version is right only if somebody else may have changed the row, and that can only be a lost call.
        let op = if row.unknown > 0 { UPDATE.may(&[ErrorCode::Conflict]) } else { UPDATE };
        let is_others = Kind::of(row.number) == Kind::Interaction && !acts(row.number) && !self.is_admin;
        let acting = !is_others && self.random.bool();
        let store = self.store(acting);
        let moves = self.random.bool();
        let text = |client: &mut Self| format!("+1-555-{:04}", client.random.u32(0..10_000));
        match Kind::of(row.number) {
            Kind::User => return self.change_user(at).await,
            Kind::Customer | Kind::Deal | Kind::Bulk => {
                let patch = CustomerPatch { phone: Patch::Set(text(self)), ..CustomerPatch::default() };
                let id = CustomerId(row.id);
                let changed = self.call(op, store.customers().update(id, valid(patch), expected)).await;
                self.changed::<Customer>(at, acting, false, changed)
            }
            Kind::Lead if moves => {
                let stage = Stage::ALL[self.random.usize(0..4)];
                let changed = self.call(UPDATE, store.leads().move_to(LeadId(row.id), stage)).await;
                self.changed::<Lead>(at, acting, true, changed)
            }
            Kind::Lead => {
                let value = Decimal::new(self.random.i64(0..10_000_000), 2);
                let patch = LeadPatch { value: Patch::Set(value), ..LeadPatch::default() };
                let changed =
                    self.call(op, store.leads().update(LeadId(row.id), valid(patch), expected)).await;
                self.changed::<Lead>(at, acting, false, changed)
            }
            Kind::Task if moves => {
                let (tasks, id) = (store.tasks(), TaskId(row.id));
                let changed = match self.random.u8(0..3) {
                    0 => self.call(UPDATE, tasks.start(id)).await,
                    1 => self.call(UPDATE, tasks.complete(id)).await,
                    _ => self.call(UPDATE, tasks.reopen(id)).await,
                };
                self.changed::<Task>(at, acting, true, changed)
            }
            Kind::Task => {
                let patch = TaskPatch { description: Patch::Set(text(self)), ..TaskPatch::default() };
                let changed =
                    self.call(op, store.tasks().update(TaskId(row.id), valid(patch), expected)).await;
                self.changed::<Task>(at, acting, false, changed)
            }
            Kind::Interaction => {
                let kind = InteractionType::ALL[self.random.usize(0..4)];
                let patch = InteractionPatch { kind: Patch::Set(kind), ..InteractionPatch::default() };
                let id = InteractionId(row.id);
                let changed = self.call(op, store.interactions().update(id, valid(patch), expected)).await;
                self.changed::<Interaction>(at, acting, false, changed)
            }
            Kind::Many => Ok(()),
        }
    }

    /// Notes what a change of a row came to; one that is idempotent may have changed nothing.
    pub(super) fn changed<E: Own>(
        &mut self,
        at: usize,
        acting: bool,
        idempotent: bool,
        changed: Called<E>,
    ) -> Called<()> {
        let by = acting.then_some(self.ledger.actor);
        let row = self.ledger.ring[at].clone();
        let found = match changed {
            Ok(found) => found,
            Err(Fault::Unknown) => {
                self.ledger.ring[at].unknown += 1;
                return Err(Fault::Unknown);
            }
            Err(fault) => return Err(fault),
        };
        let least = row.version + i64::from(!idempotent);
        let most = row.version + row.unknown + 1;
        self.check((least..=most).contains(&found.version()), || {
            format!("{row:?} was changed and is {found:?}: a change was lost or made twice")
        });
        let is_by = found.updated_by().fits(by);
        self.check(is_by || idempotent, || format!("{by:?} has changed {found:?}"));
        let known = &mut self.ledger.ring[at];
        known.version = found.version();
        known.updated_by = found.updated_by().known();
        Ok(())
    }

    /// Adds a tag to a customer that others tag too, or takes one away.
    pub(super) async fn tag(&mut self) -> Called<()> {
        let (anchor, acting) = (CustomerId(self.ledger.anchor), self.random.bool());
        let store = self.store(acting);
        if self.ledger.tags.len() < 3 {
            let tag = format!("{} {}", self.ledger.client, self.tags);
            self.tags += 1;
            let tags: Tags = [tag.as_str()].into_iter().collect();
            let added = self.call(TAGS, store.customers().add_tags(anchor, valid(tags))).await;
            match added {
                Ok(customer) => {
                    self.ledger.tags.push(tag);
                    for held in self.ledger.tags.clone() {
                        self.check(customer.tags.contains(&held), || format!("the tag {held} is lost"));
                    }
                }
                Err(Fault::Unknown) => self.ledger.perhaps.push(tag),
                Err(fault) => return Err(fault),
            }
            return Ok(());
        }
        let removed = self.ledger.tags[0].clone();
        let tags: Tags = self.ledger.perhaps.iter().rev().take(5).chain([&removed]).cloned().collect();
        let op = Op { name: "remove_tags", ..TAGS };
        match self.call(op, store.customers().remove_tags(anchor, valid(tags))).await {
            Ok(customer) => {
                self.check(!customer.tags.contains(&removed), || format!("the tag {removed} is still there"));
            }
            Err(Fault::Unknown) => self.ledger.perhaps.push(removed),
            Err(fault) => return Err(fault),
        }
        self.ledger.tags.remove(0);
        Ok(())
    }

    /// Counts up a value that others count up too: reads it, and writes one more if it is still the same.
    pub(super) async fn count_up(&mut self) -> Called<()> {
        let (id, acting) = (LeadId(self.ledger.counter), self.random.bool());
        let store = self.store(acting);
        let lead = self.call(Op::read("read", "get"), store.leads().get(id)).await?;
        let value = lead.value.unwrap_or_default() + Decimal::ONE;
        let patch = LeadPatch { value: Patch::Set(value), ..LeadPatch::default() };
        let op = UPDATE.may(&[ErrorCode::Conflict]);
        match self.call(op, store.leads().update(id, valid(patch), Some(lead.version))).await {
            Ok(lead) => {
                self.ledger.counted += 1;
                self.check(lead.value == Some(value), || format!("the counter is {lead:?}, not {value}"));
                Ok(())
            }
            Err(Fault::Unknown) => {
                self.ledger.perhaps_counted += 1;
                Err(Fault::Unknown)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Changes one of the client's users, whom nobody else knows.
    async fn change_user(&mut self, at: usize) -> Called<()> {
        let id = UserId(self.ledger.ring[at].id);
        let acting = self.is_admin && self.random.bool();
        let store = self.store(acting);
        let op = Op { group: "users", ..UPDATE };
        let changed = match self.random.u8(0..3) {
            0 => self.call(op, store.users().deactivate(id)).await,
            1 => self.call(op, store.users().reactivate(id)).await,
            _ => return self.set_password(at, &*store).await,
        };
        self.changed::<User>(at, acting, true, changed)
    }
}
