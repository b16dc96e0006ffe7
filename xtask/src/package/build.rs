//! The steps that build.

use super::{BUILDS, Packages, VERSION};
use crate::files::{Scratch, copy, find, make_folder, remove};
use crate::process::{command, npm, output, python_tool, run as run_command};

impl Packages {
    pub(super) fn crates(&self) -> Result<(), String> {
        let mut package = self.builder("cargo");
        package.args([
            "package",
            "--locked",
            "--no-verify",
            "--allow-dirty",
            "-p",
            "crm-core",
            "-p",
            "crm-postgres",
        ]);
        output(&mut package)?;
        for name in ["crm-core", "crm-postgres"] {
            let file = format!("{name}-{VERSION}.crate");
            copy(&self.root.join("target/package").join(&file), &self.out.join(&file))?;
            self.bill(name, &self.out.join(format!("sbom/{name}.cdx.json")), None)?;
        }
        Ok(())
    }

    pub(super) fn wheel(&self) -> Result<(), String> {
        self.remove_packages("*.whl")?;
        // maturin takes licences from the folder of pyproject.toml only. The sdist is not to have them: it has none of those crates.
        let made = self.make_wheel();
        self.remove_licences()?;
        made
    }

    fn make_wheel(&self) -> Result<(), String> {
        let folder = self.out.join("wheel");
        make_folder(&folder)?;
        let bill = folder.join("crm-python.cdx.json");
        self.bill("crm-python", &bill, Some("crm-python".as_ref()))?;
        let mut build = self.maturin();
        build.args([
            "build",
            "--locked",
            "--profile",
            self.profile(),
            "--manifest-path",
            "crm-python/Cargo.toml",
        ]);
        build.arg("--interpreter").arg(python_tool("python").get_program());
        // A debug build is large, and nobody downloads it.
        build.args(["--compression-method", if self.release { "deflated" } else { "stored" }]);
        output(build.arg("--sbom-include").arg(&bill).arg("--out").arg(&self.out))?;
        copy(&bill, &self.out.join(format!("sbom/crm-python-{}.cdx.json", self.target)))?;
        remove(&folder)
    }

    pub(super) fn sdist(&self) -> Result<(), String> {
        self.remove_packages("*.tar.gz")?;
        let mut build = self.maturin();
        output(build.args(["sdist", "--manifest-path", "crm-python/Cargo.toml", "--out"]).arg(&self.out))?;
        self.bill("crm-python", &self.out.join("sbom/crm-python.cdx.json"), None)
    }

    pub(super) fn addon(&self) -> Result<(), String> {
        let folder = self.out.join("addons").join(&self.target);
        remove(&folder)?;
        make_folder(&folder)?;
        let bill = self.out.join(format!("sbom/crm-node-{}.cdx.json", self.target));
        self.bill("crm-node", &bill, Some(&folder))?;
        copy(&bill, &folder.join("sbom.cdx.json"))?;
        let mut build = self.builder("cargo");
        run_command(build.args([
            "build",
            "--quiet",
            "--locked",
            "--profile",
            self.profile(),
            "-p",
            "crm-node",
        ]))?;
        let library = if cfg!(target_os = "macos") { "libcrm_node.dylib" } else { "libcrm_node.so" };
        let folder_of_cargo = if self.release { "target/release" } else { "target/debug" };
        copy(&self.root.join(folder_of_cargo).join(library), &folder.join(library))?;
        // A debug build is large, and nobody looks into it; a release is packed as it is built.
        if self.release {
            return Ok(());
        }
        run_command(command("strip").args(["-x", "-S"]).arg(folder.join(library)))
    }

    /// Makes the npm packages. With `--release` all addons have to be there: those of other platforms come from elsewhere.
    pub(super) fn npm(&self) -> Result<(), String> {
        self.remove_packages("crm-node*.tgz")?;
        let typescript = "crm-node/node_modules/typescript";
        if !self.root.join(typescript).is_dir() {
            run_command(command("tests/node.sh").arg("tools"))?;
        }
        let (compiled, folder) = (self.out.join("lib"), self.out.join("npm"));
        // Not into crm-node/lib, which others may be using.
        let mut compile = command("node");
        compile.args([&format!("{typescript}/bin/tsc"), "-p", "crm-node", "--outDir"]).arg(&compiled);
        run_command(&mut compile)?;
        let mut lay_out = command("node");
        lay_out.arg("crm-node/packages.mjs").arg(self.out.join("addons")).arg(&compiled).arg(&folder);
        run_command(lay_out.args(self.release.then_some("--all")))?;
        for package in find(&folder, "*") {
            if package.ends_with("crm-node") || !find(&package, "*.node").is_empty() {
                let mut pack = npm();
                pack.arg("pack").arg(&package).args(["--silent", "--ignore-scripts", "--pack-destination"]);
                output(pack.arg(&self.out))?;
            }
        }
        Ok(())
    }

    /// Builds all archives again, and compares them.
    pub(super) fn twice(&self) -> Result<(), String> {
        let out = self.out.join("again");
        remove(&out)?;
        make_folder(&out)?;
        // Of the addons others may have been built elsewhere.
        run_command(command("cp").arg("-R").arg(self.out.join("addons")).arg(out.join("addons")))?;
        let again = Self { root: self.root.clone(), out, target: self.target.clone(), ..*self };
        again.take(&BUILDS)?;
        let mut compare = python_tool("python");
        compare.args(["xtask/package/check.py", "same"]).arg(&self.out).arg(&again.out);
        run_command(&mut compare)?;
        remove(&again.out)
    }

    /// Looks whether the manifests of the sdist agree and miss no crate, which shows at once; building it takes minutes.
    pub(super) fn sdist_resolves(&self) -> Result<(), String> {
        let scratch = Scratch::new("sdist")?;
        let sdist = self.out.join(format!("crm_python-{VERSION}.tar.gz"));
        run_command(command("tar").arg("-xzf").arg(sdist).arg("-C").arg(scratch.path()))?;
        for manifest in find(scratch.path(), "*/Cargo.toml") {
            let mut resolve = command("cargo");
            resolve.args(["metadata", "--quiet", "--offline", "--format-version", "1", "--manifest-path"]);
            output(resolve.arg(manifest))?;
        }
        Ok(())
    }

    fn maturin(&self) -> std::process::Command {
        let mut maturin = self.builder(python_tool("maturin").get_program());
        maturin.env("PYTHONDONTWRITEBYTECODE", "1");
        maturin
    }

    fn remove_packages(&self, pattern: &str) -> Result<(), String> {
        find(&self.out, pattern).iter().try_for_each(|package| remove(package))
    }

    fn remove_licences(&self) -> Result<(), String> {
        find(&self.root, "crm-python/THIRD-PARTY-*").iter().try_for_each(|file| remove(file))
    }
}
