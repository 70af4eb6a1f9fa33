"""Manifests of PyIceberg and fastavro read by us, ours by them: equal entries, field by field."""

import datetime as dt
import decimal
import json
import os
import subprocess
from pathlib import Path

import fastavro
import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import ManifestContent, read_manifest_list
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform, IdentityTransform, YearTransform
from pyiceberg.types import (DateType, DecimalType, DoubleType, LongType, NestedField, StringType,
                             TimestampType)


def find_peer():
    """lake_peer lies in bin/ of the build tree that TICKHOUSE_BIN belongs to."""
    program = Path(os.environ.get("TICKHOUSE_BIN", ".")).resolve()
    for folder in program.parents:
        if (folder / "CMakeCache.txt").exists():
            return folder / "bin" / "lake_peer"
    return None


PEER = os.environ.get("LAKE_PEER") or find_peer()
pytestmark = pytest.mark.skipif(PEER is None or not Path(PEER).exists(),
                                reason="lake_peer is not built")
IO = PyArrowFileIO()

SCHEMA = Schema(
    NestedField(1, "datetime", TimestampType(), required=False),
    NestedField(2, "bid", DoubleType(), required=False),
    NestedField(3, "ask", DoubleType(), required=False),
    NestedField(4, "side", StringType(), required=False),
    NestedField(5, "day", DateType(), required=False),
    NestedField(6, "price", DecimalType(9, 2), required=False),
    NestedField(7, "id", LongType(), required=False),
)
SPECS = {
    "none": PartitionSpec(),
    "year": PartitionSpec(PartitionField(1, 1000, YearTransform(), "datetime_year")),
    "many": PartitionSpec(
        PartitionField(4, 1000, IdentityTransform(), "side"),
        PartitionField(5, 1001, IdentityTransform(), "day"),
        PartitionField(6, 1002, IdentityTransform(), "price"),
        PartitionField(7, 1003, IdentityTransform(), "id"),
        PartitionField(1, 1004, DayTransform(), "datetime_day"),
    ),
}


def rows(start):
    """Six ticks over three years, with nulls and a NaN."""
    times = [dt.datetime(2019 + i % 3, 5, 1 + i, 7, 50) for i in range(5)] + [None]
    sides = ["BUY", "SELL", None, "BUY", "a very long word of more than 16 letters", "é"]
    days = [dt.date(1969, 12, 31), dt.date(2021, 1, 1), None, dt.date(1970, 1, 1)]
    return pa.table(
        {
            "datetime": pa.array(times, pa.timestamp("us")),
            "bid": pa.array([1.25, None, float("nan"), 1.5, 2.0 + start, -0.0]),
            "ask": pa.array([1.26, 1.5, 1.75, None, 3.0, 0.0]),
            "side": pa.array(sides),
            "day": pa.array((days * 2)[:6], pa.date32()),
            "price": pa.array([decimal.Decimal("-1.25"), decimal.Decimal("9999999.99"), None] * 2,
                              pa.decimal128(9, 2)),
            "id": pa.array([start, -1, None, 2**40, 7, 8], pa.int64()),
        },
    )


def make_table(folder, spec, version):
    catalog = load_catalog("golden", type="sql", uri=f"sqlite:///{folder}/catalog.db",
                           warehouse=f"file://{folder}/warehouse")
    catalog.create_namespace("gold")
    table = catalog.create_table("gold.eurusd", SCHEMA, partition_spec=SPECS[spec],
                                 properties={"format-version": str(version)})
    table.append(rows(0))
    table.append(rows(1))
    table.delete("bid = 3.0")
    return catalog.load_table("gold.eurusd")


