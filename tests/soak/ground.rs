//! The server, the proxy before it, and the rows that are there before the clients come.

use std::time::Duration;

use crm_core::{
    CustomerId, NewCustomer, NewLead, NewUser, PasswordHash, Repositories as _, Result, Role, Valid,
    Validate as _,
};
use crm_postgres::rust_decimal::Decimal;
use crm_postgres::{Builder, Crm, SeedPasswords};
use crm_tests::{Cluster, Proxy};
use serde::Serialize;

/// Is how long a call waits for a connection, and then for each answer: shorter than an application would have it, so that a silent
/// server is met by every kind of timeout.
pub(crate) const ACQUIRE: Duration = Duration::from_secs(3);
pub(crate) const CALL: Duration = Duration::from_secs(4);

/// Is how many clients a language has, and so how many customers and leads they share.
pub(crate) const CLIENTS: usize = 8;

/// Is how many connections each handle has: fewer than clients, so that they wait for one another.
pub(crate) const CONNECTIONS: u32 = 5;

/// Is how many sessions the server takes.
pub(crate) const SESSIONS: usize = 48;

/// Are the rows that all clients know; the clients of other languages get them as JSON.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Shared {
    /// Two administrators and three others, and whether each is one.
    pub(crate) users: Vec<(i64, bool)>,
    /// Are never deleted; to each of them clients of all languages add tags.
    pub(crate) anchors: Vec<i64>,
    /// Are leads whose values clients of all languages count up.
    pub(crate) counters: Vec<i64>,
    /// For the differences of one run from another.
    pub(crate) seed: u64,
    /// How many connections a handle may have.
    pub(crate) connections: u32,
    /// The timeouts, in seconds.
    pub(crate) acquire: u64,
    pub(crate) call: u64,
    /// When a call is taken to hang.
    pub(crate) hangs: u64,
}

/// Is when a call is taken to hang: a read of an acting handle is a transaction of three statements, may be repeated once, and the
/// machine does much else.
pub(crate) const HANGS: Duration = Duration::from_secs(2 * (ACQUIRE.as_secs() + 3 * CALL.as_secs()) + 30);

/// Is everything that the clients work on.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) cluster: Cluster,
    pub(crate) proxy: Proxy,
    pub(crate) shared: Shared,
}

impl Ground {
    pub(crate) async fn make(seed: u64) -> Result<Self> {
        let sessions = format!("max_connections = {SESSIONS}");
        let cluster = Cluster::start(&[&sessions, "deadlock_timeout = 100ms"]).await;
        let url = cluster.url("postgres");
        let crm = Crm::connect(&*url).await?;
        crm.migrate().await?;
        crm.seed(SeedPasswords::default()).await?;
        let mut users = Vec::new();
        for n in 0..5 {
            let hash = PasswordHash::new(format!("$2b$10${}", ".".repeat(53)));
            let role = if n < 2 { Role::Admin } else { Role::User };
            let new =
                NewUser { role, ..NewUser::new(format!("Actor {n}"), format!("actor{n}@example.com"), hash) };
            users.push((crm.users().create(new.validate()?).await?.id.0, n < 2));
        }
        let anchors = (0..CLIENTS).map(|n| NewCustomer {
            tags: vec!["anchor".to_owned()],
            ..NewCustomer::new(format!("Anchor {n}"))
        });
        let anchors = crm.customers().create_many(Valid::all(anchors)?).await?;
        let counters = anchors.iter().map(|anchor| NewLead {
            value: Some(Decimal::ZERO),
            customer_id: Some(*anchor),
            ..NewLead::new("Counter")
        });
        let counters = crm.leads().create_many(Valid::all(counters)?).await?;
        crm.close().await;
        let shared = Shared {
            users,
            anchors: anchors.into_iter().map(|CustomerId(id)| id).collect(),
            counters: counters.into_iter().map(i64::from).collect(),
            seed,
            connections: CONNECTIONS,
            acquire: ACQUIRE.as_secs(),
            call: CALL.as_secs(),
            hangs: HANGS.as_secs(),
        };
        Ok(Self { proxy: Proxy::before(&url).await, cluster, shared })
    }

    /// Prepares a handle through the proxy, as the clients have it.
    pub(crate) fn builder(&self, name: &str) -> Builder {
        Crm::builder(self.proxy.url())
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE)
            .call_timeout(CALL)
            .application_name(name)
    }

    /// Returns the URL that leads past the proxy.
    pub(crate) fn direct(&self) -> String {
        self.cluster.url("postgres")
    }
}
