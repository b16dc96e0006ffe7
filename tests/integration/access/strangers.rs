//! A schema `crm` into which somebody else has put, or could put, code is refused by whoever would run it.

use crm_core::{CustomerFilter, Error, ErrorCode, NewUser, Repositories as _};
use crm_postgres::Crm;
use sqlx::postgres::PgPool;

use super::cluster::{Cluster, quoted};
use super::owners::works;
use super::state::password;
use crate::seed::valid;

/// Makes a database whose owner may create roles, and in which mallory may create schemas.
async fn stage() -> Cluster {
    let cluster = Cluster::cleared().await;
    cluster.administer(&["create role owner login createrole", "create role mallory login"]).await;
    cluster.database("app", "owner").await;
    cluster.execute("owner", "app", "grant create on database app to mallory").await;
    cluster
}

async fn used(crm: &Crm) -> Result<(), Error> {
    crm.customers().count(&CustomerFilter::default()).await.map(drop)
}

/// Asserts that it is refused as `schema`, and that the message says so much.
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, said: &[&str]) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Schema, "{error}");
    for said in said {
        assert!(error.to_string().contains(said), "{said} is not in {error}");
    }
}

/// Asserts the same of everything by which a new handle of this login could begin.
async fn all_refused(cluster: &Cluster, login: &str, said: &[&str]) {
    let crm = cluster.crm(login, "app").await;
    refused(crm.migrate().await, said);
    refused(crm.migrate_to(0).await, said);
    refused(used(&crm).await, said);
    refused(crm.begin().await, said);
    refused(crm.acting_as(1.into()).begin().await, said);
    refused(crm.schema_version().await, said);
    refused(crm.pending_migrations().await, said);
    let pool = PgPool::connect(&cluster.url(login, "app")).await.unwrap();
    refused(Crm::from_pool(pool.clone()).migrate().await, said);
    refused(used(&Crm::from_pool(pool)).await, said);
}

/// Makes a trap for whoever calls `act_as` with a text, in a schema of mallory's or in the library's.
const TRAP: &str = "
    create procedure crm.act_as(text) language plpgsql as $$ begin insert into public.caught values (current_user); end $$;
    create procedure crm.act_as(varchar) language plpgsql as $$ begin insert into public.caught values (current_user); end $$;";

async fn caught(cluster: &Cluster) -> Vec<String> {
    cluster.texts("app", "select distinct whom::text from public.caught").await
}

#[tokio::test]
async fn a_schema_that_somebody_else_made_first_is_refused_and_nothing_in_it_is_run() {
    let cluster = stage().await;
    cluster
        .execute(
            "postgres",
            "app",
            "create table public.caught (whom name); grant all on public.caught to public",
        )
        .await;
    let made = format!("create schema crm; grant all on schema crm to public; {TRAP}");
    cluster.execute("mallory", "app", &made).await;
    for login in ["owner", "postgres"] {
        all_refused(&cluster, login, &["belong to the role mallory", login, "alter schema crm rename to"])
            .await;
    }
    // Also one that looks like the library's: a table that runs something when it is read.
    cluster
        .execute(
            "mallory",
            "app",
            "create function crm.look() returns bigint language plpgsql as
               $$ begin insert into public.caught values (current_user); return 1; end $$;
             create view crm._migrations as select crm.look() as version, true as success;
             create view crm.compatibility as select crm.look() as oldest_library;
             create table crm.users (); grant select on all tables in schema crm to public",
        )
        .await;
    for login in ["owner", "postgres"] {
        all_refused(&cluster, login, &["belong to the role mallory"]).await;
    }
    assert_eq!(caught(&cluster).await, [""; 0]);

    // As the message says.
    cluster.execute("postgres", "app", "alter schema crm rename to crm_of_another").await;
    let crm = cluster.crm("owner", "app").await;
    crm.migrate().await.unwrap();
    works(&crm).await;
    assert_eq!(caught(&cluster).await, [""; 0]);
}

