"""sql as a process: rows in every format against DuckDB and pyarrow, parameters, failures, Ctrl-C."""

import csv
import io
import json
import os
import signal
import subprocess
import time
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

BIN = os.environ.get("TICKHOUSE_BIN")
pytestmark = pytest.mark.skipif(not BIN, reason="TICKHOUSE_BIN names no program")

ALL_TYPES = """select i, i::double / 8 as r, (i * 1.01)::decimal(12, 3) as d, i % 2 = 0 as b,
    timestamp '2024-01-01 00:00:00.123456' + to_seconds(i) as ts, date '2023-12-31' + i::integer as day,
    case when i % 3 = 0 then null else 'text, "' || i || '"' end as t
  from range(5000) x(i) order by i"""


def sql(*arguments, code=0, env=None):
    done = subprocess.run([BIN, "-q", "sql", *map(str, arguments)], capture_output=True,
                          env={**os.environ, **(env or {})})
    assert done.returncode == code, done.stdout + done.stderr
    return done


def expected():
    return duckdb.sql(ALL_TYPES).fetchall()


def test_csv_reads_back_to_the_same_rows():
    rows = list(csv.reader(io.StringIO(sql(ALL_TYPES, "--format", "csv").stdout.decode())))
    assert rows[0] == ["i", "r", "d", "b", "ts", "day", "t"]
    assert len(rows) == 5001
    for got, want in zip(rows[1:], expected()):
        assert int(got[0]) == want[0] and float(got[1]) == want[1] and Decimal(got[2]) == want[2]
        assert got[3] == str(want[3]).lower() and got[4] == str(want[4]) and got[5] == str(want[5])
        assert got[6] == (want[6] or "")


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_json_reads_back_to_the_same_rows(form):
    text = sql(ALL_TYPES, "--format", form).stdout.decode()
    rows = json.loads(text, parse_float=Decimal) if form == "json" else [
        json.loads(line, parse_float=Decimal) for line in text.splitlines()]
    assert [(r["i"], r["r"], r["d"], r["b"], r["ts"], r["day"], r["t"]) for r in rows] == [
        (i, Decimal(r), d, b, str(ts), str(day), t) for i, r, d, b, ts, day, t in expected()]


@pytest.mark.parametrize("name", ["rows.arrow", "rows.arrows", "rows.parquet"])
def test_files_keep_types_and_rows(tmp_path, name):
    sql(ALL_TYPES, "--output", tmp_path / name)
    if name.endswith(".parquet"):
        table = pq.read_table(tmp_path / name)
    elif name.endswith(".arrows"):
        table = pa.ipc.open_stream(tmp_path / name).read_all()
    else:
        table = pa.ipc.open_file(tmp_path / name).read_all()
    assert [str(t) for t in table.schema.types] == [
        "int64", "double", "decimal128(12, 3)", "bool", "timestamp[us]", "date32[day]", "string"]
    assert [tuple(row.values()) for row in table.to_pylist()] == expected()


def test_a_table_is_for_people():
    text = sql("select 'EURUSD' as symbol, 1.5 as bid union all select null, 100").stdout.decode()
    assert text == "symbol    bid\n------  -----\nEURUSD    1.5\nNULL    100.0\n"


def test_files_of_a_folder_by_their_path(tmp_path):
    for day in (1, 2):
        pq.write_table(pa.table({"day": [day] * 10, "i": list(range(10))}), tmp_path / f"{day}.parquet")
    done = sql(f"select day, sum(i) as s from '{tmp_path}/*.parquet' group by day order by day", "--format", "csv")
    assert done.stdout.decode() == "day,s\n1,45\n2,45\n"


def test_asof_join_takes_the_latest_row_before():
    done = sql("""select t.x, e.v from (values (5), (12)) t(x) asof join
                  (values (1, 'a'), (10, 'b'), (12, 'c')) e(y, v) on t.x >= e.y order by t.x""", "--format", "csv")
    assert done.stdout.decode() == "x,v\n5,a\n12,c\n"


def test_parameters_and_files_of_statements(tmp_path):
    (tmp_path / "ask.sql").write_text("select ?::integer + ?::integer as sum;\n")
    assert sql("--file", tmp_path / "ask.sql", "--param", 40, "--param", 2, "--format", "csv").stdout == b"sum\n42\n"
    sql("--file", tmp_path / "ask.sql", "--param", 40, code=2)
    sql("select 1", "--file", tmp_path / "ask.sql", code=2)
    sql(code=2)


