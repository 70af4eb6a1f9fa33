"""convert --engine spark on a real local Spark gives the rows and the side files of our own engine.

Needs pyspark (tools/setup.sh slow) and a Java 17; skips without.
"""

import json
import os
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import test_convert as local

DEPS = Path(os.environ.get("TICKHOUSE_DEPS", Path.home() / ".cache/tickhouse/deps"))
SPARK = DEPS / "spark-venv/lib/python3.11/site-packages/pyspark"
JAVAS = [*Path("/usr/lib/jvm").glob("java-17-*"), *Path("/usr/lib/jvm").glob("temurin-17-*")]
needs_spark = pytest.mark.skipif(
    not (SPARK / "bin/spark-submit").exists() or not JAVAS,
    reason="no Spark: tools/setup.sh slow installs pyspark and Java 17",
)
pytestmark = [pytest.mark.slow, needs_spark]


def spark(*arguments, program="submit", check=0):
    environment = {
        **os.environ,
        "JAVA_HOME": str(JAVAS[0]),
        "SPARK_HOME": str(SPARK),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": str(DEPS / "spark-venv/bin/python"),
        "PYSPARK_DRIVER_PYTHON": str(DEPS / "spark-venv/bin/python"),
    }
    command = [local.BIN, "convert", "--json", "--engine", "spark", "--master", "local[2]"]
    command += [f"--spark-{program}", str(SPARK / f"bin/spark-{program}")]
    done = subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == check, done.stderr
    return json.loads(done.stdout), done.stderr


def rows(out):
    """Every table under OUT by its input, chunks joined in order, and the side files."""
    tables, sides = {}, {}
    for path in sorted(Path(out).rglob("*")):
        name = str(path.relative_to(out))
        if path.suffix == ".parquet":
            tables.setdefault(name.split("_chunk_")[0], []).append(pq.read_table(path).to_pydict())
        elif path.name.endswith(".rejects.csv"):
            sides[name] = path.read_bytes()
    joined = {
        name: {column: sum((part[column] for part in parts), []) for column in parts[0]}
        for name, parts in tables.items()
    }
    return joined, sides


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Every dialect, packed and damaged files, odd names, rows that only our parser knows."""
    raw = tmp_path_factory.mktemp("spark") / "raw"
    for dialect, (zone, text, *_) in local.DIALECTS.items():
        local.put(raw / "EURUSD" / f"{dialect}_{zone}.csv", text * 3 + "damaged\n" + text)
    text, _ = local.qdm(30_000)
    body = text.split("\n", 1)[1]
    damaged = (
        "\ufeff"
        + text.replace("\n", "\r\n")
        + "20210230 00:00:00.000,1,2,3\r\n"
        + text[:24]
        + "20210104 00:00:00.000,1.2\x00,2,3\n\n"
        + "20210104 25:00:00.000,1.2,2,3\n20210104 23:59:60.000,1.2,2,3\n,,,\n"
        + body
        + "20210104 05:5"
    )
    local.put(raw / "GBPJPY/2021.1.4GBPJPY_UTCPlus02 [x] {y}*.csv", damaged)
    local.put(raw / "GBPJPY/only refused.csv", "DateTime,Bid,Ask,Volume\nx\ny\n")
    local.put(raw / "GBPJPY/empty.csv", "")
    for kind in ("gz", "zst", "zip"):
        local.put(
            raw / f"USDJPY/{kind}.csv.{kind}", local.pack(kind, (kind + "\n" + text).encode())
        )
    quoted = '20210104 05:50:00.252,"1.22531", 1.22534,3e0\n'
    local.put(raw / "USDJPY/quoted.csv", text[:24] + quoted + body[:500] + "cut")
    local.put(raw / "USDJPY/-0.csv", text[:24] + "20210104 05:50:00.252,-0.0,-1.5,0\n")
    header = local.DIALECTS["mt5"][1].split("\n")[0] + "\n"
    local.put(
        raw / "USDJPY/unchanged.csv",
        header
        + "2021.01.04\t05:50:00.252\t1.2\t1.3\t\t\t6\n2021.01.04\t05:50:01.000\t\t1.4\t\t\t4\n",
    )
    return raw


@pytest.mark.parametrize("program", ["submit", "sql"])
@pytest.mark.parametrize("volumes", [False, True])
def test_same_rows_and_side_files_as_our_own_engine(tmp_path, inputs, program, volumes):
    if program == "sql" and volumes:
        pytest.skip("one of the two programs is enough")
    options = ["--keep-volume"] if volumes else []
    ours = local.convert(inputs, tmp_path / "local", *options, check=False)
    report, _ = spark(inputs, tmp_path / "spark", *options, program=program, check=ours.returncode)
    tables, sides = rows(tmp_path / "local")
    spark_tables, spark_sides = rows(tmp_path / "spark")
    assert spark_sides == sides and len(sides) > 5
    assert spark_tables.keys() == tables.keys() and len(tables) > 10
    for name, table in tables.items():
        assert spark_tables[name] == table, name
    schema = pq.read_schema(next((tmp_path / "spark").rglob("*.parquet")))
    assert str(schema.field("DateTime").type) == "timestamp[us]"


def test_long_files_are_split_in_order_and_a_second_run_skips(tmp_path):
    text, _ = local.qdm(200_000)
    local.put(tmp_path / "raw/EURUSD/a.csv", text)
    local.convert(tmp_path / "raw", tmp_path / "local")
    report, _ = spark(tmp_path / "raw", tmp_path / "spark", "--chunk-size", "3MB")
    chunks = sorted((tmp_path / "spark/EURUSD").glob("*.parquet"))
    assert [path.name for path in chunks] == [f"a_chunk_{i:03}.parquet" for i in range(3)]
    assert rows(tmp_path / "spark") == rows(tmp_path / "local")
    report, _ = spark(tmp_path / "raw", tmp_path / "spark", "--chunk-size", "3MB")
    assert report["counts"]["skipped"] == 1
    assert not list((tmp_path / "spark").rglob("*.crc"))


def test_a_spark_that_fails_exits_3_and_is_quoted(tmp_path):
    local.put(tmp_path / "raw/EURUSD/a.csv", local.qdm(10)[0])
    broken = local.put(
        tmp_path / "spark-submit", "#!/bin/sh\necho no executors today >&2\nexit 4\n"
    )
    broken.chmod(0o755)
    arguments = [tmp_path / "raw", tmp_path / "out", "--engine", "spark", "--spark-submit", broken]
    done = local.convert(*arguments, check=False)
    assert done.returncode == 3 and "no executors today" in done.stderr
    arguments[-1] = tmp_path / "missing"
    assert local.convert(*arguments, check=False).returncode == 3
    assert local.convert(*arguments[:4], check=False).returncode == 2
    assert local.outputs(tmp_path / "out") == {}
