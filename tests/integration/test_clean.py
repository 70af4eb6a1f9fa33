"""`clean` as a process: names, damage, kills, a full disk, two at once, the same bytes."""

import hashlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

BIN = os.environ.get("TICKHOUSE_BIN")
pytestmark = pytest.mark.skipif(not BIN, reason="TICKHOUSE_BIN names no program")
DAY = 1_609_718_400_000_000  # 2021-01-04 in microseconds


def run(*arguments, code=0, **options):
    done = subprocess.run(
        [BIN, "clean", *(str(part) for part in arguments)],
        capture_output=True,
        text=True,
        **options,
    )
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done


def ticks(rows, begin=DAY, step_ms=250, seed=1):
    rng = np.random.default_rng(seed)
    times = begin + np.arange(rows, dtype=np.int64) * step_ms * 1000
    bid = np.round(1.2 + np.cumsum(rng.integers(-2, 3, rows)) / 1e5, 5)
    return pa.table(
        {
            "DateTime": pa.array(times, pa.timestamp("us")),
            "Bid": bid,
            "Ask": np.round(bid + 1e-5, 5),
        }
    )


def write(path, table, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **options)


def digest(folder):
    """Every visible file below a folder, and what is in it."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and ".tickhouse" not in path.parts
    }


def leftovers(out):
    return [path for path in Path(out).rglob("*") if path.is_file() and path.suffix != ".parquet"]


@pytest.mark.slow
def test_same_bytes_for_any_threads_names_and_row_groups(tmp_path):
    table = ticks(100_000)
    names = ["a", "b", "c", "d"]
    cuts = [(0, 40_000), (35_000, 70_000), (70_000, 100_000), (10_000, 20_000)]
    seen = set()
    for turn in range(4):
        source = tmp_path / f"in{turn}"
        random.Random(turn).shuffle(names)
        for name, (begin, end) in zip(names, cuts):
            part = table.slice(begin, end - begin)
            write(source / "EURUSD" / f"{name} {turn}.parquet", part)
        for bars in ([], ["--bars"]):
            out = tmp_path / f"out{turn}"
            run(source, out, "--windows", "all", "--threads", turn + 1, *bars)
        seen.add(json.dumps(digest(out)))
        assert leftovers(out) == []
    assert len(seen) == 1
    before = digest(out)
    run(source, out, "--windows", "all")
    assert digest(out) == before


def test_symbol_from_folder_name_or_option(tmp_path):
    write(tmp_path / "in/gbp-jpy/x.parquet", ticks(10))
    write(tmp_path / "in/deep/er/USSC2000IDXUSD/2021/y.parquet", ticks(10))
    write(tmp_path / "in/EURUSD_chunk_000.parquet", ticks(10))
    run(tmp_path / "in", tmp_path / "out", "--windows", "all")
    assert sorted(digest(tmp_path / "out")) == [
        "EURUSD/EURUSD.parquet",
        "GBPJPY/GBPJPY.parquet",
        "USSC2000IDXUSD/USSC2000IDXUSD.parquet",
    ]
    run(tmp_path / "in/gbp-jpy/x.parquet", tmp_path / "one", "--symbol", "AUDUSD")
    assert list(digest(tmp_path / "one")) == ["AUDUSD/AUDUSD.parquet"]


def test_symbol_nobody_tells_is_refused_by_name(tmp_path):
    write(tmp_path / "in/part-0.parquet", ticks(10))
    done = run(tmp_path / "in", tmp_path / "out", code=1)
    assert "part-0.parquet" in done.stderr and "--symbol" in done.stderr


def test_empty_result_is_an_empty_file(tmp_path):
    write(tmp_path / "in/EURUSD/x.parquet", ticks(10))
    run(tmp_path / "in", tmp_path / "out", "--windows", "20:00-20:10")
    table = pq.read_table(tmp_path / "out/EURUSD/EURUSD.parquet")
    assert table.num_rows == 0 and table.column_names == ["DateTime", "Bid", "Ask"]


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "flipped"])
def test_damaged_file_is_named_and_the_others_go_on(tmp_path, damage):
    write(tmp_path / "in/EURUSD/good.parquet", ticks(5_000))
    write(tmp_path / "in/GBPJPY/good.parquet", ticks(5_000))
    bad = tmp_path / "in/EURUSD/bad.parquet"
    write(bad, ticks(50_000, DAY + 10**10), write_page_checksum=True)
    whole = bad.read_bytes()
    middle = len(whole) // 3
    bad.write_bytes(
        {
            "empty": b"",
            "text": b"DateTime,Bid,Ask\n" * 100,
            "cut": whole[: len(whole) // 2],
            "flipped": whole[:middle] + bytes([whole[middle] ^ 0xFF]) * 64 + whole[middle + 64 :],
        }[damage]
    )
    done = run(tmp_path / "in", tmp_path / "out", "--windows", "all", "--json", code=1)
    report = json.loads(done.stdout)
    assert [problem["item"] for problem in report["problems"]] == ["EURUSD/bad.parquet"]
    assert "lacks it" in report["problems"][0]["message"]
    assert report["counts"]["failed_files"] == 1
    run(tmp_path / "in/EURUSD/good.parquet", tmp_path / "alone", "--windows", "all")
    expected = digest(tmp_path / "alone")["EURUSD/EURUSD.parquet"]
    assert digest(tmp_path / "out")["EURUSD/EURUSD.parquet"] == expected
    assert "GBPJPY/GBPJPY.parquet" in digest(tmp_path / "out")
    run(tmp_path / "in", tmp_path / "strict", "--windows", "all", "--strict", code=1)
    assert list(digest(tmp_path / "strict")) == ["GBPJPY/GBPJPY.parquet"]


def test_column_missing_or_of_a_wrong_type_is_told(tmp_path):
    write(tmp_path / "in/EURUSD/a.parquet", ticks(10).drop_columns(["Ask"]))
    done = run(tmp_path / "in", tmp_path / "out", code=1)
    assert "a.parquet" in done.stderr and "Ask" in done.stderr


def test_rows_out_of_order_are_sorted_and_counted(tmp_path):
    table = ticks(20_000)
    write(tmp_path / "sorted/EURUSD/a.parquet", table, row_group_size=1_000)
    order = np.random.default_rng(3).permutation(table.num_rows)
    write(tmp_path / "mixed/EURUSD/a.parquet", table.take(order), row_group_size=1_000)
    run(tmp_path / "sorted", tmp_path / "out1", "--windows", "all")
    done = run(tmp_path / "mixed", tmp_path / "out2", "--windows", "all", "--json")
    assert json.loads(done.stdout)["counts"]["sorted_files"] == 1
    ours, theirs = (
        pq.read_table(tmp_path / out / "EURUSD/EURUSD.parquet") for out in ("out1", "out2")
    )
    assert ours.equals(theirs)
    assert leftovers(tmp_path / "out2") == []


def test_missing_values_are_left_out_and_counted(tmp_path):
    table = ticks(8)
    times = table["DateTime"].to_pylist()
    times[0] = None
    bid = table["Bid"].to_pylist()
    bid[1], bid[2] = None, float("nan")
    ask = table["Ask"].to_pylist()
    ask[3] = float("inf")
    write(
        tmp_path / "in/EURUSD/a.parquet",
        pa.table({"DateTime": pa.array(times, pa.timestamp("us")), "Bid": bid, "Ask": ask}),
    )
    done = run(tmp_path / "in", tmp_path / "out", "--windows", "all", "--json")
    counts = json.loads(done.stdout)["counts"]
    assert (counts["missing_times"], counts["unusable_prices"], counts["rows_out"]) == (1, 3, 1)
    # All of the first second is unusable; the first row out begins the second second.
    assert pq.read_table(tmp_path / "out/EURUSD/EURUSD.parquet")["Bid"].to_pylist() == [bid[4]]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--windows", "08:00-07:99"],
        ["--windows", "07:50-08:00,07:55-08:05"],
        ["--zone", "Mars/Olympus"],
        ["--engine", "abacus"],
        ["--no-such-option"],
    ],
)
def test_wrong_usage_exits_2_and_writes_nothing(tmp_path, arguments):
    write(tmp_path / "in/EURUSD/a.parquet", ticks(10))
    run(tmp_path / "in", tmp_path / "out", *arguments, code=2)
    assert not (tmp_path / "out").exists() or digest(tmp_path / "out") == {}


def test_out_may_lie_below_in_but_not_be_it(tmp_path):
    write(tmp_path / "in/EURUSD/a.parquet", ticks(1_000))
    run(tmp_path / "in", tmp_path / "in", code=2)
    run(tmp_path / "in", tmp_path / "in/clean", "--windows", "all")
    before = digest(tmp_path / "in/clean")
    run(tmp_path / "in", tmp_path / "in/clean", "--windows", "all")
    assert digest(tmp_path / "in/clean") == before


def test_no_input_is_told(tmp_path):
    (tmp_path / "in").mkdir()
    assert "parquet" in run(tmp_path / "in", tmp_path / "out", code=1).stderr
    assert "nowhere" in run(tmp_path / "nowhere", tmp_path / "out", code=1).stderr


@pytest.mark.slow
def test_odd_names_and_many_small_files(tmp_path):
    table = ticks(3_000)
    for i in range(300):
        name = ["plain", "with space", "ünïcode", "new\nline", "quote'\""][i % 5]
        write(tmp_path / f"in/EURUSD/{name} {i}.parquet", table.slice(i * 10, 10))
    run(tmp_path / "in", tmp_path / "out", "--windows", "all")
    write(tmp_path / "whole/EURUSD/a.parquet", table)
    run(tmp_path / "whole", tmp_path / "out2", "--windows", "all")
    assert digest(tmp_path / "out") == digest(tmp_path / "out2")


def test_disk_full_ends_the_run_and_leaves_the_old_output(tmp_path):
    write(tmp_path / "in/EURUSD/a.parquet", ticks(400_000, step_ms=1_003))
    run(tmp_path / "in", tmp_path / "out", "--windows", "07:50-08:00")
    before = digest(tmp_path / "out")

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = run(tmp_path / "in", tmp_path / "out", "--windows", "all", code=1, preexec_fn=limit)
    assert "EURUSD" in done.stderr
    assert digest(tmp_path / "out") == before
    assert leftovers(tmp_path / "out") == []


@pytest.mark.slow
def test_killed_at_any_moment_a_rerun_gives_the_same(tmp_path):
    for symbol in ("EURUSD", "GBPJPY"):
        table = ticks(300_000, seed=len(symbol))
        order = np.argsort(np.arange(300_000) + np.random.default_rng(1).integers(0, 99, 300_000))
        write(tmp_path / f"in/{symbol}/a.parquet", table)
        write(tmp_path / f"in/{symbol}/b.parquet", table.take(order))
    begin = time.monotonic()
    run(tmp_path / "in", tmp_path / "calm", "--windows", "all", "--bars")
    whole = time.monotonic() - begin
    expected = digest(tmp_path / "calm")
    out = tmp_path / "out"
    for turn in range(8):
        child = subprocess.Popen(
            [BIN, "clean", tmp_path / "in", out, "--windows", "all", "--bars", "-q"],
            stdout=subprocess.DEVNULL,
        )
        time.sleep(whole * turn / 8)
        child.kill()
        child.wait()
        for path in out.rglob("*.parquet") if out.exists() else []:
            if not path.name.startswith("."):
                name = str(path.relative_to(out))
                assert digest(out)[name] == expected[name]
    run(tmp_path / "in", out, "--windows", "all", "--bars")
    assert digest(out) == expected
    assert leftovers(out) == []


def test_second_run_on_one_out_is_refused_with_the_owner(tmp_path):
    write(tmp_path / "in/EURUSD/a.parquet", ticks(10))
    lock = tmp_path / "out/.tickhouse/clean.lock"
    lock.parent.mkdir(parents=True)
    holder = subprocess.Popen(
        ["flock", lock, "sh", "-c", f"echo $$ > '{lock}'; echo ready; read wait"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout.readline() == b"ready\n"
        pid = lock.read_text().strip()
        assert pid in run(tmp_path / "in", tmp_path / "out", code=1).stderr
        assert digest(tmp_path / "out") == {}
    finally:
        holder.communicate(b"\n")
    run(tmp_path / "in", tmp_path / "out")


def test_interrupt_exits_130_and_leaves_nothing_half(tmp_path):
    for i in range(6):
        write(tmp_path / f"in/EURUSD/{i}.parquet", ticks(400_000, DAY + i * 10**11))
    child = subprocess.Popen(
        [BIN, "clean", tmp_path / "in", tmp_path / "out", "--windows", "all"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "out").exists() and child.poll() is None:
        time.sleep(0.001)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate()
    assert child.returncode in (0, 130), err  # A quick machine may be done before the signal.
    if child.returncode == 130:
        assert digest(tmp_path / "out") == {} and leftovers(tmp_path / "out") == []


def test_file_without_permission_is_named(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    write(tmp_path / "in/EURUSD/a.parquet", ticks(10))
    (tmp_path / "in/EURUSD/a.parquet").chmod(0)
    assert "a.parquet" in run(tmp_path / "in", tmp_path / "out", code=1).stderr


def test_all_files_of_a_symbol_damaged_keeps_its_old_output(tmp_path):
    write(tmp_path / "in/EURUSD/a.parquet", ticks(10))
    run(tmp_path / "in", tmp_path / "out")
    before = digest(tmp_path / "out")
    (tmp_path / "in/EURUSD/a.parquet").write_bytes(b"PAR1")
    assert "not written" in run(tmp_path / "in", tmp_path / "out", code=1).stderr
    assert digest(tmp_path / "out") == before
    shutil.rmtree(tmp_path / "in")
