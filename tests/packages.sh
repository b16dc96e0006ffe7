#!/usr/bin/env bash
# Builds every package into target/packages, and tries them out: tests/packages.sh [--release] STEP…
#
#   crates   the crates that are published, each with its bill of materials
#   wheel    the wheel of this platform    addon   the addon for Node.js of this platform
#   sdist    the source of the wheel       npm     the npm packages, with those addons that are there
#   check    versions, and what is in each package    twice    whether a second build gives the same bytes
#   alone    installs each into an empty environment and runs a program from there: crates-alone, wheel-alone, npm-alone,
#            pack-alone (what `npm pack` makes in crm-node); sdist-alone builds for minutes and is not among them
#
# Without a step all of them.
# Without --release binaries are debug builds, which share their work with the tests, name folders of this machine and are not to be published.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
out=${CRM_PACKAGES:-$root/target/packages}
version=$(sed -nE 's/^version = "(.*)"/\1/p' Cargo.toml | head -n 1)
command -v cargo >/dev/null || { echo "no cargo found: install Rust from rustup.rs" >&2 && exit 1; }
target=$(rustc --version --verbose | sed -n 's/^host: //p')
python=$root/target/python/venv/bin/python maturin=$root/target/python/venv/bin/maturin
profile=dev folder=debug
export npm_config_fund=false npm_config_audit=false npm_config_update_notifier=false PYTHONDONTWRITEBYTECODE=1

if [ "${1:-}" = --release ]; then
  shift
  profile=release folder=release
  # Where it was built is nobody's business, and would make it differ from what others build.
  flags="--remap-path-prefix=$root=/crm"$'\x1f'"--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
  # Node.js and Python load the library at run time, where musl is theirs.
  [[ $target != *-musl ]] || flags+=$'\x1f'"-Ctarget-feature=-crt-static"
  export CARGO_ENCODED_RUSTFLAGS=$flags
fi

# Runs a program that says much, whose words matter if it fails.
quietly() {
  local said
  said=$("$@" 2>&1) || { echo "$said" >&2 && return 1; }
}

crates() {
  local crate
  quietly cargo package --locked --no-verify --allow-dirty -p crm-core -p crm-postgres
  for crate in crm-core crm-postgres; do
    cp "target/package/$crate-$version.crate" "$out"
    "$python" tests/packages/bill.py "$crate" "$out/sbom/$crate.cdx.json"
  done
}

