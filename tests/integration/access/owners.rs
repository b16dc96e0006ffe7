//! The migration makes the roles and grants them to its owner where it may, and otherwise says what the administrator has to do.

use crm_core::{
    CustomerFilter, Error, ErrorCode, NewCustomer, NewUser, Repositories as _, Role, User, UserId,
};
use crm_postgres::Crm;
use crm_tests::{Database, is_turn};

use super::cluster::{Cluster, quoted};
use super::state::password;
use crate::schema::catalogue::texts;
use crate::seed::valid;

/// Is the step that makes the roles' rights.
const ACCESS: i64 = 20_261_124_000_001;

/// Are names that PostgreSQL knows only in quotes; a test that takes turns tries the second and the fourth always.
const ODD: [&str; 4] = ["Owner", "o'wner; drop role \"postgres\"", "user", "Besitzer äöü \\ %s %I"];

/// Are the library's roles, by name.
pub(super) const ROLES: [&str; 3] = ["crm_admin", "crm_reporter", "crm_user"];

pub(super) const EXISTING: &str =
    "select rolname::text from pg_roles where rolname like 'crm\\_%' order by 1";

/// Lists the members of the library's roles.
const MEMBERS: &str = "
    select distinct format('%s in %s', m.member::regrole, m.roleid::regrole) from pg_auth_members m
    where m.roleid::regrole::text like 'crm\\_%' order by 1";

pub(super) async fn version_before() -> i64 {
    let known = Database::bare().await.crm.pending_migrations().await.unwrap();
    let at = known.iter().position(|step| step.version == ACCESS).unwrap();
    known[at - 1].version
}

/// Makes a user in a database that may have had some before.
async fn user(crm: &Crm, name: &str, role: Role) -> User {
    let email = format!("{name}@example.com");
    if let Some(user) = crm.users().find_by_email(&email).await.unwrap() {
        return user;
    }
    let new = NewUser { role, ..NewUser::new(name, email, password(1)) };
    crm.users().create(valid(new)).await.unwrap()
}

/// Asserts that the trusted handle does everything, and acting handles what the roles allow.
pub(super) async fn works(crm: &Crm) {
    let (admin, ann) = (user(crm, "admin", Role::Admin).await.id, user(crm, "ann", Role::User).await.id);
    // The trusted system's way of many rows is not open to whom row security binds.
    let many = crm_core::Valid::all(vec![NewCustomer::new("a"), NewCustomer::new("b")]).unwrap();
    crm.customers().create_many(many).await.unwrap();
    crm.users().authenticate("ann@example.com", password(1)).await.unwrap();

    let acting = crm.acting_as(ann);
    let customer = acting.customers().create(valid(NewCustomer::new("Acme"))).await.unwrap();
    assert_eq!((customer.created_by, customer.updated_by), (Some(ann), Some(ann)));
    denied(acting.customers().delete(customer.id).await);
    denied(acting.users().delete(admin).await);
    let tx = acting.begin().await.unwrap();
    tx.users().change_password(ann, password(1), valid(password(2))).await.unwrap();
    tx.users().change_password(ann, password(2), valid(password(1))).await.unwrap();
    let other = tx.customers().create(valid(NewCustomer::new("Other"))).await.unwrap();
    assert_eq!(other.created_by, Some(ann));
    tx.commit().await.unwrap();

    let acting = crm.acting_as(admin);
    acting.customers().delete(customer.id).await.unwrap();
    denied(crm.acting_as(UserId(0)).customers().count(&CustomerFilter::default()).await);
    // Nothing of the actors is left to the trusted system.
    let customer = crm.customers().create(valid(NewCustomer::new("Acme"))).await.unwrap();
    assert_eq!((customer.created_by, customer.updated_by), (None, None));
    crm.customers().delete(customer.id).await.unwrap();
}

fn denied<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert_eq!(result.unwrap_err().code(), ErrorCode::PermissionDenied);
}

/// Migrates, which is refused, and returns the SQL that the refusal asks the administrator for.
async fn asked(crm: &Crm) -> String {
    let error = crm.migrate().await.unwrap_err();
    let Error::PermissionDenied { message, .. } = error else { panic!("{error}") };
    message.split_once("has to run: ").unwrap().1.to_owned()
}

