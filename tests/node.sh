#!/usr/bin/env bash
# The Node package: builds it and tries it out. tests/run.sh runs each step; by hand: tests/node.sh test --test-name-pattern abort
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export npm_config_fund=false npm_config_audit=false npm_config_update_notifier=false

# Node 20 has all that is needed, the test runner included.
needs_node() {
  if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || ! command -v npm >/dev/null; then
    echo "no Node.js 20 or newer with npm found: install one from nodejs.org or with your system's packages" >&2
    return 1
  fi
}

# Installs what the types, tests and examples need, and builds a debug addon, so that cargo shares its work with the other steps.
build() {
  npm ci --prefix crm-node --silent --ignore-scripts
  node crm-node/build.mjs
  npm ci --prefix examples/node --silent --ignore-scripts
}

run_tests() {
  node --test --test-reporter=spec "$@" crm-node/test/*.test.mjs
}

types() {
  crm-node/node_modules/.bin/tsc -p crm-node/test/types
}

examples() {
  node examples/node/quickstart.mjs
  node examples/node/sequelize/main.mjs
  node --test --test-reporter=spec examples/node/*/*.test.mjs
}

# Installs what `npm pack` makes, and nothing else, into an empty folder, and runs the README's lines from there in three kinds.
alone() {
  local tsc=$PWD/crm-node/node_modules/.bin/tsc types=$PWD/crm-node/node_modules/@types empty quickstart=$PWD/examples/node/quickstart.mjs
  empty=$(mktemp -d)
  trap 'rm -rf "$empty"' RETURN
  npm pack ./crm-node --silent --ignore-scripts --pack-destination "$empty" >/dev/null
  cd "$empty"
  npm init --yes --silent >/dev/null
  npm install --silent --offline ./crm-node-*.tgz
  cp "$quickstart" esm.mjs
  {
    echo "const { embedded } = require('crm-node');"
    echo "(async () => {"
    grep -v '^import ' "$quickstart"
    echo "})();"
  } >cjs.cjs
  cp "$quickstart" typed.mts
  "$tsc" --strict --module node16 --target es2022 --types node --typeRoots "$types" typed.mts
  local kind
  for kind in esm.mjs cjs.cjs typed.mjs; do
    node "$kind" | grep -q 'Big deal: 50000.00'
    echo "$kind runs"
  done
}

needs_node
step=$1
shift
case $step in
build | types | examples | alone) "$step" ;;
test) run_tests "$@" ;;
*) echo "$0 build | test [node's options] | types | examples | alone" >&2 && exit 2 ;;
esac
