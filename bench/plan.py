"""Plan a scan that selects 1 % of 10,000 files in 100 manifests: tickhouse, PyIceberg, DuckDB.

    python bench/plan.py [--files 10000] [--rounds 5] [--spec none|year] [--record]

Bars (issue 4): 20 times PyIceberg, twice DuckDB's iceberg_scan. Without partitions every manifest
has to be read; by year those of other years must not be. All begin with the metadata file; seconds
leave out the start of the process, ours too (the line "process" has it). DuckDB cannot plan without
reading: its figure is a count over the chosen files, which it reads as well. File sets are checked
equal (DuckDB: the count).
"""

import argparse
import datetime as dt
import json
import shutil
import sys
from pathlib import Path

import harness

ROWS, FILES_OF_MANIFEST = 10, 100
START = dt.datetime(2014, 1, 1)
PER_FILE = dt.timedelta(hours=8)  # 10,000 files are nine years.

PYICEBERG = """
import json, sys, time
from pyiceberg.table import StaticTable
begin = time.perf_counter()
table = StaticTable.from_metadata(sys.argv[1])
tasks = list(table.scan(row_filter=sys.argv[2]).plan_files())
seconds = time.perf_counter() - begin
print(json.dumps(sorted(task.file.file_path for task in tasks)))
print(seconds)
"""
DUCKDB = """
import sys, time
import lakehouse
connection = lakehouse.duckdb_connection()
begin = time.perf_counter()
rows = connection.execute(
    f"select count(*) from iceberg_scan('{sys.argv[1]}') where {sys.argv[2]}").fetchone()[0]
seconds = time.perf_counter() - begin
print(rows)
print(seconds)
"""


def write_files(folder, count):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    step = int(PER_FILE.total_seconds() * 1e6) // ROWS
    begin = int((START - dt.datetime(1970, 1, 1)).total_seconds() * 1e6)
    paths = []
    for i in range(count):
        times = begin + (i * ROWS + np.arange(ROWS)) * step
        bid = 1.1 + np.arange(ROWS) / 1e5
        path = folder / "data" / f"part-{i:05}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"datetime": pa.array(times, pa.timestamp("us")), "bid": bid,
                                 "ask": bid + 1e-5}), path)
        paths.append(f"file://{path}")
    return paths


def make_table(count, spec):
    """Answers the metadata file. Three files a day: none crosses a year."""
    folder = harness.scratch() / f"plan_{spec}_{count}"
    pointer = folder / "metadata_location"
    if pointer.exists():
        return pointer.read_text()
    from pyiceberg.catalog import load_catalog
    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.transforms import YearTransform
    from pyiceberg.types import DoubleType, NestedField, TimestampType

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    schema = Schema(NestedField(1, "datetime", TimestampType(), required=False),
                    NestedField(2, "bid", DoubleType(), required=False),
                    NestedField(3, "ask", DoubleType(), required=False))
    by_year = PartitionSpec(PartitionField(1, 1000, YearTransform(), "datetime_year"))
    catalog = load_catalog("bench", type="sql", uri=f"sqlite:///{folder}/catalog.db",
                           warehouse=f"file://{folder}/warehouse")
    catalog.create_namespace("gold")
    table = catalog.create_table("gold.eurusd", schema,
                                 partition_spec=by_year if spec == "year" else PartitionSpec())
    paths = write_files(folder, count)
    for at in range(0, count, FILES_OF_MANIFEST):
        table.add_files(paths[at:at + FILES_OF_MANIFEST])
    pointer.write_text(table.metadata_location)
    return table.metadata_location


def filter_of(count):
    """Whole files, 1 % of them, within two manifests."""
    first = count // 2 + FILES_OF_MANIFEST // 2
    begin, end = (START + PER_FILE * at for at in (first, first + count // 100))
    return f"datetime >= '{begin.isoformat()}' and datetime < '{end.isoformat()}'"


def contenders_for(metadata, text):
    ours = Path(harness.binary()).parent / "scan_bench"
    if not ours.exists():
        sys.exit(f"bench: {ours} is missing; build its target")
    python = [sys.executable, "-c"]
    return [harness.Contender("tickhouse", [ours, metadata, text, "2"], inner=True),
            harness.Contender("tickhouse, 1 thread", [ours, metadata, text, "1"], inner=True),
            harness.Contender("PyIceberg", python + [PYICEBERG, metadata, text], inner=True),
            harness.Contender("DuckDB, count", python + [DUCKDB, metadata, text], inner=True,
                              env={"PYTHONPATH": str(harness.ROOT / "bench")})]


def check(contenders, count):
    sets = set()
    for contender in contenders:
        for one in contender.runs:
            answer = json.loads(one.stdout.splitlines()[0])
            if isinstance(answer, int):
                if answer != count // 100 * ROWS:
                    sys.exit(f"bench: {contender.name} counts {answer} rows")
            else:
                sets.add(tuple(sorted(answer)))
    if len(sets) != 1 or len(next(iter(sets))) != count // 100:
        sys.exit(f"bench: the file sets differ: {[len(one) for one in sets]} files")


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--files", type=int, default=10_000)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--spec", choices=["none", "year"], nargs="*", default=["none", "year"])
    words.add_argument("--record", action="store_true")
    given = words.parse_args()
    for spec in given.spec:
        metadata, text = make_table(given.files, spec), filter_of(given.files)
        contenders = contenders_for(metadata, text)
        harness.take_turns(contenders, given.rounds)
        check(contenders, given.files)
        harness.table(f"plan 1 % of {given.files:,} files, partition: {spec}", contenders,
                      {one.name: one.runs[0].stdout.splitlines()[1] for one in contenders[:1]})
        if given.record:
            harness.record("plan", {"spec": spec, "files": given.files,
                                    **harness.figures_of(contenders)})


if __name__ == "__main__":
    main()
