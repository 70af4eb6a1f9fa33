"""A folder of bi5 hours to Parquet, against liblzma that only unpacks the same files, 2 threads each.

    python bench/bi5.py [FOLDER] [--rounds 9] [--record]

Bar (issue 3): at most 1.15 times liblzma. Both sides are whole processes, start and reading
included; liblzma throws away what it unpacked, tickhouse also checks, hashes, encodes and commits.
CPU seconds hold on a busy machine too. The peer is bench/lzma_peer_bench.cc, built beside tickhouse
(`cmake --preset release -DTICKHOUSE_BENCH=ON`). FOLDER is ../shared/data/dukascopy/bi5 unless told;
`tickhouse generate` makes others.
"""

import argparse
import json
import shutil
import statistics
import sys
from pathlib import Path

import harness

BAR = 1.15


def check(ours, peer, out):
    """Both saw the same ticks, and they are in the files."""
    import pyarrow.parquet as pq

    rows = sum(pq.read_metadata(path).num_rows for path in sorted(out.rglob("*.parquet")))
    said = {json.loads(one.stdout)["counts"]["rows"] for one in ours.runs}
    unpacked = {json.loads(one.stdout)["ticks"] for one in peer.runs}
    if said != {rows} or unpacked != {rows}:
        sys.exit(f"bench: the ticks differ: {said} told, {rows} in the files, {unpacked} unpacked")
    return rows


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument(
        "folder", nargs="?", type=Path, default=harness.ROOT.parent / "shared/data/dukascopy/bi5"
    )
    arguments.add_argument("--rounds", type=int, default=9)
    arguments.add_argument("--record", action="store_true")
    wanted = arguments.parse_args()
    if not wanted.folder.exists():
        sys.exit(f"bench: no folder {wanted.folder}")
    program = Path(harness.binary())
    peer_program = program.parent / "lzma_peer_bench"
    if not peer_program.exists():
        sys.exit(f"bench: {peer_program} is missing; configure with -DTICKHOUSE_BENCH=ON")

    out = harness.scratch() / "bi5"
    command = [program, "-q", "--json", "--threads", "2", "convert", wanted.folder, out]
    ours = harness.Contender(
        "tickhouse convert", command, prepare=lambda: shutil.rmtree(out, ignore_errors=True)
    )
    peer = harness.Contender("liblzma, unpacking only", [peer_program, wanted.folder, "2"])
    harness.take_turns([ours, peer], wanted.rounds)
    rows = check(ours, peer, out)

    first = json.loads(peer.runs[0].stdout)
    alone = statistics.median(json.loads(one.stdout)["unpack_cpu_s"] for one in peer.runs)
    harness.table(
        f"{first['files']:,} bi5 files, {rows:,} ticks, {first['packed'] / 1e6:.1f} MB, 2 threads",
        [ours, peer],
    )
    clock, cpu = ours.seconds / peer.seconds, ours.cpu_seconds / peer.cpu_seconds
    print(f"\nconvert / liblzma: {clock:.2f} by the clock, {cpu:.2f} by CPU seconds; against CPU")
    print(f"seconds of unpacking alone ({alone:.3f}): {ours.cpu_seconds / alone:.2f}; bar {BAR}")
    shutil.rmtree(out, ignore_errors=True)
    if wanted.record:
        figures = harness.figures_of([ours, peer])
        figures["unpack_cpu_seconds"] = round(alone, 4)
        harness.record("bi5", {"files": first["files"], "ticks": rows, **figures})


if __name__ == "__main__":
    main()