wheel() {
  rm -f "$out"/*.whl
  # maturin takes licences from beside pyproject.toml only. The sdist is not to have them: it has none of those crates.
  trap 'rm -f crm-python/THIRD-PARTY-*' EXIT
  mkdir -p "$out/wheel"
  "$python" tests/packages/bill.py crm-python "$out/wheel/crm-python.cdx.json" "$target" crm-python
  # A debug build is large, and nobody downloads it.
  quietly "$maturin" build --locked --profile "$profile" --manifest-path crm-python/Cargo.toml --out "$out" --interpreter "$python" \
    --sbom-include "$out/wheel/crm-python.cdx.json" --compression-method "$([ "$profile" = dev ] && echo stored || echo deflated)"
  mv "$out/wheel/crm-python.cdx.json" "$out/sbom/crm-python-$target.cdx.json"
  rm -rf "$out/wheel" crm-python/THIRD-PARTY-*
}

sdist() {
  rm -f "$out"/*.tar.gz
  quietly "$maturin" sdist --manifest-path crm-python/Cargo.toml --out "$out"
  "$python" tests/packages/bill.py crm-python "$out/sbom/crm-python.cdx.json"
}

addon() {
  local built=$out/addons/$target
  rm -rf "$built"
  mkdir -p "$built"
  "$python" tests/packages/bill.py crm-node "$out/sbom/crm-node-$target.cdx.json" "$target" "$built"
  cp "$out/sbom/crm-node-$target.cdx.json" "$built/sbom.cdx.json"
  cargo build --quiet --locked --profile "$profile" -p crm-node
  if [ "$(uname)" = Darwin ]; then cp "target/$folder/libcrm_node.dylib" "$built"; else cp "target/$folder/libcrm_node.so" "$built"; fi
  # A debug build is large, and nobody looks into it; a release is packed as it is built.
  [ "$profile" = release ] || strip -x -S "$built"/libcrm_node.*
}

# With --release all addons have to be there: those of other platforms come from elsewhere.
npm_packages() {
  local package
  rm -f "$out"/crm-node*.tgz
  [ -d crm-node/node_modules/typescript ] || tests/node.sh tools
  # Not into crm-node/lib, which others may be using.
  rm -rf "$out/lib"
  node crm-node/node_modules/typescript/bin/tsc -p crm-node --outDir "$out/lib"
  node crm-node/packages.mjs "$out/addons" "$out/lib" "$out/npm" $([ "$profile" = dev ] || echo --all)
  for package in "$out"/npm/*; do
    if [ "$package" = "$out/npm/crm-node" ] || [ -n "$(ls "$package"/*.node 2>/dev/null)" ]; then
      npm pack "$package" --silent --ignore-scripts --pack-destination "$out" >/dev/null
    fi
  done
}

check() {
  "$python" tests/packages/check.py versions
  "$python" tests/packages/check.py workflows
  "$python" tests/packages/check.py contents "$out" "$profile"
  sdist_resolves
}

twice() {
  rm -rf "$out/again"
  mkdir -p "$out/again/addons"
  # Of the addons others may have been built elsewhere.
  cp -r "$out/addons/." "$out/again/addons"
  CRM_PACKAGES=$out/again "$0" $([ "$profile" = dev ] || echo --release) crates wheel sdist addon npm
  "$python" tests/packages/check.py same "$out" "$out/again"
  rm -rf "$out/again"
}

# Building the sdist takes minutes (sdist-alone); that its manifests agree and miss no crate shows at once.
sdist_resolves() {
  local folder
  folder=$(mktemp -d)
  tar -xzf "$out/crm_python-$version.tar.gz" -C "$folder"
  cargo metadata --quiet --offline --format-version 1 --manifest-path "$folder"/*/Cargo.toml >/dev/null
  rm -rf "$folder"
}

# Uses the crates from a project of its own, whose environment and features are those that break a careless sqlx library:
# DATABASE_URL is exported, sqlx has `time` and `bigdecimal` on. It lies in target/, so that cargo builds only what has changed, but
# is a workspace itself, and cargo, started elsewhere, reads none of this repository's settings.
crates_alone() {
  local host=$root/target/host/project crate
  mkdir -p "$host/src"
  for crate in crm-core crm-postgres; do
    cmp -s "$out/$crate-$version.crate" "$host/$crate.crate" && continue
    rm -rf "$host/$crate"-*
    # -m, because a package's files all have one and the same old time, by which cargo would take them for unchanged.
    tar -xmzf "$out/$crate-$version.crate" -C "$host"
    cp "$out/$crate-$version.crate" "$host/$crate.crate"
  done
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

[workspace]
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
    println!("a host with the packaged crates found {:?} at schema {:?}", page.items[0].name, crm.schema_version().await?);
    crm.close().await;
    Ok(())
}
RUST
  cd "$1"
  DATABASE_URL=postgres://nobody@localhost:1/nothing CARGO_TARGET_DIR="$root/target/host" cargo run --quiet --manifest-path "$host/Cargo.toml"
}

# Lists the interpreters of a version: on the PATH, of the system, of pyenv.
interpreters() {
  local found
  for found in "python$1" "/usr/bin/python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
    "$found" -c 'import os, sys; print(os.path.realpath(sys.executable))' 2>/dev/null
  done | sort -u
}

# Installs the wheel and nothing else, uses it from there with each version of Python there is (each Python where CRM_THOROUGH is
# set), and with one of them as an ordinary user too where root runs this.
wheel_alone() {
  local release interpreter empty=$1 ran=0 ordinary=no again
  cp examples/python/quickstart.py "$empty"
  "$python" -m pip install --quiet --no-index --only-binary :all: --find-links "$out" --target "$empty/site" "crm-python==$version"
  chmod -R a+rX "$empty"
  for release in 3.10 3.11 3.12 3.13 3.14; do
    again=no
    for interpreter in $(interpreters "$release"); do
      if [ "$again" = no ] || [ -n "${CRM_THOROUGH:-}" ]; then wheel_as "$interpreter" "$empty"; fi
      ran=$((ran + 1)) again=yes
      if [ "$ordinary" = no ] && [ "$(id -u)" = 0 ] && runuser -u nobody -- "$interpreter" -c '' 2>/dev/null; then
        ordinary=yes
        wheel_as "$interpreter" "$empty" runuser -u nobody --
      fi
    done
  done
  [ "$ran" -gt 0 ]
  # The same lines from inside the package.
  (cd / && PYTHONPATH=$empty/site HOME=/nonexistent "$interpreter" -s -m crm quickstart >/dev/null)
}

