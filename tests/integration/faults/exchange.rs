//! Calls through a proxy: what they send and get, where they can be cut, and what is true afterwards.

use std::time::Duration;

use crm_core::{
    ActivityQuery, CustomerFilter, CustomerId, DueTasksQuery, ErrorCode, InteractionType, NewCustomer,
    NewInteraction, NewLead, NewUser, Order, PasswordHash, Repositories as _, Result, Role, Store, UserId,
    Valid, Validate as _,
};
use crm_postgres::chrono::NaiveDate;
use crm_postgres::{Builder, Crm};
use crm_tests::{Database, Proxy, Way};
use futures_util::TryStreamExt as _;
use sqlx::PgConnection;
use tokio::sync::Mutex;

/// Is a kind of call; the numbers say how many rows it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Read,
    Write,
    Transaction,
    Nested,
    Arrays,
    Copy,
    Stream,
    Snapshot,
}

impl Call {
    pub(super) const ALL: [Self; 8] = [
        Self::Read,
        Self::Write,
        Self::Transaction,
        Self::Nested,
        Self::Arrays,
        Self::Copy,
        Self::Stream,
        Self::Snapshot,
    ];

    /// Returns how many rows it writes.
    pub(super) const fn rows(self) -> i64 {
        match self {
            Self::Read | Self::Stream | Self::Snapshot => 0,
            Self::Write => 1,
            Self::Transaction => 3,
            Self::Nested => 2,
            Self::Arrays => 20,
            Self::Copy => 1_500,
        }
    }

    /// Makes the call; what it writes has this name.
    pub(super) async fn make(self, store: &dyn Store, seen: CustomerId, name: &str) -> Result<()> {
        let customer = || NewCustomer::new(name).validate();
        match self {
            Self::Read => store.customers().get(seen).await.map(|customer| assert_eq!(customer.name, "Seen")),
            Self::Write => store.customers().create(customer()?).await.map(drop),
            Self::Transaction => {
                let tx = store.begin().await?;
                let customer = tx.customers().create(customer()?).await?;
                let call = NewInteraction::new(customer.id, InteractionType::Call);
                let call = NewInteraction { notes: Some(name.to_owned()), ..call };
                tx.interactions().create(call.validate()?).await?;
                tx.leads().create(NewLead::new(name).validate()?).await?;
                tx.commit().await
            }
            Self::Nested => {
                let lead = |customer_id| NewLead { customer_id, ..NewLead::new(name) }.validate();
                let tx = store.begin().await?;
                let customer = tx.customers().create(customer()?).await?;
                let nested = tx.begin().await?;
                nested.leads().create(lead(Some(customer.id))?).await?;
                nested.commit().await?;
                let nested = tx.begin().await?;
                nested.leads().create(lead(None)?).await?;
                let refused = nested.leads().create(lead(Some(CustomerId(0)))?).await;
                match refused {
                    Err(error) if error.code() == ErrorCode::MissingReference => {}
                    other => other.map(|lead| panic!("{lead:?} refers to nobody"))?,
                }
                let dropped = tx.begin().await?;
                dropped.leads().create(lead(None)?).await?;
                drop(dropped);
                tx.commit().await
            }
            Self::Arrays | Self::Copy => {
                let many = (0..self.rows()).map(|_| NewCustomer::new(name));
                store.customers().create_many(Valid::all(many)?).await.map(drop)
            }
            Self::Stream => {
                let stream = store.customers().stream(CustomerFilter::default(), Order::default());
                let rows: Vec<_> = stream.try_collect().await?;
                assert!(
                    rows.last().is_some_and(|row| row.id == seen),
                    "a stream that ends well has all rows"
                );
                Ok(())
            }
            Self::Snapshot => {
                let due = DueTasksQuery::new(NaiveDate::MIN);
                let snapshot = store.reports().snapshot(&ActivityQuery::default(), &due).await?;
                assert_eq!(snapshot.pipeline.len(), 4);
                Ok(())
            }
        }
    }
}

/// Is what goes through the proxy during a call, each way.
pub(super) struct Exchange([Vec<u8>; 2]);

impl Exchange {
    /// Lists the places at which a way can be cut: before, between and in the middle of its messages, some forty at the most.
    pub(super) fn places(&self, way: Way) -> Vec<usize> {
        let bytes = &self.0[way as usize];
        let mut places = vec![0];
        let mut end = 0;
        while end < bytes.len() {
            let length = u32::from_be_bytes(bytes[end + 1..end + 5].try_into().unwrap());
            let next = end + 1 + usize::try_from(length).unwrap();
            places.extend([end.midpoint(next), next]);
            end = next;
        }
        assert_eq!(end, bytes.len(), "messages end where the exchange does");
        let step = places.len().div_ceil(40);
        let last = places.len() - 1;
        places
            .into_iter()
            .enumerate()
            .filter(|(n, _)| n % step == 0 || *n == last)
            .map(|(_, place)| place)
            .collect()
    }

