#!/usr/bin/env bash
# Runs everything that CI runs, or parts of it, and ends with one line: N passed, M failed.
#
#   tests/run.sh                  everything
#   tests/run.sh rust python      these parts: rust (lint, suites), python, node, contract, docs, packages, soak
#   tests/run.sh newcomer         what a newcomer does in an empty folder, in each language: release builds, ten minutes
#   tests/run.sh generate         writes anew what is generated: the Python stub, the contract's catalogue and surface
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
log=$(mktemp)
trap 'rm -rf "$log" "$log".* "${memory:-}"' EXIT
trap 'stop; exit 130' INT TERM
passed=0 failed=0 broken=() running=()

# Ends the lanes that run, each with all that it has started.
stop() {
  local lane
  for lane in "${running[@]+"${running[@]}"}"; do kill -- "-$lane" 2>/dev/null; done
  # Who watches over a server stops it when its owner is gone, and needs its files for that.
  [ ${#running[@]} = 0 ] || sleep 2
}

# Says how a step ended; what follows its name is the command that was run.
ended() {
  local name=$1 seconds=$((SECONDS - began))
  shift
  if [ "$succeeded" = 1 ]; then
    echo "== $name: passed in $seconds s"
  else
    echo "== $name: FAILED after $seconds s; again: $*" >&2
    broken+=("$name: $*")
  fi
}

# Runs a step that passes or fails as a whole.
step() {
  local name=$1 began=$SECONDS succeeded=1
  shift
  echo "== $name"
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)) succeeded=0; fi
  ended "$name" "$@"
}

# Runs a step whose tests are counted; one that breaks before it counts is one failure.
counted() {
  local name=$1 began=$SECONDS succeeded=1 counts status
  shift
  echo "== $name"
  "$@" 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  # cargo's line, or pytest's, or node's two.
  counts=$(sed -nE -e 's/^test result: .* ([0-9]+) passed; ([0-9]+) failed;.*/\1 \2/p' \
    -e 's/^([0-9]+) passed.* in .*s.*/\1 0/p' -e 's/^([0-9]+) failed, ([0-9]+) passed.* in .*s.*/\2 \1/p' \
    -e 's/^ℹ pass ([0-9]+)$/\1 0/p' -e 's/^ℹ fail ([0-9]+)$/0 \1/p' "$log" |
    awk '{ passed += $1; failed += $2 } END { print passed + 0, failed + 0 }')
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
  # A pattern that no test has is no success.
  if [ "$counts" = "0 0" ] && [ "$status" = 0 ]; then status=1; fi
  if [ "$status" != 0 ] && [ "${counts#* }" = 0 ]; then failed=$((failed + 1)); fi
  if [ "$status" != 0 ]; then succeeded=0; fi
  ended "$name" "$@"
}

lint() {
  local pyo3
  step "format" cargo fmt --all --check
  # As maturin has it, or each of the two builds pyo3 anew after the other.
  # shellcheck disable=SC2012 # The newest.
  pyo3=$(ls -t "$PWD"/target/maturin/pyo3-config-*.txt 2>/dev/null | head -n 1)
  step "clippy" env ${pyo3:+"PYO3_CONFIG_FILE=$pyo3"} cargo clippy --workspace --all-targets --all-features --quiet -- --deny warnings
  step "licences, bans, sources" cargo xtask deny
}

suites() {
  counted "Rust: tests" cargo test --workspace --all-features --no-fail-fast
  step "quickstart" cargo xtask quickstart
}

rust() {
  lint
  suites
}

python() {
  built python
  counted "Python: tests" tests/python.sh test
  step "Python: types" tests/python.sh types
  step "Python: examples" tests/python.sh examples
}

node() {
  built node
  counted "Node: tests" tests/node.sh test
  step "Node: types" tests/node.sh types
  counted "Node: examples" tests/node.sh examples
}

# The cases of tests/contract in five places, for who adds one; the parts above run them too.
contract() {
  counted "contract: Rust, PostgreSQL and in memory" cargo test -p crm-tests --test integration contract::data
  built python node
  counted "contract: Python, both faces" tests/python.sh test -k "contract_holds or surface"
  counted "contract: Node" node --test --test-reporter=spec crm-node/test/contract.test.mjs crm-node/test/surface.test.mjs
}

