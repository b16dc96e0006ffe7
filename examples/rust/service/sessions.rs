//! Logins: a random token a session, of which the database has the digest.

use axum::extract::{FromRequestParts, Json, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use crm_postgres::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Service;
use crate::answers::{Answer, Refusal};

#[derive(Deserialize)]
pub(crate) struct Login {
    email: String,
    password: String,
}

#[derive(Serialize)]
pub(crate) struct Token {
    token: String,
}

/// Lets somebody in. Nothing limits how often somebody may try: put a rate limit before this in earnest.
pub(crate) async fn log_in(State(service): State<Service>, Json(login): Json<Login>) -> Answer<Json<Token>> {
    let Login { email, password } = login;
    let user = service.crm.users().authenticate(&email, Password::new(password)).await?;
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    let token = BASE64_URL_SAFE_NO_PAD.encode(bytes);
    sqlx::query(
        "insert into public.sessions (digest, user_id, expires_at) values ($1, $2, now() + interval '8 hours')",
    )
    .bind(digest(&token))
    .bind(user.id.0)
    .execute(&service.pool)
    .await?;
    Ok(Json(Token { token }))
}

/// Ends a session.
pub(crate) async fn log_out(State(service): State<Service>, session: Session) -> Answer<StatusCode> {
    sqlx::query("delete from public.sessions where digest = $1")
        .bind(session.digest)
        .execute(&service.pool)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Is who makes a request: a handler that asks for it is for those who are logged in.
pub(crate) struct Session {
    digest: Vec<u8>,
    /// Has no more rights than the user's role, at which the database looks on each call.
    pub(crate) crm: Acting,
}

impl FromRequestParts<Service> for Session {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Answer<Self> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
        let token = header.and_then(|header| header.strip_prefix("Bearer ")).ok_or(Refusal::LoggedOut)?;
        let digest = digest(token);
        let user: Option<i64> = sqlx::query_scalar(
            "select user_id from public.sessions where digest = $1 and expires_at > now()",
        )
        .bind(&digest)
        .fetch_optional(&service.pool)
        .await?;
        let user = user.ok_or(Refusal::LoggedOut)?;
        Ok(Self { digest, crm: service.crm.acting_as(UserId(user)) })
    }
}

fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}
