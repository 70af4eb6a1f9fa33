"""`clean --engine spark` on a real local Spark gives the rows and the bytes of the local engine."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

BIN = os.environ.get("TICKHOUSE_BIN")
DEPS = Path(os.environ.get("TICKHOUSE_DEPS", Path.home() / ".cache/tickhouse/deps"))
SUBMIT = os.environ.get("TICKHOUSE_SPARK_SUBMIT") or str(DEPS / "spark-venv/bin/spark-submit")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not BIN, reason="TICKHOUSE_BIN names no program"),
    pytest.mark.skipif(not Path(SUBMIT).exists(), reason=f"no Spark: {SUBMIT} is missing"),
    pytest.mark.skipif(not shutil.which("java"), reason="no Spark: java is missing"),
]


def clean(*arguments, code=0):
    # Without PYSPARK_*: tickhouse takes the python3 beside spark-submit, as in a user's shell.
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
    for name in ("SPARK_HOME", "PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"):
        environment.pop(name, None)
    done = subprocess.run(
        [BIN, "clean", *(str(part) for part in arguments)],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def spark(*arguments, code=0):
    engine = ["--engine", "spark", "--spark-submit", SUBMIT, "--master", "local[2]"]
    return clean(*arguments, *engine, code=code)


def write(path, times, bid, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    ask = bid + np.random.default_rng(seed).integers(0, 9, len(bid)) / 1e5
    table = pa.table({"DateTime": pa.array(times, pa.timestamp("us")), "Bid": bid, "Ask": ask})
    pq.write_table(table, path, row_group_size=5_000)


def market(seed, begin, rows):
    rng = np.random.default_rng(seed)
    step = rng.exponential(300, rows).astype(np.int64) * 1000
    step[rng.random(rows) < 0.3] = 0
    return begin + np.cumsum(step), np.round(1.2 + rng.integers(-9, 9, rows) / 1e5, 5)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Two symbols: overlapping exports that differ, rows out of order, ties, missing values, odd
    names, around the European change of clocks."""
    folder = tmp_path_factory.mktemp("ticks")
    times, bid = market(1, 1_616_800_000_000_000, 60_000)
    other = bid.copy()
    other[::7] += 1e-5
    jitter = np.random.default_rng(2).integers(0, 60, 30_000)
    late = np.argsort(np.arange(30_000) + jitter, kind="stable")
    lost = bid[20_000:50_000].copy()
    lost[::11] = np.nan
    lost[5::11] = np.inf
    write(folder / "EURUSD/a b.parquet", times[:40_000], bid[:40_000], 1)
    write(folder / "EURUSD/ü%20.parquet", times[10_000:60_000], other[10_000:60_000], 1)
    write(folder / "EURUSD/late.parquet", times[20_000:50_000][late], lost[late], 3)
    times, bid = market(4, -40_000_000_000, 20_000)
    write(folder / "GBPJPY/x.parquet", times, bid, 5)
    return folder


@pytest.mark.parametrize(
    "options",
    [
        ["--windows", "all"],
        ["--windows", "01:50-03:20,13:50-14:00,23:30-00:30", "--zone", "Europe/Berlin"],
    ],
)
def test_same_rows_and_bytes_as_the_local_engine(tmp_path, source, options):
    clean(source, tmp_path / "local", *options)
    done = spark(source, tmp_path / "spark", *options, "--json")
    assert json.loads(done.stdout)["counts"]["symbols"] == 2
    for symbol in ("EURUSD", "GBPJPY"):
        ours, theirs = (
            tmp_path / engine / symbol / f"{symbol}.parquet" for engine in ("local", "spark")
        )
        assert pq.read_table(ours).num_rows > 100
        assert pq.read_table(ours).equals(pq.read_table(theirs))
        assert ours.read_bytes() == theirs.read_bytes()
    left = [path for path in (tmp_path / "spark/.tickhouse").rglob("*") if path.is_file()]
    assert left == []


def test_failure_of_spark_is_told(tmp_path, source):
    assert "no-such-spark" in clean(
        source, tmp_path / "out", "--engine", "spark", "--spark-submit", "/no-such-spark", code=3
    ).stderr
    assert "bars" in spark(source, tmp_path / "out", "--bars", code=2).stderr
