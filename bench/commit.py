"""Append commits of 1,000 rows to a table by year, one small file each: ours against PyIceberg.

    commit.py [--commits 50] [--rounds 3] [--catalog sqlite|postgres --uri ADDRESS] [--record]

Median of one commit, from rows in memory to the pointer that moved; each contender in a fresh table.
Afterwards PyIceberg reads both tables and finds the same rows and as many snapshots. PyIceberg syncs no
file, ours syncs every one before the pointer moves: --folder on a disk shows that cost, on /dev/shm it
is nothing.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import harness

ROWS = 1000
START_US = 1_704_153_600_000_000  # as in lake_commit_bench.cc


def catalog_of(uri, folder):
    from pyiceberg.catalog import load_catalog

    return load_catalog("catalog-dw", type="sql", uri=uri, warehouse=f"file://{folder}/warehouse")


def batch(commit):
    import numpy as np
    import pyarrow as pa

    i = np.arange(ROWS)
    bid = 1.1 + 1e-5 * ((commit + i) % 100)
    times = START_US + (commit * ROWS + i) * 1000
    return pa.table({
        "datetime": pa.array(times, pa.timestamp("us")),
        "bid": bid,
        "ask": bid + 2e-5,
    })


def peer(uri, folder, commits):
    """The peer's turn, run as a process of its own."""
    import statistics
    import time

    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.transforms import YearTransform
    from pyiceberg.types import DoubleType, NestedField, TimestampType

    catalog = catalog_of(uri, folder)
    catalog.create_namespace("gold")
    schema = Schema(
        NestedField(1, "datetime", TimestampType(), required=False),
        NestedField(2, "bid", DoubleType(), required=False),
        NestedField(3, "ask", DoubleType(), required=False),
    )
    spec = PartitionSpec(PartitionField(1, 1000, YearTransform(), "datetime_year"))
    table = catalog.create_table("gold.eurusd", schema, partition_spec=spec)
    seconds = []
    for commit in range(commits):
        rows = batch(commit)
        begin = time.perf_counter()
        table.append(rows)
        seconds.append(time.perf_counter() - begin)
    tenth = max(commits // 10, 1)
    print(f"first tenth {statistics.median(seconds[:tenth]):.5f} "
          f"last tenth {statistics.median(seconds[-tenth:]):.5f} worst {max(seconds):.5f}")
    print(statistics.median(seconds))


def check_equal(sides):
    tables = [catalog_of(uri, folder).load_table("gold.eurusd") for uri, folder in sides]
    counts = [len(table.metadata.snapshots) for table in tables]
    rows = [table.scan().to_arrow().sort_by("datetime") for table in tables]
    if counts[0] != counts[1] or not rows[0].equals(rows[1]):
        sys.exit(f"commit.py: tables differ: {counts} snapshots, {[r.num_rows for r in rows]} rows")
    print(f"equal: {rows[0].num_rows} rows, {counts[0]} snapshots in each")


class Place:
    """A fresh catalog and warehouse for every turn."""

    def __init__(self, name, folder, kind, uri):
        self.name, self.folder, self.kind, self.uri = name, Path(folder) / name, kind, uri

    def fresh(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        if self.kind == "postgres":
            for verb in ("DROP DATABASE IF EXISTS", "CREATE DATABASE"):
                subprocess.run(["psql", "-q", "-d", self.uri, "-c", f"{verb} bench_{self.name}"],
                               check=True)

    def alchemy(self):
        if self.kind == "sqlite":
            return f"sqlite:///{self.folder}/catalog.db"
        return self.libpq().replace("postgresql://", "postgresql+psycopg2://")

    def libpq(self):
        return re.sub(r"/[^/]*$", f"/bench_{self.name}", self.uri)

    def address(self):
        return f"{self.folder}/catalog.db" if self.kind == "sqlite" else self.libpq()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--catalog", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--uri", help="postgresql://user@host:port/database of a running server")
    parser.add_argument("--folder", help="where catalogs and warehouses are made (a temporary one)")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--peer", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        peer(args.peer[0], args.peer[1], int(args.peer[2]))
        return
    root = Path(tempfile.mkdtemp(dir=args.folder))
    ours = Place("tickhouse", root, args.catalog, args.uri)
    theirs = Place("pyiceberg", root, args.catalog, args.uri)
    bench = Path(harness.binary()).parent / "lake_commit_bench"
    contenders = [
        harness.Contender("tickhouse", [bench, args.catalog, ours.address(),
                                        ours.folder / "warehouse", args.commits, ROWS],
                          inner=True, prepare=ours.fresh),
        harness.Contender("pyiceberg", [sys.executable, __file__, "--peer", theirs.alchemy(),
                                        theirs.folder, args.commits],
                          inner=True, prepare=theirs.fresh),
    ]
    try:
        harness.take_turns(contenders, args.rounds)
        check_equal([(place.alchemy(), place.folder) for place in (ours, theirs)])
        notes = {c.name: c.runs[-1].stdout.strip().splitlines()[-2] for c in contenders}
        harness.table(f"{args.commits} append commits, {args.catalog}: one", contenders, notes)
        if args.record:
            harness.record(f"commit {args.commits} {args.catalog}",
                           {**harness.figures_of(contenders), "notes": notes})
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
