//! What another login has made under a name that the library uses is never run with the rights of the trusted system.

use crm_core::{
    EntityKind, LeadFilter, NewLead, NewUser, Repositories as _, Role, Stage, UserFilter, UserId,
};
use crm_postgres::Crm;
use sqlx::postgres::PgPool;

use super::cluster::Cluster;
use super::state::password;
use crate::seed::valid;

/// Is a function or an operator that writes down who runs it and does what the right one does.
pub(super) struct Trap {
    name: &'static str,
    arguments: &'static [&'static str],
    returns: &'static str,
    /// What the right one would return.
    right: &'static str,
}

const fn trap(
    name: &'static str,
    arguments: &'static [&'static str],
    returns: &'static str,
    right: &'static str,
) -> Trap {
    Trap { name, arguments, returns, right }
}

/// Fit better than PostgreSQL's own for somebody whose search path has the schema behind `pg_catalog`.
const BETTER: [Trap; 10] = [
    trap("||", &["text", "crm.user_role"], "text", "$1 || $2::text"),
    trap("format", &["text", "bigint"], "text", "format($1, $2::text)"),
    trap("lower", &["varchar"], "text", "lower($1::text)"),
    trap("set_config", &["text", "name", "boolean"], "text", "set_config($1, $2::text, $3)"),
    trap("=", &["varchar", "text"], "boolean", "$1::text = $2"),
    trap("=", &["crm.user_role", "crm.user_role"], "boolean", "$1::text = $2::text"),
    trap("=", &["crm.lead_stage", "crm.lead_stage"], "boolean", "$1::text = $2::text"),
    trap("<>", &["crm.user_role", "crm.user_role"], "boolean", "$1::text <> $2::text"),
    trap("<>", &["crm.lead_stage", "crm.lead_stage"], "boolean", "$1::text <> $2::text"),
    trap("=", &["name", "varchar"], "boolean", "$1::text = $2::text"),
];

/// Are named as PostgreSQL's own, for a search path that has the schema before `pg_catalog`.
pub(super) const SAME: [Trap; 22] = [
    trap("pg_trigger_depth", &[], "int", "pg_trigger_depth()"),
    trap("left", &["text", "int"], "text", "\"left\"($1, $2)"),
    trap("lower", &["text"], "text", "lower($1)"),
    trap("translate", &["text", "text", "text"], "text", "translate($1, $2, $3)"),
    trap("regexp_replace", &["text", "text", "text", "text"], "text", "regexp_replace($1, $2, $3, 'g')"),
    trap("replace", &["text", "text", "text"], "text", "replace($1, $2, $3)"),
    trap("substring", &["text", "text"], "text", "pg_catalog.\"substring\"($1, $2)"),
    trap("right", &["text", "int"], "text", "\"right\"($1, $2)"),
    trap("string_to_array", &["text", "text"], "text[]", "string_to_array($1, $2)"),
    trap("jsonb_object", &["text[]", "text[]"], "jsonb", "jsonb_object($1, $2)"),
    trap("->>", &["jsonb", "text"], "text", "$1 ->> $2"),
    trap("||", &["jsonb", "jsonb"], "jsonb", "$1 || $2"),
    trap("octet_length", &["text"], "int", "octet_length($1)"),
    trap("char_length", &["text"], "int", "char_length($1)"),
    trap("current_setting", &["text", "boolean"], "text", "current_setting($1, $2)"),
    trap("+", &["bigint", "int"], "bigint", "$1 + $2"),
    trap("=", &["name", "name"], "boolean", "$1 = $2"),
    trap("=", &["name", "text"], "boolean", "$1 = $2"),
    trap("=", &["int", "int"], "boolean", "$1 = $2"),
    trap(">", &["int", "int"], "boolean", "$1 > $2"),
    trap("~", &["text", "text"], "boolean", "$1 ~ $2"),
    trap("||", &["text", "text"], "text", "$1 || $2"),
];

/// Makes types of PostgreSQL's names that look at their values, and uses them.
pub(super) const TYPES: &str = "
    create function evil.look(name) returns boolean language plpgsql set search_path = pg_catalog, pg_temp as
      $$ begin insert into evil.seen values ($1, current_user); return true; end $$;
    create domain evil.text as pg_catalog.text check (evil.look('text'));
    create domain evil.tsvector as pg_catalog.tsvector check (evil.look('tsvector'));
    create domain evil.jsonb as pg_catalog.jsonb check (evil.look('jsonb'));
    select ''::evil.text, ''::evil.tsvector, '{}'::evil.jsonb;";

impl Trap {
    fn is_function(&self) -> bool {
        self.name.starts_with(|first: char| first.is_ascii_lowercase())
    }

    fn label(&self) -> String {
        format!("{}({})", self.name, self.arguments.join(", "))
    }

