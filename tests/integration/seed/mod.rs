//! The sample rows, and the seed's own SQL on the library's schema.

mod reports;
mod samples;

use crm_core::{PasswordHash, Valid, Validate};
use crm_tests::Database;
use sqlx::PgConnection;

/// Are the seed document's INSERT statements, to the letter.
const SAMPLES: &str = include_str!("samples.sql");

/// Opens a connection as the seed's application has it: names without a schema are the library's tables.
pub(crate) async fn of_the_seed(db: &Database) -> PgConnection {
    let mut connection = db.connection().await;
    sqlx::raw_sql("set search_path = crm").execute(&mut connection).await.unwrap();
    connection
}

pub(crate) fn valid<T: Validate>(input: T) -> Valid<T> {
    input.validate().unwrap()
}

/// Makes a hash that is one in form only, which costs no time.
pub(crate) fn bcrypt() -> PasswordHash {
    PasswordHash::new(format!("$2b$10${}", ".".repeat(53)))
}
