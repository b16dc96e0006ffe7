//! The ledgers of the clients against the rows that are there.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Invariant, Server};
use crate::ledger::{Kind, Ledger, Row, rows, stays};

/// Is what became of the rows that the clients have written.
#[derive(Debug, Default)]
pub(crate) struct Fate {
    /// Acknowledged, and there.
    pub(crate) there: i64,
    /// Acknowledged, and deleted again.
    pub(crate) deleted: i64,
    /// Of creations and deletions of unknown outcome: whose rows are there, and whose are not.
    pub(crate) unknown: (i64, i64),
}

/// Counts the rows of each name in the five tables; who made them is in the name.
const NAMES: &str = "select name || chr(10) || users || ',' || customers || ',' || leads || ',' || tasks || ',' || interactions from (
    select name, count(*) filter (where t = 1) as users, count(*) filter (where t = 2) as customers,
      count(*) filter (where t = 3) as leads, count(*) filter (where t = 4) as tasks, count(*) filter (where t = 5) as interactions
    from (select 1 as t, name from crm.users union all select 2, name from crm.customers union all select 3, title from crm.leads
      union all select 4, title from crm.tasks union all select 5, notes from crm.interactions) named
    where name ~ '-[0-9]+ by [0-9]+$' group by name) counted";

pub(super) async fn check(server: &mut Server, ledgers: &[Ledger]) -> (Vec<Invariant>, Fate) {
    let mut stored = HashMap::new();
    for line in server.texts(NAMES).await {
        let (name, counts) = line.split_once('\n').expect("it was put in between");
        let counts: Vec<i64> = counts.split(',').map(|count| count.parse().expect("a number")).collect();
        stored.insert(name.to_owned(), counts);
    }
    let mut whole =
        Invariant::new("what was acknowledged is there, and nothing is halved or doubled (by number)");
    let mut fate = Fate::default();
    for ledger in ledgers {
        let (unknown, ring) = (
            ledger.unknown.iter().collect::<HashSet<_>>(),
            ledger.ring.iter().map(|row| row.number).collect::<HashSet<_>>(),
        );
        for number in 0..ledger.next {
            let name = ledger.name(number);
            let found = stored.remove(&name).unwrap_or_else(|| vec![0; 5]);
            let is_there = found == rows(number);
            let is_whole = is_there || found == [0; 5];
            let expected = (!unknown.contains(&number)).then(|| stays(number) || ring.contains(&number));
            match expected {
                None if is_there => fate.unknown.0 += 1,
                None => fate.unknown.1 += 1,
                Some(true) => fate.there += 1,
                Some(false) => fate.deleted += 1,
            }
            whole.check(is_whole && expected.is_none_or(|expected| expected == is_there), || {
                format!("{name}, {:?}, expected there: {expected:?}, is {found:?}", Kind::of(number))
            });
        }
    }
    for (name, found) in stored {
        whole.check(false, || format!("{name} is {found:?}, and nobody was told that it is there"));
    }
    let mut undone = Invariant::new("nothing is there that was undone, refused, or written by nobody");
    let wrong = "select t, name from (select 'users' as t, name from crm.users union all select 'customers', name from crm.customers
        union all select 'leads', title from crm.leads union all select 'tasks', title from crm.tasks
        union all select 'interactions', coalesce(notes, 'undone') from crm.interactions) named
      where name !~ '-[0-9]+ by [0-9]+$' and name !~ '^(Anchor|Actor) [0-9]$' and name <> 'Counter' and name not in
        (select unnest(array['Admin User', 'Regular User', 'Acme Corporation', 'TechStart Inc', 'Enterprise Software Deal',
          'Startup CRM Implementation', 'Follow up with Acme Corp', 'Send proposal to TechStart',
          'Followed up on proposal - client requested meeting', 'Sent initial proposal and pricing']))";
    let all = "select (select count(*) from crm.users) + (select count(*) from crm.customers) + (select count(*) from crm.leads)
        + (select count(*) from crm.tasks) + (select count(*) from crm.interactions)";
    server.none(&mut undone, all, wrong).await;
    let mut invariants = vec![whole, undone, authors(server, ledgers).await, versions(server, ledgers).await];
    invariants.extend(shared(server, ledgers).await);
    (invariants, fate)
}

