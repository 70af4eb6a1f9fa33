"""Golden exchange on PostgreSQL and S3: what each engine writes every other reads, row for row, at every snapshot.

PyIceberg, DuckDB and tickhouse in the fast stage; with Spark and Trino in the slow one.
"""
import itertools
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from lake_cases import CASES, Model  # noqa: E402
from lake_peers import (PyIcebergWriter, TickhouseWriter, attach_duckdb, duckdb_writer, peer_program,  # noqa: E402
                        read_by_duckdb, read_by_pyiceberg, read_by_spark, read_by_tickhouse, read_by_trino,
                        spark_writer, trino_writer, SPARK_MODES)
from lake_services import plain_environment  # noqa: E402
from test_lake_tables import by_path, partition_text, theirs_of_file  # noqa: E402

NUMBERS = itertools.count(1)


class Engines:
    """Started when a writer or reader first asks."""

    def __init__(self, request):
        self.fixture = request.getfixturevalue

    lakehouse = property(lambda self: self.fixture("lakehouse"))
    spark = property(lambda self: self.fixture("spark"))
    trino = property(lambda self: self.fixture("trino"))
    duckdb = property(lambda self: self.fixture("attached"))

    def table(self, name):
        return self.lakehouse.pyiceberg().load_table(f"gold.{name}")

    def snapshot_named(self, table, name):
        return self.table(table).snapshot_by_name(name).snapshot_id


WRITERS = {
    "tickhouse": lambda e: TickhouseWriter(e.lakehouse, "delete"),
    "tickhouse-merge-on-read": lambda e: TickhouseWriter(e.lakehouse, "delete-rows"),
    "pyiceberg": lambda e: PyIcebergWriter(e.lakehouse),
    "duckdb": lambda e: duckdb_writer(e.duckdb),
    **{mode: partial(lambda mode, e: spark_writer(e.spark, mode), mode) for mode in SPARK_MODES},
    "trino": lambda e: trino_writer(e.trino, "lake"),
    "trino-served": lambda e: trino_writer(e.trino, "served"),
}
READERS = {
    "tickhouse": lambda e, *of: read_by_tickhouse(e.lakehouse, *of),
    "pyiceberg": lambda e, *of: read_by_pyiceberg(e.lakehouse, *of),
    "duckdb": lambda e, *of: read_by_duckdb(e.duckdb, e.snapshot_named, *of),
    "spark": lambda e, *of: read_by_spark(e.spark, *of),
    "trino": lambda e, *of: read_by_trino(e.trino, *of),
}
# By the name of a writer or a case.
CANNOT_READ = {
    "spark-vectors": {"trino"},  # Trino 476 knows no format v3.
    # PyIceberg 0.12 refuses equality deletes; DuckDB 1.5.5 loses rows whose value is null with those that are equal.
    "equality": {"pyiceberg", "duckdb"},
}
# Who writes what: each case by several, each way of deleting with each kind of partitioning and evolution. Those
# behind the bar take long and tell little more: they run with TICKHOUSE_EVERY_ENGINE=1.
WRITES = {
    "tickhouse": "deletes schemas specs types transforms | years reordered names",
    "tickhouse-merge-on-read": "deletes specs types | years",
    "pyiceberg": "schemas specs types names",
    "duckdb": "deletes updates | appends",
    "spark": "merges schemas specs types | reordered names",
    "spark-merge-on-read": "deletes merges branches equality | updates specs transforms",
    "spark-vectors": "merges | deletes",
    "spark-v1": "specs | years",
    "trino": "deletes merges schemas types | years updates specs transforms",
    "trino-served": "merges | schemas",
}
CHOSEN = {writer: (names if "TICKHOUSE_EVERY_ENGINE" in os.environ else names.split("|")[0]).split()
          for writer, names in WRITES.items()}
PAIRS = [(writer, case) for writer, names in CHOSEN.items() for case in CASES if case.name in names]
FAST = ("tickhouse", "pyiceberg", "duckdb")
FAST_PAIRS = [(writer, case) for writer, case in PAIRS if (writer, case.name) in {
    ("pyiceberg", "names"), ("duckdb", "updates"), ("tickhouse-merge-on-read", "types")}]
MAKES_A_SNAPSHOT = {"insert", "delete", "delete equal", "update", "upsert"}


def named(pairs):
    return pytest.mark.parametrize("writer, case", [pytest.param(w, c, id=f"{w}-{c.name}") for w, c in pairs])


@pytest.fixture(scope="session")
def attached(lakehouse):
    return attach_duckdb(lakehouse)


