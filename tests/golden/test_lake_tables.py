"""Metadata tables and plans of tables that PyIceberg made: ours and theirs, row for row."""

import datetime as dt
import json
import os
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform, IdentityTransform, YearTransform
from pyiceberg.types import DoubleType, LongType, NestedField, StringType, TimestampType


def find_describer():
    """describe_table lies in bin/ of the build tree that TICKHOUSE_BIN belongs to."""
    program = Path(os.environ.get("TICKHOUSE_BIN", ".")).resolve()
    for folder in program.parents:
        if (folder / "CMakeCache.txt").exists():
            return folder / "bin" / "describe_table"
    return None


DESCRIBER = os.environ.get("DESCRIBE_TABLE") or find_describer()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(DESCRIBER is None or not Path(DESCRIBER).exists(),
                                reason="describe_table is not built")]

SCHEMA = Schema(
    NestedField(1, "datetime", TimestampType(), required=False),
    NestedField(2, "bid", DoubleType(), required=False),
    NestedField(3, "side", StringType(), required=False),
    NestedField(4, "id", LongType(), required=False),
)
BY_YEAR = PartitionSpec(PartitionField(1, 1000, YearTransform(), "datetime_year"))


def ticks(first, rows=6):
    """From 2019 on, one every 200 days, both sides; the last without a time or a side."""
    times = [dt.datetime(2019, 1, 1) + dt.timedelta(days=200 * i) for i in range(rows)]
    return pa.table({
        "datetime": pa.array(times[:-1] + [None], pa.timestamp("us")),
        "bid": pa.array([1.0 + first + i / 10 for i in range(rows)]),
        "side": pa.array((["BUY", "SELL"] * rows)[:rows - 1] + [None]),
        "id": pa.array(range(first, first + rows), pa.int64()),
    })


def new_table(folder, version):
    catalog = load_catalog("golden", type="sql", uri=f"sqlite:///{folder}/catalog.db",
                           warehouse=f"file://{folder}/warehouse")
    catalog.create_namespace("gold")
    return catalog.create_table("gold.eurusd", SCHEMA, partition_spec=BY_YEAR,
                                properties={"format-version": str(version)})


def busy_table(folder, version):
    """Appends, a tag, a branch, evolved partitions, copy-on-write and whole-file deletes."""
    table = new_table(folder, version)
    table.append(ticks(0))
    table.append(ticks(100))
    table.manage_snapshots().create_tag(table.current_snapshot().snapshot_id, "eoy",
                                        max_ref_age_ms=10**12).commit()
    table.manage_snapshots().create_branch(table.current_snapshot().snapshot_id, "audit",
                                           max_snapshot_age_ms=10**11,
                                           min_snapshots_to_keep=3).commit()
    table.delete("id = 101")
    with table.update_spec() as update:
        update.add_field("side", IdentityTransform(), "side")
        if version > 1:  # In 1 a void field stays, and PyIceberg writes no other beside it.
            update.remove_field("datetime_year")
            update.add_field("datetime", DayTransform(), "day")
    table.append(ticks(200))
    table.delete("datetime >= '2021-01-01T00:00:00'")
    table.append(ticks(300))
    return table


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """By version; no test changes them."""
    return {version: busy_table(tmp_path_factory.mktemp(f"v{version}"), version)
            for version in (1, 2)}


