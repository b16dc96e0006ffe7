//! Whoever is neither the schema's owner nor a member of it is told so, and no role that is somebody's already becomes the library's.

use crm_core::{CustomerFilter, Error, ErrorCode, NewCustomer, NewUser, Repositories as _, Role, UserFilter};
use crm_postgres::Crm;
use crm_tests::is_turn;

use super::cluster::Cluster;
use super::owners::{EXISTING, OF_ACCESS, ROLES, version_before, works};
use super::state::password;
use crate::seed::valid;

/// Asserts that the step is refused for what the role is, and that nothing of it is there.
async fn refused(cluster: &Cluster, crm: &Crm, role: &str, existing: &[&str]) {
    for _ in 0..2 {
        let error = crm.migrate().await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Schema, "{error}");
        assert!(error.to_string().contains(role), "{error}");
        assert_eq!(crm.schema_version().await.unwrap(), Some(version_before().await));
        assert_eq!(cluster.texts("app", EXISTING).await, existing);
        assert_eq!(cluster.texts("app", OF_ACCESS).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_role_that_is_somebodys_already_is_not_made_the_librarys() {
    let cases = [
        ("crm_user", "login"),
        ("crm_admin", "superuser"),
        ("crm_reporter", "bypassrls"),
        ("crm_user", "createrole"),
        ("crm_admin", "createdb"),
        ("crm_reporter", "replication"),
        ("crm_reporter", "in role clerks"),
        ("crm_admin", "in role pg_read_all_data"),
    ];
    for (_, (role, attributes)) in cases.into_iter().enumerate().filter(|(n, _)| is_turn(*n, 2)) {
        let cluster = Cluster::cleared().await;
        cluster
            .administer(&[
                "create role owner login createrole",
                "create role clerks",
                &format!("create role {role} {attributes}"),
            ])
            .await;
        cluster.database("app", "owner").await;
        let crm = cluster.crm("owner", "app").await;
        refused(&cluster, &crm, role, &[role]).await;
        // Also where the owner has it already, and for a superuser, who may do everything.
        cluster.administer(&[&format!("grant {role} to owner")]).await;
        refused(&cluster, &crm, role, &[role]).await;
        refused(&cluster, &cluster.crm("postgres", "app").await, role, &[role]).await;

        cluster.administer(&[&format!("drop role {role}"), &format!("create role {role} nologin")]).await;
        cluster.administer(&[&format!("grant {role} to owner")]).await;
        crm.migrate().await.unwrap();
        assert_eq!(cluster.texts("app", EXISTING).await, ROLES);
        works(&crm).await;
    }
}

#[tokio::test]
async fn an_owner_does_not_have_the_name_of_a_role() {
    for role in ROLES {
        let cluster = Cluster::cleared().await;
        cluster.administer(&[&format!("create role {role} login createrole")]).await;
        cluster.database("app", role).await;
        refused(&cluster, &cluster.crm(role, "app").await, role, &[role]).await;
    }
}

/// Lists who owns the schema and what is in it.
const OWNERS: &str = "
    select distinct owner::regrole::text from (
      select nspowner from pg_namespace where nspname = 'crm'
      union all select relowner from pg_class where relnamespace = 'crm'::regnamespace
      union all select proowner from pg_proc where pronamespace = 'crm'::regnamespace
      union all select typowner from pg_type where typnamespace = 'crm'::regnamespace
    ) o (owner)";

#[tokio::test]
async fn what_a_member_migrates_belongs_to_the_owner() {
    let cluster = Cluster::cleared().await;
    cluster
        .administer(&[
            "create role owner login",
            "create role member login createrole in role owner",
            "create role further login in role owner",
        ])
        .await;
    cluster.database("app", "owner").await;
    let owner = cluster.crm("owner", "app").await;
    owner.migrate_to(version_before().await).await.unwrap();
    let member = cluster.crm("member", "app").await;
    for round in 0..2 {
        member.migrate().await.unwrap();
        assert_eq!(cluster.texts("app", OWNERS).await, ["owner"]);
        for login in ["owner", "member", "further"] {
            works(&cluster.crm(login, "app").await).await;
        }
        // The member itself is the member again, not the owner, when its connection goes on.
        works(&member).await;
        if round == 0 {
            member.migrate_to(version_before().await).await.unwrap();
            assert_eq!(cluster.texts("app", OWNERS).await, ["owner"]);
        }
    }
}

#[tokio::test]
async fn a_login_that_row_security_binds_is_told_that_it_is_not_the_owner() {
    let cluster = Cluster::cleared().await;
    cluster.administer(&["create role owner login createrole", "create role stranger login"]).await;
    cluster.database("app", "owner").await;
    let crm = cluster.crm("owner", "app").await;
    crm.migrate().await.unwrap();
    works(&crm).await;
    let rights = "grant usage on schema crm to stranger; grant all on all tables in schema crm to stranger;
                  grant all on all sequences in schema crm to stranger; grant all on all routines in schema crm to stranger";
    cluster.execute("owner", "app", rights).await;
    let ann = crm.users().find_by_email("ann@example.com").await.unwrap().unwrap().id;

    let stranger = cluster.crm("stranger", "app").await;
    assert_schema(stranger.users().find_by_email("ann@example.com").await);
    assert_schema(stranger.users().count(&UserFilter::default()).await);
    assert_schema(stranger.users().authenticate("ann@example.com", password(1)).await);
    assert_schema(stranger.customers().create(valid(NewCustomer::new("Acme"))).await);
    assert_schema(stranger.begin().await);
    assert_schema(stranger.acting_as(ann).users().count(&UserFilter::default()).await);
    // As it is told only until the login is a member.
    cluster.administer(&["grant owner to stranger"]).await;
    works(&cluster.crm("stranger", "app").await).await;
}

#[tokio::test]
async fn an_owner_that_is_a_member_no_more_is_told_that_the_roles_are_missing() {
    let cluster = Cluster::cleared().await;
    cluster.administer(&["create role owner login createrole"]).await;
    cluster.database("app", "owner").await;
    let crm = cluster.crm("owner", "app").await;
    crm.migrate().await.unwrap();
    let mut ids = Vec::new();
    for (name, role) in [("admin", Role::Admin), ("ann", Role::User)] {
        let new = NewUser { role, ..NewUser::new(name, format!("{name}@example.com"), password(1)) };
        ids.push(crm.users().create(valid(new)).await.unwrap().id);
    }
    cluster.administer(&["revoke crm_user from owner cascade"]).await;
    let ann = crm.acting_as(ids[1]);
    assert_schema(ann.customers().count(&CustomerFilter::default()).await);
    assert_schema(ann.begin().await);
    assert_schema(ann.users().change_password(ids[1], password(1), valid(password(2))).await);
    // The other role is there, the trusted system needs none, and it is ann again who may not when the role is back.
    assert_eq!(crm.acting_as(ids[0]).customers().count(&CustomerFilter::default()).await.unwrap(), 0);
    let customer = crm.customers().create(valid(NewCustomer::new("Acme"))).await.unwrap().id;
    cluster.administer(&["grant crm_user to owner"]).await;
    assert_eq!(ann.customers().delete(customer).await.unwrap_err().code(), ErrorCode::PermissionDenied);
}

fn assert_schema<T: std::fmt::Debug>(result: Result<T, Error>) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Schema, "{error}");
}
