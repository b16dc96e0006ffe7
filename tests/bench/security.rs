//! What safety costs: acting handles, and logins.

use std::time::{Duration, Instant};

use crm_core::{
    CustomerId, CustomerPatch, Error, NewCustomer, NewUser, Password, Patch, Repositories, Validate,
};
use crm_postgres::{Crm, Result};

use crate::{median, show};

const ROUNDS: usize = 9;
const CALLS: usize = 300;
/// Is time enough for what an acting read leaves to be ended in the background.
const PAUSE: Duration = Duration::from_millis(1);
const LOGINS: usize = 50;
const STORM: usize = 64;

pub(crate) async fn measure() -> Result<()> {
    let crm = Crm::embedded(None).await?;
    let ann = NewUser::new("Ann", "ann@example.com", Password::new("correct horse"));
    let ann = crm.users().create(ann.validate()?).await?.id;
    let id = crm.customers().create(NewCustomer::new("Acme Corporation").validate()?).await?.id;
    let acting = crm.acting_as(ann);

    println!(
        "one call after the other, and with a pause of {PAUSE:?} in between; median of {ROUNDS} rounds of {CALLS} calls"
    );
    let stores: [&dyn Repositories; 2] = [&crm, &acting];
    for (name, pause) in [("get", None), ("get, with pauses", Some(PAUSE))] {
        compare(name, pause, stores, async |crm| crm.customers().get(id).await.map(drop)).await?;
    }
    let update = async |crm: &dyn Repositories| {
        let patch = CustomerPatch { phone: Patch::Set("+1-555-0123".into()), ..CustomerPatch::default() };
        crm.customers().update(id, patch.validate()?, None).await.map(drop)
    };
    for (name, pause) in [("update", None), ("update, with pauses", Some(PAUSE))] {
        compare(name, pause, stores, update).await?;
    }

    println!("logins that fail, {LOGINS} each, in turn");
    failing_logins(&crm).await?;

    println!("point reads, alone and during {STORM} simultaneous logins");
    login_storm(&crm, id).await?;
    crm.close().await;
    Ok(())
}

/// Measures a call on the trusted handle and on an acting one in turn.
async fn compare(
    name: &str,
    pause: Option<Duration>,
    stores: [&dyn Repositories; 2],
    call: impl AsyncFn(&dyn Repositories) -> Result<()>,
) -> Result<()> {
    let mut medians = [Vec::new(), Vec::new()];
    for _ in 0..=ROUNDS {
        for (store, medians) in stores.into_iter().zip(&mut medians) {
            let mut durations = Vec::with_capacity(CALLS);
            for _ in 0..CALLS {
                let start = Instant::now();
                call(store).await?;
                durations.push(start.elapsed());
                if let Some(pause) = pause {
                    tokio::time::sleep(pause).await;
                }
            }
            medians.push(median(&mut durations));
        }
    }
    // The first round warms up.
    let [plain, acting] = medians.map(|mut medians| median(&mut medians[1..]).as_secs_f64() * 1e6);
    println!("{name:<34} plain {plain:>7.1} µs  acting {acting:>7.1} µs  ratio {:.2}", acting / plain);
    Ok(())
}

async fn failing_logins(crm: &Crm) -> Result<()> {
    let (mut unknown, mut wrong) = (Vec::new(), Vec::new());
    for _ in 0..LOGINS {
        for (email, durations) in [("nobody@example.com", &mut unknown), ("ann@example.com", &mut wrong)] {
            let start = Instant::now();
            let refused = crm.users().authenticate(email, Password::new("wrong horse")).await;
            durations.push(start.elapsed());
            if !matches!(refused, Err(Error::InvalidCredentials)) {
                return Err(Error::internal("the login was not refused", None));
            }
        }
    }
    show("unknown email", &mut unknown);
    show("wrong password", &mut wrong);
    Ok(())
}

async fn login_storm(crm: &Crm, id: CustomerId) -> Result<()> {
    let mut alone = reads_until(crm, id, tokio::time::sleep(Duration::from_secs(1))).await?;
    let before = peak_memory();
    let start = Instant::now();
    let logins: Vec<_> = (0..STORM)
        .map(|_| {
            let crm = crm.clone();
            tokio::spawn(async move {
                crm.users().authenticate("ann@example.com", Password::new("correct horse")).await
            })
        })
        .collect();
    let all = async {
        for login in logins {
            login.await.expect("a login does not panic").expect("the password is right");
        }
    };
    let mut during = reads_until(crm, id, all).await?;
    let seconds = start.elapsed().as_secs_f64();
    show("reads alone", &mut alone);
    show("reads during the logins", &mut during);
    println!("{STORM} logins took {seconds:.2} s; peak memory {before} before and {} after", peak_memory());
    Ok(())
}

/// Reads one row after the other until something else is done.
async fn reads_until(crm: &Crm, id: CustomerId, done: impl Future<Output = ()>) -> Result<Vec<Duration>> {
    let mut durations = Vec::new();
    let mut done = std::pin::pin!(done);
    loop {
        let start = Instant::now();
        tokio::select! {
            () = &mut done => return Ok(durations),
            read = crm.customers().get(id) => { read?; }
        }
        durations.push(start.elapsed());
    }
}

/// Returns the most memory that this process has had so far, where the system tells.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or_else(|| "unknown".to_owned(), |peak| peak.trim().to_owned())
}
