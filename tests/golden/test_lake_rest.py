"""`tickhouse lake serve` to PyIceberg and DuckDB: what each writes the others read, over SQLite and PostgreSQL."""
import datetime as dt
import importlib.util
import json
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import (CommitFailedException, NamespaceNotEmptyError, NoSuchTableError, RESTError,
                                  TableAlreadyExistsError, UnauthorizedError)
from pyiceberg.expressions import EqualTo, LessThan
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform, YearTransform
from pyiceberg.types import DoubleType, NestedField, StringType, TimestampType

sys.path.insert(0, str(Path(__file__).parent))
from lake_services import Postgres, Served, free_port, postgres_programs, run  # noqa: E402

SCHEMA = Schema(NestedField(1, "datetime", TimestampType()), NestedField(2, "bid", DoubleType()),
                NestedField(3, "ask", DoubleType()))
BY_YEAR = PartitionSpec(PartitionField(1, 1000, YearTransform(), "datetime_year"))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="module")
def cluster():
    if postgres_programs() is None:
        pytest.skip("postgresql is not installed (tools/setup.sh test)")
    server = Postgres()
    yield server
    server.stop()


class Lake:
    """A workspace that is served, its catalog as PyIceberg opens it directly, and as a client."""

    def __init__(self, folder, kind, cluster=None):
        self.folder, self.kind, self.cluster = folder, kind, cluster
        self.database, self.servers = None, []
        words = []
        if kind == "postgres":
            self.database = cluster.new_database()
            words = ["--catalog", "postgres", "--uri", cluster.uri(self.database)]
        self.init = run(folder, "lake", "init", "--workspace", "lakehouse", *words).stdout

    def serve(self, *words, port=0):
        self.servers.append(Served(self.folder, "--workspace", "lakehouse", *words, port=port))
        return self.servers[-1]

    def client(self, **properties):
        server = self.servers[-1] if self.servers else self.serve()
        return load_catalog("served", type="rest", uri=server.uri, **properties)

    def direct(self):
        place = self.folder / "lakehouse"
        uri = (f"sqlite:///{place}/catalog.db" if self.kind == "sqlite" else
               self.cluster.uri(self.database).replace("postgresql://", "postgresql+psycopg2://"))
        return SqlCatalog("catalog-dw", uri=uri, warehouse=f"file://{place}/warehouse")

    def run(self, *words, code=0, **environment):
        return run(self.folder, *words, "--workspace", "lakehouse", code=code, **environment)

    def stop(self):
        for server in self.servers:
            assert server.stop() == 130, server.said()


@pytest.fixture(params=["sqlite", "postgres"])
def lake(request, tmp_path):
    served = Lake(tmp_path, request.param,
                  request.getfixturevalue("cluster") if request.param == "postgres" else None)
    yield served
    served.stop()


@pytest.fixture
def sqlite_lake(tmp_path):
    served = Lake(tmp_path, "sqlite")
    yield served
    served.stop()


def ticks(year, rows=10):
    times = [dt.datetime(year, 1, 1) + dt.timedelta(days=30 * i) for i in range(rows)]
    return pa.table({"datetime": pa.array(times, pa.timestamp("us")), "bid": [year + i / 16 for i in range(rows)],
                     "ask": [year + i / 16 + 0.5 for i in range(rows)]})


def rows_of(table, **scan):
    return sorted(map(tuple, (row.values() for row in table.scan(**scan).to_arrow().to_pylist())), key=str)


def as_rows(*tables):
    return sorted((tuple(row.values()) for table in tables for row in table.to_pylist()), key=str)