@pytest.fixture
def engines(request):
    return Engines(request)


def write(engines, writer, case):
    """The table's name; what must be read of it: now, at its names, and at its first and a middle snapshot."""
    table = f"{writer}_{case.name}_{next(NUMBERS)}".replace("-", "_")
    hand, model, states = WRITERS[writer](engines), Model(case), {}
    hand.create(table, case)
    for step in case.steps:
        hand.do(step)
        model.do(step)
        if step[0] in MAKES_A_SNAPSHOT:
            states[engines.table(table).current_snapshot().snapshot_id] = model.state()
    ids = list(states)
    assert len(ids) == sum(step[0] in MAKES_A_SNAPSHOT for step in case.steps)
    return table, {None: model.state(), **model.at, **{at: states[at] for at in (ids[0], ids[len(ids) // 2])}}


def readers_of(readers, writer, case):
    return [r for r in readers if r not in CANNOT_READ.get(writer, set()) | CANNOT_READ.get(case.name, set())]


def read(engines, readers, table, expected):
    for reader, (at, (columns, rows)) in itertools.product(readers, expected.items()):
        got = READERS[reader](engines, table, columns, at)
        assert got == rows, f"{reader} reads {table} at {at}"


def described(engines, what, table):
    """Our metadata tables, from what the catalog points to."""
    done = subprocess.run([peer_program("describe_table"), what, engines.table(table).metadata_location],
                          capture_output=True, text=True, env=plain_environment(**engines.lakehouse.s3))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def told_partitions(engines, name):
    return {(row["spec_id"], row["partition"]): (row["rows"], row["files"], row["bytes"])
            for row in engines.lakehouse.json("lake", "partitions", name)["partitions"]}


def agrees_with_pyiceberg(engines, name):
    table = engines.table(name)
    ours = engines.lakehouse.json("lake", "snapshots", name)["snapshots"]
    assert [(s["snapshot_id"], s["parent_id"], s["timestamp_ms"], s["operation"]) for s in ours] == [
        (s.snapshot_id, s.parent_snapshot_id, s.timestamp_ms, s.summary.operation.value) for s in table.snapshots()]
    theirs = [theirs_of_file(table, file, file["spec_id"]) for file in table.inspect.files().to_pylist()]
    assert by_path(described(engines, "files", name)) == by_path(theirs)
    partitions = {(row["spec_id"], partition_text(table, row["spec_id"], row["partition"])): (
        row["record_count"], row["file_count"], row["total_data_file_size_in_bytes"])
        for row in (table.inspect.partitions().to_pylist() if table.spec().fields else [])}
    if partitions:
        assert told_partitions(engines, name) == partitions


def agrees_with_trino(engines, name):
    ask = engines.trino.ask
    ours = engines.lakehouse.json("lake", "snapshots", name)["snapshots"]
    theirs = ask(f'SELECT snapshot_id, parent_id, to_unixtime(committed_at) * 1000, operation '
                 f'FROM lake.gold."{name}$snapshots"')
    assert sorted((s["snapshot_id"], s["parent_id"], s["timestamp_ms"], s["operation"]) for s in ours) == sorted(
        (number, parent, round(at), operation) for number, parent, at, operation in theirs)
    keys = ("content", "file_path", "file_format", "record_count", "file_size_in_bytes", "split_offsets")
    ours = [{key: file[key] for key in keys} for file in described(engines, "files", name)]
    theirs = [dict(zip(keys, row)) for row in ask(f'SELECT {", ".join(keys)} FROM lake.gold."{name}$files"')]
    for row in theirs:
        row["split_offsets"] = row["split_offsets"] or []
    assert by_path(ours) == by_path(theirs)
    theirs = ask(f'SELECT record_count, file_count, total_size FROM lake.gold."{name}$partitions"')
    if len({spec for spec, _ in told_partitions(engines, name)}) == 1:
        ours = told_partitions(engines, name).values()
        assert sorted(row for row in ours if row[1] > 0) == sorted(map(tuple, theirs))


@named(FAST_PAIRS)
def test_tables_are_read_by_all_at_hand(engines, writer, case):
    table, expected = write(engines, writer, case)
    read(engines, FAST, table, expected)
    agrees_with_pyiceberg(engines, table)


@pytest.mark.slow
@named(PAIRS)
def test_tables_are_read_by_everybody(engines, writer, case):
    table, expected = write(engines, writer, case)
    readers = readers_of(READERS, writer, case)
    read(engines, readers, table, expected)
    agrees_with_pyiceberg(engines, table)
    if "trino" in readers:
        agrees_with_trino(engines, table)
