"""scan as a process: what it finds, on damaged, refused, odd and many files, against pandas."""

import csv
import io
import json
import os
import random
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

BIN = os.environ.get("TICKHOUSE_BIN")
SHARED = Path(os.environ.get("TICKHOUSE_SHARED", "/nonexistent"))
FIRST = ["file", "total_rows", "DateTime_nulls", "Bid_nulls", "Ask_nulls", "corrupted", "error"]

pytestmark = pytest.mark.skipif(not BIN, reason="TICKHOUSE_BIN names no program")


def run(*arguments, code=0):
    done = subprocess.run([BIN, "-q", *map(str, arguments)], capture_output=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def scan(folder, *options, code=0):
    """Files by name and the whole document of --json."""
    document = json.loads(run("--json", "scan", folder, *options, code=code).stdout)
    return {file["file"]: file for file in document["scan"]["files"]}, document


def write(path, times_us, bid=None, ask=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = len(times_us)
    table = pa.table(
        {
            "DateTime": pa.array(times_us, pa.timestamp("us")),
            "Bid": pa.array([1.1] * rows if bid is None else bid, pa.float64()),
            "Ask": pa.array([1.2] * rows if ask is None else ask, pa.float64()),
        }
    )
    pq.write_table(table, path, **options)
    return path


def seconds(*offsets, base="2021-01-05T10:00"):
    start = pd.Timestamp(base).value // 1_000
    return [None if offset is None else start + int(offset * 1e6) for offset in offsets]


def test_the_csv_report_begins_as_the_pipeline_wrote_it(tmp_path):
    write(tmp_path / "in/EURUSD/a.parquet", seconds(0, None, 2), [1.0, None, 3.0], [2.0, 3.0, None])
    write(tmp_path / "in/EURUSD/b.parquet", seconds(5, 6))
    run("scan", tmp_path / "in", "--report", tmp_path / "report.csv")
    rows = list(csv.DictReader(open(tmp_path / "report.csv", newline="")))
    assert list(rows[0])[:7] == FIRST
    assert [row["file"] for row in rows] == ["EURUSD/a.parquet", "EURUSD/b.parquet", "TOTAL"]
    assert [rows[0][name] for name in FIRST[1:]] == ["3", "1", "1", "1", "False", ""]
    assert [rows[2][name] for name in FIRST[1:]] == ["5", "1", "1", "1", "0", ""]
    assert rows[0]["duplicates"] == "", "not looked at"
    assert rows[0]["min_time"] == "2021-01-05T10:00:00Z"
    run("scan", tmp_path / "in", "--deep", "--report", tmp_path / "report.csv")
    rows = list(csv.DictReader(open(tmp_path / "report.csv", newline="")))
    assert rows[0]["duplicates"] == "0"
    assert rows[2]["order_breaks"] == "0"


def test_json_report_and_document_agree(tmp_path):
    write(tmp_path / "in/a.parquet", seconds(0, 1))
    files, document = scan(tmp_path / "in", "--deep", "--report", tmp_path / "r.json")
    assert json.load(open(tmp_path / "r.json")) == document["scan"]
    assert document["outputs"] == [str(tmp_path / "r.json")]
    assert document["counts"]["rows"] == 2


@pytest.mark.parametrize("seed", range(4))
def test_findings_agree_with_pandas(tmp_path, seed):
    rng = np.random.default_rng(seed)
    rows = 30_000
    times = np.cumsum(rng.integers(0, 3, rows)) * 500_000 + pd.Timestamp("2021-01-05").value // 1_000
    if seed % 2:
        # An export whose middle comes twice, and rows that are late.
        times = np.concatenate([times[:20_000], times[12_000:]])
        late = rng.integers(0, len(times), 50)
        times[late] -= rng.integers(1, 10**9, 50)
    bid = np.round(1.1 + rng.integers(-3, 4, len(times)) * 1e-5, 5)
    ask = np.round(bid + rng.integers(-1, 5, len(times)) * 1e-5, 5)
    bid[rng.integers(0, len(bid), 20)] = 0
    ask[rng.integers(0, len(ask), 20)] = -1
    write(tmp_path / "in/BTCUSD.parquet", times, bid, ask, row_group_size=4_096)
    files, _ = scan(tmp_path / "in", "--deep", "--gap", "2s")
    found = files["BTCUSD.parquet"]
    frame = pd.DataFrame({"t": times, "b": bid, "a": ask})
    assert found["total_rows"] == len(frame)
    assert found["order_breaks"] == (frame["t"].diff() < 0).sum()
    assert found["duplicates"] == frame.duplicated().sum()
    assert found["crossed"] == (frame["b"] > frame["a"]).sum()
    assert found["non_positive"] == ((frame["b"] <= 0) | (frame["a"] <= 0)).sum()
    gaps = np.diff(np.sort(times))
    gaps = gaps[gaps > 2_000_000]
    assert found["gaps"]["count"] == len(gaps)
    assert found["gaps"]["open_s"] == pytest.approx(gaps.sum() / 1e6)


def test_weekends_and_holidays_are_no_gaps(tmp_path):
    # Closing times of Friday and opening times of Sunday, winter and summer of New York.
    winter = seconds(0, base="2021-01-08T21:59:30") + seconds(0, base="2021-01-10T22:00:30")
    spring = seconds(0, base="2021-03-12T21:59:30") + seconds(0, base="2021-03-14T21:00:30")
    write(tmp_path / "in/EURUSD/winter.parquet", winter)
    write(tmp_path / "in/EURUSD/spring.parquet", spring)
    write(tmp_path / "in/BTCUSD/winter.parquet", winter)
    files, _ = scan(tmp_path / "in", "--deep", "--gap", "2min")
    assert files["EURUSD/winter.parquet"]["gaps"]["count"] == 0
    assert files["EURUSD/spring.parquet"]["gaps"]["count"] == 0
    assert files["BTCUSD/winter.parquet"]["gaps"]["count"] == 1


def test_damaged_files_are_named_with_their_reason_and_stop_nothing(tmp_path):
    folder = tmp_path / "in"
    good = write(folder / "a-good.parquet", seconds(*range(5_000))).read_bytes()
    damaged = {
        "b-empty": b"",
        "c-cut": good[: len(good) // 2],
        "d-head-only": good[:4],
        "e-tail-only": good[-12:],
        "f-csv": b"DateTime,Bid,Ask\n20210105 10:00:00.000,1.1,1.2\n",
        "g-zeros": bytes(10_000),
        "h-long-footer": good[:-8] + b"\xff\xff\xff\x7fPAR1",
        "i-random": random.Random(1).randbytes(50_000),
    }
    for name, content in damaged.items():
        (folder / f"{name}.parquet").write_bytes(content)
    pq.write_table(pa.table({"x": [1, 2]}), folder / "j-columns.parquet")
    pq.write_table(pa.table({"DateTime": ["a"], "Bid": [1.0], "Ask": [1.0]}), folder / "k-type.parquet")
    write(folder / "z-good.parquet", seconds(0, 1))
    for options in ([], ["--deep"]):
        files, document = scan(folder, *options, code=1)
        for name in [*damaged, "j-columns", "k-type"]:
            file = files[f"{name}.parquet"]
            assert file["corrupted"] and len(file["error"]) > 20, file
            assert file["total_rows"] is None
        assert files["a-good.parquet"]["total_rows"] == 5_000
        assert files["z-good.parquet"]["total_rows"] == 2
        assert document["counts"]["corrupted"] == len(damaged) + 2
        assert len(document["problems"]) == len(damaged) + 2


def test_a_flipped_bit_is_found_or_does_no_harm(tmp_path):
    """No crash, no hang, and the neighbour is judged, wherever the bit is."""
    good = write(tmp_path / "good.parquet", seconds(*range(3_000))).read_bytes()
    rng = random.Random(5)
    for i in range(60):
        content = bytearray(good)
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{i:02}.parquet").write_bytes(content)
    write(tmp_path / "in/zz.parquet", seconds(0, 1))
    done = subprocess.run([BIN, "-q", "--json", "scan", "--deep", tmp_path / "in"], capture_output=True)
    assert done.returncode in (0, 1)
    document = json.loads(done.stdout)
    assert len(document["scan"]["files"]) == 61
    assert document["scan"]["files"][-1]["total_rows"] == 2


def test_checksums_are_checked_in_depth(tmp_path):
    path = write(tmp_path / "in/a.parquet", seconds(*range(20_000)),
                 list(np.arange(20_000) + 0.5), write_page_checksum=True, compression="none",
                 use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert not scan(tmp_path / "in")[0]["a.parquet"]["corrupted"], "no page is read"
    files, _ = scan(tmp_path / "in", "--deep", code=1)
    assert files["a.parquet"]["corrupted"]


def test_a_file_that_may_not_be_read_is_no_corrupt_file(tmp_path):
    write(tmp_path / "in/a.parquet", seconds(0, 1))
    write(tmp_path / "in/b.parquet", seconds(0, 1)).chmod(0)
    if os.access(tmp_path / "in/b.parquet", os.R_OK):
        pytest.skip("this user reads everything")
    files, document = scan(tmp_path / "in", code=1)
    assert not files["b.parquet"]["corrupted"]
    assert "permission" in files["b.parquet"]["error"]
    assert document["counts"]["unreadable"] == 1


def test_odd_names_come_through_every_form(tmp_path):
    folder = os.fsencode(tmp_path / "in")
    names = [b"with space.parquet", "Größe 報告.parquet".encode(), b"new\nline.parquet",
             b"quote\"comma,.parquet", b"not\xffutf8.parquet", b"-dash.parquet", b"<b>&.parquet"]
    source = write(tmp_path / "source.parquet", seconds(0, 1)).read_bytes()
    os.makedirs(folder)
    for name in names:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(source)
    shown = sorted(name.replace(b"\xff", b"\\xff").decode() for name in names)
    files, _ = scan(tmp_path / "in", "--report", tmp_path / "r.csv")
    assert sorted(files) == shown
    text = (tmp_path / "r.csv").read_bytes().decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert sorted(row["file"] for row in rows[:-1]) == shown
    table = run("scan", tmp_path / "in").stdout.decode("utf-8")
    assert "new\\nline.parquet" in table


def test_overlaps_and_gaps_between_files(tmp_path):
    write(tmp_path / "in/EURUSD/1.parquet", seconds(0, 60))
    write(tmp_path / "in/EURUSD/2.parquet", seconds(30, 90))
    write(tmp_path / "in/EURUSD/3.parquet", seconds(690, 700))
    _, document = scan(tmp_path / "in")
    symbol = document["scan"]["symbols"][0]
    assert (symbol["symbol"], symbol["files"], symbol["overlaps"]) == ("EURUSD", 3, 1)
    assert symbol["gaps_between_files"]["count"] == 1
    assert symbol["gaps_between_files"]["open_s"] == 600


def test_wrong_usage(tmp_path):
    write(tmp_path / "in/a.parquet", seconds(0, 1))
    assert b"length of time" in run("scan", tmp_path / "in", "--gap", "soon", code=2).stderr
    assert b".csv or .json" in run("scan", tmp_path / "in", "--report", "r.txt", code=2).stderr
    assert run("scan", tmp_path / "missing", code=1).stderr
    (tmp_path / "empty").mkdir()
    assert b"no .parquet file" in run("scan", tmp_path / "empty", code=1).stderr
    (tmp_path / "file").write_text("x")
    run("scan", tmp_path / "in", "--report", tmp_path / "file" / "r.csv", code=2)


@pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="no ../shared/data here")
def test_real_ticks(tmp_path):
    run("convert", SHARED / "data/dukascopy/bi5", tmp_path / "in")
    files, document = scan(tmp_path / "in", "--deep")
    rows = {name.split("/")[0]: file["total_rows"] for name, file in files.items()}
    assert rows == {"GBPJPY": 887_259, "EURUSD": 136_741}
    totals = document["scan"]["totals"]
    assert totals["order_breaks"] == totals["crossed"] == totals["non_positive"] == 0


@pytest.mark.slow
def test_twenty_thousand_small_files(tmp_path):
    source = write(tmp_path / "source.parquet", seconds(0, 1)).read_bytes()
    for folder in range(20):
        (tmp_path / "in" / f"S{folder}").mkdir(parents=True)
        for i in range(1_000):
            (tmp_path / "in" / f"S{folder}" / f"{i}.parquet").write_bytes(source)
    (tmp_path / "in" / "S7" / "500.parquet").write_bytes(source[:100])
    files, document = scan(tmp_path / "in", "--deep", code=1)
    assert document["counts"]["files"] == 20_000
    assert document["counts"]["rows"] == 2 * 19_999
    assert document["counts"]["corrupted"] == 1
