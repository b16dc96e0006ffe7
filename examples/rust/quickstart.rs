//! Shows the whole library on a private PostgreSQL: `cargo run --example quickstart`.

use std::process::ExitCode;

use crm_postgres::chrono::Utc;
use crm_postgres::prelude::*;
use crm_postgres::rust_decimal::Decimal;
use crm_postgres::{Result, SeedPasswords, Seeded};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let crm = Crm::embedded(None).await?;
    println!("A private PostgreSQL runs at {}", crm.url().unwrap_or_default());
    let seeded = crm.seed(SeedPasswords::default()).await?;

    let customer = add_customer(&crm).await?;
    let lead = add_work(&crm, &customer).await?;
    for stage in [Stage::Qualified, Stage::Proposal, Stage::Closed] {
        let lead = crm.leads().move_to(lead.id, stage).await?;
        println!("{:?} is now in stage {}", lead.title, lead.stage);
    }
    show_refused_input();
    if let Some(Seeded { admin: _, user }) = seeded {
        act_as_user(&crm, user, customer.id).await?;
    }
    print_reports(&crm).await?;
    crm.close().await;
    Ok(())
}

/// Logs the sample user in, who may not do everything.
async fn act_as_user(crm: &Crm, password: Password, customer: CustomerId) -> Result<()> {
    let user = crm.users().authenticate("user@crm.com", password).await?;
    if let Err(refused) = crm.acting_as(user.id).customers().delete(customer).await {
        println!("{} is logged in and told: {refused}", user.name);
    }
    Ok(())
}

async fn add_customer(crm: &Crm) -> Result<Customer> {
    let customer = NewCustomer {
        email: Some("ada@engines.example".into()),
        phone: Some("+44 20 7946 0123".into()),
        company: Some("Analytical Engines Ltd".into()),
        tags: vec!["Enterprise".into(), "Reference".into()],
        ..NewCustomer::new("Ada Lovelace")
    };
    let customer = crm.customers().create(customer.validate()?).await?;
    println!("Added {} as customer {}, tagged {}", customer.name, customer.id, customer.tags.join(", "));
    Ok(customer)
}

/// Adds a lead, a task and an interaction in one transaction.
async fn add_work(crm: &Crm, customer: &Customer) -> Result<Lead> {
    let customer_id = Some(customer.id);
    let tomorrow = Utc::now().date_naive().succ_opt();
    let tx = crm.begin().await?;
    let lead =
        NewLead { customer_id, value: Some(Decimal::new(1_250_050, 2)), ..NewLead::new("Difference engine") };
    let lead = tx.leads().create(lead.validate()?).await?;
    let task = NewTask {
        customer_id,
        due_date: tomorrow,
        priority: Priority::High,
        ..NewTask::new("Call Ada back")
    };
    tx.tasks().create(task.validate()?).await?;
    let call = NewInteraction {
        notes: Some("Wants to see the drawings".into()),
        ..NewInteraction::new(customer.id, InteractionType::Call)
    };
    tx.interactions().create(call.validate()?).await?;
    tx.commit().await?;
    Ok(lead)
}

fn show_refused_input() {
    let wrong = NewCustomer {
        email: Some("ada at engines".into()),
        phone: Some("call me".into()),
        tags: vec![String::new()],
        ..NewCustomer::default()
    };
    if let Err(error) = wrong.validate() {
        println!("\nRefused, with every reason at once:");
        for Violation { field, code, message } in error.violations() {
            println!("  {field}: {message} ({code})");
        }
    }
}

async fn print_reports(crm: &Crm) -> Result<()> {
    let today = Utc::now().date_naive();
    let Snapshot { customer_activity, pipeline, due_tasks } =
        crm.reports().snapshot(&ActivityQuery::default(), &DueTasksQuery::new(today)).await?;

    let rows = customer_activity.items.iter().map(|row| {
        let last =
            row.last_interaction.map_or("never".into(), |last| last.format("%Y-%m-%d %H:%M").to_string());
        vec![row.customer.name.clone(), row.interaction_count.to_string(), last]
    });
    print_table("Customer activity", &["customer", "contacts", "last contact"], &rows.collect::<Vec<_>>());

    let rows = pipeline
        .iter()
        .map(|row| vec![row.stage.to_string(), row.count.to_string(), row.total_value.to_string()]);
    print_table("Pipeline", &["stage", "leads", "value"], &rows.collect::<Vec<_>>());

    let rows = due_tasks.items.iter().map(|row| {
        let due = row.task.due_date.map_or(String::new(), |due| due.to_string());
        let overdue = if row.overdue { "overdue" } else { "" };
        let customer = row.customer_name.clone().unwrap_or_default();
        vec![row.task.priority.to_string(), due, row.task.title.clone(), customer, overdue.into()]
    });
    print_table("Due tasks", &["priority", "due", "task", "customer", ""], &rows.collect::<Vec<_>>());
    Ok(())
}

fn print_table(title: &str, header: &[&str], rows: &[Vec<String>]) {
    let header: Vec<String> = header.iter().map(|&cell| cell.to_owned()).collect();
    let width = |column: usize| {
        let cells = rows.iter().chain([&header]);
        cells.map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let is_number = |cell: &str| !cell.is_empty() && cell.chars().all(|c| c.is_ascii_digit() || c == '.');
    println!("\n{title}");
    for row in [&header].into_iter().chain(rows) {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| {
            if is_number(cell) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        println!("  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}
