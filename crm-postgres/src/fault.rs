//! What a failed statement means: from the driver's error to the library's.

use std::io::{self, ErrorKind};

use crm_core::{Cause, Error, Violation, ViolationCode};
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgSeverity};

use crate::constraints;
use crate::row::Unreadable;

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
                    || [ABORTED, READ_ONLY].contains(&error.code())
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

/// Says that the connection is in a transaction that has failed. As the library ends those, it did not know of this one: its
/// end was refused, by a statement timeout for example. The statement was not begun.
const ABORTED: &str = "25P02";

/// Says that the server refuses to write: it is a standby, or was set to be read-only, and another one may be the primary now.
/// Nothing was done.
const READ_ONLY: &str = "25006";

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

/// Is how the driver says that TLS was demanded of a server that has none.
const NO_TLS: &str = "server does not support TLS";

/// Translates the failure to connect: names the server and what is wrong, and no password, URL or key.
pub(crate) fn of_connect(error: sqlx::Error, options: &PgConnectOptions) -> Error {
    let target = target(options);
    let unavailable = |message, source| Error::Unavailable { message, outcome_unknown: false, source };
    let message = match &error {
        sqlx::Error::Database(error) => format!("{target} refuses the connection ({})", error.message()),
        sqlx::Error::Tls(error) if error.to_string() == NO_TLS => format!("{target} does not support TLS"),
        // The driver quotes what it cannot use, a key byte by byte: its error goes no further.
        sqlx::Error::Tls(_) => {
            let message = format!(
                "TLS with {target} cannot begin: sslrootcert, sslcert or sslkey names a file that is not PEM, \
                or the host's name is none that a certificate can hold"
            );
            return unavailable(message, None);
        }
        sqlx::Error::Configuration(_) => {
            let message = format!(
                "cannot log in to {target}: sslcert and sslkey must name PEM files, both or neither, \
                and user and password must be printable"
            );
            return unavailable(message, None);
        }
        // So the driver hands on why the server's certificate is refused.
        sqlx::Error::Io(error) if error.kind() == ErrorKind::InvalidData => {
            format!("TLS with {target} fails ({error})")
        }
        // The network hardly has such errors, and the driver does not say which file it is.
        sqlx::Error::Io(error) if options.get_socket().is_none() && is_of_file(error) => {
            format!("cannot connect to {target} ({error}); can sslrootcert, sslcert and sslkey be read?")
        }
        error => format!("cannot connect to {target} ({error}); is the server running there?"),
    };
    unavailable(message, Some(Cause::from(error)))
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
        "42501" => Error::PermissionDenied(match error.message().strip_prefix("permission denied for ") {
            Some(what) => format!("the role has no right to do this to {what}"),
            None => text(),
        }),
        "40001" | "40P01" => Error::Serialization(text()),
        // A cancelled statement has been undone by the server before it says so; a whole session that ran out of time may just have committed.
        "57014" | "55P03" => Error::Timeout { message: text(), outcome_unknown: false },
        "25P04" => Error::Timeout { message: text(), outcome_unknown: intent.outcome_unknown() },
        // The server breaks down over its log, into which it may have written the commit before.
        "53100" | "53200" | "58030" if is_panic(error) => unavailable(intent.outcome_unknown()),
        // The server starts, does not write, has no connection, disk or memory left: the statement is undone.
        ABORTED | READ_ONLY | "57P03" | "53000" | "53100" | "53200" | "53300" | "58030" => unavailable(false),
        code if code.starts_with("08") || code.starts_with("57P") || code == "25P03" => {
            unavailable(intent.outcome_unknown())
        }
        "42P01" | "3F000" | "42703" | "42704" | "42883" => {
            Error::Schema(format!("{}; run migrate()", error.message()))
        }
        // Only migrations create: something that is not the library's has the name already.
        "42P06" | "42P07" | "42710" | "42723" | "42939" => Error::Schema(text()),
        _ => unknown(error),
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
