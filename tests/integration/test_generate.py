"""`tickhouse generate` as scripts use it, its output read by pandas and by tickhouse itself."""

import hashlib
import json
import os
import pathlib
import signal
import subprocess
import time

import pandas as pd
import pyarrow.parquet as pq
import pytest

TICKHOUSE = os.environ["TICKHOUSE_BIN"]


def run(*arguments, check=True, cwd=None):
    result = subprocess.run([TICKHOUSE, *map(str, arguments)], capture_output=True, text=True, cwd=cwd)
    if check:
        assert result.returncode == 0, result.stderr
    return result


def hashes(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(pathlib.Path(folder).rglob("*"))
        if path.is_file()
    }


def read_csv(path):
    frame = pd.read_csv(path)
    zone = "Etc/GMT-2"  # UTC+2 in the reversed signs of that family
    time_column = pd.to_datetime(frame["DateTime"], format="%Y%m%d %H:%M:%S.%f")
    frame["time"] = time_column.dt.tz_localize(zone).dt.tz_convert("UTC")
    return frame


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """Two weeks over the change of New York's clocks, with every kind of fault."""
    folder = tmp_path_factory.mktemp("week")
    run("generate", "--symbol", "EURUSD", "--from", "2024-03-04", "--days", 14, "--rows", 120_000,
        "--seed", 3, "--labels", folder / "labels.csv", "--out", folder / "raw")
    (path,) = (folder / "raw").rglob("*.csv")
    return path, read_csv(path), pd.read_csv(folder / "labels.csv")


def test_rows_are_in_order_and_on_the_grid(week):
    path, ticks, _ = week
    assert path.name == "2024.3.18EURUSD_dukascopy_TICK_UTCPlus02-TICK-No Session.csv"
    assert len(ticks) == 120_000
    assert ticks["time"].is_monotonic_increasing
    for column in ("Bid", "Ask"):
        points = ticks[column] * 1e5
        assert ((points - points.round()).abs() < 1e-6).all()


def test_nothing_falls_into_the_weekend(week):
    _, ticks, _ = week
    local = ticks["time"].dt.tz_convert("America/New_York")
    day, hour = local.dt.day_of_week, local.dt.hour
    closed = ((day == 4) & (hour >= 17)) | (day == 5) | ((day == 6) & (hour < 17))
    assert not closed.any()


def test_crossed_quotes_are_the_labelled_ones(week):
    _, ticks, labels = week
    crossed = set(ticks.index[ticks["Bid"] >= ticks["Ask"]])
    (label,) = labels[labels["kind"] == "crossed"].to_dict("records")
    assert crossed == set(range(label["first_row"], label["first_row"] + label["rows"]))


def test_every_label_is_where_it_says(week):
    _, ticks, labels = week
    assert sorted(labels["kind"].unique()) == [
        "blowout", "burst", "crossed", "flash", "gap", "spike", "stale"]
    for label in labels.to_dict("records"):
        begin, end = pd.Timestamp(label["begin"]), pd.Timestamp(label["end"])
        rows = ticks.iloc[label["first_row"]:label["first_row"] + label["rows"]]
        assert ((rows["time"] >= begin) & (rows["time"] < end)).all(), label
        if label["kind"] == "gap":
            assert rows.empty
            assert ticks["time"].iloc[label["first_row"] - 1] < begin
            assert ticks["time"].iloc[label["first_row"]] >= end
        if label["kind"] == "stale":
            assert rows["Bid"].nunique() == 1 and rows["Ask"].nunique() == 1


@pytest.mark.slow
def test_forms_agree(tmp_path):
    """The same ticks as CSV, bi5 and JSON are the same rows after convert."""
    tables = []
    for form in ("csv", "bi5", "json"):
        raw, out = tmp_path / form, tmp_path / f"{form}-parquet"
        run("generate", "--symbol", "GBPJPY", "--days", 2, "--rows", 5_000, "--format", form,
            "--out", raw)
        run("convert", raw, out)
        parts = sorted(out.rglob("*.parquet"))
        table = pd.concat([pq.read_table(part).to_pandas() for part in parts])
        tables.append(table.sort_values("DateTime", kind="stable").reset_index(drop=True))
    assert len(tables[0]) == 5_000
    for other in tables[1:]:
        pd.testing.assert_frame_equal(tables[0][["DateTime", "Bid", "Ask"]],
                                      other[["DateTime", "Bid", "Ask"]])


def test_threads_change_nothing(tmp_path):
    for threads in (1, 3):
        run("generate", "--symbol", "EURUSD,GBPJPY,XAUUSD", "--rows", 20_000, "--threads", threads,
            "--out", tmp_path / str(threads))
    assert hashes(tmp_path / "1") == hashes(tmp_path / "3")


@pytest.mark.slow
def test_a_killed_run_leaves_nothing_and_can_be_repeated(tmp_path):
    arguments = ["generate", "--symbol", "EURUSD", "--days", "30", "--rows", "3000000"]
    process = subprocess.Popen([TICKHOUSE, *arguments, "--out", str(tmp_path / "killed")],
                               stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while process.poll() is None and not list((tmp_path / "killed").glob("EURUSD/*")):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    run(*arguments, "--out", tmp_path / "killed")
    run(*arguments, "--out", tmp_path / "whole")
    killed = {name: digest for name, digest in hashes(tmp_path / "killed").items()
              if not name.startswith(".tickhouse")}
    whole = {name: digest for name, digest in hashes(tmp_path / "whole").items()
             if not name.startswith(".tickhouse")}
    assert killed == whole


def test_json_and_exit_codes(tmp_path):
    result = run("generate", "--symbol", "EURUSD", "--rows", 10, "--out", tmp_path / "a", "--json")
    report = json.loads(result.stdout)
    assert report["counts"]["rows"] == 10
    assert report["symbols"][0]["symbol"] == "EURUSD"
    result = run("generate", "--symbol", "EURUDS", "--out", tmp_path / "b", check=False)
    assert result.returncode == 2
    assert "nearest is EURUSD" in result.stderr
