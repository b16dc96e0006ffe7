//! A server that starts, stops, is full, or says no.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crm_core::{
    CustomerFilter, CustomerPatch, ErrorCode, NewCustomer, Patch, Repositories as _, Result, Validate as _,
};
use crm_postgres::Crm;
use crm_tests::{Cluster, Database, Stop};
use sqlx::{Connection as _, Executor as _, PgConnection};

async fn create(crm: &Crm, name: &str) -> Result<crm_core::Customer> {
    crm.customers().create(NewCustomer::new(name).validate().unwrap()).await
}

/// Expects that a call fails with a code, is known not to have been done, and may be made again.
fn refused<T: std::fmt::Debug>(result: Result<T>, code: ErrorCode) {
    let error = result.unwrap_err();
    assert_eq!((error.code(), error.outcome_unknown(), error.retryable()), (code, false, true), "{error}");
}

/// Starts a server with the schema.
async fn migrated(settings: &[&str]) -> (Cluster, Crm) {
    let cluster = Cluster::migrated(settings).await;
    let crm = Crm::connect(cluster.url("postgres")).await.unwrap();
    (cluster, crm)
}

#[tokio::test]
async fn a_server_that_is_down_is_unavailable_and_the_handle_works_when_it_is_up_again() {
    let (mut cluster, crm) = migrated(&[]).await;
    create(&crm, "before").await.unwrap();
    for how in [Stop::Fast, Stop::Immediate] {
        cluster.stop(how).await;
        refused(crm.customers().count(&CustomerFilter::default()).await, ErrorCode::Unavailable);
        refused(create(&crm, "down").await, ErrorCode::Unavailable);
        refused(crm.begin().await.map(drop), ErrorCode::Unavailable);
        refused(Crm::connect(cluster.url("postgres")).await.map(drop), ErrorCode::Unavailable);
        cluster.launch().await;
        create(&crm, "up").await.unwrap();
    }
    assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 3);
}

