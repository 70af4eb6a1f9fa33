"""Reading, comparing and keeping tables by the command line; PyIceberg judges what is left."""
import csv
import datetime as dt
import io
import json
import os
import pathlib
import pty
import select
import signal
import subprocess
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import EqualTo, LessThan
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import MonthTransform
from pyiceberg.types import DoubleType, IntegerType, NestedField, TimestampType

SCHEMA = Schema(NestedField(1, "datetime", TimestampType()), NestedField(2, "bid", DoubleType()),
                NestedField(3, "volume", IntegerType()))
BIN = os.environ.get("TICKHOUSE_BIN", "build/release/bin/tickhouse")


def run(folder, *words, code=0):
    done = subprocess.run([BIN, "-q", *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def run_json(folder, *words, code=0):
    return json.loads(run(folder, *words, "--json", code=code).stdout)


def rows_of(text):
    return [tuple(row) for row in csv.reader(io.StringIO(text))][1:]


def read(folder, *words):
    return rows_of(run(folder, "lake", "read", "eurusd", *words, "--format", "csv").stdout)


def ticks(month, count=50, first=0, step_s=60):
    start = dt.datetime(2024, month, 1)
    times = [start + dt.timedelta(seconds=(first + i) * step_s) for i in range(count)]
    return pa.table({"datetime": pa.array(times, pa.timestamp("us")),
                     "bid": [month + (first + i) / 1000 for i in range(count)],
                     "volume": pa.array(range(first, first + count), pa.int32())})


def open_catalog(folder):
    folder = folder / "lakehouse"
    return SqlCatalog("catalog-dw", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse")


class Lake:
    """gold.eurusd by month(datetime), written by PyIceberg: six snapshots, interleaved in time."""

    def __init__(self, folder):
        self.folder = folder
        run(folder, "lake", "init")
        spec = PartitionSpec(PartitionField(1, 1000, MonthTransform(), "month"))
        table = open_catalog(folder).create_table("gold.eurusd", schema=SCHEMA, partition_spec=spec)
        for month in (1, 2):
            for first in (100, 0, 50):
                table.append(ticks(month, first=first))
        self.ids = [s.snapshot_id for s in table.snapshots()]

    def table(self):
        return open_catalog(self.folder).load_table("gold.eurusd")

    def sorted(self, **scan):
        return self.table().scan(**scan).to_arrow().sort_by("datetime").to_pylist()

    def parquet(self):
        return sorted((self.folder / "lakehouse/warehouse").rglob("*.parquet"))


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


@pytest.fixture(scope="module")
def lake_to_read(tmp_path_factory):
    """For tests that change nothing in it."""
    return Lake(tmp_path_factory.mktemp("lake"))


def test_read_gives_the_rows_that_pyiceberg_reads(lake_to_read):
    expected = lake_to_read.sorted()
    got = sorted(read(lake_to_read.folder))
    assert len(got) == len(expected) == 300
    for line, row in zip(got, expected):
        assert (line[0], float(line[1]), int(line[2])) == (str(row["datetime"]), row["bid"], row["volume"])
    got = read(lake_to_read.folder, "--at", lake_to_read.ids[0])
    assert len(got) == 50 and len(read(lake_to_read.folder, "--at", lake_to_read.ids[3], "--limit", 7)) == 7
    some = read(lake_to_read.folder, "--filter", "datetime < 2024-02-01 and volume >= 140", "--columns", "volume,bid")
    want = lake_to_read.table().scan(row_filter="datetime < '2024-02-01T00:00:00' and volume >= 140").to_arrow()
    assert sorted(some) == sorted((str(r["volume"]), str(r["bid"])) for r in want.to_pylist()) and len(some) == 10


def test_read_writes_every_format(lake_to_read, tmp_path):
    out = tmp_path / "rows.parquet"
    report = run_json(lake_to_read.folder, "lake", "read", "eurusd", "--output", out)
    assert report["counts"]["rows"] == 300 and report["outputs"] == [str(out)]
    assert pq.read_table(out).sort_by("datetime").to_pylist() == lake_to_read.sorted()
    table = run(lake_to_read.folder, "lake", "read", "eurusd", "--limit", 3).stdout
    assert table.splitlines()[0].split() == ["datetime", "bid", "volume"]
    report = run_json(lake_to_read.folder, "lake", "read", "eurusd", "--columns", "volume", "--filter", "volume < 2")
    assert sorted(r["volume"] for r in report["rows"]) == [0, 0, 1, 1]
    assert report["snapshot_id"] == lake_to_read.ids[-1]


def test_read_opens_only_files_that_may_match(lake):
    for path in lake.parquet():
        if "month=2024-01" in str(path):
            path.unlink()
    report = run_json(lake.folder, "lake", "read", "eurusd", "--filter", "datetime >= 2024-02-01")
    assert report["counts"] == {"rows": 150, "files-read": 3, "files": 3}
    assert ".parquet" in run(lake.folder, "lake", "read", "eurusd", code=1).stderr


@pytest.mark.parametrize("words, message", [
    (["read", "eurusd", "--filter", "bid >"], "filter, column"),
    (["read", "eurusd", "--columns", "price"], "price"),
    (["read", "eurusd", "--format", "xml"], "xml"),
    (["read", "eurusd", "--limit", "-1"], "limit"),
    (["diff", "eurusd"], "FROM"),
    (["diff", "eurusd", "main", "--format", "csv"], "--rows"),
    (["expire", "eurusd", "--older-than", "soon"], "7d"),
    (["orphans", "eurusd", "--older-than", "1h"], "--any-age"),
    (["compact", "eurusd", "--min-files", "1"], "--min-files"),
    (["check", "--dry-run"], "--repair"),
])
def test_wrong_usage_is_told(lake_to_read, words, message):
    done = run(lake_to_read.folder, "lake", *words, code=2)
    assert message in done.stderr + done.stdout


def difference(before, after):
    """(removed, added) as sorted lists of rows."""
    from collections import Counter
    old, new = (Counter(tuple(row.values()) for row in rows) for rows in (before, after))
    return sorted((old - new).elements()), sorted((new - old).elements())


def assert_diff(lake, start, end):
    removed, added = difference(lake.sorted(snapshot_id=start), lake.sorted(snapshot_id=end))
    report = run_json(lake.folder, "lake", "diff", "eurusd", start, end)
    assert report["counts"]["rows-added"] == len(added) and report["counts"]["rows-removed"] == len(removed)
    got = rows_of(run(lake.folder, "lake", "diff", "eurusd", start, end, "--rows", "--format", "csv").stdout)
    told = [(change, dt.datetime.fromisoformat(at), float(bid), int(volume)) for change, at, bid, volume in got]
    assert sorted(row[1:] for row in told if row[0] == "added") == added
    assert sorted(row[1:] for row in told if row[0] == "removed") == removed
    assert [row[1] for row in told] == sorted(row[1] for row in told)
    return report


def test_diff_tells_rows_not_files(lake):
    table = lake.table()
    table.delete(LessThan("volume", 5))  # Copy on write of two files.
    table.overwrite(ticks(3, 10), overwrite_filter=EqualTo("volume", 149))
    ids = [s.snapshot_id for s in lake.table().snapshots()]
    report = assert_diff(lake, ids[0], ids[2])
    assert report["counts"]["files-added"] == 2 and report["counts"]["rows-rewritten"] == 0
    report = assert_diff(lake, lake.ids[-1], ids[-1])
    assert report["counts"]["rows-rewritten"] > 0
    assert_diff(lake, ids[-1], lake.ids[-1])
    assert_diff(lake, ids[1], ids[-1])
    text = run(lake.folder, "lake", "diff", "eurusd", lake.ids[-1]).stdout
    assert "file removed" in text and "are on both sides" in text and "rows removed 12" in text


def test_diff_across_a_rollback(lake):
    run(lake.folder, "lake", "rollback", "eurusd", lake.ids[2], "--yes")
    lake.table().append(ticks(4, 10))
    last = lake.table().current_snapshot().snapshot_id
    report = assert_diff(lake, lake.ids[-1], last)
    assert report["counts"]["rows-added"] == 10 and report["counts"]["rows-removed"] == 150


def test_compact_keeps_the_rows_and_sorts_them(lake):
    before = lake.sorted()
    plan = run_json(lake.folder, "lake", "compact", "eurusd", "--min-files", 2, "--dry-run")
    assert plan["counts"]["files-before"] == 6 and plan["receipt"]["dry-run"]
    assert lake.table().current_snapshot().snapshot_id == lake.ids[-1]
    done = run_json(lake.folder, "lake", "compact", "eurusd", "--min-files", 2)
    counts = done["counts"]
    assert (counts["files-before"], counts["files-after"], counts["rows-after"]) == (6, 2, 300)
    assert lake.sorted() == before
    tasks = list(lake.table().scan().plan_files())
    assert len(tasks) == 2
    for task in tasks:
        times = pq.read_table(task.file.file_path.removeprefix("file://"))["datetime"].to_pylist()
        assert times == sorted(times) and len(times) == 150
    assert lake.sorted(snapshot_id=lake.ids[2]) == [r for r in before if r["datetime"].month == 1]
    assert run_json(lake.folder, "lake", "compact", "eurusd", "--min-files", 2)["counts"]["changed"] == 0
    receipts = list((lake.folder / "lakehouse/warehouse").rglob("receipts/*-compact-*.json"))
    assert len(receipts) == 1 and json.loads(receipts[0].read_text())["figures"]["files-after"] == 2
    assert_diff(lake, lake.ids[-1], lake.table().current_snapshot().snapshot_id)


def test_compact_cuts_files_to_size(lake):
    done = run_json(lake.folder, "lake", "compact", "eurusd", "--min-files", 2, "--target-size", "1kB")
    assert done["counts"]["rows-after"] == 300
    assert len(lake.sorted()) == 300


def test_expire_removes_what_nobody_needs(lake):
    run(lake.folder, "lake", "tag", "eurusd", "kept", lake.ids[1])
    run(lake.folder, "lake", "compact", "eurusd", "--min-files", 2)
    before, tagged, files = lake.sorted(), lake.sorted(snapshot_id=lake.ids[1]), lake.parquet()
    assert run_json(lake.folder, "lake", "expire", "eurusd")["counts"]["snapshots-removed"] == 0
    plan = run_json(lake.folder, "lake", "expire", "eurusd", "--older-than", "1ms", "--dry-run")
    assert plan["counts"]["snapshots-removed"] == 5 and lake.parquet() == files
    text = run(lake.folder, "lake", "expire", "eurusd", "--older-than", "1ms", "--dry-run").stdout
    assert "dry run" in text and "because: only in expired snapshots" in text
    done = run_json(lake.folder, "lake", "expire", "eurusd", "--older-than", "1ms")
    assert done["counts"]["files-removed"] == plan["counts"]["files-removed"] > 0
    assert len(lake.parquet()) == 4  # Two of the tag, two compacted ones.
    assert lake.sorted() == before and lake.sorted(snapshot_id=lake.ids[1]) == tagged
    assert [s.snapshot_id for s in lake.table().snapshots()][0] == lake.ids[1]
    assert run(lake.folder, "lake", "check").stdout.count("sound") == 1


def test_expire_by_name_keeps_refs(lake):
    done = run_json(lake.folder, "lake", "expire", "eurusd", "--snapshot", lake.ids[0], "--snapshot", lake.ids[2],
                    "--keep-files")
    assert done["counts"]["snapshots-removed"] == 2 and done["counts"]["files-removed"] == 0
    assert "main" in run(lake.folder, "lake", "expire", "eurusd", "--snapshot", lake.ids[-1], code=2).stderr


def test_orphans_are_told_and_removed(lake):
    data = lake.parquet()[0].parent
    (data / "left.parquet").write_bytes(b"x")
    (data / "young.parquet").write_bytes(b"x")
    week_ago = time.time() - 7 * 86_400
    os.utime(data / "left.parquet", (week_ago, week_ago))
    plan = run_json(lake.folder, "lake", "orphans", "eurusd", "--dry-run")
    assert [pathlib.Path(f["path"]).name for f in plan["receipt"]["files"]] == ["left.parquet"]
    assert (data / "left.parquet").exists()
    assert run_json(lake.folder, "lake", "orphans", "eurusd")["counts"]["files-removed"] == 1
    assert not (data / "left.parquet").exists() and (data / "young.parquet").exists()
    assert "no orphans" in run(lake.folder, "lake", "orphans", "eurusd").stdout
    run(lake.folder, "lake", "orphans", "eurusd", "--older-than", "0.001s", "--any-age")
    assert not (data / "young.parquet").exists() and len(lake.sorted()) == 300


def test_manifests_become_fewer(lake):
    before = lake.sorted()
    assert "6 manifests would become" in run(lake.folder, "lake", "rewrite-manifests", "eurusd", "--dry-run").stdout
    done = run_json(lake.folder, "lake", "rewrite-manifests", "eurusd")["counts"]
    assert done["manifests-before"] == 6 and done["manifests-after"] < 6 and done["changed"] == 1
    assert lake.sorted() == before
    assert len(lake.table().inspect.manifests()) == done["manifests-after"]


def test_check_names_faults_and_repairs_what_it_can(lake):
    assert run_json(lake.folder, "lake", "check")["counts"] == {"tables": 1, "faults": 0, "files": 6, "repaired": 0}
    newest = [t.file.file_path.removeprefix("file://") for t in lake.table().scan().plan_files()
              if t.file.lower_bounds and "month=2024-02" in t.file.file_path]
    last = max(newest, key=os.path.getmtime)
    os.remove(last)
    found = run_json(lake.folder, "lake", "check", "eurusd", code=1)
    assert found["problems"][0]["kind"] == "missing" and last in found["problems"][0]["message"]
    plan = run(lake.folder, "lake", "check", "eurusd", "--repair", "--dry-run", code=1)
    assert "dry run" in plan.stdout
    done = run_json(lake.folder, "lake", "check", "eurusd", "--repair", code=1)
    assert done["counts"]["repaired"] == 1
    assert lake.table().current_snapshot().snapshot_id == lake.ids[4] and len(lake.sorted()) == 250
    run(lake.folder, "lake", "check", "eurusd", "--heads")


def test_check_repairs_a_pointer_to_nothing(lake):
    broken = lake.table().metadata_location.removeprefix("file://")
    os.rename(broken, broken + ".away")
    found = run_json(lake.folder, "lake", "check", code=1)
    assert [p["kind"] for p in found["problems"]] == ["pointer"]
    done = run(lake.folder, "lake", "check", "--repair", code=1)
    assert "mended" in done.stdout
    assert lake.table().current_snapshot().snapshot_id == lake.ids[4] and len(lake.sorted()) == 250
    lake.table().append(ticks(5, 3))
    assert len(lake.sorted()) == 253


class Terminal:
    """The program on a pseudo-terminal."""

    def __init__(self, folder, *words):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen([BIN, "-q", *map(str, words)], cwd=folder, stdin=slave, stdout=slave,
                                        stderr=slave, start_new_session=True)
        os.close(slave)
        self.seen = ""

    def until(self, text, seconds=60):
        """What came up to and with `text`."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            assert ready, f"no {text!r} in {self.seen!r}"
            try:
                self.seen += os.read(self.master, 65536).decode()
            except OSError:
                raise AssertionError(f"it ended without {text!r}: {self.seen!r}")
        head, self.seen = self.seen.split(text, 1)
        return head + text

    def say(self, line):
        os.write(self.master, line.encode() + b"\n")

    def end(self):
        code = self.process.wait(timeout=60)
        os.close(self.master)
        return code


def test_menu_travels_in_time_on_a_terminal(lake):
    menu = Terminal(lake.folder, "lake", "menu")
    head = menu.until("> ")
    assert "gold.eurusd: snapshot" in head and "[b] back to one" in head
    menu.say("s")
    listed = menu.until("> ")
    assert listed.count("append") >= 6 and str(lake.ids[0]) in listed and "*" in listed
    menu.say("p")
    menu.until("current one)? ")
    menu.say("6")  # The first snapshot is the last of the list.
    partitions = menu.until("> ")
    assert "month=2024-01" in partitions and "month=2024-02" not in partitions
    menu.say("r")
    menu.until("current one)? ")
    menu.say("1")
    menu.until("all)? ")
    menu.say("volume = 7")
    assert "2024-02-01 00:07:00" in menu.until("> ")
    menu.say("d")
    menu.until("From")
    menu.until("? ")
    menu.say("2")
    menu.until("To")
    menu.until("? ")
    menu.say("")
    assert "rows added 50, rows removed 0" in menu.until("> ")
    menu.say("b")
    menu.until("? ")
    menu.say("3")
    plan = menu.until("(yes or no)? ")
    assert f"from  snapshot {lake.ids[5]}" in plan and f"to    snapshot {lake.ids[3]}" in plan
    assert lake.table().current_snapshot().snapshot_id == lake.ids[5]
    menu.say("yes")
    assert "rolled back" in menu.until("> ")
    assert lake.table().current_snapshot().snapshot_id == lake.ids[3]
    menu.say("nonsense")
    assert "no wish" in menu.until("> ")
    menu.say("q")
    assert menu.end() == 0


def test_menu_hears_ctrl_c_and_ctrl_d(lake):
    menu = Terminal(lake.folder, "lake", "menu", "eurusd")
    menu.until("> ")
    os.write(menu.master, b"\x04")
    assert menu.end() == 0
    menu = Terminal(lake.folder, "lake", "menu", "eurusd")
    menu.until("> ")
    menu.process.send_signal(signal.SIGINT)
    assert menu.end() == 130


def test_menu_switches_tables_and_takes_lines_from_a_pipe(lake):
    open_catalog(lake.folder).create_table("gold.gbpjpy", schema=SCHEMA)
    done = subprocess.run([BIN, "-q", "lake", "menu"], cwd=lake.folder, input="1\nt\ngbpjpy\ns\nq\n",
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "gold.gbpjpy: nothing" in done.stdout and "no snapshot yet" in done.stdout
    done = subprocess.run([BIN, "-q", "lake", "menu", "eurusd", "--json"], cwd=lake.folder,
                          input=f"n\n{lake.ids[0]}\nfirst\n", capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["counts"] == {"rollbacks": 0, "tags": 1}
    assert lake.table().metadata.refs["first"].snapshot_id == lake.ids[0]
