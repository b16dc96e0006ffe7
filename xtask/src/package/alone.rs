//! The steps that use the packages from an empty environment.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use super::{BUILDS, Packages, VERSION};
use crate::files::{Scratch, copy, find, make_folder, read, remove, write};
use crate::process::{
    command, is_root, is_thorough, npm, output, python_tool, quiet_npm, run as run_command,
};

/// The versions of Python for which the wheel is.
const PYTHONS: [&str; 5] = ["3.10", "3.11", "3.12", "3.13", "3.14"];

/// What each quickstart prints at its end.
const LAST_LINE: &str = "Big deal: 50000.00";

impl Packages {
    pub(super) fn alone(&self) -> Result<(), String> {
        for pattern in ["*.crate", "*.whl", "*.tgz"] {
            if find(&self.out, pattern).is_empty() {
                let (out, builds) = (self.out.display(), BUILDS.join(" "));
                return Err(format!("packages are missing in {out}: run cargo xtask package {builds} first"));
            }
        }
        self.crates_alone()?;
        self.wheel_alone()?;
        self.npm_alone()?;
        self.pack_alone()
    }

    /// Uses the crates from a project of its own, whose environment and features are those that break a careless sqlx library:
    /// `DATABASE_URL` is exported, sqlx has `time` and `bigdecimal` on.
    ///
    /// It lies in target/, so that cargo builds only what has changed, but is a workspace itself; and cargo, started
    /// elsewhere, reads none of this repository's settings.
    pub(super) fn crates_alone(&self) -> Result<(), String> {
        let scratch = Scratch::new("crates")?;
        let target = self.root.join("target/host");
        let host = target.join("project");
        make_folder(&host.join("src"))?;
        for name in ["crm-core", "crm-postgres"] {
            let package = self.package(&format!("{name}-{VERSION}.crate"))?;
            let known = host.join(format!("{name}.crate"));
            if fs::read(&known).ok() == fs::read(&package).ok() {
                continue;
            }
            find(&host, &format!("{name}-*")).iter().try_for_each(|folder| remove(folder))?;
            // -m, because a package's files all have one and the same old time, by which cargo would take them for unchanged.
            run_command(command("tar").arg("-xmzf").arg(&package).arg("-C").arg(&host))?;
            copy(&package, &known)?;
        }
        copy(&self.root.join("Cargo.lock"), &host.join("Cargo.lock"))?;
        let manifest = read(&self.root.join("xtask/package/host.toml"))?;
        write(&host.join("Cargo.toml"), &manifest.replace("VERSION", VERSION))?;
        copy(&self.root.join("xtask/package/host.rs"), &host.join("src/main.rs"))?;
        let mut run = self.builder("cargo");
        run.args(["run", "--quiet", "--manifest-path"])
            .arg(host.join("Cargo.toml"))
            .current_dir(scratch.path());
        run.env("DATABASE_URL", "postgres://nobody@localhost:1/nothing").env("CARGO_TARGET_DIR", target);
        run_command(&mut run)
    }

