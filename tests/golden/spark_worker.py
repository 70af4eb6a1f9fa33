"""A Spark session that answers: a line of JSON {"sql": ...} in, a line {"rows": [...]} or {"error": ...} out.

PYSPARK_SUBMIT_ARGS says how Spark is set up. Values that JSON does not know travel as text (bytes as hex).
"""
import datetime as dt
import decimal
import json
import sys

from pyspark.sql import Row, SparkSession


def plain(value):
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, (dt.date, dt.datetime, decimal.Decimal)):
        return value.isoformat(" ") if isinstance(value, dt.datetime) else str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Row):
        return {key: plain(inner) for key, inner in value.asDict().items()}
    if isinstance(value, dict):
        return {str(plain(key)): plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def answer(session, request):
    if "python" in request:  # What SQL cannot say, such as the writers of Iceberg's Java library.
        scope = {"spark": session, "rows": []}
        exec(request["python"], scope)
        return {"rows": scope["rows"]}
    return {"rows": [[plain(value) for value in row] for row in session.sql(request["sql"]).collect()]}


def main():
    session = SparkSession.builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            said = answer(session, json.loads(line))
        except Exception as error:  # noqa: BLE001: the test is told.
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), flush=True)


main()
