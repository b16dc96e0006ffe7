#!/usr/bin/env bash
# Runs everything that CI runs, or parts of it, and ends with one line: N passed, M failed.
#
#   tests/run.sh                  everything
#   tests/run.sh rust python      these parts: rust (lint, suites), python, node, contract, docs, packages, soak
#   tests/run.sh newcomer         what a newcomer does in an empty folder, in each language: release builds, ten minutes
#   tests/run.sh generate         writes what is generated: the Python stub, the contract's catalogue and surface
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
# Before Rust is there, only a shell can say what is missing. What follows is xtask/src/test.
if ! tests/setup.sh || ! cargo build --quiet -p xtask; then
  echo "0 passed, 1 failed"
  exit 1
fi
exec cargo xtask test "$@"
