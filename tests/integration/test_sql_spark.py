"""sql --engine spark over a lakehouse on this disk: rows in every format, --at, parameters, failures, Ctrl-C."""
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.sql import SqlCatalog

sys.path.insert(0, str(Path(__file__).parent))
import spark_program  # noqa: E402

BIN = os.environ.get("TICKHOUSE_BIN")
needs_program = pytest.mark.skipif(not BIN, reason="TICKHOUSE_BIN names no program")
MISSING = spark_program.missing_for_spark()
needs_spark = pytest.mark.skipif(bool(MISSING), reason=MISSING or "it is there")
pytestmark = needs_program


def run(folder, *words, code=0, **changes):
    done = subprocess.run([BIN, "-q", *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=400,
                          env={**spark_program.variables(), **changes})
    assert done.returncode == code, f"{words}\n{done.stdout}\n{done.stderr}"
    return done


def spark(folder, statement, *options, code=0, **changes):
    return run(folder, "sql", statement, *spark_program.options(*options), code=code, **changes)


def ticks(month):
    times = [dt.datetime(2024, month, 1, 0, 0, 0, 123456) + dt.timedelta(minutes=i) for i in range(100)]
    return pa.table({"datetime": pa.array(times, pa.timestamp("us")), "bid": [month + i / 64 for i in range(100)],
                     "price": pa.array([Decimal(i) / 8 if i % 10 else None for i in range(100)], pa.decimal128(12, 3)),
                     "volume": pa.array(range(100), pa.int32())})


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """gold.eurusd of three months, the first one tagged `january`."""
    folder = tmp_path_factory.mktemp("spark-lake")
    run(folder, "lake", "init")
    catalog = SqlCatalog("catalog-dw", uri=f"sqlite:///{folder}/lakehouse/catalog.db",
                         warehouse=f"file://{folder}/lakehouse/warehouse")
    table = catalog.create_table("gold.eurusd", schema=ticks(1).schema)
    for month in (1, 2, 3):
        table.append(ticks(month))
        if month == 1:
            table.manage_snapshots().create_tag(table.current_snapshot().snapshot_id, "january").commit()
    return folder, table


@pytest.mark.slow
@needs_spark
def test_rows_and_types_are_those_of_the_table(lake):
    folder, table = lake
    spark(folder, "select * from eurusd order by datetime", "--output", "rows.arrow")
    got = pa.ipc.open_file(folder / "rows.arrow").read_all()
    want = table.scan().to_arrow().sort_by("datetime")
    assert [str(t) for t in got.schema.types] == ["timestamp[us]", "double", "decimal128(12, 3)", "int32"]
    assert got.to_pylist() == want.to_pylist()
    spark(folder, "select * from GOLD.EURUSD where datetime < '2024-02-01' order by 1", "--output", "rows.parquet")
    got = pq.read_table(folder / "rows.parquet")
    assert got.to_pylist() == [row for row in want.to_pylist() if row["datetime"].month == 1]


@pytest.mark.slow
@needs_spark
def test_at_shows_the_table_as_it_was(lake):
    folder, table = lake
    first, second, _ = table.snapshots()
    ask = "select count(*) as n, max(bid) as top from lake.gold.eurusd"
    at_tag = spark(folder, ask, "--at", "january", "--format", "csv").stdout
    assert at_tag == "n,top\n100,2.546875\n"
    moment = dt.datetime.fromtimestamp(second.timestamp_ms / 1000, dt.timezone.utc).isoformat(timespec="milliseconds")
    assert spark(folder, ask, "--at", moment.replace("+00:00", "Z"), "--format", "csv").stdout.startswith("n,top\n200,")
    done = spark(folder, ask, "--at", "never", code=1)
    assert "gold.eurusd: " in done.stderr and "january" in done.stderr


@pytest.mark.slow
@needs_spark
def test_parameters_nested_values_and_json(lake):
    folder, _ = lake
    text = """select count(*) as n, array(1, null) as a, named_struct('t', timestamp '2024-01-02 03:04:05.678901') as s,
              double('NaN') as x, cast(? as string) as p from gold.eurusd where volume >= ? and datetime < ?"""
    done = run(folder, "--json", "sql", text, *spark_program.options(), "--param", 'o\'clock; "x" é', "--param", 50,
               "--param", "2024-02-01")
    document = json.loads(done.stdout)
    assert document["rows"] == [{"n": 50, "a": "[1,null]", "s": '{"t":"2024-01-02 03:04:05.678901"}', "x": "NaN",
                                 "p": 'o\'clock; "x" é'}]
    assert document["counts"]["rows"] == 1


@pytest.mark.slow
@needs_spark
@pytest.mark.parametrize("statement, code, words", [
    ("select bid\nfrom gold.eurusd\nwhere no_column = 1", 2, "line 3, column 7: "),
    ("select 1 from gold.gbpusd", 1, "line 1, column 15: "),
    ("insert into gold.eurusd select * from gold.eurusd", 1, "only queries"),
])
def test_failures_are_one_line(lake, tmp_path, statement, code, words):
    folder, table = lake
    done = spark(folder, statement, "--output", tmp_path / "out.csv", code=code, TMPDIR=str(tmp_path))
    assert words in done.stderr and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(("out", "tickhouse"))]
    assert len(table.refresh().snapshots()) == 3


