//! A URL of several servers: which one is found, and that another one is when the first is gone or no longer writes.

use std::net::TcpListener;
use std::time::Duration;

use crm_core::{
    Customer, CustomerFilter, CustomerId, ErrorCode, NewCustomer, Repositories, Result, Validate as _,
};
use crm_postgres::{Builder, Crm};
use crm_tests::{Cluster, Database, Stop};
use futures_util::future;

use crate::replica::{Pair, one, wait_for};

/// Prepares a handle on the servers of these ports, in this order.
fn builder(ports: &[u16], attributes: &str) -> Builder {
    let hosts: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    let hosts = hosts.join(",");
    Crm::builder(format!("postgres://postgres:s3cret@{hosts}/postgres?target_session_attrs={attributes}"))
}

async fn create(store: &impl Repositories, name: &str) -> Result<Customer> {
    store.customers().create(NewCustomer::new(name).validate().unwrap()).await
}

/// Writes again and again until it is possible, for so long the database must be unavailable.
async fn write_again(crm: &Crm) {
    for _ in 0..600 {
        match create(crm, "after").await {
            Ok(_) => return,
            Err(error) => assert_eq!(error.code(), ErrorCode::Unavailable, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no server that writes is found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promoted_replica_is_found_without_a_restart_and_has_all_that_was_acknowledged() {
    let mut pair = Pair::start(&[]).await;
    pair.primary.execute("alter system set synchronous_standby_names = '*'").await;
    pair.primary.execute("select pg_reload_conf()").await;
    wait_for(&pair.primary, "select count(*) = 1 from pg_stat_replication where sync_state = 'sync'").await;
    let crm = builder(&[pair.primary.port(), pair.replica.port()], "read-write").connect().await.unwrap();
    let writers = (0..4).map(|_| {
        let crm = crm.clone();
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            loop {
                match create(&crm, "before").await {
                    Ok(customer) => acknowledged.push(customer.id),
                    Err(error) => {
                        assert_eq!(error.code(), ErrorCode::Unavailable, "{error}");
                        return acknowledged;
                    }
                }
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    wait_for(&pair.primary, "select count(*) > 200 from crm.customers").await;
    pair.primary.kill();
    let acknowledged: Vec<CustomerId> =
        future::join_all(writers).await.into_iter().flat_map(|writer| writer.unwrap()).collect();
    pair.replica.promote();
    write_again(&crm).await;
    assert!(acknowledged.len() > 100);
    assert_eq!(crm.customers().get_many(&acknowledged).await.unwrap().len(), acknowledged.len());
    assert!(
        one::<bool>(&pair.replica, "select exists (select from crm.customers where name = 'after')").await
    );
}

#[tokio::test]
async fn after_a_switchover_the_former_primary_is_passed_over() {
    let mut pair = Pair::start(&[]).await;
    let ports = [pair.primary.port(), pair.replica.port()];
    let crm = builder(&ports, "read-write").connect().await.unwrap();
    create(&crm, "before").await.unwrap();
    pair.primary.stop(Stop::Fast).await;
    pair.replica.promote();
    pair.primary.follow(&pair.replica, &[]);
    pair.primary.launch().await;
    write_again(&crm).await;
    for handle in [crm, builder(&ports, "primary").connect().await.unwrap()] {
        create(&handle, "after").await.unwrap();
    }
    assert_eq!(one::<i64>(&pair.replica, "select count(*) from crm.customers").await, 5);
}

#[tokio::test]
async fn a_primary_that_is_made_read_only_is_left_with_all_connections_to_it() {
    let pair = Pair::start(&[]).await;
    let builder = builder(&[pair.primary.port(), pair.replica.port()], "read-write");
    let crm = builder.idle_timeout(Duration::from_hours(1)).connect().await.unwrap();
    let held = future::join_all((0..3).map(|_| crm.begin())).await;
    for tx in held {
        tx.unwrap().commit().await.unwrap();
    }
    pair.catch_up().await;
    pair.replica.promote();
    pair.primary.execute("alter system set default_transaction_read_only = on").await;
    pair.primary.execute("select pg_reload_conf()").await;
    wait_for(&pair.primary, "select current_setting('default_transaction_read_only') = 'on'").await;
    let error = create(&crm, "before").await.unwrap_err();
    assert_eq!((error.code(), error.outcome_unknown()), (ErrorCode::Unavailable, false));
    for _ in 0..5 {
        create(&crm, "after").await.unwrap();
    }
    let there = |name: &str| format!("select count(*) from crm.customers where name = '{name}'");
    assert_eq!(one::<i64>(&pair.replica, &there("after")).await, 5);
    assert_eq!(one::<i64>(&pair.primary, &there("before")).await, 0);
}

#[tokio::test]
async fn a_transaction_that_finds_its_server_read_only_sends_the_next_one_elsewhere() {
    let pair = Pair::start(&[]).await;
    let crm = builder(&[pair.primary.port(), pair.replica.port()], "read-write").connect().await.unwrap();
    let tx = crm.begin().await.unwrap();
    pair.replica.promote();
    pair.primary.execute("alter system set default_transaction_read_only = on").await;
    pair.primary.execute("select pg_reload_conf()").await;
    tx.rollback().await.unwrap();
    let error = loop {
        let tx = crm.begin().await.unwrap();
        if let Err(error) = create(&tx, "before").await {
            break error;
        }
        tx.rollback().await.unwrap();
    };
    assert_eq!((error.code(), error.outcome_unknown()), (ErrorCode::Unavailable, false));
    let tx = crm.begin().await.unwrap();
    create(&tx, "after").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(one::<i64>(&pair.replica, "select count(*) from crm.customers where name = 'after'").await, 1);
}

#[tokio::test]
async fn a_first_server_that_refuses_says_nothing_or_does_not_write_is_passed_over() {
    let pair = Pair::start(&[]).await;
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().map(|address| (address.port(), silent)).unwrap();
    for first in [1, silent.0, pair.replica.port()] {
        let builder =
            builder(&[first, pair.primary.port()], "read-write").acquire_timeout(Duration::from_secs(8));
        // Were the first one waited for as long as there is time, there would be none for the second.
        let crm = builder.min_connections(3).connect().await.unwrap();
        create(&crm, "found").await.unwrap();
    }
}

#[tokio::test]
async fn each_attribute_finds_its_server() {
    let pair = Pair::start(&[]).await;
    let (primary, replica) = (pair.primary.port(), pair.replica.port());
    let cases = [
        ("any", [primary, replica], &pair.primary),
        ("any", [replica, primary], &pair.replica),
        ("primary", [replica, primary], &pair.primary),
        ("standby", [primary, replica], &pair.replica),
        ("read-only", [primary, replica], &pair.replica),
        ("prefer-standby", [primary, replica], &pair.replica),
        ("prefer-standby", [primary, 1], &pair.primary),
    ];
    for (attributes, ports, expected) in cases {
        let crm = builder(&ports, attributes).application_name("found").connect().await.unwrap();
        crm.customers().count(&CustomerFilter::default()).await.unwrap();
        let found = "select count(*) > 0 from pg_stat_activity where application_name = 'found'";
        assert!(one::<bool>(expected, found).await, "{attributes} of {ports:?}");
        crm.close().await;
        wait_for(expected, "select count(*) = 0 from pg_stat_activity where application_name = 'found'")
            .await;
    }
}

#[tokio::test]
async fn where_no_server_fits_the_error_names_each_and_no_secret() {
    let pair = Pair::start(&[]).await;
    let ports = [1, pair.primary.port(), pair.replica.port()];
    let error = builder(&ports[..2], "standby").connect().await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), (ErrorCode::Unavailable, true));
    let (first, second) = ("127.0.0.1:1 ".to_owned(), format!("127.0.0.1:{} ", ports[1]));
    let said = format!("{error} {error:?} {:?}", builder(&ports, "standby"));
    assert!(said.contains(&first) && said.contains(&second) && !said.contains("s3cret"), "{said}");
    let only = builder(&ports[2..], "read-write").connect().await.unwrap_err();
    assert_eq!(only.code(), ErrorCode::Unavailable);
    assert!(only.to_string().contains("target_session_attrs"), "{only}");
}

#[tokio::test]
async fn servers_may_be_directories_of_sockets() {
    let database = Database::fresh().await;
    let (head, socket) = database.url.split_once("host=").unwrap();
    let crm =
        Crm::connect(format!("{head}host=/nowhere,{socket}&target_session_attrs=read-write")).await.unwrap();
    create(&crm, "found").await.unwrap();
}

#[tokio::test]
async fn an_ipv6_address_stands_in_brackets() {
    let cluster = Cluster::start(&["listen_addresses = '127.0.0.1, ::1'"]).await;
    let hosts = format!("[::1]:{},127.0.0.1:1", cluster.port());
    // Where the machine has no IPv6, the server does not listen on it, and the URL still leads there.
    match Crm::connect(format!("postgres://postgres@{hosts}/postgres")).await {
        Ok(crm) => assert_eq!(crm.schema_version().await.unwrap(), None),
        Err(error) => assert!(error.to_string().contains(&format!("::1:{}", cluster.port())), "{error}"),
    }
}
