"""`tickhouse fetch` as a process, against a loopback server that speaks the documented protocol."""
import csv
import hashlib
import json
import lzma
import os
import re
import signal
import stat
import struct
import subprocess
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from feed_server import HOUR, FeedServer, bi5_hour, json_hour, records_of, utc  # noqa: E402

BIN = os.environ.get("TICKHOUSE_BIN", "")
pytestmark = pytest.mark.skipif(not BIN, reason="TICKHOUSE_BIN names no program")
MONDAY = utc(2019, 2, 4)


@pytest.fixture
def feed():
    server = FeedServer()
    yield server
    server.close()


def command(feed, out, *more, symbol="EURUSD", begin=MONDAY, hours=24):
    span = ["--from", f"{begin:%Y-%m-%dT%H:%M}", "--to", f"{begin + hours * HOUR:%Y-%m-%dT%H:%M}"] if hours else []
    return [BIN, "fetch", symbol, *span, "--root", feed.root, "--out", str(out), *more]


ENVIRONMENT = {**os.environ, "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}


def run(*args, expect=0, **kwargs):
    done = subprocess.run(command(*args, **kwargs) + ["--json"], capture_output=True, text=True, env=ENVIRONMENT,
                          timeout=240)
    assert done.returncode == expect, done.stderr + done.stdout
    return json.loads(done.stdout)


def manifest(out, symbol="EURUSD"):
    """By hour, without when it was fetched."""
    with open(out / symbol / ".fetch" / "manifest.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        del row["fetched"]
    return {row["hour"]: row for row in rows}


def content(out):
    """Every file but the journal (which holds times) and the export (compared by `manifest`)."""
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*"))
            if path.is_file() and path.name not in ("manifest.journal", "manifest.csv", ".fetch.lock")}


def stored(out, hour):
    return out / "EURUSD" / str(hour.year) / f"{hour:%Y-%m-%d}" / f"EURUSD_{hour:%Y-%m-%dT%H}Z.json"


def test_every_hour_ends_in_one_named_state(feed, tmp_path):
    feed.serve(MONDAY, 24)
    feed.answers[feed.json_path(MONDAY + 3 * HOUR)] = (200, {}, json_hour(MONDAY + 3 * HOUR, []))
    feed.answers[feed.json_path(MONDAY + 4 * HOUR)] = (403, {}, b"no")
    feed.answers[feed.json_path(MONDAY + 5 * HOUR)] = (200, {}, b"<html>busy</html>")
    del feed.answers[feed.json_path(MONDAY + 6 * HOUR)]
    report = run(feed, tmp_path, expect=1, begin=MONDAY - 24 * HOUR, hours=48)
    counts = report["counts"]
    assert counts["hours"] == 48
    assert counts["hours_closed-market"] == 22
    assert counts["hours_ticks"] == 20
    assert counts["hours_proven-empty"] == 1
    assert counts["hours_missing-at-source"] == 3  # That one, and Sunday's two, which are not served.
    assert counts["hours_refused"] == 1
    assert counts["hours_corrupt"] == 1
    assert counts["ticks"] == 20 * 200
    assert [p["item"] for p in report["problems"]] == ["EURUSD json 2019-02-04T04:00:00Z",
                                                       "EURUSD json 2019-02-04T05:00:00Z"]


def test_files_are_the_feeds_bytes_read_only_and_hashed(feed, tmp_path):
    feed.serve(MONDAY, 3)
    run(feed, tmp_path, hours=3)
    rows = manifest(tmp_path)
    for i in range(3):
        hour = MONDAY + i * HOUR
        path = stored(tmp_path, hour)
        body = path.read_bytes()
        assert body == feed.answers[feed.json_path(hour)][2]
        assert stat.S_IMODE(path.stat().st_mode) == 0o444
        row = rows[f"{hour:%Y-%m-%dT%H:%M:%S}Z"]
        assert row["sha256"] == hashlib.sha256(body).hexdigest()
        assert row["source"] == feed.root + feed.json_path(hour)
        assert row["file"] == str(path.relative_to(tmp_path))
        assert (row["state"], row["ticks"], row["bytes"]) == ("ticks", "200", str(len(body)))


def test_bi5_lies_as_in_the_archive_with_months_from_zero(feed, tmp_path):
    begin = utc(2019, 1, 31, 22)
    feed.serve(begin, 4, feed="bi5")
    feed.answers[feed.bi5_path(begin + HOUR)] = (200, {}, b"")
    report = run(feed, tmp_path, "--feed", "bi5", begin=begin, hours=4)
    assert report["counts"]["hours_proven-empty"] == 1
    assert (tmp_path / "EURUSD/2019/00/31/23h_ticks.bi5").read_bytes() == b""
    packed = (tmp_path / "EURUSD/2019/01/01/00h_ticks.bi5").read_bytes()
    plain = lzma.decompress(packed, lzma.FORMAT_ALONE)
    expected = records_of(utc(2019, 2, 1))
    assert [r[:3] for r in struct.iter_unpack(">IIIff", plain)] == [r[:3] for r in expected]


@pytest.mark.slow
def test_refusals_cuts_and_slow_answers_pass(feed, tmp_path):
    feed.serve(MONDAY, 12)
    left = {}

    def sometimes(path, good, bad):
        def answer():
            left[path] = left.get(path, len(bad)) - 1
            return bad[-1 - left[path]] if left[path] >= 0 else good
        return answer

    troubles = [[(503, {"Retry-After": "0"}, b"")], [(429, {"Retry-After": "1"}, b"")], [None],
                [(200, {}, b"{\"half\":")], [(500, {}, b""), (502, {}, b"")]]
    for i, bad in enumerate(troubles):
        path = feed.json_path(MONDAY + 2 * i * HOUR)
        feed.answers[path] = sometimes(path, feed.answers[path], bad)
    report = run(feed, tmp_path, hours=12)
    assert report["counts"]["hours_ticks"] == 12
    assert report["counts"]["retries"] == 6
    assert len(feed.asked) == 18


def test_a_second_run_asks_nothing(feed, tmp_path):
    feed.serve(MONDAY, 24)
    run(feed, tmp_path)
    before = content(tmp_path)
    asked = len(feed.asked)
    report = run(feed, tmp_path)
    assert len(feed.asked) == asked
    assert report["counts"]["present"] == 24
    assert content(tmp_path) == before


def killed_after(requests, feed, out, sig=signal.SIGKILL):
    """Runs until the server has seen so many requests, then signals the process; its exit code."""
    started = threading.Event()
    box = {}

    def strike(number):
        if number == requests:
            started.wait()
            box["process"].send_signal(sig)
    feed.asked.clear()
    feed.on_request = strike
    box["process"] = subprocess.Popen(command(feed, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                      env=ENVIRONMENT)
    started.set()
    code = box["process"].wait(timeout=240)
    feed.on_request = lambda n: None
    return code


@pytest.mark.parametrize(
    "requests", [7, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2, 13, 20, 24))])