@pytest.mark.slow
@needs_spark
def test_a_missing_jar_is_named(lake):
    folder, _ = lake
    done = spark(folder, "select 1 from gold.eurusd", code=3, TICKHOUSE_SPARK_JARS="")
    assert "iceberg-spark-runtime" in done.stderr and "--spark-jars" in done.stderr


def command_line(process):
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # A child of a moment is gone or about to be.
        return ""


@pytest.mark.slow
@needs_spark
def test_ctrl_c_ends_spark_and_no_secret_is_shown(lake, tmp_path):
    folder, _ = lake
    environment = {**spark_program.variables(), "TMPDIR": str(tmp_path),
                   "AWS_ACCESS_KEY_ID": "hush-id", "AWS_SECRET_ACCESS_KEY": "hush-secret"}
    process = subprocess.Popen([BIN, "-q", "sql", "select count(*) from range(100000000000) a, range(1000000) b",
                                *spark_program.options()], cwd=folder, env=environment, stderr=subprocess.PIPE)
    me, plan = psutil.Process(process.pid), None
    for _ in range(600):
        plan = next(tmp_path.glob("tickhouse-spark-*/tickhouse-spark-*/local"), None)
        if plan:  # The session has begun: the plan was read.
            break
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.1)
    assert plan and not (plan.parent / "plan.json").exists()
    children = me.children(recursive=True)
    assert children and not [c for c in children if "hush" in command_line(c)]
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
    assert not list(tmp_path.glob("tickhouse-spark-*"))


@pytest.mark.slow
@needs_spark
@pytest.mark.skipif("TICKHOUSE_EVERY_ENGINE" not in os.environ, reason="minutes; runs with TICKHOUSE_EVERY_ENGINE=1")
def test_spark_keeps_the_contract_of_engines():
    program = Path(BIN).resolve().parents[1] / "src/tickhouse/sql/spark/sql_spark_test"
    if not program.exists():
        pytest.skip("sql_spark_test is not built")
    done = subprocess.run([program], capture_output=True, text=True, timeout=850, env={
        **spark_program.variables(), "TICKHOUSE_TEST_SPARK": str(spark_program.SUBMIT)})
    assert done.returncode == 0 and "SKIPPED" not in done.stdout, done.stdout[-5000:]


def fake(folder, script):
    program = folder / "spark-submit"
    program.write_text("#!/bin/sh\n" + script)
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("script, words", [
    ("echo 'JAVA_HOME is not set' >&2; exit 1", "Java 17"),
    ("echo 'java.lang.UnsupportedClassVersionError: org/apache/spark' >&2; exit 1", "too old"),
    ("echo 'no executors today' >&2; exit 4", "no executors today"),
])
def test_a_spark_that_does_not_start_is_explained(tmp_path, script, words):
    done = run(tmp_path, "sql", "select 1", "--engine", "spark", "--spark-submit", fake(tmp_path, script), code=3,
               TICKHOUSE_SPARK_JARS="")
    assert words in done.stderr


def test_what_is_not_there_is_named_before_anything_runs(tmp_path):
    done = run(tmp_path, "sql", "select 1", "--engine", "spark", "--spark-submit", tmp_path / "none", code=3,
               TICKHOUSE_SPARK_JARS="")
    assert "--spark-submit" in done.stderr
    started = tmp_path / "started"
    program = fake(tmp_path, f"touch {started}")
    done = run(tmp_path, "sql", "select 1", "--engine", "spark", "--spark-submit", program, "--spark-jars",
               tmp_path / "no.jar", code=2)
    assert "no.jar" in done.stderr
    run(tmp_path, "sql", "select 1", "--engine", "spark", "--spark-submit", program, "--spark-conf", "novalue", code=2)
    assert not started.exists()
