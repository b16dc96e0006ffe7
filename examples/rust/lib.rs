//! The README's snippets, kept here so that they are compiled and run.

use crm_postgres::Result;
use crm_postgres::prelude::*;

/// Adds a customer with a lead, moves the lead on and prints the pipeline.
///
/// # Errors
/// Whatever the library returns; nothing goes wrong on an empty database.
pub async fn ten_lines() -> Result<()> {
    use crm_postgres::{prelude::*, rust_decimal::Decimal};

    let crm = Crm::embedded(None).await?; // or Crm::connect("postgres://…").await?
    let acme = NewCustomer { tags: vec!["Enterprise".into()], ..NewCustomer::new("Acme Corporation") };
    let acme = crm.customers().create(acme.validate()?).await?;
    let deal = NewLead {
        customer_id: Some(acme.id),
        value: Some(Decimal::from(50_000)),
        ..NewLead::new("Big deal")
    };
    let deal = crm.leads().create(deal.validate()?).await?;
    crm.leads().move_to(deal.id, Stage::Qualified).await?;
    for stage in crm.reports().pipeline().await? {
        println!("{:<10} {:>3} {:>12}", stage.stage, stage.count, stage.total_value);
    }
    crm.close().await;
    Ok(())
}

/// Makes a user, lets the user in and works in the user's name.
///
/// # Errors
/// Whatever the library returns; nothing goes wrong on an empty database.
///
/// # Panics
/// When the library does not do what the lines say.
pub async fn logins(crm: Crm) -> Result<()> {
    let new = NewUser::new("Ann", "ann@example.com", Password::new("correct horse"));
    crm.users().create(new.validate()?).await?;

    let ann = crm.users().authenticate("ann@example.com", Password::new("correct horse")).await?;
    let crm = crm.acting_as(ann.id); // what a request handler holds: no more rights than Ann's role has
    let acme = crm.customers().create(NewCustomer::new("Acme Corporation").validate()?).await?;
    assert_eq!(acme.created_by, Some(ann.id));
    let refused = crm.customers().delete(acme.id).await.expect_err("only admins delete customers");
    assert_eq!(refused.code(), ErrorCode::PermissionDenied);
    Ok(())
}
