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
  for example in quickstart polars_report service; do
    "$python" "examples/python/$example.py" >/dev/null
  done
  rm -f "$here/report.png"
  "$python" examples/python/report.py "$here/report.png"
  [ "$(wc -c <"$here/report.png")" -gt 50000 ]
}

# Installs the wheel and nothing else into an empty environment of each Python there is, and uses it from there.
alone() {
  local version empty
  empty=$(mktemp -d)
  trap 'rm -rf "$empty"' RETURN
  cp examples/python/quickstart.py "$empty"
  for version in 3.10 3.11 3.12 3.13 3.14; do
    "python$version" -c 'import venv, ensurepip' 2>/dev/null || continue
    "python$version" -m venv "$empty/$version"
    "$empty/$version/bin/python" -m pip install --quiet --no-index "$here"/wheels/*.whl
    (cd "$empty" && "$version/bin/python" quickstart.py >/dev/null && "$version/bin/python" -m crm quickstart >/dev/null)
    echo "Python $version: the quickstart runs"
    ordinary "$empty" "$version"
  done
}

# Does the same as an ordinary user, where root runs this.
ordinary() {
  [ "$(id -u)" = 0 ] || return 0
  chmod -R a+rX "$1"
  if ! runuser -u nobody -- "$1/$2/bin/python" -c '' 2>/dev/null; then
    echo "Python $2: its interpreter is closed to ordinary users"
    return
  fi
  (cd / && HOME=/nonexistent runuser -u nobody -- "$1/$2/bin/python" "$1/quickstart.py" >/dev/null)
  echo "Python $2: the quickstart runs as nobody"
}

step=$1
shift
case $step in
build | types | examples | alone) "$step" ;;
test) run_tests "$@" ;;
*) echo "$0 build | test [pytest's options] | types | examples | alone" >&2 && exit 2 ;;
esac
