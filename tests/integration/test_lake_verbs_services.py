"""Reading, comparing and keeping a table whose catalog is a PostgreSQL and whose files are on S3."""
import csv
import datetime as dt
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "golden")]
from lake_services import BIN, Postgres, postgres_programs  # noqa: E402
from test_s3 import KEYS, SERVER, Store  # noqa: E402

pytestmark = [pytest.mark.skipif(not SERVER.exists(), reason="versitygw is not installed (tools/setup.sh does it)"),
              pytest.mark.skipif(postgres_programs() is None,
                                 reason="postgresql is not installed (tools/setup.sh test)")]
INFORMATION = ("snapshots", "refs", "data_files", "manifest_files")


@pytest.fixture(scope="module")
def cluster():
    server = Postgres()
    yield server
    server.stop()


def ticks(path, first, count=100):
    start = dt.datetime(2024, 3, 1)
    times = [start + dt.timedelta(seconds=first + i) for i in range(count)]
    bids = [1 + (first + i) / 1000 for i in range(count)]
    pq.write_table(pa.table({"datetime": pa.array(times, pa.timestamp("us")), "bid": bids, "ask": bids}), path)
    return [(str(t), str(b), str(b)) for t, b in zip(times, bids)]


class Lake:
    def __init__(self, folder, cluster, store):
        self.folder, self.cluster, self.store = folder, cluster, store
        self.database = cluster.new_database()
        self.good("lake", "init", "--catalog", "postgres", "--uri", cluster.uri(self.database), "--warehouse",
                  "s3://lake/wh")
        self.rows = []
        for i in (2, 0, 1, 3, 4):  # Not in the order of time.
            self.rows += ticks(folder / f"EURUSD_{i}.parquet", 1000 * i)
            self.good("lake", "migrate", folder / f"EURUSD_{i}.parquet", "--symbol", "EURUSD")
        self.rows.sort()
        self.ids = [s["snapshot_id"] for s in self.good("lake", "snapshots", "eurusd")["snapshots"]]

    def run(self, *words, code=0):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PG", "TICKHOUSE_S3"))}
        environment |= KEYS | {"AWS_ENDPOINT_URL": self.store.url, "no_proxy": "127.0.0.1"}
        done = subprocess.run([BIN, "-q", *map(str, words)], cwd=self.folder, capture_output=True, text=True,
                              timeout=120, env=environment)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def good(self, *words, code=0):
        return json.loads(self.run(*words, "--json", code=code).stdout)

    def read(self, *words):
        text = self.run("lake", "read", "eurusd", *words, "--format", "csv").stdout
        return [tuple(row) for row in csv.reader(io.StringIO(text))][1:]

    def objects(self, kind):
        return {p.name: p for p in (self.store.data / "lake/wh").rglob(kind)}

    def information(self):
        return {table: self.cluster.rows(self.database, f"SELECT * FROM iceberg_{table}") for table in INFORMATION}

    def assert_in_step(self):
        """What the informational tables say is what filling them anew says."""
        told = self.information()
        self.good("lake", "sync-info")
        assert told == self.information()


@pytest.fixture
def lake(tmp_path, cluster):
    store = Store(tmp_path / "store")
    yield Lake(tmp_path, cluster, store)
    store.stop()


def test_upkeep_keeps_the_rows_and_tells_the_informational_tables(lake):
    assert sorted(lake.read()) == lake.rows and len(lake.read("--at", lake.ids[1])) == 200
    lake.good("lake", "tag", "eurusd", "kept", lake.ids[1])
    plan = lake.good("lake", "compact", "eurusd", "--dry-run")
    assert plan["receipt"]["groups"] == [
        {"partition": "datetime_year=2024", "files": 5, "rows": 500, "deletes": 0,
         "bytes": plan["counts"]["bytes-before"]}]
    assert lake.good("lake", "compact", "eurusd")["counts"]["files-after"] == 1
    assert lake.read() == lake.rows
    change = lake.good("lake", "diff", "eurusd", lake.ids[-1])["counts"]
    assert (change["rows-added"], change["rows-removed"], change["rewrites"]) == (0, 0, 1)
    change = lake.good("lake", "diff", "eurusd", lake.ids[0], "--rows")
    assert len(change["rows"]) == 400 and {r["change"] for r in change["rows"]} == {"added"}
    lake.assert_in_step()
    before = lake.objects("*.parquet")
    removed = lake.good("lake", "expire", "eurusd", "--older-than", "1ms")["counts"]
    assert removed["snapshots-removed"] == 4 and len(lake.objects("*.parquet")) == 3 < len(before)
    assert lake.read() == lake.rows and len(lake.read("--at", "kept")) == 200
    lake.assert_in_step()
    (lake.objects("*.parquet").popitem()[1].parent / "left.parquet").write_bytes(b"x")
    assert "/left.parquet" in lake.run("lake", "orphans", "eurusd", "--older-than", "1ms", "--any-age",
                                       "--dry-run").stdout
    assert lake.good("lake", "orphans", "eurusd", "--older-than", "1ms", "--any-age")["counts"]["files-removed"] >= 1
    assert "left.parquet" not in lake.objects("*")
    assert lake.good("lake", "check")["counts"]["faults"] == 0 and lake.read() == lake.rows
    assert {name.split("-")[1] for name in lake.objects("*.json") if "metadata" not in name} == {
        "compact", "expire", "orphans"}


def test_a_broken_pointer_is_mended_and_told(lake):
    newest = max(lake.objects("*.metadata.json"))
    whole = lake.objects("*.metadata.json")[newest].read_bytes()
    lake.objects("*.metadata.json")[newest].write_bytes(whole[:900])
    fault = lake.good("lake", "check", code=1)["problems"]
    assert [p["kind"] for p in fault] == ["pointer"] and newest in fault[0]["message"]
    done = lake.good("lake", "check", "--repair", code=1)
    repair = done["tables"][0]["repair"]
    assert repair["done"] and done["counts"]["repaired"] == 1
    [backup] = lake.objects("*.copy").values()
    assert backup.read_bytes() == whole[:900] and repair["backup"].endswith(backup.name)
    assert len(lake.read()) == 400
    lake.assert_in_step()
    lake.good("lake", "migrate", lake.folder / "EURUSD_4.parquet", "--symbol", "EURUSD")
    assert sorted(lake.read()) == lake.rows
    lake.assert_in_step()


def test_a_lost_data_file_takes_main_back(lake):
    last = lake.good("lake", "diff", "eurusd", lake.ids[-2])["files"][0]["path"]
    (lake.store.data / last.removeprefix("s3://")).unlink()
    fault = lake.good("lake", "check", "eurusd", code=1)["problems"]
    assert [p["kind"] for p in fault] == ["missing"] and last in fault[0]["message"]
    lake.run("lake", "check", "eurusd", "--repair", code=1)
    assert lake.good("lake", "show", "eurusd")["table"]["current_snapshot_id"] == lake.ids[-2]
    assert len(lake.read()) == 400
    lake.assert_in_step()
    # The broken snapshot can be forgotten; then all is sound.
    lake.good("lake", "expire", "eurusd", "--snapshot", lake.ids[-1])
    assert lake.good("lake", "check")["counts"]["faults"] == 0
