//! What a backup holds and how far it is.

use super::{Counts, Moment, record};

record! {
    /// Says what a backup holds.
    Manifest {
        /// The moment whose state it holds, by the server's clock.
        taken_at: Moment,
        /// The version of the library that made it.
        library_version: String,
        /// The version of the schema.
        schema_version: i64,
        /// The last migration that the oldest library knows which may use it.
        oldest_library: i64,
        /// The version of the server.
        server_version: String,
        /// The version of pg_dump.
        pg_dump_version: String,
        /// The size of the dump.
        bytes: i64,
        /// The digest of the dump, in hexadecimal.
        sha256: String,
        /// How many rows each table of the schema crm has in it.
        rows: Counts,
    }
}

record! {
    /// Says how far a backup or a restore is.
    Progress {
        /// What is being done: a backup is 'counting', 'dumping' and 'hashing', a restore 'hashing', 'schema', 'loading', 'indexing' and 'counting'.
        phase: String,
        /// The table whose rows are being dumped or loaded, such as 'customers'.
        table: Option<String>,
        /// How many rows are done. A backup learns of a table's rows when the table is done.
        rows: i64,
        /// How many rows there are; 0 while a backup still counts them.
        total_rows: i64,
        /// How many bytes of the dump are written, or how many bytes of rows were sent to the server.
        bytes: i64,
    }
}

impl From<crm_postgres::Manifest> for Manifest {
    fn from(manifest: crm_postgres::Manifest) -> Self {
        let crm_postgres::Manifest {
            taken_at,
            library_version,
            schema_version,
            oldest_library,
            server_version,
            pg_dump_version,
            bytes,
            sha256,
            rows,
        } = manifest;
        Self {
            taken_at: taken_at.into(),
            library_version,
            schema_version,
            oldest_library,
            server_version,
            pg_dump_version,
            bytes,
            sha256,
            rows: rows.into(),
        }
    }
}

impl From<&crm_postgres::Progress> for Progress {
    fn from(progress: &crm_postgres::Progress) -> Self {
        let crm_postgres::Progress { phase, table, rows, total_rows, bytes } = progress;
        Self {
            phase: phase.as_str().to_owned(),
            table: table.clone(),
            rows: *rows,
            total_rows: *total_rows,
            bytes: *bytes,
        }
    }
}
