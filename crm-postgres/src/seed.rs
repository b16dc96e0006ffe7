//! The seed's sample rows.

use crm_core::{
    CustomerId, Error, InteractionType, LeadId, NewCustomer, NewInteraction, NewLead, NewTask, NewUser,
    Password, PasswordHash, Priority, Repositories as _, Result, Role, Stage, TaskStatus, UserId,
    UserRepository as _, Validate as _,
};
use rust_decimal::Decimal;

use crate::session::Session;
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

const ADMIN: &str = "admin@crm.com";
const USER: &str = "user@crm.com";

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
    match load(&tx, hashes).await {
        Ok(()) => tx.commit().await.map(|()| Some(seeded)),
        // Somebody else has loaded them meanwhile, or has the ordinary user's email without being it.
        Err(error @ Error::Taken { .. }) => session.find_by_email(ADMIN).await?.map_or(Err(error), |_| Ok(None)),
        Err(error) => Err(error),
    }
}

async fn hash(password: Password) -> Result<PasswordHash> {
    let hashed = tokio::task::spawn_blocking(move || password.hash()).await;
    hashed.map_err(|error| Error::internal("the password was not hashed", Some(error.into())))?
}

async fn load(tx: &Tx, (admin, user): (PasswordHash, PasswordHash)) -> Result<()> {
    let admin = NewUser { role: Role::Admin, ..NewUser::new("Admin User", ADMIN, admin) };
    let user = NewUser::new("Regular User", USER, user);
    let admin = tx.users().create(admin.validate()?).await?.id;
    let user = tx.users().create(user.validate()?).await?.id;
    let [acme, techstart] = customers(tx).await?;
    leads(tx, [(acme, admin), (techstart, user)]).await?;
    tasks(tx, [(acme, admin), (techstart, user)]).await?;
    interactions(tx, [(acme, admin), (techstart, user)]).await
}

async fn customers(tx: &Tx) -> Result<[CustomerId; 2]> {
    let acme = NewCustomer {
        email: Some("contact@acme.com".to_owned()),
        phone: Some("+1-555-0123".to_owned()),
        company: Some("Acme Corp".to_owned()),
        tags: vec!["Enterprise".to_owned(), "Technology".to_owned()],
        notes: Some("Initial contact made".to_owned()),
        ..NewCustomer::new("Acme Corporation")
    };
    let techstart = NewCustomer {
        email: Some("hello@techstart.com".to_owned()),
        phone: Some("+1-555-0124".to_owned()),
        company: Some("TechStart".to_owned()),
        tags: vec!["Startup".to_owned(), "Technology".to_owned()],
        notes: Some("Interested in CRM solution".to_owned()),
        ..NewCustomer::new("TechStart Inc")
    };
    let acme = tx.customers().create(acme.validate()?).await?.id;
    let techstart = tx.customers().create(techstart.validate()?).await?.id;
    Ok([acme, techstart])
}

async fn leads(tx: &Tx, [acme, techstart]: [(CustomerId, UserId); 2]) -> Result<()> {
    let lead = async |title: &str, description: &str, stage, value, (customer, user)| -> Result<LeadId> {
        let lead = NewLead {
            description: Some(description.to_owned()),
            stage,
            value: Some(Decimal::new(value, 2)),
            customer_id: Some(customer),
            assigned_to: Some(user),
            ..NewLead::new(title)
        };
        Ok(tx.leads().create(lead.validate()?).await?.id)
    };
    let enterprise = "Large enterprise looking for CRM solution";
    lead("Enterprise Software Deal", enterprise, Stage::Qualified, 5_000_000, acme).await?;
    let startup = "Tech startup needs basic CRM setup";
    lead("Startup CRM Implementation", startup, Stage::Lead, 1_500_000, techstart).await?;
    Ok(())
}

async fn tasks(tx: &Tx, [(acme, admin), (techstart, user)]: [(CustomerId, UserId); 2]) -> Result<()> {
    let follow_up = NewTask {
        description: Some("Schedule demo meeting for enterprise solution".to_owned()),
        priority: Priority::High,
        due_date: chrono::NaiveDate::from_ymd_opt(2024, 1, 15),
        assigned_to: Some(admin),
        customer_id: Some(acme),
        ..NewTask::new("Follow up with Acme Corp")
    };
    let proposal = NewTask {
        description: Some("Prepare and send detailed proposal".to_owned()),
        status: TaskStatus::InProgress,
        due_date: chrono::NaiveDate::from_ymd_opt(2024, 1, 20),
        assigned_to: Some(user),
        customer_id: Some(techstart),
        ..NewTask::new("Send proposal to TechStart")
    };
    tx.tasks().create(follow_up.validate()?).await?;
    tx.tasks().create(proposal.validate()?).await?;
    Ok(())
}

async fn interactions(tx: &Tx, [(acme, admin), (techstart, user)]: [(CustomerId, UserId); 2]) -> Result<()> {
    let call = NewInteraction {
        notes: Some("Followed up on proposal - client requested meeting".to_owned()),
        created_by: Some(admin),
        ..NewInteraction::new(acme, InteractionType::Call)
    };
    let email = NewInteraction {
        notes: Some("Sent initial proposal and pricing".to_owned()),
        created_by: Some(user),
        ..NewInteraction::new(techstart, InteractionType::Email)
    };
    tx.interactions().create(call.validate()?).await?;
    tx.interactions().create(email.validate()?).await?;
    Ok(())
}
