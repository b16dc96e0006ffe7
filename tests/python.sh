#!/usr/bin/env bash
# The Python package: builds its wheel and tries it out. tests/run.sh runs each step; by hand: tests/python.sh test -k threads
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/versions.sh
root=$PWD
here=$root/target/python
python=$here/venv/bin/python
export PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1

# Makes the tests' environment, anew where the Python that it was made with is gone.
environment() {
  local version
  if ! "$python" -c '' 2>/dev/null; then
    version=$(newest_python) || { echo "missing: $NEEDS_PYTHON" >&2 && return 1; }
    "$version" -m venv --clear "$here/venv"
  fi
  "$python" -m pip install --quiet "$@" || {
    echo "pip could not install what the tests need: it needs PyPI or a mirror of it (pip config set global.index-url URL)" >&2
    return 1
  }
}

# Only what builds packages, for cargo xtask package where nothing else is wanted.
maturin() {
  # shellcheck disable=SC2046 # Two requirements.
  environment $(grep -iE '^(maturin|pyyaml)==' crm-python/requirements-test.txt)
}

# Makes the environment and the wheel, which goes into it. A debug build, so that cargo and maturin share their work.
build() {
  if ! { [ "$here/venv/installed" -nt crm-python/requirements-test.txt ] && "$python" -c ''; }; then
    environment --requirement crm-python/requirements-test.txt
    touch "$here/venv/installed"
  fi
  cargo xtask package wheel
  "$python" -m pip install --quiet --force-reinstall --no-deps target/packages/*.whl
}

# Away from the sources, so that the installed package is what is tried.
run_tests() {
  (cd "$here" && "$python" -m pytest --quiet --rootdir "$root/crm-python" -p no:cacheprovider "$root/crm-python/tests" "$@")
}

types() {
  "$python" crm-python/stubs.py --check
  "$python" -m mypy --strict crm-python/tests crm-python/stubs.py examples/python
  # It would read FastAPI and matplotlib anew each time; mypy, which remembers them, has looked at what uses them.
  local left_out='^(service|report)[.]py$'
  [ -z "${CRM_THOROUGH:-}" ] || left_out='^$'
  # shellcheck disable=SC2010,SC2046 # Names of ours, without spaces.
  (cd examples/python && "$here/venv/bin/pyright" --pythonpath "$python" $(ls | grep -E '[.]py$' | grep -vE "$left_out"))
  "$python" -m mypy.stubtest crm --mypy-config-file crm-python/pyproject.toml --allowlist crm-python/stubtest-allowlist.txt
}

examples() {
  local example
  for example in quickstart polars_report service daily_backup; do
    "$python" "examples/python/$example.py" >/dev/null
  done
  rm -f "$here/report.png"
  "$python" examples/python/report.py "$here/report.png"
  [ "$(wc -c <"$here/report.png")" -gt 50000 ]
}

step=${1:-}
shift || true
case $step in
build | maturin | types | examples) "$step" ;;
test) run_tests "$@" ;;
*) echo "$0 build | test [pytest's options] | types | examples" >&2 && exit 2 ;;
esac
