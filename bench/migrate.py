"""1,000 Parquet files with 20 M ticks into a table by year: `lake migrate` against PyIceberg.

    python bench/migrate.py [--files 1000] [--rows 20000000] [--rounds 5] [--appends 1 10]
                            [--only register,rewrite] [--folder DISK] [--record]

Bars (issue 4): `--register` 10 times `add_files`; rewriting 3 times `append` with at most 400 MB,
whatever the number of files. Rewriting is compared with what costs PyIceberg users least: the files
are read into one Arrow table, which is appended in one commit. That needs the memory of all rows; a
reader of batches is refused for partitioned tables (PyIceberg 0.12). With less memory it takes more
commits: `--appends 10` reads and appends a tenth of the files at a time, and `--appends 1000` file
by file, which takes minutes. The best of them is what the bar is measured against.

Every turn begins with a new SQLite catalog and an empty warehouse; making the catalog is not counted,
making the table is, on both sides. Ours is the whole process with everything synced; PyIceberg syncs
no file, and its start and imports are not counted. --folder is where catalogs and warehouses are
made: a real disk, or syncing costs nothing.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import harness
import lakehouse

BARS = {"register": 10, "rewrite": 3}
MEMORY_BAR_MB = 400


def peer(how, source, folder):
    """PyIceberg's turn, run as a process of its own. `how`: register, or the number of appends."""
    import time

    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_cpu_count(2)
    paths = lakehouse.paths_of(source)
    catalog = lakehouse.catalog(folder)
    catalog.create_namespace("gold")
    begin = time.perf_counter()
    table = lakehouse.create_table(catalog)
    if how == "register":
        table.add_files([f"file://{path}" for path in paths])
    else:
        appends = int(how)
        for i in range(appends):
            part = paths[len(paths) * i // appends:len(paths) * (i + 1) // appends]
            table.append(pq.read_table(part, partitioning=None))
    print(time.perf_counter() - begin)


class Place:
    """A fresh workspace for every turn."""

    def __init__(self, root, name):
        self.folder = root / name

    def fresh(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def fresh_of_ours(self):
        self.fresh()
        harness.run([harness.binary(), "-q", "lake", "init", "--workspace", self.folder])


def ours(place, source, register):
    command = [harness.binary(), "-q", "--json", "--threads", "2", "lake", "migrate", source,
               "--workspace", place.folder, *(["--register"] if register else [])]
    return harness.Contender("tickhouse", command, prepare=place.fresh_of_ours)


def theirs(place, source, how, name):
    command = [sys.executable, __file__, "--peer", how, source, place.folder]
    return harness.Contender(name, command, inner=True, prepare=place.fresh)


def check_equal(source, places, register):
    """All tables hold the rows of the source, each year in its partition."""
    wanted = lakehouse.apart("lakehouse.py", "source", source)
    tables = {place.folder.name: lakehouse.apart("lakehouse.py", "table", place.folder)
              for place in places}
    first = next(iter(tables.values()))
    for name, table in tables.items():
        if table["rows"] != wanted:
            sys.exit(f"bench: {name} holds {table['rows']}, the files {wanted}")
        if table["years"] != first["years"] or table["spec"] != "year":
            sys.exit(f"bench: {name} has partitions {table['spec']} {table['years']}, "
                     f"ours {first['years']}")
        if register and table["paths"] != [str(path) for path in lakehouse.paths_of(source)]:
            sys.exit(f"bench: {name} registered other files")
    counts = ", ".join(f"{name} {len(table['paths'])}" for name, table in tables.items())
    print(f"equal: {wanted[0]:,} rows in years {first['years']}; files: {counts}")


def tenth_of(source, root):
    """Every tenth of the files, by hard links where the disk allows."""
    target = root / "tenth"
    for path in lakehouse.paths_of(source)[::10]:
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, copy)
        except OSError:
            shutil.copy(path, copy)
    return target


def measure(what, source, root, wanted):
    register = what == "register"
    place = Place(root, "tickhouse")
    contenders, places = [ours(place, source, register)], [place]
    for how in ["register"] if register else wanted.appends:
        name = "PyIceberg add_files" if register else f"PyIceberg, appends: {how}"
        places.append(Place(root, f"pyiceberg-{how}"))
        contenders.append(theirs(places[-1], source, str(how), name))
    harness.take_turns(contenders, wanted.rounds)
    check_equal(source, places, register)
    inside = sorted(json.loads(run.stdout)["durations_s"]["total"] for run in contenders[0].runs)
    notes = {"tickhouse": f"{inside[len(inside) // 2]:.3f} s without the start of the process"}
    harness.table(f"migrate, {what}: {wanted.files:,} files, {wanted.rows:,} ticks, by year, 2 threads",
                  contenders, notes)
    best = min(contender.seconds for contender in contenders[1:])
    print(f"{what}: {best / contenders[0].seconds:.2f} times PyIceberg's best; bar {BARS[what]}")
    figures = harness.figures_of(contenders)
    if not register:
        small = Place(root, "small")
        small.fresh_of_ours()
        tenth = harness.run(ours(small, tenth_of(source, root), False).command).rss_mb
        figures["peak_mb"]["tickhouse, a tenth of the files"] = round(tenth)
        print(f"peak memory: {contenders[0].rss_mb:.0f} MB, of a tenth of the files {tenth:.0f} MB; "
              f"bar {MEMORY_BAR_MB}")
    if wanted.record:
        harness.record(f"migrate {what}", {"files": wanted.files, "rows": wanted.rows, **figures})


def main():
    words = argparse.ArgumentParser(description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--files", type=int, default=1000)
    words.add_argument("--rows", type=int, default=20_000_000, help="of all files together")
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--appends", type=int, nargs="+", default=[1, 10])
    words.add_argument("--only", default="register,rewrite")
    words.add_argument("--folder", help="where catalogs and warehouses are made (TICKHOUSE_BENCH_DIR)")
    words.add_argument("--record", action="store_true")
    words.add_argument("--peer", nargs=3, help=argparse.SUPPRESS)
    wanted = words.parse_args()
    if wanted.peer:
        peer(*wanted.peer)
        return
    source = lakehouse.tick_files(wanted.files, wanted.rows)
    root = Path(tempfile.mkdtemp(prefix="migrate-", dir=wanted.folder or harness.scratch()))
    try:
        for what in wanted.only.split(","):
            measure(what, source, root, wanted)
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
