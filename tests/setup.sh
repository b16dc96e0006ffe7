#!/usr/bin/env bash
# Installs what building and testing need and is missing, as root on Debian; elsewhere says what to install. tests/run.sh begins with it.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
. tests/versions.sh
missing=0

# Is for what nothing here installs.
miss() {
  echo "missing: $*" >&2
  missing=1
}

# Installs Debian's package, or says what to do.
install() {
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $1"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$1" >/dev/null && return
  fi
  miss "$2"
}

# The embedded server needs PostgreSQL's programs; see crm-postgres/src/embedded/find.rs for where they may be.
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

# The rust-version of Cargo.toml, or newer.
has_rust() {
  local wanted found
  wanted=$(sed -nE 's/^rust-version = "(.*)"/\1/p' Cargo.toml)
  found=$(cargo --version 2>/dev/null | cut -d ' ' -f 2)
  [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" = "$wanted" ]
}

has_rust || miss "Rust $(sed -nE 's/^rust-version = "(.*)"/\1/p' Cargo.toml) or newer with cargo (found: $(cargo --version 2>&1 | head -n 1)): \
install it with rustup, or: rustup update stable"
cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 ||
  miss "rustfmt or clippy: rustup component add rustfmt clippy"
newest_python >/dev/null || install python3-venv "$NEEDS_PYTHON"
has_node || miss "$NEEDS_NODE"
has_postgres || install postgresql "PostgreSQL's server programs, 14 or newer (Debian: apt install postgresql; Fedora: dnf install \
postgresql-server; macOS: brew install postgresql), or set CRM_POSTGRES_BIN to their directory; no server has to run"
has_pgbouncer || install pgbouncer "PgBouncer (Debian: apt install pgbouncer; Fedora: dnf install pgbouncer; macOS: brew install pgbouncer)"
command -v pgrep >/dev/null || install procps "pgrep, by which the tests kill servers (Debian: apt install procps; Fedora: dnf install procps-ng)"
exit "$missing"
