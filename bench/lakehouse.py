"""What the benches of the lakehouse share: tick files, catalogs as PyIceberg opens them, DuckDB with
its iceberg extension, and what rows hold, told in numbers that must be equal.

Called as a program it does one of these things in a process of its own: the peak memory of a child
counts what its parent had at the fork, so the benches themselves import nothing large.
"""

import datetime as dt
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import harness

TABLE = "gold.eurusd"
FIRST_YEAR, YEARS = 2023, 2
DIGEST = """select count(*), min(datetime)::varchar, max(datetime)::varchar,
  sum(epoch_us(datetime)::hugeint)::varchar, sum(round(bid * 1e5)::hugeint)::varchar,
  sum(round(ask * 1e5)::hugeint)::varchar from {}"""


def apart(program, *words):
    """The answer, as JSON, of `program` of bench/ run with these words."""
    command = [sys.executable, Path(__file__).with_name(program), *map(str, words)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: {program} {words[0]} failed\n{done.stdout}")
    return json.loads(done.stdout.splitlines()[-1])


def tick_files(files, rows):
    """The folder of so many Parquet files with so many ticks of two years in all, made once: sorted
    by time, none crosses a year, places as `lake migrate` looks for them."""
    folder = harness.scratch() / f"ticks_{files}x{rows}"
    if not folder.exists():
        apart("lakehouse.py", "ticks", folder, files, rows)
    return folder


def paths_of(folder):
    return sorted(Path(folder).rglob("*.parquet"))


def make_ticks(folder, files, rows):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    draft = Path(folder).with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    place = draft / "Training Batch/EURUSD"
    place.mkdir(parents=True)
    rng = np.random.default_rng(5)
    price = 110_000
    for i in range(files):
        begin, end = slot(i, files)
        count = rows * (i + 1) // files - rows * i // files
        times = (begin + np.sort(rng.integers(0, end - begin, count))) * 1000
        bid = price + np.cumsum(rng.integers(-2, 3, count))
        ask = bid + rng.integers(1, 9, count)
        table = pa.table({"datetime": pa.array(times, pa.timestamp("us")), "bid": bid / 1e5,
                          "ask": ask / 1e5})
        pq.write_table(table, place / f"part-{i:05}.parquet", compression="zstd")
        price = int(np.clip(bid[-1], 90_000, 130_000))
    draft.rename(folder)
    return files


def slot(i, files):
    """First millisecond of file i, and of what follows it within its year."""
    of_year = [j for j in range(files) if j * YEARS // files == i * YEARS // files]
    year = FIRST_YEAR + i * YEARS // files
    begin, end = (int(dt.datetime(y, 1, 1, tzinfo=dt.timezone.utc).timestamp() * 1000)
                  for y in (year, year + 1))
    at, count = i - of_year[0], len(of_year)
    return begin + (end - begin) * at // count, begin + (end - begin) * (at + 1) // count


def catalog(folder):
    """The catalog of a workspace, ours or PyIceberg's own."""
    from pyiceberg.catalog import load_catalog

    return load_catalog("catalog-dw", type="sql", uri=f"sqlite:///{folder}/catalog.db",
                        warehouse=f"file://{folder}/warehouse")


def create_table(catalog, partitioned=True):
    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.transforms import YearTransform
    from pyiceberg.types import DoubleType, NestedField, TimestampType

    schema = Schema(NestedField(1, "datetime", TimestampType(), required=False),
                    NestedField(2, "bid", DoubleType(), required=False),
                    NestedField(3, "ask", DoubleType(), required=False))
    by_year = PartitionSpec(PartitionField(1, 1000, YearTransform(), "datetime_year"))
    return catalog.create_table(TABLE, schema,
                                partition_spec=by_year if partitioned else PartitionSpec())


def extensions():
    """What `load` needs for iceberg_scan; an exit when they are not installed."""
    for name in ("avro", "httpfs", "iceberg"):
        found = importlib.util.find_spec(f"duckdb_extension_{name}")
        if found is None:
            sys.exit(f"bench: duckdb-extension-{name} is not installed: run tools/setup.sh test")
        yield next(Path(found.origin).parent.rglob(f"{name}.duckdb_extension"))


def duckdb_connection():
    """Two threads, iceberg_scan ready."""
    import duckdb

    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    connection.execute("set threads = 2")
    for path in extensions():
        connection.execute(f"load '{path}'")
    return connection


def duckdb_program():
    """DuckDB's own command line, or None: of the package duckdb-cli, else of PATH."""
    package = importlib.util.find_spec("duckdb_cli")
    if package and package.origin:
        program = Path(package.origin).with_name("duckdb")
        if program.exists():
            return str(program)
    return shutil.which("duckdb")


def files_sql(paths):
    return "read_parquet([" + ", ".join(f"'{path}'" for path in paths) + "])"


def source_digest(folder):
    return list(duckdb_connection().execute(DIGEST.format(files_sql(paths_of(folder)))).fetchone())


def table_digest(folder):
    """The rows by DuckDB; files, partitions and their rows by PyIceberg."""
    table = catalog(folder).load_table(TABLE)
    rows = list(duckdb_connection().execute(
        DIGEST.format(f"iceberg_scan('{table.metadata_location}')")).fetchone())
    files = [task.file for task in table.scan().plan_files()]
    years = {}
    for file in files:
        year = 1970 + file.partition[0]
        years[year] = years.get(year, 0) + file.record_count
    return {"rows": rows, "years": sorted(years.items()), "spec": str(table.spec().fields[0].transform),
            "paths": sorted(file.file_path.removeprefix("file://") for file in files)}


if __name__ == "__main__":
    verb, *words = sys.argv[1:]
    if verb == "ticks":
        print(json.dumps(make_ticks(words[0], int(words[1]), int(words[2]))))
    elif verb == "source":
        print(json.dumps(source_digest(words[0])))
    elif verb == "table":
        print(json.dumps(table_digest(words[0])))
