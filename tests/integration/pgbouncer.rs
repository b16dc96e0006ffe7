//! Behind a real PgBouncer: in transaction mode, where each transaction may have another connection of the server's, and in session mode.

use std::fs::{self, DirBuilder, Metadata};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crm_core::{
    CustomerFilter, Error, ErrorCode, LeadFilter, LeadId, List, Order, Password, Repositories as _, Stage,
    Validate as _,
};
use crm_postgres::{Builder, Crm};
use crm_tests::{Database, amount};
use futures_util::{TryStreamExt as _, future};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::identity::{Ground, lead, leads, leave_anywhere, store, storm};

/// Is a PgBouncer of the test's own.
struct Bouncer {
    /// A shell that ends PgBouncer when its input ends, as it does also when this process dies.
    shell: Child,
    account: Metadata,
    dir: PathBuf,
    url: String,
}

impl Bouncer {
    /// Starts one in transaction mode, with two connections to the server.
    async fn start(database: &Database) -> Self {
        Self::start_in("transaction", 2, database).await
    }

    /// Starts one with no more settings than it takes.
    async fn start_in(mode: &str, connections: u32, database: &Database) -> Self {
        Self::start_with(mode, connections, &[], database).await
    }

    async fn start_with(mode: &str, connections: u32, settings: &[&str], database: &Database) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("crm-pgbouncer-{}-{number}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&dir).unwrap();
        let options: PgConnectOptions = database.url.parse().unwrap();
        let server = options.get_socket().unwrap();
        let config = [
            "[databases]",
            &format!("* = host={} user=postgres", server.display()),
            "[pgbouncer]",
            &format!("unix_socket_dir = {}", dir.display()),
            "listen_port = 6432",
            "auth_type = any",
            &format!("pool_mode = {mode}"),
            &format!("default_pool_size = {connections}"),
        ];
        fs::write(dir.join("pgbouncer.ini"), [&config[..], settings].concat().join("\n")).unwrap();
        let account = fs::metadata(server).unwrap();
        let shell = spawn(&dir, &account);
        let name = options.get_database().unwrap();
        let url = format!("postgres://postgres@localhost:6432/{name}?host={}", dir.display());
        let mut bouncer = Self { shell, account, dir, url };
        bouncer.wait().await;
        bouncer
    }

