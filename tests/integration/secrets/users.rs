//! Every operation on users, in every way and with every failure, while all that is logged is collected.

use std::time::Duration;

use crm_core::{
    Credential, ErrorCode, Hashing, List, NewUser, Password, PasswordHash, Repositories, Result, UserId,
    Valid, Validate,
};
use crm_postgres::{Crm, SeedPasswords};
use crm_tests::Database;
use sqlx::postgres::PgPool;
use sqlx::{Connection as _, Executor as _};

use super::collect::{Collector, Secrets, spelt};
use crate::sessions::wait_for;

/// Is of the URL's password, which the server does not ask for.
const URL_PASSWORD: &str = "Needle/Of@The?Url";

/// Is long enough for a call on a machine that does much else, and short enough to wait for.
const LIMIT: Duration = Duration::from_millis(750);

/// Makes up passwords, and knows what must not show.
struct Known {
    secrets: Secrets,
    count: u32,
}

impl Known {
    fn password(&mut self) -> Password {
        self.count += 1;
        let plain = format!("Needle\"{}\" in a haystack", self.count);
        self.secrets.add(&plain);
        Password::new(plain)
    }

    fn hash(&mut self) -> PasswordHash {
        let hash = crm_tests::quick().hash(&self.password()).unwrap();
        self.secrets.add_hash(hash.reveal());
        hash
    }

    /// Asserts that an error has this code and shows nothing.
    fn refused<T>(&self, result: Result<T>, code: ErrorCode) {
        let Err(error) = result else { panic!("{code} was expected") };
        assert_eq!(error.code(), code, "{error}");
        self.secrets.assert_absent(&spelt(&error));
    }
}

fn email(known: &mut Known) -> String {
    known.count += 1;
    format!("user{}@example.com", known.count)
}

fn user(email: &str, credential: impl Into<Credential>) -> Valid<NewUser> {
    NewUser::new("Ann", email, credential).validate().unwrap()
}

/// Does what a handle can do, with success.
async fn succeed(crm: &dyn Repositories, trusted: bool, own: Option<UserId>, known: &mut Known) {
    let users = crm.users();
    let (first, second) = (known.password(), known.password());
    let address = email(known);
    let made = users.create(user(&address, first.clone())).await.unwrap();
    let batch = [(), ()].map(|()| user(&email(known), known.password())).to_vec();
    users.create_many(batch).await.unwrap();
    users.set_password(made.id, second.clone().validate().unwrap()).await.unwrap();
    if trusted {
        users.authenticate(&address, second.clone()).await.unwrap();
        users.change_password(made.id, second, known.password().validate().unwrap()).await.unwrap();
        let address = email(known);
        let (password, hashing) = (known.password(), Hashing::new(16, 1, 1).unwrap());
        let hash = hashing.hash(&password).unwrap();
        known.secrets.add_hash(hash.reveal());
        users.create(user(&address, hash)).await.unwrap();
        users.authenticate(&address, password).await.unwrap();
        let batch = [(), ()].map(|()| user(&email(known), known.hash())).to_vec();
        users.create_many(batch).await.unwrap();
    }
    if let Some(id) = own {
        let (wrong, new) = (known.password(), known.password().validate().unwrap());
        known.refused(users.change_password(id, wrong, new).await, ErrorCode::InvalidCredentials);
        let (current, new) = (known.password(), known.password());
        users.set_password(id, current.clone().validate().unwrap()).await.unwrap();
        users.change_password(id, current, new.validate().unwrap()).await.unwrap();
    }
    users.deactivate(made.id).await.unwrap();
    users.reactivate(made.id).await.unwrap();
}

/// Is how many refusals there are.
const WAYS: u32 = 10;

