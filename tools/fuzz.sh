#!/usr/bin/env bash
# Builds every *_fuzz.cc with clang and runs them, two at a time: the readers of what users bring for SECONDS, the others
# for a third of it. A finding fails and is printed as the input's path and hex. Usage: fuzz.sh [SECONDS]
set -uo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
log=$(mktemp)
work=$(mktemp -d)
trap 'rm -rf "$log" "$work"' EXIT
targets=$(git ls-files -co --exclude-standard 'src/*_fuzz.cc' | xargs -n1 basename | sed 's/\.cc$//')
cmake --preset fuzz >"$log" 2>&1 || { cat "$log"; exit 1; }
# shellcheck disable=SC2086
cmake --build --preset fuzz --target $targets >"$log" 2>&1 || { grep -E 'error|FAILED' -A5 "$log" | head -40; exit 1; }

fuzz_one() {
  local target=$1 seconds=$2 work=$3 binary
  case $target in
    csv_fuzz | bi5_fuzz | dukascopy_json_fuzz | journal_fuzz) ;;
    *) seconds=$(((seconds + 2) / 3)) ;;
  esac
  binary=$(find build/fuzz/src -name "$target" -type f | head -n 1)
  mkdir -p "$work/$target"
  # Fixed seed: CI looks for regressions; long hunts are run by hand without it.
  if "$binary" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3000 -seed=1 -print_final_stats=1 \
    -artifact_prefix="$work/$target-" "$work/$target" >"$work/$target.log" 2>&1; then
    echo "ok $target $(grep -o 'number_of_executed_units: .*' "$work/$target.log")"
  else
    echo "FINDING $target"
    tail -n 40 "$work/$target.log"
    for f in "$work/$target"-*; do [ -f "$f" ] && head -c 2000 "$f" | od -An -tx1 | head -40; done
    return 1
  fi
}
export -f fuzz_one
# shellcheck disable=SC2086
printf '%s\n' $targets | xargs -P 2 -I{} bash -c 'fuzz_one {} '"$seconds $work" | tee "$log"
good=$(grep -c '^ok ' "$log")
bad=$(($(echo "$targets" | wc -w) - good))
echo "$good passed, $bad failed"
[ "$bad" -eq 0 ]