    /// Makes the trap; number tells the functions of the operators apart.
    fn create(&self, schema: &str, number: usize) -> String {
        let Self { name, arguments, returns, right } = self;
        let function = if self.is_function() { format!("\"{name}\"") } else { format!("operator{number}") };
        let operator = match arguments {
            [left, right] if !self.is_function() => format!(
                "create operator {schema}.{name} (function = {schema}.{function}, leftarg = {left}, rightarg = {right});"
            ),
            _ => String::new(),
        };
        format!(
            "create function {schema}.{function}({}) returns {returns} language plpgsql
             set search_path = pg_catalog, pg_temp as
               $$ begin perform nextval('{schema}.runs'); insert into {schema}.seen values ('{}', current_user); return {right}; end $$; {operator}",
            arguments.join(", "),
            self.label(),
        )
    }

    /// Runs the trap, where it is the one that fits.
    fn run(&self) -> String {
        let values: Vec<_> = self.arguments.iter().map(|kind| format!("{}::{kind}", sample(kind))).collect();
        match &*values {
            [left, right] if !self.is_function() => format!("select {left} {} {right};", self.name),
            values => format!("select \"{}\"({});", self.name, values.join(", ")),
        }
    }
}

fn sample(kind: &str) -> &'static str {
    match kind {
        "crm.user_role" => "'user'",
        "crm.lead_stage" => "'lead'",
        "int" | "bigint" => "1",
        "boolean" => "true",
        "jsonb" | "text[]" => "'{}'",
        _ => "'crm.nothing'",
    }
}

/// Makes the traps as mallory and sees each of them work under mallory's search path.
pub(super) async fn set(cluster: &Cluster, schema: &str, path: &str, traps: &[Trap]) {
    let seen = format!(
        "create table {schema}.seen (what text, whom name); grant all on {schema}.seen to public;
         create sequence {schema}.runs; grant all on {schema}.runs to public;"
    );
    let made: Vec<_> = traps.iter().enumerate().map(|(number, trap)| trap.create(schema, number)).collect();
    let run: Vec<_> = traps.iter().map(Trap::run).collect();
    cluster
        .execute(
            "mallory",
            "app",
            &format!(
                "set search_path = pg_catalog; {seen} {} set search_path = {path}; {}",
                made.concat(),
                run.concat()
            ),
        )
        .await;
    let mut labels: Vec<_> = traps.iter().map(|trap| format!("{} as mallory", trap.label())).collect();
    labels.sort();
    let mut caught = caught(cluster, schema).await;
    caught.sort();
    assert_eq!(caught, labels);
    let forget = format!("delete from {schema}.seen; select setval('{schema}.runs', 1, false)");
    cluster.execute("mallory", "app", &forget).await;
}

/// Lists which traps somebody has run, and as whom; a run whose transaction was undone has left its number.
pub(super) async fn caught(cluster: &Cluster, schema: &str) -> Vec<String> {
    let seen = format!(
        "select distinct format('%s as %s', what, whom) from {schema}.seen
         union all
         select 'something that was undone' from {schema}.runs
         where is_called and not exists (select from {schema}.seen)
         order by 1"
    );
    cluster.texts("app", &seen).await
}

/// Makes a database whose owner has no more rights than it needs, with an admin, a user and a third who is in everything.
async fn stage(rights: &str) -> (Cluster, Crm, [UserId; 3]) {
    let cluster = Cluster::cleared().await;
    cluster.administer(&["create role owner login createrole", "create role mallory login"]).await;
    cluster.database("app", "owner").await;
    let crm = cluster.crm("owner", "app").await;
    crm.migrate().await.unwrap();
    cluster.execute("postgres", "app", rights).await;
    let mut users = Vec::new();
    for (name, role) in [("admin", Role::Admin), ("ann", Role::User), ("third", Role::User)] {
        let new = NewUser { role, ..NewUser::new(name, format!("{name}@example.com"), password(1)) };
        users.push(crm.users().create(valid(new)).await.unwrap().id);
    }
    (cluster, crm, [users[0], users[1], users[2]])
}

/// Logs in, changes passwords and moves a lead, the latter two also in a user's name.
async fn work(crm: &Crm, ann: UserId) {
    crm.users().authenticate("ann@example.com", password(1)).await.unwrap();
    crm.users().change_password(ann, password(1), valid(password(2))).await.unwrap();
    let acting = crm.acting_as(ann);
    acting.users().change_password(ann, password(2), valid(password(1))).await.unwrap();
    let lead = acting.leads().create(valid(NewLead::new("Deal"))).await.unwrap();
    acting.leads().move_to(lead.id, Stage::Qualified).await.unwrap();
    crm.leads().move_to(lead.id, Stage::Proposal).await.unwrap();
    let filter = LeadFilter { stage: Some(vec![Stage::Proposal]), ..LeadFilter::default() };
    assert_eq!(crm.leads().count(&filter).await.unwrap(), 1);
    let filter = UserFilter { role: Some(vec![Role::Admin]), ..UserFilter::default() };
    assert_eq!(acting.users().count(&filter).await.unwrap(), 1);
    acting.leads().delete(lead.id).await.unwrap();
}

const IN_PUBLIC: &str =
    "grant crm_reporter to mallory; grant create, usage on schema public to mallory, public";