#[tokio::test]
async fn an_owner_who_may_create_roles_migrates_and_has_them() {
    for owner in ["owner"].into_iter().chain(ODD) {
        let cluster = Cluster::cleared().await;
        cluster.administer(&[&format!("create role {} login createrole", quoted(owner))]).await;
        cluster.database("app", owner).await;
        let crm = cluster.crm(owner, "app").await;
        crm.migrate().await.unwrap();
        assert_eq!(cluster.texts("app", EXISTING).await, ROLES);
        works(&crm).await;
        crm.migrate_to(0).await.unwrap();
        crm.migrate().await.unwrap();
        works(&crm).await;
    }
}

#[tokio::test]
async fn an_owner_who_may_not_is_told_what_the_administrator_has_to_run() {
    let before = version_before().await;
    let owners = ["owner"].into_iter().chain(ODD).enumerate();
    for (_, owner) in owners.filter(|(n, _)| is_turn(*n, 2)) {
        let cluster = Cluster::cleared().await;
        cluster.administer(&[&format!("create role {} login", quoted(owner))]).await;
        cluster.database("app", owner).await;
        let crm = cluster.crm(owner, "app").await;
        let sql = asked(&crm).await;
        assert!(sql.starts_with("create role crm_admin nologin; create role crm_user nologin; "), "{sql}");
        // The steps before it are there, each whole, and of this one there is nothing.
        assert_eq!(crm.schema_version().await.unwrap(), Some(before));
        assert_eq!(cluster.texts("app", EXISTING).await, [""; 0]);
        let left = cluster.texts("app", OF_ACCESS).await;
        assert_eq!(left, [""; 0]);
        assert_eq!(asked(&crm).await, sql);

        cluster.administer(&[&sql]).await;
        crm.migrate().await.unwrap();
        assert_eq!(crm.pending_migrations().await.unwrap(), []);
        works(&crm).await;
    }
}

#[tokio::test]
async fn where_the_roles_exist_the_owner_has_to_be_a_member() {
    let cluster = Cluster::cleared().await;
    cluster.administer(&["create role owner login", "create role crm_user"]).await;
    cluster.database("app", "owner").await;
    let crm = cluster.crm("owner", "app").await;
    let grant = "grant crm_admin, crm_user, crm_reporter to owner;";
    assert_eq!(
        asked(&crm).await,
        format!("create role crm_admin nologin; create role crm_reporter nologin; {grant}")
    );
    cluster.administer(&["create role crm_admin", "create role crm_reporter"]).await;
    assert_eq!(asked(&crm).await, grant);
    cluster.administer(&["grant crm_admin, crm_user to owner"]).await;
    assert_eq!(asked(&crm).await, grant);
    cluster.administer(&[grant]).await;
    crm.migrate().await.unwrap();
    works(&crm).await;

    // A second owner is a member by way of another role.
    cluster
        .administer(&[
            "create role clerks",
            "grant crm_admin, crm_user, crm_reporter to clerks",
            "create role second login in role clerks",
        ])
        .await;
    cluster.database("other", "second").await;
    let other = cluster.crm("second", "other").await;
    other.migrate().await.unwrap();
    works(&other).await;
    works(&crm).await;
}

#[tokio::test]
async fn a_superuser_migrates_and_acts_without_being_a_member() {
    let cluster = Cluster::cleared().await;
    cluster.database("app", "postgres").await;
    let crm = cluster.crm("postgres", "app").await;
    crm.migrate().await.unwrap();
    works(&crm).await;
    assert_eq!(cluster.texts("app", MEMBERS).await, [""; 0]);
}

