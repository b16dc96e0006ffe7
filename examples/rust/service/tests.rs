//! Drives the service over HTTP, as a client would.

use std::net::SocketAddr;

use axum::response::IntoResponse as _;
use crm_postgres::prelude::*;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::answers::Refusal;
use crate::{Service, routes};

/// Is the service on a private server, with one admin and one user.
struct Ground {
    server: Crm,
    service: Service,
    address: SocketAddr,
}

impl Ground {
    async fn new() -> Self {
        let server = Crm::embedded(None).await.unwrap();
        let service = Service::open(server.url().unwrap()).await.unwrap();
        for (name, role) in [("ann", Role::Admin), ("ben", Role::User)] {
            let password = Password::new("correct horse");
            let new = NewUser { role, ..NewUser::new(name, format!("{name}@example.com"), password) };
            service.crm.users().create(new.validate().unwrap()).await.unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = routes::router(service.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { server, service, address }
    }

    async fn log_in(&self, name: &str) -> String {
        let login = json!({ "email": format!("{name}@example.com"), "password": "correct horse" });
        let (status, body) = self.send("POST", "/login", None, &login).await;
        assert_eq!(status, 200, "{body}");
        body["token"].as_str().unwrap().to_owned()
    }

    /// Sends a request and returns the status and the body of the answer.
    async fn send(&self, method: &str, path: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let authorization =
            token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: service\r\nconnection: close\r\n{authorization}\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    async fn invoices(&self) -> i64 {
        let count = sqlx::query_scalar("select count(*) from public.invoices");
        count.fetch_one(&self.service.pool).await.unwrap()
    }

    /// Adds a customer with a lead in the name of a user, and returns both ids.
    async fn add_lead(&self, token: &str) -> (i64, i64) {
        let (status, acme) =
            self.send("POST", "/customers", Some(token), &json!({ "name": "Acme Corporation" })).await;
        assert_eq!(status, 201, "{acme}");
        let new = json!({ "title": "Big deal", "customer_id": acme["id"], "value": "50000.00" });
        let (status, lead) = self.send("POST", "/leads", Some(token), &new).await;
        assert_eq!(status, 201, "{lead}");
        (acme["id"].as_i64().unwrap(), lead["id"].as_i64().unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_keeps_its_promises() {
    let ground = Ground::new().await;
    who_is_not_logged_in_gets_nothing(&ground).await;
    what_is_refused_has_its_status(&ground).await;
    an_invoice_and_its_lead_are_written_together(&ground).await;
    a_failed_half_undoes_both(&ground).await;
    the_services_own_sql_is_answered_as_the_librarys_calls_are(&ground).await;
    who_is_deactivated_is_out_at_once(&ground).await;
    ground.service.crm.close().await;
    ground.service.pool.close().await;
    ground.server.close().await;
}

async fn who_is_not_logged_in_gets_nothing(ground: &Ground) {
    for token in [None, Some("0123")] {
        assert_eq!(ground.send("GET", "/customers", token, &Value::Null).await.0, 401);
    }
    let wrong = json!({ "email": "ben@example.com", "password": "wrong" });
    let (status, body) = ground.send("POST", "/login", None, &wrong).await;
    assert_eq!((status, body["code"].as_str()), (401, Some("invalid_credentials")));

    let token = ground.log_in("ben").await;
    assert_eq!(ground.send("GET", "/customers", Some(&token), &Value::Null).await.0, 200);
    assert_eq!(ground.send("DELETE", "/session", Some(&token), &Value::Null).await.0, 204);
    assert_eq!(ground.send("GET", "/customers", Some(&token), &Value::Null).await.0, 401);
}

async fn what_is_refused_has_its_status(ground: &Ground) {
    let (ann, ben) = (ground.log_in("ann").await, ground.log_in("ben").await);
    let (status, body) =
        ground.send("POST", "/customers", Some(&ben), &json!({ "name": " ", "email": "x" })).await;
    assert_eq!((status, body["violations"].as_array().map(Vec::len)), (400, Some(2)), "{body}");
    let nobody = json!({ "title": "Deal", "customer_id": 1_000_000 });
    assert_eq!(ground.send("POST", "/leads", Some(&ben), &nobody).await.0, 422);
    assert_eq!(ground.send("GET", "/customers/1000000", Some(&ben), &Value::Null).await.0, 404);

    let (customer, _) = ground.add_lead(&ben).await;
    let path = format!("/customers/{customer}");
    assert_eq!(ground.send("DELETE", &path, Some(&ben), &Value::Null).await.0, 403);
    assert_eq!(ground.send("DELETE", &path, Some(&ann), &Value::Null).await.0, 204);
}

async fn an_invoice_and_its_lead_are_written_together(ground: &Ground) {
    let ben = ground.log_in("ben").await;
    let (customer, lead) = ground.add_lead(&ben).await;
    let new = json!({ "number": "2026-001", "due": "2026-12-24" });
    let (status, invoice) = ground.send("POST", &format!("/leads/{lead}/invoice"), Some(&ben), &new).await;
    assert_eq!(status, 201, "{invoice}");
    assert_eq!(invoice["amount"], "50000.00");

    let (_, listed) =
        ground.send("GET", &format!("/customers/{customer}/invoices"), Some(&ben), &Value::Null).await;
    assert_eq!(listed, json!([invoice]));
    let ann = ground.log_in("ann").await;
    let (status, kept) =
        ground.send("DELETE", &format!("/customers/{customer}"), Some(&ann), &Value::Null).await;
    assert_eq!((status, kept["code"].as_str()), (409, Some("billed")));
    let (_, overview) = ground.send("GET", &format!("/customers/{customer}"), Some(&ben), &Value::Null).await;
    assert_eq!(overview["open_tasks"][0]["title"], "Is invoice 2026-001 paid?");
    // All of it is Ben's, who is the second user.
    assert_eq!(invoice["created_by"], overview["open_tasks"][0]["created_by"]);
    let (_, pipeline) = ground.send("GET", "/pipeline", Some(&ben), &Value::Null).await;
    assert_eq!(pipeline[3]["total_value"], "50000.00");
}

async fn a_failed_half_undoes_both(ground: &Ground) {
    let ben = ground.log_in("ben").await;
    let (_, lead) = ground.add_lead(&ben).await;
    let path = format!("/leads/{lead}/invoice");
    let before = ground.invoices().await;
    let stage = async || ground.service.crm.leads().get(LeadId(lead)).await.unwrap().stage;

    // The service's own half fails: the number is taken.
    let (status, body) =
        ground.send("POST", &path, Some(&ben), &json!({ "number": "2026-001", "due": "2026-12-24" })).await;
    assert_eq!((status, body["field"].as_str()), (409, Some("number")));
    assert_eq!((ground.invoices().await, stage().await), (before, Stage::Lead));

    // The library's half fails behind it: the task's title would be too long.
    let long = json!({ "number": "9".repeat(250), "due": "2026-12-24" });
    let (status, body) = ground.send("POST", &path, Some(&ben), &long).await;
    assert_eq!((status, body["violations"][0]["code"].as_str()), (400, Some("too_long")));
    assert_eq!((ground.invoices().await, stage().await), (before, Stage::Lead));

    let (status, _) =
        ground.send("POST", &path, Some(&ben), &json!({ "number": "2026-002", "due": "2026-12-24" })).await;
    assert_eq!(status, 201);
    assert_eq!((ground.invoices().await, stage().await), (before + 1, Stage::Closed));
}

async fn who_is_deactivated_is_out_at_once(ground: &Ground) {
    let ben = ground.log_in("ben").await;
    let (customer, lead) = ground.add_lead(&ben).await;
    let invoices = format!("/customers/{customer}/invoices");
    assert_eq!(ground.send("GET", &invoices, Some(&ben), &Value::Null).await, (200, json!([])));

    let users = ground.service.crm.users();
    let user = users.authenticate("ben@example.com", Password::new("correct horse")).await.unwrap();
    users.deactivate(user.id).await.unwrap();
    let (status, body) = ground.send("GET", &invoices, Some(&ben), &Value::Null).await;
    assert_eq!((status, body["code"].as_str()), (403, Some("permission_denied")));
    let new = json!({ "number": "2026-003", "due": "2026-12-24" });
    let (status, _) = ground.send("POST", &format!("/leads/{lead}/invoice"), Some(&ben), &new).await;
    assert_eq!(status, 403);
    let (status, _) = ground.send("GET", "/customers", Some(&ben), &Value::Null).await;
    assert_eq!(status, 403);
}

async fn the_services_own_sql_is_answered_as_the_librarys_calls_are(ground: &Ground) {
    let status = |error: sqlx::Error| Refusal::from(error).into_response().status().as_u16();
    for (statement, expected) in [
        ("do $$ begin raise sqlstate '42501'; end $$", 403),
        ("do $$ begin raise sqlstate '40001'; end $$", 503),
        ("do $$ begin raise sqlstate '40P01'; end $$", 503),
        ("set local statement_timeout = 10; select pg_sleep(60)", 503),
        ("select pg_terminate_backend(pg_backend_pid())", 503),
        ("select 1 / 0", 500),
    ] {
        let tx = ground.service.crm.begin().await.unwrap();
        let error = sqlx::raw_sql(statement).execute(&tx).await.unwrap_err();
        assert_eq!(status(error), expected, "{statement}");
        // It is the library that refuses the next one, as it refuses a call of its own.
        let closed = sqlx::raw_sql("select 1").execute(&tx).await.unwrap_err();
        assert_eq!(status(closed), 503, "{statement}");
    }
}
