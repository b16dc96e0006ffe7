#!/usr/bin/env bash
# Holds the dependencies to deny.toml, with a cargo-deny that is installed or with one of our own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=0.20.2

for tool in cargo-deny target/tools/bin/cargo-deny; do
  [[ "$("$tool" --version 2>/dev/null)" == "cargo-deny ${version%.*}."* ]] && break
done || {
  echo "building cargo-deny $version into target/tools once, which takes a minute or two"
  # --debug because a second of work is not worth the minutes for which its release profile optimises and links.
  CARGO_PROFILE_DEV_DEBUG=false cargo install --quiet --locked --debug --root target/tools "cargo-deny@$version" || {
    echo "no cargo-deny ${version%.*}, and building one failed: run cargo install --locked cargo-deny@$version where crates.io or a mirror" \
      "of it is within reach, or put its released program on the PATH" >&2
    exit 1
  }
}
"$tool" --locked check licenses bans sources
