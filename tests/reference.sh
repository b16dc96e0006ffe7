#!/usr/bin/env bash
# Makes the references of the three languages in target/docs, and fails where something public is not documented. It needs the built
# packages: tests/python.sh build, tests/node.sh build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export npm_config_fund=false npm_config_audit=false npm_config_update_notifier=false
python=target/python/venv/bin/python
out=target/docs
rm -rf "$out"
mkdir -p "$out"

export RUSTDOCFLAGS="--deny warnings"
# What the crates that are not published say is looked at where everything is.
[ -z "${CRM_THOROUGH:-}" ] || cargo doc --workspace --no-deps --all-features --quiet
# Of these there are pages too where somebody has had them made.
[ ! -e target/doc/crm_tests ] || rm -rf target/doc
cargo doc -p crm-core -p crm-postgres --no-deps --all-features --quiet
cp -r target/doc "$out/rust"

"$python" tests/reference/check.py
# Its warnings are about where the fields of typed dicts stand.
"$python" -W ignore -m pdoc crm --output-directory "$out/python" --docformat google --no-show-source

[ tests/reference/node_modules/.package-lock.json -nt tests/reference/package-lock.json ] ||
  npm ci --prefix tests/reference --silent --ignore-scripts
(cd tests/reference && node_modules/.bin/typedoc --logLevel Warn)

cp tests/reference/index.html "$out/"
for page in rust/crm_core/index.html rust/crm_postgres/index.html python/crm.html node/index.html; do
  grep -q "href=\"$page\"" "$out/index.html"
  [ -s "$out/$page" ]
done
echo "the references are in $out/index.html"