    /// Installs the wheel and nothing else, and uses it from there with each version of Python there is (each Python where
    /// `CRM_THOROUGH` is set), with one of them as an ordinary user too where root runs this.
    pub(super) fn wheel_alone(&self) -> Result<(), String> {
        let scratch = Scratch::new("wheel")?;
        let site = scratch.path().join("site");
        let program = scratch.path().join("quickstart.py");
        copy(&self.root.join("examples/python/quickstart.py"), &program)?;
        let mut install = python_tool("python");
        install.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-index",
            "--only-binary",
            ":all:",
            "--find-links",
        ]);
        install.arg(&self.out).arg("--target").arg(&site).arg(format!("crm-python=={VERSION}"));
        run_command(&mut install)?;
        run_command(command("chmod").args(["-R", "a+rX"]).arg(scratch.path()))?;

        let as_nobody = |interpreter: &Path| {
            let mut command = command("runuser");
            command.args(["-u", "nobody", "--"]).arg(interpreter);
            command
        };
        let (all, is_root) = (is_thorough(), is_root());
        let (mut last, mut was_nobody) = (None, false);
        for version in PYTHONS {
            for (number, interpreter) in interpreters(version).into_iter().enumerate() {
                if number == 0 || all {
                    quickstart(command(&interpreter), &site, &program)?;
                    println!("{}: the quickstart runs", interpreter.display());
                }
                if !was_nobody && is_root && output(as_nobody(&interpreter).args(["-c", ""])).is_ok() {
                    was_nobody = true;
                    quickstart(as_nobody(&interpreter), &site, &program)?;
                    println!("{}: the quickstart runs as nobody", interpreter.display());
                }
                last = Some(interpreter);
            }
        }
        let last = last.ok_or_else(|| format!("there is no Python of a version {}", PYTHONS.join(", ")))?;
        // The same lines from inside the package.
        let mut inside = command(last);
        inside.args(["-s", "-m", "crm", "quickstart"]);
        run_command(bare(&mut inside, &site))
    }

    /// Builds a wheel from the sdist as pip does for a platform that has none, which takes minutes, and uses it.
    pub(super) fn sdist_alone(&self) -> Result<(), String> {
        let scratch = Scratch::new("sdist-alone")?;
        let bin = scratch.path().join("venv/bin");
        run_command(python_tool("python").args(["-m", "venv"]).arg(scratch.path().join("venv")))?;
        let mut install = self.builder(bin.join("pip"));
        install.args(["install", "--quiet"]).arg(self.package("*.tar.gz")?);
        run_command(install.env("CARGO_TARGET_DIR", self.root.join("target/sdist")))?;
        let mut run = command(bin.join("python"));
        run.arg(self.root.join("examples/python/quickstart.py")).current_dir(scratch.path());
        run_command(run.stdout(Stdio::null()))?;
        println!("the sdist builds, and the quickstart runs");
        Ok(())
    }

    /// Installs from a registry that has only these packages, as a user would, and runs the README's lines from there in three
    /// kinds of module.
    pub(super) fn npm_alone(&self) -> Result<(), String> {
        let scratch = Scratch::new("npm")?;
        let folder = scratch.path();
        let lines = read(&self.root.join("examples/node/quickstart.mjs"))?;
        write(&folder.join("package.json"), "{ \"private\": true }\n")?;
        let mut install = command("node");
        install
            .arg(self.root.join("xtask/package/registry.mjs"))
            .arg(&self.out)
            .args(["npm", "install", "--silent"]);
        install.args(["--no-save", &format!("crm-node@{VERSION}")]).current_dir(folder);
        run_command(quiet_npm(&mut install))?;

        write(&folder.join("esm.mjs"), &lines)?;
        let body: Vec<_> = lines.lines().filter(|line| !line.starts_with("import ")).collect();
        let (start, body) = ("const { embedded } = require('crm-node');\n(async () => {\n", body.join("\n"));
        write(&folder.join("cjs.cjs"), &format!("{start}{body}\n}})();\n"))?;
        write(&folder.join("typed.mts"), &lines)?;
        let modules = self.root.join("crm-node/node_modules");
        let mut compile = command(modules.join(".bin/tsc"));
        compile.args([
            "--strict",
            "--module",
            "node16",
            "--target",
            "es2022",
            "--types",
            "node",
            "--typeRoots",
        ]);
        run_command(compile.arg(modules.join("@types")).arg("typed.mts").current_dir(folder))?;
        for kind in ["esm.mjs", "cjs.cjs", "typed.mjs"] {
            run_quickstart(folder, kind)?;
            println!("{kind} runs");
        }
        Ok(())
    }

    /// Installs what `npm pack` makes in crm-node, which has the addon inside.
    pub(super) fn pack_alone(&self) -> Result<(), String> {
        let scratch = Scratch::new("pack")?;
        let folder = scratch.path();
        if find(&self.root, "crm-node/*.node").is_empty() {
            run_command(command("node").arg("crm-node/build.mjs"))?;
        }
        let mut pack = npm();
        pack.args(["pack", "./crm-node", "--silent", "--ignore-scripts", "--pack-destination"]).arg(folder);
        output(&mut pack)?;
        write(&folder.join("package.json"), "{ \"private\": true }\n")?;
        let mut install = npm();
        install
            .args(["install", "--silent", "--offline"])
            .args(find(folder, "crm-node-*.tgz"))
            .current_dir(folder);
        run_command(&mut install)?;
        copy(&self.root.join("examples/node/quickstart.mjs"), &folder.join("quickstart.mjs"))?;
        run_quickstart(folder, "quickstart.mjs")?;
        println!("what npm pack makes runs");
        Ok(())
    }
}

/// Runs the quickstart with nothing but the wheel.
fn quickstart(mut interpreter: Command, site: &Path, program: &Path) -> Result<(), String> {
    run_command(bare(interpreter.arg("-s").arg(program), site))
}

/// Lets a Python see no package but the wheel, and no home.
fn bare<'c>(command: &'c mut Command, site: &Path) -> &'c mut Command {
    command.current_dir("/").env("PYTHONPATH", site).env("HOME", "/nonexistent").stdout(Stdio::null())
}

/// Lists the interpreters of a version: on the `PATH`, of the system, of pyenv.
fn interpreters(version: &str) -> Vec<PathBuf> {
    let name = format!("python{version}");
    let mut places = vec![PathBuf::from(&name), Path::new("/usr/bin").join(&name)];
    let home = || Some(env::home_dir()?.join(".pyenv"));
    if let Some(pyenv) = env::var_os("PYENV_ROOT").map(PathBuf::from).or_else(home) {
        places.extend(find(&pyenv, &format!("versions/{version}.*/bin/python")));
    }
    let ask = "import os, sys; print(os.path.realpath(sys.executable))";
    let real = places.into_iter().filter_map(|place| output(command(place).args(["-c", ask])).ok());
    let mut found: Vec<_> = real.map(PathBuf::from).collect();
    found.sort();
    found.dedup();
    found
}

/// Runs the README's lines in a folder, and looks at what they print.
fn run_quickstart(folder: &Path, file: &str) -> Result<(), String> {
    let printed = output(command("node").arg(file).current_dir(folder))?;
    if printed.contains(LAST_LINE) {
        Ok(())
    } else {
        Err(format!("{file} did not print {LAST_LINE:?}:\n{printed}"))
    }
}
