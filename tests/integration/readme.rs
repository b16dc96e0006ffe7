//! The README's snippets are the ones that are compiled and run.

use crm_tests::Database;

/// Asserts that the body of a function of the examples stands in the README.
fn assert_shown(function: &str) {
    let readme = include_str!("../../README.md");
    let example = include_str!("../../examples/rust/lib.rs");
    let function = example.split_once(&format!("pub async fn {function}(")).unwrap().1;
    let body = function.split_once("-> Result<()> {\n").unwrap().1.split_once("    Ok(())").unwrap().0;
    let lines: Vec<_> = body.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
    let lines = lines.join("\n");
    assert!(readme.contains(&format!("```rust\n{lines}\n```")), "{lines}");
}

#[tokio::test]
async fn the_ten_lines_of_the_readme_run() {
    assert_shown("ten_lines");
    crm_examples::ten_lines().await.unwrap();
}

#[tokio::test]
async fn the_logins_of_the_readme_run() {
    assert_shown("logins");
    crm_examples::logins(Database::fresh().await.crm).await.unwrap();
}
