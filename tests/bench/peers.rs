//! tokio-postgres, with the library's own statements on the library's own tables, over ten connections.

use std::sync::{Arc, Mutex};

use crm_core::NewCustomer;
use tokio::sync::Semaphore;
use tokio_postgres::{Client, NoTls, Row, Statement};

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

struct Connection {
    client: Client,
    get: Statement,
    insert: Statement,
    all: Statement,
}

/// Hands out ten connections with prepared statements.
pub(crate) struct Peer {
    turns: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl Peer {
    pub(crate) async fn connect(url: &str) -> Arc<Self> {
        let mut idle = Vec::new();
        for _ in 0..10 {
            let (client, connection) =
                tokio_postgres::connect(url, NoTls).await.expect("the server is there");
            tokio::spawn(connection);
            let get = format!("select {COLUMNS} from crm.customers t where true and t.id = $1");
            let insert = format!(
                "insert into crm.customers as t (name, email, phone, company, tags, notes) values ($1, $2, $3, $4, $5, $6) returning {COLUMNS}"
            );
            let all = format!("select {COLUMNS} from crm.customers t order by t.id limit 10000");
            let get = client.prepare(&get).await.expect("the schema is ours");
            let insert = client.prepare(&insert).await.expect("the schema is ours");
            let all = client.prepare(&all).await.expect("the schema is ours");
            idle.push(Connection { client, get, insert, all });
        }
        Arc::new(Self { turns: Semaphore::new(10), idle: Mutex::new(idle) })
    }

    async fn with<T>(&self, work: impl AsyncFnOnce(&Connection) -> T) -> T {
        let _turn = self.turns.acquire().await.expect("it is never closed");
        let connection = self.idle.lock().expect("nobody panics").pop().expect("as many as there are turns");
        let result = work(&connection).await;
        self.idle.lock().expect("nobody panics").push(connection);
        result
    }

    pub(crate) async fn get(&self, id: i64) -> Customer {
        self.with(async |c| customer(&c.client.query_one(&c.get, &[&id]).await.expect("the row is there")))
            .await
    }

    pub(crate) async fn create(&self, new: &NewCustomer) -> Customer {
        let NewCustomer { name, email, phone, company, tags, notes, created_by: _ } = new;
        let email = email.as_deref();
        self.with(async |c| {
            let row = c.client.query_one(&c.insert, &[name, &email, phone, company, tags, notes]).await;
            customer(&row.expect("the row fits"))
        })
        .await
    }

    pub(crate) async fn all(&self) -> Vec<Customer> {
        self.with(async |c| {
            let rows = c.client.query(&c.all, &[]).await.expect("the rows are there");
            rows.iter().map(customer).collect()
        })
        .await
    }
}
