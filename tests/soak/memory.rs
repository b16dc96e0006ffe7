//! The resident memory of the processes, second by second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

/// Is when a run is long enough for its memory to be judged: before, what is warming up cannot be told from a leak.
const LONG_ENOUGH: Duration = Duration::from_mins(1);

/// Is by how much the last quarter may be above the second one: a tenth, and what an allocator may do.
const TOLERANCE: (f64, f64) = (1.1, 8.0);

/// Samples the memory of some processes.
pub(crate) struct Sampler {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Vec<Process>>,
}

/// Is what a process had, in megabytes by seconds since the beginning.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) language: &'static str,
    id: u32,
    samples: Vec<(f64, f64)>,
}

impl Sampler {
    pub(crate) fn start(processes: &[(&'static str, u32)]) -> Self {
        let mut processes: Vec<_> = processes
            .iter()
            .map(|(language, id)| Process { language, id: *id, samples: Vec::with_capacity(1_000) })
            .collect();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let begun = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                for process in &mut processes {
                    if let Some(resident) = resident(process.id) {
                        process.samples.push((begun.elapsed().as_secs_f64(), resident));
                    }
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            processes
        });
        Self { stop, task }
    }

    pub(crate) async fn stop(self) -> Vec<Process> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.expect("it only reads files")
    }
}

/// Returns a process's resident memory in megabytes, where the system tells.
fn resident(id: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}

impl Process {
    /// Returns the samples between two parts of the whole time.
    fn between(&self, from: f64, to: f64) -> &[(f64, f64)] {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "an index into a list of seconds"
        )]
        let at = |part: f64| (self.samples.len() as f64 * part) as usize;
        &self.samples[at(from)..at(to)]
    }

    fn median(&self, from: f64, to: f64) -> f64 {
        let mut sorted: Vec<f64> = self.between(from, to).iter().map(|(_, resident)| *resident).collect();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }

    /// Returns the medians after the warming up, in the middle and at the end.
    pub(crate) fn course(&self) -> [f64; 3] {
        [self.median(0.2, 0.3), self.median(0.45, 0.55), self.median(0.9, 1.0)]
    }

    /// Returns by how many megabytes a minute it grew after the warming up, by least squares.
    pub(crate) fn slope(&self) -> f64 {
        let samples = self.between(0.2, 1.0);
        #[expect(clippy::cast_precision_loss, reason = "a number of seconds")]
        let count = samples.len().max(1) as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| samples.iter().map(of).sum::<f64>() / count;
        let (time, memory) = (mean(|sample| sample.0), mean(|sample| sample.1));
        let spread: f64 = samples.iter().map(|sample| (sample.0 - time).powi(2)).sum();
        let together: f64 = samples.iter().map(|sample| (sample.0 - time) * (sample.1 - memory)).sum();
        if spread > 0.0 { 60.0 * together / spread } else { 0.0 }
    }

    /// Tells what is wrong, if the memory was not flat; of a short run nothing can be said.
    pub(crate) fn growth(&self) -> Option<String> {
        let time = self.samples.last().map_or(0.0, |sample| sample.0);
        let (earlier, later) = (self.median(0.25, 0.5), self.median(0.75, 1.0));
        let (factor, more) = TOLERANCE;
        (time >= LONG_ENOUGH.as_secs_f64() - 5.0 && later > earlier * factor + more)
            .then(|| format!("the memory of {} grew from {earlier:.1} to {later:.1} MB", self.language))
    }

    /// Tells whether the run was long enough to say that it is flat.
    pub(crate) fn is_judged(&self) -> bool {
        self.samples.last().is_some_and(|sample| sample.0 >= LONG_ENOUGH.as_secs_f64() - 5.0)
    }
}
