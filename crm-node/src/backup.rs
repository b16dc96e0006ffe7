//! Backup and restore: the work waits in a slot, and each `next` polls it up to the next thing that it tells.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use crm_postgres::{Crm, Manifest, Phase, Progress, Result};
use tokio::sync::{Mutex, mpsc};

use crate::bridge::{Job, job};
use crate::wire::{Out, Wire};

type Work = Pin<Box<dyn Future<Output = Result<Manifest>> + Send>>;

/// Is a backup or a restore under way, which goes on while somebody asks for the next step, and ends when it is dropped. Nobody asks after
/// the last step.
pub(crate) struct Steps {
    work: Work,
    told: mpsc::UnboundedReceiver<Progress>,
}

impl Steps {
    pub(crate) fn backup(crm: Crm, path: PathBuf) -> Self {
        Self::new(|tell| Box::pin(async move { crm.backup_with(path, tell).await }))
    }

    pub(crate) fn restore(crm: Crm, path: PathBuf) -> Self {
        Self::new(|tell| Box::pin(async move { crm.restore_with(path, tell).await }))
    }

    fn new(begin: impl FnOnce(Tell) -> Work) -> Self {
        let (sender, told) = mpsc::unbounded_channel();
        let tell = Box::new(move |progress: &Progress| {
            // Whoever does not listen any more drops the work too.
            drop(sender.send(progress.clone()));
        });
        Self { work: begin(tell), told }
    }

    async fn next(&mut self) -> Result<Step> {
        tokio::select! {
            biased;
            // The work rests when it has told something, and so goes on only when that was taken.
            Some(progress) = self.told.recv() => Ok(Step::Progress(progress)),
            done = &mut self.work => done.map(Step::Done),
        }
    }
}

type Tell = Box<dyn FnMut(&Progress) + Send>;

/// Waits for the next step.
pub(crate) fn next(steps: Arc<Mutex<Steps>>) -> Job {
    job(async move { steps.lock().await.next().await })
}

/// Is what a backup or a restore tells: how far it is, and at the end what it holds.
enum Step {
    Progress(Progress),
    Done(Manifest),
}

impl Wire for Step {
    fn put(self, out: &mut Out) {
        out.flag(matches!(self, Self::Done(_)));
        match self {
            Self::Progress(Progress { phase, table, rows, total_rows, bytes }) => {
                out.label(Phase::ALL, &phase);
                out.maybe_text(table.as_deref());
                out.whole(rows);
                out.whole(total_rows);
                out.whole(bytes);
            }
            Self::Done(manifest) => manifest.put(out),
        }
    }
}

impl Wire for Manifest {
    fn put(self, out: &mut Out) {
        let Self {
            taken_at,
            library_version,
            schema_version,
            oldest_library,
            server_version,
            pg_dump_version,
            bytes,
            sha256,
            rows,
        } = self;
        out.moment(taken_at);
        out.text(&library_version);
        out.whole(schema_version);
        out.whole(oldest_library);
        out.text(&server_version);
        out.text(&pg_dump_version);
        out.whole(bytes);
        out.text(&sha256);
        out.count(rows.len());
        for (table, count) in rows {
            out.text(&table);
            out.whole(count);
        }
    }
}
