//! Proves that the domain depends on no database driver and no binding.

use std::process::Command;

#[test]
fn the_domain_knows_no_driver_and_no_other_language() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "-p", "crm-core", "-e", "normal", "--prefix", "none"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    assert!(tree.starts_with("crm-core "), "{tree}{}", String::from_utf8_lossy(&output.stderr));
    let forbidden = ["sqlx", "tokio", "tokio-postgres", "pyo3", "napi", "mockall"];
    for line in tree.lines() {
        let name = line.split(' ').next().unwrap();
        let family = name.split('-').next().unwrap();
        assert!(!forbidden.contains(&name) && !forbidden.contains(&family), "{line}");
    }
}
