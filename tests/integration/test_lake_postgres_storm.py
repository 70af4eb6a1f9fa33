"""Many processes append to one table of a PostgreSQL catalog while backends are ended and answers get lost.

What each writer was told is held against what is in the table: `done` is there once, `failed` is not, `unknown` is
there once or not at all.
"""
import datetime as dt
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import psycopg2
import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.schema import Schema
from pyiceberg.types import DoubleType, NestedField, TimestampType

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "golden")]
from lake_services import Postgres, plain_environment, postgres_programs, run  # noqa: E402
from lossy_proxy import LossyProxy  # noqa: E402


def find_writer():
    """lake_storm_writer lies in bin/ of the build tree that TICKHOUSE_BIN belongs to."""
    program = Path(os.environ.get("TICKHOUSE_BIN", ".")).resolve()
    for folder in program.parents:
        if (folder / "CMakeCache.txt").exists():
            return folder / "bin" / "lake_storm_writer"
    return None


WRITER = find_writer()
pytestmark = [pytest.mark.skipif(WRITER is None or not WRITER.exists(), reason="lake_storm_writer is not built"),
              pytest.mark.skipif(postgres_programs() is None,
                                 reason="postgresql is not installed (tools/setup.sh test)")]
SCHEMA = Schema(NestedField(1, "datetime", TimestampType()), NestedField(2, "bid", DoubleType()),
                NestedField(3, "ask", DoubleType()))
ROWS_OF_WRITER = 1_000_000
ANSWER_TIMEOUT_MS = 1500


@pytest.fixture(scope="module")
def cluster():
    server = Postgres()
    yield server
    server.stop()


class Killer:
    """Ends a backend at random, again and again."""

    def __init__(self, uri, seed, every):
        self.random, self.every, self.killed = random.Random(seed), every, 0
        self.connection = psycopg2.connect(uri)
        self.connection.autocommit = True
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        with self.connection.cursor() as cursor:
            while not self.over.wait(self.every * (0.5 + self.random.random())):
                cursor.execute("select pid from pg_stat_activity where datname = current_database() and "
                               "pid <> pg_backend_pid() and backend_type = 'client backend'")
                pids = [row[0] for row in cursor.fetchall()]
                if pids:
                    cursor.execute("select pg_terminate_backend(%s)", (self.random.choice(pids),))
                    self.killed += cursor.fetchone()[0]

    def stop(self):
        self.over.set()
        self.thread.join()
        self.connection.close()


class Storm:
    def __init__(self, folder, cluster, writers, commits, seed=1):
        self.folder, self.cluster, self.writers, self.commits = folder, cluster, writers, commits
        self.database = cluster.new_database()
        self.uri = cluster.uri(self.database)
        self.seed = seed
        run(folder, "lake", "init", "--workspace", "lakehouse", "--catalog", "postgres", "--uri", self.uri)
        self.warehouse = folder / "lakehouse/warehouse"
        self.catalog().create_table("gold.storm", SCHEMA)

    def catalog(self):
        return SqlCatalog("catalog-dw", uri=self.uri.replace("postgresql://", "postgresql+psycopg2://"),
                          warehouse=f"file://{self.warehouse}")

    def rage(self, port, limit, every):
        """The answers of all writers; no backend is ended without `every`."""
        address = self.uri.replace(f":{self.cluster.port}/", f":{port}/")
        killer = Killer(self.uri, self.seed, every) if every else None
        begin = time.monotonic()
        try:
            running = [subprocess.Popen(
                [WRITER, address, self.warehouse, "gold.storm", str(i), str(self.commits), str(ANSWER_TIMEOUT_MS)],
                stdout=open(self.folder / f"told{i}", "w"), stderr=open(self.folder / f"wrong{i}", "w"),
                env=plain_environment()) for i in range(self.writers)]
            try:
                for i, process in enumerate(running):
                    left = max(1.0, limit - (time.monotonic() - begin))
                    assert process.wait(timeout=left) == 0, (self.folder / f"wrong{i}").read_text()
            finally:
                for process in running:
                    process.kill()
                    process.wait()
        finally:
            if killer:
                killer.stop()
        self.killed, self.seconds = killer.killed if killer else 0, time.monotonic() - begin
        return {i: (self.folder / f"told{i}").read_text().splitlines() for i in range(self.writers)}

    def judge(self, told, others=0):
        """Holds what was told against the table, to which `others` rows came from elsewhere; counts the answers."""
        table = self.catalog().load_table("gold.storm")
        times = table.scan(selected_fields=("datetime",)).to_arrow()["datetime"]
        held = Counter(round((value - dt.datetime(1970, 1, 1)) / dt.timedelta(microseconds=1))
                       for value in times.to_pylist() if value.year < 2000)
        snapshots = {s.snapshot_id for s in table.snapshots()}
        counts = Counter()
        known = set()
        for writer, lines in told.items():
            last = {}
            for line in lines:
                word, number, *rest = line.split(" ", 3)
                row = writer * ROWS_OF_WRITER + int(number)
                counts[word] += 1
                last[int(number)] = word
                if word == "done":
                    assert held[row] == 1, f"{line}: {held[row]} times in the table"
                    assert int(rest[0]) in snapshots, line
                    tries, looked = rest[1].split()
                    counts["attempts"] += int(tries)
                    counts["looked"] += int(looked)
                elif word == "unknown":
                    assert held[row] <= 1, f"{line}: {held[row]} times in the table"
                known.add(row)
            assert sorted(last) == list(range(self.commits)), f"writer {writer} did not come to an end"
            assert "failed" not in last.values(), f"writer {writer}: {lines[-1]}"
        assert set(held) <= known and max(held.values()) == 1
        # One snapshot a row: nothing was committed that nobody was told of.
        assert len(snapshots) == len(times) == sum(held.values()) + others
        assert counts["done"] <= sum(held.values()) <= counts["done"] + counts["unknown"]
        return counts


