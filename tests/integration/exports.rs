//! Whole tables as columns: a large one comes in two halves over two connections, from one snapshot all the same.

use std::collections::BTreeSet;
use std::time::Duration;

use crm_core::{ErrorCode, Interaction, InteractionFilter, List, Repositories as _, Result, UserId};
use crm_postgres::{Export, ExportSink};
use crm_tests::{Database, execute};

const ROWS: i64 = 6_000;

/// Makes users, a customer, and so many long interactions that they are worth two connections.
async fn large() -> Database {
    let db = Database::fresh().await;
    db.execute(&format!(
        "insert into crm.users (name, email, password) values ('User', 'user@example.com', 'x');
         insert into crm.customers (name) values ('Acme');
         insert into crm.interactions (customer_id, type, notes)
         select 1, 'note', repeat('-', 1600) from generate_series(1, {ROWS})"
    ))
    .await;
    db
}

/// Collects the ids, the first of each row's values, and does something when the first row arrives.
struct Ids<'t> {
    found: Vec<i64>,
    at_first: Option<Box<dyn FnOnce() -> futures_util::future::BoxFuture<'t, Result<()>> + Send + 't>>,
    headers: usize,
    /// How many pieces came behind the end of the copy, and how many ends.
    late: usize,
    ends: usize,
}

impl<'t> Ids<'t> {
    fn new() -> Self {
        Self { found: Vec::new(), at_first: None, headers: 0, late: 0, ends: 0 }
    }

    fn doing(act: impl FnOnce() -> futures_util::future::BoxFuture<'t, Result<()>> + Send + 't) -> Self {
        Self { at_first: Some(Box::new(act)), ..Self::new() }
    }

    /// Returns the ids of a copy that is whole.
    fn set(&self) -> BTreeSet<i64> {
        assert_eq!((self.headers, self.ends, self.late), (1, 1, 0));
        let set: BTreeSet<i64> = self.found.iter().copied().collect();
        assert_eq!(set.len(), self.found.len(), "no row comes twice");
        set
    }
}

impl ExportSink for Ids<'_> {
    async fn take(&mut self, piece: &[u8]) -> Result<()> {
        let mut rest = piece;
        self.late += self.ends;
        if let Some(rows) = piece.strip_prefix(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0") {
            self.headers += 1;
            rest = rows;
        }
        while let Some((fields, values)) = rest.split_first_chunk() {
            let fields = i16::from_be_bytes(*fields);
            rest = values;
            self.ends += usize::from(fields == -1);
            for field in 0..fields {
                let (length, value) = rest.split_first_chunk().unwrap();
                let (value, behind) =
                    value.split_at(usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0));
                if field == 0 {
                    self.found.push(i64::from_be_bytes(value.try_into().unwrap()));
                }
                rest = behind;
            }
        }
        match self.at_first.take() {
            Some(act) if !self.found.is_empty() => act().await,
            act => {
                self.at_first = act;
                Ok(())
            }
        }
    }
}

fn all() -> Export {
    Export::Interactions(InteractionFilter::default(), None)
}

async fn copies(url: &str) -> i64 {
    use sqlx::Connection as _;
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let sql =
        "select count(*) from pg_stat_activity where query like 'copy (select t.id%' and state = 'active'
               and datname = current_database()";
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn a_large_table_comes_over_two_connections_from_one_snapshot() {
    let db = large().await;
    let (url, copying) = (db.url.clone(), std::sync::Mutex::new(0));
    let mut sink = Ids::doing(|| {
        Box::pin(async {
            *copying.lock().unwrap() = copies(&url).await;
            execute(&url, "delete from crm.interactions where id % 2 = 0").await;
            execute(&url, "insert into crm.interactions (customer_id, type) select 1, 'call' from generate_series(1, 1000)").await;
            Ok(())
        })
    });
    db.crm.export(&all(), &mut sink).await.unwrap();
    assert_eq!(sink.set(), (1..=ROWS).collect());
    drop(sink);
    assert_eq!(copying.into_inner().unwrap(), 2);

    // What was deleted is gone, in the name of a user as well.
    let mut now = Ids::new();
    db.crm.acting_as(UserId(1)).export(&all(), &mut now).await.unwrap();
    assert_eq!(i64::try_from(now.set().len()).unwrap(), ROWS / 2 + 1_000);
}

#[tokio::test]
async fn an_empty_half_is_no_end() {
    let db = large().await;
    for (kept, rows) in [("id <= 10", 10), (&*format!("id > {ROWS} - 10"), 10), ("false", 0)] {
        db.execute(&format!("delete from crm.interactions where not ({kept})")).await;
        let mut sink = Ids::new();
        db.crm.export(&all(), &mut sink).await.unwrap();
        assert_eq!(sink.set().len(), rows);
        db.execute(&format!(
            "insert into crm.interactions (customer_id, type, notes, id) overriding system value
             select 1, 'note', repeat('-', 1600), n from generate_series(1, {ROWS}) n on conflict do nothing"
        ))
        .await;
    }
}

#[tokio::test]
async fn who_has_one_connection_does_not_wait_for_another() {
    let db = large().await;
    let crm =
        db.builder().max_connections(1).acquire_timeout(Duration::from_secs(5)).connect().await.unwrap();
    let mut sink = Ids::new();
    crm.export(&all(), &mut sink).await.unwrap();
    assert_eq!(i64::try_from(sink.set().len()).unwrap(), ROWS);

    let crm =
        db.builder().max_connections(3).acquire_timeout(Duration::from_secs(20)).connect().await.unwrap();
    let exports: Vec<_> = (0..6)
        .map(|_| {
            let crm = crm.clone();
            tokio::spawn(async move {
                let mut sink = Ids::new();
                crm.export(&all(), &mut sink).await.map(|()| sink.found.len())
            })
        })
        .collect();
    for export in exports {
        assert_eq!(i64::try_from(export.await.unwrap().unwrap()).unwrap(), ROWS);
    }
}

#[tokio::test]
async fn a_half_that_breaks_off_is_an_error_and_leaves_clean_connections() {
    let db = large().await;
    let crm = db.builder().max_connections(2).connect().await.unwrap();
    let url = db.url.clone();
    let mut killed = Ids::doing(|| {
        Box::pin(async {
            let kill = "select pg_terminate_backend(pid) from pg_stat_activity
                        where datname = current_database() and query like 'copy (select t.id%>=%'";
            execute(&url, kill).await;
            Ok(())
        })
    });
    let error = crm.export(&all(), &mut killed).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unavailable);
    let mut refused = Ids::doing(|| Box::pin(async { Err(crm_core::Error::Closed("the sink")) }));
    assert_eq!(crm.export(&all(), &mut refused).await.unwrap_err().code(), ErrorCode::Closed);
    for _ in 0..4 {
        assert_eq!(
            crm.interactions().list(&List::<Interaction>::new().limit(1)).await.unwrap().items.len(),
            1
        );
    }
    let mut whole = Ids::new();
    crm.export(&all(), &mut whole).await.unwrap();
    assert_eq!(i64::try_from(whole.set().len()).unwrap(), ROWS);
}