    /// Tells whether a call that is cut there has not asked for its commit yet.
    pub(super) fn is_before_commit(&self, way: Way, place: usize) -> bool {
        let (commit, committed) = (b"Q\0\0\0\x0bcommit\0", b"C\0\0\0\x0bCOMMIT\0");
        let last =
            |bytes: &[u8], message: &[u8]| bytes.windows(message.len()).rposition(|window| window == message);
        // A call that was slower than the recorded one pings before its commit, and a faster one does not.
        let (ping, answer) = (b"S\0\0\0\x04", b"Z\0\0\0\x05T");
        let [sent, answered] = &self.0;
        match way {
            Way::ToServer => last(sent, commit).is_some_and(|asked| place + ping.len() <= asked),
            Way::ToClient => last(answered, committed).is_some_and(|done| place + answer.len() < done),
        }
    }
}

/// Is a database behind a proxy.
pub(super) struct Ground {
    pub(super) database: Database,
    pub(super) proxy: Proxy,
    actor: UserId,
    pub(super) seen: CustomerId,
    /// Looks in without the proxy.
    observer: Mutex<PgConnection>,
}

impl Ground {
    pub(super) async fn new() -> Self {
        let database = Database::fresh().await;
        let hash = PasswordHash::new(format!("$2b$10${}", ".".repeat(53)));
        let admin = NewUser { role: Role::Admin, ..NewUser::new("Ann", "ann@example.com", hash) };
        let actor = database.crm.users().create(admin.validate().unwrap()).await.unwrap().id;
        // A stream of all takes two parts.
        let customers = (0..1_200).map(|n| NewCustomer::new(if n == 0 { "Seen" } else { "Other" }));
        let customers = database.crm.customers().create_many(Valid::all(customers).unwrap()).await.unwrap();
        database.crm.close().await;
        let proxy = Proxy::before(&database.url).await;
        let observer = Mutex::new(database.connection().await);
        Self { database, proxy, actor, seen: customers[0], observer }
    }

    /// Prepares a handle with one connection, through the proxy.
    pub(super) fn builder(&self) -> Builder {
        Crm::builder(self.proxy.url()).max_connections(1)
    }

    pub(super) fn store(&self, crm: &Crm, acting: bool) -> Box<dyn Store> {
        if acting { Box::new(crm.acting_as(self.actor)) } else { Box::new(crm.clone()) }
    }

    /// Makes a call twice, so that its statements are known, and returns what went through the second time.
    pub(super) async fn record(&self, crm: &Crm, call: Call, acting: bool) -> Exchange {
        for _ in 0..2 {
            // What the call before has not waited for belongs to that.
            self.stored("recorded").await;
            self.proxy.record();
            call.make(&*self.store(crm, acting), self.seen, "recorded").await.unwrap();
        }
        self.stored("recorded").await;
        Exchange(Way::ALL.map(|way| self.proxy.recorded(way)))
    }

    /// Counts the rows of a name when all work has ended, and removes them.
    pub(super) async fn stored(&self, name: &str) -> i64 {
        let mut observer = self.observer.lock().await;
        let busy = "select count(*) from pg_stat_activity
                    where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'";
        let mut left = 5_000;
        while sqlx::query_scalar::<_, i64>(busy).fetch_one(&mut *observer).await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
            left -= 1;
            assert!(left > 0, "a session goes on working");
        }
        let count = sqlx::query_scalar(
            "select (select count(*) from crm.customers where name = $1)
                  + (select count(*) from crm.leads where title = $1)
                  + (select count(*) from crm.interactions where notes = $1)",
        );
        let count: i64 = count.bind(name).fetch_one(&mut *observer).await.unwrap();
        for delete in ["delete from crm.leads where title = $1", "delete from crm.customers where name = $1"]
        {
            sqlx::query(delete).bind(name).execute(&mut *observer).await.unwrap();
        }
        // After this pause every write asks first whether its connection still lives.
        tokio::time::sleep(Duration::from_millis(5)).await;
        count
    }

    /// Checks that a handle works.
    pub(super) async fn check_works(&self, crm: &Crm) {
        assert_eq!(crm.customers().get(self.seen).await.unwrap().name, "Seen");
        crm.customers().create(NewCustomer::new("after").validate().unwrap()).await.unwrap();
        assert_eq!(self.stored("after").await, 1);
        assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 1_200);
    }
}
