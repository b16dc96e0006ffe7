//! The sessions that the server has when the clients have ended but their handles are still open.

use std::time::{Duration, Instant};

use super::{Invariant, Server};
use crate::ground::CONNECTIONS;

/// Is how long the server may take to notice what has happened: it looks every half second after a client that is gone.
const LIMIT: Duration = Duration::from_secs(30);

/// Counts the sessions of each handle, and those of them that are busy or in a transaction.
const SESSIONS: &str =
    "select application_name || chr(10) || count(*) || chr(10) || count(*) filter (where state <> 'idle')
    from pg_stat_activity where application_name like 'soak%' group by application_name";

pub(crate) async fn check(url: &str) -> Invariant {
    let mut sessions =
        Invariant::new("no session is left busy or in a transaction, none beyond a pool's size (by session)");
    let mut server = Server::connect(url).await;
    let begun = Instant::now();
    loop {
        let found = server.texts(SESSIONS).await;
        let counts = found.iter().map(|line| {
            let mut words = line.split('\n').skip(1).map(|count| count.parse::<u32>().expect("a number"));
            (words.next().unwrap_or_default(), words.next().unwrap_or_default())
        });
        let (all, wrong) = counts.fold((0, false), |(all, wrong), (count, busy)| {
            (all + count, wrong || busy > 0 || count > CONNECTIONS)
        });
        if !wrong || begun.elapsed() > LIMIT {
            sessions.check(!wrong, || format!("{found:?} (handle, sessions, busy) after {LIMIT:?}"));
            sessions.looked_at = all.into();
            return sessions;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