def ask_fully(url, method="GET", body=None, headers=None):
    """Status, headers and JSON of one plain request."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers or {}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, answer.headers, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read() or b"null")


def ask(url, method="GET", body=None, **headers):
    status, _, answer = ask_fully(url, method, body, headers)
    return status, answer


def test_pyiceberg_makes_fills_changes_and_drops_tables(lake):
    catalog = lake.client()
    catalog.create_namespace("fx", {"owner": "desk"})
    catalog.update_namespace_properties("fx", updates={"a": "b"}, removals={"owner"})
    assert catalog.load_namespace_properties("fx")["a"] == "b"
    assert set(catalog.list_namespaces()) == {("fx",), ("gold",)}
    table = catalog.create_table("gold.eurusd", SCHEMA, partition_spec=BY_YEAR, properties={"owner": "desk"})
    with pytest.raises(TableAlreadyExistsError):
        catalog.create_table("gold.eurusd", SCHEMA)
    table.append(ticks(2020))
    table.append(ticks(2021))
    assert rows_of(table) == as_rows(ticks(2020), ticks(2021))
    assert rows_of(table, row_filter=LessThan("bid", 2021)) == as_rows(ticks(2020))
    table.delete(EqualTo("bid", 2020.0))
    table.overwrite(ticks(2022), overwrite_filter=LessThan("bid", 2021))
    assert rows_of(table) == as_rows(ticks(2021), ticks(2022))
    # The same rows by the catalog itself, without the server, and by our own reader.
    assert rows_of(lake.direct().load_table("gold.eurusd")) == as_rows(ticks(2021), ticks(2022))
    assert "20" in lake.run("sql", "select count(*) from gold.eurusd", "--format", "csv").stdout
    catalog.rename_table("gold.eurusd", "fx.euro")
    with pytest.raises(NoSuchTableError):
        catalog.load_table("gold.eurusd")
    with pytest.raises(NamespaceNotEmptyError):
        catalog.drop_namespace("fx")
    metadata = catalog.load_table("fx.euro").metadata_location
    catalog.drop_table("fx.euro")
    assert catalog.list_tables("fx") == []
    again = catalog.register_table("fx.back", metadata)
    assert rows_of(again) == as_rows(ticks(2021), ticks(2022))
    catalog.purge_table("fx.back")
    assert not Path(metadata.removeprefix("file://")).exists()
    catalog.drop_namespace("fx")


def test_pyiceberg_evolves_schemas_partitions_and_names(lake):
    table = lake.client().create_table("gold.gbpjpy", SCHEMA, partition_spec=BY_YEAR)
    table.append(ticks(2020))
    first = table.current_snapshot().snapshot_id
    with table.update_schema() as update:
        update.rename_column("ask", "offer")
        update.add_column("side", StringType(), doc="BUY or SELL")
    with table.update_spec() as update:
        update.add_field("side", IdentityTransform(), "side_value")
    table.manage_snapshots().create_tag(first, "before").commit()
    more = ticks(2021).rename_columns(["datetime", "bid", "offer"]).append_column("side", [["BUY"] * 10])
    table.append(more)
    with table.transaction() as change:
        change.set_properties(owner="desk")
        change.append(more)
    for opened in (lake.client().load_table("gold.gbpjpy"), lake.direct().load_table("gold.gbpjpy")):
        assert [f.name for f in opened.schema().fields] == ["datetime", "bid", "offer", "side"]
        assert [str(f.transform) for f in opened.spec().fields] == ["year", "identity"]
        assert opened.properties["owner"] == "desk"
        assert opened.scan().to_arrow().num_rows == 30
        assert opened.scan(snapshot_id=opened.snapshot_by_name("before").snapshot_id).to_arrow().num_rows == 10
    shown = json.loads(lake.run("lake", "show", "gbpjpy", "--json").stdout)
    assert shown["table"]["rows"] == 30


def test_a_table_and_its_first_rows_are_made_in_one_step(lake):
    with lake.client().create_table_transaction("gold.xau", SCHEMA, partition_spec=BY_YEAR) as staged:
        staged.append(ticks(2020))
        with pytest.raises(NoSuchTableError):
            lake.direct().load_table("gold.xau")
    table = lake.direct().load_table("gold.xau")
    assert rows_of(table) == as_rows(ticks(2020)) and len(table.snapshots()) == 1


def property_change(name, value, uuid):
    return {"identifier": {"namespace": ["gold"], "name": name},
            "requirements": [{"type": "assert-table-uuid", "uuid": uuid}],
            "updates": [{"action": "set-properties", "updates": {"n": value}}]}


def test_several_tables_change_together_or_not_at_all(lake):
    catalog = lake.client()
    tables = [catalog.create_table(f"gold.t{i}", SCHEMA) for i in range(3)]
    uuids = [str(table.metadata.table_uuid) for table in tables]
    url = lake.servers[-1].uri + "/v1/transactions/commit"
    good = {"table-changes": [property_change(f"t{i}", "1", uuids[i]) for i in range(3)]}
    assert ask(url, "POST", good)[0] == 204
    bad = {"table-changes": [property_change(f"t{i}", "2", uuids[i] if i < 2 else uuids[0]) for i in range(3)]}
    status, answer = ask(url, "POST", bad)
    assert status == 409 and answer["error"]["type"] == "CommitFailedException"
    assert [catalog.load_table(f"gold.t{i}").properties["n"] for i in range(3)] == ["1"] * 3


def test_what_did_not_change_is_not_sent_again(lake):
    table = lake.client().create_table("gold.eurusd", SCHEMA)
    url = lake.servers[-1].uri + "/v1/namespaces/gold/tables/eurusd"
    status, headers, loaded = ask_fully(url)
    assert status == 200 and loaded["metadata-location"] == table.metadata_location
    known = {"If-None-Match": headers["ETag"]}
    status, headers, nothing = ask_fully(url, headers=known)
    assert (status, nothing) == (304, None) and headers["ETag"] == known["If-None-Match"]
    lake.direct().load_table("gold.eurusd").append(ticks(2020))  # Not through the server.
    status, headers, loaded = ask_fully(url, headers=known)
    assert status == 200 and headers["ETag"] != known["If-None-Match"]
    assert len(loaded["metadata"]["snapshots"]) == 1


def test_a_request_that_comes_again_by_its_key_is_done_once(lake):
    table = lake.client().create_table("gold.eurusd", SCHEMA)
    url = lake.servers[-1].uri + "/v1/namespaces/gold/tables/eurusd"
    key = {"Idempotency-Key": "0198a5b2-0000-7000-8000-000000000001"}
    change = property_change("eurusd", "1", str(table.metadata.table_uuid))
    first = ask_fully(url, "POST", change, key)
    assert first[0] == 200
    lake.client().load_table("gold.eurusd").transaction().set_properties(n="2").commit_transaction()
    again = ask_fully(url, "POST", change, key)
    assert again[0] == 200 and again[2] == first[2]
    assert lake.direct().load_table("gold.eurusd").properties["n"] == "2"
    assert ask_fully(url, "POST", property_change("eurusd", "3", str(table.metadata.table_uuid)), key)[0] == 422
    # A namespace made twice is there already, unless it is the same request.
    body = {"namespace": ["fx"], "properties": {}}
    spaces, key = lake.servers[-1].uri + "/v1/namespaces", {"Idempotency-Key": "0198a5b2-0000-7000-8000-000000000002"}
    assert [ask_fully(spaces, "POST", body, key)[0] for _ in range(2)] == [200, 200]
    assert ask_fully(spaces, "POST", body)[0] == 409


@pytest.mark.slow
def test_no_append_of_several_clients_is_lost(lake):
    lake.client().create_table("gold.busy", SCHEMA)
    failures = []

    def write(year):
        try:
            for _ in range(4):
                while True:
                    try:
                        lake.client().load_table("gold.busy").append(ticks(year))
                        break
                    except CommitFailedException:
                        pass
        except Exception as error:  # noqa: BLE001: whatever it is, the test must tell it.
            failures.append(error)

    threads = [threading.Thread(target=write, args=(2000 + i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    table = lake.direct().load_table("gold.busy")
    assert table.scan().to_arrow().num_rows == 120 and len(table.snapshots()) == 12


def extensions():
    names = ("avro", "httpfs", "iceberg")
    if any(importlib.util.find_spec(f"duckdb_extension_{name}") is None for name in names):
        pytest.skip("DuckDB's iceberg extension is not installed (tools/setup.sh test)")
    for name in names:
        folder = Path(importlib.util.find_spec(f"duckdb_extension_{name}").origin).parent
        yield next(folder.rglob(f"{name}.duckdb_extension"))


def attach(lake, **options):
    """DuckDB with the served catalog as `lake`."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    for path in extensions():
        connection.execute(f"LOAD '{path}'")
    options = {"ENDPOINT": f"'{lake.servers[-1].uri}'", "AUTHORIZATION_TYPE": "'none'"} | options
    words = ", ".join(f"{key} {value}" for key, value in options.items())
    connection.execute(f"ATTACH '' AS lake (TYPE iceberg, {words})")
    return connection


