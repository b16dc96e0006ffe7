//! The embedded server, driven from outside: a process that owns it is started, left, killed and looked at.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crm_core::{CustomerFilter, ErrorCode, NewCustomer, Repositories, Validate};
use crm_postgres::Crm;
use sqlx::{Connection as _, PgConnection};

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

    async fn data_directory(&self) -> PathBuf {
        let mut connection = self.connection().await;
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
    let names: Vec<String> = sqlx::query_scalar(
        "select application_name from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid()",
    )
    .fetch_all(&mut owner.connection().await)
    .await
    .unwrap();
    assert!(!names.is_empty() && names.iter().all(|name| name == "crm"), "{names:?}");
    owner.leave();
}

#[tokio::test]
async fn an_ordinary_user_and_root_can_both_start_one() {
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let owner = Owner::start(None, &[]);
    let user: String =
        sqlx::query_scalar("select current_user").fetch_one(&mut owner.connection().await).await.unwrap();
    assert_eq!(user, "postgres");
    owner.leave();
    if is_root {
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
            output.status.success() && said.starts_with("postgres://postgres@localhost"),
            "{said}{:?}",
            output.stderr
        );
    }
}
