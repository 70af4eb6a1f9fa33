"""Each engine as a writer, which does the steps of lake_cases.py, and as a reader, which tells rows and snapshots."""
import base64
import importlib.util
import itertools
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import parse_transform
from pyiceberg.types import (BinaryType, BooleanType, DateType, DecimalType, DoubleType, FloatType, IntegerType,
                             LongType, NestedField, StringType, TimestampType, TimestamptzType)

sys.path.insert(0, str(Path(__file__).parent))
from lake_cases import bare, made_rows, sorted_rows, told, upserted  # noqa: E402
from lake_engines import KEYS  # noqa: E402
from lake_services import BIN, plain_environment  # noqa: E402

ICEBERG_TYPES = {"long": LongType(), "int": IntegerType(), "double": DoubleType(), "float": FloatType(),
                 "boolean": BooleanType(), "string": StringType(), "date": DateType(), "timestamp": TimestampType(),
                 "timestamptz": TimestamptzType(), "binary": BinaryType()}
ARROW_TYPES = {"long": pa.int64(), "int": pa.int32(), "double": pa.float64(), "float": pa.float32(),
               "boolean": pa.bool_(), "string": pa.string(), "date": pa.date32(), "timestamp": pa.timestamp("us"),
               "timestamptz": pa.timestamp("us", "UTC"), "binary": pa.binary()}
SEEDS = itertools.count(1)


def digits(kind):
    return [int(word) for word in kind.split("(")[1].rstrip(")").split(",")]


def iceberg_type(kind):
    return DecimalType(*digits(kind)) if bare(kind) == "decimal" else ICEBERG_TYPES[kind]


def arrow_of(columns, rows):
    types = {name: pa.decimal128(*digits(kind)) if bare(kind) == "decimal" else ARROW_TYPES[kind]
             for name, kind in columns.items()}
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in types.items()})


def schema_of(columns):
    return Schema(*(NestedField(i, name, iceberg_type(kind), required=False)
                    for i, (name, kind) in enumerate(columns.items(), 1)))


def spec_of(schema, partition):
    return PartitionSpec(*(PartitionField(schema.find_field(column).field_id, 1000 + i, parse_transform(transform),
                                          f"{column}_{transform.split('[')[0]}")
                           for i, (transform, column) in enumerate(partition)))


def typed(columns, names, rows):
    """Rows of an engine told in one way. `names` is the engine's order of columns: it must be the table's."""
    assert list(names) == list(columns), f"columns {list(names)} instead of {list(columns)}"
    return sorted_rows([{n: told(k, v) for (n, k), v in zip(columns.items(), row)} for row in rows])


