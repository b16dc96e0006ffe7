//! The clients in this process. Each writes rows of its own, of which it knows what has to become, and reads them back; beside it
//! writes rows that all share. The clients in Python (`python/`) and JavaScript (`node/`) do the same over their packages.

mod own;
mod people;
mod reads;
mod transactions;
mod writes;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crm_core::{Error, ErrorCode, Hashing, Result, Store, UserId};
use crm_postgres::Crm;
use fastrand::Rng;
use futures_util::future;
use tokio::task::JoinHandle;

use crate::ground::{CLIENTS, Ground, HANGS, Shared};
use crate::ledger::{Account, Ledger, RING, Row, Tally};

/// Says what a call is, and what may come of it beside the faults.
#[derive(Clone, Copy)]
struct Op {
    /// As the report shows it.
    group: &'static str,
    name: &'static str,
    /// Whether a lost answer leaves open what happened.
    writes: bool,
    /// The codes that are right answers to it.
    may: &'static [ErrorCode],
}

impl Op {
    const fn read(group: &'static str, name: &'static str) -> Self {
        Self { group, name, writes: false, may: &[] }
    }

    const fn write(group: &'static str, name: &'static str) -> Self {
        Self { group, name, writes: true, may: &[] }
    }

    const fn may(self, may: &'static [ErrorCode]) -> Self {
        Self { may, ..self }
    }
}

/// Says what a call that did not succeed means for the ledger.
#[derive(Debug)]
enum Fault {
    /// It was not done.
    Known,
    /// It was done or not.
    Unknown,
    /// It was answered by an error that is right.
    Refused,
}

type Called<T> = Result<T, Fault>;

struct Client {
    crm: Crm,
    is_admin: bool,
    shared: Arc<Shared>,
    random: Rng,
    ledger: Ledger,
    tally: Tally,
    /// Counts the tags.
    tags: u64,
    /// Whether the clients are coming to their end, and no call is cancelled any more.
    ending: bool,
}

/// Are the clients of this process at work.
pub(crate) struct Clients {
    crm: Crm,
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<(Ledger, Tally)>>,
}

impl Clients {
    pub(crate) async fn start(ground: &Ground) -> Result<Self> {
        let hashing = Hashing::new(8, 1, 1)?;
        let crm = ground.builder("soak rust").password_hashing(hashing).connect().await?;
        let stop = Arc::new(AtomicBool::new(false));
        let tasks = (0..CLIENTS).map(|n| {
            let client = Client::new(n, crm.clone(), Arc::new(ground.shared.clone()));
            tokio::spawn(client.run(stop.clone()))
        });
        Ok(Self { tasks: tasks.collect(), crm, stop })
    }

    /// Has them end what they are at, and look at their rows once more.
    pub(crate) async fn stop(&mut self) -> Account {
        self.stop.store(true, Ordering::Relaxed);
        let mut account = Account { ledgers: Vec::new(), tally: Tally::default() };
        for ended in future::join_all(self.tasks.drain(..)).await {
            match ended {
                Ok((ledger, tally)) => {
                    account.ledgers.push(ledger);
                    account.tally.add(tally);
                }
                Err(error) => account.tally.find(format!("a client in Rust broke off: {error}")),
            }
        }
        account
    }

    pub(crate) async fn close(self) {
        self.crm.close().await;
    }
}

impl Client {
    fn new(n: usize, crm: Crm, shared: Arc<Shared>) -> Self {
        let (actor, is_admin) = shared.users[n % shared.users.len()];
        let ledger = Ledger {
            client: format!("rust-{n}"),
            actor,
            next: 0,
            ring: VecDeque::with_capacity(RING),
            unknown: Vec::new(),
            anchor: shared.anchors[n],
            tags: Vec::new(),
            perhaps: Vec::new(),
            counter: shared.counters[n],
            counted: 0,
            perhaps_counted: 0,
        };
        let random = Rng::with_seed(shared.seed.wrapping_mul(1_000).wrapping_add(n as u64));
        let tally = Tally::default();
        Self { crm, is_admin, shared, random, ledger, tally, tags: 0, ending: false }
    }

