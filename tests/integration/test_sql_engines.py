"""The same statements give the same rows by DuckDB, Trino and Spark, over PostgreSQL and S3."""
import csv
import datetime as dt
import io
import os
import sys
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "golden")]
import lake_engines  # noqa: E402
import spark_program  # noqa: E402
from lake_services import Postgres, postgres_programs  # noqa: E402

pytestmark = pytest.mark.slow

START = dt.datetime(2024, 1, 1, 0, 0, 0, 250_001)


def ticks(day, count=400):
    """A day of gold.eurusd. Reals are multiples of 1/64, so that no sum of theirs depends on its order."""
    rows = range(count)
    return pa.table({
        "datetime": pa.array([START + dt.timedelta(days=day, seconds=150 * i) for i in rows], pa.timestamp("us")),
        "bid": [day + i / 64 for i in rows], "ask": [day + i / 64 + 1 / 32 for i in rows],
        "price": pa.array([None if i % 50 == 7 else Decimal(i * 7 - 300) / 1000 for i in rows], pa.decimal128(12, 5)),
        "volume": pa.array([(i * 37) % 101 for i in rows], pa.int32()),
        "venue": [("LMAX", "EBS", None, "it's \"quoted\", é")[i % 4] for i in rows]})


def trades():
    rows = range(40)
    return pa.table({
        "id": pa.array(rows, pa.int64()),
        "moment": pa.array([START + dt.timedelta(minutes=i * 157 + (i % 3)) for i in rows], pa.timestamp("us")),
        "side": ["buy" if i % 3 else "sell" for i in rows], "quantity": pa.array([i * 5 % 17 for i in rows], pa.int64())})


def odd():
    """A value of every kind that all three read, with the ones that get lost on the way elsewhere."""
    utc = dt.timezone.utc
    return pa.table({
        "id": pa.array([1, 2, 3, 4], pa.int64()), "flag": [True, False, None, True],
        "small": pa.array([-2**31, 2**31 - 1, None, 0], pa.int32()), "big": pa.array([-2**63, 2**63 - 1, None, 9007199254740993]),
        "real": pa.array([1.1, float("nan"), None, float("-inf")], pa.float32()),
        "number": pa.array([0.1, float("nan"), None, -0.0]),
        "amount": pa.array([Decimal("-0.00001"), Decimal("123456789012345678901234567.12345"), None, Decimal(0)],
                           pa.decimal128(38, 5)),
        "day": pa.array([dt.date(1969, 12, 31), dt.date(2024, 2, 29), None, dt.date(1970, 1, 1)]),
        "time": pa.array([dt.datetime(1969, 12, 31, 23, 59, 59, 999999), dt.datetime(2024, 2, 29, 1, 2, 3, 4), None,
                          dt.datetime(1970, 1, 1)], pa.timestamp("us")),
        "instant": pa.array([dt.datetime(2024, 1, 2, 3, 4, 5, 678901, utc), dt.datetime(1960, 1, 1, tzinfo=utc), None,
                             dt.datetime(1970, 1, 1, tzinfo=utc)], pa.timestamp("us", "UTC")),
        "words": ["", "NULL", None, "two\nlines, \"quotes\" and 'é'"]})


# Words that all three read alike; rows in an order that leaves no choice.
STATEMENTS = {
    "range of time": """select datetime, bid, price, venue from gold.eurusd
        where datetime >= timestamp '2024-01-02 05:00:00' and datetime < timestamp '2024-01-02 06:30:00'
        order by datetime""",
    "every kind of value": "select * from gold.odd order by id",
    "aggregates": """select cast(datetime as date) as day, count(*) as n, count(price) as known, min(bid) as low,
        max(ask) as high, sum(volume) as volume, avg(bid) as middle, sum(price) as total, count(distinct venue) as venues
        from gold.eurusd group by cast(datetime as date) having count(*) > 1 order by day""",
    "buckets of an hour": """select extract(hour from datetime) as hour, sum(case when volume > 50 then 1 else 0 end) as n
        from gold.eurusd where venue is not null group by extract(hour from datetime) order by 1""",
    "join": """select t.id, t.side, e.bid, e.ask from gold.trades t join gold.eurusd e on e.datetime = t.moment
        order by t.id""",
    "outer join": """select t.id, e.bid, coalesce(e.venue, 'none') as venue from gold.trades t
        left join gold.eurusd e on e.datetime = t.moment and e.venue is not null order by t.id""",
    "price as of a trade": """select t.id, max(e.datetime) as quoted, max_by(e.bid, e.datetime) as bid from gold.trades t
        left join gold.eurusd e on e.datetime <= t.moment and e.datetime > t.moment - interval '1' hour
        group by t.id order by t.id""",
    "windows": """select id, side, row_number() over (partition by side order by moment) as nth,
        lag(quantity) over (order by moment) as before,
        sum(quantity) over (order by moment rows between 2 preceding and current row) as of_three,
        rank() over (order by quantity desc, id) as place from gold.trades order by id""",
    "sets and subqueries": """with busy as (select venue, sum(volume) as volume from gold.eurusd group by venue)
        select venue, volume from busy where volume > (select avg(volume) from busy) or venue is null
        union all select 'all', sum(volume) from busy order by 2, 1""",
    "texts": """select distinct upper(substring(venue, 1, 4)) || '!' as cry, length(venue) as n from gold.eurusd
        where venue like '%e%' or venue in ('LMAX', 'EBS') order by 1, 2""",
    "nothing": "select datetime, price from gold.eurusd where bid < -1000 order by 1",
}
WITH_PARAMETERS = """select count(*) as n, min(datetime) as first from gold.eurusd
    where volume > ? and venue = ? and datetime < cast(? as timestamp)"""