#[tokio::test]
async fn a_right_to_create_in_the_schema_is_refused_until_it_is_taken_back() {
    let cluster = stage().await;
    cluster.administer(&["create role \"Odd, name\"", "create role clerks role owner, mallory"]).await;
    let crm = cluster.crm("owner", "app").await;
    crm.migrate().await.unwrap();
    for role in ["mallory", "Odd, name", "clerks", "public", "crm_admin"] {
        let role = if role == "public" { role.to_owned() } else { quoted(role) };
        cluster.execute("owner", "app", &format!("grant create on schema crm to {role}")).await;
        let plain = role.trim_matches('"');
        for login in ["owner", "postgres"] {
            all_refused(&cluster, login, &["revoke create on schema crm from ", plain]).await;
        }
        cluster.execute("owner", "app", &format!("revoke create on schema crm from {role}")).await;
        works(&cluster.crm("owner", "app").await).await;
    }
}

#[tokio::test]
async fn what_somebody_has_left_in_the_schema_is_refused_and_named() {
    let cluster = stage().await;
    let crm = cluster.crm("owner", "app").await;
    crm.migrate().await.unwrap();
    for (made, said, drop) in [
        (
            "create function crm.words(varchar) returns tsvector language sql as 'select null::tsvector'",
            "function crm.words(character varying) of mallory",
            "drop function crm.words(varchar)",
        ),
        (
            "create operator crm.|| (function = pg_catalog.textcat, leftarg = text, rightarg = text)",
            "operator crm.||(text,text) of mallory",
            "drop operator crm.|| (text, text)",
        ),
        ("create table crm.pipelines ()", "table crm.pipelines of mallory", "drop table crm.pipelines"),
        ("create domain crm.text as text", "type crm.text of mallory", "drop domain crm.text"),
    ] {
        cluster.execute("owner", "app", "grant usage, create on schema crm to mallory").await;
        cluster.execute("mallory", "app", made).await;
        cluster.execute("owner", "app", "revoke usage, create on schema crm from mallory").await;
        for login in ["owner", "postgres"] {
            all_refused(&cluster, login, &[said]).await;
        }
        cluster.execute("postgres", "app", drop).await;
        works(&cluster.crm("owner", "app").await).await;
    }
}

#[tokio::test]
async fn becoming_a_user_names_the_procedure_so_that_no_other_fits_better() {
    let cluster = stage().await;
    cluster
        .execute(
            "postgres",
            "app",
            "create table public.caught (whom name); grant all on public.caught to public",
        )
        .await;
    let crm = cluster.crm("owner", "app").await;
    crm.migrate().await.unwrap();
    let ann =
        crm.users().create(valid(NewUser::new("Ann", "ann@example.com", password(1)))).await.unwrap().id;
    // The handle has asked already, and asks no more.
    cluster.execute("owner", "app", "grant usage, create on schema crm to mallory").await;
    cluster.execute("mallory", "app", TRAP).await;
    used(&crm).await.unwrap();
    assert_eq!(crm.acting_as(ann).customers().count(&CustomerFilter::default()).await.unwrap(), 0);
    assert_eq!(caught(&cluster).await, [""; 0]);
}

#[tokio::test]
async fn owners_of_the_database_superusers_and_members_may_own_the_schema_for_another_login() {
    for (maker, members) in [("dba", ""), ("postgres", ""), ("owners", "grant owners to app")] {
        let cluster = Cluster::cleared().await;
        cluster
            .administer(&[
                "create role dba login",
                "create role owners",
                "create role app login createrole",
                "create role further login in role app",
            ])
            .await;
        cluster.database("app", "dba").await;
        let made = format!(
            "create schema crm authorization {maker}; grant usage, create on schema crm to app with grant option; {members}"
        );
        cluster.execute("postgres", "app", &made).await;
        let crm = cluster.crm("app", "app").await;
        crm.migrate().await.unwrap();
        works(&crm).await;
        works(&cluster.crm("app", "app").await).await;
        works(&cluster.crm("further", "app").await).await;
        // A superuser is a member of everybody, so it trusts nobody for that; as the owner of the tables it works.
        refused(used(&cluster.crm("postgres", "app").await).await, &["options[role]="]);
        let as_owner = format!("{}&options[role]=app", cluster.url("postgres", "app"));
        works(&Crm::connect(as_owner).await.unwrap()).await;
    }
}
