#!/usr/bin/env bash
# The Node package: builds it and tries it out. tests/run.sh runs each step; by hand: tests/node.sh test --test-name-pattern abort
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/versions.sh
export npm_config_fund=false npm_config_audit=false npm_config_update_notifier=false

# Installs what a lock file says, unless it has been since the file was written.
install() {
  [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] && return
  npm ci --prefix "$1" --loglevel error --ignore-scripts >/dev/null && return
  echo "npm could not install what $1/package-lock.json says: it needs the npm registry or a mirror of it (npm config set registry URL)" >&2
  return 1
}

# Installs what the types, tests and examples need, and builds a debug addon, so that cargo shares its work with the other steps.
build() {
  install crm-node
  node crm-node/build.mjs
  install examples/node
}

run_tests() {
  node crm-node/test/run.mjs --test-reporter=spec "$@" crm-node/test/*.test.mjs
}

types() {
  crm-node/node_modules/.bin/tsc -p crm-node/test/types
}

examples() {
  node examples/node/quickstart.mjs
  node examples/node/sequelize/main.mjs
  node --test --test-reporter=spec examples/node/*/*.test.mjs
}

has_node || { echo "missing: $NEEDS_NODE" >&2 && exit 1; }
step=${1:-}
shift || true
case $step in
build | types | examples) "$step" ;;
tools) install crm-node ;;
test) run_tests "$@" ;;
*) echo "$0 build | test [node's options] | types | examples" >&2 && exit 2 ;;
esac