def peer(*words):
    done = subprocess.run([PEER, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def lines(*words):
    return [json.loads(line) for line in peer(*words).splitlines()]


def as_hex(data):
    return data if data is None else data.hex()


def by_id(values):
    pairs = sorted((values or {}).items())
    return {str(key): as_hex(v) if isinstance(v, bytes) else v for key, v in pairs}


def theirs_of_manifest(manifest):
    return {
        "path": manifest.manifest_path,
        "length": manifest.manifest_length,
        "spec_id": manifest.partition_spec_id,
        "content": int(manifest.content),
        "sequence_number": manifest.sequence_number,
        "min_sequence_number": manifest.min_sequence_number,
        "added_snapshot_id": manifest.added_snapshot_id,
        "added_files": manifest.added_files_count,
        "existing_files": manifest.existing_files_count,
        "deleted_files": manifest.deleted_files_count,
        "added_rows": manifest.added_rows_count,
        "existing_rows": manifest.existing_rows_count,
        "deleted_rows": manifest.deleted_rows_count,
        "partitions": [
            {"contains_null": p.contains_null, "contains_nan": p.contains_nan,
             "lower_bound": as_hex(p.lower_bound), "upper_bound": as_hex(p.upper_bound)}
            for p in manifest.partitions or []
        ],
    }


def theirs_of_entry(table, spec_id, entry):
    from pyiceberg.conversions import to_bytes

    file = entry.data_file
    types = [f.field_type for f in table.specs()[spec_id].partition_type(table.schema()).fields]
    values = [file.partition[i] for i in range(len(types))]
    return {
        "status": int(entry.status),
        "snapshot_id": entry.snapshot_id,
        "sequence_number": entry.sequence_number,
        "file_sequence_number": entry.file_sequence_number,
        "content": int(file.content),
        "path": file.file_path,
        "format": file.file_format.value,
        "record_count": file.record_count,
        "file_size": file.file_size_in_bytes,
        "column_sizes": by_id(file.column_sizes),
        "value_counts": by_id(file.value_counts),
        "null_counts": by_id(file.null_value_counts),
        "nan_counts": by_id(file.nan_value_counts),
        "lower_bounds": by_id(file.lower_bounds),
        "upper_bounds": by_id(file.upper_bounds),
        "split_offsets": list(file.split_offsets or []),
        "sort_order_id": file.sort_order_id,
        "partition": [None if v is None else to_bytes(t, v).hex() for t, v in zip(types, values)],
    }


def their_entries(table, manifests):
    return [
        theirs_of_entry(table, manifest.partition_spec_id, entry)
        for manifest in manifests
        for entry in manifest.fetch_manifest_entry(IO, discard_deleted=False)
    ]


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("version", [1, 2])
def test_pyiceberg_and_we_read_the_same_both_ways(tmp_path, spec, version):
    table = make_table(tmp_path, spec, version)
    location = table.metadata_location
    manifests = table.current_snapshot().manifests(IO)
    assert lines("manifests", location) == [theirs_of_manifest(m) for m in manifests]
    expected = their_entries(table, manifests)
    assert expected and lines("entries", location) == expected

    ours = tmp_path / "ours"
    rewritten = peer("rewrite", location, ours, version).strip()
    manifests = list(read_manifest_list(IO.new_input(rewritten)))
    assert all(m.content == ManifestContent.DATA for m in manifests)
    assert [m.manifest_length for m in manifests] == [
        os.path.getsize(m.manifest_path) for m in manifests
    ]
    assert their_entries(table, manifests) == expected


def test_a_scan_over_our_manifests_answers_the_same_rows(tmp_path):
    """Our list is put in the place of PyIceberg's: its scan, pruning included, must not notice."""
    table = make_table(tmp_path, "year", 2)
    before = table.scan().to_arrow().to_pylist()
    pruned = table.scan(row_filter="datetime >= '2021-01-01T00:00:00'").to_arrow().to_pylist()
    rewritten = peer("rewrite", table.metadata_location, tmp_path / "ours", 2).strip()
    stored = table.current_snapshot().manifest_list.removeprefix("file://")
    os.replace(rewritten, stored)
    again = load_catalog("golden", type="sql", uri=f"sqlite:///{tmp_path}/catalog.db",
                         warehouse=f"file://{tmp_path}/warehouse").load_table("gold.eurusd")
    order = lambda found: sorted(map(repr, found))
    assert order(again.scan().to_arrow().to_pylist()) == order(before)
    found = again.scan(row_filter="datetime >= '2021-01-01T00:00:00'").to_arrow().to_pylist()
    assert order(found) == order(pruned) and len(found) < len(before)


@pytest.mark.parametrize("codec", ["null", "deflate"])
def test_fastavro_files_of_other_shape_are_read(tmp_path, codec):
    """The same records with a union the other way round, another order and a field nobody knows."""
    table = make_table(tmp_path, "year", 2)
    expected = lines("entries", table.metadata_location)
    for manifest in table.current_snapshot().manifests(IO):
        path = Path(manifest.manifest_path.removeprefix("file://"))
        with path.open("rb") as file:
            reader = fastavro.reader(file)
            schema, records = reader.writer_schema, list(reader)
            metadata = {k: v for k, v in reader.metadata.items() if not k.startswith("avro.")}
        schema = {k: v for k, v in schema.items() if not k.startswith("__")}
        schema["fields"] = schema["fields"][::-1]
        for field in schema["fields"]:
            if isinstance(field["type"], list):
                field["type"] = field["type"][::-1]
                field.pop("default", None)
        schema["fields"].insert(1, {"name": "later", "field-id": 9000, "default": {},
                                    "type": {"type": "map", "values": ["null", "string"]}})
        for record in records:
            record["later"] = {"a": "b", "c": None}
        with path.open("wb") as file:
            fastavro.writer(file, fastavro.parse_schema(schema), records, codec=codec,
                            metadata=metadata, sync_interval=300)
    assert lines("entries", table.metadata_location) == expected


def test_fastavro_reads_ours_with_every_id(tmp_path):
    table = make_table(tmp_path, "many", 2)
    rewritten = peer("rewrite", table.metadata_location, tmp_path / "ours", 2).strip()
    with open(rewritten, "rb") as file:
        listed = list(fastavro.reader(file))
    ids = set()

    def collect(schema):
        if isinstance(schema, list):
            for branch in schema:
                collect(branch)
        elif isinstance(schema, dict):
            ids.update(schema[k] for k in ("field-id", "element-id") if k in schema)
            for value in schema.values():
                collect(value)

    with open(listed[0]["manifest_path"], "rb") as file:
        reader = fastavro.reader(file)
        records = list(reader)
        collect(json.loads(reader.metadata["avro.schema"]))
    kinds = ("added", "existing", "deleted")
    assert len(records) == sum(listed[0][f"{kind}_files_count"] for kind in kinds)
    assert ids >= {0, 1, 2, 3, 4, *range(100, 105), *range(108, 111), *range(117, 123),
                   *range(125, 134), *range(135, 141), 143, *range(1000, 1005)}
    assert reader.metadata["content"] == "data" and json.loads(reader.metadata["schema"])["fields"]


def test_damage_is_named(tmp_path):
    table = make_table(tmp_path, "year", 2)
    path = table.current_snapshot().manifests(IO)[0].manifest_path.removeprefix("file://")
    data = Path(path).read_bytes()
    Path(path).write_bytes(data[:-20])
    done = subprocess.run([PEER, "entries", table.metadata_location], capture_output=True,
                          text=True)
    assert done.returncode == 1
    assert "corrupt" in done.stderr and path in done.stderr and "byte" in done.stderr
