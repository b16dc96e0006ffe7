//! Contestants that are measured in turn.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crm_postgres::Result;
use futures_util::future::{BoxFuture, FutureExt as _};

use crate::median;

/// Is a call that is measured, handed a number that is another one each time.
pub(crate) type Call = Arc<dyn Fn(u64) -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// Makes a call of a function.
pub(crate) fn call<F: Future<Output = Result<()>> + Send + 'static>(
    function: impl Fn(u64) -> F + Send + Sync + 'static,
) -> Call {
    Arc::new(move |n| function(n).boxed())
}

/// Is how long a contestant is measured in a round, after half as long for warming up.
const TURN: Duration = Duration::from_millis(400);

/// Runs a call over and over in some tasks at once and returns how long each took, and how many there were in a second.
async fn turn(call: &Call, tasks: u64, time: Duration) -> Result<(Duration, f64)> {
    let begin = Instant::now();
    let workers: Vec<_> = (0..tasks)
        .map(|task| {
            let call = call.clone();
            tokio::spawn(async move {
                let (mut random, mut durations) =
                    (fastrand::Rng::with_seed(fastrand::u64(..) ^ task), Vec::new());
                while durations.is_empty() || begin.elapsed() < time {
                    let start = Instant::now();
                    call(random.u64(..)).await?;
                    durations.push(start.elapsed());
                }
                Ok::<_, crm_postgres::Error>(durations)
            })
        })
        .collect();
    let mut durations = Vec::new();
    for worker in workers {
        durations.extend(worker.await.expect("a worker does not panic")?);
    }
    #[expect(clippy::cast_precision_loss, reason = "a number of calls")]
    let rate = durations.len() as f64 / begin.elapsed().as_secs_f64();
    Ok((median(&mut durations), rate))
}

/// Is what a contestant reached: the medians over the rounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) time: Duration,
    /// In calls a second.
    pub(crate) rate: f64,
}

/// Measures contestants in turn, each round in another order.
pub(crate) async fn compare(rounds: usize, tasks: u64, contestants: &[(&str, Call)]) -> Result<Vec<Figure>> {
    let mut measured = vec![(Vec::new(), Vec::new()); contestants.len()];
    let mut order: Vec<usize> = (0..contestants.len()).collect();
    for _ in 0..rounds {
        fastrand::shuffle(&mut order);
        for &n in &order {
            turn(&contestants[n].1, tasks, TURN / 2).await?;
            let (time, rate) = turn(&contestants[n].1, tasks, TURN).await?;
            measured[n].0.push(time);
            measured[n].1.push(rate);
        }
    }
    let figures = measured.into_iter().map(|(mut times, mut rates)| {
        rates.sort_unstable_by(f64::total_cmp);
        Figure { time: median(&mut times), rate: rates[rates.len() / 2] }
    });
    Ok(figures.collect())
}

/// Measures contestants and prints them beside the first.
pub(crate) async fn race(name: &str, rounds: usize, tasks: u64, contestants: &[(&str, Call)]) -> Result<()> {
    let figures = compare(rounds, tasks, contestants).await?;
    for ((contestant, _), Figure { time, rate }) in contestants.iter().zip(&figures) {
        println!(
            "{name:<14} {contestant:<34} p50 {:>11.1} µs  {rate:>9.1}/s  rate of ours to this {:>5.2}",
            time.as_secs_f64() * 1e6,
            figures[0].rate / rate
        );
    }
    Ok(())
}

/// Measures a call one after the other.
pub(crate) async fn alone(rounds: usize, one: Call) -> Result<Duration> {
    Ok(compare(rounds, 1, &[("", one)]).await?[0].time)
}
