#!/usr/bin/env bash
# Installs into a scratch folder, moves it, runs it there, and builds the .deb. Usage: check_package.sh BUILD
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cmake --install "$1" --prefix "$scratch/first" >/dev/null
mv "$scratch/first" "$scratch/moved"
"$scratch/moved/bin/tickhouse" --version
if readelf -d "$scratch/moved/bin/tickhouse" | grep -E 'R(UN)?PATH' | grep -q "$HOME"; then
  echo "the installed program looks for libraries in the build machine's folders"
  exit 1
fi
"$scratch/moved/bin/tickhouse" generate --symbol EURUSD --days 1 --seed 1 --out "$scratch/raw" -q
"$scratch/moved/bin/tickhouse" convert "$scratch/raw" "$scratch/parquet" -q
"$scratch/moved/bin/tickhouse" sql "select count(*) > 0 from '$scratch/parquet/**/*.parquet'" --format csv -q | grep -q true
(cd "$1" && cpack -G DEB -B "$scratch/deb" >"$scratch/cpack.log" 2>&1) || { cat "$scratch/cpack.log"; exit 1; }
dpkg-deb --info "$scratch"/deb/*.deb | grep -E 'Package|Version|Depends'
dpkg-deb -x "$scratch"/deb/*.deb "$scratch/root"
"$scratch/root/usr/bin/tickhouse" --version
"$scratch/root/usr/bin/tickhouse" sql "select 1" -q >/dev/null
echo "2 passed, 0 failed"
