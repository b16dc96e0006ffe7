//! Reports and exports on a streaming replica, and the way back to the primary.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crm_core::{Error, Result};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::connection::address::Address;
use crate::connection::call::{Failure, within};
use crate::connection::connector::Connector;
use crate::connection::ending::end_unwaited;
use crate::connection::error_mapping::{self as fault, Intent};
use crate::connection::pool::{Lease, Pool};
use crate::connection::session::Session;
use crate::connection::settings::Settings;
use crate::connection::transaction::{SNAPSHOT, Tx};

/// Is how long the replica may take to begin, the connection included, before the primary answers instead.
const PATIENCE: Duration = Duration::from_secs(2);

/// Is how long a replica that has failed is left alone, so that not every call finds out for itself.
const REST: Duration = Duration::from_secs(5);

/// Is the server that answers reports and exports, as far as it can.
#[derive(Debug)]
pub(crate) struct Replica {
    pool: Arc<Pool>,
    staleness: Option<Staleness>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    condition: Condition,
    rests_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Used,
    Stale,
    Away,
}

/// Is a transaction on the replica that answers a read.
pub(crate) struct Reading {
    replica: Arc<Replica>,
    tx: Tx,
}

impl Replica {
    /// Opens no connection yet.
    pub(crate) fn new(address: Address, settings: &Settings, max_staleness: Option<Duration>) -> Arc<Self> {
        let acquire_timeout = settings.acquire_timeout.min(PATIENCE);
        let settings = Settings { acquire_timeout, ..settings.clone() };
        let connector = Connector::new(address, acquire_timeout, settings.prepared_statements);
        Arc::new(Self {
            pool: Pool::new(connector, settings),
            staleness: max_staleness.map(|limit| Staleness {
                limit,
                marks: Arc::default(),
                asking: tokio::sync::Mutex::default(),
            }),
            state: Mutex::new(State { condition: Condition::Used, rests_until: None }),
        })
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    /// Begins a transaction for a read of a session's; none where the primary has to answer.
    pub(crate) async fn begin(self: &Arc<Self>, primary: &Session) -> Result<Option<Reading>> {
        if !self.may_be_tried() {
            return Ok(None);
        }
        let mark = match &self.staleness {
            None => None,
            Some(staleness) => match staleness.mark(&primary.pool).await {
                Ok(mark) => Some(mark),
                // The primary could not answer the read either.
                Err(
                    error @ (Error::Unavailable { .. }
                    | Error::Refused { .. }
                    | Error::Timeout { .. }
                    | Error::Closed(_)),
                ) => {
                    return Err(error);
                }
                Err(error) => return Ok(self.turn(Condition::Away, &error)),
            },
        };
        let session = Session { pool: self.pool.clone(), replica: None, ..primary.clone() };
        // The check comes before the snapshot of the read, which therefore knows no less. It is a transaction of its own, for one that
        // repeats its reads would take its snapshot with it, and in the same message, so that also behind a pooler it is the same server's.
        let statement = match mark {
            None => SNAPSHOT.to_owned(),
            Some(_) => format!("begin read only; {REPLAYED}; commit; {SNAPSHOT}"),
        };
        let (lease, rows) = match tokio::time::timeout(PATIENCE, session.begin(&statement)).await {
            Ok(Ok(begun)) => begun,
            Ok(Err(failure)) => match failure.error {
                // The replica may not have heard of the user yet, and whether the handle is closed the primary's pool knows.
                Error::PermissionDenied { .. } | Error::Closed(_) => return Ok(None),
                // All its connections are at work, so it is not away, and those need not be closed.
                Error::Timeout { .. } if self.pool.is_busy() => return Ok(None),
                error => return Ok(self.turn(Condition::Away, &error)),
            },
            Err(_) if self.pool.is_busy() => return Ok(None),
            Err(_) => return Ok(self.turn(Condition::Away, &"it does not answer")),
        };
        if let Some(mark) = mark {
            let replayed = rows.first().ok_or(sqlx::Error::RowNotFound).and_then(Position::replayed);
            match replayed.map_err(|error| fault::of_statement(error, Intent::Read))? {
                Some(replayed) if replayed.includes(mark) => {}
                Some(replayed) if replayed.system == mark.system => {
                    if let Some(staleness) =
                        self.staleness.as_ref().filter(|_| replayed.timeline > mark.timeline)
                    {
                        // One of both was there before a failover.
                        lock(&staleness.marks).found.clear();
                    }
                    return Ok(self.refuse(lease, Condition::Stale, "it lags behind"));
                }
                _ => return Ok(self.refuse(lease, Condition::Away, "it is no replica of the primary")),
            }
        }
        Ok(Some(Reading { replica: self.clone(), tx: Tx::over(&session, lease) }))
    }

    fn refuse(&self, lease: Lease, condition: Condition, why: &str) -> Option<Reading> {
        end_unwaited(lease);
        self.turn(condition, &why)
    }

    /// Tells whether the replica is asked. Of those who come after its rest one tries it, before the others do.
    fn may_be_tried(&self) -> bool {
        let mut state = self.state();
        match state.rests_until {
            None => true,
            Some(until) if Instant::now() < until => false,
            Some(_) => {
                state.rests_until = Some(Instant::now() + REST);
                true
            }
        }
    }

    /// Notes how the replica was found, says so if it was otherwise before, and leaves the answer to the primary.
    fn turn(&self, condition: Condition, why: &impl fmt::Display) -> Option<Reading> {
        let changed = {
            let mut state = self.state();
            state.rests_until = (condition == Condition::Away).then(|| Instant::now() + REST);
            std::mem::replace(&mut state.condition, condition) != condition
        };
        if condition == Condition::Away {
            self.pool.forget_idle();
        }
        match condition {
            Condition::Used if changed => tracing::info!("the replica answers reports and exports again"),
            Condition::Stale | Condition::Away if changed => {
                tracing::warn!("the primary answers reports and exports in place of the replica: {why}");
            }
            _ => {}
        }
        None
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reading {
    pub(crate) fn session(&self) -> &Session {
        self.tx.session()
    }

    /// Ends the read and tells whether its answer holds; if not, the primary has to give one.
    pub(crate) async fn stands<T>(self, answer: &Result<T>) -> bool {
        match answer {
            Ok(_) => {
                self.replica.turn(Condition::Used, &"");
                self.tx.end().await.is_ok()
            }
            // A replica also cancels what is in the way of its recovery (40001), and may be behind a migration.
            Err(error @ (Error::Unavailable { .. } | Error::Serialization(_) | Error::Schema(_))) => {
                self.replica.turn(Condition::Away, error);
                false
            }
            Err(_) => true,
        }
    }
}

/// Bounds how stale a replica's answer may be: what the primary had flushed at a moment, the replica must have replayed.
#[derive(Debug)]
struct Staleness {
    limit: Duration,
    marks: Arc<Mutex<Marks>>,
    /// Is held by the call that asks because there is no position at all; the others wait for what it finds.
    asking: tokio::sync::Mutex<()>,
}

/// Are the primary's positions of the last while.
#[derive(Debug, Default)]
struct Marks {
    /// With the moment before each was asked for.
    found: Vec<(Instant, Position)>,
    asked: Option<Instant>,
}

impl Staleness {
    /// Returns the oldest position that bounds a read from now on. Where a newer one is due it is asked for in the background, and where
    /// there is none at all, at once.
    async fn mark(&self, primary: &Arc<Pool>) -> Result<Position> {
        let (oldest, due) = self.oldest();
        let Some(oldest) = oldest else { return self.first(primary).await };
        if due {
            let (primary, marks) = (primary.clone(), self.marks.clone());
            // Whether the primary is there, those see who need it.
            tokio::spawn(async move { drop(ask(&primary, &marks).await) });
        }
        Ok(oldest)
    }

    /// Asks where there is no position; of several calls at once one asks for all.
    async fn first(&self, primary: &Pool) -> Result<Position> {
        let _turn = self.asking.lock().await;
        match self.oldest() {
            (Some(found), _) => Ok(found),
            (None, _) => ask(primary, &self.marks).await,
        }
    }

    /// Returns the oldest position within the limit, and whether a newer one is due.
    fn oldest(&self) -> (Option<Position>, bool) {
        let now = Instant::now();
        let mut marks = lock(&self.marks);
        marks.found.retain(|(asked, _)| now.saturating_duration_since(*asked) <= self.limit);
        let due = marks.asked.is_none_or(|asked| now.saturating_duration_since(asked) >= self.limit / 4);
        if due {
            marks.asked = Some(now);
        }
        (marks.found.iter().min_by_key(|(asked, _)| *asked).map(|(_, position)| *position), due)
    }
}

/// Asks the primary for its position; once more where the connection was found dead, as nothing else was asked on it.
async fn ask(primary: &Pool, marks: &Mutex<Marks>) -> Result<Position> {
    let asked = Instant::now();
    let row = match ask_once(primary).await {
        Err(failure) if failure.found_dead() => {
            primary.forget_idle();
            ask_once(primary).await
        }
        row => row,
    };
    let row = row.map_err(|failure| failure.error)?;
    let position = Position::flushed(&row).map_err(|error| fault::of_statement(error, Intent::Read))?;
    lock(marks).found.push((asked, position));
    Ok(position)
}

async fn ask_once(primary: &Pool) -> Result<PgRow, Failure> {
    let mut lease = primary.lease(Intent::Read).await.map_err(Failure::of)?;
    let row = sqlx::raw_sql(FLUSHED).fetch_one(lease.connection());
    let row = within(primary.settings.call_timeout, Intent::Read, row).await;
    if !matches!(row, Err(Failure { lost: true, .. })) {
        lease.release();
    }
    row
}

fn lock(marks: &Mutex<Marks>) -> MutexGuard<'_, Marks> {
    marks.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks the primary how far its log is on disk, and on which timeline.
const FLUSHED: &str = "select pg_catalog.pg_current_wal_flush_lsn()::pg_catalog.text,
    pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_flush_lsn()), system_identifier
    from pg_catalog.pg_control_system()";

/// Asks a replica how far it is. The timeline is the one it follows, which only logins that may read statistics are shown, or the one in the
/// control file, which after a failover is behind until the replica's next restart point; it is never ahead.
const REPLAYED: &str = "select pg_catalog.pg_is_in_recovery(), pg_catalog.pg_last_wal_replay_lsn()::pg_catalog.text,
    greatest(c.timeline_id, r.min_recovery_end_timeline, (select w.received_tli from pg_catalog.pg_stat_wal_receiver w)),
    s.system_identifier
    from pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() c, pg_catalog.pg_control_recovery() r";

/// Is a place in the log of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    lsn: u64,
    /// Tells logs apart that have parted with a promotion, where the same number is another place.
    timeline: i64,
    system: i64,
}

impl Position {
    fn flushed(row: &PgRow) -> sqlx::Result<Self> {
        let file: String = row.try_get(1)?;
        let timeline = file.get(..8).and_then(|digits| i64::from_str_radix(digits, 16).ok());
        let timeline = timeline.ok_or_else(|| sqlx::Error::Decode("the name of a log file".into()))?;
        Ok(Self { lsn: lsn(row.try_get(0)?)?, timeline, system: row.try_get(2)? })
    }

    /// Reads where a replica is; a server that is none, or no longer, is nowhere.
    fn replayed(row: &PgRow) -> sqlx::Result<Option<Self>> {
        let (recovers, replayed): (bool, Option<&str>) = (row.try_get(0)?, row.try_get(1)?);
        let Some(replayed) = replayed.filter(|_| recovers) else { return Ok(None) };
        let timeline = i64::from(row.try_get::<i32, _>(2)?);
        Ok(Some(Self { lsn: lsn(replayed)?, timeline, system: row.try_get(3)? }))
    }

    fn includes(self, other: Self) -> bool {
        (self.system, self.timeline) == (other.system, other.timeline) && self.lsn >= other.lsn
    }
}

/// Reads `16/B374D848`.
fn lsn(text: &str) -> sqlx::Result<u64> {
    let read = |(high, low): (&str, &str)| {
        Some(u64::from_str_radix(high, 16).ok()? << 32 | u64::from_str_radix(low, 16).ok()?)
    };
    text.split_once('/').and_then(read).ok_or_else(|| sqlx::Error::Decode("a place in the log".into()))
}
