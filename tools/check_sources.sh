#!/usr/bin/env bash
# clang-format over every source, clang-tidy over every product source. Usage: check_sources.sh BUILD_FOLDER
# A source found clean before, with the same headers and settings, is not looked at again.
set -uo pipefail
cd "$(dirname "$0")/.."
build=$1
good=0
bad=0
while read -r file; do
  if clang-format-19 --dry-run -Werror "$file" >/dev/null 2>&1; then good=$((good + 1)); else
    echo "not formatted: $file (make format)"
    bad=$((bad + 1))
  fi
done < <(git ls-files 'src/*.h' 'src/*.cc' 'bench/*.cc')

known="${XDG_CACHE_HOME:-$HOME/.cache}/tickhouse/tidy"
mkdir -p "$known"
find "$known" -type f -mtime +14 -delete
headers=$({ cat .clang-tidy tools/check_sources.sh; git ls-files 'src/*.h' | xargs cat; } | sha256sum | cut -c1-64)

tidy_one() {
  local file=$1 key out
  key=$(echo "$headers $(sha256sum "$file")" | sha256sum | cut -c1-64)
  [ -e "$known/$key" ] && return 0
  if out=$(clang-tidy-19 --quiet -p "$build" "$file" 2>/dev/null); then
    touch "$known/$key"
  else
    echo "$out" | grep -E 'warning:|error:' | sort -u
    echo "clang-tidy: $file"
  fi
}
export -f tidy_one
export known headers build
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Tests and fuzzers are left to the compiler's warnings: gtest's macros drown everything else.
sources=$(git ls-files 'src/*.cc' | grep -vE '_(test|fuzz|bench)\.cc$')
echo "$sources" | xargs -P 2 -I{} bash -c 'tidy_one {}' | tee "$log"
findings=$(grep -c '^clang-tidy: ' "$log")
bad=$((bad + findings))
good=$((good + $(echo "$sources" | wc -l) - findings))
echo "$good passed, $bad failed"
[ "$bad" -eq 0 ]