def test_duckdb_reads_what_pyiceberg_and_we_wrote(lake):
    table = lake.client().create_table("gold.eurusd", SCHEMA, partition_spec=BY_YEAR)
    table.append(ticks(2020))
    table.append(ticks(2021))
    table.delete(LessThan("bid", 2020.25))
    run(lake.folder, "generate", "--symbol", "GBPJPY", "--out", "raw", "--days", 1, "--seed", 3)
    run(lake.folder, "convert", "raw", "bucket/Training Batch")
    told = json.loads(lake.run("lake", "migrate", "bucket", "--json").stdout)
    duck = attach(lake)
    got = duck.execute("select * from lake.gold.eurusd").fetchall()
    assert sorted(got, key=str) == rows_of(table) and len(got) == 16
    count, low, high = duck.execute("select count(*), min(bid), max(ask) from lake.gold.gbpjpy").fetchone()
    ours = lake.direct().load_table("gold.gbpjpy").scan().to_arrow()
    assert count == ours.num_rows == told["counts"]["rows_added"]
    assert low == min(ours["bid"].to_pylist()) and high == max(ours["ask"].to_pylist())
    assert duck.execute("select count(*) from lake.gold.eurusd where datetime < '2020-12-31'").fetchone()[0] == 6


def test_duckdb_writes_what_we_and_pyiceberg_read(lake):
    lake.client().create_table("gold.eurusd", SCHEMA).append(ticks(2020))
    duck = attach(lake)
    duck.execute("insert into lake.gold.eurusd values ('2023-05-01 00:00:00', 1.25, 1.5)")
    duck.execute("create table lake.gold.made (id bigint, name varchar)")
    duck.execute("insert into lake.gold.made values (1, 'one'), (2, 'two')")
    held = rows_of(lake.direct().load_table("gold.eurusd"))
    assert held == sorted([*as_rows(ticks(2020)), (dt.datetime(2023, 5, 1), 1.25, 1.5)], key=str)
    assert rows_of(lake.direct().load_table("gold.made")) == [(1, "one"), (2, "two")]
    assert "1.25" in lake.run("sql", "select min(bid) from gold.eurusd", "--format", "csv").stdout
    assert "2, size unknown" in lake.run("lake", "show", "eurusd").stdout  # DuckDB does not tell it.
    assert "unknown" in lake.run("lake", "tables").stdout


