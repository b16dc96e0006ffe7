//! A login of `crm_reporter` reads everything but the passwords through the library, and writes nothing.

use chrono::NaiveDate;
use crm_core::{
    ActivityQuery, CustomerFilter, DueTasksQuery, Entity, Error, ErrorCode, InteractionFilter, LeadFilter,
    List, NewCustomer, NewLead, Order, Repositories, Repository, Result, TaskFilter, UserFilter, Valid,
};
use crm_postgres::{Crm, Export, ExportSink, SeedPasswords};
use futures_util::TryStreamExt as _;
use sqlx::postgres::PgPool;

use super::cluster::Cluster;
use super::state::password;
use crate::seed::valid;

fn denied<T: std::fmt::Debug>(result: Result<T, Error>) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), ErrorCode::PermissionDenied, "{error}");
}

/// Reads all rows of a table in every way, and tells how many they are.
async fn rows<E: Entity>(repository: &dyn Repository<E>) -> usize {
    let page = repository.list(&List::new()).await.unwrap().items;
    let streamed: Vec<E> =
        repository.stream(E::Filter::default(), Order::default()).try_collect().await.unwrap();
    let ids: Vec<_> = page.iter().map(Entity::id).collect();
    assert_eq!(repository.get_many(&ids).await.unwrap().len(), page.len());
    assert_eq!(repository.count(&E::Filter::default()).await.unwrap(), i64::try_from(page.len()).unwrap());
    assert_eq!(streamed.len(), page.len());
    repository.get(ids[0]).await.unwrap();
    page.len()
}

/// Counts the bytes of an export.
#[derive(Default)]
struct Bytes(usize);

impl ExportSink for Bytes {
    async fn take(&mut self, piece: &[u8]) -> Result<()> {
        self.0 += piece.len();
        Ok(())
    }
}

/// Asserts that all reading works and no writing.
async fn reads_and_writes_nothing(crm: &Crm) {
    let today = NaiveDate::from_ymd_opt(2024, 1, 14).unwrap();
    let (activity, due) = (ActivityQuery::default(), DueTasksQuery::new(today));
    // The first call of the handle is a report.
    assert_eq!(crm.reports().pipeline().await.unwrap().iter().map(|stage| stage.count).sum::<i64>(), 2);
    assert_eq!(crm.reports().customer_activity(&activity).await.unwrap().items.len(), 2);
    assert_eq!(crm.reports().due_tasks(&due).await.unwrap().items.len(), 1);
    assert_eq!(crm.reports().snapshot(&activity, &due).await.unwrap().pipeline.len(), 4);
    let counts = [
        rows(crm.users()).await,
        rows(crm.customers()).await,
        rows(crm.leads()).await,
        rows(crm.tasks()).await,
        rows(crm.interactions()).await,
    ];
    assert_eq!(counts, [2; 5]);
    let found = CustomerFilter { text: Some("acme".parse().unwrap()), ..CustomerFilter::default() };
    assert_eq!(crm.customers().count(&found).await.unwrap(), 1);
    let customer = crm.customers().list(&List::new()).await.unwrap().items.remove(0).id;
    crm.customers().overview(customer, 10).await.unwrap();
    crm.customers().tag_counts().await.unwrap();
    assert!(crm.users().find_by_email("admin@crm.com").await.unwrap().is_some());
    let tx = crm.begin().await.unwrap();
    assert_eq!(tx.reports().pipeline().await.unwrap().len(), 4);
    tx.commit().await.unwrap();
    for export in [
        Export::Users(UserFilter::default(), None),
        Export::Customers(CustomerFilter::default(), None),
        Export::Leads(LeadFilter::default(), None),
        Export::Tasks(TaskFilter::default(), None),
        Export::Interactions(InteractionFilter::default(), None),
        Export::Pipeline,
        Export::CustomerActivity { include_inactive: true },
        Export::DueTasks(DueTasksQuery::new(today)),
    ] {
        let mut bytes = Bytes::default();
        crm.export(&export, &mut bytes).await.unwrap();
        assert!(bytes.0 > 50, "{export:?}");
    }
    assert!(crm.schema_version().await.unwrap().is_some());
    assert_eq!(crm.pending_migrations().await.unwrap(), []);

    denied(crm.customers().create(valid(NewCustomer::new("Acme"))).await);
    denied(crm.leads().create(valid(NewLead::new("Deal"))).await);
    let many = |count| Valid::all(vec![NewCustomer::new("Acme"); count]).unwrap();
    denied(crm.customers().create_many(many(2)).await);
    denied(crm.customers().create_many(many(501)).await);
    denied(crm.customers().delete(customer).await);
    denied(crm.users().authenticate("admin@crm.com", password(1)).await);
    denied(crm.users().deactivate(1.into()).await);
    denied(crm.migrate().await);
    let error = crm.acting_as(1.into()).customers().count(&CustomerFilter::default()).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Schema, "{error}");
}

#[tokio::test]
async fn a_login_of_the_reporters_reads_everything_through_the_library_and_writes_nothing() {
    // Whoever owns the database.
    for database_owner in ["owner", "dba"] {
        let cluster = Cluster::cleared().await;
        cluster
            .administer(&[
                "create role dba login",
                "create role owner login createrole",
                "create role dashboards login",
                "create role nobody login",
            ])
            .await;
        cluster.database("app", database_owner).await;
        cluster.execute("postgres", "app", "grant create on database app to owner").await;
        let crm = cluster.crm("owner", "app").await;
        crm.migrate().await.unwrap();
        let passwords = SeedPasswords { admin: Some(password(1)), user: Some(password(1)) };
        crm.seed(passwords).await.unwrap().unwrap();
        cluster.administer(&["grant crm_reporter to dashboards"]).await;
        reads_and_writes_nothing(&cluster.crm("dashboards", "app").await).await;
        let pool = PgPool::connect(&cluster.url("dashboards", "app")).await.unwrap();
        reads_and_writes_nothing(&Crm::from_pool(pool)).await;
        // What it reads is what the owner reads.
        assert_eq!(
            cluster.crm("dashboards", "app").await.users().list(&List::new()).await.unwrap(),
            crm.users().list(&List::new()).await.unwrap()
        );
        // Another login is no reporter, nor is one that writes as the roles of users do.
        let nobody = cluster.crm("nobody", "app").await;
        assert!(nobody.reports().pipeline().await.is_err());
        cluster.administer(&["grant crm_user to dashboards"]).await;
        let writer = cluster.crm("dashboards", "app").await;
        assert_eq!(writer.reports().pipeline().await.unwrap_err().code(), ErrorCode::Schema);
    }
}

#[tokio::test]
async fn a_reporter_refuses_a_schema_that_a_stranger_made() {
    let cluster = Cluster::cleared().await;
    cluster
        .administer(&[
            "create role owner login createrole",
            "create role mallory login",
            "create role dashboards login",
        ])
        .await;
    for database in ["app", "other"] {
        cluster.database(database, "owner").await;
    }
    cluster.crm("owner", "other").await.migrate().await.unwrap();
    cluster.administer(&["grant crm_reporter to dashboards, mallory", "grant crm_admin to mallory"]).await;
    cluster.execute("owner", "app", "grant create on database app to mallory").await;
    cluster.execute("mallory", "app", "create schema crm; grant usage on schema crm to public").await;
    let error = cluster.crm("dashboards", "app").await.reports().pipeline().await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Schema, "{error}");
    assert!(error.to_string().contains("mallory"), "{error}");
}