def test_the_json_document_holds_the_rows(tmp_path):
    document = json.loads(sql("--json", "select 1 as a, null as b").stdout)
    assert document["rows"] == [{"a": 1, "b": None}] and document["counts"]["rows"] == 1
    document = json.loads(sql("--json", "select 1 as a", "--output", tmp_path / "a.csv").stdout)
    assert "rows" not in document and document["outputs"] == [str(tmp_path / "a.csv")]
    assert (tmp_path / "a.csv").read_text() == "a\n1\n"


@pytest.mark.parametrize("statement, options, code, words", [
    ("select 1 +* 2", [], 2, "line 1, column"),
    ("select * from nowhere", [], 1, "nowhere"),
    ("select 1; select 2", [], 2, "one statement"),
    ("select * from 'missing.parquet'", [], 1, "missing.parquet"),
    ("select 1", ["--format", "xml"], 2, "no format"),
    ("select 1", ["--format", "parquet"], 2, "--output"),
    ("select 1", ["--output", "rows.unknown"], 2, "no format"),
    ("select 1", ["--engine", "oracle"], 2, "no engine"),
    ("select count(*) from range(10000000000) a, range(1000000) b", ["--timeout", "100ms"], 3, "longer"),
])
def test_failures_say_what_to_do(tmp_path, statement, options, code, words):
    done = subprocess.run([BIN, "-q", "sql", statement, *options], capture_output=True, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert words in done.stderr.decode()
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_the_old_output(tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("old\n")
    sql("select 1 / x from (select i::varchar::integer as x from range(100000) t(i) "
        "union all select 'boom'::varchar::integer) s", "--output", out, code=2)
    assert out.read_text() == "old\n" and list(tmp_path.iterdir()) == [out]


def test_without_duckdb_it_says_the_way_out(tmp_path):
    done = sql("select 1", code=3, env={"TICKHOUSE_DUCKDB": str(tmp_path / "none.so")})
    assert b"TICKHOUSE_DUCKDB" in done.stderr and b"none.so" in done.stderr


def test_ctrl_c_ends_the_statement(tmp_path):
    process = subprocess.Popen([BIN, "-q", "sql", "select count(*) from range(10000000000) a, range(1000000) b",
                                "--output", str(tmp_path / "x.csv")], stderr=subprocess.PIPE)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_memory_stays_bounded_while_rows_stream():
    # 2 million rows of 100 bytes: 200 MB of CSV through one batch at a time.
    process = subprocess.Popen([BIN, "-q", "sql", "select repeat('x', 100) as t from range(2000000)", "--format",
                                "csv", "--memory", "500MB"], stdout=subprocess.PIPE)
    size = sum(len(part) for part in iter(lambda: process.stdout.read(1 << 20), b""))
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0 and size == 2 + 101 * 2_000_000
    assert usage.ru_maxrss < 500_000, usage.ru_maxrss


def test_help_does_not_load_the_library():
    done = subprocess.run(["env", "LD_DEBUG=files", BIN, "sql", "--help"], capture_output=True)
    assert done.returncode == 0 and b"_duckdb" not in done.stderr and b"libpython" not in done.stderr


def test_files_on_s3(tmp_path):
    test_s3 = pytest.importorskip("test_s3")
    if not test_s3.SERVER.exists():
        pytest.skip("versitygw is not installed (tools/setup.sh does it)")
    store = test_s3.Store(tmp_path)
    try:
        (store.data / "lake/in").mkdir()
        for day in (1, 2):
            pq.write_table(pa.table({"day": [day] * 10}), store.data / f"lake/in/{day}.parquet")
        done = store.run("sql", "select day, count(*) as n from 's3://lake/in/*.parquet' group by day order by day",
                         "--output", "s3://lake/out.csv")
        assert done.returncode == 0, done.stderr
        assert (store.data / "lake/out.csv").read_text() == "day,n\n1,10\n2,10\n"
        wrong = store.run("sql", "select 1 from 's3://lake/in/1.parquet'", AWS_SECRET_ACCESS_KEY="wrong")
        assert wrong.returncode == 1 and "403" in wrong.stderr
    finally:
        store.stop()


def test_trino_is_asked_only_with_an_address(tmp_path):
    done = sql("select 1", "--engine", "trino", code=2, env={"TICKHOUSE_TRINO": ""})
    assert b"--trino" in done.stderr
    done = sql("select 1", "--engine", "trino", "--trino", "http://trino.invalid:1", code=2,
               env={"TICKHOUSE_TRINO_PASSWORD": "secret"})
    assert b"https" in done.stderr and b"secret" not in done.stderr
    sql("select 1", "--engine", "trino", "--trino", "http://127.0.0.1:1", "--trino-session", "novalue", code=2)
