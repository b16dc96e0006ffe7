#!/usr/bin/env bash
# Runs everything that CI runs and ends with one line: N passed, M failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0

# The embedded server of the tests needs PostgreSQL's programs; see crm-postgres/src/embedded/find.rs for where they may be.
has_postgres() {
  local place
  command -v postgres >/dev/null && return
  for place in "${CRM_POSTGRES_BIN:-/nonexistent}" "$(pg_config --bindir 2>/dev/null || echo /nonexistent)" \
    /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin; do
    [ -x "$place/postgres" ] && return
  done
  return 1
}

# Debian has it where an ordinary user does not look.
has_pgbouncer() {
  PATH=$PATH:/usr/sbin:/usr/local/sbin command -v pgbouncer >/dev/null
}

# Installs Debian's package, or says what to do.
install() {
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$1"
  else
    echo "$2" >&2
    return 1
  fi
}

# Holds the dependencies to deny.toml, with a cargo-deny that is installed or with our own.
check_dependencies() {
  local tool version=0.20.2
  for tool in cargo-deny target/tools/bin/cargo-deny; do
    [[ "$("$tool" --version 2>/dev/null)" == "cargo-deny ${version%.*}."* ]] && break
  done || build_cargo_deny "$version" || return 1
  "$tool" --locked check licenses bans sources
}

build_cargo_deny() {
  echo "building cargo-deny $1 into target/tools once, which takes a minute or two"
  # --debug because a second of work is not worth the minutes for which its release profile optimises and links.
  CARGO_PROFILE_DEV_DEBUG=false cargo install --quiet --locked --debug --root target/tools "cargo-deny@$1" && return
  echo "no cargo-deny ${1%.*}, and building one failed: run cargo install --locked cargo-deny@$1 where crates.io or a mirror" \
    "of it is within reach, or put its released program on the PATH" >&2
  return 1
}

# Runs a step that passes or fails as a whole.
step() {
  echo "== $1"
  shift
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

# Runs a step whose tests are counted; one that breaks before it counts is one failure.
counted() {
  echo "== $1"
  shift
  local counts
  "$@" 2>&1 | tee "$log"
  local status=${PIPESTATUS[0]}
  # cargo's line, or pytest's, or node's two.
  counts=$(sed -nE -e 's/^test result: .* ([0-9]+) passed; ([0-9]+) failed;.*/\1 \2/p' \
    -e 's/^([0-9]+) passed.* in .*s.*/\1 0/p' -e 's/^([0-9]+) failed, ([0-9]+) passed.* in .*s.*/\2 \1/p' \
    -e 's/^ℹ pass ([0-9]+)$/\1 0/p' -e 's/^ℹ fail ([0-9]+)$/0 \1/p' "$log" |
    awk '{ passed += $1; failed += $2 } END { print passed + 0, failed + 0 }')
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
  if [ "$status" != 0 ] && [ "${counts#* }" = 0 ]; then failed=$((failed + 1)); fi
}

has_postgres || install postgresql "no PostgreSQL server found: install one (Debian: apt install postgresql; Fedora: dnf \
install postgresql-server; macOS: brew install postgresql) or set CRM_POSTGRES_BIN to its bin directory" ||
  { echo "0 passed, 1 failed"; exit 1; }
# Without it only its own tests fail.
has_pgbouncer || install pgbouncer "no PgBouncer found: install it (Debian: apt install pgbouncer; Fedora: dnf install \
pgbouncer; macOS: brew install pgbouncer)"

command -v pgrep >/dev/null || install procps "no pgrep found, by which the tests kill servers: install procps"

step "format" cargo fmt --all --check
step "clippy" cargo clippy --workspace --all-targets --all-features --quiet -- --deny warnings
step "docs" env RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --all-features --quiet
step "licences, bans, sources" check_dependencies
counted "tests" cargo test --workspace --all-features --no-fail-fast
step "quickstart" cargo run --quiet --example quickstart
step "packages" tests/package.sh
step "Python: wheel" tests/python.sh build
counted "Python: tests" tests/python.sh test
step "Python: types" tests/python.sh types
step "Python: examples" tests/python.sh examples
step "Python: the wheel alone" tests/python.sh alone
step "Node: package" tests/node.sh build
counted "Node: tests" tests/node.sh test
step "Node: types" tests/node.sh types
counted "Node: examples" tests/node.sh examples
step "Node: the package alone" tests/node.sh alone
step "soak" cargo run --quiet -p crm-tests --bin soak -- --minutes 0.3

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
