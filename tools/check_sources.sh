#!/usr/bin/env bash
# clang-format over every source, clang-tidy over every product source. Usage: check_sources.sh BUILD_FOLDER
set -uo pipefail
cd "$(dirname "$0")/.."
good=0
bad=0
while read -r file; do
  if clang-format-19 --dry-run -Werror "$file" >/dev/null 2>&1; then good=$((good + 1)); else
    echo "not formatted: $file (make format)"
    bad=$((bad + 1))
  fi
done < <(git ls-files 'src/*.h' 'src/*.cc' 'bench/*.cc')

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Tests and fuzzers are left to the compiler's warnings: gtest's macros drown everything else.
git ls-files 'src/*.cc' | grep -vE '_(test|fuzz|bench)\.cc$' |
  xargs -P 2 -n 4 clang-tidy-19 --quiet -p "$1" 2>/dev/null >"$log" || bad=$((bad + 1))
grep -E 'warning:|error:' "$log" | sort -u | head -60
echo "$good passed, $bad failed"
[ "$bad" -eq 0 ]