VALUES = ["50", "it's \"quoted\", é", "2024-01-03"]


@pytest.fixture(scope="module")
def lakehouse(tmp_path_factory):
    """Ours on PostgreSQL and S3, filled by PyIceberg, changed by it, tagged in between."""
    if postgres_programs() is None or not lake_engines.SERVER.exists():
        pytest.skip("PostgreSQL or versitygw is not installed (tools/setup.sh test)")
    postgres, made = Postgres(), None
    try:
        made = lake_engines.Lakehouse(tmp_path_factory.mktemp("lake"), postgres)
        catalog = made.pyiceberg()
        table = catalog.create_table("gold.eurusd", schema=ticks(0).schema)
        for day in (0, 1):
            table.append(ticks(day))
        made.before = table.current_snapshot()
        table.manage_snapshots().create_tag(made.before.snapshot_id, "before").commit()
        table.delete("volume < 5")
        for day in (2, 3):
            table.append(ticks(day))
        for name, rows in (("trades", trades()), ("odd", odd())):
            catalog.create_table(f"gold.{name}", schema=rows.schema).append(rows)
        yield made
    finally:
        if made:
            made.stop()
        postgres.stop()


@pytest.fixture(scope="module")
def trino(lakehouse, tmp_path_factory):
    if lake_engines.missing_for_trino():
        pytest.skip(lake_engines.missing_for_trino())
    server = lake_engines.Trino(tmp_path_factory.mktemp("trino"), lakehouse.settings())
    yield ["--engine", "trino", "--trino", server.url, "--trino-user", "tester", "--trino-catalog", "lake",
           "--trino-schema", "gold"]
    server.stop()


@pytest.fixture(scope="module")
def spark(lakehouse):
    if lake_engines.missing_for_spark():
        pytest.skip(lake_engines.missing_for_spark())
    return spark_program.options()


def rows(lakehouse, statement, *options):
    changes = spark_program.variables() if "spark" in options else {}
    return list(csv.reader(io.StringIO(
        lakehouse.run("sql", statement, "--format", "csv", *options, **changes).stdout)))


# A statement is a Spark of its own, 25 seconds of a processor: the others are asked with TICKHOUSE_EVERY_ENGINE=1.
SPARK_TOO = {"range of time", "aggregates", "price as of a trade", "windows", "tag"}


def is_asked_of_spark(name):
    return name in SPARK_TOO or "TICKHOUSE_EVERY_ENGINE" in os.environ


@pytest.mark.parametrize("name", STATEMENTS)
def test_rows_are_the_same(lakehouse, trino, spark, name):
    by_duckdb = rows(lakehouse, STATEMENTS[name])
    assert len(by_duckdb) > 1 or name == "nothing"
    assert rows(lakehouse, STATEMENTS[name], *trino) == by_duckdb
    if is_asked_of_spark(name):
        assert rows(lakehouse, STATEMENTS[name], *spark) == by_duckdb


def test_parameters_are_the_same(lakehouse, trino, spark):
    values = [word for value in VALUES for word in ("--param", value)]
    by_duckdb = rows(lakehouse, WITH_PARAMETERS, *values)
    assert int(by_duckdb[1][0]) > 10
    assert rows(lakehouse, WITH_PARAMETERS, *values, *trino) == by_duckdb
    assert rows(lakehouse, WITH_PARAMETERS, *values, *spark) == by_duckdb


@pytest.mark.parametrize("how", ["tag", "id", "time"])
def test_the_table_as_it_was_is_the_same(lakehouse, trino, spark, how):
    before = lakehouse.before
    moment = dt.datetime.fromtimestamp(before.timestamp_ms / 1000, dt.timezone.utc)
    at = {"tag": "before", "id": before.snapshot_id,
          "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")}[how]
    ask = "select count(*) as n, sum(volume) as volume, max(datetime) as last from gold.eurusd"
    by_duckdb = rows(lakehouse, ask, "--at", at)
    assert by_duckdb[1][0] == "800" and by_duckdb != rows(lakehouse, ask)
    if is_asked_of_spark(how):
        assert rows(lakehouse, ask, "--at", at, *spark) == by_duckdb
    # Trino says it in the statement.
    words = {"tag": "version as of 'before'", "id": f"version as of {before.snapshot_id}",
             "time": f"timestamp as of timestamp '{moment:%Y-%m-%d %H:%M:%S.%f} UTC'"}[how]
    assert rows(lakehouse, f"{ask} for {words}", *trino) == by_duckdb


def test_files_hold_the_same_types(lakehouse, trino, spark):
    files = []
    for number, options in enumerate(([], trino, spark)):
        path = lakehouse.folder / f"odd{number}.arrow"
        changes = spark_program.variables() if "spark" in options else {}
        lakehouse.run("sql", STATEMENTS["every kind of value"], "--output", path, *options, **changes)
        files.append(pa.ipc.open_file(path).read_all())
    assert files[0].schema == odd().schema
    for other in files[1:]:
        assert other.schema == files[0].schema
        assert str(other.to_pylist()) == str(files[0].to_pylist())