class SqlWriter:
    """An engine that is told by SQL. `templates`: how each step is said; `types`: how a type is called."""

    def __init__(self, ask, where, types, templates, transforms=None, properties="", binary="X'{}'", quote="''"):
        self.ask, self.where, self.types, self.templates = ask, where, types, templates
        self.transforms, self.properties, self.binary, self.quote = transforms or {}, properties, binary, quote
        self.columns, self.spec, self.table = {}, [], ""

    def type(self, kind):
        return self.types.get(bare(kind), kind)

    def literal(self, kind, value):
        if value is None:
            return f"CAST(NULL AS {self.type(kind)})"
        if bare(kind) == "binary":
            return self.binary.format(value.hex())
        text = {"nan": "NaN", "inf": "Infinity"}.get(str(value), str(value)).replace("'", self.quote)
        if bare(kind) == "timestamptz":
            text = value.strftime("%Y-%m-%d %H:%M:%S.%f") + " UTC"
        return f"CAST('{text}' AS {self.type(kind)})"

    def values(self, rows):
        return ", ".join("(" + ", ".join(self.literal(self.columns[n], v) for n, v in row.items()) + ")" for row in rows)

    def condition(self, conditions):
        return " AND ".join(f"{c} IS NULL" if op == "is" else f"{c} {op} {self.literal(self.columns[c], v)}"
                            for c, op, v in conditions)

    def fields(self):
        return ", ".join(self.transform(*field) for field in self.spec)

    def transform(self, transform, column):
        name, _, number = transform.rstrip("]").partition("[")
        return self.transforms[name].format(column=column, number=number)

    def say(self, word, **names):
        columns = ", ".join(f"{n} {self.type(k)}" for n, k in self.columns.items())
        names = {"table": f"{self.where}.{self.table}", "columns": columns, "fields": self.fields(),
                 "properties": self.properties, "names": ", ".join(self.columns)} | names
        self.ask(self.templates[word].format(**names))

    def create(self, table, case):
        self.table, self.columns, self.spec = table, dict(case.columns), list(case.partition)
        self.say("create" if self.spec else "create plain")

    def do(self, step):
        word, *rest = step
        getattr(self, "do_" + word.replace(" ", "_"))(*rest)

    def do_insert(self, first, count):
        self.say("insert", values=self.values(made_rows(self.columns, first, count)))

    def do_insert_on(self, branch, first, count):
        self.say("insert on", branch=branch, values=self.values(made_rows(self.columns, first, count)))

    def do_delete(self, *conditions):
        self.say("delete", where=self.condition(conditions))

    def do_delete_equal(self, column, values):
        self.say("delete equal", column=column, values=repr(values))

    def do_update(self, column, value, *conditions):
        self.say("update", column=column, value=self.literal(self.columns[column], value),
                 where=self.condition(conditions))

    def do_upsert(self, first, count):
        sets = ", ".join(f"{n} = s.{n}" for n in self.columns)
        self.say("upsert", values=self.values(upserted(self.columns, first, count)), sets=sets,
                 given=", ".join(f"s.{n}" for n in self.columns))

    def do_add(self, name, kind):
        self.say("add", name=name, type=self.type(kind))
        self.columns[name] = kind

    def do_drop(self, name):
        self.say("drop", name=name)
        del self.columns[name]

    def do_rename(self, old, new):
        self.say("rename", name=old, new=new)
        self.columns = {new if n == old else n: k for n, k in self.columns.items()}

    def do_promote(self, name, kind):
        self.say("promote", name=name, type=self.type(kind))
        self.columns[name] = kind

    def do_move(self, name, where):
        self.say("move", name=name, place=where.upper().replace("AFTER ", "AFTER "))

    def do_partition(self, transform, column):
        self.spec.append((transform, column))
        self.say("partition", field=self.transform(transform, column))

    def do_unpartition(self, transform, column):
        self.spec.remove((transform, column))
        self.say("unpartition", field=self.transform(transform, column))

    def do_tag(self, name):
        self.say("tag", name=name)

    def do_branch(self, name):
        self.say("branch", name=name)


DML = {
    "insert": "INSERT INTO {table} ({names}) VALUES {values}",
    "delete": "DELETE FROM {table} WHERE {where}",
    "update": "UPDATE {table} SET {column} = {value} WHERE {where}",
    "upsert": "MERGE INTO {table} t USING (SELECT * FROM (VALUES {values}) v({names})) s ON t.id = s.id "
              "WHEN MATCHED THEN UPDATE SET {sets} WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({given})",
}
SPARK_TYPES = {"long": "BIGINT", "timestamp": "TIMESTAMP_NTZ", "timestamptz": "TIMESTAMP"}
SPARK = DML | {
    "create": "CREATE TABLE {table} ({columns}) USING iceberg PARTITIONED BY ({fields}) TBLPROPERTIES ({properties})",
    "create plain": "CREATE TABLE {table} ({columns}) USING iceberg TBLPROPERTIES ({properties})",
    "insert on": "INSERT INTO {table}.branch_{branch} ({names}) VALUES {values}",
    "add": "ALTER TABLE {table} ADD COLUMNS ({name} {type})",
    "drop": "ALTER TABLE {table} DROP COLUMN {name}",
    "rename": "ALTER TABLE {table} RENAME COLUMN {name} TO {new}",
    "promote": "ALTER TABLE {table} ALTER COLUMN {name} TYPE {type}",
    "move": "ALTER TABLE {table} ALTER COLUMN {name} {place}",
    "partition": "ALTER TABLE {table} ADD PARTITION FIELD {field}",
    "unpartition": "ALTER TABLE {table} DROP PARTITION FIELD {field}",
    "tag": "ALTER TABLE {table} CREATE TAG {name}",
    "branch": "ALTER TABLE {table} CREATE BRANCH {name}",
}
# No engine here writes equality deletes by SQL (Flink does); Iceberg's own Java library inside Spark writes them.
SPARK["delete equal"] = """
iceberg = spark._jvm.org.apache.iceberg
table = iceberg.spark.Spark3Util.loadIcebergTable(spark._jsparkSession, "{table}")
schema = table.schema().select(spark._jvm.java.util.List.of("{column}"))
ids = spark.sparkContext._gateway.new_array(spark._jvm.int, 1)
ids[0] = table.schema().findField("{column}").fieldId()
factory = iceberg.data.GenericAppenderFactory(table.schema(), table.spec(), ids, schema, None)
place = table.io().newOutputFile(table.location() + "/data/equality-{column}.parquet")
writer = factory.newEqDeleteWriter(iceberg.encryption.EncryptedFiles.plainAsEncryptedOutput(place),
                                   iceberg.FileFormat.PARQUET, None)
for value in {values}:
    record = iceberg.data.GenericRecord.create(schema)
    record.setField("{column}", value)
    writer.write(record)
writer.close()
table.newRowDelta().addDeletes(writer.toDeleteFile()).commit()
spark.sql("REFRESH TABLE {table}")
"""
SPARK_TRANSFORMS = {"identity": "{column}", "year": "years({column})", "month": "months({column})",
                    "day": "days({column})", "bucket": "bucket({number}, {column})",
                    "truncate": "truncate({number}, {column})"}
