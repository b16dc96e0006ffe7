//! Calls that read: a client's own rows have to be there as it left them, whoever else writes.

use crm_core::{
    ActivityQuery, Customer, CustomerFilter, CustomerId, CustomerOrderBy, DueTasksQuery, Entity as _,
    Interaction, Lead, List, Order, Page, PipelineStage, Stage, Task, User,
};
use crm_postgres::chrono::NaiveDate;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::own::Own;
use super::{Called, Client, Op};

const READ: Op = Op::read("read", "get");
const LIST: Op = Op::read("list", "list");
/// Is how often each client looks at its latest rows when everything is over.
const LAST_LOOKS: usize = 4;

const REPORTS: Op = Op::read("reports", "customer_activity");

impl Client {
    pub(super) async fn read(&mut self) -> Called<()> {
        match self.random.u8(0..14) {
            0..3 => self.read_of::<Customer>().await,
            3..6 => self.read_of::<Lead>().await,
            6..9 => self.read_of::<Task>().await,
            9..12 => self.read_of::<Interaction>().await,
            12 => self.read_of::<User>().await,
            _ => self.page_through().await,
        }
    }

    /// Reads rows of an entity in one of the ways there are.
    async fn read_of<E: Own>(&mut self) -> Called<()> {
        let Some(at) = self.pick(E::has) else { return Ok(()) };
        let number = self.ledger.ring[at].number;
        let acting = self.random.bool();
        let store = self.store(acting);
        let repository = E::repository(&*store);
        let id = E::Id::from(self.ledger.ring[at].id);
        let ids: Vec<E::Id> =
            self.ledger.ring.iter().filter(|row| E::has(row)).map(|row| E::Id::from(row.id)).collect();
        let text = || self.ledger.name(number).parse().ok();
        let (op, found, asked) = match self.random.u8(0..8) {
            0 | 1 => ("get", vec![self.call(READ, repository.get(id)).await?], vec![id]),
            2 => {
                let found = self.call(Op { name: "find", ..READ }, repository.find(id)).await?;
                ("find", found.into_iter().collect(), vec![id])
            }
            3 => {
                let found = self.call(Op { name: "get_many", ..READ }, repository.get_many(&ids)).await?;
                ("get_many", found, ids)
            }
            4 => {
                let filter = E::with(vec![id], text());
                let page = self.call(LIST, repository.list(&List::new().filter(filter))).await?;
                ("list by words", page.items, vec![id])
            }
            5 => {
                let op = Op { name: "count", ..LIST };
                let count = self.call(op, repository.count(&E::with(ids.clone(), None))).await?;
                self.check(count == i64::try_from(ids.len()).expect("there are few"), || {
                    format!("of {ids:?} there are {count}")
                });
                return Ok(());
            }
            6 => {
                let filter = E::with(ids.clone(), None);
                let stream = repository.stream(filter, Order::default()).try_collect();
                let found: Vec<E> = self.call(Op::read("stream", "stream"), stream).await?;
                ("stream", found, newest_first(ids))
            }
            _ => {
                let filter = E::with(ids.clone(), None);
                let page = self.call(LIST, repository.list(&List::new().filter(filter))).await?;
                ("list", page.items, newest_first(ids))
            }
        };
        let got: Vec<E::Id> = found.iter().map(E::id).collect();
        self.check(got == asked, || format!("{op} has {got:?} of {asked:?}"));
        for row in &found {
            self.look_at(row);
        }
        if self.random.bool() || E::KIND != Customer::KIND {
            return Ok(());
        }
        let customer = CustomerId(id.into());
        let overview = store.customers().overview(customer, 5);
        let overview = self.call(Op { name: "overview", ..READ }, overview).await?;
        self.check(overview.customer.id == customer && overview.recent_interactions.len() <= 5, || {
            format!("{overview:?}")
        });
        self.look_at(&overview.customer);
        Ok(())
    }

    /// Checks that a row is as the ledger has it, and notes its version.
    fn look_at<E: Own>(&mut self, found: &E) {
        let id: i64 = found.id().into();
        let Some(at) = self.ledger.ring.iter().position(|row| E::has(row) && row.id == id) else { return };
        let row = self.ledger.ring[at].clone();
        let name = self.ledger.name(row.number);
        let is_by = found.updated_by().fits(row.updated_by);
        let versions = row.version..=row.version + row.unknown;
        let is_right = found.name() == name && versions.contains(&found.version());
        self.check(is_right && (is_by || row.unknown > 0), || {
            format!("{name} is known as {row:?} and is {found:?}")
        });
        let known = &mut self.ledger.ring[at];
        known.version = found.version();
        known.updated_by = found.updated_by().known();
    }

