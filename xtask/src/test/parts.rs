//! The parts of a run.

use std::env;

use super::lanes;
use super::steps::Steps;
use crate::files::find;
use crate::process::{is_thorough, root};

/// The function of a part.
type Part = fn(&mut Steps);

/// The variable that names the languages whose packages are built.
const BUILT: &str = "CRM_BUILT";

/// Returns the function of the part with that name.
pub(super) fn part(name: &str) -> Option<Part> {
    Some(match name {
        "everything" => everything,
        "rust" => rust,
        "lint" => lint,
        "suites" => suites,
        "python" => python,
        "node" => node,
        "contract" => contract,
        "docs" => docs,
        "packages" => packages,
        "soak" => soak,
        "newcomer" => newcomer,
        "generate" => generate,
        _ => return None,
    })
}

/// Runs all parts, Rust's suites at the same time as the others: many of their tests wait for a server. What takes long to
/// build is built before.
fn everything(steps: &mut Steps) {
    build_packages(steps, &["python", "node"]);
    let tests = ["cargo", "test", "--workspace", "--all-features", "--no-run", "--quiet"];
    steps.step("Rust: tests' build", &tests);
    let programs = ["cargo", "build", "-p", "crm-guides", "-p", "crm-tests", "--bins", "--quiet"];
    steps.step("Rust: programs' build", &programs);
    lanes::run(steps, &["suites", "python,lint", "packages,docs", "node,soak"]);
}

fn rust(steps: &mut Steps) {
    lint(steps);
    suites(steps);
}

fn lint(steps: &mut Steps) {
    steps.step("format", &["cargo", "fmt", "--all", "--check"]);
    steps.step("generated code", &["cargo", "xtask", "generate", "--check"]);
    // As maturin has it, or each of the two builds pyo3 again after the other.
    let configs = find(&root(), "target/maturin/pyo3-config-*.txt");
    let modified = |path: &std::path::PathBuf| path.metadata().and_then(|metadata| metadata.modified()).ok();
    let newest = configs.into_iter().max_by_key(modified);
    let pyo3 = newest.map(|path| format!("PYO3_CONFIG_FILE={}", path.display()));
    let mut clippy = vec!["env"];
    clippy.extend(pyo3.as_deref());
    clippy.extend(["cargo", "clippy", "--workspace", "--all-targets", "--all-features", "--quiet"]);
    clippy.extend(["--", "--deny", "warnings"]);
    steps.step("clippy", &clippy);
    steps.step("licences, bans, sources", &["cargo", "xtask", "deny"]);
}

fn suites(steps: &mut Steps) {
    steps.counted("Rust: tests", &["cargo", "test", "--workspace", "--all-features", "--no-fail-fast"]);
    steps.step("quickstart", &["cargo", "xtask", "quickstart"]);
}

fn python(steps: &mut Steps) {
    build_packages(steps, &["python"]);
    steps.counted("Python: tests", &["tests/python.sh", "test"]);
    steps.step("Python: types", &["tests/python.sh", "types"]);
    steps.step("Python: examples", &["tests/python.sh", "examples"]);
}

fn node(steps: &mut Steps) {
    build_packages(steps, &["node"]);
    steps.counted("Node: tests", &["tests/node.sh", "test"]);
    steps.step("Node: types", &["tests/node.sh", "types"]);
    steps.counted("Node: examples", &["tests/node.sh", "examples"]);
}

/// Runs the cases of tests/contract in five places, for a person who adds one; the parts above run them too.
fn contract(steps: &mut Steps) {
    let rust = ["cargo", "test", "-p", "crm-tests", "--test", "integration", "contract::data"];
    steps.counted("contract: Rust, PostgreSQL and in memory", &rust);
    build_packages(steps, &["python", "node"]);
    let python = ["tests/python.sh", "test", "-k", "contract_holds or surface"];
    steps.counted("contract: Python, both faces", &python);
    let tests = ["crm-node/test/contract.test.mjs", "crm-node/test/surface.test.mjs"];
    steps.counted("contract: Node", &["node", "--test", "--test-reporter=spec", tests[0], tests[1]]);
}

fn docs(steps: &mut Steps) {
    build_packages(steps, &["python", "node"]);
    steps.step("guides", &["cargo", "xtask", "guides"]);
    steps.step("references", &["cargo", "xtask", "reference"]);
}

fn packages(steps: &mut Steps) {
    let mut build = vec!["cargo", "xtask", "package", "crates", "wheel", "sdist", "addon", "npm", "check"];
    build.extend(is_thorough().then_some("twice"));
    steps.step("packages", &build);
    steps.step("packages alone", &["cargo", "xtask", "package", "alone"]);
}

fn soak(steps: &mut Steps) {
    build_packages(steps, &["python", "node"]);
    let minutes = if is_thorough() { "2" } else { "0.2" };
    let soak = ["cargo", "run", "--quiet", "-p", "crm-tests", "--bin", "soak", "--", "--minutes", minutes];
    steps.step("soak", &soak);
}

fn newcomer(steps: &mut Steps) {
    for language in ["rust", "python", "node"] {
        steps.step(&format!("newcomer: {language}"), &["cargo", "xtask", "newcomer", language]);
    }
}

fn generate(steps: &mut Steps) {
    build_packages(steps, &["python"]);
    steps.step("Python: stub", &["target/python/venv/bin/python", "crm-python/stubs.py"]);
    let test =
        ["cargo", "test", "--quiet", "-p", "crm-tests", "--test", "integration", "contract::data::generated"];
    let words: Vec<_> = ["env", "CRM_GENERATE=1"].into_iter().chain(test).collect();
    steps.step("contract: catalogue and surface", &words);
}

/// Builds the packages that a part uses, unless a part before it has.
fn build_packages(steps: &mut Steps, languages: &[&str]) {
    for language in languages {
        let mut built = steps.value(BUILT).or_else(|| env::var(BUILT).ok()).unwrap_or_default();
        if built.split(' ').all(|known| known != *language) {
            steps.step(&format!("{language}: package"), &[&format!("tests/{language}.sh"), "build"]);
            built.extend([" ", language]);
            steps.set(BUILT, built);
        }
    }
}
