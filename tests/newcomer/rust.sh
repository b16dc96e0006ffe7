#!/usr/bin/env bash
# A newcomer's first ten minutes in Rust: the README and docs/getting-started-rust.md, an empty folder and nothing else.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
guide=$empty/crm/docs/getting-started-rust.md

say "the README's first command"
(cd crm && cargo xtask quickstart >/dev/null)

say "a project of one's own, as the guide says"
bash -e <(blocks "$guide" sh 1 | sed "s|…|$empty/crm|g")
cd hello
blocks "$guide" toml >>Cargo.toml
blocks "$guide" rust 1 >src/main.rs
cargo run --quiet | grep -q '^qualified .* 50000'

say "the rest of the guide, over a database of its own"
bash -e <(blocks "$guide" sh 2 | sed "s|…|$empty/crm|g")
mkdir src/bin
{
  echo '#[tokio::main]'
  echo 'async fn main() -> Result<(), Box<dyn std::error::Error>> {'
  blocks "$guide" rust | awk '/^#\[tokio::main\]/ { skip = 1 } !skip; /^}/ { skip = 0 }' | sed '/^use crm_postgres::{Result, prelude/d'
  echo 'Ok(()) }'
} >src/bin/guide.rs
cat >src/bin/with_database.rs <<'RUST'
use crm_postgres::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let crm = Crm::embedded(None).await?;
    let program = std::env::args().nth(1).expect("which program");
    let url = crm.url().expect("it is embedded").to_owned();
    let status = std::process::Command::new(program).env("CRM_DATABASE_URL", url).status()?;
    crm.close().await;
    std::process::exit(status.code().unwrap_or(1));
}
RUST
cargo build --quiet
"$CARGO_TARGET_DIR/debug/with_database" "$CARGO_TARGET_DIR/debug/guide"
say "passed"
