//! The seed's sample rows.

use crm_core::{
    Error, Password, PasswordHash, Repositories as _, Result, UserRepository as _, Valid, Validate as _,
    samples,
};

use crate::fault::Intent;
use crate::session::Session;
use crate::sql::Sql;
use crate::transaction::Tx;

/// Says which passwords the two sample users get; one that is left out is made up.
#[derive(Clone, Debug, Default)]
pub struct SeedPasswords {
    /// Of `admin@crm.com`.
    pub admin: Option<Password>,
    /// Of `user@crm.com`.
    pub user: Option<Password>,
}

/// Tells the passwords of the two sample users. Nobody tells them again.
#[derive(Clone, Debug)]
pub struct Seeded {
    /// Of `admin@crm.com`.
    pub admin: Password,
    /// Of `user@crm.com`.
    pub user: Password,
}

/// Is the email whose user shows that the rows are there.
const ADMIN: &str = "admin@crm.com";

pub(crate) async fn seed(session: &Session, passwords: SeedPasswords) -> Result<Option<Seeded>> {
    if session.find_by_email(ADMIN).await?.is_some() {
        return Ok(None);
    }
    let SeedPasswords { admin, user } = passwords;
    let seeded = Seeded {
        admin: admin.map_or_else(Password::random, Ok)?,
        user: user.map_or_else(Password::random, Ok)?,
    };
    let hashes = (hash(seeded.admin.clone()).await?, hash(seeded.user.clone()).await?);
    let tx = Tx::begin(session, "begin").await?;
    let loaded = load(&tx, hashes).await?;
    tx.commit().await?;
    Ok(loaded.then_some(seeded))
}

async fn hash(password: Password) -> Result<PasswordHash> {
    let hashed = tokio::task::spawn_blocking(move || password.hash()).await;
    hashed.map_err(|error| Error::internal("the password was not hashed", Some(error.into())))?
}

/// Loads the rows, unless somebody has done so before or does so now, whom this waits for.
async fn load(tx: &Tx, (admin, user): (PasswordHash, PasswordHash)) -> Result<bool> {
    let mark =
        "update crm.compatibility set seeded_at = current_timestamp where seeded_at is null returning true";
    if tx.session().row(Intent::Write, Sql::new(mark)).await?.is_none() {
        return Ok(false);
    }
    // One by one, because `create` tells a taken email without asking further.
    let [admin, user] = samples::users(admin, user);
    let admin = tx.users().create(admin.validate()?).await?.id;
    let user = tx.users().create(user.validate()?).await?.id;
    let users = [admin, user];
    let customers = tx.customers().create_many(Valid::all(samples::customers())?).await?;
    let customers = [customers[0], customers[1]];
    tx.leads().create_many(Valid::all(samples::leads(customers, users))?).await?;
    tx.tasks().create_many(Valid::all(samples::tasks(customers, users))?).await?;
    tx.interactions().create_many(Valid::all(samples::interactions(customers, users))?).await?;
    Ok(true)
}
