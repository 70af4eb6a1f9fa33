"""convert and clean against the same work on Spark: `--engine spark` on local[2], whole processes.

    python bench/spark.py [--gigabytes 1] [--rounds 1] [--record]

Bars (issue 3): convert 15 times Spark, clean 50 times. Needs the stage `slow` of tools/setup.sh. Spark's
time is a whole spark-submit, with the start of its session (about 4 s), as its users wait for it.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

import harness


DEPS = Path(os.environ.get("TICKHOUSE_DEPS") or Path.home() / ".cache/tickhouse/deps")
# spark-submit looks for the python3 of PATH, which need not be the one beside it.
PYTHON = str(DEPS / "spark-venv/bin/python")
SPARK_PYTHON = {"PYSPARK_PYTHON": PYTHON, "PYSPARK_DRIVER_PYTHON": PYTHON, "SPARK_LOCAL_IP": "127.0.0.1"}


def spark_submit():
    path = DEPS / "spark-venv/bin/spark-submit"
    if not path.exists():
        sys.exit(f"bench: {path} is missing: run tools/setup.sh slow")
    return str(path)


def rows_of(folder):
    import pyarrow.parquet as pq

    return sum(pq.ParquetFile(path).metadata.num_rows for path in Path(folder).rglob("*.parquet"))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--gigabytes", type=float, default=1.0)
    arguments.add_argument("--rounds", type=int, default=1)
    arguments.add_argument("--record", action="store_true")
    wanted = arguments.parse_args()
    work = harness.scratch() / "spark"
    shutil.rmtree(work, ignore_errors=True)
    raw = work / "raw/EURUSD"
    raw.mkdir(parents=True)
    os.link(harness.tick_csv(wanted.gigabytes), raw / "EURUSD_UTCPlus02.csv")
    engine = ["--engine", "spark", "--spark-submit", spark_submit(), "--master", "local[2]"]
    plain = [harness.binary(), "-q", "--threads", "2"]

    def pair(verb, source):
        made = []
        for name, more in (("tickhouse", []), ("spark", engine)):
            out = work / f"{verb}-{name}"
            made.append(
                harness.Contender(
                    name,
                    [*plain, verb, source, out, *more],
                    env=SPARK_PYTHON if more else None,
                    prepare=lambda out=out: shutil.rmtree(out, ignore_errors=True),
                )
            )
        harness.take_turns(made, wanted.rounds)
        rows = [rows_of(work / f"{verb}-{c.name}") for c in made]
        if rows[0] != rows[1]:
            sys.exit(f"bench: {verb}: {rows[0]} rows here, {rows[1]} on Spark")
        harness.table(f"{verb}, {rows[0]:,} rows out", made)
        if wanted.record:
            harness.record(f"spark {verb}", harness.figures_of(made))

    pair("convert", work / "raw")
    pair("clean", work / "convert-tickhouse")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