#[tokio::test]
async fn what_fits_better_in_public_is_not_run_by_the_library() {
    let (cluster, crm, [_, ann, _]) = stage(IN_PUBLIC).await;
    set(&cluster, "public", "\"$user\", public", &BETTER).await;
    // What a handle has prepared before stays as it was, so a new one.
    let new = cluster.crm("owner", "app").await;
    work(&new, ann).await;
    work(&crm, ann).await;
    assert_eq!(caught(&cluster, "public").await, [""; 0]);
}

#[tokio::test]
async fn becoming_a_user_runs_nothing_of_another_login() {
    let (cluster, _, [admin, ann, _]) = stage(IN_PUBLIC).await;
    set(&cluster, "public", "\"$user\", public", &BETTER).await;
    for user in [admin, ann] {
        let act = format!(
            "set search_path = \"$user\", public; begin; call crm.act_as('{user}'); commit;
             begin; call crm.act_as({user}); select from crm.users; rollback"
        );
        cluster.execute("owner", "app", &act).await;
    }
    assert_eq!(caught(&cluster, "public").await, [""; 0]);
}

#[tokio::test]
async fn over_a_hosts_pool_a_user_who_acts_and_changes_the_own_password_runs_nothing_of_another_login() {
    let (cluster, _, [_, ann, _]) = stage(IN_PUBLIC).await;
    set(&cluster, "public", "\"$user\", public", &BETTER).await;
    let pool = PgPool::connect(&cluster.url("owner", "app")).await.unwrap();
    let acting = Crm::from_pool(pool).acting_as(ann);
    assert_eq!(acting.users().count(&UserFilter::default()).await.unwrap(), 3);
    acting.users().change_password(ann, password(1), valid(password(2))).await.unwrap();
    assert_eq!(caught(&cluster, "public").await, [""; 0]);
}

/// Has a row of each table that refers to the third user, with words of every script and longer ones than are kept.
fn rows(third: UserId) -> String {
    format!(
        "insert into crm.customers (id, name, created_by, updated_by) values (1, {TEXT}, {third}, {third});
         insert into crm.leads (id, title, description, assigned_to, created_by, updated_by)
         values (1, {TEXT}, repeat('ж', 3000), {third}, {third}, {third});
         insert into crm.tasks (id, title, description, assigned_to, created_by, updated_by)
         values (1, {TEXT}, repeat('x', 3000), {third}, {third}, {third});
         insert into crm.interactions (id, customer_id, type, notes, created_by)
         values (1, 1, 'call', {TEXT}, {third});"
    )
}

const TEXT: &str = "'Ärger Łódź Ɓ Ωμέγα Жук Ա Ḁ Ạ Straße e\u{301} 東京, and ASCII'";

#[tokio::test]
async fn deleting_a_user_and_updating_run_nothing_of_an_admins_with_the_owners_rights() {
    let rights = "grant crm_admin to mallory; create schema evil authorization mallory; grant usage on schema evil to public";
    let (cluster, _, [admin, _, third]) = stage(rights).await;
    cluster.execute("owner", "app", &rows(third)).await;
    set(&cluster, "evil", "evil, pg_catalog", &SAME).await;
    cluster.execute("mallory", "app", TYPES).await;
    assert_eq!(
        caught(&cluster, "evil").await,
        ["jsonb as mallory", "text as mallory", "tsvector as mallory"]
    );
    cluster.execute("mallory", "app", "delete from evil.seen").await;

    let updates: Vec<_> = EntityKind::ALL
        .iter()
        .filter(|entity| **entity != EntityKind::User)
        .map(|entity| {
            let text = match entity {
                EntityKind::Customer => "name",
                EntityKind::Interaction => "notes",
                _ => "title",
            };
            format!(
                "update crm.{} set {text} = {text} operator(pg_catalog.||) ' Ö' where id = 1;",
                entity.plural()
            )
        })
        .collect();
    let attack = format!(
        "set role crm_admin; set search_path = evil, pg_catalog; set crm.actor = '{admin}';
         {} delete from crm.users where id = {third}",
        updates.concat()
    );
    cluster.execute("mallory", "app", &attack).await;
    let with_the_owners = caught(&cluster, "evil").await;
    let with_the_owners: Vec<_> = with_the_owners.iter().filter(|what| what.ends_with(" as owner")).collect();
    assert_eq!(with_the_owners, [""; 0]);
    // Everything was cleared and counted.
    let left = "
        select format('customers %s %s', version, updated_by) from crm.customers where created_by is null
        union all select format('leads %s %s', version, updated_by) from crm.leads where created_by is null and assigned_to is null
        union all select format('tasks %s %s', version, updated_by) from crm.tasks where created_by is null and assigned_to is null
        union all select format('interactions %s', version) from crm.interactions where created_by is null";
    assert_eq!(
        cluster.texts("app", left).await,
        [
            format!("customers 3 {admin}"),
            format!("leads 4 {admin}"),
            format!("tasks 4 {admin}"),
            "interactions 3".to_owned()
        ]
    );
}
