#!/usr/bin/env bash
# clang-format over every source, clang-tidy over every product source. Usage: check_sources.sh BUILD_FOLDER
# A source found clean before, with the same headers and settings, is not looked at again.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
build=$1
good=0
bad=0
while read -r file; do
  if clang-format-19 --dry-run -Werror "$file" >/dev/null 2>&1; then good=$((good + 1)); else
    echo "not formatted: $file (make format)"
    bad=$((bad + 1))
  fi
done < <(git ls-files 'src/*.h' 'src/*.cc' 'bench/*.cc')

# The wheel of clang-tidy, which brings its compiler's headers along.
pin=$(awk '$2 == "wheel" && $3 == "clang-tidy" {print $3 "-" $4 " " $5}' deps.lock)
tidy="${TICKHOUSE_DEPS:-${XDG_CACHE_HOME:-$HOME/.cache}/tickhouse/deps}/${pin% *}/clang_tidy/data/bin/clang-tidy"
if ! "$tidy" --version >/dev/null; then
  echo "no clang-tidy that runs at $tidy: tools/setup.sh check"
  echo "$good passed, $((bad + 1)) failed"
  exit 1
fi

known="${XDG_CACHE_HOME:-$HOME/.cache}/tickhouse/tidy"
mkdir -p "$known"
find "$known" -type f -mtime +14 -delete
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# "source header header ...": of our own headers only, as the last build found them.
ninja -C "$build" -t deps | awk '
  /^[^ ]/ { source = "" }
  /^ / {
    if (!sub(/^.*\/src\/tickhouse\//, "src/tickhouse/")) next
    if (source == "") source = $0; else headers[source] = headers[source] " " $0
  }
  END { for (source in headers) print source headers[source] }' >"$work/includes"

tidy_one() {
  local file=$1 key out headers
  headers=$(awk -v file="$file" '$1 == file { for (i = 2; i <= NF; ++i) print $i }' "$work/includes" | sort -u)
  [ -n "$headers" ] || headers=$(git ls-files 'src/*.h')
  # shellcheck disable=SC2086
  key=$({ echo "$pin"; cat .clang-tidy "$file" $headers; } | sha256sum | cut -c1-64)
  [ -e "$known/$key" ] && return 0
  if out=$("$tidy" --quiet -p "$build" "$file" 2>&1); then
    touch "$known/$key"
  else
    echo "$out" | grep -E 'warning:|error:|^Error' | sort -u
    echo "clang-tidy: $file"
  fi
}
export -f tidy_one
export known work build pin tidy
log=$work/log
# Tests and fuzzers are left to the compiler's warnings: gtest's macros drown everything else.
sources=$(git ls-files 'src/*.cc' | grep -vE '_(test|fuzz|bench)\.cc$')
echo "$sources" | xargs -P 2 -I{} bash -c 'tidy_one {}' | tee "$log"
findings=$(grep -c '^clang-tidy: ' "$log")
bad=$((bad + findings))
good=$((good + $(echo "$sources" | wc -l) - findings))
echo "$good passed, $bad failed"
[ "$bad" -eq 0 ]