def test_our_own_client_works_over_the_server(lake):
    server = lake.serve()
    rest = ["--catalog", "rest", "--uri", server.uri, "--warehouse", lake.folder / "lakehouse/warehouse"]
    run(lake.folder, "generate", "--symbol", "EURUSD", "--out", "raw", "--days", 1, "--seed", 4)
    run(lake.folder, "convert", "raw", "bucket/Training Batch")
    told = json.loads(run(lake.folder, "lake", "migrate", "bucket", "--json", *rest, "--workspace", "client").stdout)
    tables = json.loads(run(lake.folder, "lake", "tables", "--json", *rest, "--workspace", "client").stdout)["tables"]
    assert [(t["table"], t["rows"]) for t in tables] == [("gold.eurusd", told["counts"]["rows_added"])]
    assert lake.direct().load_table("gold.eurusd").scan().to_arrow().num_rows == told["counts"]["rows_added"]
    assert str(told["counts"]["rows_added"]) in run(lake.folder, "sql", "select count(*) from eurusd", "--format", "csv",
                                                    *rest, "--workspace", "client").stdout


def test_the_token_is_asked_for(sqlite_lake):
    (sqlite_lake.folder / "token").write_text("s3cret-token\n")
    server = sqlite_lake.serve("--token-file", "token")
    assert ask(server.uri + "/v1/config")[0] == 401
    with pytest.raises((UnauthorizedError, RESTError)):
        sqlite_lake.client()
    with pytest.raises((UnauthorizedError, RESTError)):
        sqlite_lake.client(token="s3cret-tokeN")
    assert sqlite_lake.client(token="s3cret-token").list_namespaces() == [("gold",)]
    assert sqlite_lake.client(credential="me:s3cret-token").list_namespaces() == [("gold",)]
    rest = ["lake", "tables", "--workspace", "client", "--catalog", "rest", "--uri", server.uri]
    assert "bearer token" in run(sqlite_lake.folder, *rest, code=1).stderr
    run(sqlite_lake.folder, *rest, TICKHOUSE_REST_TOKEN="s3cret-token")
    run(sqlite_lake.folder, *rest, TICKHOUSE_REST_CREDENTIAL="me:s3cret-token")
    said = server.said()
    assert "GET /v1/namespaces" in said and " 401 " in said and "s3cret" not in said
    duck = attach(sqlite_lake, AUTHORIZATION_TYPE="'oauth2'", TOKEN="'s3cret-token'")
    assert ("gold",) in duck.execute("select schema_name from information_schema.schemata where "
                                     "catalog_name = 'lake'").fetchall()


@pytest.mark.parametrize("words, code, message", [
    (["--host", "0.0.0.0"], 2, "--insecure"),
    (["--host", "example"], 2, "example"),
    (["--port", "70000"], 2, "70000"),
    (["--token", "a", "--token-file", "b"], 2, "not both"),
    (["--token", "a b"], 2, "without blanks"),
    (["--token-file", "missing"], 1, "missing"),
    (["--workspace", "nowhere"], 1, "lake init"),
])
def test_what_cannot_be_served_is_refused(sqlite_lake, words, code, message):
    words = words if "--workspace" in words else [*words, "--workspace", "lakehouse"]
    assert message in run(sqlite_lake.folder, "lake", "serve", "--port-file", "port", *words, code=code).stderr
    assert not (sqlite_lake.folder / "port").exists()