    /// Looks at the latest rows when everything is over.
    pub(super) async fn look_at_all(&mut self) {
        for _ in 0..LAST_LOOKS {
            drop(self.read_of::<Customer>().await);
            drop(self.read_of::<Lead>().await);
            drop(self.read_of::<Task>().await);
            drop(self.read_of::<Interaction>().await);
        }
    }

    /// Reads some pages, or the beginning of a stream of everything.
    async fn page_through(&mut self) -> Called<()> {
        let acting = self.random.bool();
        let store = self.store(acting);
        if self.random.bool() {
            let take = self.random.usize(1..200);
            let order = Order::ascending(CustomerOrderBy::Name);
            // What is left of it is dropped, and its connection with it or given back.
            let stream = store.customers().stream(CustomerFilter::default(), order).take(take);
            let rows: Vec<Customer> = self.call(Op::read("stream", "stream"), stream.try_collect()).await?;
            self.check(rows.is_sorted_by(|a, b| (&a.name, a.id) < (&b.name, b.id)), || {
                "a stream by name is not in its order".to_owned()
            });
            return Ok(());
        }
        let by = CustomerOrderBy::ALL[self.random.usize(0..4)];
        let order = if self.random.bool() { Order::ascending(by) } else { Order::descending(by) };
        let mut list = List::<Customer>::new().order(order).limit(self.random.u32(1..60));
        let mut previous: Option<Customer> = None;
        for _ in 0..3 {
            let Page { items, next_cursor } = self.call(LIST, store.customers().list(&list)).await?;
            for customer in items {
                let follows = previous.as_ref().is_none_or(|row| {
                    row.position(by).compare(&customer.position(by), order.descending).is_lt()
                });
                self.check(follows, || format!("by {order}, {customer:?} comes behind {previous:?}"));
                previous = Some(customer);
            }
            let Some(cursor) = next_cursor else { break };
            list = list.after(cursor);
        }
        Ok(())
    }

    pub(super) async fn report(&mut self) -> Called<()> {
        let acting = self.random.bool();
        let store = self.store(acting);
        let today = NaiveDate::from_ymd_opt(2026, 3, self.random.u32(1..31)).expect("March has 31 days");
        let activity = ActivityQuery { limit: self.random.u32(1..80), ..ActivityQuery::default() };
        let due = DueTasksQuery { limit: self.random.u32(1..80), ..DueTasksQuery::new(today) };
        match self.random.u8(0..5) {
            0 => {
                let page = self.call(REPORTS, store.reports().customer_activity(&activity)).await?;
                let is_sorted = page.items.is_sorted_by(|a, b| {
                    (a.last_interaction, b.customer.id) >= (b.last_interaction, a.customer.id)
                });
                self.check(is_sorted, || "customer_activity is not in its order".to_owned());
            }
            1 => {
                let op = Op { name: "pipeline", ..REPORTS };
                let stages = self.call(op, store.reports().pipeline()).await?;
                self.check_pipeline(&stages);
            }
            2 => {
                let op = Op { name: "due_tasks", ..REPORTS };
                let page = self.call(op, store.reports().due_tasks(&due)).await?;
                let is_sorted = page.items.is_sorted_by(|a, b| {
                    let place =
                        |task: &Task| (std::cmp::Reverse(task.priority as i32), task.due_date, task.id);
                    place(&a.task) < place(&b.task)
                });
                self.check(is_sorted, || "due_tasks is not in its order".to_owned());
            }
            3 => {
                let op = Op { name: "snapshot", ..REPORTS };
                let snapshot = self.call(op, store.reports().snapshot(&activity, &due)).await?;
                self.check_pipeline(&snapshot.pipeline);
            }
            _ => {
                let op = Op { name: "tag_counts", ..REPORTS };
                let counts = self.call(op, store.customers().tag_counts()).await?;
                let anchors = counts.iter().find(|count| count.tag == "anchor").map(|count| count.count);
                let all = i64::try_from(self.shared.anchors.len()).expect("there are few");
                self.check(anchors == Some(all), || format!("{anchors:?} customers are anchors"));
            }
        }
        Ok(())
    }

    fn check_pipeline(&mut self, stages: &[PipelineStage]) {
        let names: Vec<Stage> = stages.iter().map(|stage| stage.stage).collect();
        // The counters are all in the first stage, and stay there.
        let is_right =
            names == Stage::ALL && stages[0].count >= 8 && stages.iter().all(|stage| stage.count >= 0);
        self.check(is_right, || format!("the pipeline is {stages:?}"));
    }
}

fn newest_first<I: Ord>(mut ids: Vec<I>) -> Vec<I> {
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids
}