SPARK_MODES = {
    "spark": "'format-version'='2'",
    "spark-merge-on-read": "'format-version'='2', 'write.delete.mode'='merge-on-read', "
                           "'write.update.mode'='merge-on-read', 'write.merge.mode'='merge-on-read'",
    "spark-vectors": "'format-version'='3', 'write.delete.mode'='merge-on-read', "
                     "'write.update.mode'='merge-on-read', 'write.merge.mode'='merge-on-read'",
    "spark-v1": "'format-version'='1'",
}
TRINO_TYPES = {"long": "BIGINT", "int": "INTEGER", "float": "REAL", "string": "VARCHAR", "binary": "VARBINARY",
               "timestamp": "TIMESTAMP(6)", "timestamptz": "TIMESTAMP(6) WITH TIME ZONE"}
TRINO = DML | {
    "create": "CREATE TABLE {table} ({columns}) WITH (partitioning = ARRAY[{fields}])",
    "create plain": "CREATE TABLE {table} ({columns})",
    "add": "ALTER TABLE {table} ADD COLUMN {name} {type}",
    "drop": "ALTER TABLE {table} DROP COLUMN {name}",
    "rename": "ALTER TABLE {table} RENAME COLUMN {name} TO {new}",
    "promote": "ALTER TABLE {table} ALTER COLUMN {name} SET DATA TYPE {type}",
    "partition": "ALTER TABLE {table} SET PROPERTIES partitioning = ARRAY[{fields}]",
    "unpartition": "ALTER TABLE {table} SET PROPERTIES partitioning = ARRAY[{fields}]",
}
TRINO_TRANSFORMS = {"identity": "'{column}'", "year": "'year({column})'", "month": "'month({column})'",
                    "day": "'day({column})'", "bucket": "'bucket({column}, {number})'",
                    "truncate": "'truncate({column}, {number})'"}
DUCKDB_TYPES = {"long": "BIGINT", "int": "INTEGER", "string": "VARCHAR", "binary": "BLOB"}
DUCKDB = DML | {
    "create": "CREATE TABLE {table} ({columns}) PARTITIONED BY ({fields})",
    "create plain": "CREATE TABLE {table} ({columns})",
}


def spark_writer(spark, mode):
    def tell(statement):
        return spark.request(python=statement) if statement.startswith("\niceberg") else spark.ask(statement)
    return SqlWriter(tell, "lake.gold", SPARK_TYPES, SPARK, SPARK_TRANSFORMS, SPARK_MODES[mode],
                     quote="\\'")


def trino_writer(trino, catalog):
    return SqlWriter(trino.ask, f"{catalog}.gold", TRINO_TYPES, TRINO, TRINO_TRANSFORMS)


def duckdb_extensions():
    for name in ("avro", "httpfs", "iceberg"):
        folder = Path(importlib.util.find_spec(f"duckdb_extension_{name}").origin).parent
        yield next(folder.rglob(f"{name}.duckdb_extension"))


