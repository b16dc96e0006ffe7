//! The references of the three languages, in `target/docs`.

use crate::files::{copy, is_newer, make_folder, read, remove};
use crate::process::{command, is_thorough, npm, python_tool, root, run as run_command};

/// The pages that the index leads to.
const PAGES: [&str; 4] =
    ["rust/crm_core/index.html", "rust/crm_postgres/index.html", "python/crm.html", "node/index.html"];

/// Makes the references from the crates and from the packages of `tests/python.sh build` and `tests/node.sh build`.
///
/// # Errors
/// Names the step that failed, for one where something public is not documented.
pub(crate) fn run() -> Result<(), String> {
    let out = root().join("target/docs");
    remove(&out)?;
    make_folder(&out)?;
    rust()?;
    python()?;
    node()?;
    copy(&root().join("xtask/reference/index.html"), &out.join("index.html"))?;
    let index = read(&out.join("index.html"))?;
    for page in PAGES {
        if !index.contains(&format!("href=\"{page}\"")) {
            return Err(format!("xtask/reference/index.html has no link to {page}"));
        }
        if read(&out.join(page))?.is_empty() {
            return Err(format!("target/docs/{page} is empty"));
        }
    }
    println!("the references are in {}", out.join("index.html").display());
    Ok(())
}

fn rust() -> Result<(), String> {
    let doc = |options: &[&str]| {
        let mut doc = command("cargo");
        doc.args(["doc", "--no-deps", "--all-features", "--quiet"]).args(options);
        run_command(doc.env("RUSTDOCFLAGS", "--deny warnings"))
    };
    // The crates that are not published too, where everything is looked at.
    if is_thorough() {
        doc(&["--workspace"])?;
    }
    let made = root().join("target/doc");
    if made.join("crm_tests").exists() {
        remove(&made)?;
    }
    doc(&["-p", "crm-core", "-p", "crm-postgres"])?;
    run_command(command("cp").args(["-R", "target/doc", "target/docs/rust"]))
}

fn python() -> Result<(), String> {
    run_command(python_tool("python").arg("xtask/reference/check.py"))?;
    let mut pdoc = python_tool("python");
    // Its warnings are about the places of typed dicts' fields.
    pdoc.args(["-W", "ignore", "-m", "pdoc", "crm", "--output-directory", "target/docs/python"]);
    run_command(pdoc.args(["--docformat", "google", "--no-show-source"]))
}

fn node() -> Result<(), String> {
    let tools = root().join("xtask/reference");
    if !is_newer(&tools.join("node_modules/.package-lock.json"), &tools.join("package-lock.json")) {
        run_command(npm().args(["ci", "--prefix", "xtask/reference", "--silent", "--ignore-scripts"]))?;
    }
    let mut typedoc = command(tools.join("node_modules/.bin/typedoc"));
    run_command(typedoc.args(["--logLevel", "Warn"]).current_dir(tools))
}
