"""Our Parquet files read by pyarrow, pandas, DuckDB and Polars, and theirs read by us: equal values."""

import json
import os
import subprocess
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

NO_TIME = np.iinfo(np.int64).min


def find_peer():
    """parquet_peer lies in bin/ of the build tree that TICKHOUSE_BIN belongs to."""
    program = Path(os.environ.get("TICKHOUSE_BIN", ".")).resolve()
    for folder in program.parents:
        if (folder / "CMakeCache.txt").exists():
            return folder / "bin" / "parquet_peer"
    return None


PEER = find_peer()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(
    PEER is None or not PEER.exists(), reason="parquet_peer is not built"
)]


def make_ticks(rows, seed=1, decimals=5, nulls=False):
    rng = np.random.default_rng(seed)
    step = np.where(rng.random(rows) < 0.7, rng.exponential(60, rows), rng.exponential(700, rows))
    times = (1_704_150_000_000 + np.cumsum(step.astype(np.int64))) * 1_000_000
    bid = 110_000 + np.cumsum(rng.integers(-2, 3, rows))
    ask = bid + rng.integers(1, 9, rows)
    bid, ask = bid / 10**decimals, ask / 10**decimals
    if nulls:
        times[rng.random(rows) < 0.05] = NO_TIME
        bid[rng.random(rows) < 0.05] = np.nan
        ask[rng.random(rows) < 0.05] = np.nan
    return times, bid, ask


def write_ours(path, ticks, decimals=5, row_group_rows=50_000):
    times, bid, ask = ticks
    raw = np.int64(len(times)).tobytes() + times.tobytes() + bid.tobytes() + ask.tobytes()
    subprocess.run(
        [PEER, "write", path, str(decimals), str(row_group_rows)], input=raw, check=True
    )


def read_ours(path):
    raw = subprocess.run([PEER, "read", path], capture_output=True)
    assert raw.returncode == 0, raw.stderr.decode()
    rows = int(np.frombuffer(raw.stdout, np.int64, 1)[0])
    times = np.frombuffer(raw.stdout, np.int64, rows, 8)
    bid = np.frombuffer(raw.stdout, np.float64, rows, 8 + 8 * rows)
    ask = np.frombuffer(raw.stdout, np.float64, rows, 8 + 16 * rows)
    return times, bid, ask


def info_ours(path):
    return json.loads(subprocess.run([PEER, "info", path], capture_output=True, check=True).stdout)


def assert_same(got, expected):
    np.testing.assert_array_equal(got[0], expected[0])
    for column in (1, 2):
        np.testing.assert_array_equal(
            np.asarray(got[column], np.float64).view(np.int64)[~np.isnan(expected[column])],
            expected[column].view(np.int64)[~np.isnan(expected[column])],
        )
        np.testing.assert_array_equal(np.isnan(got[column]), np.isnan(expected[column]))


def from_table(table):
    times = table["DateTime"].cast(pa.int64()).to_numpy(zero_copy_only=False)
    if table["DateTime"].null_count:
        null = table["DateTime"].is_null().to_numpy(zero_copy_only=False)
        times = table["DateTime"].cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
        times = np.where(null, NO_TIME, times * 1000)
    else:
        times = times * 1000
    return times, *(
        table[name].fill_null(float("nan")).to_numpy(zero_copy_only=False)
        for name in ("Bid", "Ask")
    )


@pytest.fixture(scope="module", params=[False, True], ids=["whole", "nulls"])
def ours(request, tmp_path_factory):
    ticks = make_ticks(120_000, nulls=request.param)
    path = tmp_path_factory.mktemp("ours") / "ours.parquet"
    write_ours(path, ticks)
    return path, ticks


def test_pyarrow_reads_ours_with_types_and_statistics(ours):
    path, ticks = ours
    table = pq.read_table(path, page_checksum_verification=True)
    assert table.schema.names == ["DateTime", "Bid", "Ask"]
    assert table.schema.types == [pa.timestamp("us"), pa.float64(), pa.float64()]
    assert_same(from_table(table), ticks)
    metadata = pq.read_metadata(path)
    assert metadata.metadata[b"tickhouse.symbol"] == b"EURUSD"
    assert metadata.metadata[b"tickhouse.decimals"] == b"5"
    times, bid, ask = ticks
    for group in range(metadata.num_row_groups):
        rows = slice(group * 50_000, group * 50_000 + metadata.row_group(group).num_rows)
        for index, values in ((1, bid[rows]), (2, ask[rows])):
            chunk = metadata.row_group(group).column(index)
            assert chunk.statistics.min == np.nanmin(values)
            assert chunk.statistics.max == np.nanmax(values)
            assert chunk.statistics.null_count == np.isnan(values).sum()
            assert chunk.has_column_index and chunk.has_offset_index
        known = times[rows][times[rows] != NO_TIME]
        chunk = metadata.row_group(group).column(0)
        assert pd.Timestamp(chunk.statistics.min).value == known.min()
        assert pd.Timestamp(chunk.statistics.max).value == known.max()


