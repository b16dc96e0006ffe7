//! A server with filled databases that is kept from one run of the tests to the next.

use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::process::Command;

use sqlx::Connection as _;

use super::{Cluster, Stop, run};
use crate::{Database, fill};

/// Puts a copy of a directory into the place of those that are like it, whole or not at all.
const KEEP: &str = r#"set -e; rm -rf "${2%-*}"-*.new; for old in "${2%-*}"-*; do [ ! -e "$old" ] || mv "$old" "$old.new"; done; rm -rf "${2%-*}"-*.new; cp -Rp "$1" "$2.new"; mv "$2.new" "$2""#;

/// Say how a server is made and filled.
const SOURCES: [&str; 4] = [
    include_str!("home.rs"),
    include_str!("kept.rs"),
    include_str!("../cluster.rs"),
    include_str!("../lib.rs"),
];

impl Cluster {
    /// Makes a server that has these databases, each filled by its statements as [`fill`] does. One that is stopped is kept in `target`
    /// and copied, until the statements, the migrations, PostgreSQL or these sources are others.
    ///
    /// # Panics
    /// When a statement fails, or the server does not start.
    pub async fn filled(target: &Path, databases: &[(&str, String)]) -> Self {
        let question =
            "select version() || string_agg(checksum::text, '' order by version) from crm._migrations";
        let mut connection = Database::fresh().await.connection().await;
        let made_by: String =
            sqlx::query_scalar(question).fetch_one(&mut connection).await.expect("it is migrated");
        connection.close().await.expect("the connection closes");
        let mut key = DefaultHasher::new();
        (databases, made_by, SOURCES).hash(&mut key);
        let kept = target.join(format!("filled-{:016x}", key.finish()));
        // Another process may be making it, or copying the one that is replaced.
        let lock = File::create(target.join("filled.lock")).expect("it is cargo's directory for tests");
        lock.lock().expect("a file can be locked");
        if !kept.exists() {
            // Or hundreds of megabytes of the log are kept too.
            let mut cluster = Self::start(&["max_wal_size = '64MB'"]).await;
            for (name, statements) in databases {
                cluster.execute(&format!("create database {name}")).await;
                fill(&cluster.url(name), statements).await;
            }
            cluster.stop(Stop::Fast).await;
            run(Command::new("/bin/sh").args(["-c", KEEP, "keep"]).arg(cluster.home.data()).arg(&kept));
        }
        let mut copy = Self::copy_of(&kept).await;
        copy.launch().await;
        copy
    }
}
