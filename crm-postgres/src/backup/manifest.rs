//! What stands beside a dump and says what is in it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use crm_core::{Error, Result, ViolationCode};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use super::invalid;
use crate::embedded::plain_file;

/// Is the format that this library writes, and the only one so far.
const FORMAT: i64 = 1;

/// No manifest is longer, in bytes.
const LONGEST: u64 = 1 << 20;

/// Says what a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The moment whose state it holds, by the server's clock.
    pub taken_at: DateTime<Utc>,
    /// The version of the library that made it.
    pub library_version: String,
    /// The version of the schema.
    pub schema_version: i64,
    /// The last migration that the oldest library knows which may use it.
    pub oldest_library: i64,
    /// The version of the server.
    pub server_version: String,
    /// The version of `pg_dump`.
    pub pg_dump_version: String,
    /// The size of the dump.
    pub bytes: i64,
    /// The digest of the dump, in hexadecimal.
    pub sha256: String,
    /// How many rows each table of the schema `crm` has in it.
    pub rows: BTreeMap<String, i64>,
}

#[derive(Serialize, Deserialize)]
struct Stored<M> {
    format: i64,
    #[serde(flatten)]
    manifest: M,
}

/// Is the part that every format has.
#[derive(Deserialize)]
struct Nothing {}

impl Manifest {
    /// Returns how many rows there are in all.
    #[must_use]
    pub fn total_rows(&self) -> i64 {
        self.rows.values().fold(0, |sum, rows| sum.saturating_add(*rows))
    }

    /// Names the file of a dump's manifest.
    pub(super) fn path_of(dump: &Path) -> PathBuf {
        let mut path = OsString::from(dump);
        path.push(".json");
        path.into()
    }

    /// Writes it as JSON.
    pub(super) fn to_json(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(&Stored { format: FORMAT, manifest: self })
            .map_err(|error| Error::internal("a manifest cannot be written", Some(error.into())))
    }

    /// Reads the one that stands beside a dump.
    pub(super) fn beside(dump: &Path) -> Result<Self> {
        let path = Self::path_of(dump);
        let refuse = |message: String| {
            invalid(ViolationCode::InvalidBackup, format!("has a manifest, {}, {message}", path.display()))
        };
        let mut json = Vec::new();
        let file = plain_file::open(rustix::fs::CWD, &path, OFlags::RDONLY);
        match file.and_then(|file| file.take(LONGEST).read_to_end(&mut json)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let message = format!("has no manifest: there is no {}", path.display());
                return Err(invalid(ViolationCode::InvalidBackup, message));
            }
            Err(error) => return Err(refuse(format!("that cannot be read ({error})"))),
        }
        let broken = |error| refuse(format!("that is broken ({error})"));
        let format = serde_json::from_slice::<Stored<Nothing>>(&json).map_err(broken)?.format;
        if format != FORMAT {
            return Err(refuse(format!("of the format {format}, and this library reads {FORMAT}")));
        }
        let manifest = serde_json::from_slice::<Stored<Self>>(&json).map_err(broken)?.manifest;
        let mut counts = manifest.rows.values();
        let sum = counts.try_fold(0_i64, |sum, rows| sum.checked_add(*rows).filter(|_| *rows >= 0));
        sum.map(|_| manifest).ok_or_else(|| refuse("with numbers of rows that no table has".to_owned()))
    }
}