    async fn run(mut self, stop: Arc<AtomicBool>) -> (Ledger, Tally) {
        while !stop.load(Ordering::Relaxed) {
            // What went wrong is in the tally; what it means for the rows is in the ledger.
            drop(self.turn().await);
            tokio::time::sleep(Duration::from_millis(self.random.u64(0..40))).await;
        }
        self.ending = true;
        self.look_at_all().await;
        (self.ledger, self.tally)
    }

    /// Makes one call, or the few that belong together.
    async fn turn(&mut self) -> Called<()> {
        match self.random.u32(0..100) {
            0..30 => self.write().await,
            30..48 => self.update().await,
            48..53 => self.tag().await,
            53..59 => self.count_up().await,
            59..80 => self.read().await,
            80..87 => self.report().await,
            87..91 => self.transact().await,
            91..93 => self.run_again().await,
            93..97 => self.be_refused().await,
            _ => self.log_in().await,
        }
    }

    /// Returns a handle of the trusted system or of the client's user.
    fn store(&self, acting: bool) -> Box<dyn Store> {
        if acting {
            Box::new(self.crm.acting_as(UserId(self.ledger.actor)))
        } else {
            Box::new(self.crm.clone())
        }
    }

    fn find(&mut self, finding: impl AsRef<str>) {
        self.tally.find(format!("{}: {}", self.ledger.client, finding.as_ref()));
    }

    /// Checks what has to hold of an answer.
    fn check(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.find(what());
        }
    }

    /// Makes a call and says what came of it. One in fifty is dropped midway.
    async fn call<T>(&mut self, op: Op, call: impl Future<Output = Result<T>>) -> Called<T> {
        let dropped = !self.ending && self.random.u8(0..50) == 0;
        let limit = if dropped { Duration::from_micros(self.random.u64(0..8_000)) } else { HANGS };
        let begun = Instant::now();
        let ended = tokio::time::timeout(limit, call).await;
        let lost = if op.writes { Fault::Unknown } else { Fault::Known };
        let Ok(result) = ended else {
            if !dropped {
                self.find(format!("{} hangs", op.name));
            }
            self.tally.count(op.group, "cancelled");
            return Err(lost);
        };
        self.tally.took(op.name, begun.elapsed().as_secs_f64());
        match result {
            Ok(answer) => {
                self.tally.count(op.group, "ok");
                Ok(answer)
            }
            Err(error) => Err(self.judge(op, error).await),
        }
    }

    async fn judge(&mut self, op: Op, error: Error) -> Fault {
        let (code, unknown) = (error.code(), error.outcome_unknown());
        self.tally.count(op.group, if unknown { "unknown" } else { code.as_str() });
        if op.may.contains(&code) {
            return Fault::Refused;
        }
        let is_of_a_fault =
            matches!(code, ErrorCode::Unavailable | ErrorCode::Timeout | ErrorCode::Serialization);
        self.check(is_of_a_fault, || format!("{} fails with {code}: {error}", op.name));
        self.check(error.retryable() != unknown || !is_of_a_fault, || {
            format!("{} is both retryable and of unknown outcome, or neither: {error}", op.name)
        });
        self.check(op.writes || !unknown, || format!("{} does not write, but: {error}", op.name));
        // The server is away, and need not be asked a thousand times a second whether it still is.
        tokio::time::sleep(Duration::from_millis(self.random.u64(5..50))).await;
        if unknown { Fault::Unknown } else { Fault::Known }
    }

    /// Picks one of the latest rows of some kinds.
    fn pick(&mut self, is_one: impl Fn(&Row) -> bool) -> Option<usize> {
        let found: Vec<usize> =
            (0..self.ledger.ring.len()).filter(|n| is_one(&self.ledger.ring[*n])).collect();
        (!found.is_empty()).then(|| found[self.random.usize(0..found.len())])
    }
}
