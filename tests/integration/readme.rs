//! The README's lines are the example's.

#[tokio::test]
async fn the_ten_lines_of_the_readme_are_the_example_and_run() {
    let readme = include_str!("../../README.md");
    let example = include_str!("../../examples/rust/lib.rs");
    let body = example.split_once("-> Result<()> {\n").unwrap().1.split_once("    Ok(())").unwrap().0;
    let lines: Vec<_> = body.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
    let lines = lines.join("\n");
    assert!(readme.contains(&format!("```rust\n{lines}\n```")), "{lines}");
    crm_examples::ten_lines().await.unwrap();
}
