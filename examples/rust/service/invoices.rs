//! Invoices: the service's own table, written in one transaction with the library's.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use crm_postgres::chrono::{NaiveDate, Utc};
use crm_postgres::prelude::*;
use crm_postgres::rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgExecutor};

use crate::answers::Answer;
use crate::sessions::Session;

#[derive(Deserialize)]
pub(crate) struct NewInvoice {
    number: String,
    /// Is when somebody has to look whether it was paid.
    due: NaiveDate,
}

#[derive(FromRow, Serialize)]
pub(crate) struct Invoice {
    id: i64,
    number: String,
    lead_id: i64,
    amount: Decimal,
    created_by: Option<i64>,
    created_at: crm_postgres::chrono::DateTime<Utc>,
}

/// Closes a lead, writes its invoice and a task to look after it: all of it or nothing, in the name of the user.
pub(crate) async fn bill(
    session: Session,
    Path(lead): Path<LeadId>,
    Json(new): Json<NewInvoice>,
) -> Answer<(StatusCode, Json<Invoice>)> {
    let tx = session.crm.begin().await?;
    let lead = tx.leads().move_to(lead, Stage::Closed).await?;
    // A statement of the service's own, on the library's transaction. If it fails, the lead stays where it was.
    let invoice = sqlx::query_as(
        "insert into public.invoices (number, lead_id, amount) values ($1, $2, $3)
         returning id, number, lead_id, amount, created_by, created_at",
    )
    .bind(&new.number)
    .bind(lead.id.0)
    .bind(lead.value.unwrap_or_default())
    .fetch_one(&tx)
    .await?;
    let task = NewTask {
        customer_id: lead.customer_id,
        assigned_to: lead.assigned_to,
        due_date: Some(new.due),
        ..NewTask::new(format!("Is invoice {} paid?", new.number))
    };
    // If this is refused, for a number too long for a title, there is no invoice either.
    tx.tasks().create(task.validate()?).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(invoice)))
}

/// Lists the invoices of a customer: own tables and the library's join like any others. In the user's transaction the database
/// looks at the user's rights and whether the user is still one.
pub(crate) async fn of_customer(
    session: Session,
    Path(customer): Path<CustomerId>,
) -> Answer<Json<Vec<Invoice>>> {
    let tx = session.crm.begin().await?;
    let invoices = sqlx::query_as(
        "select i.id, i.number, i.lead_id, i.amount, i.created_by, i.created_at
         from public.invoices i
         join crm.leads l on l.id = i.lead_id
         where l.customer_id = $1
         order by i.id",
    )
    .bind(customer.0)
    .fetch_all(&tx)
    .await?;
    tx.commit().await?;
    Ok(Json(invoices))
}

/// Tells whether a customer has invoices. It takes a pool, a connection or a transaction of the library's.
pub(crate) async fn has_any(executor: impl PgExecutor<'_>, customer: CustomerId) -> sqlx::Result<bool> {
    let query = sqlx::query_scalar(
        "select exists (
            select from public.invoices i join crm.leads l on l.id = i.lead_id where l.customer_id = $1
         )",
    );
    query.bind(customer.0).fetch_one(executor).await
}
