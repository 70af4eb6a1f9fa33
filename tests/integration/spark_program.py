"""The Spark of tools/setup.sh slow, for tests that run it through the program."""
import os
from pathlib import Path

DEPS = Path(os.environ.get("TICKHOUSE_DEPS", Path.home() / ".cache/tickhouse/deps"))
SPARK_HOME = DEPS / "spark-venv/lib/python3.11/site-packages/pyspark"
SUBMIT = SPARK_HOME / "bin/spark-submit"
JARS = DEPS / "jars"
JAVA_17 = next((p for p in sorted(Path("/usr/lib/jvm").glob("*-17-*")) if (p / "bin/java").exists()), None)


def missing():
    """Why Spark cannot run here; empty if it can."""
    there = JAVA_17 and SUBMIT.exists() and any(JARS.glob("iceberg-spark*.jar"))
    return "" if there else "no Spark with Iceberg: tools/setup.sh slow installs it"


def variables():
    python = str(DEPS / "spark-venv/bin/python")
    return {"JAVA_HOME": str(JAVA_17), "SPARK_HOME": str(SPARK_HOME), "PYSPARK_PYTHON": python,
            "PYSPARK_DRIVER_PYTHON": python, "SPARK_LOCAL_IP": "127.0.0.1", "TICKHOUSE_SPARK_JARS": str(JARS),
            "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}


def options(*more):
    return ["--engine", "spark", "--spark-submit", str(SUBMIT), "--master", "local[2]", *more]