docs() {
  built python node
  step "guides" cargo xtask guides
  step "references" cargo xtask reference
}

packages() {
  step "packages" cargo xtask package crates wheel sdist addon npm check ${CRM_THOROUGH:+twice}
  step "packages alone" cargo xtask package alone
}

# Builds the packages that a part uses, unless a part before has.
built() {
  local language
  for language in "$@"; do
    if [[ " ${CRM_BUILT:-} " != *" $language "* ]]; then
      step "$language: package" "tests/$language.sh" build
      export CRM_BUILT="${CRM_BUILT:-} $language"
    fi
  done
}

newcomer() {
  local language
  for language in rust python node; do step "newcomer: $language" cargo xtask newcomer "$language"; done
}

generate() {
  built python
  step "Python: stub" target/python/venv/bin/python crm-python/stubs.py
  step "contract: catalogue and surface" env CRM_GENERATE=1 cargo test --quiet -p crm-tests --test integration contract::data::generated
}

soak() {
  built python node
  step "soak" cargo run --quiet -p crm-tests --bin soak -- --minutes "$([ -n "${CRM_THOROUGH:-}" ] && echo 2 || echo 0.2)"
}

# Runs parts at the same time, each word a lane of parts joined by commas, and shows what each said when it has ended.
lanes() {
  local lane counts
  for lane in "$@"; do
    # In a process group of its own.
    set -m
    # shellcheck disable=SC2086 # A lane is several words.
    tests/run.sh ${lane//,/ } >"$log.$lane" 2>&1 &
    running+=($!)
    set +m
  done
  wait
  running=()
  for lane in "$@"; do
    sed -e '${/^[0-9]* passed, [0-9]* failed$/d;}' -e '/^failed: /d' "$log.$lane"
    while read -r step; do broken+=("$step"); done < <(sed -n 's/^failed: //p' "$log.$lane")
    counts=$(tail -n 1 "$log.$lane" | sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p')
    # A lane that breaks off before it counts is one failure.
    if [ -z "$counts" ]; then
      counts="0 1"
      broken+=("lane $lane: tests/run.sh ${lane//,/ }")
    fi
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
    rm -f "$log.$lane"
  done
}

# All parts, the suites of Rust beside the others: many of their tests wait for a server. What takes long to build is built before.
everything() {
  built python node
  step "Rust: tests' build" cargo test --workspace --all-features --no-run --quiet
  step "Rust: programs' build" cargo build -p crm-guides -p crm-tests --bins --quiet
  lanes suites python,lint packages,docs node,soak
}

# The servers' files go into memory where there is room for them: a database is 300 files, and the tests make hundreds.
in_memory() {
  local free
  free=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1)
  if [ -z "${TMPDIR:-}" ] && [ "${free:-0}" -gt 10000000 ] && ! grep -q ' /dev/shm .*noexec' /proc/mounts; then
    memory=$(mktemp -d /dev/shm/crm-XXXXXX)
    chmod 1777 "$memory"
    export TMPDIR=$memory
  fi
}

if [ $# = 0 ]; then set -- everything; fi
for part in "$@"; do
  case $part in
  everything | rust | lint | suites | python | node | contract | docs | packages | soak | newcomer | generate) ;;
  *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
  esac
done
if ! tests/setup.sh; then
  echo "0 passed, 1 failed"
  exit 1
fi
in_memory
# Many tests wait for a server to die, to be late or to come back.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$((2 * $(getconf _NPROCESSORS_ONLN)))}
if [ -n "${CRM_THOROUGH:-}" ]; then
  export PROPTEST_CASES=${PROPTEST_CASES:-5000} CRM_EXAMPLES=${CRM_EXAMPLES:-1000} CRM_CASES=${CRM_CASES:-5000} CRM_EXITS=${CRM_EXITS:-60}
fi
for part in "$@"; do "$part"; done

for step in "${broken[@]+"${broken[@]}"}"; do echo "failed: $step" >&2; done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
