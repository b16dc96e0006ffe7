//! The totals of the pipeline: what they cost writers where a commit takes as long as on a disk, and what they save a reader.

use crm_core::{LeadId, NewLead, Repositories as _, Stage, Validate as _};
use crm_postgres::{Crm, Result};
use crm_tests::execute;

use crate::Options;
use crate::ground::Ground;
use crate::rounds::{Figure, call, compare, race};

const WRITERS: u64 = 16;

/// Makes each commit last 3 ms at least, by waiting for others with whom it could be written (PostgreSQL docs, `commit_delay`), where
/// the server writes through to the disk (`fsync`).
const SLOW: &str = "options[commit_delay]=3000&options[commit_siblings]=0";

pub(crate) async fn measure(options: &Options) -> Result<()> {
    let ground = Ground::open(options).await?;
    let scale = options.scale(50);
    let url = ground.copy_at_scale(scale).await?;
    let leads = 20_000 * u64::try_from(scale).unwrap_or(1);
    println!("{leads} leads; {WRITERS} writers over 10 connections; medians of {} rounds", options.rounds);
    for (commits, setting) in [("commits of 3 ms", Some(SLOW)), ("commits as they are", None)] {
        let mut rates = Vec::new();
        for trigger in ["enable", "disable"].repeat(options.rounds) {
            let each = ["add_to", "take_from", "move_in"]
                .map(|name| format!("alter table crm.leads {trigger} trigger leads_{name}_pipeline;"));
            execute(&url, &each.concat()).await;
            rates.push((trigger, writes(&url, setting, leads).await?));
        }
        execute(&url, "alter table crm.leads enable trigger all; call crm.recount_pipeline()").await;
        execute(&url, "vacuum analyze crm.leads").await;
        for (n, name) in ["move a lead to another stage", "create a lead"].iter().enumerate() {
            let [with, without] = ["enable", "disable"].map(|which| {
                let rates = rates.iter().filter(|(trigger, _)| *trigger == which);
                let mut rates: Vec<f64> = rates.map(|(_, figures)| figures[n].rate).collect();
                rates.sort_unstable_by(f64::total_cmp);
                rates[rates.len() / 2]
            });
            let cost = 100.0 * (1.0 - with / without);
            println!(
                "{commits}: {name:<30} {with:>7.0}/s with the totals, {without:>7.0}/s without: {cost:.1} % less"
            );
        }
    }
    let crm = Crm::connect(&*url).await?;
    let report = call(move |_| {
        let crm = crm.clone();
        async move { crm.reports().pipeline().await.map(drop) }
    });
    let plain = sqlx::PgPool::connect(&url).await.expect("the server is there");
    let seed = call(move |_| {
        let plain = plain.clone();
        async move {
            let sql = "select stage::text, count(*), sum(value)::text from crm.leads group by stage";
            sqlx::query(sql).fetch_all(&plain).await.expect("the seed's query runs");
            Ok(())
        }
    });
    race("pipeline", options.rounds, 1, &[("ours", report), ("the seed's query", seed)]).await
}

async fn writes(url: &str, setting: Option<&str>, leads: u64) -> Result<Vec<Figure>> {
    // The settings of commits are the connections', so they come with the URL.
    let url = match setting {
        None => url.to_owned(),
        Some(setting) => format!("{url}{}{setting}", if url.contains('?') { '&' } else { '?' }),
    };
    let crm = Crm::connect(url).await?;
    let (one, other) = (crm.clone(), crm.clone());
    let moves = call(move |n| {
        let crm = one.clone();
        async move {
            let id = LeadId(i64::try_from(1 + n % leads).unwrap_or(1));
            crm.leads().move_to(id, Stage::ALL[usize::try_from(n >> 32).unwrap_or(0) % 4]).await.map(drop)
        }
    });
    let creates = call(move |_| {
        let crm = other.clone();
        async move {
            let mut new = NewLead::new("Big deal");
            new.value = Some(rust_decimal::Decimal::new(5_000_000, 2));
            crm.leads().create(new.validate()?).await.map(drop)
        }
    });
    let mut figures = compare(1, WRITERS, &[("move", moves)]).await?;
    figures.extend(compare(1, WRITERS, &[("create", creates)]).await?);
    crm.close().await;
    Ok(figures)
}
