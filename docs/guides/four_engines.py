"""Makes what four-engines.md shows: one table by tickhouse, Spark, Trino, DuckDB and PyIceberg.

    ~/.cache/tickhouse/deps/venv/bin/python docs/guides/four_engines.py [FOLDER]

FOLDER holds raw ticks of EURUSD; without it two days are generated. PostgreSQL, an S3 server, Spark and Trino (which
`tools/setup.sh slow` installs) are started on loopback as the tests start them and ended by their process ids.
Everything is written below a temporary folder, which is removed.
"""
import datetime as dt
import os
import shlex
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/golden"))
os.environ["TICKHOUSE_BIN"] = str(Path(os.environ.get("TICKHOUSE_BIN", ROOT / "build/release/bin/tickhouse")).resolve())

import polars  # noqa: E402

import lake_engines  # noqa: E402
from lake_peers import attach_duckdb  # noqa: E402
from lake_services import Postgres, postgres_programs, run  # noqa: E402

SAME = ("select count(*) n, min(datetime) begins, max(datetime) ends, "
        "round(avg(ask - bid) * 1e5, 3) spread from {}")
SAME_POLARS = ("select(n=pl.len(), begins=pl.min('datetime'), ends=pl.max('datetime'), "
               "spread=((pl.col('ask') - pl.col('bid')).mean() * 1e5).round(3))")
SIDES = "select side, count(*) n from {} group by side order by side"
SIDES_POLARS = "group_by('side').len('n').sort('side')"
# Spark's answers as Spark's own shell shows them; nothing where there are no columns.
SHOWN = "told = spark.sql({!r})\nrows = [told._jdf.showString(20, 0, False)] if told.columns else []"


