//! The seed's sample rows.

use crm_core::{
    Error, Password, Repositories as _, Result, UserRepository as _, Valid, Validate as _, samples,
};

use crate::connection::error_mapping::Intent;
use crate::connection::session::Session;
use crate::connection::transaction::Tx;
use crate::sql::Sql;

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
    let given = [("admin", &admin), ("user", &user)];
    let violations: Vec<_> =
        given.into_iter().filter_map(|(field, password)| password.as_ref()?.violation(field)).collect();
    if !violations.is_empty() {
        return Err(Error::validation(violations));
    }
    let seeded = Seeded {
        admin: admin.map_or_else(Password::random, Ok)?,
        user: user.map_or_else(Password::random, Ok)?,
    };
    let tx = Tx::begin_on_pool(session, "begin").await?;
    let loaded = load(&tx, &seeded).await?;
    tx.commit().await?;
    Ok(loaded.then_some(seeded))
}

/// Loads the rows, unless somebody has done so before or does so now, whom this waits for.
async fn load(tx: &Tx, Seeded { admin, user }: &Seeded) -> Result<bool> {
    let mark =
        "update crm.compatibility set seeded_at = current_timestamp where seeded_at is null returning true";
    if tx.session().row(Intent::Write, Sql::new(mark)).await?.is_none() {
        return Ok(false);
    }
    // One by one, because `create` tells a taken email without asking further.
    let [admin, user] = samples::users(admin.clone(), user.clone());
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