#[tokio::test]
async fn a_login_that_is_a_member_of_the_owner_is_trusted_and_acts() {
    let cluster = Cluster::cleared().await;
    cluster
        .administer(&[
            "create role owner createrole",
            "create role app login in role owner",
            "create role careful login noinherit in role owner",
        ])
        .await;
    cluster.database("app", "owner").await;
    // As the owner has no login, one migrates who has become the owner.
    let as_owner = |login| format!("{}&options[role]=owner", cluster.url(login, "app"));
    let careful = Crm::connect(as_owner("careful")).await.unwrap();
    careful.migrate().await.unwrap();
    let owners =
        "select distinct relowner::regrole::text from pg_class where relnamespace = 'crm'::regnamespace";
    assert_eq!(cluster.texts("app", owners).await, ["owner"]);
    works(&careful).await;
    works(&Crm::connect(as_owner("app")).await.unwrap()).await;
    works(&cluster.crm("app", "app").await).await;
    // One who has to ask to be the owner is nobody before.
    let nobody = cluster.crm("careful", "app").await;
    assert_eq!(
        nobody.customers().count(&CustomerFilter::default()).await.unwrap_err().code(),
        ErrorCode::PermissionDenied
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_databases_of_a_cluster_without_the_roles_migrate_at_the_same_moment() {
    let cluster = Cluster::cleared().await;
    let owners = ["a", "b", "c", "d"];
    for owner in owners {
        cluster.administer(&[&format!("create role {owner} login createrole")]).await;
    }
    for round in 0..2 {
        // One owner for all four in the second round.
        let mut handles = Vec::new();
        for owner in owners {
            let database = format!("{owner}{round}");
            let owner = if round == 1 { "a" } else { owner };
            cluster.database(&database, owner).await;
            handles.push(cluster.crm(owner, &database).await);
        }
        for crm in &handles {
            crm.migrate_to(version_before().await).await.unwrap();
        }
        let started: Vec<_> = handles
            .iter()
            .map(|crm| {
                tokio::spawn({
                    let crm = crm.clone();
                    async move { crm.migrate().await }
                })
            })
            .collect();
        for (crm, migrated) in handles.iter().zip(started) {
            match migrated.await.unwrap() {
                // From version 16 on, only the owner who made the roles may grant them.
                Err(Error::PermissionDenied { message, .. }) if round < 1 => {
                    cluster.administer(&[message.split_once("has to run: ").unwrap().1]).await;
                    crm.migrate().await.unwrap();
                }
                migrated => migrated.unwrap(),
            }
        }
        for crm in &handles {
            works(crm).await;
            crm.close().await;
        }
        for owner in owners {
            cluster.administer(&[&format!("drop database {owner}{round} with (force)")]).await;
        }
        cluster.administer(&["drop role crm_admin, crm_user, crm_reporter"]).await;
    }
}

#[tokio::test]
async fn of_two_databases_that_share_the_roles_one_goes_and_the_other_stays() {
    let cluster = Cluster::cleared().await;
    cluster.administer(&["create role owner login createrole"]).await;
    let mut handles = Vec::new();
    for database in ["one", "two"] {
        cluster.database(database, "owner").await;
        let crm = cluster.crm("owner", database).await;
        crm.migrate().await.unwrap();
        works(&crm).await;
        handles.push(crm);
    }
    handles[0].migrate_to(0).await.unwrap();
    assert_eq!(cluster.texts("two", EXISTING).await, ROLES);
    works(&handles[1]).await;
    assert_eq!(cluster.texts("one", OF_ACCESS).await, [""; 0]);
    handles[0].migrate().await.unwrap();
    works(&handles[0]).await;
}

/// Lists what the step has made of a database: what depends on the roles, the policies, and the functions by their names.
pub(super) const OF_ACCESS: &str = "
    select format('%s for %s', pg_describe_object(d.classid, d.objid, d.objsubid), d.refobjid::regrole)
    from pg_shdepend d join pg_database b on b.oid = d.dbid and b.datname = current_database()
    where d.refclassid = 'pg_authid'::regclass and d.deptype <> 'o' and d.refobjid::regrole::text like 'crm\\_%'
    union all
    select format('policy %s', polname) from pg_policy
    union all
    select format('row security of %s', oid::regclass) from pg_class where relrowsecurity or relforcerowsecurity
    union all
    select format('function %s', oid::regprocedure) from pg_proc
    where pronamespace = to_regnamespace('crm') and proname ~ 'act|stamp|password'
    union all
    select format('trigger %s', tgname) from pg_trigger where tgname ~ 'stamp' or tgfoid::regproc::text ~ 'stamp'";

#[tokio::test]
async fn the_step_before_knows_nothing_of_access() {
    let db = Database::fresh().await;
    assert_ne!(texts(&db, OF_ACCESS).await, [""; 0]);
    db.crm.migrate_to(version_before().await).await.unwrap();
    assert_eq!(texts(&db, OF_ACCESS).await, [""; 0]);
    let rights =
        "select nspname || nspacl::text from pg_namespace where nspname = 'crm' and nspacl::text ~ 'crm_(admin|user|reporter)'
                  union all
                  select relname || relacl::text from pg_class
                  where relnamespace = 'crm'::regnamespace and relacl::text ~ 'crm_(admin|user|reporter)'
                  union all
                  select proname || proacl::text from pg_proc
                  where pronamespace = 'crm'::regnamespace and proacl::text ~ 'crm_(admin|user|reporter)'";
    assert_eq!(texts(&db, rights).await, [""; 0]);
}
