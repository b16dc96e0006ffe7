//! What a failed statement means: from the driver's error to the library's.

use std::io::{self, ErrorKind};

use crm_core::{Cause, DenialReason, Error, Violation, ViolationCode};
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgSeverity, PgSslMode};

use crate::connection::constraints;
use crate::sql::row::Unreadable;

/// Says whether a lost answer leaves open what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// Nothing is changed: it can be repeated.
    Read,
    /// Something may be changed: it must not be repeated.
    Write,
}

impl Intent {
    pub(crate) fn outcome_unknown(self) -> bool {
        self == Self::Write
    }
}

/// Tells whether the connection is lost, so that nothing more can be done with it.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            // The server says goodbye, or the prepared statement is no longer right.
            error.try_downcast_ref().is_none_or(|error: &PgDatabaseError| {
                matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic)
                    || is_outdated(error)
                    || [ABORTED, READ_ONLY, NO_SUCH_NAME, NAME_TAKEN].contains(&error.code())
            })
        }
        // What the server sent was understood, it only does not fit the type that was asked for.
        sqlx::Error::RowNotFound
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::Encode(_) => false,
        _ => true,
    }
}

/// Tells whether a failed statement ends all of a transaction, and not only the nested one that it was in. A refusal does not, and a
/// deadlock is one: to go back to the savepoint lets go of the locks taken since. After a serialization failure no statement of the
/// transaction could succeed any more, and where the server or the time runs out, none is to be tried.
pub(crate) fn ends_all(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    is_lost(error)
        || code.is_some_and(|code| {
            matches!(&*code, "25P03" | "25P04" | "40001" | "55P03")
                || ["08", "53", "57", "58", "XX"].iter().any(|class| code.starts_with(class))
        })
}

/// Says that the connection is in a transaction that has failed. As the library ends those, it did not know of this one: its
/// end was refused, by a statement timeout for example. The statement was not begun.
const ABORTED: &str = "25P02";

/// Says that the server refuses to write: it is a standby, or was set to be read-only, and another one may be the primary now.
/// Nothing was done.
const READ_ONLY: &str = "25006";

/// Says that the session does not know a prepared statement: a pooler has given the connection another session, or the statement
/// was deallocated. The statement was not begun.
const NO_SUCH_NAME: &str = "26000";

/// Says that the session has a prepared statement of the same name, another connection's. The statement was not begun.
const NAME_TAKEN: &str = "42P05";

/// Tells whether the connection's prepared statement speaks of a table that meanwhile has other columns or types, as
/// after a migration or a restore. The server has refused it before doing anything; a fresh connection prepares it anew.
fn is_outdated(error: &PgDatabaseError) -> bool {
    error.code() == "0A000" && error.routine() == Some("RevalidateCachedQuery")
}

/// Translates the failure of a statement.
pub(crate) fn of_statement(error: sqlx::Error, intent: Intent) -> Error {
    match error {
        sqlx::Error::Database(error) => match error.try_downcast::<PgDatabaseError>() {
            Ok(error) => of_server(&error, intent),
            Err(error) => Error::internal(error.to_string(), None),
        },
        error if is_lost(&error) => Error::Unavailable {
            message: "the connection was lost".to_owned(),
            outcome_unknown: intent.outcome_unknown(),
            source: Some(Cause::from(error)),
        },
        sqlx::Error::Decode(cause) if cause.is::<Unreadable>() => {
            Error::internal(cause.to_string(), Some(Cause::from(cause)))
        }
        error => Error::internal("the server's answer does not fit", Some(Cause::from(error))),
    }
}

/// What to do about a certificate that is not trusted. The driver does not say in data which of these it is.
const NO_TRUST: &str = "; sslrootcert must name the authority that signed the server's certificate, and a certificate \
    that signs itself can be its own root only with basicConstraints=CA:FALSE";

/// Translates the failure to connect: names the server and what is wrong, and no password, URL or key.
pub(crate) fn of_connect(error: sqlx::Error, options: &PgConnectOptions) -> Error {
    let target = target(options);
    let refused = |message, source| Error::Refused { message, source };
    let message = match &error {
        sqlx::Error::Database(error) => format!("{target} refuses the connection ({})", error.message()),
        // The driver quotes what it cannot use, a key byte by byte: its error goes no further.
        sqlx::Error::Tls(_) => {
            let message = format!(
                "TLS with {target} cannot begin: the server does not support TLS; or sslrootcert, sslcert or sslkey \
                names a file that is not PEM; or a certificate cannot hold the host's name"
            );
            return refused(message, None);
        }
        sqlx::Error::Configuration(_) => {
            let message = format!(
                "cannot log in to {target}: sslcert and sslkey must name PEM files, both or neither, \
                and user and password must be printable"
            );
            return refused(message, None);
        }
        // So the driver hands on why the server's certificate is refused.
        sqlx::Error::Io(error) if error.kind() == ErrorKind::InvalidData => {
            let advice = match options.get_ssl_mode() {
                PgSslMode::VerifyCa | PgSslMode::VerifyFull => NO_TRUST,
                _ => "",
            };
            format!("TLS with {target} fails ({error}){advice}")
        }
        // The network hardly has such errors, and the driver does not say which file it is.
        sqlx::Error::Io(error) if options.get_socket().is_none() && is_of_file(error) => {
            format!("cannot connect to {target} ({error}); can sslrootcert, sslcert and sslkey be read?")
        }
        error => format!("cannot connect to {target} ({error}); is the server running there?"),
    };
    if is_permanent(&error, options) {
        return refused(message, Some(Cause::from(error)));
    }
    Error::Unavailable { message, outcome_unknown: false, source: Some(Cause::from(error)) }
}

