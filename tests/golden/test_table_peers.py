"""Tables of every flat type, written by us, read by pyarrow, DuckDB and Polars: equal values."""

import datetime as dt
import decimal
import math
import os
import subprocess
import uuid
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest


def find_peer():
    """parquet_peer lies in bin/ of the build tree that TICKHOUSE_BIN belongs to."""
    program = Path(os.environ.get("TICKHOUSE_BIN", ".")).resolve()
    for folder in program.parents:
        if (folder / "CMakeCache.txt").exists():
            return folder / "bin" / "parquet_peer"
    return None


PEER = os.environ.get("PARQUET_PEER") or find_peer()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(
    PEER is None or not Path(PEER).exists(), reason="parquet_peer is not built"
)]

BAD_FLOATS = [0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1.5e38]


def decimals(rng, rows, precision, scale):
    whole = [int(x) for x in rng.integers(-(10**9) + 1, 10**9, rows)]
    factor = 10 ** max(0, precision - 9)
    with decimal.localcontext() as context:
        context.prec = 50
        return [decimal.Decimal(x * factor).scaleb(-scale) for x in whole]


def columns_of(rng, rows, few):
    """Name, type and values of one column of every type; `few`: they come again and again."""
    numbers = rng.integers(0, 20 if few else 2**31 - 1, rows)
    instants = 1_600_000_000_000_000 + (numbers * 7 if few else np.cumsum(numbers % 100_000))
    words = [f"word-{n}-é中" * (1 + n % 9) for n in numbers]
    floats = (numbers / 4 - 2).tolist() if few else rng.normal(size=rows).tolist()
    for place in range(0, rows, 11):
        floats[place] = BAD_FLOATS[place // 11 % len(BAD_FLOATS)]
    times = [(dt.datetime.min + dt.timedelta(microseconds=int(n))).time() for n in numbers]
    return [
        ("flag", pa.bool_(), (numbers % 3 == 0).tolist()),
        ("int", pa.int32(), (numbers - 10).tolist()),
        ("wide_int", pa.int32(), [(-(2**31), 2**31 - 1)[n % 2] for n in numbers]),
        ("long", pa.int64(), [int(n) * 4_000_000_000 - 2**62 for n in numbers]),
        ("tiny_long", pa.int64(), [(-(2**63), 2**63 - 1, 0)[n % 3] for n in numbers]),
        ("unsigned", pa.uint32(), [int(n) + 2**31 for n in numbers]),
        ("unsigned_long", pa.uint64(), [int(n) + 2**63 for n in numbers]),
        ("float", pa.float32(), [float(np.float32(x)) for x in floats]),
        ("double", pa.float64(), floats),
        ("price", pa.float64(), (1.1 + numbers % 1000 / 100_000).round(5).tolist()),
        ("text", pa.string(), words),
        ("bytes", pa.binary(), [w.encode()[::-1] for w in words]),
        ("fixed", pa.binary(7), [int(n).to_bytes(7, "big") for n in numbers]),
        ("uuid", pa.uuid(), [uuid.UUID(int=int(n) << 90 | int(n)).bytes for n in numbers]),
        ("date", pa.date32(), [dt.date(1960, 1, 1) + dt.timedelta(int(n) % 40_000)
                               for n in numbers]),
        ("time", pa.time64("us"), times),
        ("ts", pa.timestamp("us"), instants.tolist()),
        ("ts_utc", pa.timestamp("us", "UTC"), instants.tolist()),
        ("ts_ns", pa.timestamp("ns"), (instants * 1000 + 7).tolist()),
        ("ts_ns_utc", pa.timestamp("ns", "UTC"), (instants * -1000 + 7).tolist()),
        ("dec9", pa.decimal128(9, 2), decimals(rng, rows, 9, 2)),
        ("dec18", pa.decimal128(18, 6), decimals(rng, rows, 18, 6)),
        ("dec38", pa.decimal128(38, 10), decimals(rng, rows, 38, 10)),
    ]


def make_table(rows, few=False, nulls=False, required=False, seed=3):
    rng = np.random.default_rng(seed)
    fields, arrays = [], []
    for place, (name, kind, values) in enumerate(columns_of(rng, rows, few)):
        mask = rng.random(rows) < 0.2 if nulls else np.zeros(rows, bool)
        values = [None if gone else value for value, gone in zip(values, mask)]
        fields.append(pa.field(name, kind, nullable=not required,
                               metadata={"PARQUET:field_id": str(place + 1)}))
        arrays.append(pa.array(values, kind))
    fields.append(pa.field("empty", pa.float64(), metadata={"PARQUET:field_id": "99"}))
    arrays.append(pa.nulls(rows, pa.float64()))
    return pa.table(arrays, schema=pa.schema(fields))


def copied(table, folder, group=700):
    theirs, ours = str(folder / "theirs.parquet"), str(folder / "ours.parquet")
    pq.write_table(table, theirs, store_decimal_as_integer=True)
    done = subprocess.run([PEER, "copy", theirs, ours, str(group)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == table.num_rows
    return ours


def bits(column):
    """Values that compare by bits: floats as integers, NaN as one word."""
    values = column.combine_chunks()
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.chunks else pa.array([], values.type)
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    if not pa.types.is_floating(values.type):
        return values.to_pylist()
    return [None if x is None else ("nan" if math.isnan(x) else x.hex())
            for x in values.to_pylist()]


def assert_same(got, wanted):
    assert got.column_names == wanted.column_names
    for name in wanted.column_names:
        assert bits(got[name]) == bits(wanted[name]), name


SHAPES = {
    "any": dict(rows=3000),
    "few": dict(rows=3000, few=True),
    "nulls": dict(rows=3000, nulls=True),
    "few_nulls": dict(rows=9000, few=True, nulls=True),
    "required": dict(rows=2000, required=True),
    "one": dict(rows=1),
    "none": dict(rows=0),
}


@pytest.fixture(params=SHAPES, scope="module")
def pair(request, tmp_path_factory):
    table = make_table(**SHAPES[request.param])
    return table, copied(table, tmp_path_factory.mktemp(request.param))


def test_pyarrow_reads_values_and_schema(pair):
    table, path = pair
    got = pq.read_table(path)
    assert_same(got, table)
    for field in table.schema:
        ours = got.schema.field(field.name)
        assert ours.type == field.type and ours.nullable == field.nullable, field.name
        assert ours.metadata[b"PARQUET:field_id"] == field.metadata[b"PARQUET:field_id"]
    assert pq.read_metadata(path).metadata[b"made.by"] == b"a test"


def test_duckdb_reads_values(pair):
    table, path = pair
    names = [n for n in table.column_names if n not in ("uuid", "fixed", "ts_utc", "ts_ns_utc")]
    got = duckdb.sql(f"select {', '.join(names)} from read_parquet('{path}')").to_arrow_table()
    for name in names:
        assert bits(got[name]) == bits(table[name]), name
    zoned = duckdb.sql(
        f"select epoch_us(ts_utc) a, cast(uuid as varchar) b, hex(fixed) c from '{path}'")
    wanted = zip(table["ts_utc"].cast(pa.int64()).to_pylist(),
                 [None if x is None else str(uuid.UUID(bytes=x)) for x in bits(table["uuid"])],
                 [None if x is None else x.hex().upper() for x in table["fixed"].to_pylist()])
    assert zoned.fetchall() == list(wanted)


def test_polars_reads_values(pair):
    table, path = pair
    names = [n for n in table.column_names if n != "uuid"]
    got = pl.read_parquet(path, columns=names).to_arrow()
    for name in names:
        ours, theirs = got[name], table[name]
        if pa.types.is_time(theirs.type):  # Polars counts nanoseconds.
            ours, theirs = ours.cast(pa.int64()), theirs.cast(pa.time64("ns")).cast(pa.int64())
        assert bits(ours) == bits(theirs), name


def finite(values):
    return [x for x in values if x is not None and not (isinstance(x, float) and math.isnan(x))]


def test_statistics_bound_every_row_group(pair):
    table, path = pair
    meta = pq.read_metadata(path)
    begin = 0
    for g in range(meta.num_row_groups):
        group = meta.row_group(g)
        rows = table.slice(begin, group.num_rows)
        begin += group.num_rows
        for c in range(group.num_columns):
            name = table.column_names[c]
            stats = group.column(c).statistics
            assert stats.null_count == rows[name].null_count, name
            values = finite(rows[name].to_pylist())
            assert stats.has_min_max == bool(values), name
            if values and not isinstance(values[0], (bytes, uuid.UUID)):
                assert stats.min <= min(values) and max(values) <= stats.max, name
                exact = name not in ("text",)
                assert not exact or (stats.min == min(values) and stats.max == max(values)), name
            assert group.column(c).has_offset_index
    assert begin == table.num_rows


def test_page_index_lets_duckdb_and_polars_prune(tmp_path):
    table = make_table(60_000)
    path = copied(table, tmp_path, group=50_000)
    middle = table["ts"][31_000].as_py()
    wanted = table.filter(pa.compute.greater(table["ts"], middle)).num_rows
    count = duckdb.sql(f"select count(*) from '{path}' where ts > '{middle}'")
    assert count.fetchone()[0] == wanted
    later = pl.scan_parquet(path).filter(pl.col("ts") > middle)
    assert later.select(pl.len()).collect().item() == wanted
    assert pq.read_table(path, filters=[("ts", ">", middle)]).num_rows == wanted
