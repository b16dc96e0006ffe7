#!/usr/bin/env bash
# The Python package: builds its wheel and tries it out. tests/run.sh runs each step; by hand: tests/python.sh test -k threads
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
here=$root/target/python
python=$here/venv/bin/python
export PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1

# Python 3.11 or newer has all that the tests need; the package itself asks for 3.10.
newest() {
  local version
  for version in python3 python3.11 python3.12 python3.13; do
    if "$version" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$version"
      return
    fi
  done
  echo "no Python 3.11 or newer with venv found (Debian: apt install python3-venv; Fedora: dnf install python3)" >&2
  return 1
}

# Makes the tests' environment and the wheel, which goes into it. A debug build, so that cargo and maturin share their work.
build() {
  [ -x "$python" ] || "$(newest)" -m venv "$here/venv"
  "$python" -m pip install --quiet --requirement crm-python/requirements-test.txt
  rm -rf "$here/wheels"
  "$here/venv/bin/maturin" build --quiet --locked --profile dev --manifest-path crm-python/Cargo.toml --out "$here/wheels" \
    --interpreter "$python"
  "$python" -m pip install --quiet --force-reinstall --no-deps "$here"/wheels/*.whl
}

# Away from the sources, so that the installed package is what is tried.
run_tests() {
  (cd "$here" && "$python" -m pytest --quiet --rootdir "$root/crm-python" -p no:cacheprovider "$root/crm-python/tests" "$@")
}

types() {
  "$python" crm-python/stubs.py --check
  "$python" -m mypy --strict crm-python/tests crm-python/stubs.py examples/python
  "$here/venv/bin/pyright" --pythonpath "$python" examples/python
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

# Lists the interpreters of a version: on the PATH, of the system, of pyenv.
interpreters() {
  local found
  for found in "python$1" "/usr/bin/python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
    "$found" -c 'import sys; print(sys.executable)' 2>/dev/null
  done | sort -u
}

# Installs the wheel and nothing else for each Python there is, uses it from there, and as an ordinary user too where root
# runs this.
alone() {
  local version interpreter empty ran=0
  empty=$(mktemp -d)
  trap 'rm -rf "$empty"' RETURN
  cp examples/python/quickstart.py "$empty"
  "$python" -m pip install --quiet --no-index --target "$empty/site" "$here"/wheels/*.whl
  chmod -R a+rX "$empty"
  for version in 3.10 3.11 3.12 3.13 3.14; do
    for interpreter in $(interpreters "$version"); do
      alone_as "$interpreter" "$empty"
      ran=$((ran + 1))
      if [ "$(id -u)" = 0 ] && runuser -u nobody -- "$interpreter" -c '' 2>/dev/null; then
        alone_as "$interpreter" "$empty" runuser -u nobody --
      fi
    done
  done
  [ "$ran" -gt 0 ]
}

# Runs the quickstarts with nothing but the wheel; what follows the two arguments says as whom.
alone_as() {
  local interpreter=$1 empty=$2
  shift 2
  (
    cd /
    export PYTHONPATH=$empty/site HOME=/nonexistent
    "$@" "$interpreter" -s "$empty/quickstart.py" >/dev/null
    "$@" "$interpreter" -s -m crm quickstart >/dev/null
  )
  echo "$interpreter ($("$interpreter" -V)): the quickstarts run${*:+ as nobody}"
}

step=$1
shift
case $step in
build | types | examples | alone) "$step" ;;
test) run_tests "$@" ;;
*) echo "$0 build | test [pytest's options] | types | examples | alone" >&2 && exit 2 ;;
esac