/// Provokes a refusal, each in a transaction of its own where it is one, as most of them finish it.
async fn fail(crm: &dyn Repositories, trusted: bool, way: u32, known: &mut Known) {
    use ErrorCode::{Conflict, Internal, InvalidCredentials, NotFound, PermissionDenied};

    let users = crm.users();
    let (taken, refused) = ("admin@crm.com", "refused@example.com");
    let credential: Credential = if trusted { known.hash().into() } else { known.password().into() };
    let (current, new) = (known.password(), known.password().validate().unwrap());
    let denied = if trusted { InvalidCredentials } else { PermissionDenied };
    let (result, code) = match way {
        0 => (users.create(user(taken, credential)).await.map(drop), Conflict),
        1 => {
            let batch = vec![user(&email(known), known.password()), user(taken, credential)];
            (users.create_many(batch).await.map(drop), Conflict)
        }
        // The server's detail of these quotes the row.
        2 => (users.create(user(refused, credential)).await.map(drop), Internal),
        3 => (users.create_many(vec![user(refused, credential)]).await.map(drop), Internal),
        4 => (users.set_password(UserId(i64::MAX), new).await, NotFound),
        5 => (users.change_password(UserId(i64::MAX), current, new).await, denied),
        6 => (users.authenticate(taken, current).await.map(drop), denied),
        7 => (users.authenticate(known.password().reveal(), current).await.map(drop), denied),
        8 => {
            let users = if trusted { users.list(&List::new()).await } else { return };
            let id = users.unwrap().items[0].id;
            (crm.users().change_password(id, current, new).await, InvalidCredentials)
        }
        _ if trusted => return,
        _ => (users.create(user("x@example.com", known.hash())).await.map(drop), PermissionDenied),
    };
    known.refused(result, code);
}

/// Holds the table of users, so that whoever writes a password waits, until the server or the test ends it.
async fn interrupt(database: &Database, url: &str, known: &mut Known, admin: UserId) {
    let builder = || Crm::builder(url).password_hashing(crm_tests::quick());
    let slow = builder().statement_timeout(LIMIT).connect().await.unwrap();
    let killed = builder().connect().await.unwrap();
    for acting in [false, true] {
        let mut lock = database.connection().await;
        lock.execute("begin; lock table crm.users in share row exclusive mode").await.unwrap();
        let handle = |crm: &Crm| -> Box<dyn Repositories> {
            if acting { Box::new(crm.acting_as(admin)) } else { Box::new(crm.clone()) }
        };
        let (new, other) = (known.password().validate().unwrap(), known.password().validate().unwrap());
        known.refused(handle(&slow).users().set_password(admin, new).await, ErrorCode::Timeout);
        let batch = vec![user(&email(known), known.password())];
        known.refused(handle(&slow).users().create_many(batch).await, ErrorCode::Timeout);
        let waiting = handle(&killed);
        let waiting = tokio::spawn(async move { waiting.users().set_password(admin, other).await });
        wait_for(database, "wait_event_type = 'Lock'", 1).await;
        // Not who holds the lock, or who waits for it might get it first.
        database
            .execute(
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock'",
            )
            .await;
        drop(lock.close().await);
        match waiting.await.unwrap() {
            // What had to wait was the question whether an actor may, which is asked again.
            Ok(()) => assert!(acting),
            refused => known.refused(refused, ErrorCode::Unavailable),
        }
    }
}

async fn connect_in_vain(database: &Database, known: &Known) {
    let password = "Needle%2FOf%40The%3FUrl";
    let login = database.url.replacen("postgres@", &format!("postgres:{password}@"), 1);
    let stranger = database.url.replacen("postgres@", &format!("nobody_here:{password}@"), 1);
    let elsewhere = login.replacen("/test_", "/no_test_", 1);
    let parameter = format!("{}&user=nobody_here&password={password}", database.url);
    let nowhere = login.replacen("host=", "host=/nowhere", 1);
    for url in [stranger, elsewhere, parameter, nowhere] {
        let builder = Crm::builder(&*url);
        known.secrets.assert_absent(&format!("{builder:?} {builder:#?}"));
        known.refused(builder.connect().await, ErrorCode::Unavailable);
        known.refused(Crm::connect(format!("{url}&passwd={password}")).await, ErrorCode::Validation);
        known.refused(Crm::connect(format!("{url}&port={password}")).await, ErrorCode::Validation);
    }
}

