"""Rows of our tables read by PyIceberg, rows of its tables and of foreign deletes read by us."""

import datetime as dt
import decimal
import itertools
import json
import math
import os
import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyroaring
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.table import StaticTable
from pyiceberg.types import (DoubleType, FloatType, IntegerType, LongType, NestedField, StringType,
                             TimestampType)


def find_peer():
    """rows_peer lies in bin/ of the build tree that TICKHOUSE_BIN belongs to."""
    program = Path(os.environ.get("TICKHOUSE_BIN", ".")).resolve()
    for folder in program.parents:
        if (folder / "CMakeCache.txt").exists():
            return folder / "bin" / "rows_peer"
    return None


PEER = os.environ.get("ROWS_PEER") or find_peer()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(PEER is None or not Path(PEER).exists(),
                                reason="rows_peer is not built")]
SEEDS = itertools.count(1)
PATH_ID, POS_ID = 2147483546, 2147483545


def peer(*words):
    done = subprocess.run([PEER, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows_of(*words):
    return [json.loads(line) for line in peer(*words).splitlines()]


def ticks(rows, seed=0):
    """A table of every type of gold.ticks, with nulls, NaN and -0.0."""
    rng = np.random.default_rng(seed)
    ids = list(range(rows))
    bids = [(math.nan, -0.0, math.inf)[i % 3] if i % 17 == 0 else 1.1 + i / 1e5 for i in ids]
    columns = {
        "id": pa.array(ids, pa.int64()),
        "at": pa.array([1_609_300_000_000_000 + i * 3_000_000_007 for i in ids],
                       pa.timestamp("us")),
        "zoned": pa.array([-(i * 7_000_000_013) for i in ids], pa.timestamp("us", "UTC")),
        "side": pa.array([("B", "S", "a/b é", None)[i % 4] for i in ids]),
        "bid": pa.array(bids, pa.float64()),
        "real": pa.array([float(np.float32(x)) for x in bids], pa.float32()),
        "lots": pa.array([None if i % 5 == 0 else int(rng.integers(-9, 9)) for i in ids],
                         pa.int32()),
        "fee": pa.array([decimal.Decimal(i - 50).scaleb(-2) for i in ids], pa.decimal128(9, 2)),
        "total": pa.array([decimal.Decimal(10**20 * (50 - i)).scaleb(-4) for i in ids],
                          pa.decimal128(30, 4)),
        "day": pa.array([dt.date(1969, 12, 1) + dt.timedelta(i) for i in ids], pa.date32()),
        "clock": pa.array([i * 86_000_001 % 86_400_000_000 for i in ids], pa.time64("us")),
        "flag": pa.array([None if i % 7 == 0 else i % 2 == 0 for i in ids], pa.bool_()),
        "raw": pa.array([bytes([i % 256]) * (i % 5) for i in ids], pa.binary()),
        "tag": pa.array([i.to_bytes(3, "big") for i in ids], pa.binary(3)),
    }
    return pa.table(columns)


def plain(table):
    """Rows by id; floats as their bits, NaN as one word."""
    def word(value):
        if isinstance(value, float):
            return "nan" if math.isnan(value) else value.hex()
        return value
    rows = [[word(v) for v in row.values()] for row in table.to_pylist()]
    return sorted(rows, key=lambda row: row[0])


class Lake:
    def __init__(self, root):
        self.root, self.db = root, root / "catalog.db"
        self.do("create")

    def do(self, command, *argument):
        described = {"catalog": str(self.db), "name": "test", "warehouse": str(self.root), "seed": next(SEEDS)}
        return peer(command, json.dumps(described), "gold.ticks", *argument).strip()

    def by_pyiceberg(self):
        catalog = SqlCatalog("test", uri=f"sqlite:///{self.db}", warehouse=str(self.root))
        return catalog.load_table("gold.ticks").scan().to_arrow()


def test_our_table_is_read_by_pyiceberg(tmp_path):
    lake, table = Lake(tmp_path), ticks(1500)
    assert lake.by_pyiceberg().num_rows == 0
    for begin in (0, 700):
        pq.write_table(table.slice(begin, 800 if begin else 700), tmp_path / "in.parquet",
                       store_decimal_as_integer=True)
        location = lake.do("append", tmp_path / "in.parquet")
    assert plain(lake.by_pyiceberg()) == plain(table)

    location = lake.do("delete", "lots > 3 or id between 100 and 140")
    gone = pc.or_(pc.fill_null(pc.greater(table["lots"], 3), False),
                  pc.and_(pc.greater_equal(table["id"], 100), pc.less_equal(table["id"], 140)))
    table = table.filter(pc.invert(gone))
    assert plain(lake.by_pyiceberg()) == plain(table)

    location = lake.do("delete-rows", "side = 'S' and id < 900")
    gone = pc.and_(pc.fill_null(pc.equal(table["side"], "S"), False), pc.less(table["id"], 900))
    table = table.filter(pc.invert(gone))
    assert plain(lake.by_pyiceberg()) == plain(table)
    location = lake.do("delete-rows", "flag is null")
    table = table.filter(pc.invert(pc.is_null(table["flag"])))
    assert plain(lake.by_pyiceberg()) == plain(table)

    location = lake.do("delete", "id >= 1400")  # Rewrites files that have position deletes.
    table = table.filter(pc.less(table["id"], 1400))
    assert plain(lake.by_pyiceberg()) == plain(table)
    ours = rows_of("scan", location)
    assert sorted(int(row[0]) for row in ours) == sorted(table["id"].to_pylist())
    assert StaticTable.from_metadata(location).scan(row_filter="id < 300").to_arrow().num_rows == \
        len(rows_of("scan", location, "id < 300"))


SMALL = Schema(NestedField(1, "id", IntegerType()), NestedField(2, "px", FloatType()),
               NestedField(3, "word", StringType()), NestedField(4, "at", TimestampType()))


@pytest.fixture
def foreign(tmp_path):
    """A table by PyIceberg with one file of 5000 rows."""
    catalog = SqlCatalog("other", uri=f"sqlite:///{tmp_path}/c.db", warehouse=f"file://{tmp_path}")
    catalog.create_namespace("ns")
    table = catalog.create_table("ns.t", SMALL)
    ids = list(range(5000))
    table.append(pa.table({
        "id": pa.array(ids, pa.int32()),
        "px": pa.array([math.nan if i % 10 == 3 else i / 4 for i in ids], pa.float32()),
        "word": pa.array([None if i % 6 == 0 else f"w{i % 100}" for i in ids]),
        "at": pa.array([1_600_000_000_000_000 + i for i in ids], pa.timestamp("us")),
    }))
    return table


def data_file(table):
    (task,) = table.scan().plan_files()
    return task.file.file_path


def read(table, deletes, *filters):
    files = json.dumps({"data": data_file(table), "deletes": deletes})
    return [int(row[0]) for row in rows_of("read", table.metadata_location, files, *filters)]


def with_ids(names_and_ids, columns):
    fields = [pa.field(name, column.type, metadata={"PARQUET:field_id": str(field_id)})
              for (name, field_id), column in zip(names_and_ids, columns)]
    return pa.table(columns, schema=pa.schema(fields))


def test_rows_of_an_evolved_table(foreign):
    with foreign.update_schema() as change:
        change.rename_column("word", "text")
        change.update_column("id", LongType())
        change.update_column("px", DoubleType())
        change.add_column("note", StringType())
        change.move_first("at")
    wanted = foreign.scan().to_arrow()
    ours = rows_of("scan", foreign.metadata_location)
    names = wanted.column_names
    assert len(ours) == wanted.num_rows
    for place, row in enumerate(wanted.to_pylist()):
        got = dict(zip(names, ours[place]))
        assert int(got["id"]) == row["id"] and got["text"] == row["text"] and got["note"] is None
        assert got["at"] == row["at"].strftime("%Y-%m-%dT%H:%M:%S.%f")
        px = float(got["px"])
        assert px == row["px"] or (math.isnan(px) and math.isnan(row["px"]))


@pytest.mark.parametrize("group", [10_000, 300])
def test_position_deletes_by_pyarrow(foreign, tmp_path, group):
    path, gone = data_file(foreign), sorted(set(range(0, 5000, 7)) | {4999})
    others = [(path + ".other", p) for p in range(0, 5000, 3)]
    pairs = sorted([(path, p) for p in gone] + others)
    deletes = with_ids([("file_path", PATH_ID), ("pos", POS_ID)],
                       [pa.array([p for p, _ in pairs]),
                        pa.array([n for _, n in pairs], pa.int64())])
    pq.write_table(deletes, tmp_path / "d.parquet", row_group_size=group)
    got = read(foreign, [{"path": str(tmp_path / "d.parquet"), "content": 1}])
    assert got == [i for i in range(5000) if i not in set(gone)]
    few = read(foreign, [{"path": str(tmp_path / "d.parquet"), "content": 1}], "id >= 4990")
    assert few == [i for i in range(4990, 5000) if i not in set(gone)]


def deletion_vector(positions, optimize):
    bitmap = pyroaring.BitMap64(positions)
    if optimize:
        bitmap.run_optimize()
    body = b"\xd1\xd3\x39\x64" + bitmap.serialize()
    return struct.pack(">I", len(body)) + body + struct.pack(">I", zlib.crc32(body))


@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("gone", [[], [0], list(range(100, 4900)), list(range(0, 5000, 3)),
                                  list(range(0, 4500)) + [4777]], ids=len)
def test_deletion_vectors_by_pyroaring(foreign, tmp_path, gone, optimize):
    blob = deletion_vector(gone, optimize)
    (tmp_path / "v.puffin").write_bytes(b"PFA1" + b"x" * 10 + blob + b"tail")
    vector = {"path": str(tmp_path / "v.puffin"), "content": 1, "format": "PUFFIN",
              "record_count": len(gone), "content_offset": 14, "content_size": len(blob)}
    assert read(foreign, [vector]) == [i for i in range(5000) if i not in set(gone)]


def test_equality_deletes_by_pyarrow(foreign, tmp_path):
    by_id = with_ids([("id", 1)], [pa.array([5, 77, 99_999], pa.int32())])
    by_two = with_ids([("word", 3), ("px", 2)],
                      [pa.array([None, "w7", "w3"]), pa.array([0.0, 1.75, math.nan], pa.float32())])
    pq.write_table(by_id, tmp_path / "a.parquet")
    pq.write_table(by_two, tmp_path / "b.parquet")
    deletes = [{"path": str(tmp_path / "a.parquet"), "content": 2, "equality_ids": [1]},
               {"path": str(tmp_path / "b.parquet"), "content": 2, "equality_ids": [3, 2]}]
    gone = {5, 77, 0, 7} | {i for i in range(5000) if i % 100 == 3 and i % 6 != 0}
    assert read(foreign, deletes) == [i for i in range(5000) if i not in gone]
    with foreign.update_schema() as change:
        change.update_column("id", LongType())
        change.update_column("px", DoubleType())
    assert read(foreign, deletes) == [i for i in range(5000) if i not in gone]
