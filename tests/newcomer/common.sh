# What the newcomers' trials share: an empty folder with a clone of the last commit in crm/, and the blocks of its guides.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
empty=$(mktemp -d)
trap 'rm -rf "$empty"' EXIT
# Only so that a second run does not build everything again.
export CARGO_TARGET_DIR=$top/target/newcomer

git clone --quiet "$top" "$empty/crm"
cd "$empty"

# Prints the blocks of a language, or the one of that number: blocks FILE LANGUAGE [NUMBER]
blocks() {
  awk -v language="$2" -v number="${3:-0}" '
    /^```/ && inside { inside = 0; next }
    /^```/ { inside = 1; split(substr($0, 4), words, " "); wanted = words[1] == language && (++count == number || number == 0); next }
    inside && wanted' "$1"
}

# Shows a line of the trial as it is done.
say() {
  printf '%s: %s\n' "$(basename "$0" .sh)" "$*"
}