def test_a_killed_run_ends_as_an_undisturbed_one(feed, tmp_path, requests):
    feed.serve(MONDAY, 24)
    feed.answers[feed.json_path(MONDAY + 9 * HOUR)] = (200, {}, b"broken")
    feed.answers[feed.json_path(MONDAY + 15 * HOUR)] = (
        200, {}, json_hour(MONDAY + 15 * HOUR, records_of(MONDAY + 15 * HOUR, points=1_140_000)))
    run(feed, tmp_path / "whole", expect=1)
    out = tmp_path / "killed"
    killed_after(requests, feed, out)
    run(feed, out, expect=1)
    assert manifest(out) == manifest(tmp_path / "whole")
    assert content(out) == content(tmp_path / "whole")


def test_interrupt_is_130_and_the_next_run_continues(feed, tmp_path):
    feed.serve(MONDAY, 24)
    assert killed_after(5, feed, tmp_path, signal.SIGINT) == 130
    report = run(feed, tmp_path)
    assert report["counts"]["hours_ticks"] == 24
    assert report["counts"]["present"] + report["counts"]["asked"] == 24


def test_two_runs_on_one_folder(feed, tmp_path):
    feed.serve(MONDAY, 1)
    asked, go_on = threading.Event(), threading.Event()

    def hold(_):
        asked.set()
        go_on.wait(timeout=200)
    feed.on_request = hold
    first = subprocess.Popen(command(feed, tmp_path, hours=1), stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    try:
        assert asked.wait(timeout=200)
        second = subprocess.run(command(feed, tmp_path, hours=1), capture_output=True, text=True, env=ENVIRONMENT,
                                timeout=200)
    finally:
        go_on.set()
    assert second.returncode == 1
    assert re.search(rf"\b{first.pid}\b", second.stderr), second.stderr
    assert first.wait(timeout=200) == 0
    assert stored(tmp_path, MONDAY).exists()


def test_wrong_scale_and_unit_go_to_quarantine(feed, tmp_path):
    feed.serve(MONDAY, 12)
    scale, unit = MONDAY + 4 * HOUR, MONDAY + 7 * HOUR
    feed.answers[feed.json_path(scale)] = (200, {}, json_hour(scale, records_of(scale, points=11_400)))
    in_millions = [(ms, a, b, av / 1e6, bv / 1e6) for ms, a, b, av, bv in records_of(unit)]
    feed.answers[feed.json_path(unit)] = (200, {}, json_hour(unit, in_millions))
    report = run(feed, tmp_path, hours=12, expect=1)
    messages = {p["item"]: p["message"] for p in report["problems"]}
    assert "price scale" in messages["EURUSD json 2019-02-04T04:00:00Z"]
    assert "volume unit" in messages["EURUSD json 2019-02-04T07:00:00Z"]
    for hour in (scale, unit):
        aside = tmp_path / f"EURUSD/.fetch/quarantine/EURUSD_{hour:%Y-%m-%dT%H}Z.json.quarantined"
        assert not stored(tmp_path, hour).exists()
        assert aside.read_bytes() == feed.answers[feed.json_path(hour)][2]
        assert (aside.parent / (aside.name + ".reason.txt")).read_text().count("\n") == 3
    feed.serve(MONDAY, 12)
    assert run(feed, tmp_path, "--repair", hours=12)["counts"]["hours_ticks"] == 12


def test_verify_finds_and_repair_heals(feed, tmp_path):
    feed.serve(MONDAY, 6)
    run(feed, tmp_path, hours=6)
    assert run(feed, tmp_path, "--verify", hours=0)["counts"]["present"] == 6
    path = stored(tmp_path, MONDAY + 2 * HOUR)
    good = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(good.replace(b"1800000", b"1800001", 1))
    stored(tmp_path, MONDAY + 3 * HOUR).unlink()
    asked = len(feed.asked)
    report = run(feed, tmp_path, "--verify", hours=0, expect=1)
    assert [(p["kind"], p["item"][-20:]) for p in report["problems"]] == [
        ("damaged", "2019-02-04T02:00:00Z"), ("damaged", "2019-02-04T03:00:00Z")]
    assert len(feed.asked) == asked
    run(feed, tmp_path, "--repair", hours=0)
    assert len(feed.asked) == asked + 2
    assert path.read_bytes() == good
    run(feed, tmp_path, "--verify", hours=0)


def test_the_running_hour_is_never_stored(feed, tmp_path):
    now = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
    feed.serve(now - HOUR, 3)
    report = run(feed, tmp_path, begin=now, hours=2)
    # Should the hour end right here, only the last one still runs.
    assert 1 <= report["counts"]["running"] <= 2
    assert not stored(tmp_path, now + HOUR).exists()
    text = subprocess.run(command(feed, tmp_path, begin=now + 24 * HOUR, hours=1), capture_output=True, text=True,
                          env=ENVIRONMENT, timeout=200)
    assert "nothing is stored for" in text.stdout


@pytest.mark.slow
def test_a_feed_that_is_not_there_is_3(feed, tmp_path):
    root = feed.root
    gone = FeedServer()
    dead = gone.root
    gone.close()
    line = [dead if part == root else part for part in command(feed, tmp_path, hours=2)]
    done = subprocess.run(line, capture_output=True, text=True, env=ENVIRONMENT, timeout=240)
    assert done.returncode == 3, done.stderr
    assert "run again" in done.stderr


def test_unknown_symbols_are_described_by_the_feed(feed, tmp_path):
    description = {"code": "XYZ-USD", "priceScale": 5, "description": "made up", "groupCode": "CRYPTO"}
    feed.answers["/instruments/XYZ-USD"] = (200, {}, json.dumps(description).encode())
    hour = utc(2019, 2, 2, 10)  # A Saturday: crypto trades.
    feed.answers[feed.json_path(hour, "XYZ-USD")] = (200, {}, json_hour(hour, records_of(hour)))
    report = run(feed, tmp_path, symbol="XYZUSD", begin=hour, hours=1)
    assert report["counts"]["hours_ticks"] == 1
    assert json.loads((tmp_path / "XYZUSD/.fetch/instrument.json").read_text()) == description
    done = subprocess.run(command(feed, tmp_path, symbol="QQQZZZ"), capture_output=True, text=True, env=ENVIRONMENT,
                          timeout=200)
    assert done.returncode == 1 and "QQQ-ZZZ" in done.stderr


def test_wrong_usage_is_2(feed, tmp_path):
    for more in (["--feed", "csv"], ["--from", "yesterday"], ["--to", "2019-02-30"]):
        done = subprocess.run([BIN, "fetch", "EURUSD", "--from", "2019-02-04", "--to", "2019-02-05", "--out",
                               str(tmp_path), *more], capture_output=True, text=True, env=ENVIRONMENT, timeout=60)
        assert done.returncode == 2, (more, done.stderr)
    done = subprocess.run([BIN, "fetch", "EURUSD", "--from", "2019-02-04", "--to", "2019-02-05", "--feed", "bi5"],
                          capture_output=True, text=True, env=ENVIRONMENT, timeout=60, cwd=tmp_path)
    assert done.returncode == 2 and "--root" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_stored_real_answer(feed, tmp_path):
    shared = Path(os.environ.get("TICKHOUSE_SHARED", "")) / "data/dukascopy/json"
    if not shared.is_dir():
        pytest.skip("no shared data")
    hour = utc(2026, 7, 13, 12)
    feed.answers[feed.json_path(hour)] = (200, {}, (shared / "ticks-EUR-USD-2026-7-13-12.json").read_bytes())
    feed.answers["/instruments/EUR-USD"] = (200, {}, (shared / "instrument-EUR-USD.json").read_bytes())
    report = run(feed, tmp_path, "--instruments", feed.root + "/instruments/{CODE}", begin=hour, hours=1)
    assert report["counts"]["ticks"] == 3551
    assert run(feed, tmp_path, "--verify", hours=0)["counts"]["ticks"] == 3551
