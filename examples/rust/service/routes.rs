//! What the service offers. Inputs are the library's own and go through its validation; rows are the library's, as they are.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use crm_postgres::prelude::*;
use serde::Deserialize;

use crate::Service;
use crate::answers::{Answer, Refusal};
use crate::invoices;
use crate::sessions::{self, Session};

/// Puts the routes together.
pub(crate) fn router(service: Service) -> Router {
    Router::new()
        .route("/login", post(sessions::log_in))
        .route("/session", delete(sessions::log_out))
        .route("/customers", get(customers).post(add_customer))
        .route("/customers/{id}", get(overview).delete(delete_customer))
        .route("/customers/{id}/invoices", get(invoices::of_customer))
        .route("/leads", post(add_lead))
        .route("/leads/{id}/invoice", post(invoices::bill))
        .route("/pipeline", get(pipeline))
        .with_state(service)
}

#[derive(Deserialize)]
struct Search {
    text: Option<String>,
    limit: Option<u32>,
    cursor: Option<Cursor>,
}

/// Lists customers by name, a page at a time: `next_cursor` of one page is `cursor` of the next.
async fn customers(session: Session, Query(search): Query<Search>) -> Answer<Json<Page<Customer>>> {
    let text = search.text.map(|text| text.parse()).transpose()?;
    let filter = CustomerFilter { text, ..CustomerFilter::default() };
    let order = Order::ascending(CustomerOrderBy::Name);
    let list = List::new().filter(filter).order(order).limit(search.limit.unwrap_or(50)).after(search.cursor);
    Ok(Json(session.crm.customers().list(&list).await?))
}

async fn add_customer(
    session: Session,
    Json(new): Json<NewCustomer>,
) -> Answer<(StatusCode, Json<Customer>)> {
    let customer = session.crm.customers().create(new.validate()?).await?;
    Ok((StatusCode::CREATED, Json(customer)))
}

/// Reads a customer with what is open.
async fn overview(session: Session, Path(id): Path<CustomerId>) -> Answer<Json<CustomerOverview>> {
    Ok(Json(session.crm.customers().overview(id, 10).await?))
}

/// Deletes a customer, which only admins may: PostgreSQL itself refuses everybody else.
async fn delete_customer(session: Session, Path(id): Path<CustomerId>) -> Answer<StatusCode> {
    let tx = session.crm.begin().await?;
    // The foreign key of the invoices would refuse it too, but as an error of which the library knows nothing.
    if invoices::has_any(&tx, id).await? {
        return Err(Refusal::Billed);
    }
    tx.customers().delete(id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn add_lead(session: Session, Json(new): Json<NewLead>) -> Answer<(StatusCode, Json<Lead>)> {
    let lead = session.crm.leads().create(new.validate()?).await?;
    Ok((StatusCode::CREATED, Json(lead)))
}

async fn pipeline(session: Session) -> Answer<Json<Vec<PipelineStage>>> {
    Ok(Json(session.crm.reports().pipeline().await?))
}
