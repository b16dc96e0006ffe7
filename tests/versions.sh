# The versions of Python and Node.js that the tests need, for the scripts that source this.

# Names a Python that has all that the tests need; the package itself asks for 3.10.
newest_python() {
  local version
  for version in python3 python3.11 python3.12 python3.13 python3.14; do
    if "$version" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$version"
      return
    fi
  done
  return 1
}
NEEDS_PYTHON="Python 3.11 or newer with venv for the tests (Debian: apt install python3-venv; Fedora: dnf install python3)"

# Node 20.4 has all that is needed, the test runner included.
has_node() {
  node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 4) ? 0 : 1)' 2>/dev/null &&
    command -v npm >/dev/null
}
NEEDS_NODE="Node.js 20.4 or newer with npm (found: $(node --version 2>/dev/null || echo none)): install it from nodejs.org or with your system's packages"