/// Tells whether connecting fails again until somebody changes a setting: the login, the database, the right to connect, or TLS.
fn is_permanent(error: &sqlx::Error, options: &PgConnectOptions) -> bool {
    match error {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_login(&code) || code == "42501"),
        sqlx::Error::Tls(_) => true,
        sqlx::Error::Io(error) if options.get_socket().is_none() => {
            error.kind() == ErrorKind::InvalidData || is_of_file(error)
        }
        _ => false,
    }
}

/// Tells whether the server's code speaks of the login or the database.
pub(crate) fn is_login(code: &str) -> bool {
    code.starts_with("28") || code == "3D000"
}

/// Names the server that the options lead to.
pub(crate) fn target(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(directory) => directory.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

fn is_of_file(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::IsADirectory)
}

/// Translates an error that the server reported, by its SQLSTATE (PostgreSQL docs, appendix A). Its details are left
/// out: they quote the row, which may hold a hash.
fn of_server(error: &PgDatabaseError, intent: Intent) -> Error {
    let text = || error.message().to_owned();
    let unavailable = |outcome_unknown| Error::Unavailable { message: text(), outcome_unknown, source: None };
    match error.code() {
        _ if is_outdated(error) => unavailable(false),
        "23503" | "23505" | "23514" => {
            error.constraint().and_then(constraints::refusal).unwrap_or_else(|| unknown(error))
        }
        "23502" => Error::validation([Violation::new(
            error.column().unwrap_or("row"),
            ViolationCode::Required,
            "must have a value",
        )]),
        "42501" => Error::denied(denial(error), text()),
        "40001" | "40P01" => Error::Serialization(text()),
        // A cancelled statement has been undone by the server before it says so; a whole session that ran out of time may just have committed.
        "57014" | "55P03" => Error::Timeout { message: text(), outcome_unknown: false },
        "25P04" => Error::Timeout { message: text(), outcome_unknown: intent.outcome_unknown() },
        // A transaction that nobody went on with in time; nothing of it was committed.
        "25P03" => Error::Timeout {
            message: format!("{} (idle_in_transaction_session_timeout)", error.message()),
            outcome_unknown: false,
        },
        NO_SUCH_NAME | NAME_TAKEN => Error::Unavailable {
            message: format!(
                "{}: a pooler that does not keep track of prepared statements is in the way, or something has deallocated them; \
                leave prepared_statements unset, or set it to false",
                error.message()
            ),
            outcome_unknown: false,
            source: None,
        },
        // The server breaks down over its log, into which it may have written the commit before.
        "53100" | "53200" | "58030" if is_panic(error) => unavailable(intent.outcome_unknown()),
        // The server starts, does not write, has no connection, disk or memory left: the statement is undone.
        ABORTED | READ_ONLY | "57P03" | "53000" | "53100" | "53200" | "53300" | "58030" => unavailable(false),
        code if code.starts_with("08") || code.starts_with("57P") => unavailable(intent.outcome_unknown()),
        "42P01" | "3F000" | "42703" | "42704" | "42883" => {
            Error::Schema(format!("{}; run migrate()", error.message()))
        }
        // Only migrations create: something that is not the library's has the name already.
        "42P06" | "42P07" | "42710" | "42723" | "42939" => Error::Schema(text()),
        _ => unknown(error),
    }
}

/// Returns why the server refuses. `crm.act_as` names the table of the user whom it did not find; PostgreSQL names a table in no refusal
/// of this kind.
fn denial(error: &PgDatabaseError) -> DenialReason {
    match (error.table(), error.routine()) {
        (Some("users"), _) => DenialReason::Actor,
        (_, Some("ExecWithCheckOptions")) => DenialReason::Row,
        _ => DenialReason::Role,
    }
}

fn is_panic(error: &PgDatabaseError) -> bool {
    matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic)
}

fn unknown(error: &PgDatabaseError) -> Error {
    Error::internal(format!("{} (SQLSTATE {})", error.message(), error.code()), None)
}

/// Makes the error of a server that does not answer in time.
pub(crate) fn no_answer(outcome_unknown: bool) -> Error {
    Error::Timeout {
        message: "the server did not answer within the call timeout".to_owned(),
        outcome_unknown,
    }
}
