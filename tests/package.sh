#!/usr/bin/env bash
# Packages the published crates and uses them from a project outside the repository, whose environment and features are
# those that break a careless sqlx library: DATABASE_URL is exported, sqlx has `time` and `bigdecimal` on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
version=$(sed -nE 's/^version = "(.*)"/\1/p' Cargo.toml | head -n 1)
host=$(mktemp -d)
trap 'rm -rf "$host"' EXIT

cargo package --quiet --no-verify --allow-dirty -p crm-core -p crm-postgres
for crate in crm-core crm-postgres; do
  # --touch, because a package's files all have one and the same old time, by which cargo would take them for unchanged.
  tar --touch -xzf "target/package/$crate-$version.crate" -C "$host"
done

mkdir "$host/src"
cp Cargo.lock "$host/"
cat >"$host/Cargo.toml" <<TOML
[package]
name = "host"
version = "0.0.0"
edition = "2024"

[dependencies]
crm-postgres = { path = "crm-postgres-$version" }
sqlx = { version = "0.9", default-features = false, features = ["bigdecimal", "macros", "postgres", "runtime-tokio", "time"] }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }

[profile.dev]
debug = false

[patch.crates-io]
crm-core = { path = "crm-core-$version" }
TOML
cat >"$host/src/main.rs" <<'RUST'
use crm_postgres::prelude::*;
use crm_postgres::{PgPool, Result};

#[tokio::main]
async fn main() -> Result<()> {
    let crm = Crm::embedded(None).await?;
    let pool = PgPool::connect(crm.url().expect("it is embedded")).await.expect("the server runs");
    let shared = Crm::from_pool(pool);
    shared.migrate().await?;
    shared.customers().create(NewCustomer::new("Packaged").validate()?).await?;
    let page = crm.customers().list(&List::new()).await?;
    println!("a host outside the repository found {:?} at schema {:?}", page.items[0].name, crm.schema_version().await?);
    crm.close().await;
    Ok(())
}
RUST
cd "$host"
export DATABASE_URL=postgres://nobody@localhost:1/nothing
CARGO_TARGET_DIR="$root/target/host" cargo run --quiet