#[tokio::test]
async fn a_server_that_shuts_down_serves_who_is_in_and_is_unavailable_for_others() {
    let (mut cluster, crm) = migrated(&[]).await;
    let tx = crm.begin().await.unwrap();
    cluster.ask_to_stop(Stop::Smart);
    let newcomer = async {
        loop {
            match Crm::connect(cluster.url("postgres")).await {
                // The signal is on its way.
                Ok(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                Err(error) => return Err::<(), _>(error),
            }
        }
    };
    refused(newcomer.await, ErrorCode::Unavailable);
    tx.customers().create(NewCustomer::new("last").validate().unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    crm.close().await;
    cluster.stop(Stop::Smart).await;
    cluster.launch().await;
    let crm = Crm::connect(cluster.url("postgres")).await.unwrap();
    assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_server_in_recovery_is_unavailable_and_a_standby_only_reads() {
    let (cluster, crm) = migrated(&[]).await;
    let customer = create(&crm, "copied").await.unwrap().id;
    let mut replica = cluster.replica(&[]).await;
    let standby = Crm::connect(replica.url("postgres")).await.unwrap();
    assert_eq!(standby.customers().get(customer).await.unwrap().name, "copied");
    refused(create(&standby, "refused").await, ErrorCode::Unavailable);
    standby.close().await;
    // It stays as a server is while it recovers: it is there, and lets nobody in.
    replica.stop(Stop::Fast).await;
    replica.follow(&cluster, &["hot_standby = off"]);
    replica.spawn();
    let connecting = async {
        loop {
            let error = Crm::connect(replica.url("postgres")).await.unwrap_err();
            if error.to_string().contains("refuses the connection") {
                return Err::<(), _>(error);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    refused(connecting.await, ErrorCode::Unavailable);
}

#[tokio::test]
async fn a_server_without_a_free_connection_is_unavailable() {
    let (cluster, crm) =
        migrated(&["max_connections = 4", "superuser_reserved_connections = 0", "max_wal_senders = 0"]).await;
    crm.close().await;
    let mut others = Vec::new();
    while let Ok(connection) = PgConnection::connect(&cluster.url("postgres")).await {
        others.push(connection);
    }
    refused(Crm::connect(cluster.url("postgres")).await.map(drop), ErrorCode::Unavailable);
    others.pop().unwrap().close().await.unwrap();
    let connected = async {
        loop {
            // The other one's process is still about to end.
            if let Ok(crm) = Crm::connect(cluster.url("postgres")).await {
                return crm;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let crm = connected.await;
    create(&crm, "in").await.unwrap();
    // One connection is all there is, and the others' turn will come.
    let tx = crm.begin().await.unwrap();
    refused(create(&crm, "out").await, ErrorCode::Unavailable);
    tx.rollback().await.unwrap();
    create(&crm, "in again").await.unwrap();
}

#[tokio::test]
async fn a_lock_timeout_is_a_timeout_whose_outcome_is_known() {
    let database = Database::fresh().await;
    let id = create(&database.crm, "locked").await.unwrap().id;
    let url = format!("{}&options[lock_timeout]=50", database.url);
    let crm = Crm::builder(url).max_connections(1).connect().await.unwrap();
    let mut lock = database.connection().await;
    lock.execute("begin; select from crm.customers for update").await.unwrap();
    let patch = || CustomerPatch { name: Patch::Set("late".to_owned()), ..CustomerPatch::default() };
    refused(crm.customers().update(id, patch().validate().unwrap(), None).await, ErrorCode::Timeout);
    let tx = crm.begin().await.unwrap();
    refused(tx.customers().update(id, patch().validate().unwrap(), None).await, ErrorCode::Timeout);
    assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Closed);
    lock.close().await.unwrap();
    crm.customers().update(id, patch().validate().unwrap(), None).await.unwrap();
}

#[tokio::test]
async fn a_lost_race_between_serializable_transactions_is_a_serialization_error() {
    let database = Database::fresh().await;
    let url = format!("{}&options[default_transaction_isolation]=serializable", database.url);
    let crm = Crm::connect(url).await.unwrap();
    let id = create(&crm, "raced").await.unwrap().id;
    let (one, two) = (crm.begin().await.unwrap(), crm.begin().await.unwrap());
    for tx in [&one, &two] {
        assert_eq!(tx.customers().get(id).await.unwrap().version, 1);
    }
    let patch = |name: &str| CustomerPatch { name: Patch::Set(name.to_owned()), ..CustomerPatch::default() };
    one.customers().update(id, patch("one").validate().unwrap(), None).await.unwrap();
    one.commit().await.unwrap();
    let late = two.customers().update(id, patch("two").validate().unwrap(), None).await;
    refused(late, ErrorCode::Serialization);
    assert_eq!(two.commit().await.unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(crm.customers().get(id).await.unwrap().name, "one");
}

/// Is a small file system in memory, which only root can make.
pub(super) struct Small<'p>(&'p Path);

impl<'p> Small<'p> {
    /// Mounts one of so many megabytes.
    pub(super) fn mount(path: &'p Path, size: u32) -> Option<Self> {
        let owner = std::os::unix::fs::MetadataExt::uid(&path.metadata().unwrap());
        let options = format!("size={size}m,mode=0700,uid={owner}");
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "crm-small"]).arg(path).output();
        mount.is_ok_and(|output| output.status.success()).then_some(Self(path))
    }

    pub(super) fn grow(&self) {
        let grown = Command::new("mount").args(["-o", "remount,size=1g"]).arg(self.0).status().unwrap();
        assert!(grown.success());
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0).status());
    }
}

#[tokio::test]
async fn a_full_disk_is_unavailable_loses_nothing_and_all_works_when_there_is_room_again() {
    let (cluster, crm) = migrated(&[]).await;
    let path = cluster.directory("small");
    let Some(disk) = Small::mount(&path, 6) else {
        println!("this user cannot mount a file system: a full disk was not tried");
        return;
    };
    cluster.execute(&format!("create tablespace small location '{}'", path.display())).await;
    cluster.execute("alter table crm.customers set tablespace small").await;
    let notes = "n".repeat(2_000);
    let big = |name: &str| NewCustomer { notes: Some(fastrand_text(&notes)), ..NewCustomer::new(name) };
    let mut stored = 0;
    let error = loop {
        match crm.customers().create(big("stored").validate().unwrap()).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    refused(Err::<(), _>(error), ErrorCode::Unavailable);
    let many = || crm_core::Valid::all((0..1_000).map(|_| big("many"))).unwrap();
    refused(crm.customers().create_many(many()).await, ErrorCode::Unavailable);
    let tx = crm.begin().await.unwrap();
    refused(tx.customers().create_many(many()).await, ErrorCode::Unavailable);
    assert_eq!(tx.commit().await.unwrap_err().code(), ErrorCode::Closed);
    assert!(stored > 0);
    assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), stored);
    disk.grow();
    crm.customers().create_many(many()).await.unwrap();
    assert_eq!(crm.customers().count(&CustomerFilter::default()).await.unwrap(), stored + 1_000);
    // The server lets go of the files before the disk does.
    crm.close().await;
    drop(cluster);
}

/// Makes a text that the server cannot compress.
fn fastrand_text(like: &str) -> String {
    like.chars().map(|_| fastrand::alphanumeric()).collect()
}