INFORMATION = ("iceberg_columns", "iceberg_partitions", "iceberg_snapshots", "iceberg_manifest_files",
               "iceberg_data_files", "iceberg_refs", "iceberg_properties")


def check_after(storm):
    """The table is sound, nobody holds a lock, and the informational tables were in step without our doing."""
    checked = subprocess.run([WRITER, storm.uri, storm.warehouse, "gold.storm", "check"], capture_output=True, text=True,
                             env=plain_environment(), timeout=120)
    assert checked.returncode == 0 and checked.stdout == "", checked.stdout + checked.stderr
    informed = {name: storm.cluster.rows(storm.database, f"select * from {name}") for name in INFORMATION}
    run(storm.folder, "lake", "sync-info", "--workspace", "lakehouse")
    for name in INFORMATION:
        assert storm.cluster.rows(storm.database, f"select * from {name}") == informed[name], name


def report(storm, proxy, counts):
    print(f"\n{storm.writers} x {storm.commits} commits in {storm.seconds:.1f} s: {dict(counts)}; backends ended "
          f"{storm.killed}; {proxy.faults}")


def go(folder, cluster, writers, commits, one_in, every, limit, seed=1):
    storm = Storm(folder, cluster, writers, commits, seed)
    proxy = LossyProxy(cluster.port, seed, one_in)
    try:
        told = storm.rage(proxy.port, limit, every)
    finally:
        proxy.stop()
    counts = storm.judge(told)
    report(storm, proxy, counts)
    assert storm.killed > 0 and sum(proxy.faults.values()) > 0
    check_after(storm)
    return storm, proxy, counts


def test_few_writers_lose_and_double_nothing(tmp_path, cluster):
    go(tmp_path, cluster, writers=4, commits=10, one_in=15, every=0.05, limit=60)


def test_pyiceberg_appends_beside_our_writers(tmp_path, cluster):
    storm = Storm(tmp_path, cluster, writers=2, commits=10)
    wrong = []

    def append():
        try:
            for i in range(8):
                rows = pa.table({"datetime": pa.array([dt.datetime(2020, 1, 1 + i)], pa.timestamp("us")),
                                 "bid": [1.0], "ask": [2.0]})
                while True:
                    try:
                        storm.catalog().load_table("gold.storm").append(rows)
                        break
                    except CommitFailedException:
                        pass
        except Exception as error:  # noqa: BLE001: whatever it is, the test must tell it.
            wrong.append(error)

    other = threading.Thread(target=append)
    other.start()
    told = storm.rage(cluster.port, 60, None)
    other.join()
    assert not wrong
    counts = storm.judge(told, others=8)
    assert counts["done"] == 20
    # Our next commit tells what the other engine did not.
    subprocess.run([WRITER, storm.uri, storm.warehouse, "gold.storm", "99", "1", str(ANSWER_TIMEOUT_MS)], check=True,
                   stdout=subprocess.DEVNULL, env=plain_environment())
    check_after(storm)


@pytest.mark.slow
def test_eight_writers_of_200_commits_lose_and_double_nothing(tmp_path, cluster):
    storm, proxy, _ = go(tmp_path, cluster, writers=8, commits=200, one_in=60, every=0.2, limit=240)
    assert min(proxy.faults.values()) > 0 and storm.killed > 20