# Runs the quickstart with nothing but the wheel; what follows the two arguments says as whom.
wheel_as() {
  local interpreter=$1 empty=$2
  shift 2
  (
    cd /
    export PYTHONPATH=$empty/site HOME=/nonexistent
    "$@" "$interpreter" -s "$empty/quickstart.py" >/dev/null
  )
  echo "$interpreter ($("$interpreter" -V)): the quickstart runs${*:+ as nobody}"
}

# Builds a wheel from the sdist as pip does for a platform that has none, which takes minutes, and uses it.
sdist_alone() {
  local empty=$1
  "$python" -m venv "$empty/venv"
  CARGO_TARGET_DIR=$root/target/sdist "$empty/venv/bin/pip" install --quiet "$out"/*.tar.gz
  (cd "$empty" && venv/bin/python "$root/examples/python/quickstart.py" >/dev/null)
  echo "the sdist builds, and the quickstart runs"
}

# Installs from a registry that has only these packages, as a user would, and runs the README's lines from there in three kinds.
npm_alone() {
  local tsc=$root/crm-node/node_modules/.bin/tsc types=$root/crm-node/node_modules/@types quickstart=$root/examples/node/quickstart.mjs kind
  cd "$1"
  echo '{ "private": true }' >package.json
  node "$root/tests/packages/registry.mjs" "$out" npm install --silent --no-save "crm-node@$version"
  cp "$quickstart" esm.mjs
  {
    echo "const { embedded } = require('crm-node');"
    echo "(async () => {"
    grep -v '^import ' "$quickstart"
    echo "})();"
  } >cjs.cjs
  cp "$quickstart" typed.mts
  "$tsc" --strict --module node16 --target es2022 --types node --typeRoots "$types" typed.mts
  for kind in esm.mjs cjs.cjs typed.mjs; do
    node "$kind" | grep -q 'Big deal: 50000.00'
    echo "$kind runs"
  done
}

# Installs what `npm pack` makes in crm-node, which has the addon inside.
pack_alone() {
  [ -n "$(ls crm-node/*.node 2>/dev/null)" ] || node crm-node/build.mjs
  npm pack ./crm-node --silent --ignore-scripts --pack-destination "$1" >/dev/null
  cd "$1"
  echo '{ "private": true }' >package.json
  npm install --silent --offline ./crm-node-*.tgz
  cp "$root/examples/node/quickstart.mjs" .
  node quickstart.mjs | grep -q 'Big deal: 50000.00'
  echo "what npm pack makes runs"
}

# Runs the steps given, each in an empty folder.
empty() {
  local part
  ls "$out"/*.crate "$out"/*.whl "$out"/*.tgz >/dev/null 2>&1 ||
    { echo "packages are missing in $out: run tests/packages.sh crates wheel sdist addon npm first" >&2 && return 1; }
  for part in "$@"; do
    (
      folder=$(mktemp -d)
      trap 'rm -rf "$folder"' EXIT
      "$part" "$folder"
    )
  done
}

# The tests' Python, or one with maturin alone.
[ -x "$maturin" ] || tests/python.sh maturin
mkdir -p "$out/addons" "$out/sbom"
[ $# -gt 0 ] || set -- crates wheel sdist addon npm check twice alone
for step in "$@"; do
  case $step in
  crates | wheel | sdist | addon | check | twice) "$step" ;;
  npm) npm_packages ;;
  alone) empty crates_alone wheel_alone npm_alone pack_alone ;;
  crates-alone | wheel-alone | sdist-alone | npm-alone | pack-alone) empty "${step/-/_}" ;;
  *) sed -nE '2,/^set/s/^# ?//p' "$0" >&2 && exit 2 ;;
  esac
done
