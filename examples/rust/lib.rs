//! The README's ten lines, which a test compares.

use crm_postgres::Result;

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