def test_a_port_is_served_once_and_free_again_after_ctrl_c(sqlite_lake):
    first = sqlite_lake.serve()
    port = first.uri.rsplit(":", 1)[1]
    assert port in sqlite_lake.run("lake", "serve", "--port", port, code=1).stderr
    assert first.stop() == 130
    assert "ended after" in first.said() and not first.port_file.exists()
    assert sqlite_lake.serve(port=port).uri == first.uri
    sqlite_lake.serve("--host", "0.0.0.0", "--insecure")
    assert "everybody who reaches" in sqlite_lake.servers[-1].said()


INFORMATION = ("iceberg_columns", "iceberg_partitions", "iceberg_snapshots", "iceberg_manifest_files",
               "iceberg_data_files", "iceberg_refs", "iceberg_properties")


@pytest.fixture
def postgres_lake(tmp_path, cluster):
    served = Lake(tmp_path, "postgres", cluster)
    yield served
    served.stop()


def told(lake):
    return {table: lake.cluster.rows(lake.database, f"select * from {table}") for table in INFORMATION}


def test_the_informational_tables_follow_and_are_filled_anew(postgres_lake):
    lake, rows = postgres_lake, postgres_lake.cluster.rows
    assert "table iceberg_data_files" in lake.init and "schema gold" in lake.init
    again = lake.run("lake", "init")
    assert "nothing, all was there" in again.stdout
    table = lake.client().create_table("gold.eurusd", SCHEMA, partition_spec=BY_YEAR)
    table.append(ticks(2020))
    table.append(ticks(2021))
    files = sorted(task.file.file_path for task in table.scan().plan_files())
    assert rows(lake.database, "select file_path from iceberg_data_files") == files
    assert rows(lake.database, "select column_name, column_type, column_position from iceberg_columns") == [
        "ask|double|3", "bid|double|2", "datetime|timestamp|1"]
    entries = table.inspect.entries().to_pylist()
    assert rows(lake.database, "select snapshot_id, file_path from iceberg_data_files") == sorted(
        f"{entry['snapshot_id']}|{entry['data_file']['file_path']}" for entry in entries)
    assert rows(lake.database, "select ref_name, snapshot_id, type from iceberg_refs") == [
        f"{ref['name']}|{ref['snapshot_id']}|{ref['type']}" for ref in table.inspect.refs().to_pylist()]
    in_step = told(lake)
    lake.run("lake", "sync-info")
    assert told(lake) == in_step
    # Another engine does not tell; our next word does.
    lake.direct().load_table("gold.eurusd").append(ticks(2022))
    assert told(lake) == in_step
    counts = json.loads(lake.run("lake", "sync-info", "eurusd", "--json").stdout)["tables"][0]
    assert (counts["snapshots"], counts["data_files"]) == (3, 3)
    lake.direct().drop_table("gold.eurusd")
    assert "gold.eurusd is gone" in lake.run("lake", "sync-info").stdout
    assert not any(told(lake).values())


def test_a_sqlite_lakehouse_has_no_informational_tables(sqlite_lake):
    assert "PostgreSQL" in sqlite_lake.run("lake", "sync-info", code=1).stderr


def test_a_database_of_another_layout_is_refused_and_left_alone(cluster, tmp_path):
    database = cluster.new_database()
    cluster.rows(database, "create table iceberg_refs (mine int)")
    done = run(tmp_path, "lake", "init", "--catalog", "postgres", "--uri", cluster.uri(database), code=1)
    assert "iceberg_refs" in done.stderr and "search_path" in done.stderr
    assert cluster.rows(database, "select tablename from pg_tables where schemaname = 'public'") == ["iceberg_refs"]
    assert not (tmp_path / "lakehouse/tickhouse.toml").exists()
    other = cluster.uri(database) + "?options=-csearch_path%3Dgold"
    cluster.rows(database, "create schema gold")
    run(tmp_path, "lake", "init", "--catalog", "postgres", "--uri", other)
    assert len(cluster.rows(database, "select tablename from pg_tables where schemaname = 'gold'")) == 9


def test_the_port_that_nobody_serves_is_named(tmp_path):
    uri = f"http://127.0.0.1:{free_port()}"
    assert "127.0.0.1" in run(tmp_path, "lake", "tables", "--catalog", "rest", "--uri", uri, code=3).stderr
