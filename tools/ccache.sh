#!/bin/sh
# The compiler, through ccache where it is installed. Paths are made relative, so that a fresh clone in
# another folder finds what an earlier one compiled.
if command -v ccache >/dev/null 2>&1; then
  here=$(cd "$(dirname "$0")/.." && pwd)
  CCACHE_BASEDIR="$here" CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros exec ccache "$@"
fi
exec "$@"
