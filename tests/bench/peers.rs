//! tokio-postgres as its users have it, over ten connections of deadpool-postgres, with the library's own statements on the
//! library's own tables.

use crm_core::NewCustomer;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use tokio_postgres::types::ToSql;
use tokio_postgres::{NoTls, Row};

const COLUMNS: &str = "t.id, t.name, t.email, t.phone, t.company, t.tags, t.notes, t.created_by, t.updated_by, \
                       t.created_at, t.updated_at, t.version";

type Moment = std::time::SystemTime;

/// Is a customer as somebody would declare it for the driver.
#[expect(dead_code, reason = "its values are read from the row, which is what is measured")]
pub(crate) struct Customer {
    id: i64,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    tags: Vec<String>,
    notes: Option<String>,
    created_by: Option<i64>,
    updated_by: Option<i64>,
    created_at: Moment,
    updated_at: Moment,
    version: i64,
}

fn customer(row: &Row) -> Customer {
    Customer {
        id: row.get(0),
        name: row.get(1),
        email: row.get(2),
        phone: row.get(3),
        company: row.get(4),
        tags: row.get(5),
        notes: row.get(6),
        created_by: row.get(7),
        updated_by: row.get(8),
        created_at: row.get(9),
        updated_at: row.get(10),
        version: row.get(11),
    }
}

#[derive(Clone)]
pub(crate) struct Peer(Pool);

impl Peer {
    pub(crate) fn connect(url: &str) -> Self {
        let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(url.parse().expect("a URL"), NoTls, config);
        Self(Pool::builder(manager).max_size(10).build().expect("a pool"))
    }

    async fn query(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Vec<Customer> {
        let client = self.0.get().await.expect("the server is there");
        let statement = client.prepare_cached(sql).await.expect("the schema is ours");
        let rows = client.query(&statement, values).await.expect("the values fit");
        rows.iter().map(customer).collect()
    }

    pub(crate) async fn get(&self, id: i64) -> Vec<Customer> {
        let sql = format!("select {COLUMNS} from crm.customers t where true and t.id = $1");
        self.query(&sql, &[&id]).await
    }

    pub(crate) async fn create(&self, new: &NewCustomer) -> Vec<Customer> {
        let NewCustomer { name, email, phone, company, tags, notes, created_by: _ } = new;
        let sql = format!(
            "insert into crm.customers as t (name, email, phone, company, tags, notes)
             values ($1, $2, $3, $4, $5, $6) returning {COLUMNS}"
        );
        self.query(&sql, &[name, &email.as_deref(), phone, company, tags, notes]).await
    }

    pub(crate) async fn all(&self) -> Vec<Customer> {
        self.query(&format!("select {COLUMNS} from crm.customers t order by t.id limit 10000"), &[]).await
    }
}