/// Checks that who made and who changed a row is who did.
async fn authors(server: &mut Server, ledgers: &[Ledger]) -> Invariant {
    let mut authors =
        Invariant::new("created_by is who made the row, updated_by its client's user or nobody");
    let actors: Vec<_> =
        ledgers.iter().map(|ledger| format!("('{}', {})", ledger.client, ledger.actor)).collect();
    let actors = actors.join(", ");
    for (table, name, updated_by) in [
        ("customers", "name", "updated_by"),
        ("leads", "title", "updated_by"),
        ("tasks", "title", "updated_by"),
        ("interactions", "notes", "null::bigint"),
    ] {
        let made = format!(
            "select '{table}' as of, id, created_by, {updated_by} as updated_by, {name} as name from crm.{table}
             where {name} ~ '-[0-9]+ by [0-9]+$'"
        );
        let wrong = format!(
            "select made.* from ({made}) made
             left join (values {actors}) clients (client, actor) on client = substring(name from '^[a-z]+-[0-9]+')
             where created_by is distinct from nullif(substring(name from '[0-9]+$')::bigint, 0)
               or (updated_by is not null and updated_by is distinct from actor)"
        );
        server.none(&mut authors, &format!("select count(*) from ({made}) made"), &wrong).await;
    }
    authors
}

/// Checks that of each client's latest rows the version is that of the changes it knows, and the last change by whom it was.
async fn versions(server: &mut Server, ledgers: &[Ledger]) -> Invariant {
    let mut versions = Invariant::new("the latest rows have the versions of their acknowledged changes");
    let mut stored = BTreeMap::new();
    for (table, name, updated_by) in [
        ("users", "name", "null::bigint"),
        ("customers", "name", "updated_by"),
        ("leads", "title", "updated_by"),
        ("tasks", "title", "updated_by"),
        ("interactions", "notes", "null::bigint"),
    ] {
        let sql = format!(
            "select '{table} ' || id || ' ' || version || ' ' || coalesce({updated_by}, 0) from crm.{table}
             where {name} ~ '-[0-9]+ by [0-9]+$'"
        );
        for line in server.texts(&sql).await {
            let mut words = line.rsplitn(3, ' ').map(str::to_owned);
            let (updated_by, version, key) = (words.next(), words.next(), words.next());
            let number = |word: Option<String>| word.and_then(|word| word.parse::<i64>().ok());
            stored.insert(key.unwrap_or_default(), (number(version), number(updated_by)));
        }
    }
    for ledger in ledgers {
        for row in &ledger.ring {
            let Some(table) = table(row) else { continue };
            let found = stored.get(&format!("{table} {}", row.id)).copied().unwrap_or_default();
            let (least, most) = (row.version, row.version + row.unknown);
            let is_by = row.unknown > 0
                || matches!(table, "users" | "interactions")
                || found.1 == Some(row.updated_by.unwrap_or(0));
            let fits = found.0.is_some_and(|version| (least..=most).contains(&version)) && is_by;
            versions.check(fits, || format!("{} {row:?} is {found:?}", ledger.name(row.number)));
        }
    }
    versions
}

fn table(row: &Row) -> Option<&'static str> {
    match Kind::of(row.number) {
        Kind::User => Some("users"),
        Kind::Customer | Kind::Deal | Kind::Bulk => Some("customers"),
        Kind::Lead => Some("leads"),
        Kind::Task => Some("tasks"),
        Kind::Interaction => Some("interactions"),
        Kind::Many => None,
    }
}

/// Checks what clients of all languages write together: no tag and no step of a counter is lost.
async fn shared(server: &mut Server, ledgers: &[Ledger]) -> [Invariant; 2] {
    let mut tags = Invariant::new("of tags that several clients add to one customer none is lost (by tag)");
    let mut counters =
        Invariant::new("a value that several clients count up is the number of their steps (by step)");
    let anchors: HashSet<i64> = ledgers.iter().map(|ledger| ledger.anchor).collect();
    for anchor in anchors {
        let stored =
            server.texts(&format!("select unnest(tags) from crm.customers where id = {anchor}")).await;
        let mut stored: HashSet<String> = stored.into_iter().collect();
        for ledger in ledgers.iter().filter(|ledger| ledger.anchor == anchor) {
            for tag in &ledger.tags {
                tags.check(stored.remove(tag), || format!("{tag} is not with customer {anchor}"));
            }
            for tag in &ledger.perhaps {
                stored.remove(tag);
            }
        }
        stored.remove("anchor");
        tags.check(stored.is_empty(), || format!("{stored:?} were removed from customer {anchor}"));
    }
    let leads: HashSet<i64> = ledgers.iter().map(|ledger| ledger.counter).collect();
    for lead in leads {
        let of_lead = || ledgers.iter().filter(|ledger| ledger.counter == lead);
        let least: i64 = of_lead().map(|ledger| ledger.counted).sum();
        let most = least + of_lead().map(|ledger| ledger.perhaps_counted).sum::<i64>();
        let found = server.number(&format!("select value::bigint from crm.leads where id = {lead}")).await;
        counters.check((least..=most).contains(&found), || {
            format!("lead {lead} counts {found}, not {least} to {most}")
        });
        counters.looked_at += least - 1;
    }
    [tags, counters]
}
