"""What engines exchange: tables told step by step, and by a plain DuckDB table what must be in them after each."""
import datetime as dt
import decimal
import math
from dataclasses import dataclass, field

import duckdb

# A value of each Iceberg type for row i; a type's name without its numbers.
EPOCH = dt.datetime(1969, 6, 1)
VALUES = {
    "long": lambda i: i,
    "int": lambda i: None if i % 5 == 0 else i % 9 - 4,
    "double": lambda i: math.nan if i % 13 == 7 else math.inf if i % 13 == 9 else 1.1 + i / 1000,
    "float": lambda i: None if i % 11 == 3 else i / 8 - 2,
    "boolean": lambda i: None if i % 7 == 0 else i % 2 == 0,
    "string": lambda i: ("BUY", "SELL", "it's é/ü", None)[i % 4],
    "decimal": lambda i: decimal.Decimal(i * 100 - 550).scaleb(-2),
    "date": lambda i: EPOCH.date() + dt.timedelta(days=31 * i),
    "timestamp": lambda i: dt.datetime(2019, 11, 1) + dt.timedelta(days=23 * i, microseconds=1001 * i),
    "timestamptz": lambda i: (EPOCH + dt.timedelta(hours=977 * i, microseconds=i)).replace(tzinfo=dt.timezone.utc),
    "binary": lambda i: bytes([i % 256]) * (i % 4),
}
TICKS = {"id": "long", "datetime": "timestamp", "bid": "double", "side": "string", "lots": "int"}
EVERY = TICKS | {"real": "float", "fee": "decimal(9, 2)", "total": "decimal(30, 2)", "day": "date", "flag": "boolean",
                 "zoned": "timestamptz", "raw": "binary"}


def bare(kind):
    return kind.split("(")[0]


def made_rows(columns, first, count):
    return [{name: VALUES[bare(kind)](i) for name, kind in columns.items()} for i in range(first, first + count)]


@dataclass(frozen=True)
class Case:
    """A step is a word and its arguments: see the methods of Model, which does each."""

    name: str
    steps: tuple
    columns: dict = field(default_factory=lambda: TICKS)
    partition: tuple = ()  # ("year", "datetime"), ("bucket[4]", "id"), ...



BY_YEAR = (("year", "datetime"),)
NEW_YEAR = dt.datetime(2021, 1, 1)
CASES = (
    Case("appends", (("insert", 0, 30), ("insert", 30, 5), ("insert", 35, 1))),
    Case("years", (("insert", 0, 40), ("insert", 40, 10), ("delete", ("datetime", "<", NEW_YEAR)),
                   ("delete", ("id", ">=", 45)), ("insert", 50, 5)), partition=BY_YEAR),
    Case("deletes", (("insert", 0, 40), ("delete", ("id", "=", 7)), ("delete", ("side", "=", "SELL")),
                     ("insert", 40, 20), ("delete", ("id", ">", 30), ("id", "<", 50)), ("delete", ("lots", "is", None)),
                     ("insert", 7, 1))),
    Case("updates", (("insert", 0, 30), ("update", "lots", 77, ("id", "<", 10)), ("upsert", 20, 20),
                     ("delete", ("id", "=", 25)))),
    Case("merges", (("insert", 0, 40), ("upsert", 30, 20), ("update", "bid", 0.5, ("side", "=", "BUY")),
                    ("delete", ("id", ">", 44))), partition=BY_YEAR),
    Case("equality", (("insert", 0, 30), ("delete equal", "side", ("SELL", None)), ("insert", 30, 20),
                      ("delete equal", "lots", (4, -4)), ("insert", 50, 6), ("delete", ("id", "=", 51)))),
    Case("schemas", (("insert", 0, 10), ("add", "note", "string"), ("insert", 10, 10), ("rename", "bid", "price"),
                     ("promote", "lots", "long"), ("insert", 20, 10), ("drop", "side"), ("add", "side", "double"),
                     ("insert", 30, 5), ("delete", ("id", "<", 3)))),
    Case("reordered", (("insert", 0, 10), ("move", "side", "first"), ("insert", 10, 5), ("move", "id", "after bid"),
                       ("delete", ("id", "=", 12)))),
    Case("specs", (("insert", 0, 20), ("partition", "bucket[4]", "id"), ("insert", 20, 20),
                   ("unpartition", "year", "datetime"), ("insert", 40, 10), ("partition", "month", "datetime"),
                   ("insert", 50, 10), ("delete", ("id", ">", 15), ("id", "<", 45))), partition=BY_YEAR),
    Case("names", (("insert", 0, 10), ("tag", "clean"), ("insert", 10, 10), ("branch", "audit"),
                   ("delete", ("id", "<", 5)), ("insert", 20, 3))),
    Case("branches", (("insert", 0, 10), ("branch", "audit"), ("insert on", "audit", 10, 10), ("insert", 30, 2))),
    Case("types", (("insert", 0, 30), ("delete", ("day", "<", dt.date(1970, 1, 1))), ("insert", 30, 30)),
         columns=EVERY, partition=(("identity", "side"), ("truncate[10]", "id"), ("day", "zoned"))),
    Case("transforms", (("insert", 0, 30), ("delete", ("id", "=", 3)), ("insert", 30, 30)), columns=EVERY,
         partition=(("month", "day"), ("bucket[3]", "zoned"), ("truncate[1]", "side"))),
)