def describe(what, table, *words):
    done = subprocess.run([DESCRIBER, what, table.metadata_location, *map(str, words)],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def rows_of(arrow):
    """Times as milliseconds, maps as dicts."""
    rows = arrow.to_pylist()
    for row in rows:
        for key, value in row.items():
            if isinstance(value, dt.datetime):
                row[key] = round(value.replace(tzinfo=dt.timezone.utc).timestamp() * 1000)
            elif isinstance(value, list) and value and isinstance(value[0], tuple):
                row[key] = dict(value)
    return rows


def partition_text(table, spec_id, partition):
    """As a path shows it."""
    parts = []
    for field in table.specs()[spec_id].fields:
        value = partition[field.name]
        if isinstance(value, dt.datetime):
            # Of a field that a later spec of v1 made void PyIceberg reads the number of years as microseconds.
            value = (value - dt.datetime(1970, 1, 1, tzinfo=value.tzinfo)) // dt.timedelta(microseconds=1)
        elif isinstance(value, dt.date):
            value = (value - dt.date(1970, 1, 1)).days
        source = table.schema().find_type(field.source_id)
        told = "null" if value is None else field.transform.to_human_string(source, value)
        parts.append(f"{field.name}={told}")
    return "/".join(parts)


def theirs_of_file(table, file, spec_id):
    keys = ["content", "file_path", "file_format", "record_count", "file_size_in_bytes",
            "sort_order_id"]
    return {
        **{key: file[key] for key in keys},
        "spec_id": spec_id,
        "partition": partition_text(table, spec_id, file["partition"]),
        "null_value_counts": [list(pair) for pair in sorted(file["null_value_counts"] or [])],
        "split_offsets": list(file["split_offsets"] or []),
    }


def by_path(files):
    return sorted(files, key=lambda file: file["file_path"])


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("what", ["history", "snapshots", "refs", "manifests"])
def test_tables_agree(tables, version, what):
    table = tables[version]
    ours, theirs = describe(what, table), rows_of(getattr(table.inspect, what)())
    if what == "refs":
        theirs.sort(key=lambda row: row["name"])
    assert len(theirs) >= 3 and ours == theirs


@pytest.mark.parametrize("version", [1, 2])
def test_the_metadata_log_agrees(tables, version):
    table = tables[version]
    assert describe("metadata_log", table) == rows_of(table.inspect.metadata_log_entries())


@pytest.mark.parametrize("version", [1, 2])
def test_files_agree(tables, version):
    table = tables[version]
    for what in ("files", "data_files", "delete_files"):
        theirs = [theirs_of_file(table, file, file["spec_id"])
                  for file in getattr(table.inspect, what)().to_pylist()]
        assert by_path(describe(what, table)) == by_path(theirs)
        assert bool(theirs) == (what != "delete_files")


@pytest.mark.parametrize("version", [1, 2])
def test_entries_agree(tables, version):
    table = tables[version]
    ours = describe("entries", table)
    spec_of = {entry["data_file"]["file_path"]: entry["data_file"]["spec_id"] for entry in ours}
    theirs = []
    for entry in table.inspect.entries().to_pylist():
        file = entry["data_file"]
        theirs.append({
            **{key: entry[key] for key in ("status", "snapshot_id", "sequence_number",
                                           "file_sequence_number")},
            "data_file": theirs_of_file(table, file, spec_of[file["file_path"]]),
        })
    order = lambda entry: (entry["data_file"]["file_path"], entry["status"])
    assert sorted(ours, key=order) == sorted(theirs, key=order)
    assert {entry["status"] for entry in ours} >= {0, 1}


@pytest.mark.parametrize("at", ["", "eoy"])
def test_partitions_agree(tables, at):
    table = tables[2]
    snapshot = table.snapshot_by_name(at).snapshot_id if at else None
    theirs = rows_of(table.inspect.partitions(snapshot_id=snapshot))
    for row in theirs:
        row["partition"] = partition_text(table, row["spec_id"], row["partition"])
    order = lambda row: (row["spec_id"], row["partition"])
    ours = describe("partitions", table, at)
    assert sorted(ours, key=order) == sorted(theirs, key=order)
    assert len({row["spec_id"] for row in ours}) == (1 if at else 2)


FILTERS = [
    ("", "true"),
    ("id = 3", "id = 3"),
    ("id >= 200 and side = 'BUY'", "id >= 200 and side = 'BUY'"),
    ("datetime < '2019-06-01T00:00'", "datetime < '2019-06-01T00:00:00'"),
    ("datetime >= '2020-01-01' and datetime < '2021-01-01'",
     "datetime >= '2020-01-01T00:00:00' and datetime < '2021-01-01T00:00:00'"),
    ("side is null or id > 303", "side is null or id > 303"),
    ("not (id between 1 and 250)", "id < 1 or id > 250"),
    ("bid < 2", "bid < 2.0"),
    ("side in ('BUY', 'HOLD') and datetime is not null",
     "side in ('BUY', 'HOLD') and datetime is not null"),
    ("id = -1", "id = -1"),
]


@pytest.mark.parametrize("at", ["", "eoy"])
@pytest.mark.parametrize("ours,theirs", FILTERS)
def test_plans_choose_the_same_files(tables, at, ours, theirs):
    table = tables[2]
    snapshot = table.snapshot_by_name(at).snapshot_id if at else None
    scan = table.scan(snapshot_id=snapshot) if theirs == "true" else \
        table.scan(row_filter=theirs, snapshot_id=snapshot)
    expected = sorted(task.file.file_path for task in scan.plan_files())
    found = sorted(task["path"] for task in describe("plan", table, at, ours))
    assert found == expected


def test_where_nobody_counted_nan_a_file_is_kept(tables):
    """NaN is greater than every number for us and for SQL engines; PyIceberg does not count it."""
    table = tables[2]
    theirs = {task.file.file_path for task in table.scan("bid > 250.0").plan_files()}
    assert theirs < {task["path"] for task in describe("plan", table, "", "bid > 250")}


def test_time_travel_finds_the_same_snapshot(tables):
    table = tables[2]
    for entry in table.history():
        expected = table.snapshot_as_of_timestamp(entry.timestamp_ms).snapshot_id
        time = dt.datetime.fromtimestamp(entry.timestamp_ms / 1000, dt.timezone.utc)
        texts = [entry.timestamp_ms, time.isoformat(timespec="milliseconds"),
                 time.strftime("%Y-%m-%dT%H:%M:%S.%f")]
        files = describe("files", table, expected)
        for text in texts:
            assert describe("files", table, text) == files
    before = table.history()[0].timestamp_ms - 1
    done = subprocess.run([DESCRIBER, "files", table.metadata_location, str(before)],
                          capture_output=True, text=True)
    assert done.returncode == 1 and str(table.history()[0].snapshot_id) in done.stderr


def test_appends_and_changes_are_the_files_that_came_and_went(tables):
    table = tables[2]
    first = table.snapshots()[0].snapshot_id
    paths = lambda at: {file["file_path"] for file in describe("files", table, at)}
    seen = paths(first)
    changes = describe("changes", table, first, "")
    assert len(changes) == len(table.snapshots()) - 1
    for change in changes:
        gone = {file["path"] for file in change["files"] if file["kind"] == "removed"}
        came = {file["path"] for file in change["files"] if file["kind"] == "added"}
        assert gone <= seen and not came & seen
        seen = (seen - gone) | came
        assert seen == paths(change["snapshot_id"])
    appended = {task["path"] for task in describe("appends", table, first, "")}
    operations = {s.snapshot_id: s.summary.operation.value for s in table.snapshots()}
    assert appended == {file["path"] for change in changes for file in change["files"]
                        if operations[change["snapshot_id"]] == "append"}