    async fn wait(&mut self) {
        let socket = self.dir.join(".s.PGSQL.6432");
        for _ in 0..500 {
            if UnixStream::connect(&socket).is_ok() {
                return;
            }
            let running = self.shell.try_wait().unwrap().is_none();
            assert!(running, "install PgBouncer (Debian: apt install pgbouncer; Fedora: dnf; macOS: brew)");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("PgBouncer does not start: {}", self.log());
    }

    fn stop(&mut self) {
        drop(self.shell.stdin.take());
        drop(self.shell.wait());
    }

    async fn start_again(&mut self) {
        self.shell = spawn(&self.dir, &self.account);
        self.wait().await;
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    fn builder(&self) -> Builder {
        Crm::builder(&*self.url)
    }
}

/// Has `PgBouncer` take the startup options that it otherwise refuses, and forget them.
const IGNORES_OPTIONS: &str = "ignore_startup_parameters = options";

/// What `PgBouncer` does with startup options, and the settings for that.
const WAYS: [(&str, &[&str]); 2] = [("refuses options", &[]), ("ignores options", &[IGNORES_OPTIONS])];

/// Starts it as the server's account: only that may use the server's socket, and PgBouncer refuses to be root.
fn spawn(dir: &Path, account: &Metadata) -> Child {
    let (uid, gid) = (account.uid(), account.gid());
    // Debian has it where an ordinary user does not look.
    let path = format!("{}:/usr/sbin:/usr/local/sbin", std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg("command -v pgbouncer || exit 1; pgbouncer pgbouncer.ini >log 2>&1 & cat; kill $!; wait")
        .env("PATH", path)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    if fs::metadata(dir.join("pgbouncer.ini")).unwrap().uid() != uid {
        chown(dir, Some(uid), Some(gid)).unwrap();
        shell.uid(uid).gid(gid);
    }
    shell.spawn().unwrap()
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        self.stop();
        drop(fs::remove_dir_all(&self.dir));
    }
}

#[tokio::test]
async fn everything_works_in_either_mode_without_being_told() {
    for mode in ["transaction", "session"] {
        for (_, settings) in WAYS {
            let ground = Ground::new().await;
            let connections = if mode == "session" { 10 } else { 2 };
            let bouncer = Bouncer::start_with(mode, connections, settings, &ground.database).await;
            everything_works(ground, bouncer.builder()).await;
        }
    }
}

#[tokio::test]
async fn everything_works_in_transaction_mode_without_names_and_in_session_mode_with_them() {
    for (mode, connections, named) in [("transaction", 2, false), ("session", 10, true)] {
        let ground = Ground::new().await;
        let bouncer = Bouncer::start_in(mode, connections, &ground.database).await;
        everything_works(ground, bouncer.builder().prepared_statements(named)).await;
    }
}

#[tokio::test]
async fn over_a_hosts_pool_everything_works_in_transaction_mode() {
    let ground = Ground::new().await;
    let bouncer = Bouncer::start(&ground.database).await;
    let options: PgConnectOptions = bouncer.url.parse().unwrap();
    // PgBouncer refuses what the driver asks for by default.
    let pool = PgPoolOptions::new().max_connections(3).connect_with(options.extra_float_digits(None)).await;
    let crm = Crm::from_pool(pool.unwrap());
    for _ in 0..3 {
        future::join_all((0..6).map(|_| ground.check_serves(&crm))).await;
    }
}

/// Makes calls whose statements differ from one handle to the other, so that equal names would be different statements.
async fn calls(crm: &Crm, number: usize) -> Vec<Result<(), Error>> {
    let mut results = Vec::new();
    for round in 0..4 {
        let leads = crm.leads();
        let made = leads.create(lead(None, "met")).await;
        let id = made.as_ref().map_or(LeadId(1), |lead| lead.id);
        results.push(made.map(|made| assert_eq!(made.title, "met")));
        if (round + number).is_multiple_of(2) {
            results.push(leads.get(id).await.map(|lead| assert_eq!(lead.id, id)));
            results.push(crm.users().list(&List::new()).await.map(|page| assert!(!page.items.is_empty())));
        } else {
            results.push(crm.customers().count(&CustomerFilter::default()).await.map(|n| assert!(n > 0)));
            results.push(leads.move_to(id, Stage::Qualified).await.map(|lead| assert_eq!(lead.id, id)));
        }
    }
    results
}

#[tokio::test]
async fn statements_of_two_processes_never_meet() {
    for mode in ["transaction", "session"] {
        for (what, settings) in WAYS {
            let ground = Ground::new().await;
            // Both handles take turns on one session of the server, or, in session mode, have it one after the other.
            let connections = if mode == "session" { 2 } else { 1 };
            let bouncer = Bouncer::start_with(mode, connections, settings, &ground.database).await;
            let one = bouncer.builder().max_connections(1).connect().await.unwrap();
            let other = bouncer.builder().max_connections(1).connect().await.unwrap();
            for _ in 0..3 {
                for (number, crm) in [&one, &other].into_iter().enumerate() {
                    for result in calls(crm, number).await {
                        assert!(result.is_ok(), "{mode} mode, {what}: {result:?}");
                    }
                }
            }
            let tx = one.begin().await.unwrap();
            let names = "select count(*) from pg_catalog.pg_prepared_statements where name <> ''";
            let names: i64 = sqlx::query_scalar(names).fetch_one(&tx).await.unwrap();
            assert_eq!(names, 0, "{mode} mode, {what}");
            tx.rollback().await.unwrap();
        }
    }
}

#[tokio::test]
async fn names_behind_a_pooler_that_does_not_keep_track_of_them_are_refused_and_nothing_is_done() {
    let ground = Ground::new().await;
    let bouncer = Bouncer::start_in("transaction", 1, &ground.database).await;
    let named = || bouncer.builder().max_connections(1).prepared_statements(true).connect();
    let (one, other) = (named().await.unwrap(), named().await.unwrap());
    one.leads().create(lead(None, "first")).await.unwrap();
    // The session has a statement of this name, by the first handle.
    let error = other.leads().create(lead(None, "taken")).await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), (ErrorCode::Unavailable, true), "{error}");
    let tx = other.begin().await.unwrap();
    let error = tx.leads().create(lead(None, "taken")).await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), (ErrorCode::Unavailable, true), "{error}");
    assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Closed);
    let direct = ground.database.builder().connect().await.unwrap();
    assert!(leads(&direct).await.iter().all(|lead| lead.title != "taken"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_session_mode_a_connection_leaves_its_statements_and_its_identity_to_nobody() {
    let ground = Ground::new().await;
    let bouncer = Bouncer::start_in("session", 2, &ground.database).await;
    // Each of them takes the server's connections over from the one before it, whose statements had the same names.
    for _ in 0..3 {
        let named = Crm::builder(&*bouncer.url).prepared_statements(true);
        let crm = named.max_connections(2).connect().await.unwrap();
        future::join_all((0..4).map(|_| ground.check_serves(&crm))).await;
        crm.close().await;
    }
}

#[tokio::test]
async fn without_the_pooler_the_database_is_unavailable_until_it_is_back() {
    let ground = Ground::new().await;
    for (mode, named) in [("transaction", None), ("session", Some(true))] {
        let mut bouncer = Bouncer::start_in(mode, 10, &ground.database).await;
        let builder = named.into_iter().fold(bouncer.builder(), Builder::prepared_statements);
        let crm = builder.connect().await.unwrap();
        ground.check_serves(&crm).await;
        bouncer.stop();
        let error = crm.reports().pipeline().await.unwrap_err();
        assert_eq!((error.code(), error.outcome_unknown()), (ErrorCode::Unavailable, false));
        let error = crm.leads().create(lead(None, "lost")).await.unwrap_err();
        assert_eq!((error.code(), error.outcome_unknown()), (ErrorCode::Unavailable, false));
        bouncer.start_again().await;
        ground.check_serves(&crm).await;
    }
}

async fn everything_works(ground: Ground, builder: Builder) {
    let crm = builder.password_hashing(crm_tests::quick()).connect().await.unwrap();
    let actor = ground.everybody[1].unwrap();
    let password = |text| Password::new(text).validate().unwrap();
    crm.users().set_password(actor, password("correct horse")).await.unwrap();
    for who in [None, Some(actor)] {
        let store = store(&crm, who);
        let (old, new) = match who {
            None => ("correct horse", "battery staple"),
            Some(_) => ("battery staple", "correct horse"),
        };
        store.users().change_password(actor, Password::new(old), password(new)).await.unwrap();
        let batch = (0..1_500).map(|_| lead(who, "many")).collect();
        assert_eq!(store.leads().create_many(batch).await.unwrap().len(), 1_500);
        let stream = store.leads().stream(LeadFilter::default(), Order::default());
        let streamed: Vec<_> = stream.try_collect().await.unwrap();
        assert!(streamed.len() >= 1_500);
        ground.check_leads(who, &streamed);
        let tx = store.begin().await.unwrap();
        let made = tx.leads().create(lead(who, "made")).await.unwrap();
        assert_eq!(tx.leads().move_to(made.id, Stage::Proposal).await.unwrap().updated_by, who);
        tx.commit().await.unwrap();
        store.leads().delete(made.id).await.unwrap();
        store.reports().pipeline().await.unwrap();
        store.customers().overview(ground.customers[0], 1).await.unwrap();
    }
    // A host's statement, whose name the connections of the server would not know.
    for number in 0..10 {
        let transactions = future::join_all((0..2).map(|_| crm.begin())).await;
        for tx in transactions {
            let tx = tx.unwrap();
            let same: i32 = sqlx::query_scalar("select $1").bind(number).fetch_one(&tx).await.unwrap();
            assert_eq!(same, number);
            tx.commit().await.unwrap();
        }
    }
    crm.users().authenticate("ann0@example.com", Password::new("correct horse")).await.unwrap();
    assert!(crm.pending_migrations().await.unwrap().is_empty());
    ground.check_writes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_at_once_get_their_own_answers() {
    let ground = Ground::new().await;
    let bouncer = Bouncer::start(&ground.database).await;
    let handles = future::join_all((0..3).map(|_| bouncer.builder().connect())).await;
    let calls = (0..12).map(|n| ground.check_serves(handles[n % 3].as_ref().unwrap()));
    future::join_all(calls).await;
}

#[tokio::test]
async fn a_call_left_at_any_await_leaves_its_identity_to_nobody() {
    let ground = Ground::new().await;
    let bouncer = Bouncer::start(&ground.database).await;
    let crm = bouncer.builder().connect().await.unwrap();
    leave_anywhere(&ground, &crm, async |store, who| ground.check_leads(who, &leads(store).await)).await;
    leave_anywhere(&ground, &crm, async |store, who| {
        store.leads().create(lead(who, "left")).await.unwrap();
    })
    .await;
    leave_anywhere(&ground, &crm, async |store, who| {
        let tx = store.begin().await.unwrap();
        tx.leads().create(lead(who, "left")).await.unwrap();
        tx.commit().await.unwrap();
    })
    .await;
    ground.check_serves(&crm).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_done_in_anothers_name_whatever_fails_in_between() {
    let ground = Ground::new().await;
    let bouncer = Bouncer::start(&ground.database).await;
    let crm = bouncer.builder().application_name("storm").max_connections(6).connect().await.unwrap();
    storm(ground, crm, amount(40, 60)).await;
}
