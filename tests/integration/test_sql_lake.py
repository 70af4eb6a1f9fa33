"""sql over tables of a lakehouse that PyIceberg writes: the same rows as PyIceberg reads, on disk and on S3."""

import csv
import datetime as dt
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import LessThan
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.transforms import MonthTransform
from pyiceberg.types import LongType

sys.path.insert(0, str(Path(__file__).parent))
BIN = os.environ.get("TICKHOUSE_BIN")
pytestmark = pytest.mark.skipif(not BIN, reason="TICKHOUSE_BIN names no program")


def run(folder, *words, code=0, env=None):
    done = subprocess.run([BIN, "-q", *map(str, words)], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, **(env or {})}, timeout=300)
    assert done.returncode == code, f"{words}\n{done.stdout}\n{done.stderr}"
    return done


def rows(folder, statement, *options, env=None):
    text = run(folder, "sql", statement, "--format", "csv", *options, env=env).stdout
    return [tuple(row) for row in csv.reader(io.StringIO(text))][1:]


def ticks(month, count=100, **more):
    start = dt.datetime(2024, month, 1)
    return pa.table({"datetime": pa.array([start + dt.timedelta(minutes=i) for i in range(count)], pa.timestamp("us")),
                     "bid": [month + i / 1000 for i in range(count)],
                     "volume": pa.array(range(count), pa.int32()), **more})


def open_catalog(folder, **properties):
    return SqlCatalog("catalog-dw", uri=f"sqlite:///{folder}/catalog.db",
                      **({"warehouse": f"file://{folder}/warehouse"} | properties))


@pytest.fixture
def lake(tmp_path):
    run(tmp_path, "lake", "init")
    table = open_catalog(tmp_path / "lakehouse").create_table("gold.eurusd", schema=ticks(1).schema)
    for month in range(1, 7):
        table.append(ticks(month))
    return tmp_path, table


def same(folder, table, where="true", **scan):
    got = rows(folder, f"select * from gold.eurusd where {where} order by datetime")
    want = table.scan(**scan).to_arrow().sort_by("datetime").to_pylist()
    assert len(got) == len(want)
    for line, row in zip(got, want):
        for text, value in zip(line, row.values()):
            assert text == "" if value is None else (
                float(text) == value if isinstance(value, float) else text == str(value))


def test_rows_equal_those_of_pyiceberg(lake):
    folder, table = lake
    same(folder, table)
    same(folder, table, "datetime >= '2024-03-01' and datetime < '2024-03-02'",
         row_filter="datetime >= '2024-03-01T00:00:00' and datetime < '2024-03-02T00:00:00'")
    assert rows(folder, "select count(*) from eurusd") == [("600",)]


def test_only_files_that_may_match_are_opened(lake):
    folder, table = lake
    for task in table.scan(row_filter=LessThan("bid", 6)).plan_files():
        os.remove(task.file.file_path.removeprefix("file://"))
    got = rows(folder, "select count(*), min(bid) from gold.eurusd where datetime >= '2024-06-01'")
    assert got == [("100", "6.0")]
    done = run(folder, "sql", "select count(*) from gold.eurusd", code=1)
    assert ".parquet" in done.stderr and "gold.eurusd" in done.stderr


def test_evolved_schemas_and_partitions_are_read_by_id(lake):
    folder, table = lake
    with table.update_schema() as update:
        update.rename_column("bid", "price")
        update.update_column("volume", LongType())
        update.add_column("note", pa_to_type())
    with table.update_spec() as update:
        update.add_field("datetime", MonthTransform(), "month")
    more = ticks(7).rename_columns(["datetime", "price", "volume"])
    more = more.set_column(2, "volume", more["volume"].cast(pa.int64())).append_column("note", [["x"] * 100])
    table.append(more)
    same(folder, table)
    assert rows(folder, "select count(*), count(note), max(price) from gold.eurusd") == [("700", "100", "7.099")]


def pa_to_type():
    from pyiceberg.types import StringType
    return StringType()


def test_copy_on_write_deletes_and_time_travel(lake):
    folder, table = lake
    table.manage_snapshots().create_tag(table.current_snapshot().snapshot_id, "before").commit()
    table.delete(LessThan("volume", 50))
    same(folder, table)
    assert rows(folder, "select count(*) from gold.eurusd") == [("300",)]
    assert rows(folder, "select count(*) from gold.eurusd", "--at", "before") == [("600",)]
    first = table.snapshots()[0].snapshot_id
    assert rows(folder, "select count(*) from gold.eurusd", "--at", first) == [("100",)]
    done = run(folder, "sql", "select 1 from gold.eurusd", "--at", "never", code=1)
    assert "gold.eurusd" in done.stderr and "before" in done.stderr


def test_tables_join_as_of_and_with_files(lake):
    folder, table = lake
    (folder / "trades.csv").write_text("at\n2024-02-01 00:05:30\n")
    got = rows(folder, "select t.at, e.bid from 'trades.csv' t asof join gold.eurusd e on t.at >= e.datetime")
    assert got == [("2024-02-01 00:05:30", "2.005")]


def test_output_of_a_table_is_a_file(lake):
    folder, table = lake
    run(folder, "sql", "select * from gold.eurusd order by datetime", "--output", "out.parquet")
    import pyarrow.parquet as pq
    got = pq.read_table(folder / "out.parquet")
    assert got.to_pylist() == table.scan().to_arrow().sort_by("datetime").to_pylist()


def test_a_missing_table_or_lakehouse_is_named(tmp_path):
    done = run(tmp_path, "sql", "select * from gold.eurusd", code=1)
    assert "gold.eurusd" in done.stderr and "lake init" in done.stderr
    run(tmp_path, "lake", "init", "--workspace", "w")
    done = run(tmp_path, "sql", "select * from gold.eurusd", "--workspace", "w", code=1)
    assert "gold.eurusd" in done.stderr or "eurusd" in done.stderr


def test_tables_on_s3(tmp_path):
    test_s3 = pytest.importorskip("test_s3")
    if not test_s3.SERVER.exists():
        pytest.skip("versitygw is not installed (tools/setup.sh does it)")
    store = test_s3.Store(tmp_path / "store")
    try:
        env = test_s3.KEYS | {"AWS_ENDPOINT_URL": store.url, "AWS_REGION": "us-east-1", "no_proxy": "127.0.0.1"}
        run(tmp_path, "lake", "init", "--warehouse", "s3://lake/wh", env=env)
        catalog = open_catalog(tmp_path / "lakehouse", **{
            "warehouse": "s3://lake/wh", "s3.endpoint": store.url, "s3.region": "us-east-1",
            "s3.access-key-id": test_s3.KEYS["AWS_ACCESS_KEY_ID"],
            "s3.secret-access-key": test_s3.KEYS["AWS_SECRET_ACCESS_KEY"]})
        table = catalog.create_table("gold.eurusd", schema=ticks(1).schema)
        for month in (1, 2):
            table.append(ticks(month))
        got = rows(tmp_path, "select count(*), sum(volume) from gold.eurusd where datetime < '2024-02-01'", env=env)
        assert got == [("100", "4950")]
        got = rows(tmp_path, "select count(*) from 's3://lake/wh/**/*.parquet'", env=env)
        assert got == [("200",)]
        run(tmp_path, "sql", "select 1 as a", "--output", "s3://lake/out.csv", env=env)
        assert (store.data / "lake/out.csv").read_text() == "a\n1\n"
    finally:
        store.stop()