async fn run(known: &mut Known) {
    let database = Database::fresh().await;
    database
        .execute(
            "alter table crm.users add constraint chk_of_a_host check (email <> 'refused@example.com');
             do $$ begin
               execute format('alter database %I set client_min_messages = debug1', current_database());
               execute format('alter database %I set log_statement = ''all''', current_database());
               execute format('alter database %I set log_min_duration_statement = 0', current_database());
             end $$",
        )
        .await;
    database.crm.close().await;
    connect_in_vain(&database, known).await;
    let url = database.url.replacen("postgres@", "postgres:Needle%2FOf%40The%3FUrl@", 1);
    let builder = Crm::builder(&*url).password_hashing(crm_tests::quick());
    known.secrets.assert_absent(&format!("{builder:?} {builder:#?}"));
    let crm = builder.connect().await.unwrap();
    let seeds = SeedPasswords { admin: Some(known.password()), user: None };
    let seeded = crm.seed(seeds.clone()).await.unwrap().unwrap();
    known.secrets.add(seeded.user.reveal());
    known.secrets.assert_absent(&format!("{seeds:?} {seeded:?} {seeds:#?} {seeded:#?}"));
    assert!(crm.seed(seeds).await.unwrap().is_none());
    let admin = crm.users().authenticate("admin@crm.com", seeded.admin).await.unwrap().id;

    let acting = crm.acting_as(admin);
    let pool = PgPool::connect(&url).await.unwrap();
    let host = Crm::from_pool(pool.clone());
    known.secrets.assert_absent(&format!("{crm:?} {acting:?} {host:?} {crm:#?} {acting:#?} {host:#?}"));
    let handles: [(&dyn Repositories, bool); 4] =
        [(&crm, true), (&acting, false), (&host, true), (&host.acting_as(admin), false)];
    for (handle, trusted) in handles {
        succeed(handle, trusted, (!trusted).then_some(admin), known).await;
        for way in 0..WAYS {
            fail(handle, trusted, way, known).await;
        }
    }
    for trusted in [true, false] {
        let begin = async || if trusted { crm.begin().await } else { acting.begin().await }.unwrap();
        let tx = begin().await;
        succeed(&tx, trusted, (!trusted).then_some(admin), known).await;
        known.secrets.assert_absent(&format!("{tx:?} {tx:#?}"));
        tx.commit().await.unwrap();
        for way in 0..WAYS {
            fail(&begin().await, trusted, way, known).await;
        }
    }
    interrupt(&database, &url, known, admin).await;

    let mut connection = database.connection().await;
    let hashes: Vec<String> =
        sqlx::query_scalar("select password from crm.users").fetch_all(&mut connection).await.unwrap();
    assert!(hashes.len() > 20);
    for hash in &hashes {
        known.secrets.add_hash(hash);
    }
}

#[test]
fn nothing_that_is_done_with_users_logs_or_tells_a_secret() {
    let (runtime, collector) = Collector::runtime();
    let mut secrets = Secrets::default();
    secrets.add(URL_PASSWORD);
    // What every hash begins with, for those that were replaced or refused.
    secrets.add("$argon2");
    let mut known = Known { secrets, count: 0 };
    let known = runtime.block_on(async {
        tokio::spawn(async move {
            run(&mut known).await;
            known
        })
        .await
        .unwrap()
    });
    let mut lines = collector.take();
    for expected in [
        "crm.users.authenticate",
        "crm.users.change_password",
        "crm.create_many",
        "sqlx::postgres::notice",
        "sqlx::query",
        "update crm.users",
    ] {
        assert!(lines.iter().any(|line| line.contains(expected)), "{expected} was not collected");
    }
    lines.sort_unstable();
    lines.dedup();
    known.secrets.assert_absent(&lines.join("\n"));
}
