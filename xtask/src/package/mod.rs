//! The packages that are published: `cargo xtask package`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::files::{find, make_folder};
use crate::process::{command, output, python_tool, root, run as run_command};

mod alone;
mod build;

const USAGE: &str = "usage: cargo xtask package [--release] [STEP…]

  crates   the crates that are published, each with its bill of materials
  wheel    the wheel of this platform    addon   the addon for Node.js of this platform
  sdist    the source of the wheel       npm     the npm packages, with those addons that are there
  check    versions, and what is in each package    twice    whether a second build gives the same bytes
  alone    installs each into an empty environment and runs a program from there: crates-alone, wheel-alone,
           npm-alone, pack-alone (what `npm pack` makes in crm-node); sdist-alone builds for minutes and is
           not among them

Without a step all of them. They go into target/packages, or into the folder that CRM_PACKAGES names.
Without --release binaries are debug builds, which share their work with the tests, name folders of this
machine and are not to be published.";

/// The version of everything.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The steps without a word of the caller's, in their order.
const ALL: [&str; 8] = ["crates", "wheel", "sdist", "addon", "npm", "check", "twice", "alone"];

/// The steps that build, in the order in which they need one another.
const BUILDS: [&str; 5] = ["crates", "wheel", "sdist", "addon", "npm"];

/// What is built, and where it goes.
#[derive(Debug)]
struct Packages {
    root: PathBuf,
    out: PathBuf,
    /// This platform, as Rust names it.
    target: String,
    release: bool,
}

/// Builds packages and tries them out.
///
/// # Errors
/// Names the command that failed, or says what is missing.
pub(crate) fn run(words: &[&str]) -> Result<(), String> {
    let (release, steps) = match words {
        ["--release", steps @ ..] => (true, steps),
        steps => (false, steps),
    };
    let steps = if steps.is_empty() { &ALL } else { steps };
    if steps.iter().any(|step| function(step).is_none()) {
        return Err(USAGE.to_owned());
    }
    let root = root();
    let out = std::env::var_os("CRM_PACKAGES").filter(|out| !out.is_empty());
    let out = root.join(out.unwrap_or_else(|| "target/packages".into()));
    let compiler = output(command("rustc").args(["--version", "--verbose"]))?;
    let target = compiler.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned();
    // The tests' Python, or one with maturin alone.
    if !root.join("target/python/venv/bin/maturin").exists() {
        run_command(command("tests/python.sh").arg("maturin"))?;
    }
    Packages { root, out, target, release }.take(steps)
}

/// The function of a step.
type Step = fn(&Packages) -> Result<(), String>;

/// Returns the function of the step with that name.
fn function(step: &str) -> Option<Step> {
    Some(match step {
        "crates" => Packages::crates,
        "wheel" => Packages::wheel,
        "sdist" => Packages::sdist,
        "addon" => Packages::addon,
        "npm" => Packages::npm,
        "check" => Packages::check,
        "twice" => Packages::twice,
        "alone" => Packages::alone,
        "crates-alone" => Packages::crates_alone,
        "wheel-alone" => Packages::wheel_alone,
        "sdist-alone" => Packages::sdist_alone,
        "npm-alone" => Packages::npm_alone,
        "pack-alone" => Packages::pack_alone,
        _ => return None,
    })
}

impl Packages {
    fn take(&self, steps: &[&str]) -> Result<(), String> {
        make_folder(&self.out.join("addons"))?;
        make_folder(&self.out.join("sbom"))?;
        steps.iter().filter_map(|step| function(step)).try_for_each(|step| step(self))
    }

    /// Prepares a program that builds; for a release it tells the compiler to name no folder of this machine.
    fn builder(&self, program: impl AsRef<OsStr>) -> Command {
        let mut builder = command(program);
        if self.release {
            let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
            let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).unwrap_or_default();
            let mut flags = vec![
                format!("--remap-path-prefix={}=/crm", self.root.display()),
                format!("--remap-path-prefix={}=/cargo", home.display()),
            ];
            // Node.js and Python load the library at run time, where musl is theirs.
            if self.target.ends_with("-musl") {
                flags.push("-Ctarget-feature=-crt-static".to_owned());
            }
            builder.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
        }
        builder
    }

    /// Writes a package's bill of materials; with a folder, as of a binary, whose licences go there.
    fn bill(&self, package: &str, file: &Path, licences: Option<&Path>) -> Result<(), String> {
        let mut bill = python_tool("python");
        bill.arg("xtask/package/bill.py").arg(package).arg(file);
        if let Some(folder) = licences {
            bill.arg(&self.target).arg(folder);
        }
        run_command(&mut bill)
    }

    fn check(&self) -> Result<(), String> {
        let script = || {
            let mut script = python_tool("python");
            script.arg("xtask/package/check.py");
            script
        };
        run_command(script().arg("versions"))?;
        run_command(script().arg("workflows"))?;
        run_command(script().arg("contents").arg(&self.out).arg(self.profile()))?;
        self.sdist_resolves()
    }

    fn profile(&self) -> &'static str {
        if self.release { "release" } else { "dev" }
    }

    /// Returns the one package whose file matches.
    fn package(&self, pattern: &str) -> Result<PathBuf, String> {
        match &find(&self.out, pattern)[..] {
            [package] => Ok(package.clone()),
            found => Err(format!(
                "{} has {} files {pattern}, and one was expected: run cargo xtask package {}",
                self.out.display(),
                found.len(),
                BUILDS.join(" ")
            )),
        }
    }
}