PLAIN_TYPES = {"long": "BIGINT", "int": "INTEGER", "double": "DOUBLE", "float": "FLOAT", "boolean": "BOOLEAN",
               "string": "VARCHAR", "date": "DATE", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ",
               "binary": "BLOB"}


def told(kind, value):
    """The same text or number for the same value, whichever engine said it: as Python has it, or as JSON."""
    kind = bare(kind)
    if value is None:
        return None
    if kind in ("double", "float"):
        return repr(float(value))
    if kind == "decimal":
        return str(decimal.Decimal(value).quantize(decimal.Decimal("0.01")))
    if kind == "binary":
        return bytes(value).hex()
    if kind == "date":
        return str(value)[:10]
    if kind in ("timestamp", "timestamptz"):
        if isinstance(value, str):
            value = dt.datetime.fromisoformat(value.replace(" UTC", "+00:00"))
        if value.tzinfo:
            value = value.astimezone(dt.timezone.utc).replace(tzinfo=None)
        return value.isoformat(" ", "microseconds")
    return int(value) if kind in ("long", "int") else bool(value) if kind == "boolean" else str(value)


class Model:
    """What the table must be: an ordinary table of DuckDB that takes the same steps."""

    def __init__(self, case):
        self.columns = dict(case.columns)
        self.tables = duckdb.connect(config={"autoinstall_known_extensions": "false"})
        self.tables.execute("SET TimeZone = 'UTC'")
        self.create("main_", self.columns)
        self.at = {}  # Names of tags and branches: columns and rows.
        self.branches = set()

    def create(self, table, columns):
        names = ", ".join(f"{n} {PLAIN_TYPES.get(bare(k), k)}" for n, k in columns.items())
        self.tables.execute(f"CREATE TABLE {table} ({names})")

    def state(self, table="main_"):
        names = list(self.columns)
        rows = self.tables.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall()
        return dict(self.columns), sorted_rows([{n: told(k, v) for (n, k), v in zip(self.columns.items(), row)}
                                                for row in rows])

    def do(self, step):
        getattr(self, step[0].replace(" ", "_"))(*step[1:])
        for name in self.branches:
            self.at[name] = self.state(f"branch_{name}")

    def insert(self, first, count, table="main_"):
        marks = ", ".join("?" * len(self.columns))
        names = ", ".join(self.columns)
        for row in made_rows(self.columns, first, count):
            self.tables.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))

    def insert_on(self, branch, first, count):
        self.insert(first, count, f"branch_{branch}")

    def delete(self, *conditions):
        where = " AND ".join(f"{c} {op.replace('is', 'IS NOT DISTINCT FROM')} ?" for c, op, _ in conditions)
        self.tables.execute(f"DELETE FROM main_ WHERE {where}", [value for _, _, value in conditions])

    def delete_equal(self, column, values):
        for value in values:
            self.tables.execute(f"DELETE FROM main_ WHERE {column} IS NOT DISTINCT FROM ?", [value])

    def update(self, column, value, *conditions):
        where = " AND ".join(f"{c} {op} ?" for c, op, _ in conditions)
        self.tables.execute(f"UPDATE main_ SET {column} = ? WHERE {where}", [value, *(v for _, _, v in conditions)])

    def upsert(self, first, count):
        """Rows of these ids are put in place of those that are there, other columns of them changed a little."""
        self.delete(("id", ">=", first), ("id", "<", first + count))
        for row in upserted(self.columns, first, count):
            self.tables.execute(f"INSERT INTO main_ VALUES ({', '.join('?' * len(row))})", list(row.values()))

    def add(self, name, kind):
        self.columns[name] = kind
        self.tables.execute(f"ALTER TABLE main_ ADD COLUMN {name} {PLAIN_TYPES[bare(kind)]}")

    def drop(self, name):
        del self.columns[name]
        self.tables.execute(f"ALTER TABLE main_ DROP COLUMN {name}")

    def rename(self, old, new):
        self.columns = {new if name == old else name: kind for name, kind in self.columns.items()}
        self.tables.execute(f"ALTER TABLE main_ RENAME COLUMN {old} TO {new}")

    def promote(self, name, kind):
        self.columns[name] = kind
        self.tables.execute(f"ALTER TABLE main_ ALTER COLUMN {name} TYPE {PLAIN_TYPES[kind]}")

    def move(self, name, where):
        names = [n for n in self.columns if n != name]
        names.insert(0 if where == "first" else names.index(where.split()[1]) + 1, name)
        self.columns = {n: self.columns[n] for n in names}

    def partition(self, transform, column):
        """Rows stay where they are."""

    unpartition = partition

    def tag(self, name):
        self.at[name] = self.state()

    def branch(self, name):
        self.create(f"branch_{name}", self.columns)
        self.tables.execute(f"INSERT INTO branch_{name} SELECT {', '.join(self.columns)} FROM main_")
        self.branches.add(name)


def upserted(columns, first, count):
    rows = made_rows(columns, first, count)
    return [row | {"lots": 1000 + row["id"]} for row in rows]


def sorted_rows(rows):
    return sorted(rows, key=lambda row: row["id"])
