//! How far a backup or a restore is, and how that is told.

use tokio::task::yield_now;

/// Names what a backup or a restore is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Counts the rows: what a backup begins with, and how a restore is verified before it is committed.
    Counting,
    /// Writes the dump.
    Dumping,
    /// Computes the digest of the dump, or compares it with the manifest's.
    Hashing,
    /// Makes the roles, the types, the functions and the tables.
    Schema,
    /// Loads the rows.
    Loading,
    /// Makes the indexes, the foreign keys and the triggers.
    Indexing,
}

impl Phase {
    /// Lists all phases.
    pub const ALL: &[Self] =
        &[Self::Counting, Self::Dumping, Self::Hashing, Self::Schema, Self::Loading, Self::Indexing];

    /// Returns the name, the same in every language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counting => "counting",
            Self::Dumping => "dumping",
            Self::Hashing => "hashing",
            Self::Schema => "schema",
            Self::Loading => "loading",
            Self::Indexing => "indexing",
        }
    }
}

/// Says how far a backup or a restore is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// The table whose rows are being dumped or loaded, such as `customers`.
    pub table: Option<String>,
    /// How many rows are done. A backup learns of a table's rows when the table is done.
    pub rows: i64,
    /// How many rows there are; 0 while a backup still counts them.
    pub total_rows: i64,
    /// How many bytes of the dump are written, or how many bytes of rows were sent to the server.
    pub bytes: i64,
}

impl Progress {
    pub(super) const fn new(phase: Phase, total_rows: i64) -> Self {
        Self { phase, table: None, rows: 0, total_rows, bytes: 0 }
    }
}

/// Is where progress is told.
pub(super) struct Tell<'t>(&'t mut (dyn FnMut(&Progress) + Send));

impl<'t> Tell<'t> {
    pub(super) fn new(tell: &'t mut (dyn FnMut(&Progress) + Send)) -> Self {
        Self(tell)
    }

    /// Tells it and lets whoever polls have a turn, in which the work may be dropped: however much of what follows could be done without
    /// waiting, nothing of it is done in the same poll. Nor in the next one, as a `select!` does not always poll its other branches first.
    pub(super) async fn report(&mut self, progress: &Progress) {
        (self.0)(progress);
        yield_now().await;
        yield_now().await;
    }
}