def attach_duckdb(lakehouse):
    """DuckDB with the served catalog as `lake`."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    for path in duckdb_extensions():
        connection.execute(f"LOAD '{path}'")
    connection.execute(
        f"CREATE SECRET (TYPE s3, KEY_ID '{KEYS['AWS_ACCESS_KEY_ID']}', SECRET '{KEYS['AWS_SECRET_ACCESS_KEY']}', "
        f"ENDPOINT '{lakehouse.store.url.removeprefix('http://')}', URL_STYLE 'path', USE_SSL false, "
        "REGION 'us-east-1')")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"ATTACH '' AS lake (TYPE iceberg, ENDPOINT '{lakehouse.served.uri}', "
                       "AUTHORIZATION_TYPE 'none', ACCESS_DELEGATION_MODE 'none')")
    return connection


def duckdb_writer(connection):
    return SqlWriter(connection.execute, "lake.gold", DUCKDB_TYPES, DUCKDB, binary="unhex('{}')")


class PyIcebergWriter:
    def __init__(self, lakehouse):
        self.lakehouse = lakehouse

    def create(self, table, case):
        schema = schema_of(case.columns)
        self.columns = dict(case.columns)
        self.table = self.lakehouse.pyiceberg().create_table(f"gold.{table}", schema, partition_spec=spec_of(schema, case.partition))

    def do(self, step):
        word, *rest = step
        getattr(self, "do_" + word.replace(" ", "_"))(*rest)

    def do_insert(self, first, count):
        self.table.append(arrow_of(self.columns, made_rows(self.columns, first, count)))

    def do_insert_on(self, branch, first, count):
        self.table.append(arrow_of(self.columns, made_rows(self.columns, first, count)), branch=branch)

    def do_delete(self, *conditions):
        self.table.delete(text_filter(conditions))

    def do_upsert(self, first, count):
        self.table.upsert(arrow_of(self.columns, upserted(self.columns, first, count)), join_cols=["id"])

    def do_add(self, name, kind):
        with self.table.update_schema() as change:
            change.add_column(name, iceberg_type(kind))
        self.columns[name] = kind

    def do_drop(self, name):
        with self.table.update_schema() as change:
            change.delete_column(name)
        del self.columns[name]

    def do_rename(self, old, new):
        with self.table.update_schema() as change:
            change.rename_column(old, new)
        self.columns = {new if n == old else n: k for n, k in self.columns.items()}

    def do_promote(self, name, kind):
        with self.table.update_schema() as change:
            change.update_column(name, iceberg_type(kind))
        self.columns[name] = kind

    def do_move(self, name, where):
        with self.table.update_schema() as change:
            if where == "first":
                change.move_first(name)
            else:
                change.move_after(name, where.split()[1])
        self.columns = {f.name: self.columns[f.name] for f in self.table.schema().fields}

    def do_partition(self, transform, column):
        with self.table.update_spec() as change:
            change.add_field(column, parse_transform(transform), f"{column}_{transform.split('[')[0]}")

    def do_unpartition(self, transform, column):
        with self.table.update_spec() as change:
            change.remove_field(f"{column}_{transform.split('[')[0]}")

    def do_tag(self, name):
        self.table.manage_snapshots().create_tag(self.table.current_snapshot().snapshot_id, name).commit()

    def do_branch(self, name):
        self.table.manage_snapshots().create_branch(self.table.current_snapshot().snapshot_id, name).commit()


def text_filter(conditions):
    """As PyIceberg and tickhouse read it."""
    def value(v):
        return f"'{v.isoformat()}'" if hasattr(v, "isoformat") else f"'{v}'" if isinstance(v, str) else v
    return " and ".join(f"{c} is null" if op == "is" else f"{c} {op} {value(v)}" for c, op, v in conditions)


def peer_program(name, folder="bin"):
    """A test program of ours, in the build tree that TICKHOUSE_BIN belongs to."""
    build = next(p for p in Path(BIN).resolve().parents if (p / "CMakeCache.txt").exists())
    return build / folder / name


class TickhouseWriter:
    """Rows by our library, all else by our command line. `delete`: by copy on write or by position deletes."""

    def __init__(self, lakehouse, delete):
        self.lakehouse, self.delete = lakehouse, delete

    def peer(self, command, *words):
        lake = {"catalog": self.lakehouse.uri, "name": self.lakehouse.catalog, "warehouse": self.lakehouse.warehouse,
                "seed": next(SEEDS)}
        done = subprocess.run([peer_program("rows_peer"), command, json.dumps(lake), f"gold.{self.table}", *words],
                              capture_output=True, text=True, env=plain_environment(**self.lakehouse.s3))
        assert done.returncode == 0, done.stderr

    def create(self, table, case):
        schema = schema_of(case.columns)
        self.table, self.columns = table, dict(case.columns)
        self.peer("create", schema.model_dump_json(), spec_of(schema, case.partition).model_dump_json())

    def do(self, step):
        word, *rest = step
        getattr(self, "do_" + word.replace(" ", "_"))(*rest)

    def do_insert(self, first, count):
        rows = self.lakehouse.folder / "in.parquet"
        pq.write_table(arrow_of(self.columns, made_rows(self.columns, first, count)), rows,
                       store_decimal_as_integer=True)
        self.peer("append", rows)

    def do_delete(self, *conditions):
        self.peer(self.delete, text_filter(conditions))

    def evolve(self, option, value):
        self.lakehouse.run("lake", "evolve", self.table, option, value)

    def do_add(self, name, kind):
        self.evolve("--add-column", f"{name} {kind}")
        self.columns[name] = kind

    def do_drop(self, name):
        self.evolve("--drop-column", name)
        del self.columns[name]

    def do_rename(self, old, new):
        self.evolve("--rename-column", f"{old}={new}")
        self.columns = {new if n == old else n: k for n, k in self.columns.items()}

    def do_promote(self, name, kind):
        self.evolve("--promote-column", f"{name} {kind}")
        self.columns[name] = kind

    def do_move(self, name, where):
        self.evolve("--move-column", f"{name} {where}")

    def do_partition(self, transform, column):
        self.evolve("--add-partition", f"{transform}({column})")

    def do_unpartition(self, transform, column):
        spec = self.lakehouse.pyiceberg().load_table(f"gold.{self.table}").spec()
        self.evolve("--drop-partition", next(f.name for f in spec.fields if str(f.transform) == transform))

    def do_tag(self, name):
        self.lakehouse.run("lake", "tag", self.table, name)

    def do_branch(self, name):
        self.lakehouse.run("lake", "branch", self.table, name)


# Readers: rows of a table, now or at a snapshot id, tag or branch, as `typed` tells them.


def read_by_tickhouse(lakehouse, table, columns, at=None):
    out = lakehouse.folder / "out.parquet"
    lakehouse.run("sql", f"select * from gold.{table}", "--output", out, *(["--at", at] if at else []))
    rows = pq.read_table(out)
    out.unlink()
    return typed(columns, rows.column_names, zip(*(column.to_pylist() for column in rows.columns)))


def read_by_pyiceberg(lakehouse, table, columns, at=None):
    opened = lakehouse.pyiceberg().load_table(f"gold.{table}")
    snapshot = None if at is None else at if isinstance(at, int) else opened.snapshot_by_name(at).snapshot_id
    rows = opened.scan(snapshot_id=snapshot).to_arrow()
    return typed(columns, rows.column_names, zip(*(column.to_pylist() for column in rows.columns)))


def read_by_duckdb(connection, snapshot_named, table, columns, at=None):
    if isinstance(at, str):
        at = snapshot_named(table, at)
    when = f" AT (VERSION => {at})" if at else ""
    done = connection.execute(f"SELECT * FROM lake.gold.{table}{when}")
    return typed(columns, [d[0] for d in done.description], done.fetchall())


def read_by_spark(spark, table, columns, at=None):
    when = "" if at is None else f" VERSION AS OF {at}" if isinstance(at, int) else f" VERSION AS OF '{at}'"
    names = [row[0] for row in spark.ask(f"DESCRIBE lake.gold.{table}") if row[0]] if at is None else list(columns)
    names = list(itertools.takewhile(lambda name: not name.startswith("#"), names))
    rows = spark.ask(f"SELECT {', '.join(columns)} FROM lake.gold.{table}{when}")
    raw = [name for name, kind in columns.items() if kind == "binary"]
    return typed(columns, names, unpacked(columns, rows, raw, bytes.fromhex))


def read_by_trino(trino, table, columns, at=None):
    when = "" if at is None else f" FOR VERSION AS OF {at}" if isinstance(at, int) else f" FOR VERSION AS OF '{at}'"
    names = [row[0] for row in trino.ask(f"SHOW COLUMNS FROM lake.gold.{table}")] if at is None else list(columns)
    rows = trino.ask(f"SELECT {', '.join(columns)} FROM lake.gold.{table}{when}")
    raw = [name for name, kind in columns.items() if kind == "binary"]
    return typed(columns, names, unpacked(columns, rows, raw, base64.b64decode))


def unpacked(columns, rows, raw, unpack):
    places = [list(columns).index(name) for name in raw]
    for row in rows:
        for place in places:
            row[place] = None if row[place] is None else unpack(row[place])
    return rows
