"""How tests name the Spark of tools/setup.sh slow to the program."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "golden"))
from lake_engines import DEPS, SPARK_HOME, missing_for_spark, spark_environment  # noqa: E402,F401

SUBMIT = SPARK_HOME / "bin/spark-submit"
# A job of a second is not worth compiling twice, nor cutting in 200 parts.
QUICK = ["spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC", "spark.sql.shuffle.partitions=2"]


def variables():
    return spark_environment({"TICKHOUSE_SPARK_JARS": str(DEPS / "jars")})


def options(*more):
    quick = [word for setting in QUICK for word in ("--spark-conf", setting)]
    return ["--engine", "spark", "--spark-submit", str(SUBMIT), "--master", "local[2]", *quick, *more]