def aligned(names, rows):
    cells = [names, *(["NULL" if value is None else str(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    return "\n".join(" | ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells)


class Shell:
    """Puts a statement to an engine and shows both. `answer` makes text of a statement."""

    def __init__(self, prompt, answer):
        self.prompt, self.answer = prompt, answer

    def __call__(self, statement):
        print(f"{self.prompt} {statement}", flush=True)
        told = self.answer(statement).rstrip()
        print(told, end="\n\n" if told else "\n", flush=True)


def by_tickhouse(lakehouse):
    return Shell("$ tickhouse", lambda words: lakehouse.run(*shlex.split(words)).stdout)


def by_spark(spark):
    return Shell("spark-sql>", lambda statement: "".join(spark.request(python=SHOWN.format(statement))))


def by_trino(trino):
    return Shell("trino>", lambda statement: aligned(*trino.answer(statement)))


def by_duckdb(connection):
    return Shell("duckdb>", lambda statement: str(connection.sql(statement) or ""))


def by_pyiceberg(lakehouse):
    """Python with the catalog at hand; `table` is the table as it is when asked."""
    return Shell(">>>", lambda code: str(eval(code, {
        "pl": polars, "table": lakehouse.pyiceberg().load_table("gold.eurusd")})))


def what_is_missing():
    if postgres_programs() is None or not lake_engines.SERVER.exists():
        return "no PostgreSQL or versitygw: tools/setup.sh slow installs them"
    return lake_engines.missing_for_spark() or lake_engines.missing_for_trino()


def load(lakehouse, tickhouse, raw):
    """Ticks to Parquet, Parquet to gold.eurusd."""
    if raw:
        (lakehouse.folder / "raw").mkdir()
        (lakehouse.folder / "raw/EURUSD").symlink_to(raw.resolve())
    else:
        run(lakehouse.folder, "generate", "--symbol", "EURUSD", "--days", "2", "--out", "raw")
    run(lakehouse.folder, "convert", "raw", "Training Batch")
    tickhouse("lake migrate 'Training Batch'")
    tickhouse("lake tables")


def first_hour(lakehouse):
    """The start of the hour of the first tick."""
    rows = lakehouse.run("sql", "select min(datetime) from gold.eurusd", "--format", "csv").stdout.splitlines()
    return dt.datetime.fromisoformat(rows[1]).replace(minute=0, second=0, microsecond=0)


def ask_all(shells, question, in_polars):
    tickhouse, spark, trino, duckdb, pyiceberg = shells
    tickhouse(f'sql "{question.format("gold.eurusd")}"')
    for shell in (spark, trino, duckdb):
        shell(question.format("lake.gold.eurusd"))
    pyiceberg(f"table.scan().to_polars().{in_polars}")


def change(shells, begins):
    """Each engine changes the table."""
    tickhouse, spark, trino, duckdb, pyiceberg = shells
    spark("alter table lake.gold.eurusd create tag loaded")
    spark(f"delete from lake.gold.eurusd where datetime < timestamp_ntz'{begins + dt.timedelta(minutes=30)}'")
    trino("alter table lake.gold.eurusd add column side varchar")
    trino("update lake.gold.eurusd set side = 'wide' where ask - bid > 0.0001")
    late = begins + dt.timedelta(days=7)
    duckdb("set unsafe_iceberg_ignore_sort_order = true")
    duckdb(f"insert into lake.gold.eurusd values ('{late + dt.timedelta(seconds=2)}', 1.1401, 1.1402, 'late'), "
           f"('{late}', 1.14, 1.1401, 'late')")
    pyiceberg("table.scan().to_polars().sort('datetime').tail(3)")
    pyiceberg("table.schema()")


def history(lakehouse, shells):
    """The snapshots, who wrote them, and the table at the tag."""
    tickhouse, spark, trino, duckdb, pyiceberg = shells
    tickhouse("lake snapshots eurusd")
    spark("select snapshot_id, operation, summary['engine-name'] engine, summary['engine-version'] version "
          "from lake.gold.eurusd.snapshots order by committed_at")
    pyiceberg("[(s.snapshot_id, s.summary.get('engine-name')) for s in table.snapshots()]")
    loaded = lakehouse.pyiceberg().load_table("gold.eurusd").snapshot_by_name("loaded").snapshot_id
    tickhouse("sql --at loaded 'select count(*) n from gold.eurusd'")
    spark("select count(*) n from lake.gold.eurusd version as of 'loaded'")
    trino("select count(*) n from lake.gold.eurusd for version as of 'loaded'")
    duckdb(f"select count(*) n from lake.gold.eurusd at (version => {loaded})")
    pyiceberg("table.scan(snapshot_id=table.snapshot_by_name('loaded').snapshot_id).count()")


def clean_up(shells):
    """Deletes taken out, DuckDB's rows put in order."""
    tickhouse, _, _, _, pyiceberg = shells
    tickhouse("lake compact eurusd")
    tickhouse("lake read eurusd --filter \"side = 'late'\"")
    tickhouse("lake snapshots eurusd")
    tickhouse("lake check eurusd")
    pyiceberg("table.scan().count()")


def main():
    missing = what_is_missing()
    if missing:
        sys.exit(missing)
    raw = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # Servers are ended then, too.
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="four-engines-")))

        def started(server):
            ends.callback(server.stop)
            return server

        lakehouse = started(lake_engines.Lakehouse(folder, started(Postgres())))
        tickhouse = by_tickhouse(lakehouse)
        load(lakehouse, tickhouse, raw)
        shells = (tickhouse, by_spark(started(lake_engines.Spark(folder, lakehouse.settings()))),
                  by_trino(started(lake_engines.Trino(folder, lakehouse.settings()))),
                  by_duckdb(attach_duckdb(lakehouse)), by_pyiceberg(lakehouse))
        ask_all(shells, SAME, SAME_POLARS)
        change(shells, first_hour(lakehouse))
        ask_all(shells, SIDES, SIDES_POLARS)
        history(lakehouse, shells)
        clean_up(shells)


main()