def test_pandas_reads_ours(ours):
    path, ticks = ours
    frame = pd.read_parquet(path)
    assert str(frame.dtypes["DateTime"]) == "datetime64[us]"
    times = frame["DateTime"].to_numpy().astype("datetime64[us]").astype(np.int64)
    times = np.where(times == NO_TIME, NO_TIME, times * 1000)
    assert_same((times, frame["Bid"].to_numpy(), frame["Ask"].to_numpy()), ticks)


def test_polars_reads_ours(ours):
    path, ticks = ours
    frame = pl.read_parquet(path)
    assert frame.schema == {"DateTime": pl.Datetime("us"), "Bid": pl.Float64, "Ask": pl.Float64}
    assert_same(from_table(frame.to_arrow()), ticks)
    middle = pl.from_epoch(pl.lit(int(ticks[0][60_000]) // 1000), time_unit="us")
    if ticks[0].min() != NO_TIME:
        late = pl.scan_parquet(path).filter(pl.col("DateTime") >= middle).collect()
        assert len(late) == (ticks[0] >= ticks[0][60_000]).sum()


def test_duckdb_reads_ours(ours):
    path, ticks = ours
    db = duckdb.connect()
    rows = f"read_parquet('{path}')"
    assert [row[1] for row in db.execute(f"describe from {rows}").fetchall()] == [
        "TIMESTAMP",
        "DOUBLE",
        "DOUBLE",
    ]
    assert_same(from_table(db.execute(f"from {rows}").to_arrow_table()), ticks)
    if ticks[0].min() != NO_TIME:
        begin = int(ticks[0][60_000]) // 1000
        answer = db.execute(
            f"select count(*) from {rows} where DateTime >= make_timestamp({begin})"
        )
        assert answer.fetchone()[0] == (ticks[0] >= ticks[0][60_000]).sum()


def test_an_empty_file_of_ours_opens_everywhere(tmp_path):
    path = tmp_path / "empty.parquet"
    write_ours(path, make_ticks(0))
    assert pq.read_table(path).num_rows == 0
    assert len(pl.read_parquet(path)) == 0
    assert duckdb.execute(f"select count(*) from read_parquet('{path}')").fetchone()[0] == 0
    assert len(read_ours(path)[0]) == 0


def test_more_prices_than_a_dictionary_holds(tmp_path):
    rng = np.random.default_rng(2)
    times = np.arange(200_000, dtype=np.int64) * 1_000_000
    ticks = times, rng.random(200_000), rng.random(200_000)
    path = tmp_path / "plain.parquet"
    write_ours(path, ticks, row_group_rows=1 << 20)
    assert_same(from_table(pq.read_table(path)), ticks)
    assert_same(from_table(pl.read_parquet(path).to_arrow()), ticks)
    assert_same(from_table(duckdb.execute(f"from read_parquet('{path}')").to_arrow_table()), ticks)
    assert_same(read_ours(path), ticks)


def as_table(ticks, unit="us", zone=None):
    times, bid, ask = ticks
    divisor = {"ms": 1_000_000, "us": 1000, "ns": 1}[unit]
    null = times == NO_TIME
    column = pa.array(np.where(null, 0, times) // divisor, mask=null).cast(pa.timestamp(unit, zone))
    prices = [pa.array(values, from_pandas=True) for values in (bid, ask)]
    return pa.table({"DateTime": column, "Bid": prices[0], "Ask": prices[1]})


def check_pyarrow(path, ticks, table, compression="snappy", version="1.0"):
    pq.write_table(
        table,
        path,
        version="2.6",
        compression=compression,
        data_page_version=version,
        row_group_size=11_000,
    )
    assert_same(read_ours(path), ticks)
    assert info_ours(path)["rows"] == 30_000


@pytest.mark.parametrize("nulls", [False, True])
@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_we_read_times_of_any_unit(tmp_path, unit, zone, nulls):
    ticks = make_ticks(30_000, 3, nulls=nulls)
    check_pyarrow(tmp_path / "theirs.parquet", ticks, as_table(ticks, unit, zone))


@pytest.mark.parametrize("compression", ["snappy", "zstd", "gzip", "lz4", "brotli", "none"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_we_read_codecs_and_page_versions(tmp_path, compression, version):
    ticks = make_ticks(30_000, 3, nulls=True)
    check_pyarrow(tmp_path / "theirs.parquet", ticks, as_table(ticks), compression, version)


@pytest.mark.parametrize(
    "encoding",
    [
        {"DateTime": "DELTA_BINARY_PACKED", "Bid": "BYTE_STREAM_SPLIT", "Ask": "PLAIN"},
        {"DateTime": "BYTE_STREAM_SPLIT", "Bid": "PLAIN", "Ask": "BYTE_STREAM_SPLIT"},
    ],
)
def test_we_read_other_encodings(tmp_path, encoding):
    ticks = make_ticks(30_000, 4, nulls=True)
    path = tmp_path / "theirs.parquet"
    pq.write_table(as_table(ticks), path, use_dictionary=False, column_encoding=encoding)
    assert_same(read_ours(path), ticks)


def test_we_read_legacy_spark_times(tmp_path):
    ticks = make_ticks(30_000, 5, nulls=True)
    path = tmp_path / "spark.parquet"
    pq.write_table(as_table(ticks, "ns"), path, use_deprecated_int96_timestamps=True)
    assert pq.ParquetFile(path).schema.column(0).physical_type == "INT96"
    assert_same(read_ours(path), ticks)


def test_we_read_pandas_with_an_index_and_more_columns(tmp_path):
    times, bid, ask = ticks = make_ticks(5_000, 6)
    frame = pd.DataFrame(
        {"note": "x", "ask": ask, "datetime": times.astype("datetime64[ns]"), "BID": bid, "l": 1}
    ).set_index("note")
    path = tmp_path / "pandas.parquet"
    frame.to_parquet(path)
    assert_same(read_ours(path), ticks)


def test_we_read_float_and_decimal_prices(tmp_path):
    times, bid, ask = make_ticks(5_000, 7)
    table = as_table((times, bid, ask))
    narrow = table.set_column(1, "Bid", table["Bid"].cast(pa.float32()))
    decimal = pa.array([f"{value:.5f}" for value in ask]).cast(pa.decimal128(20, 5))
    path = tmp_path / "prices.parquet"
    pq.write_table(narrow.set_column(2, "Ask", decimal), path)
    assert_same(read_ours(path), (times, bid.astype(np.float32).astype(np.float64), ask))


@pytest.mark.parametrize("nulls", [False, True])
@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("codec", ["snappy", "zstd", "gzip", "lz4_raw", "uncompressed"])
def test_we_read_duckdb(tmp_path, nulls, version, codec):
    ticks = make_ticks(150_000, 8, nulls=nulls)
    theirs = as_table(ticks)  # noqa: F841 (named in the query)
    path = tmp_path / "duckdb.parquet"
    duckdb.connect().execute(
        f"copy (from theirs) to '{path}' (format parquet, compression {codec}, parquet_version {version})"
    )
    assert_same(read_ours(path), ticks)


@pytest.mark.parametrize("nulls", [False, True])
@pytest.mark.parametrize("codec", ["snappy", "zstd", "gzip", "lz4", "uncompressed"])
def test_we_read_polars(tmp_path, nulls, codec):
    ticks = make_ticks(150_000, 9, nulls=nulls)
    path = tmp_path / "polars.parquet"
    pl.from_arrow(as_table(ticks)).write_parquet(path, compression=codec, row_group_size=40_000)
    assert_same(read_ours(path), ticks)


def test_theirs_without_rows(tmp_path):
    path = tmp_path / "none.parquet"
    pq.write_table(as_table(make_ticks(0)), path)
    assert len(read_ours(path)[0]) == 0
    assert info_ours(path)["rows"] == 0


def test_the_same_rows_give_the_same_bytes_whoever_wrote_them(tmp_path):
    ticks = make_ticks(60_000, 10)
    write_ours(tmp_path / "a.parquet", ticks)
    pq.write_table(as_table(ticks), tmp_path / "b.parquet")
    write_ours(tmp_path / "c.parquet", read_ours(tmp_path / "b.parquet"))
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "c.parquet").read_bytes()
